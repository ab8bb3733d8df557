/*
 * catalog.c - tables, sequences and what stays behind, database by database (catalog.h).
 *
 * Few queries: one for the list of all, then some per database, because MariaDB looks into all
 * databases when a query does not name one.
 */
#include "catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalog_parts.h"
#include "common/mysql/my_identity.h"
#include "common/mysql/my_sql.h"
#include "table_id.h"

#define LITERAL_MAXIMUM ((size_t) 4096)

/* ---- a document's memory ---- */

const char *
catalog_text_of(Catalog *catalog, const void *text, size_t length)
{
	char *copy = schema_document_room(catalog->document, length + 1, catalog->err);

	return copy == NULL ? NULL : length > 0 ? memcpy(copy, text, length) : copy;
}

const char *
catalog_text(Catalog *catalog, const char *text)
{
	return text != NULL ? catalog_text_of(catalog, text, strlen(text)) : NULL;
}

/* Room is there for 1, 2, 4, 8, ... items. */
void *
catalog_add(Catalog *catalog, void *items, size_t *count, size_t size)
{
	void *room;

	if ((*count & (*count - 1)) != 0)
	{
		(*count)++;
		return items;
	}
	room = schema_document_room(catalog->document, size * (*count == 0 ? 1 : 2 * *count),
								catalog->err);
	if (room == NULL)
		return NULL;
	if (*count > 0)
		memcpy(room, items, *count * size);
	(*count)++;
	return room;
}

bool
catalog_leave(Catalog *catalog, const char *kind, const char *name, const char *reason,
			  const char *definition)
{
	SchemaDocument *document = catalog->document;
	SchemaNotCarried *left;

	document->not_carried =
		catalog_add(catalog, document->not_carried, &document->not_carried_count, sizeof(*left));
	if (document->not_carried == NULL)
		return false;
	left = &document->not_carried[document->not_carried_count - 1];
	*left = (SchemaNotCarried){catalog_text(catalog, kind), catalog_text(catalog, catalog->schema),
							   catalog_text(catalog, name), catalog_text(catalog, reason),
							   catalog_text(catalog, definition)};
	return left->kind != NULL && left->name != NULL && left->reason != NULL &&
		   (left->definition != NULL || definition == NULL);
}

/* ---- finding ---- */

static int
compare_names(const char *schema, const char *name, const SchemaTable *table)
{
	int order = strcmp(schema, table->schema);

	return order != 0 ? order : strcmp(name, table->name);
}

/* Tables are sorted when this is asked. */
SchemaTable *
catalog_table(const Catalog *catalog, const char *name)
{
	size_t low = 0, high = catalog->document->table_count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		SchemaTable *table = &catalog->document->tables[middle];
		int order = compare_names(catalog->schema, name, table);

		if (order == 0)
			return table;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

SchemaColumn *
catalog_column(const SchemaTable *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (strcasecmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}

bool
catalog_rows(Catalog *catalog, const char *query, RowTaker take)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good = true;

	if (!my_query(catalog->c, &result, catalog->err, query, catalog->schema_literal, catalog->only))
		return false;
	while (good && (row = mysql_fetch_row(result)) != NULL)
	{
		SchemaTable *table = catalog_table(catalog, row[0]);

		good = table == NULL || take(catalog, table, row);
	}
	mysql_free_result(result);
	return good;
}

/* ---- the list of tables ---- */

enum
{
	AT_SCHEMA,
	AT_NAME,
	AT_KIND,
	AT_ENGINE,
	AT_ROWS,
	AT_BYTES,
	AT_AUTO_INCREMENT,
	AT_COLLATION,
	AT_OPTIONS,
	AT_COMMENT
};

#define TABLES                                                                                     \
	"SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH,"                \
	" AUTO_INCREMENT, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT"                              \
	" FROM information_schema.TABLES WHERE "

static bool
take_options(Catalog *catalog, SchemaTable *table, const char *options)
{
	while (options != NULL && *(options += strspn(options, " ")) != '\0')
	{
		size_t length = strcspn(options, " ");

		table->options =
			catalog_add(catalog, table->options, &table->option_count, sizeof(*table->options));
		if (table->options == NULL)
			return false;
		table->options[table->option_count - 1] = catalog_text_of(catalog, options, length);
		if (table->options[table->option_count - 1] == NULL)
			return false;
		options += length;
	}
	return true;
}

static bool
take_table(Catalog *catalog, char *const *row)
{
	SchemaDocument *document = catalog->document;
	SchemaTable *table;

	document->tables =
		catalog_add(catalog, document->tables, &document->table_count, sizeof(*table));
	if (document->tables == NULL)
		return false;
	table = &document->tables[document->table_count - 1];
	table->id = table_id(row[AT_SCHEMA], row[AT_NAME]);
	table->kind = SCHEMA_TABLE_PLAIN;
	table->persistence = SCHEMA_PERMANENT;
	table->replica_identity = SCHEMA_REPLICA_DEFAULT;
	table->versioned = strcmp(row[AT_KIND], "SYSTEM VERSIONED") == 0;
	table->rows = row[AT_ROWS] != NULL ? strtoll(row[AT_ROWS], NULL, 10) : -1;
	table->bytes = row[AT_BYTES] != NULL ? strtoll(row[AT_BYTES], NULL, 10) : 0;
	table->schema = catalog_text(catalog, row[AT_SCHEMA]);
	table->name = catalog_text(catalog, row[AT_NAME]);
	table->engine = catalog_text(catalog, row[AT_ENGINE]);
	table->collation = catalog_text(catalog, row[AT_COLLATION]);
	table->auto_increment = catalog_text(catalog, row[AT_AUTO_INCREMENT]);
	table->comment = catalog_text(
		catalog, row[AT_COMMENT] != NULL && row[AT_COMMENT][0] != '\0' ? row[AT_COMMENT] : NULL);
	return table->schema != NULL && table->name != NULL &&
		   take_options(catalog, table, row[AT_OPTIONS]);
}

static bool
take_sequence(Catalog *catalog, char *const *row)
{
	SchemaDocument *document = catalog->document;
	SchemaSequence *sequence;

	document->sequences =
		catalog_add(catalog, document->sequences, &document->sequence_count, sizeof(*sequence));
	if (document->sequences == NULL)
		return false;
	sequence = &document->sequences[document->sequence_count - 1];
	sequence->schema = catalog_text(catalog, row[AT_SCHEMA]);
	sequence->name = catalog_text(catalog, row[AT_NAME]);
	return sequence->schema != NULL && sequence->name != NULL;
}

/* Whether it has a table's data; views and the servers' own have not. */
static bool
is_table(const char *kind)
{
	return strcmp(kind, "BASE TABLE") == 0 || strcmp(kind, "SYSTEM VERSIONED") == 0;
}

/* `choice` NULL: whatever the query gave. */
static bool
take_listed(Catalog *catalog, const TableChoice *choice, char *const *row)
{
	catalog->schema = row[AT_SCHEMA];
	if (choice != NULL && is_table(row[AT_KIND]) &&
		table_choice_skips_tool(choice, row[AT_SCHEMA], row[AT_NAME]))
		return catalog_leave(catalog, "table", row[AT_NAME],
							 "it looks like one of an online change of structure: name it without "
							 "* and ? to have it",
							 NULL);
	if (choice != NULL && !table_choice_has(choice, row[AT_SCHEMA], row[AT_NAME]))
		return true;
	if (is_table(row[AT_KIND]))
		return take_table(catalog, row);
	if (strcmp(row[AT_KIND], "SEQUENCE") == 0)
		return take_sequence(catalog, row);
	return strcmp(row[AT_KIND], "VIEW") != 0 ||
		   catalog_leave(catalog, "view", row[AT_NAME], "views are not carried", NULL);
}

static int
compare_tables(const void *a, const void *b)
{
	const SchemaTable *left = a;

	return compare_names(left->schema, left->name, b);
}

static bool
take_list(Catalog *catalog, const TableChoice *choice, MYSQL_RES *result)
{
	MYSQL_ROW row;

	while ((row = mysql_fetch_row(result)) != NULL)
	{
		if (!take_listed(catalog, choice, row))
			return false;
	}
	if (catalog->document->table_count > 1)
		qsort(catalog->document->tables, catalog->document->table_count, sizeof(SchemaTable),
			  compare_tables);
	return true;
}

static int
compare_ids(const void *a, const void *b)
{
	const SchemaTable *left = *(const SchemaTable *const *) a;
	const SchemaTable *right = *(const SchemaTable *const *) b;

	return left->id < right->id ? -1 : left->id > right->id;
}

/* Two tables of one number could not be told apart. */
static bool
check_ids(const Catalog *catalog)
{
	const SchemaDocument *document = catalog->document;
	const SchemaTable **sorted = calloc(document->table_count + 1, sizeof(*sorted));
	bool good = true;

	if (sorted == NULL)
		return sluice_fail(catalog->err, SLUICE_ERROR_MEMORY, "out of memory for the tables");
	for (size_t i = 0; i < document->table_count; i++)
		sorted[i] = &document->tables[i];
	qsort(sorted, document->table_count, sizeof(*sorted), compare_ids);
	for (size_t i = 1; good && i < document->table_count; i++)
	{
		good = sorted[i - 1]->id != sorted[i]->id;
		if (!good)
			(void) sluice_fail(catalog->err, SLUICE_ERROR_STATE,
							   "tables %s.%s and %s.%s have the same number", sorted[i - 1]->schema,
							   sorted[i - 1]->name, sorted[i]->schema, sorted[i]->name);
	}
	free(sorted);
	return good || sluice_hint(catalog->err,
							   "Give them to two streams: the number follows from the names.");
}

/* ---- sequences ---- */

enum
{
	AT_NEXT,
	AT_MINIMUM,
	AT_MAXIMUM,
	AT_START,
	AT_INCREMENT,
	AT_CACHE,
	AT_CYCLE,
	AT_LAST
};

/* What is cached counts as used. */
static bool
take_values(Catalog *catalog, SchemaSequence *sequence, char *const *row)
{
	sequence->type = "bigint";
	sequence->cycle = strcmp(row[AT_CYCLE], "0") != 0;
	sequence->minimum = catalog_text(catalog, row[AT_MINIMUM]);
	sequence->maximum = catalog_text(catalog, row[AT_MAXIMUM]);
	sequence->start = catalog_text(catalog, row[AT_START]);
	sequence->increment = catalog_text(catalog, row[AT_INCREMENT]);
	sequence->cache = catalog_text(catalog, row[AT_CACHE]);
	if (strcmp(row[AT_NEXT], row[AT_START]) != 0 &&
		(sequence->last_value = catalog_text(catalog, row[AT_LAST])) == NULL)
		return false;
	return sequence->minimum != NULL && sequence->maximum != NULL && sequence->start != NULL &&
		   sequence->increment != NULL && sequence->cache != NULL;
}

static bool
read_sequence(Catalog *catalog, SchemaSequence *sequence)
{
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;
	ByteBuf name;
	bool good;

	bytebuf_init(&name, &allocator_malloc, LITERAL_MAXIMUM);
	good = my_put_table(&name, sequence->schema, sequence->name, catalog->err) &&
		   my_query(catalog->c, &result, catalog->err,
					"SELECT next_not_cached_value, minimum_value, maximum_value, start_value,"
					" increment, cache_size, cycle_option, next_not_cached_value - increment"
					" FROM %.*s",
					(int) name.length, (const char *) name.data);
	if (good && (row = mysql_fetch_row(result)) != NULL)
		good = take_values(catalog, sequence, row);
	mysql_free_result(result);
	bytebuf_free(&name);
	return good;
}

static bool
read_sequences(Catalog *catalog)
{
	for (size_t i = 0; i < catalog->document->sequence_count; i++)
	{
		SchemaSequence *sequence = &catalog->document->sequences[i];

		if (!read_sequence(catalog, sequence))
			return sluice_prefix(catalog->err, "sequence %s.%s", sequence->schema, sequence->name);
	}
	return true;
}

/* ---- what stays behind ---- */

static const char left_behind[] =
	"SELECT 'trigger', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s"
	" UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME FROM information_schema.ROUTINES"
	" WHERE ROUTINE_SCHEMA = %s"
	" UNION ALL SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s"
	" ORDER BY 1, 2";

static bool
read_left_behind(Catalog *catalog)
{
	const char *schema = catalog->schema_literal;
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good = true;

	if (!my_query(catalog->c, &result, catalog->err, left_behind, schema, schema, schema))
		return false;
	while (good && (row = mysql_fetch_row(result)) != NULL)
		good = catalog_leave(catalog, row[0], row[1], "triggers, routines and events stay", NULL);
	mysql_free_result(result);
	return good;
}

/* ---- databases ---- */

static bool
add_schema(Catalog *catalog, const char *name)
{
	SchemaDocument *document = catalog->document;

	document->schemas = catalog_add(catalog, document->schemas, &document->schema_count,
									sizeof(*document->schemas));
	if (document->schemas == NULL)
		return false;
	document->schemas[document->schema_count - 1] = (SchemaNamespace){name, NULL};
	return true;
}

static char *
literal(Catalog *catalog, const char *before, const char *text)
{
	char *copy = NULL;
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, LITERAL_MAXIMUM);
	if (my_put_word(&out, before, catalog->err) &&
		(text == NULL || my_put_text(&out, text, strlen(text), catalog->err)) &&
		bytebuf_put_u8(&out, '\0', catalog->err))
		copy = strdup((const char *) out.data);
	bytebuf_free(&out);
	return copy;
}

/* The document's tables of one database. */
static bool
read_schema(Catalog *catalog, const char *schema, bool whole)
{
	bool good;

	catalog->schema = schema;
	catalog->schema_literal = literal(catalog, "", schema);
	good = catalog->schema_literal != NULL && add_schema(catalog, schema) &&
		   catalog_read_columns(catalog) && catalog_read_keys(catalog) &&
		   (!whole || read_left_behind(catalog));
	free(catalog->schema_literal);
	catalog->schema_literal = NULL;
	return good || sluice_prefix(catalog->err, "database %s", schema);
}

static bool
read_schemas(Catalog *catalog, bool whole)
{
	const SchemaDocument *document = catalog->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		const char *schema = document->tables[i].schema;

		if ((i == 0 || strcmp(schema, document->tables[i - 1].schema) != 0) &&
			!read_schema(catalog, schema, whole))
			return false;
	}
	return true;
}

/* ---- the whole ---- */

/* Estimates as of now, and keys that the server made are shown. */
static bool
prepare_session(Catalog *catalog)
{
	if (catalog->mariadb)
		return true;
	return my_exec(catalog->c, catalog->err, "SET SESSION information_schema_stats_expiry = 0") &&
		   (catalog->c->version < 80030 ||
			my_exec(catalog->c, catalog->err,
					"SET SESSION show_gipk_in_create_table_and_information_schema = ON"));
}

static bool
describe_source(Catalog *catalog, const char *stream)
{
	SchemaDocument *document = catalog->document;
	const char *database = catalog->c->uri.database;
	char server[MY_IDENTITY_SIZE];

	if (!my_identity(catalog->c, server, catalog->err))
		return false;
	document->revision = 1;
	document->source =
		(SchemaSource){.product = catalog->mariadb ? "mariadb" : "mysql",
					   .version = catalog->c->version,
					   .database = catalog_text(catalog, database != NULL ? database : ""),
					   .encoding = "UTF8",
					   .server = catalog_text(catalog, server)};
	return document->source.database != NULL && document->source.server != NULL &&
		   (document->stream = catalog_text(catalog, stream)) != NULL;
}

static bool
read_all(Catalog *catalog, const TableChoice *choice, const char *where)
{
	MYSQL_RES *result;
	bool good;

	if (!my_query(catalog->c, &result, catalog->err, TABLES "%s", where))
		return false;
	good = take_list(catalog, choice, result);
	mysql_free_result(result);
	return good && check_ids(catalog) && read_schemas(catalog, choice != NULL) &&
		   read_sequences(catalog) && catalog_read_statements(catalog);
}

static SchemaDocument *
read_document(MyConnection *c, const char *stream, const TableChoice *choice, const char *where,
			  char *only, SluiceError *err)
{
	Catalog catalog = {.c = c, .mariadb = c->flavour == MY_MARIADB, .only = only, .err = err};
	bool good;

	catalog.document = schema_document_new(&allocator_malloc, err);
	if (catalog.document == NULL)
		return NULL;
	good = describe_source(&catalog, stream) && prepare_session(&catalog) &&
		   read_all(&catalog, choice, where);
	if (good)
		return catalog.document;
	schema_document_free(catalog.document);
	return NULL;
}

SchemaDocument *
catalog_read(MyConnection *c, const char *stream, const TableChoice *choice, SluiceError *err)
{
	char nothing[] = "";

	return read_document(c, stream, choice,
						 "TABLE_SCHEMA NOT IN ('mysql', 'information_schema', "
						 "'performance_schema', 'sys')",
						 nothing, err);
}

SchemaDocument *
catalog_read_table(MyConnection *c, const char *stream, const char *schema, const char *name,
				   SluiceError *err)
{
	Catalog catalog = {.err = err};
	char *in_schema = literal(&catalog, "TABLE_SCHEMA = ", schema);
	char *only = literal(&catalog, " AND t.TABLE_NAME = ", name);
	char *where = NULL;
	SchemaDocument *document = NULL;

	if (in_schema != NULL && only != NULL &&
		asprintf(&where, "%s AND %s", in_schema, only + strlen(" AND t.")) >= 0)
		document = read_document(c, stream, NULL, where, only, err);
	else
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for the names of a table");
	free(where);
	free(only);
	free(in_schema);
	return document;
}

bool
catalog_folds_names(MyConnection *c, bool *folds, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;

	if (!my_query(c, &result, err, "SELECT @@lower_case_table_names"))
		return false;
	row = mysql_fetch_row(result);
	*folds = row != NULL && row[0] != NULL && strcmp(row[0], "0") != 0;
	mysql_free_result(result);
	return true;
}
