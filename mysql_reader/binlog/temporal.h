/*
 * temporal.h - dates and times as a log has them.
 *
 * MySQL knows dates that are none: all zero, or with a zero month or day.  They are taken apart here as
 * they are; what becomes of them is the policy of whoever asks.
 */
#ifndef SLUICE_MYSQL_READER_TEMPORAL_H
#define SLUICE_MYSQL_READER_TEMPORAL_H

#include "column.h"

typedef struct LogTime
{
	bool negative; /* of times only */
	uint16_t year;
	uint8_t month, day;
	uint32_t hour; /* of times up to 838 */
	uint8_t minute, second;
	uint32_t microsecond;
} LogTime;

/* Whether all parts of the date are zero, or one of month and day is. */
extern bool log_time_zero(const LogTime *time);
extern bool log_time_partial(const LogTime *time);

/* Days since 2000-01-01 of a date that exists; false for others, like February 31. */
extern bool log_time_days(const LogTime *time, int32_t *days);

/* Microseconds of the time of day, or of a time. */
extern int64_t log_time_microseconds(const LogTime *time);

/*
 * Takes apart a value of a DATE, TIME, DATETIME or TIMESTAMP column; a TIMESTAMP is in UTC, and the zero
 * one has a zero date.
 */
extern bool log_time_read(const LogColumn *column, const uint8_t *value, LogTime *time,
						  SluiceError *err) SLUICE_MUST_CHECK;

#endif
