/*
 * rings.c - history in pages (rings.h).
 *
 * Invariants:
 * 1. A page holds PAGE_POINTS steps beginning at `first`, a multiple of PAGE_POINTS; it stands at the place of its
 *    ring that `first` means, so the page of a step is found without a search, and a page of a later round
 *    takes the place of the former.
 * 2. A page is there only when something was put into it: streams that rest cost nothing.
 */
#include "rings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/layout.h"
#include "name_table.h"

#define PAGE_POINTS 60

const RingSize ring_sizes[RING_STEPS] = {
	[STEP_SECOND] = {1, 300},
	[STEP_TEN_SECONDS] = {10, 2160},
	[STEP_MINUTE] = {60, 10080},
};

/* One page more than the points need: the newest one is not full. */
#define PAGES_SECOND	  (300 / PAGE_POINTS + 1)
#define PAGES_TEN_SECONDS (2160 / PAGE_POINTS + 1)
#define PAGES_MINUTE	  (10080 / PAGE_POINTS + 1)

static const size_t page_counts[RING_STEPS] = {PAGES_SECOND, PAGES_TEN_SECONDS, PAGES_MINUTE};
static const size_t page_places[RING_STEPS] = {0, PAGES_SECOND, PAGES_SECOND + PAGES_TEN_SECONDS};

typedef struct Page
{
	int64_t first;
	LivePoint points[PAGE_POINTS];
} Page;

typedef struct StreamRings
{
	const char *name; /* id */
	char id[ID_MAXIMUM + 1];
	Page *pages[PAGES_SECOND + PAGES_TEN_SECONDS + PAGES_MINUTE];
} StreamRings;

struct Rings
{
	NameTable streams;
};

Rings *
rings_new(size_t maximum)
{
	Rings *rings = calloc(1, sizeof(*rings));

	if (rings != NULL)
		rings->streams.maximum = maximum;
	return rings;
}

static void
free_stream(StreamRings *stream)
{
	for (size_t i = 0; i < sizeof(stream->pages) / sizeof(stream->pages[0]); i++)
		free(stream->pages[i]);
	free(stream);
}

void
rings_free(Rings *rings)
{
	if (rings == NULL)
		return;
	for (size_t i = 0; i < rings->streams.count; i++)
		free_stream(rings->streams.items[i]);
	name_table_free(&rings->streams);
	free(rings);
}

static StreamRings *
add_stream(Rings *rings, const char *id, SluiceError *err)
{
	StreamRings *stream = calloc(1, sizeof(*stream));

	if (stream == NULL || strlen(id) >= sizeof(stream->id))
	{
		free(stream);
		sluice_error_fill(err, SLUICE_ERROR_ARGUMENT, "no history for stream %.40s", id);
		return NULL;
	}
	memcpy(stream->id, id, strlen(id) + 1);
	stream->name = stream->id;
	if (name_table_add(&rings->streams, stream, err))
		return stream;
	free(stream);
	return NULL;
}

/* The place of the page for a step's number. */
static size_t
page_place(RingStep step, int64_t number)
{
	return page_places[step] + (size_t) (number / PAGE_POINTS) % page_counts[step];
}

/* The page to write to; NULL, with no error, when it was overtaken. */
static bool
page_to_write(StreamRings *stream, RingStep step, int64_t number, Page **page, SluiceError *err)
{
	Page **place = &stream->pages[page_place(step, number)];
	int64_t first = number - number % PAGE_POINTS;

	*page = *place;
	if (*page != NULL && (*page)->first == first)
		return true;
	if (*page != NULL && (*page)->first > first)
	{
		*page = NULL;
		return true;
	}
	if (*page == NULL)
		*page = *place = malloc(sizeof(Page));
	if (*page == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the history of stream %s",
						   stream->id);
	(*page)->first = first;
	for (size_t i = 0; i < PAGE_POINTS; i++)
		point_clear(&(*page)->points[i]);
	return true;
}

bool
rings_put(Rings *rings, const char *stream_id, RingStep step, int64_t time_s,
		  const LivePoint *point, SluiceError *err)
{
	int64_t number = time_s / ring_sizes[step].seconds;
	StreamRings *stream = name_table_find(&rings->streams, stream_id);
	Page *page;

	if (time_s < 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "no history is kept of before 1970");
	if (stream == NULL)
		stream = add_stream(rings, stream_id, err);
	if (stream == NULL || !page_to_write(stream, step, number, &page, err))
		return false;
	if (page != NULL)
		page->points[number % PAGE_POINTS] = *point;
	return true;
}

static float
value_at(const StreamRings *stream, RingStep step, int64_t number, LiveSeries series)
{
	const Page *page =
		stream != NULL && number >= 0 ? stream->pages[page_place(step, number)] : NULL;

	if (page == NULL || page->first != number - number % PAGE_POINTS)
		return NAN;
	return page->points[number % PAGE_POINTS].values[series];
}

void
rings_read(const Rings *rings, const char *stream_id, RingStep step, int64_t from_s,
		   LiveSeries series, float *values, size_t count)
{
	const StreamRings *stream = name_table_find(&rings->streams, stream_id);
	int64_t first = from_s / ring_sizes[step].seconds;

	for (size_t i = 0; i < count; i++)
		values[i] = value_at(stream, step, first + (int64_t) i, series);
}

/* Frees it, and is true, when nothing is left. */
static bool
purge_stream(void *context, void *item)
{
	const int64_t *now_s = context;
	StreamRings *stream = item;
	bool empty = true;

	for (size_t step = 0; step < RING_STEPS; step++)
	{
		int64_t oldest = *now_s / ring_sizes[step].seconds - (int64_t) ring_sizes[step].points;

		for (size_t i = 0; i < page_counts[step]; i++)
		{
			Page **page = &stream->pages[page_places[step] + i];

			if (*page != NULL && (*page)->first + PAGE_POINTS <= oldest)
			{
				free(*page);
				*page = NULL;
			}
			empty = empty && *page == NULL;
		}
	}
	if (empty)
		free_stream(stream);
	return empty;
}

void
rings_purge(Rings *rings, int64_t now_s)
{
	name_table_sweep(&rings->streams, purge_stream, &now_s);
}

size_t
rings_streams(const Rings *rings)
{
	return rings->streams.count;
}
