/*
 * table_match.c - a table map held against the catalog, column by column (table_match.h).
 *
 * What the catalog would have the map say is made by log_column_of(); the two are compared.
 */
#include "table_match.h"

#include "log_column.h"

#include <string.h>

#define LABELS_MAXIMUM ((size_t) 64 << 20) /* 65535 labels of 255 characters each */

typedef struct Match
{
	const SchemaTable *table;
	const TableMap *map;
	bool mariadb;
	ByteBuf labels; /* of the column at hand */
	SluiceError *err;
} Match;

/* ---- one column ---- */

/* Kinds that read alike are one. */
static uint8_t
plain_kind(uint8_t kind)
{
	switch (kind)
	{
		case COLUMN_VAR_STRING: return COLUMN_VARCHAR;
		case COLUMN_NEWDATE: return COLUMN_DATE;
		case COLUMN_TIMESTAMP_OLD: return COLUMN_TIMESTAMP;
		case COLUMN_TIME_OLD: return COLUMN_TIME;
		case COLUMN_DATETIME_OLD: return COLUMN_DATETIME;
		default: return kind;
	}
}

/* What a compressed column's metadata says of its length is the server's own affair. */
static bool
has_told_length(uint8_t kind)
{
	return kind != COLUMN_VARCHAR_COMPRESSED && kind != COLUMN_BLOB_COMPRESSED;
}

/* A map has labels in the column's character set, the catalog in UTF-8. */
static bool
labels_agree(const SchemaColumn *column, const LogColumn *wanted, const LogColumn *found)
{
	size_t length = (size_t) (wanted->labels.end - wanted->labels.at);

	if (wanted->label_count != found->label_count)
		return false;
	if (column->charset == NULL || strncmp(column->charset, "utf8", 4) != 0 || length == 0)
		return true;
	return (size_t) (found->labels.end - found->labels.at) == length &&
		   memcmp(wanted->labels.at, found->labels.at, length) == 0;
}

/* NULL, or in what they differ. */
static const char *
difference(const Match *match, const SchemaColumn *column, const LogColumn *wanted,
		   const LogColumn *found)
{
	const unsigned told = match->map->told;

	if (plain_kind(found->kind) != wanted->kind)
		return "type";
	if (has_told_length(wanted->kind) && found->length != wanted->length)
		return "length";
	if (found->precision != wanted->precision || found->scale != wanted->scale)
		return "number of digits";
	if (found->nullable != wanted->nullable)
		return "NOT NULL";
	if ((told & MAP_SIGNEDNESS) != 0 && column_is_numeric(found->kind) &&
		found->kind != COLUMN_YEAR && found->is_unsigned != wanted->is_unsigned)
		return "sign";
	if ((told & MAP_LABELS) != 0 && !labels_agree(column, wanted, found))
		return "labels";
	return NULL;
}

static bool
match_column(Match *match, const SchemaColumn *column, const LogColumn *found)
{
	LogColumn wanted;
	const char *what;

	match->labels.length = 0;
	if (!log_column_of(column, match->mariadb, &wanted, &match->labels, match->err))
		return false;
	what = difference(match, column, &wanted, found);
	return what == NULL ||
		   sluice_fail(match->err, SLUICE_ERROR_STATE,
					   "column \"%s\" has another %s in the log (%s, length %u) than now (%.60s)",
					   column->name, what, column_kind_name(found->kind), found->length,
					   column->type);
}

bool
table_column_agrees(const SchemaColumn *column, bool mariadb, const TableMap *map,
					const LogColumn *found)
{
	Match match = {.map = map, .mariadb = mariadb};
	bool agrees;

	bytebuf_init(&match.labels, &allocator_malloc, LABELS_MAXIMUM);
	agrees = match_column(&match, column, found);
	bytebuf_free(&match.labels);
	return agrees;
}

/* ---- which is which ---- */

static bool
has_name(const LogColumn *column, const char *name)
{
	return column->name_length == strlen(name) &&
		   memcmp(column->name, name, column->name_length) == 0;
}

/* A versioned table's row_start and row_end may have any name. */
bool
table_column_hidden(const SchemaTable *table, bool mariadb, const LogColumn *column)
{
	static const char functional[] = "!hidden!";

	if (mariadb)
		return table->versioned &&
			   (column->kind == COLUMN_TIMESTAMP || column->kind == COLUMN_LONGLONG);
	return column->name_length > sizeof(functional) - 1 &&
		   memcmp(column->name, functional, sizeof(functional) - 1) == 0;
}

static bool
fail_columns(const Match *match)
{
	return sluice_fail(match->err, SLUICE_ERROR_STATE, "it has %u columns in the log, %zu now",
					   match->map->column_count, match->table->column_count);
}

static bool
match_by_name(Match *match, const SchemaColumn **columns)
{
	const SchemaColumn *next = match->table->columns, *end = next + match->table->column_count;

	for (uint32_t i = 0; i < match->map->column_count; i++)
	{
		const LogColumn *found = &match->map->columns[i];

		columns[i] = NULL;
		if (next < end && has_name(found, next->name))
		{
			columns[i] = next++;
			if (!match_column(match, columns[i], found))
				return false;
		}
		else if (!table_column_hidden(match->table, match->mariadb, found))
			return sluice_fail(match->err, SLUICE_ERROR_STATE,
							   "column %u is \"%.*s\" in the log, \"%s\" now", i + 1,
							   (int) found->name_length, (const char *) found->name,
							   next < end ? next->name : "");
	}
	return next == end || fail_columns(match);
}

/* Hidden columns of a versioned table are its last two. */
static bool
match_by_place(Match *match, const SchemaColumn **columns)
{
	const size_t count = match->table->column_count;
	const size_t hidden = match->table->versioned && match->map->column_count == count + 2 ? 2 : 0;

	if (match->map->column_count != count + hidden)
		return fail_columns(match);
	for (uint32_t i = 0; i < match->map->column_count; i++)
	{
		columns[i] = i < count ? &match->table->columns[i] : NULL;
		if (columns[i] != NULL && !match_column(match, columns[i], &match->map->columns[i]))
			return false;
	}
	return true;
}

bool
table_match(const SchemaTable *table, bool mariadb, const TableMap *map,
			const SchemaColumn **columns, SluiceError *err)
{
	Match match = {.table = table, .map = map, .mariadb = mariadb, .err = err};
	bool agree;

	bytebuf_init(&match.labels, &allocator_malloc, LABELS_MAXIMUM);
	agree = (map->told & MAP_NAMES) != 0 ? match_by_name(&match, columns)
										 : match_by_place(&match, columns);
	bytebuf_free(&match.labels);
	return agree || sluice_prefix(err, "table %s.%s", table->schema, table->name);
}

/* ---- keys ---- */

static bool
tells_rows_apart(const SchemaTable *table, const SchemaIndex *index)
{
	for (size_t i = 0; i < index->column_count; i++)
	{
		const SchemaIndexColumn *part = &index->columns[i];
		const SchemaColumn *column =
			part->name != NULL ? schema_table_column(table, part->name) : NULL;

		if (column == NULL || !column->not_null || part->length != 0)
			return false;
	}
	return index->unique;
}

const SchemaIndex *
table_key(const SchemaTable *table)
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (table->indexes[i].primary)
			return &table->indexes[i];
	}
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (tells_rows_apart(table, &table->indexes[i]))
			return &table->indexes[i];
	}
	return NULL;
}
