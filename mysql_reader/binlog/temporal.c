/*
 * temporal.c - dates and times (temporal.h).
 *
 * Since MySQL 5.6 most significant bytes come first, with a bias that makes them compare as bytes, and
 * one to three bytes of fraction for up to six digits.
 */
#include "temporal.h"

#define EPOCH_DAYS	   10957 /* from 1970-01-01 to 2000-01-01 */
#define DATETIME_BIAS  UINT64_C(0x8000000000)
#define TIME_BIAS	   0x800000
#define MONTHS_OF_YEAR 13 /* month 0 is one of them */

bool
log_time_zero(const LogTime *time)
{
	return time->year == 0 && time->month == 0 && time->day == 0;
}

bool
log_time_partial(const LogTime *time)
{
	return time->month == 0 || time->day == 0;
}

/* Days since 1970-01-01 of the Gregorian calendar, for any year from 0 on. */
static int32_t
days_from_civil(int32_t year, unsigned month, unsigned day)
{
	int32_t era, day_of_era;
	unsigned year_of_era, day_of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = (unsigned) (year - era * 400);
	day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	day_of_era = (int32_t) (year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year);
	return era * 146097 + day_of_era - 719468;
}

static void
civil_from_days(int32_t days, LogTime *time)
{
	int32_t era;
	unsigned day_of_era, year_of_era, day_of_year, month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = (unsigned) (days - era * 146097);
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	time->day = (uint8_t) (day_of_year - (153 * month + 2) / 5 + 1);
	time->month = (uint8_t) (month < 10 ? month + 3 : month - 9);
	time->year = (uint16_t) ((int32_t) year_of_era + era * 400 + (time->month <= 2));
}

bool
log_time_days(const LogTime *time, int32_t *days)
{
	static const uint8_t lengths[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = time->year % 4 == 0 && (time->year % 100 != 0 || time->year % 400 == 0);

	if (time->month < 1 || time->month > 12 || time->day < 1 || time->day > lengths[time->month] ||
		(time->month == 2 && time->day == 29 && !leap))
		return false;
	*days = days_from_civil(time->year, time->month, time->day) - EPOCH_DAYS;
	return true;
}

int64_t
log_time_microseconds(const LogTime *time)
{
	int64_t seconds = (int64_t) time->hour * 3600 + time->minute * 60 + time->second;
	int64_t value = seconds * 1000000 + time->microsecond;

	return time->negative ? -value : value;
}

/* ---- layouts ---- */

static void
set_clock(LogTime *time, uint32_t packed)
{
	time->hour = packed >> 12;
	time->minute = packed >> 6 & 63;
	time->second = packed & 63;
}

/* Bytes of the fraction hold two digits each. */
static uint32_t
fraction(const uint8_t *at, unsigned digits)
{
	static const uint32_t units[] = {0, 10000, 100, 1};
	unsigned bytes = (digits + 1) / 2;

	return (uint32_t) big_load(at, bytes) * units[bytes];
}

static void
read_date(const uint8_t *value, LogTime *time)
{
	uint32_t packed = (uint32_t) little_load(value, 3);

	time->day = packed & 31;
	time->month = packed >> 5 & 15;
	time->year = (uint16_t) (packed >> 9);
}

static void
read_datetime(const LogColumn *column, const uint8_t *value, LogTime *time)
{
	uint64_t packed = big_load(value, 5) - DATETIME_BIAS;
	uint32_t months = (uint32_t) (packed >> 22 & 0x1ffff);

	set_clock(time, (uint32_t) (packed & 0x1ffff));
	time->day = packed >> 17 & 31;
	time->month = (uint8_t) (months % MONTHS_OF_YEAR);
	time->year = (uint16_t) (months / MONTHS_OF_YEAR);
	time->microsecond = fraction(value + 5, column->scale);
}

static void
read_seconds(uint32_t seconds, LogTime *time)
{
	civil_from_days((int32_t) (seconds / 86400), time);
	seconds %= 86400;
	time->hour = seconds / 3600;
	time->minute = (uint8_t) (seconds / 60 % 60);
	time->second = (uint8_t) (seconds % 60);
}

static void
read_timestamp(const LogColumn *column, const uint8_t *value, LogTime *time)
{
	uint32_t seconds = (uint32_t) big_load(value, 4);

	time->microsecond = fraction(value + 4, column->scale);
	if (seconds != 0 || time->microsecond != 0)
		read_seconds(seconds, time);
}

/* The whole of a time, with its fraction, is one number with a sign. */
static void
read_time(const LogColumn *column, const uint8_t *value, LogTime *time)
{
	unsigned bytes = (column->scale + 1u) / 2;
	int64_t packed = (int64_t) big_load(value, 3 + bytes) - ((int64_t) TIME_BIAS << 8 * bytes);
	uint64_t size;
	uint8_t rest[3];

	time->negative = packed < 0;
	size = (uint64_t) (packed < 0 ? -packed : packed);
	set_clock(time, (uint32_t) (size >> 8 * bytes) & 0x3fffff);
	for (unsigned i = 0; i < bytes; i++)
		rest[i] = (uint8_t) (size >> 8 * (bytes - 1 - i));
	time->microsecond = fraction(rest, column->scale);
}

/* Digits of a decimal number, two by two. */
static void
read_old_clock(uint64_t digits, LogTime *time)
{
	time->second = (uint8_t) (digits % 100);
	time->minute = (uint8_t) (digits / 100 % 100);
	time->hour = (uint32_t) (digits / 10000);
}

static void
read_old_time(const uint8_t *value, LogTime *time)
{
	int32_t digits = (int32_t) ((uint32_t) little_load(value, 3) << 8) >> 8;

	time->negative = digits < 0;
	read_old_clock((uint64_t) (digits < 0 ? -digits : digits), time);
}

static void
read_old_datetime(const uint8_t *value, LogTime *time)
{
	uint64_t digits = little_load(value, 8), date = digits / 1000000;

	read_old_clock(digits % 1000000, time);
	time->day = (uint8_t) (date % 100);
	time->month = (uint8_t) (date / 100 % 100);
	time->year = (uint16_t) (date / 10000);
}

bool
log_time_read(const LogColumn *column, const uint8_t *value, LogTime *time, SluiceError *err)
{
	*time = (LogTime){0};
	switch (column->kind)
	{
		case COLUMN_DATE:
		case COLUMN_NEWDATE: read_date(value, time); break;
		case COLUMN_DATETIME: read_datetime(column, value, time); break;
		case COLUMN_TIMESTAMP: read_timestamp(column, value, time); break;
		case COLUMN_TIME: read_time(column, value, time); break;
		case COLUMN_TIMESTAMP_OLD:
			if (little_load(value, 4) != 0)
				read_seconds((uint32_t) little_load(value, 4), time);
			break;
		case COLUMN_TIME_OLD: read_old_time(value, time); break;
		case COLUMN_DATETIME_OLD: read_old_datetime(value, time); break;
		default:
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a %s column has no time",
							   column_kind_name(column->kind));
	}
	if (time->minute > 59 || time->second > 59 || time->month > 12 || time->microsecond > 999999)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a %s that is none",
						   column_kind_name(column->kind));
	return true;
}
