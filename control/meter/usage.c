/*
 * usage.c - counting what one stream used (usage.h).
 */
#include "usage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MONTH_LENGTH 6 /* of "20260131" */
#define BOOK_TEXT	 24

UsageSum
usage_add(UsageSum a, UsageSum b)
{
	return (UsageSum){a.rows + b.rows, a.bytes + b.bytes, a.cdc_ms + b.cdc_ms};
}

bool
usage_is_zero(const UsageSum *sum)
{
	return sum->rows == 0 && sum->bytes == 0 && sum->cdc_ms == 0;
}

bool
usage_same_month(const char *day, const char *other)
{
	return strncmp(day, other, MONTH_LENGTH) == 0;
}

/* ---- books ---- */

const UsageBook *
usage_book(const UsageMeter *meter, uint64_t book)
{
	for (size_t i = 0; i < meter->book_count; i++)
	{
		if (meter->books[i].book == book)
			return &meter->books[i];
	}
	return NULL;
}

/* Room for one more: that of the book seen longest ago, when there is no other. */
static UsageBook *
new_book(UsageMeter *meter)
{
	UsageBook *oldest = &meter->books[0];

	if (meter->book_count < USAGE_BOOKS)
		return &meter->books[meter->book_count++];
	for (size_t i = 1; i < USAGE_BOOKS; i++)
	{
		if (meter->books[i].seen_ms < oldest->seen_ms)
			oldest = &meter->books[i];
	}
	return oldest;
}

static uint64_t
rise(uint64_t *highest, uint64_t told)
{
	uint64_t more = told > *highest ? told - *highest : 0;

	*highest += more;
	return more;
}

bool
usage_take(UsageMeter *meter, const UsageBook *told, const UsageBook *base)
{
	UsageBook *known = (UsageBook *) usage_book(meter, told->book);
	bool changed = known == NULL;
	uint64_t rows, bytes;

	if (known == NULL)
	{
		known = new_book(meter);
		*known = (UsageBook){.book = told->book};
		if (base != NULL)
		{
			known->rows = base->rows;
			known->bytes = base->bytes;
		}
	}
	known->seen_ms = told->seen_ms;
	rows = rise(&known->rows, told->rows);
	bytes = rise(&known->bytes, told->bytes);
	meter->today.rows += rows;
	meter->today.bytes += bytes;
	return changed || rows > 0 || bytes > 0;
}

/* ---- time ---- */

void
usage_see(UsageMeter *meter, bool streaming, int64_t now_ms)
{
	int64_t passed = now_ms - meter->seen_ms;

	if (streaming && meter->seen_ms > 0 && passed > 0 && passed <= USAGE_GAP_MS)
		meter->today.cdc_ms += (uint64_t) passed;
	meter->seen_ms = streaming ? now_ms : 0;
}

bool
usage_day_over(const UsageMeter *meter, int64_t now_ms)
{
	char day[DAY_TEXT];

	return strcmp(timestamp_day(day, now_ms), meter->day) > 0;
}

void
usage_begin_day(UsageMeter *meter, int64_t now_ms)
{
	char day[DAY_TEXT];

	timestamp_day(day, now_ms);
	meter->month =
		usage_same_month(day, meter->day) ? usage_add(meter->month, meter->today) : (UsageSum){0};
	meter->today = (UsageSum){0};
	memcpy(meter->day, day, sizeof(meter->day));
}

UsageSum
usage_of_month(const UsageMeter *meter, int64_t now_ms)
{
	char day[DAY_TEXT];

	return usage_same_month(timestamp_day(day, now_ms), meter->day)
			   ? usage_add(meter->month, meter->today)
			   : (UsageSum){0};
}

int64_t
usage_month_end(int64_t now_ms)
{
	time_t seconds = (time_t) (now_ms / 1000);
	struct tm day;

	if (gmtime_r(&seconds, &day) == NULL)
		return now_ms;
	day = (struct tm){.tm_year = day.tm_year, .tm_mon = day.tm_mon + 1, .tm_mday = 1};
	return (int64_t) timegm(&day) * 1000;
}

/* ---- documents ---- */

json_t *
usage_sum_json(const UsageSum *sum)
{
	return json_pack("{s:I, s:I, s:I}", "rows", (json_int_t) sum->rows, "bytes",
					 (json_int_t) sum->bytes, "cdc_ms", (json_int_t) sum->cdc_ms);
}

static bool
read_number(const json_t *object, const char *name, uint64_t *number)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*number = (uint64_t) json_integer_value(value);
	return true;
}

bool
usage_sum_read(UsageSum *sum, const json_t *document, SluiceError *err)
{
	return (read_number(document, "rows", &sum->rows) &&
			read_number(document, "bytes", &sum->bytes) &&
			read_number(document, "cdc_ms", &sum->cdc_ms)) ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "a document of usage is none");
}

bool
usage_book_parse(UsageBook *book, const json_t *total, int64_t seen_ms)
{
	const char *number = json_string_value(json_object_get(total, "book"));
	char *end = NULL;

	*book = (UsageBook){.seen_ms = seen_ms};
	if (number == NULL)
		return false;
	book->book = strtoull(number, &end, 10);
	return book->book > 0 && *end == '\0' && read_number(total, "rows", &book->rows) &&
		   read_number(total, "bytes", &book->bytes);
}

static json_t *
book_json(const UsageBook *book)
{
	char number[BOOK_TEXT];

	(void) snprintf(number, sizeof(number), "%" PRIu64, book->book);
	return json_pack("{s:s, s:I, s:I, s:I}", "book", number, "rows", (json_int_t) book->rows,
					 "bytes", (json_int_t) book->bytes, "seen_ms", (json_int_t) book->seen_ms);
}

json_t *
usage_meter_json(const UsageMeter *meter)
{
	json_t *books = json_array();

	for (size_t i = 0; books != NULL && i < meter->book_count; i++)
	{
		if (json_array_append_new(books, book_json(&meter->books[i])) != 0)
		{
			json_decref(books);
			books = NULL;
		}
	}
	return json_pack("{s:s, s:o, s:o, s:I, s:o}", "day", meter->day, "today",
					 usage_sum_json(&meter->today), "month", usage_sum_json(&meter->month),
					 "seen_ms", (json_int_t) meter->seen_ms, "books", books);
}

static bool
read_books(UsageMeter *meter, const json_t *books)
{
	const json_t *item;
	size_t i;

	json_array_foreach(books, i, item)
	{
		uint64_t seen = 0;

		if (meter->book_count == USAGE_BOOKS || !read_number(item, "seen_ms", &seen) ||
			!usage_book_parse(&meter->books[meter->book_count], item, (int64_t) seen))
			return false;
		meter->book_count++;
	}
	return true;
}

bool
usage_meter_read(UsageMeter *meter, const json_t *document, SluiceError *err)
{
	const char *day = json_string_value(json_object_get(document, "day"));
	uint64_t seen = 0;

	*meter = (UsageMeter){0};
	if (day == NULL || strlen(day) >= DAY_TEXT || !read_number(document, "seen_ms", &seen) ||
		!read_books(meter, json_object_get(document, "books")))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a stream's meter is none");
	(void) snprintf(meter->day, sizeof(meter->day), "%s", day);
	meter->seen_ms = (int64_t) seen;
	return usage_sum_read(&meter->today, json_object_get(document, "today"), err) &&
		   usage_sum_read(&meter->month, json_object_get(document, "month"), err);
}
