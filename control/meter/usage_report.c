/*
 * usage_report.c - sums of days (usage_report.h).
 *
 * Days that are over are documents of their own; a stream's meter has its newest day, and is right where both are.
 */
#include "usage_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/layout.h"
#include "control/store/store.h"

/* The newest day of a stream. */
typedef struct Newest
{
	char stream_id[ID_MAXIMUM + 1], day[DAY_TEXT];
} Newest;

typedef struct Gathering
{
	UsageReport *report;
	const char *from, *to;
	UsageBy by;
	Newest *newest; /* by stream */
	size_t newest_count, newest_size;
	bool good;
} Gathering;

/* ---- lines ---- */

/* The line of a label, or where it belongs. */
static size_t
place_of(const UsageReport *report, const char *label, bool *found)
{
	size_t low = 0, high = report->count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (strcmp(report->lines[middle].label, label) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < report->count && strcmp(report->lines[low].label, label) == 0;
	return low;
}

static bool
add_line(UsageReport *report, size_t place, const char *label)
{
	UsageLine *lines = report->lines;

	if (report->count == report->size)
	{
		size_t size = report->size > 0 ? 2 * report->size : 32;

		if ((lines = realloc(lines, size * sizeof(*lines))) == NULL)
			return false;
		report->lines = lines;
		report->size = size;
	}
	memmove(lines + place + 1, lines + place, (report->count - place) * sizeof(*lines));
	lines[place] = (UsageLine){0};
	(void) snprintf(lines[place].label, sizeof(lines[place].label), "%s", label);
	report->count++;
	return true;
}

/* Takes one stream's sum of one day, when it is of the span. */
static void
take_day(Gathering *gathering, const char *stream_id, const char *day, const UsageSum *sum)
{
	UsageReport *report = gathering->report;
	const char *label = gathering->by == USAGE_BY_DAY ? day : stream_id;
	bool found;
	size_t place;

	if (usage_is_zero(sum) || strcmp(day, gathering->from) < 0 || strcmp(day, gathering->to) > 0)
		return;
	place = place_of(report, label, &found);
	if (!found && !add_line(report, place, label))
	{
		gathering->good = false;
		return;
	}
	report->lines[place].sum = usage_add(report->lines[place].sum, *sum);
	report->total = usage_add(report->total, *sum);
}

/* ---- documents ---- */

static bool
note_newest(Gathering *gathering, const char *stream_id, const char *day)
{
	Newest *newest = gathering->newest;

	if (gathering->newest_count == gathering->newest_size)
	{
		size_t size = gathering->newest_size > 0 ? 2 * gathering->newest_size : 32;

		if ((newest = realloc(newest, size * sizeof(*newest))) == NULL)
			return false;
		gathering->newest = newest;
		gathering->newest_size = size;
	}
	newest += gathering->newest_count++;
	(void) snprintf(newest->stream_id, sizeof(newest->stream_id), "%s", stream_id);
	(void) snprintf(newest->day, sizeof(newest->day), "%s", day);
	return true;
}

/* "meter.<tenant>.<stream>", in the order of streams. */
static bool
take_meter(void *context, const StoreEntry *entry)
{
	Gathering *gathering = context;
	const char *stream_id = key_last(entry->key);
	UsageMeter meter;

	if (!usage_meter_read(&meter, entry->value, NULL))
		return true;
	gathering->good = note_newest(gathering, stream_id, meter.day);
	if (gathering->good)
		take_day(gathering, stream_id, meter.day, &meter.today);
	return gathering->good;
}

static int
compare_newest(const void *a, const void *b)
{
	return strcmp(((const Newest *) a)->stream_id, ((const Newest *) b)->stream_id);
}

/* "usage.<tenant>.<stream>.<day>" */
static bool
take_usage(void *context, const StoreEntry *entry)
{
	Gathering *gathering = context;
	const char *day = key_last(entry->key), *stream_id = day - 1;
	const Newest *newest;
	Newest wanted;
	UsageSum sum;

	while (stream_id > entry->key && stream_id[-1] != '.')
		stream_id--;
	(void) snprintf(wanted.stream_id, sizeof(wanted.stream_id), "%.*s", (int) (day - 1 - stream_id),
					stream_id);
	newest = gathering->newest_count > 0
				 ? bsearch(&wanted, gathering->newest, gathering->newest_count,
						   sizeof(*gathering->newest), compare_newest)
				 : NULL;
	if (newest != NULL && strcmp(newest->day, day) == 0)
		return true;
	if (usage_sum_read(&sum, entry->value, NULL))
		take_day(gathering, wanted.stream_id, day, &sum);
	return gathering->good;
}

bool
usage_report(UsageReport *report, Control *control, const char *tenant, const char *from,
			 const char *to, UsageBy by, SluiceError *err)
{
	Gathering gathering = {.report = report, .from = from, .to = to, .by = by, .good = true};
	char prefix[LAYOUT_KEY_MAXIMUM];
	bool good;

	*report = (UsageReport){0};
	good = store_each(control->store, STORE_STATE, key_prefix(prefix, "meter", tenant, NULL), NULL,
					  take_meter, &gathering, err);
	if (good && gathering.good)
		good = store_each(control->store, STORE_STATE, key_prefix(prefix, "usage", tenant, NULL),
						  NULL, take_usage, &gathering, err);
	free(gathering.newest);
	return good && (gathering.good ||
					sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a report of usage"));
}

void
usage_report_free(UsageReport *report)
{
	free(report->lines);
	*report = (UsageReport){0};
}
