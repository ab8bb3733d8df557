/*
 * row_fragments.c - row events in pieces (row_fragments.h).
 *
 * Invariant: pieces come one behind the other; whatever is between them is corrupt.
 */
#include "row_fragments.h"

#define HAS_SIZE 0x01

void
row_fragments_init(RowFragments *fragments, size_t maximum)
{
	*fragments = (RowFragments){0};
	bytebuf_init(&fragments->whole, &allocator_malloc, maximum);
}

void
row_fragments_free(RowFragments *fragments)
{
	bytebuf_free(&fragments->whole);
}

bool
row_fragments_open(const RowFragments *fragments)
{
	return fragments->taken < fragments->total;
}

void
row_fragments_drop(RowFragments *fragments)
{
	fragments->taken = fragments->total = 0;
}

/* The first one says how many there are, and how large the whole is. */
static bool
take_head(RowFragments *fragments, ByteCursor *body, SluiceError *err)
{
	uint32_t total, number;
	uint8_t flags;
	uint64_t size;

	if (!little_u32(body, &total, err) || !little_u32(body, &number, err) ||
		!little_u8(body, &flags, err) || ((flags & HAS_SIZE) != 0 && !little_u64(body, &size, err)))
		return false;
	if (!row_fragments_open(fragments))
	{
		fragments->taken = 0;
		fragments->total = total;
		fragments->whole.length = 0;
	}
	if (total != fragments->total || total == 0 || number != fragments->taken + 1)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "fragment %u of %u of a row event, %u of %u was expected", number, total,
						   fragments->taken + 1, fragments->total);
	fragments->taken = number;
	return true;
}

/* The whole may have kept the checksum that it had before it was cut. */
static bool
open_whole(const RowFragments *fragments, const EventFormat *format, Event *rows, SluiceError *err)
{
	EventFormat plain = *format;

	if (format->checksum &&
		event_open(format, fragments->whole.data, fragments->whole.length, rows, NULL))
		return true;
	plain.checksum = false;
	return event_open(&plain, fragments->whole.data, fragments->whole.length, rows, err);
}

bool
row_fragments_take(RowFragments *fragments, const EventFormat *format, const Event *event,
				   bool *complete, Event *rows, SluiceError *err)
{
	ByteCursor body = event->body;

	if (!take_head(fragments, &body, err) ||
		!bytebuf_put(&fragments->whole, body.at, little_left(&body), err))
		return false;
	*complete = !row_fragments_open(fragments);
	return !*complete || open_whole(fragments, format, rows, err);
}
