/*
 * load_gather.c - opening bundles of a copy (load_gather.h).
 */
#include "load_gather.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#define FIRST_ROWS 256
#define KEPT_BYTES ((size_t) 6 << 20) /* of memory for the next gathering */
#define END_PREFIX "sluice.chunk_end"

void
load_gather_init(LoadGather *gather, size_t maximum_bytes)
{
	*gather = (LoadGather){.maximum_bytes = maximum_bytes};
	for (uint32_t i = 0; i < GATHER_BUNDLES; i++)
		bundle_reader_init(&gather->items[i].bundle, &allocator_malloc, BUNDLE_MAXIMUM);
}

static size_t
item_memory(const GatherItem *item)
{
	return item->bundle.unpacked.capacity + item->row_room * sizeof(*item->rows);
}

static void
item_free(GatherItem *item)
{
	bundle_reader_free(&item->bundle);
	free(item->rows);
	item->rows = NULL;
	item->row_room = 0;
}

void
load_gather_reset(LoadGather *gather)
{
	size_t kept = 0;

	for (uint32_t i = 0; i < gather->count; i++)
		load_message_free(&gather->items[i].message);
	for (uint32_t i = 0; i < GATHER_BUNDLES; i++)
	{
		GatherItem *item = &gather->items[i];

		item->piece = (LoadPiece){0};
		kept += item_memory(item);
		if (kept <= KEPT_BYTES)
			continue;
		kept -= item_memory(item);
		item_free(item);
		bundle_reader_init(&item->bundle, &allocator_malloc, BUNDLE_MAXIMUM);
	}
	gather->count = 0;
	gather->bytes = 0;
}

void
load_gather_free(LoadGather *gather)
{
	load_gather_reset(gather);
	for (uint32_t i = 0; i < GATHER_BUNDLES; i++)
		item_free(&gather->items[i]);
}

bool
load_gather_full(const LoadGather *gather)
{
	return gather->count == GATHER_BUNDLES || gather->bytes >= gather->maximum_bytes;
}

/* ---- records ---- */

bool
chunk_end_parse(const uint8_t *json, size_t length, ChunkEnd *end, SluiceError *err)
{
	json_t *root = json_loadb((const char *) json, length, 0, NULL);
	json_int_t bundles = 0, rows = -1, bytes = -1;
	bool good = root != NULL && json_unpack(root, "{s:I, s:I, s:I}", "bundles", &bundles, "rows",
											&rows, "bytes", &bytes) == 0;

	json_decref(root);
	if (!good || bundles < 1 || bundles > UINT32_MAX || rows < 0 || bytes < 0)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "the end of a chunk cannot be read");
	*end = (ChunkEnd){(uint32_t) bundles, (uint64_t) rows, (uint64_t) bytes};
	return true;
}

static bool
add_row(GatherItem *item, const BundleRow *row, SluiceError *err)
{
	if (item->piece.row_count == item->row_room)
	{
		uint32_t room = item->row_room == 0 ? FIRST_ROWS : item->row_room * 2;
		BundleRow *rows = realloc(item->rows, room * sizeof(*rows));

		if (rows == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %u rows", room);
		item->rows = rows;
		item->row_room = room;
	}
	item->rows[item->piece.row_count++] = *row;
	item->piece.bytes += row->length;
	return true;
}

static bool
take_relation(GatherItem *item, const BundleRecord *record, TableMap *tables, SluiceError *err)
{
	if (item->piece.table != NULL)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "rows of two tables, %s and %s",
						   item->piece.table->name, record->relation->name);
	item->piece.table = tables_intern(tables, record->relation, err);
	return item->piece.table != NULL;
}

static bool
take_message(GatherItem *item, const BundleRecord *record, SluiceError *err)
{
	if (strcmp(record->message.prefix, END_PREFIX) != 0)
		return true;
	item->piece.ends = true;
	return chunk_end_parse(record->message.content, record->message.length, &item->piece.end, err);
}

static bool
take_record(GatherItem *item, const BundleRecord *record, TableMap *tables, SluiceError *err)
{
	switch (record->type)
	{
		case RECORD_RELATION: return take_relation(item, record, tables, err);
		case RECORD_ROW: return add_row(item, &record->new_row, err);
		case RECORD_MESSAGE: return take_message(item, record, err);
		default:
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "record %c among rows of a copy",
							   record->type);
	}
}

static bool
read_bundle(GatherItem *item, const LoadMessage *message, TableMap *tables, SluiceError *err)
{
	BundleRecord record;
	bool end = false;

	if (!bundle_reader_open(&item->bundle, message->data, message->length, err))
		return false;
	while (bundle_next(&item->bundle, &record, &end, err))
	{
		if (end)
			return true;
		if (!take_record(item, &record, tables, err))
			return false;
	}
	return false;
}

bool
load_gather_add(LoadGather *gather, LoadMessage *message, LoadWay way, TableMap *tables,
				SluiceError *err)
{
	GatherItem *item = &gather->items[gather->count];

	item->piece = (LoadPiece){.place = message->place, .way = way, .gone = message->data == NULL};
	if (message->data != NULL && !read_bundle(item, message, tables, err))
	{
		err->code = err->code == SLUICE_ERROR_MEMORY ? err->code : SLUICE_ERROR_CORRUPT;
		return sluice_prefix(
			err, "bundle %" PRIu32 " of chunk %" PRIu32 " (generation %" PRIu32 ")",
			message->place.bundle, message->place.chunk, message->place.generation);
	}
	item->piece.rows = item->rows;
	item->message = *message;
	*message = (LoadMessage){0};
	gather->bytes += item->piece.bytes;
	gather->count++;
	return true;
}

/* ---- order ---- */

static int
compare_places(const LoadPlace *a, const LoadPlace *b)
{
	if (a->generation != b->generation)
		return a->generation < b->generation ? -1 : 1;
	if (a->chunk != b->chunk)
		return a->chunk < b->chunk ? -1 : 1;
	return a->bundle < b->bundle ? -1 : a->bundle > b->bundle;
}

static int
compare_pieces(const void *left, const void *right)
{
	const LoadPiece *a = *(LoadPiece *const *) left, *b = *(LoadPiece *const *) right;

	if (a->table != b->table)
		return (uintptr_t) a->table < (uintptr_t) b->table ? -1 : 1;
	return compare_places(&a->place, &b->place);
}

LoadTake
load_gather_take(LoadGather *gather, const LoadPlan *plan)
{
	for (uint32_t i = 0; i < gather->count; i++)
		gather->pieces[i] = &gather->items[i].piece;
	qsort(gather->pieces, gather->count, sizeof(gather->pieces[0]), compare_pieces);
	return (LoadTake){plan, gather->pieces, gather->count};
}
