/*
 * format.c - numbers as people read them (format.h).
 */
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/control/timestamp.h"

const char *
format_count(char text[FORMAT_TEXT], int64_t count)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64,
						  count < 0 ? -(uint64_t) count : (uint64_t) count);
	char *to = text;

	if (count < 0)
		*to++ = '-';
	for (int i = 0; i < length; i++)
	{
		if (i > 0 && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}

/* With three digits that say something, and the unit of the step. */
static const char *
format_steps(char text[FORMAT_TEXT], double value, double step, const char *const *units)
{
	bool whole;

	while (value >= (step > 1000 ? 1023.5 : 999.5) && units[1] != NULL)
	{
		value /= step;
		units++;
	}
	whole = value == (double) (int64_t) value;
	(void) snprintf(text, FORMAT_TEXT, "%.*f%s",
					whole || value >= 99.95 ? 0
					: value < 9.995			? 2
											: 1,
					value, *units);
	return text;
}

const char *
format_short(char text[FORMAT_TEXT], double value)
{
	static const char *const units[] = {"", " k", " M", " G", " T", " P", NULL};

	if (value < 999.5)
		value = (double) (int64_t) (value + 0.5);
	return format_steps(text, value, 1000, units);
}

const char *
format_bytes(char text[FORMAT_TEXT], double bytes)
{
	static const char *const units[] = {" B", " kB", " MB", " GB", " TB", " PB", NULL};

	if (bytes < 1023.5)
		bytes = (double) (int64_t) (bytes + 0.5);
	return format_steps(text, bytes, 1024, units);
}

const char *
format_seconds(char text[FORMAT_TEXT], double seconds)
{
	int64_t whole = (int64_t) (seconds + 0.5);
	int days = (int) (whole / 86400), hours = (int) (whole / 3600 % 24);
	int minutes = (int) (whole / 60 % 60), rest = (int) (whole % 60);

	if (!(seconds >= 0) || seconds > 1e9)
		(void) snprintf(text, FORMAT_TEXT, "-");
	else if (seconds < 0.9995)
		(void) snprintf(text, FORMAT_TEXT, "%.0f ms", seconds * 1000);
	else if (whole < 60)
		(void) snprintf(text, FORMAT_TEXT, "%.1f s", seconds);
	else if (days > 0)
		(void) snprintf(text, FORMAT_TEXT, "%d d %d:%02d:%02d", days, hours, minutes, rest);
	else if (hours > 0)
		(void) snprintf(text, FORMAT_TEXT, "%d:%02d:%02d", hours, minutes, rest);
	else
		(void) snprintf(text, FORMAT_TEXT, "%d:%02d", minutes, rest);
	return text;
}

const char *
format_time(char text[FORMAT_TEXT], const char *time)
{
	int64_t moment = 0;
	bool good = timestamp_parse(time, &moment);
	time_t seconds = (time_t) (moment / 1000);
	struct tm tm;

	if (!good || localtime_r(&seconds, &tm) == NULL ||
		strftime(text, FORMAT_TEXT, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void) snprintf(text, FORMAT_TEXT, "%s", time);
	return text;
}
