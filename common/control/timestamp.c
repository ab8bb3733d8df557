/*
 * timestamp.c - RFC 3339 both ways, by counting days of the proleptic Gregorian calendar.
 */
#include "timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS	  INT64_C(86400000)
#define YEAR_LAST 9999
#define LAST_MS	  INT64_C(253402300799999) /* of that year */

int64_t
timestamp_now(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void
split(int64_t ms, struct tm *parts)
{
	time_t seconds = (time_t) (ms / 1000);

	memset(parts, 0, sizeof(*parts));
	(void) gmtime_r(&seconds, parts);
}

static int64_t
bounded(int64_t ms)
{
	if (ms < 0)
		return 0;
	return ms < LAST_MS ? ms : LAST_MS;
}

static unsigned
within(int number, int most)
{
	return (unsigned) (number >= 0 && number <= most ? number : 0);
}

const char *
timestamp_format(char text[TIMESTAMP_TEXT], int64_t ms)
{
	struct tm parts;

	split(ms = bounded(ms), &parts);
	(void) snprintf(text, TIMESTAMP_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
					within(parts.tm_year + 1900, YEAR_LAST), within(parts.tm_mon + 1, 12),
					within(parts.tm_mday, 31), within(parts.tm_hour, 23), within(parts.tm_min, 59),
					within(parts.tm_sec, 60), (unsigned) (ms % 1000));
	return text;
}

const char *
timestamp_now_text(char text[TIMESTAMP_TEXT])
{
	return timestamp_format(text, timestamp_now());
}

const char *
timestamp_day(char text[DAY_TEXT], int64_t ms)
{
	struct tm parts;

	split(bounded(ms), &parts);
	(void) snprintf(text, DAY_TEXT, "%04u%02u%02u", within(parts.tm_year + 1900, YEAR_LAST),
					within(parts.tm_mon + 1, 12), within(parts.tm_mday, 31));
	return text;
}

/* ---- reading ---- */

/* Exactly `digits` of them, between least and most; moves on. */
static bool
take_number(const char **at, int digits, int least, int most, int *out)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*at)++)
	{
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (**at - '0');
	}
	*out = value;
	return value >= least && value <= most;
}

static bool
take_char(const char **at, const char *allowed)
{
	if (**at == '\0' || strchr(allowed, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

static int
days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool
take_date(const char **at, int64_t *days)
{
	int year, month, day;
	struct tm parts = {0};

	if (!take_number(at, 4, 1970, YEAR_LAST, &year) || !take_char(at, "-") ||
		!take_number(at, 2, 1, 12, &month) || !take_char(at, "-") ||
		!take_number(at, 2, 1, days_of_month(year, month), &day))
		return false;
	parts.tm_year = year - 1900;
	parts.tm_mon = month - 1;
	parts.tm_mday = day;
	*days = timegm(&parts) / 86400;
	return true;
}

/* A leap second counts as the second after it. */
static bool
take_time(const char **at, int64_t *ms)
{
	int hour, minute, second, scale = 100;

	if (!take_number(at, 2, 0, 23, &hour) || !take_char(at, ":") ||
		!take_number(at, 2, 0, 59, &minute) || !take_char(at, ":") ||
		!take_number(at, 2, 0, 60, &second))
		return false;
	*ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
	if (!take_char(at, "."))
		return true;
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++, scale /= 10)
		*ms += (**at - '0') * scale;
	return true;
}

static bool
take_offset(const char **at, int64_t *ms)
{
	int sign = **at == '-' ? -1 : 1;
	int hours, minutes;

	*ms = 0;
	if (take_char(at, "Zz"))
		return true;
	if (!take_char(at, "+-") || !take_number(at, 2, 0, 23, &hours) || !take_char(at, ":") ||
		!take_number(at, 2, 0, 59, &minutes))
		return false;
	*ms = sign * (hours * 60 + minutes) * INT64_C(60000);
	return true;
}

bool
timestamp_parse(const char *text, int64_t *ms)
{
	int64_t days, time_of_day, offset;

	if (!take_date(&text, &days) || !take_char(&text, "Tt ") || !take_time(&text, &time_of_day) ||
		!take_offset(&text, &offset) || *text != '\0')
		return false;
	*ms = days * DAY_MS + time_of_day - offset;
	return *ms >= 0 && *ms <= LAST_MS;
}
