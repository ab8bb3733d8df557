/*
 * rows.c - reading row events (rows.h).
 *
 * Layout: table id, flags, in version 2 extra data, the number of columns, a bit per column that is
 * present (twice for updates), then rows to the end.  A row is a bit per present column for NULL, then
 * the values one after the other.
 */
#include "rows.h"

#include "unpack.h"

#include <stdlib.h>

/* ---- which events these are ---- */

typedef struct RowsKind
{
	bool known;
	RowsAction action;
	bool extra; /* version 2 */
	bool compressed;
	bool partial;
} RowsKind;

static const RowsKind rows_kinds[256] = {
	[EVENT_WRITE_ROWS_V1] = {true, ROWS_WRITE, false, false, false},
	[EVENT_UPDATE_ROWS_V1] = {true, ROWS_UPDATE, false, false, false},
	[EVENT_DELETE_ROWS_V1] = {true, ROWS_DELETE, false, false, false},
	[EVENT_WRITE_ROWS] = {true, ROWS_WRITE, true, false, false},
	[EVENT_UPDATE_ROWS] = {true, ROWS_UPDATE, true, false, false},
	[EVENT_DELETE_ROWS] = {true, ROWS_DELETE, true, false, false},
	[EVENT_PARTIAL_UPDATE_ROWS] = {true, ROWS_UPDATE, true, false, true},
	[EVENT_WRITE_ROWS_COMPRESSED_V1] = {true, ROWS_WRITE, false, true, false},
	[EVENT_UPDATE_ROWS_COMPRESSED_V1] = {true, ROWS_UPDATE, false, true, false},
	[EVENT_DELETE_ROWS_COMPRESSED_V1] = {true, ROWS_DELETE, false, true, false},
	[EVENT_WRITE_ROWS_COMPRESSED] = {true, ROWS_WRITE, true, true, false},
	[EVENT_UPDATE_ROWS_COMPRESSED] = {true, ROWS_UPDATE, true, true, false},
	[EVENT_DELETE_ROWS_COMPRESSED] = {true, ROWS_DELETE, true, true, false},
};

bool
rows_event_action(uint8_t type, RowsAction *action)
{
	*action = rows_kinds[type].action;
	return rows_kinds[type].known;
}

bool
rows_event_table(const EventFormat *format, const Event *event, uint64_t *id, SluiceError *err)
{
	ByteCursor body = event->body;

	return table_id_read(format, event->header.type, &body, id, err);
}

/* ---- the reader ---- */

void
rows_reader_init(RowsReader *reader, size_t maximum)
{
	*reader = (RowsReader){0};
	bytebuf_init(&reader->unpacked, &allocator_malloc, maximum);
}

void
rows_reader_free(RowsReader *reader)
{
	bytebuf_free(&reader->unpacked);
	free(reader->before);
	free(reader->after);
	*reader = (RowsReader){0};
}

static bool
make_fields(RowsReader *reader, uint32_t count, SluiceError *err)
{
	RowField *before, *after;

	if (count <= reader->room)
		return true;
	before = calloc(count, sizeof(RowField));
	after = calloc(count, sizeof(RowField));
	if (before == NULL || after == NULL)
	{
		free(before);
		free(after);
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a row");
	}
	free(reader->before);
	free(reader->after);
	reader->before = before;
	reader->after = after;
	reader->room = count;
	return true;
}

static bool
has_bit(const uint8_t *bits, uint32_t number)
{
	return (bits[number / 8] >> number % 8 & 1) != 0;
}

static bool
take_present(RowsReader *reader, int which, ByteCursor *body, SluiceError *err)
{
	uint32_t columns = reader->map->column_count;

	if (!cursor_take(body, (columns + 7) / 8, &reader->present[which], err))
		return false;
	reader->present_count[which] = 0;
	for (uint32_t i = 0; i < columns; i++)
		reader->present_count[which] += has_bit(reader->present[which], i);
	return true;
}

/* The extra data's length counts itself. */
static bool
skip_extra(ByteCursor *body, SluiceError *err)
{
	uint16_t length;
	ByteCursor extra;

	if (!little_u16(body, &length, err))
		return false;
	if (length < 2)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "extra data of %u bytes", length);
	return little_part(body, length - 2u, &extra, err);
}

static uint32_t
count_json(const TableMap *map)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < map->column_count; i++)
		count += map->columns[i].kind == COLUMN_JSON;
	return count;
}

static bool
open_rows(RowsReader *reader, const EventFormat *format, const Event *event, SluiceError *err)
{
	const RowsKind *kind = &rows_kinds[event->header.type];
	ByteCursor body = event->body;
	uint64_t id, columns;

	if (!table_id_read(format, event->header.type, &body, &id, err) ||
		!little_u16(&body, &reader->flags, err) || (kind->extra && !skip_extra(&body, err)) ||
		!little_packed(&body, &columns, err))
		return false;
	if (id != reader->map->id || columns != reader->map->column_count)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%u columns, its map has %u",
						   (unsigned) columns, reader->map->column_count);
	if (!take_present(reader, 0, &body, err) ||
		(kind->action == ROWS_UPDATE && !take_present(reader, 1, &body, err)))
		return false;
	reader->action = kind->action;
	reader->partial = kind->partial;
	reader->json_columns = kind->partial ? count_json(reader->map) : 0;
	reader->rows = body;
	if (!kind->compressed)
		return true;
	if (!unpack_event(body, &reader->unpacked, err))
		return false;
	reader->rows =
		(ByteCursor){reader->unpacked.data, reader->unpacked.data + reader->unpacked.length};
	return true;
}

bool
rows_open(RowsReader *reader, const EventFormat *format, const Event *event, TableMap *map,
		  SluiceError *err)
{
	reader->map = map;
	if (!rows_kinds[event->header.type].known)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "event type %u has no rows",
						   event->header.type);
	return make_fields(reader, map->column_count, err) &&
		   (open_rows(reader, format, event, err) ||
			sluice_prefix(err, "rows of table %s.%s", map->schema, map->name));
}

/* ---- rows ---- */

/* Which JSON columns have diffs: a bit for each of the table's, behind the options that say so. */
static bool
take_diffs(RowsReader *reader, const uint8_t **diffs, SluiceError *err)
{
	uint64_t options;

	*diffs = NULL;
	if (!little_packed(&reader->rows, &options, err))
		return false;
	if (options > 1)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "an update with unknown options %u",
						   (unsigned) options);
	return options == 0 || cursor_take(&reader->rows, (reader->json_columns + 7) / 8, diffs, err);
}

static bool
take_image(RowsReader *reader, int which, const uint8_t *diffs, RowField *fields, SluiceError *err)
{
	const TableMap *map = reader->map;
	const uint8_t *nulls;
	uint32_t place = 0, json = 0;

	if (!cursor_take(&reader->rows, (reader->present_count[which] + 7) / 8, &nulls, err))
		return false;
	for (uint32_t i = 0; i < map->column_count; i++)
	{
		const LogColumn *column = &map->columns[i];
		RowField *field = &fields[i];
		bool diff = diffs != NULL && column->kind == COLUMN_JSON && has_bit(diffs, json);

		json += column->kind == COLUMN_JSON;
		field->state = LOG_FIELD_ABSENT;
		if (!has_bit(reader->present[which], i))
			continue;
		field->state = LOG_FIELD_NULL;
		if (has_bit(nulls, place++))
			continue;
		field->state = diff ? LOG_FIELD_DIFF : LOG_FIELD_VALUE;
		if (!column_take(column, &reader->rows, &field->data, &field->length, err))
			return sluice_prefix(err, "column %u of %s.%s", i + 1, map->schema, map->name);
	}
	return true;
}

bool
rows_next(RowsReader *reader, bool *end, SluiceError *err)
{
	const uint8_t *diffs = NULL;
	const uint8_t *start = reader->rows.at;

	*end = reader->rows.at == reader->rows.end;
	if (*end)
		return true;
	if (!take_image(reader, 0, NULL, reader->action == ROWS_WRITE ? reader->after : reader->before,
					err))
		return false;
	if (reader->action == ROWS_UPDATE && ((reader->partial && !take_diffs(reader, &diffs, err)) ||
										  !take_image(reader, 1, diffs, reader->after, err)))
		return false;
	/* A table without columns in the image would give rows without end. */
	return reader->rows.at != start ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "a row without columns in %s.%s",
					   reader->map->schema, reader->map->name);
}
