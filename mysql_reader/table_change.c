/*
 * table_change.c - both sides of a change, and what rows that were there have in new columns
 * (table_change.h).
 *
 * The documents that are written are made of shallow copies: texts stay where they are.
 */
#include "table_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/core/column_type.h"
#include "sql_text.h"

#define DOCUMENT_MAXIMUM ((size_t) 256 << 20)
#define TIME_TEXT		 32
#define COUNT(list)		 (sizeof(list) / sizeof((list)[0]))

/* A message being put together. */
typedef struct Draft
{
	const TableChange *change;
	SchemaTable *before, *after; /* lists: `around`, then the table itself */
	SchemaColumn *columns;		 /* of the new table, with positions */
	SchemaColumn *old_columns;
	SchemaFill *fills;
	size_t fill_count;
	char now[TIME_TEXT];
	char **values; /* of fills, to be freed: as many as fills */
} Draft;

/* ---- the same or not ---- */

static SchemaTable
without_estimates(const SchemaTable *table)
{
	SchemaTable plain = *table;

	plain.id = 0;
	plain.rows = -1;
	plain.bytes = 0;
	plain.auto_increment = NULL;
	return plain;
}

static bool
write_plain(const SchemaTable *table, ByteBuf *out)
{
	SchemaTable plain = without_estimates(table);
	SchemaDocument document = {.stream = "",
							   .source = {.product = "", .database = "", .encoding = ""},
							   .tables = &plain,
							   .table_count = 1};

	return schema_document_write(&document, out, NULL);
}

bool
table_change_none(const SchemaTable *old, const SchemaTable *new)
{
	ByteBuf a, b;
	bool same;

	if (old == NULL || new == NULL)
		return old == new;
	bytebuf_init(&a, &allocator_malloc, DOCUMENT_MAXIMUM);
	bytebuf_init(&b, &allocator_malloc, DOCUMENT_MAXIMUM);
	same = write_plain(old, &a) && write_plain(new, &b) && a.length == b.length &&
		   memcmp(a.data, b.data, a.length) == 0;
	bytebuf_free(&a);
	bytebuf_free(&b);
	return same;
}

/* ---- which column is which ---- */

/* What a column is called now. */
static const char *
name_now(const TableChange *change, const char *name)
{
	for (size_t i = 0; i < change->rename_count; i++)
	{
		if (strcasecmp(change->renames[i].from, name) == 0)
			name = change->renames[i].to;
	}
	return name;
}

/* The place of the column that became this one, from 1; 0 for a new one. */
static int64_t
place_before(const TableChange *change, const SchemaColumn *column)
{
	for (size_t i = 0; change->old != NULL && i < change->old->column_count; i++)
	{
		if (strcasecmp(name_now(change, change->old->columns[i].name), column->name) == 0)
			return (int64_t) i + 1;
	}
	return 0;
}

/* ---- what rows have in a new column ---- */

/* Not the same in each row, or known to the source alone. */
static bool
is_volatile(const char *expression)
{
	static const char *const words[] = {"uuid",	   "rand",	  "now(",	   "current_",	"curdate",
										"curtime", "sysdate", "utc_",	   "nextval",	"lastval",
										"user(",   "unix_",	  "localtime", "next value"};

	for (size_t i = 0; i < COUNT(words); i++)
	{
		if (strcasestr(expression, words[i]) != NULL)
			return true;
	}
	return false;
}

static bool
is_now_without_fraction(const char *expression)
{
	return strcasecmp(expression, "CURRENT_TIMESTAMP") == 0 ||
		   strcasecmp(expression, "current_timestamp()") == 0;
}

#define IMPLICIT_SIZE 1024 /* the longest label has 255 characters */

/* The first label of ENUM, as many zeros as there are bits. */
static bool
made_value(const SchemaColumn *column, char value[IMPLICIT_SIZE])
{
	ColumnType type;
	ByteBuf label;
	const char *open = strchr(column->type, '\'');
	bool good;

	if (column->canon == CANON_BITS && column_type_read(column->type, &type))
	{
		(void) snprintf(value, IMPLICIT_SIZE, "%0*d", type.length > 0 ? type.length : 1, 0);
		return true;
	}
	if (column->canon != CANON_ENUM || open == NULL)
		return false;
	bytebuf_init(&label, &allocator_malloc, IMPLICIT_SIZE - 1);
	good = sql_text_read(open, &label, NULL) != NULL;
	if (good)
		(void) snprintf(value, IMPLICIT_SIZE, "%.*s", (int) label.length,
						label.length > 0 ? (const char *) label.data : "");
	bytebuf_free(&label);
	return good;
}

/* What rows have where NOT NULL came without a default; NULL where the server makes something else. */
static const char *
implicit_value(const SchemaColumn *column, char value[IMPLICIT_SIZE])
{
	static const struct
	{
		CanonType canon;
		const char *text;
	} values[] = {
		{CANON_INT16, "0"},
		{CANON_INT32, "0"},
		{CANON_INT64, "0"},
		{CANON_UINT64, "0"},
		{CANON_FLOAT32, "0"},
		{CANON_FLOAT64, "0"},
		{CANON_TEXT, ""},
		{CANON_SET, ""},
		{CANON_DECIMAL, "0"},
		{CANON_BYTES, ""},
		{CANON_INTERVAL, "00:00:00"},
	};

	for (size_t i = 0; i < COUNT(values); i++)
	{
		if (values[i].canon == column->canon)
			return values[i].text;
	}
	return made_value(column, value) ? value : NULL;
}

static void
add_fill(Draft *draft, int64_t position, SchemaFillKind kind, const char *text)
{
	draft->fills[draft->fill_count++] = (SchemaFill){draft->change->new->id, position, kind, text};
}

static void
fill_expression(Draft *draft, const SchemaColumn *column)
{
	/* A DATETIME has the time of the session's zone. */
	bool same = column->canon == CANON_TIMESTAMPTZ || draft->change->utc;

	if (draft->change->timestamp != 0 && same && is_now_without_fraction(column->default_value))
		add_fill(draft, column->position, SCHEMA_FILL_CONSTANT, draft->now);
	else if (is_volatile(column->default_value))
		add_fill(draft, column->position, SCHEMA_FILL_UNKNOWN, "its default is no constant");
}

static void
fill_new_column(Draft *draft, const SchemaColumn *column)
{
	char made[IMPLICIT_SIZE];
	const char *value = implicit_value(column, made);

	if (column->auto_increment)
		add_fill(draft, column->position, SCHEMA_FILL_UNKNOWN,
				 "AUTO_INCREMENT numbered the rows that were there");
	else if (column->default_kind == SCHEMA_DEFAULT_EXPRESSION)
		fill_expression(draft, column);
	else if (column->default_kind != SCHEMA_DEFAULT_NONE || !column->not_null ||
			 column->generated != SCHEMA_NOT_GENERATED)
		return;
	else if (value != NULL && (draft->values[draft->fill_count] = strdup(value)) != NULL)
		add_fill(draft, column->position, SCHEMA_FILL_CONSTANT, draft->values[draft->fill_count]);
	else
		add_fill(draft, column->position, SCHEMA_FILL_UNKNOWN,
				 "it may not be NULL and has no default");
}

/* ---- the message ---- */

static bool
make_room(Draft *draft)
{
	const TableChange *change = draft->change;
	size_t columns = change->new != NULL ? change->new->column_count : 0;
	size_t old_columns = change->old != NULL ? change->old->column_count : 0;

	draft->before = calloc(change->around_count + 1, sizeof(SchemaTable));
	draft->after = calloc(change->around_count + 1, sizeof(SchemaTable));
	draft->columns = calloc(columns + 1, sizeof(SchemaColumn));
	draft->old_columns = calloc(old_columns + 1, sizeof(SchemaColumn));
	draft->fills = calloc(columns + 1, sizeof(SchemaFill));
	draft->values = calloc(columns + 1, sizeof(char *));
	return draft->before != NULL && draft->after != NULL && draft->columns != NULL &&
		   draft->old_columns != NULL && draft->fills != NULL && draft->values != NULL;
}

static void
free_room(Draft *draft)
{
	free(draft->before);
	free(draft->after);
	free(draft->columns);
	free(draft->old_columns);
	for (size_t i = 0; draft->values != NULL && i < draft->fill_count; i++)
		free(draft->values[i]);
	free(draft->values);
	free(draft->fills);
}

/* New columns come behind all there were. */
static void
number_columns(Draft *draft)
{
	const TableChange *change = draft->change;
	const size_t before = change->old != NULL ? change->old->column_count : 0;
	const size_t after = change->new != NULL ? change->new->column_count : 0;
	int64_t next = (int64_t) before + 1;

	for (size_t i = 0; i < before; i++)
	{
		draft->old_columns[i] = change->old->columns[i];
		draft->old_columns[i].position = (int64_t) i + 1;
	}
	for (size_t i = 0; i < after; i++)
	{
		SchemaColumn *column = &draft->columns[i];
		const int64_t was = place_before(change, &change->new->columns[i]);

		*column = change->new->columns[i];
		column->position = was > 0 ? was : next++;
		if (was == 0 && before > 0)
			fill_new_column(draft, column);
	}
	if (change->rows_unknown != NULL && after > 0)
		add_fill(draft, 0, SCHEMA_FILL_UNKNOWN, change->rows_unknown);
}

/* One side: what is around, and the table, when it is there. */
static SchemaDocument
side(const Draft *draft, SchemaTable *tables, const SchemaTable *table, SchemaColumn *columns,
	 SchemaNamespace *schema)
{
	const TableChange *change = draft->change;
	size_t count = 0;

	for (size_t i = 0; i < change->around_count; i++)
		tables[count++] = *change->around[i];
	if (table != NULL)
	{
		tables[count] = *table;
		tables[count].id = change->new != NULL ? change->new->id : table->id;
		tables[count++].columns = columns;
		*schema = (SchemaNamespace){table->schema, NULL};
	}
	return (SchemaDocument){.stream = change->one->stream,
							.revision = change->one->revision,
							.source = change->one->source,
							.schemas = schema,
							.schema_count = table != NULL,
							.tables = tables,
							.table_count = count};
}

static void
print_time(Draft *draft)
{
	time_t seconds = draft->change->timestamp;
	struct tm parts;

	(void) gmtime_r(&seconds, &parts);
	(void) strftime(draft->now, sizeof(draft->now), "%Y-%m-%d %H:%M:%S", &parts);
}

bool
table_change_write(const TableChange *change, ByteBuf *out, SluiceError *err)
{
	static const SchemaSessionSettings settings = {"UTC", "ISO, MDY", "postgres"};
	Draft draft = {.change = change};
	SchemaNamespace old_schema, new_schema;
	SchemaChange message = {
		.stream = change->one->stream, .command = change->command, .settings = settings};
	bool good = make_room(&draft);

	if (good)
	{
		print_time(&draft);
		number_columns(&draft);
		message.before = side(&draft, draft.before, change->old, draft.old_columns, &old_schema);
		message.after = side(&draft, draft.after, change->new, draft.columns, &new_schema);
		message.fills = draft.fills;
		message.fill_count = draft.fill_count;
		good = schema_change_write(&message, out, err);
	}
	else
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a change of structure");
	free_room(&draft);
	return good;
}
