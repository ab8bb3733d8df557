/*
 * relation.c - from a table map and the catalog to a relation (relation.h).
 */
#include "relation.h"

#include "left_out.h"
#include "log_column.h"
#include "table_id.h"
#include "table_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAXIMUM  BUNDLE_MAXIMUM
#define LABELS_MAXIMUM ((size_t) 64 << 20)
#define NAMES_MAXIMUM  ((size_t) 64 << 20)

/* What is gathered of a table before it becomes a relation. */
typedef struct Draft
{
	const char *schema, *name;
	const SchemaTable *table; /* NULL: not known */
	bool matched;			  /* `table` is what the log's rows are of */
	const SchemaIndex *key;	  /* of it */
	bool mariadb;
	const ValuePolicy *policy;
	Charsets *charsets;
	uint32_t count;
	LogColumn *columns;				/* of the log */
	const SchemaColumn **schema_of; /* for each; NULL: not known */
	bool *hidden;
	ByteBuf *labels; /* for each whose labels come from the catalog */
	char **names;
} Draft;

/* ---- drafts ---- */

static void
draft_free(Draft *draft)
{
	for (uint32_t i = 0; i < draft->count; i++)
	{
		if (draft->labels != NULL)
			bytebuf_free(&draft->labels[i]);
		if (draft->names != NULL)
			free(draft->names[i]);
	}
	free(draft->columns);
	free(draft->schema_of);
	free(draft->hidden);
	free(draft->labels);
	free(draft->names);
}

static bool
draft_init(Draft *draft, uint32_t count, SluiceError *err)
{
	draft->columns = calloc(count + 1, sizeof(LogColumn));
	draft->schema_of = calloc(count + 1, sizeof(SchemaColumn *));
	draft->hidden = calloc(count + 1, sizeof(bool));
	draft->labels = calloc(count + 1, sizeof(ByteBuf));
	draft->names = calloc(count + 1, sizeof(char *));
	if (draft->columns == NULL || draft->schema_of == NULL || draft->hidden == NULL ||
		draft->labels == NULL || draft->names == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
	draft->count = count;
	for (uint32_t i = 0; i < count; i++)
		bytebuf_init(&draft->labels[i], &allocator_malloc, LABELS_MAXIMUM);
	return true;
}

static const SchemaColumn *
find_column(const SchemaTable *table, const LogColumn *column)
{
	for (size_t i = 0; table != NULL && i < table->column_count; i++)
	{
		const char *name = table->columns[i].name;

		if (strlen(name) == column->name_length &&
			memcmp(name, column->name, column->name_length) == 0)
			return &table->columns[i];
	}
	return NULL;
}

/* What a map does not tell, from the catalog's column. */
static bool
complete_column(Draft *draft, uint32_t i, unsigned told, SluiceError *err)
{
	LogColumn *column = &draft->columns[i], catalog = {0};

	if (draft->schema_of[i] == NULL || !draft->matched)
		return true;
	if (!log_column_of(draft->schema_of[i], draft->mariadb, &catalog, &draft->labels[i], err))
		return false;
	if ((told & MAP_SIGNEDNESS) == 0)
		column->is_unsigned = catalog.is_unsigned;
	if (column->name == NULL)
	{
		column->name = catalog.name;
		column->name_length = catalog.name_length;
	}
	if ((told & MAP_LABELS) == 0 && column->label_count == 0)
	{
		column->labels = catalog.labels;
		column->label_count = catalog.label_count;
		column->collation = 0; /* those of the catalog are in UTF-8 */
	}
	return true;
}

static bool
fail_without_names(const TableMap *map, SluiceError *err)
{
	if (err->code == SLUICE_OK || err->code != SLUICE_ERROR_STATE)
		(void) sluice_fail(err, SLUICE_ERROR_STATE, "its columns' names are not known");
	(void) sluice_prefix(err, "table %s.%s", map->schema, map->name);
	return sluice_hint(err, "SET GLOBAL binlog_row_metadata = FULL at the source, so that the log "
							"says what its rows are; then copy the stream's tables anew.");
}

/* The catalog's columns beside the map's; one that is newer than the log helps by its names alone. */
static bool
match_map(Draft *draft, const TableMap *map, SluiceError *err)
{
	sluice_error_clear(err);
	draft->matched = draft->table != NULL &&
					 table_match(draft->table, draft->mariadb, map, draft->schema_of, err);
	if (draft->matched)
	{
		for (uint32_t i = 0; i < draft->count; i++)
			draft->hidden[i] = draft->schema_of[i] == NULL;
		draft->key = table_key(draft->table);
		return true;
	}
	if (draft->table != NULL && err->code != SLUICE_ERROR_STATE)
		return false;
	if ((map->told & MAP_NAMES) == 0)
		return fail_without_names(map, err);
	for (uint32_t i = 0; i < draft->count; i++)
		draft->schema_of[i] = find_column(draft->table, &map->columns[i]);
	return true;
}

static bool
draft_map(Draft *draft, const TableMap *map, SluiceError *err)
{
	if (!draft_init(draft, map->column_count, err))
		return false;
	memcpy(draft->columns, map->columns, map->column_count * sizeof(LogColumn));
	if (!match_map(draft, map, err))
		return false;
	for (uint32_t i = 0; i < draft->count; i++)
	{
		if (!complete_column(draft, i, map->told, err))
			return false;
	}
	return true;
}

/* The answer to a query is unpacked already. */
static void
take_unpacked(LogColumn *column)
{
	if (column->kind == COLUMN_VARCHAR_COMPRESSED)
		column->kind = COLUMN_VARCHAR;
	else if (column->kind == COLUMN_BLOB_COMPRESSED)
		column->kind = COLUMN_BLOB;
}

static bool
draft_table(Draft *draft, SluiceError *err)
{
	const SchemaTable *table = draft->table;

	draft->matched = true;
	draft->key = table_key(table);
	if (!draft_init(draft, (uint32_t) table->column_count, err))
		return false;
	for (uint32_t i = 0; i < draft->count; i++)
	{
		draft->schema_of[i] = &table->columns[i];
		if (!log_column_of(&table->columns[i], draft->mariadb, &draft->columns[i],
						   &draft->labels[i], err))
			return false;
		take_unpacked(&draft->columns[i]);
	}
	return true;
}

/* ---- values ---- */

static bool
has_text(uint8_t kind)
{
	switch (kind)
	{
		case COLUMN_VARCHAR:
		case COLUMN_VAR_STRING:
		case COLUMN_STRING:
		case COLUMN_BLOB:
		case COLUMN_VARCHAR_COMPRESSED:
		case COLUMN_BLOB_COMPRESSED: return true;
		default: return false;
	}
}

/* NULL in *charset for bytes. */
static bool
choose_charset(const Draft *draft, uint32_t i, ColumnSpecial special, Charset **charset,
			   SluiceError *err)
{
	const LogColumn *column = &draft->columns[i];
	const SchemaColumn *schema = draft->schema_of[i];
	bool labels = column->kind == COLUMN_ENUM || column->kind == COLUMN_SET;

	*charset = NULL;
	if (special == SPECIAL_UUID || special == SPECIAL_INET4 || special == SPECIAL_INET6 ||
		(!has_text(column->kind) && !labels) || column->collation == COLLATION_BINARY)
		return true;
	if (column->collation != 0)
		*charset = charsets_by_collation(draft->charsets, column->collation, err);
	else if (labels || special != SPECIAL_NONE)
		*charset = charsets_by_name(draft->charsets, "utf8mb4", err);
	else if (schema != NULL && schema->charset == NULL)
		return true;
	else if (schema != NULL)
		*charset = charsets_by_name(draft->charsets, schema->charset, err);
	else
		return sluice_fail(err, SLUICE_ERROR_STATE, "its character set is not known");
	return *charset != NULL;
}

static DatePolicy
choose_dates(const Draft *draft, const LogColumn *column)
{
	static const DatePolicy policies[] = {
		[ZERO_DATES_NULL] = DATE_NULL,
		[ZERO_DATES_INFINITY] = DATE_INFINITY,
		[ZERO_DATES_ERROR] = DATE_ERROR,
	};

	if (draft->policy->dates == ZERO_DATES_AUTO)
		return column->nullable ? DATE_NULL : DATE_ERROR;
	return policies[draft->policy->dates];
}

static bool
make_reader(const Draft *draft, uint32_t i, const LogColumn *column, ValueReader *reader,
			SluiceError *err)
{
	const SchemaColumn *schema = draft->schema_of[i];
	ValueSource source = {.column = column, .texts = draft->policy->texts};

	source.special = schema != NULL ? column_special(schema) : SPECIAL_NONE;
	source.dates = choose_dates(draft, column);
	return choose_charset(draft, i, source.special, &source.charset, err) &&
		   value_reader_init(reader, &source, VALUE_MAXIMUM, err);
}

/* ---- the relation ---- */

static uint8_t
column_flags(const Draft *draft, uint32_t i)
{
	const SchemaColumn *schema = draft->schema_of[i];
	uint8_t flags =
		schema != NULL && schema->generated != SCHEMA_NOT_GENERATED ? COLUMN_GENERATED : 0;

	if (!draft->matched)
		return draft->columns[i].key_place > 0 ? flags | COLUMN_KEY | COLUMN_PRIMARY : flags;
	for (size_t k = 0; draft->key != NULL && k < draft->key->column_count; k++)
	{
		if (draft->key->columns[k].name != NULL &&
			strcmp(draft->key->columns[k].name, schema->name) == 0)
			return flags | COLUMN_KEY | (draft->key->primary ? COLUMN_PRIMARY : 0);
	}
	return flags;
}

/* The plain name of a type that only the log knows. */
static const char *
log_type_name(const LogColumn *column, bool text)
{
	static const struct
	{
		uint8_t kind;
		const char *plain, *other; /* unsigned, or of text */
	} names[] = {
		{COLUMN_TINY, "tinyint", "tinyint unsigned"},
		{COLUMN_SHORT, "smallint", "smallint unsigned"},
		{COLUMN_INT24, "mediumint", "mediumint unsigned"},
		{COLUMN_LONG, "int", "int unsigned"},
		{COLUMN_LONGLONG, "bigint", "bigint unsigned"},
		{COLUMN_VARCHAR, "varbinary", "varchar"},
		{COLUMN_VAR_STRING, "varbinary", "varchar"},
		{COLUMN_STRING, "binary", "char"},
		{COLUMN_BLOB, "longblob", "longtext"},
		{COLUMN_VARCHAR_COMPRESSED, "varbinary", "varchar"},
		{COLUMN_BLOB_COMPRESSED, "longblob", "longtext"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (names[i].kind == column->kind)
			return column->is_unsigned || text ? names[i].other : names[i].plain;
	}
	return column_kind_name(column->kind);
}

static void
describe_column(const Draft *draft, uint32_t i, const ValueReader *reader, BundleColumn *column)
{
	const SchemaColumn *schema = draft->matched ? draft->schema_of[i] : NULL;

	*column = (BundleColumn){
		.name = draft->names[i],
		.type_name = schema != NULL
						 ? schema->type_name
						 : log_type_name(&draft->columns[i], reader->source.charset != NULL),
		.typmod = -1,
		.canon = (uint8_t) reader->canon,
		.flags = column_flags(draft, i),
	};
}

static bool
make_arrays(TableRelation *relation, uint32_t count, SluiceError *err)
{
	relation->readers = calloc(count + 1, sizeof(ValueReader));
	relation->places = calloc(count + 1, sizeof(uint32_t));
	relation->left_out = calloc(count + 1, sizeof(ByteBuf));
	relation->log_columns = calloc(count + 1, sizeof(LogColumn));
	return (relation->readers != NULL && relation->places != NULL && relation->left_out != NULL &&
			relation->log_columns != NULL) ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
}

static bool
add_column(Draft *draft, uint32_t i, TableRelation *relation, uint16_t at, BundleColumn *columns,
		   SluiceError *err)
{
	const SchemaColumn *schema = draft->schema_of[i];
	LogColumn *column = &relation->log_columns[at];

	*column = draft->columns[i];
	bytebuf_init(&relation->left_out[at], &allocator_malloc, LABELS_MAXIMUM);
	relation->made++;
	draft->names[i] = strndup((const char *) column->name, column->name_length);
	if (draft->names[i] == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
	if (!make_reader(draft, i, column, &relation->readers[at], err))
		return sluice_prefix(err, "column %s of %s.%s", draft->names[i], draft->schema,
							 draft->name);
	describe_column(draft, i, &relation->readers[at], &columns[at]);
	relation->places[at] = i;
	relation->keyed |= (columns[at].flags & COLUMN_KEY) != 0;
	return schema == NULL || !draft->matched ||
		   left_out_value(schema, &relation->readers[at], &relation->left_out[at], err);
}

/* The names and labels of what was drafted go; the relation has copies. */
static void
forget_draft(TableRelation *relation, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
	{
		relation->log_columns[i].name = NULL;
		relation->log_columns[i].labels = (ByteCursor){0};
	}
}

static char
identity_of(const Draft *draft, const TableRelation *relation)
{
	if (!relation->keyed)
		return IDENTITY_FULL;
	return draft->key == NULL || draft->key->primary ? IDENTITY_DEFAULT : IDENTITY_INDEX;
}

/* The last column of a versioned table that the server hides. */
static int32_t
find_row_end(const Draft *draft)
{
	if (!draft->matched || !draft->table->versioned)
		return -1;
	for (uint32_t i = draft->count; i-- > 0;)
	{
		if (draft->hidden[i])
			return (int32_t) i;
	}
	return -1;
}

static bool
fill_relation(Draft *draft, TableRelation *relation, BundleColumn *columns, SluiceError *err)
{
	BundleRelation plain = {.id = table_id(draft->schema, draft->name),
							.schema = draft->schema,
							.name = draft->name,
							.columns = columns};

	if (!make_arrays(relation, draft->count, err))
		return false;
	relation->row_end = find_row_end(draft);
	for (uint32_t i = 0; i < draft->count; i++)
	{
		if (!draft->hidden[i] &&
			!add_column(draft, i, relation, plain.column_count++, columns, err))
			return false;
	}
	forget_draft(relation, plain.column_count);
	plain.identity = identity_of(draft, relation);
	if (!bundle_relation_write(&plain, &relation->encoded, err))
		return sluice_prefix(err, "table %s.%s", draft->schema, draft->name);
	relation->relation = bundle_relation_read(relation->encoded.data, relation->encoded.length,
											  &allocator_malloc, err);
	return relation->relation != NULL;
}

static TableRelation *
make_relation(Draft *draft, SluiceError *err)
{
	TableRelation *relation = calloc(1, sizeof(*relation));
	BundleColumn *columns = calloc(draft->count + 1, sizeof(*columns));

	if (relation == NULL || columns == NULL)
	{
		free(relation);
		free(columns);
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
		return NULL;
	}
	bytebuf_init(&relation->encoded, &allocator_malloc, NAMES_MAXIMUM);
	if (!fill_relation(draft, relation, columns, err))
	{
		relation_free(relation);
		relation = NULL;
	}
	free(columns);
	return relation;
}

TableRelation *
relation_of_map(const TableMap *map, const SchemaTable *table, bool mariadb,
				const ValuePolicy *policy, Charsets *charsets, SluiceError *err)
{
	Draft draft = {.schema = map->schema,
				   .name = map->name,
				   .table = table,
				   .mariadb = mariadb,
				   .policy = policy,
				   .charsets = charsets};
	TableRelation *relation = draft_map(&draft, map, err) ? make_relation(&draft, err) : NULL;

	draft_free(&draft);
	return relation;
}

TableRelation *
relation_of_table(const SchemaTable *table, bool mariadb, const ValuePolicy *policy,
				  Charsets *charsets, SluiceError *err)
{
	Draft draft = {.schema = table->schema,
				   .name = table->name,
				   .table = table,
				   .mariadb = mariadb,
				   .policy = policy,
				   .charsets = charsets};
	TableRelation *relation = draft_table(&draft, err) ? make_relation(&draft, err) : NULL;

	draft_free(&draft);
	return relation;
}

void
relation_free(TableRelation *relation)
{
	if (relation == NULL)
		return;
	for (uint32_t i = 0; i < relation->made; i++)
	{
		value_reader_free(&relation->readers[i]);
		bytebuf_free(&relation->left_out[i]);
	}
	free(relation->readers);
	free(relation->places);
	free(relation->left_out);
	free(relation->log_columns);
	bundle_relation_free(relation->relation, &allocator_malloc);
	bytebuf_free(&relation->encoded);
	free(relation);
}

bool
relation_hint_value(const TableRelation *relation, uint16_t i, SluiceError *err)
{
	if (err->code != SLUICE_ERROR_DATA || err->hint[0] != '\0')
		return false;
	switch (relation->readers[i].canon)
	{
		case CANON_DATE:
		case CANON_TIMESTAMP:
		case CANON_TIMESTAMPTZ:
			return sluice_hint(
				err, "start with --zero-dates null or infinity; mending the row at the source "
					 "helps a copy alone, the log keeps the old value");
		case CANON_TEXT:
		case CANON_ENUM:
		case CANON_SET:
			return sluice_hint(
				err, "start with --bad-text replace; mending the row at the source helps a "
					 "copy alone, the log keeps the old value");
		default: return false;
	}
}
