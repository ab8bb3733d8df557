/*
 * table_map.c - reading TABLE_MAP events (table_map.h).
 *
 * The optional metadata came with MySQL 8.0 and MariaDB 10.5; a server writes as much of it as
 * binlog_row_metadata asks for.  Its fields may come in any order, and unknown ones are passed.
 */
#include "table_map.h"

#include <stdlib.h>
#include <string.h>

typedef struct MapReader
{
	TableMap *map;
	Flavour flavour;
	SluiceError *err;
} MapReader;

/* ---- which columns a field tells of ---- */

typedef bool (*ColumnTest)(const MapReader *reader, const LogColumn *column);

static bool
is_numeric(const MapReader *reader, const LogColumn *column)
{
	(void) reader;
	return column_is_numeric(column->kind);
}

/* The flavours do not agree which columns have characters. */
static bool
has_characters(const MapReader *reader, const LogColumn *column)
{
	switch (column->kind)
	{
		case COLUMN_STRING:
		case COLUMN_VAR_STRING:
		case COLUMN_VARCHAR:
		case COLUMN_BLOB: return true;
		case COLUMN_VECTOR: return reader->flavour == FLAVOUR_MYSQL;
		case COLUMN_GEOMETRY:
		case COLUMN_BLOB_COMPRESSED:
		case COLUMN_VARCHAR_COMPRESSED: return reader->flavour == FLAVOUR_MARIADB;
		default: return false;
	}
}

static bool
has_labels(const MapReader *reader, const LogColumn *column)
{
	(void) reader;
	return column->kind == COLUMN_ENUM || column->kind == COLUMN_SET;
}

static bool
is_enum(const MapReader *reader, const LogColumn *column)
{
	(void) reader;
	return column->kind == COLUMN_ENUM;
}

static bool
is_set(const MapReader *reader, const LogColumn *column)
{
	(void) reader;
	return column->kind == COLUMN_SET;
}

static bool
is_geometry(const MapReader *reader, const LogColumn *column)
{
	(void) reader;
	return column->kind == COLUMN_GEOMETRY;
}

static bool
is_vector(const MapReader *reader, const LogColumn *column)
{
	(void) reader;
	return column->kind == COLUMN_VECTOR;
}

static bool
is_any(const MapReader *reader, const LogColumn *column)
{
	(void) reader;
	(void) column;
	return true;
}

/* The next column from *at on that the test holds for; NULL behind the last. */
static LogColumn *
next_column(const MapReader *reader, ColumnTest test, uint32_t *at)
{
	while (*at < reader->map->column_count)
	{
		LogColumn *column = &reader->map->columns[(*at)++];

		if (test(reader, column))
			return column;
	}
	return NULL;
}

/* ---- fields ---- */

typedef bool (*FieldReader)(MapReader *reader, ColumnTest test, ByteCursor value);

/* A bit per column, the first one the highest of its byte. */
static bool
read_bits(MapReader *reader, ColumnTest test, ByteCursor value, void (*set)(LogColumn *, bool))
{
	uint32_t at = 0, bit = 0;

	for (LogColumn *column; (column = next_column(reader, test, &at)) != NULL; bit++)
	{
		if (bit / 8 >= little_left(&value))
			return sluice_fail(reader->err, SLUICE_ERROR_CORRUPT, "too few bits for the columns");
		set(column, (value.at[bit / 8] & (0x80 >> bit % 8)) != 0);
	}
	return true;
}

static void
set_unsigned(LogColumn *column, bool value)
{
	column->is_unsigned = value;
}

static void
set_visible(LogColumn *column, bool value)
{
	column->visible = value;
}

static bool
read_signedness(MapReader *reader, ColumnTest test, ByteCursor value)
{
	reader->map->told |= MAP_SIGNEDNESS;
	return read_bits(reader, test, value, set_unsigned);
}

static bool
read_visibility(MapReader *reader, ColumnTest test, ByteCursor value)
{
	reader->map->told |= MAP_VISIBILITY;
	return read_bits(reader, test, value, set_visible);
}

/* A number per column. */
static bool
read_numbers(MapReader *reader, ColumnTest test, ByteCursor value,
			 void (*set)(LogColumn *, uint32_t))
{
	uint32_t at = 0;

	for (LogColumn *column; (column = next_column(reader, test, &at)) != NULL;)
	{
		uint64_t number;

		if (!little_packed(&value, &number, reader->err))
			return false;
		set(column, number > UINT32_MAX ? UINT32_MAX : (uint32_t) number);
	}
	return true;
}

static void
set_collation(LogColumn *column, uint32_t value)
{
	column->collation = value;
}

static void
set_geometry(LogColumn *column, uint32_t value)
{
	column->geometry = value;
}

static void
set_dimensions(LogColumn *column, uint32_t value)
{
	column->dimensions = value;
}

static bool
read_collations(MapReader *reader, ColumnTest test, ByteCursor value)
{
	reader->map->told |= MAP_COLLATIONS;
	return read_numbers(reader, test, value, set_collation);
}

static bool
read_geometries(MapReader *reader, ColumnTest test, ByteCursor value)
{
	return read_numbers(reader, test, value, set_geometry);
}

static bool
read_dimensions(MapReader *reader, ColumnTest test, ByteCursor value)
{
	return read_numbers(reader, test, value, set_dimensions);
}

/* The collation of most, then exceptions: which of these columns, and its collation. */
static bool
read_default_collation(MapReader *reader, ColumnTest test, ByteCursor value)
{
	uint64_t most, exception = UINT64_MAX, collation = 0;
	uint32_t at = 0, number = 0;

	reader->map->told |= MAP_COLLATIONS;
	if (!little_packed(&value, &most, reader->err))
		return false;
	for (LogColumn *column; (column = next_column(reader, test, &at)) != NULL; number++)
	{
		if ((exception == UINT64_MAX || exception < number) && value.at < value.end &&
			(!little_packed(&value, &exception, reader->err) ||
			 !little_packed(&value, &collation, reader->err)))
			return false;
		column->collation = (uint32_t) (exception == number ? collation : most);
	}
	return true;
}

static bool
read_names(MapReader *reader, ColumnTest test, ByteCursor value)
{
	uint32_t at = 0;

	for (LogColumn *column; (column = next_column(reader, test, &at)) != NULL;)
	{
		if (!little_packed_bytes(&value, &column->name, &column->name_length, reader->err))
			return false;
	}
	reader->map->told |= MAP_NAMES;
	return true;
}

static bool
read_labels(MapReader *reader, ColumnTest test, ByteCursor value)
{
	uint32_t at = 0;

	for (LogColumn *column; (column = next_column(reader, test, &at)) != NULL;)
	{
		uint64_t count;

		if (!little_packed(&value, &count, reader->err))
			return false;
		if (count > little_left(&value))
			return sluice_fail(reader->err, SLUICE_ERROR_CORRUPT, "too many labels of a column");
		column->label_count = (uint32_t) count;
		column->labels.at = value.at;
		while (count-- > 0)
		{
			const uint8_t *label;
			size_t length;

			if (!little_packed_bytes(&value, &label, &length, reader->err))
				return false;
		}
		column->labels.end = value.at;
	}
	return true;
}

static bool
add_key_column(MapReader *reader, uint64_t column, uint16_t place, uint64_t prefix)
{
	LogColumn *found;

	if (column >= reader->map->column_count)
		return sluice_fail(reader->err, SLUICE_ERROR_CORRUPT,
						   "a key of a column that is not there");
	found = &reader->map->columns[column];
	found->key_place = place;
	found->key_prefix = (uint32_t) prefix;
	return true;
}

static bool
read_key(MapReader *reader, bool prefixes, ByteCursor value)
{
	for (uint16_t place = 1; value.at < value.end; place++)
	{
		uint64_t column, prefix = 0;

		if (!little_packed(&value, &column, reader->err) ||
			(prefixes && !little_packed(&value, &prefix, reader->err)) ||
			!add_key_column(reader, column, place, prefix))
			return false;
	}
	reader->map->told |= MAP_PRIMARY_KEY;
	return true;
}

static bool
read_simple_key(MapReader *reader, ColumnTest test, ByteCursor value)
{
	(void) test;
	return read_key(reader, false, value);
}

static bool
read_prefix_key(MapReader *reader, ColumnTest test, ByteCursor value)
{
	(void) test;
	return read_key(reader, true, value);
}

/* By the number of the field. */
static const struct
{
	FieldReader read;
	ColumnTest test;
} fields[] = {
	[1] = {read_signedness, is_numeric},
	[2] = {read_default_collation, has_characters},
	[3] = {read_collations, has_characters},
	[4] = {read_names, is_any},
	[5] = {read_labels, is_set},
	[6] = {read_labels, is_enum},
	[7] = {read_geometries, is_geometry},
	[8] = {read_simple_key, is_any},
	[9] = {read_prefix_key, is_any},
	[10] = {read_default_collation, has_labels},
	[11] = {read_collations, has_labels},
	[12] = {read_visibility, is_any},
	[13] = {read_dimensions, is_vector},
};

static bool
read_fields(MapReader *reader, ByteCursor *body)
{
	while (body->at < body->end)
	{
		uint8_t field;
		const uint8_t *value;
		size_t length;

		if (!little_u8(body, &field, reader->err) ||
			!little_packed_bytes(body, &value, &length, reader->err))
			return false;
		if (field < sizeof(fields) / sizeof(fields[0]) && fields[field].read != NULL &&
			!fields[field].read(reader, fields[field].test, (ByteCursor){value, value + length}))
			return sluice_prefix(reader->err, "field %u of its metadata", field);
	}
	return true;
}

/* ---- the map ---- */

bool
table_id_read(const EventFormat *format, uint8_t type, ByteCursor *body, uint64_t *id,
			  SluiceError *err)
{
	/* Before version 5.1.4 of MySQL the id had four bytes, and the fixed part six in all. */
	return little_unsigned(body, format->header_length[type] == 6 ? 4 : 6, id, err);
}

static bool
read_name(ByteCursor *body, const char **name, SluiceError *err)
{
	const uint8_t *text;
	size_t length;
	uint8_t end;

	if (!little_packed_bytes(body, &text, &length, err) || !little_u8(body, &end, err))
		return false;
	if (end != 0 || memchr(text, 0, length) != NULL)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a name that does not end");
	*name = (const char *) text;
	return true;
}

static bool
read_columns(TableMap *map, ByteCursor *body, SluiceError *err)
{
	uint64_t count, meta_length;
	const uint8_t *kinds, *nullable;
	ByteCursor meta;

	if (!little_packed(body, &count, err))
		return false;
	if (count > TABLE_COLUMNS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a table with more than %d columns",
						   TABLE_COLUMNS_MAXIMUM);
	map->column_count = (uint32_t) count;
	map->columns = calloc(count + 1, sizeof(LogColumn));
	if (map->columns == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table's columns");
	if (!cursor_take(body, count, &kinds, err) || !little_packed(body, &meta_length, err) ||
		!little_part(body, meta_length, &meta, err) ||
		!cursor_take(body, (count + 7) / 8, &nullable, err))
		return false;
	for (uint32_t i = 0; i < count; i++)
	{
		LogColumn *column = &map->columns[i];

		*column = (LogColumn){.kind = kinds[i], .visible = true};
		column->nullable = (nullable[i / 8] >> i % 8 & 1) != 0;
		if (!column_meta_read(&meta, column, err))
			return sluice_prefix(err, "column %u", i + 1);
	}
	return true;
}

/* All ENUM and SET columns have labels. */
static void
note_labels(const MapReader *reader)
{
	for (uint32_t i = 0; i < reader->map->column_count; i++)
	{
		const LogColumn *column = &reader->map->columns[i];

		if (has_labels(reader, column) && column->label_count == 0)
			return;
	}
	reader->map->told |= MAP_LABELS;
}

static bool
read_map(TableMap *map, const EventFormat *format, ByteCursor body, SluiceError *err)
{
	MapReader reader = {map, format->flavour, err};

	if (!table_id_read(format, EVENT_TABLE_MAP, &body, &map->id, err) ||
		!little_u16(&body, &map->flags, err) || !read_name(&body, &map->schema, err) ||
		!read_name(&body, &map->name, err))
		return false;
	if (!read_columns(map, &body, err) || !read_fields(&reader, &body))
		return sluice_prefix(err, "the map of table %s.%s", map->schema, map->name);
	note_labels(&reader);
	return true;
}

TableMap *
table_map_read(const EventFormat *format, const Event *event, SluiceError *err)
{
	size_t length = little_left(&event->body);
	TableMap *map = calloc(1, sizeof(*map));
	uint8_t *data = malloc(length + 1);

	if (map == NULL || data == NULL)
	{
		free(map);
		free(data);
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a table's map");
		return NULL;
	}
	memcpy(data, event->body.at, length);
	map->data = data;
	map->data_length = length;
	if (read_map(map, format, (ByteCursor){data, data + length}, err))
		return map;
	table_map_free(map);
	return NULL;
}

void
table_map_free(TableMap *map)
{
	if (map == NULL)
		return;
	free(map->columns);
	free(map->data);
	free(map);
}

bool
table_map_same(const TableMap *a, const TableMap *b)
{
	const size_t id_length = 6;

	return a->data_length == b->data_length && a->data_length > id_length &&
		   memcmp(a->data + id_length, b->data + id_length, a->data_length - id_length) == 0;
}
