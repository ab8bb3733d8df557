/*
 * pg_time.h - dates, times and intervals in their send format, as PostgreSQL prints them with
 * DateStyle ISO and TimeZone UTC.
 *
 * Functions that take `at` write there, at most PG_TIME_SIZE bytes, and return the end of it without
 * a NUL; NULL for numbers that are beyond what PostgreSQL has.
 */
#ifndef SLUICE_CORE_PG_TIME_H
#define SLUICE_CORE_PG_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define PG_TIME_SIZE 96

#define PG_DAY_US INT64_C(86400000000)

/* A moment taken apart; year 0 is 1 BC. */
typedef struct PgMoment
{
	int64_t year;
	int month, day;
	int64_t time; /* microseconds of the day */
} PgMoment;

/* Of days, and of microseconds, since 2000-01-01; not for infinities. */
extern void pg_moment_of_date(int32_t days, PgMoment *moment);
extern void pg_moment_of_timestamp(int64_t microseconds, PgMoment *moment);

extern char *pg_put_date(int32_t days, char *at);
extern char *pg_put_time(int64_t microseconds, char *at);
extern char *pg_put_timetz(int64_t microseconds, int32_t west, char *at);
extern char *pg_put_timestamp(int64_t microseconds, char *at);
extern char *pg_put_timestamptz(int64_t microseconds, char *at);

typedef struct PgInterval
{
	int64_t microseconds;
	int32_t days, months;
} PgInterval;

/* 16 bytes. */
extern PgInterval pg_load_interval(const uint8_t *data);

/* IntervalStyle postgres: "1 mon -00:00:01"; and iso_8601: "P1MT-1S". */
extern char *pg_put_interval(const PgInterval *interval, char *at);
extern char *pg_put_interval_iso(const PgInterval *interval, char *at);

/* Parts of the above: "2024-01-31" (years of at least four digits), "23:59:59.5". */
extern char *pg_put_calendar(int64_t year, int month, int day, char *at);

#endif
