/*
 * pg_time.c - the proleptic Gregorian calendar, and times as text.
 */
#include "pg_time.h"

#include <stdlib.h>
#include <string.h>

#include "bytebuf.h"
#include "pg_number.h"

#define SECOND_US 1000000

/* What PostgreSQL has: 4714-11-24 BC to 5874897-12-31; to 294276-12-31 with a time. */
#define DATE_FIRST		(-2451545)
#define DATE_LAST		2145031948
#define TIMESTAMP_FIRST INT64_C(-211813488000000000)
#define TIMESTAMP_LAST	INT64_C(9223371331199999999)
#define ZONE_LIMIT		(16 * 3600)

/* ---- parts ---- */

static char *
put_word(const char *word, char *at)
{
	size_t length = strlen(word);

	memcpy(at, word, length);
	return at + length;
}

/* With at least two digits. */
static char *
put_two(uint64_t value, char *at)
{
	if (value < 10)
		*at++ = '0';
	return pg_put_uint64(value, at);
}

/* ".5" of 500000, nothing of 0. */
static char *
put_fraction(uint64_t microseconds, char *at)
{
	if (microseconds == 0)
		return at;
	*at = '.';
	for (int i = 6; i > 0; i--)
	{
		at[i] = (char) ('0' + microseconds % 10);
		microseconds /= 10;
	}
	at += 7;
	while (at[-1] == '0')
		at--;
	return at;
}

/* hh:mm:ss.ffffff */
static char *
put_clock(uint64_t microseconds, char *at)
{
	uint64_t seconds = microseconds / SECOND_US;

	at = put_two(seconds / 3600, at);
	*at++ = ':';
	at = put_two(seconds / 60 % 60, at);
	*at++ = ':';
	at = put_two(seconds % 60, at);
	return put_fraction(microseconds % SECOND_US, at);
}

char *
pg_put_calendar(int64_t year, int month, int day, char *at)
{
	for (int64_t limit = 1000; limit > 1 && year < limit; limit /= 10)
		*at++ = '0';
	at = pg_put_int64(year, at);
	*at++ = '-';
	at = put_two((unsigned) month, at);
	*at++ = '-';
	return put_two((unsigned) day, at);
}

/* ---- calendar ---- */

/*
 * Years are counted from March, so that the leap day is the last of a year, and in eras of 400
 * years, which all have as many days.
 */
static void
civil(int64_t days, PgMoment *moment)
{
	int64_t from_era = days + 730425; /* since 0000-03-01 */
	int64_t era = (from_era >= 0 ? from_era : from_era - 146096) / 146097;
	int64_t of_era = from_era - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int month = (int) ((5 * of_year + 2) / 153); /* from March */

	moment->day = (int) (of_year - (153 * month + 2) / 5 + 1);
	moment->month = month < 10 ? month + 3 : month - 9;
	moment->year = year + era * 400 + (moment->month <= 2);
}

void
pg_moment_of_date(int32_t days, PgMoment *moment)
{
	civil(days, moment);
	moment->time = 0;
}

void
pg_moment_of_timestamp(int64_t microseconds, PgMoment *moment)
{
	int64_t days = microseconds / PG_DAY_US;

	moment->time = microseconds % PG_DAY_US;
	if (moment->time < 0)
	{
		moment->time += PG_DAY_US;
		days--;
	}
	civil(days, moment);
}

/* The year as it is counted in its own era. */
static char *
put_day(const PgMoment *moment, char *at)
{
	return pg_put_calendar(moment->year > 0 ? moment->year : 1 - moment->year, moment->month,
						   moment->day, at);
}

static char *
put_era(const PgMoment *moment, char *at)
{
	return moment->year > 0 ? at : put_word(" BC", at);
}

/* ---- dates and times ---- */

char *
pg_put_date(int32_t days, char *at)
{
	PgMoment moment;

	if (days == INT32_MAX || days == INT32_MIN)
		return put_word(days > 0 ? "infinity" : "-infinity", at);
	if (days < DATE_FIRST || days > DATE_LAST)
		return NULL;
	pg_moment_of_date(days, &moment);
	return put_era(&moment, put_day(&moment, at));
}

char *
pg_put_time(int64_t microseconds, char *at)
{
	if (microseconds < 0 || microseconds > PG_DAY_US)
		return NULL;
	return put_clock((uint64_t) microseconds, at);
}

char *
pg_put_timetz(int64_t microseconds, int32_t west, char *at)
{
	unsigned offset;

	if (west <= -ZONE_LIMIT || west >= ZONE_LIMIT)
		return NULL;
	at = pg_put_time(microseconds, at);
	if (at == NULL)
		return NULL;
	*at++ = west <= 0 ? '+' : '-';
	offset = (unsigned) abs(west);
	at = put_two(offset / 3600, at);
	if (offset % 3600 != 0)
	{
		*at++ = ':';
		at = put_two(offset / 60 % 60, at);
	}
	if (offset % 60 != 0)
	{
		*at++ = ':';
		at = put_two(offset % 60, at);
	}
	return at;
}

static char *
put_timestamp(int64_t microseconds, const char *zone, char *at)
{
	PgMoment moment;

	if (microseconds == INT64_MAX || microseconds == INT64_MIN)
		return put_word(microseconds > 0 ? "infinity" : "-infinity", at);
	if (microseconds < TIMESTAMP_FIRST || microseconds > TIMESTAMP_LAST)
		return NULL;
	pg_moment_of_timestamp(microseconds, &moment);
	at = put_day(&moment, at);
	*at++ = ' ';
	at = put_clock((uint64_t) moment.time, at);
	return put_era(&moment, put_word(zone, at));
}

char *
pg_put_timestamp(int64_t microseconds, char *at)
{
	return put_timestamp(microseconds, "", at);
}

char *
pg_put_timestamptz(int64_t microseconds, char *at)
{
	return put_timestamp(microseconds, "+00", at);
}

/* ---- intervals ---- */

PgInterval
pg_load_interval(const uint8_t *data)
{
	return (PgInterval){(int64_t) load_u64(data), (int32_t) load_u32(data + 8),
						(int32_t) load_u32(data + 12)};
}

/* PostgreSQL 17 and later: all fields at an end of their range. */
static char *
put_infinite(const PgInterval *interval, char *at)
{
	if (interval->microseconds == INT64_MAX && interval->days == INT32_MAX &&
		interval->months == INT32_MAX)
		return put_word("infinity", at);
	if (interval->microseconds == INT64_MIN && interval->days == INT32_MIN &&
		interval->months == INT32_MIN)
		return put_word("-infinity", at);
	return NULL;
}

/* "2 days"; a sign where the part before had another one. */
static char *
put_unit(int32_t value, const char *unit, bool *first, bool *was_negative, char *at)
{
	if (value == 0)
		return at;
	if (!*first)
		*at++ = ' ';
	if (*was_negative && value > 0)
		*at++ = '+';
	at = pg_put_int64(value, at);
	*at++ = ' ';
	at = put_word(unit, at);
	if (value != 1)
		*at++ = 's';
	*was_negative = value < 0;
	*first = false;
	return at;
}

/* Divisions cut towards zero, so that all parts of the time have its sign. */
static uint64_t
magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t) value : (uint64_t) value;
}

char *
pg_put_interval(const PgInterval *interval, char *at)
{
	bool first = true;
	bool was_negative = false;
	char *end = put_infinite(interval, at);
	uint64_t time = magnitude(interval->microseconds);

	if (end != NULL)
		return end;
	at = put_unit(interval->months / 12, "year", &first, &was_negative, at);
	at = put_unit(interval->months % 12, "mon", &first, &was_negative, at);
	at = put_unit(interval->days, "day", &first, &was_negative, at);
	if (!first && time == 0)
		return at;
	if (!first)
		*at++ = ' ';
	if (interval->microseconds < 0)
		*at++ = '-';
	else if (was_negative)
		*at++ = '+';
	return put_clock(time, at);
}

static char *
put_iso_unit(int64_t value, char unit, char *at)
{
	if (value == 0)
		return at;
	at = pg_put_int64(value, at);
	*at++ = unit;
	return at;
}

char *
pg_put_interval_iso(const PgInterval *interval, char *at)
{
	char *end = put_infinite(interval, at);
	int64_t seconds = interval->microseconds / SECOND_US;
	uint64_t rest = magnitude(interval->microseconds) % (60 * SECOND_US);

	if (end != NULL)
		return end;
	if (interval->microseconds == 0 && interval->days == 0 && interval->months == 0)
		return put_word("PT0S", at);
	*at++ = 'P';
	at = put_iso_unit(interval->months / 12, 'Y', at);
	at = put_iso_unit(interval->months % 12, 'M', at);
	at = put_iso_unit(interval->days, 'D', at);
	if (interval->microseconds != 0)
		*at++ = 'T';
	at = put_iso_unit(seconds / 3600, 'H', at);
	at = put_iso_unit(seconds / 60 % 60, 'M', at);
	if (rest == 0)
		return at;
	if (interval->microseconds < 0)
		*at++ = '-';
	at = pg_put_uint64(rest / SECOND_US, at);
	at = put_fraction(rest % SECOND_US, at);
	*at++ = 'S';
	return at;
}
