/*
 * text_value.c - one row per kind of column says how it is asked for and how its text is read.
 */
#include "text_value.h"

#include "binlog/decimal.h"
#include "binlog/temporal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS                                                                                  \
	ValueReader *reader, const char *text, size_t length, ByteBuf *out, bool *null, SluiceError *err
#define NUMBER_SIZE 400 /* a double in full digits is shorter */

static bool
fail_text(const ValueReader *reader, const char *text, size_t length, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.*s\" is no %s",
					   (int) (length < 80 ? length : 80), text,
					   column_kind_name(reader->source.column->kind));
}

/* ---- numbers ---- */

/* Digits at *text, passed; false where there are none, or more than `most`. */
static bool
take_digits(const char **text, const char *end, unsigned most, uint64_t *value)
{
	const char *start = *text;

	*value = 0;
	for (; *text < end && **text >= '0' && **text <= '9'; (*text)++)
		*value = *value * 10 + (uint64_t) (**text - '0');
	return *text > start && *text - start <= (ptrdiff_t) most;
}

static bool
parse_integer(const char *text, size_t length, uint64_t *value)
{
	const char *end = text + length;
	bool negative = length > 0 && *text == '-';

	text += negative;
	if (!take_digits(&text, end, 255, value) || text != end)
		return false;
	*value = negative ? -*value : *value;
	return true;
}

/* A log has as many bytes as the column's type; the value is the same in eight. */
static bool
append_integer(ARGUMENTS)
{
	uint64_t value;

	if (!parse_integer(text, length, &value))
		return fail_text(reader, text, length, err);
	value = htole64(value);
	return value_append(reader, (const uint8_t *) &value, sizeof(value), out, null, err);
}

static bool
append_year(ARGUMENTS)
{
	uint64_t value;
	uint8_t byte;

	if (!parse_integer(text, length, &value) || (value != 0 && (value < 1901 || value > 2155)))
		return fail_text(reader, text, length, err);
	byte = (uint8_t) (value != 0 ? value - 1900 : 0);
	return value_append(reader, &byte, 1, out, null, err);
}

/* The text is that of a double, also for a FLOAT, which it is exactly. */
static bool
append_float(ARGUMENTS)
{
	char number[NUMBER_SIZE], *end;
	uint64_t bits = 0;
	double wide;
	float narrow;

	if (length == 0 || length >= sizeof(number))
		return fail_text(reader, text, length, err);
	memcpy(number, text, length);
	number[length] = '\0';
	wide = strtod(number, &end);
	if (*end != '\0')
		return fail_text(reader, text, length, err);
	narrow = (float) wide;
	if (reader->source.column->kind == COLUMN_FLOAT)
		memcpy(&bits, &narrow, sizeof(narrow));
	else
		memcpy(&bits, &wide, sizeof(wide));
	return value_append(reader, (const uint8_t *) &bits, sizeof(bits), out, null, err);
}

static bool
append_decimal(ARGUMENTS)
{
	(void) reader;
	(void) null;
	return decimal_canonical(text, length, out, err);
}

/* ---- dates and times ---- */

static bool
take_mark(const char **text, const char *end, char mark)
{
	if (*text >= end || **text != mark)
		return false;
	(*text)++;
	return true;
}

static bool
take_date(const char **text, const char *end, LogTime *time)
{
	uint64_t year, month, day;

	if (!take_digits(text, end, 4, &year) || !take_mark(text, end, '-') ||
		!take_digits(text, end, 2, &month) || !take_mark(text, end, '-') ||
		!take_digits(text, end, 2, &day))
		return false;
	time->year = (uint16_t) year;
	time->month = (uint8_t) month;
	time->day = (uint8_t) day;
	return true;
}

static bool
take_fraction(const char **text, const char *end, LogTime *time)
{
	const char *start = *text;
	uint64_t value;

	if (!take_digits(text, end, 6, &value))
		return false;
	for (ptrdiff_t digits = *text - start; digits < 6; digits++)
		value *= 10;
	time->microsecond = (uint32_t) value;
	return true;
}

static bool
take_clock(const char **text, const char *end, LogTime *time)
{
	uint64_t hour, minute, second;

	if (!take_digits(text, end, 3, &hour) || !take_mark(text, end, ':') ||
		!take_digits(text, end, 2, &minute) || !take_mark(text, end, ':') ||
		!take_digits(text, end, 2, &second) || minute > 59 || second > 59)
		return false;
	time->hour = (uint32_t) hour;
	time->minute = (uint8_t) minute;
	time->second = (uint8_t) second;
	return !take_mark(text, end, '.') || take_fraction(text, end, time);
}

static bool
append_date(ARGUMENTS)
{
	const char *at = text, *end = text + length;
	LogTime time = {0};

	if (!take_date(&at, end, &time) || at != end)
		return fail_text(reader, text, length, err);
	return value_append_time(reader, &time, out, null, err);
}

static bool
append_moment(ARGUMENTS)
{
	const char *at = text, *end = text + length;
	LogTime time = {0};

	if (!take_date(&at, end, &time) || !take_mark(&at, end, ' ') || !take_clock(&at, end, &time) ||
		at != end)
		return fail_text(reader, text, length, err);
	return value_append_time(reader, &time, out, null, err);
}

static bool
append_time(ARGUMENTS)
{
	const char *at = text, *end = text + length;
	LogTime time = {0};

	time.negative = take_mark(&at, end, '-');
	if (!take_clock(&at, end, &time) || at != end)
		return fail_text(reader, text, length, err);
	return value_append_time(reader, &time, out, null, err);
}

/* ---- bytes ---- */

static bool
append_raw(ARGUMENTS)
{
	return value_append(reader, (const uint8_t *) text, length, out, null, err);
}

/* MySQL's own, printed: the text it is in a log once that was printed too. */
static bool
append_json(ARGUMENTS)
{
	(void) reader;
	(void) null;
	return bytebuf_put(out, text, length, err);
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'						? c - '0'
		   : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
													: -1;
}

static bool
append_uuid(ARGUMENTS)
{
	uint8_t bytes[16];
	unsigned digits = 0;

	for (size_t i = 0; i < length; i++)
	{
		int digit = hex_digit(text[i]);

		if (text[i] == '-')
			continue;
		if (digit < 0 || digits >= 2 * sizeof(bytes))
			return fail_text(reader, text, length, err);
		bytes[digits / 2] = (uint8_t) (digits % 2 == 0 ? digit << 4 : bytes[digits / 2] | digit);
		digits++;
	}
	if (digits != 2 * sizeof(bytes))
		return fail_text(reader, text, length, err);
	return value_append(reader, bytes, sizeof(bytes), out, null, err);
}

static bool
append_address(ARGUMENTS)
{
	bool six = reader->source.special == SPECIAL_INET6;
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (length >= sizeof(address))
		return fail_text(reader, text, length, err);
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(six ? AF_INET6 : AF_INET, address, bytes) != 1)
		return fail_text(reader, text, length, err);
	return value_append(reader, bytes, six ? 16 : 4, out, null, err);
}

/* ---- choosing ---- */

typedef struct TextKind
{
	const char *before, *behind; /* of the column's name where it is asked for; NULL: nothing */
	bool (*append)(ARGUMENTS);	 /* NULL: the bytes are the log's */
} TextKind;

/* Times one makes a FLOAT a DOUBLE, and takes the number of digits to be shown from both. */
static const TextKind kinds[256] = {
	[COLUMN_TINY] = {NULL, NULL, append_integer},
	[COLUMN_SHORT] = {NULL, NULL, append_integer},
	[COLUMN_INT24] = {NULL, NULL, append_integer},
	[COLUMN_LONG] = {NULL, NULL, append_integer},
	[COLUMN_LONGLONG] = {NULL, NULL, append_integer},
	[COLUMN_FLOAT] = {"", " * 1e0", append_float},
	[COLUMN_DOUBLE] = {"", " * 1e0", append_float},
	[COLUMN_DECIMAL] = {NULL, NULL, append_decimal},
	[COLUMN_YEAR] = {NULL, NULL, append_year},
	[COLUMN_DATE] = {NULL, NULL, append_date},
	[COLUMN_NEWDATE] = {NULL, NULL, append_date},
	[COLUMN_DATETIME] = {NULL, NULL, append_moment},
	[COLUMN_DATETIME_OLD] = {NULL, NULL, append_moment},
	[COLUMN_TIMESTAMP] = {NULL, NULL, append_moment},
	[COLUMN_TIMESTAMP_OLD] = {NULL, NULL, append_moment},
	[COLUMN_TIME] = {NULL, NULL, append_time},
	[COLUMN_TIME_OLD] = {NULL, NULL, append_time},
	[COLUMN_ENUM] = {"CAST(", " AS UNSIGNED)", append_integer},
	[COLUMN_SET] = {"CAST(", " AS UNSIGNED)", append_integer},
	[COLUMN_JSON] = {NULL, NULL, append_json},
};

static const TextKind specials[] = {
	[SPECIAL_NONE] = {NULL, NULL, append_raw},		[SPECIAL_UUID] = {NULL, NULL, append_uuid},
	[SPECIAL_INET4] = {NULL, NULL, append_address}, [SPECIAL_INET6] = {NULL, NULL, append_address},
	[SPECIAL_JSON] = {NULL, NULL, append_raw},
};

bool
text_value_select(const LogColumn *column, const char *name, ByteBuf *sql, SluiceError *err)
{
	const TextKind *kind = &kinds[column->kind];

	if (kind->before == NULL)
		return bytebuf_put(sql, name, strlen(name), err);
	return bytebuf_put(sql, kind->before, strlen(kind->before), err) &&
		   bytebuf_put(sql, name, strlen(name), err) &&
		   bytebuf_put(sql, kind->behind, strlen(kind->behind), err);
}

bool
text_value_append(ValueReader *reader, const char *text, size_t length, ByteBuf *out, bool *null,
				  SluiceError *err)
{
	const TextKind *kind = &kinds[reader->source.column->kind];

	*null = false;
	if (kind->append == NULL || reader->source.special != SPECIAL_NONE)
		kind = &specials[reader->source.special];
	return kind->append(reader, text, length, out, null, err);
}
