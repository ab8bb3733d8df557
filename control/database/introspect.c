/*
 * introspect.c - answers of catalogs as JSON, by one table of fields (introspect.h).
 */
#include "introspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define FIELDS_MAXIMUM 8

typedef enum FieldKind
{
	FIELD_END,
	FIELD_TEXT,
	FIELD_NUMBER, /* or null */
	FIELD_FLAG
} FieldKind;

typedef struct Field
{
	const char *name;
	FieldKind kind;
} Field;

/* Columns of an answer, in their order. */
static const Field name_fields[] = {{"name", FIELD_TEXT}, {NULL, FIELD_END}};
static const Field table_fields[] = {
	{"schema", FIELD_TEXT}, {"name", FIELD_TEXT},	  {"kind", FIELD_TEXT},
	{"rows", FIELD_NUMBER}, {"bytes", FIELD_NUMBER},  {"has_primary_key", FIELD_FLAG},
	{"engine", FIELD_TEXT}, {"readable", FIELD_FLAG}, {NULL, FIELD_END},
};
static const Field column_fields[] = {
	{"name", FIELD_TEXT},			{"position", FIELD_NUMBER},
	{"type", FIELD_TEXT},			{"nullable", FIELD_FLAG},
	{"in_primary_key", FIELD_FLAG}, {"default", FIELD_TEXT},
	{"generated", FIELD_TEXT},		{NULL, FIELD_END},
};

static const struct ListKind
{
	Question question;
	const Field *fields;
} list_kinds[LISTINGS] = {
	[LIST_DATABASES] = {ASK_DATABASES, name_fields},
	[LIST_SCHEMAS] = {ASK_SCHEMAS, name_fields},
	[LIST_TABLES] = {ASK_TABLES, table_fields},
};

/* ---- rows to JSON ---- */

static json_t *
field_json(const Field *field, const char *text)
{
	switch (field->kind)
	{
		case FIELD_NUMBER:
			return text == NULL ? json_null() : json_integer(strtoll(text, NULL, 10));
		case FIELD_FLAG: return json_boolean(text != NULL && (*text == 't' || *text == '1'));
		default: return database_text(text);
	}
}

static json_t *
rows_json(const Rows *rows, const Field *fields, SluiceError *err)
{
	json_t *list = json_array();
	bool good = list != NULL;

	for (size_t r = 0; good && r < rows->rows; r++)
	{
		json_t *item = json_object();

		for (size_t c = 0; c < rows->columns && fields[c].kind != FIELD_END; c++)
			good = json_object_set_new(item, fields[c].name,
									   field_json(&fields[c], rows_text(rows, r, c))) == 0 &&
				   good;
		good = json_array_append_new(list, item) == 0 && good;
	}
	if (good)
		return list;
	json_decref(list);
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a list");
	return NULL;
}

/* ---- lists ---- */

/* The text with the limit in the place of its mark. */
static char *
with_limit(const char *sql, size_t limit)
{
	const char *mark = strstr(sql, LIMIT_MARK);
	char *text = NULL;

	if (asprintf(&text, "%.*s%zu%s", (int) (mark - sql), sql, limit, mark + strlen(LIMIT_MARK)) < 0)
		return NULL;
	return text;
}

static json_t *
ask_list(Database *database, const char *sql, const Field *fields, const char *const *parameters,
		 size_t count, SluiceError *err)
{
	json_t *list;
	Rows rows;

	if (!database_ask(database, &rows, QUERY_MS, parameters, count, sql, err))
		return NULL;
	list = rows_json(&rows, fields, err);
	rows_free(&rows);
	return list;
}

json_t *
introspect_list(Database *database, Listing listing, const ListWish *wish, SluiceError *err)
{
	const char *const of_names[] = {wish->filter, wish->filter, wish->after};
	const char *const of_tables[] = {wish->schema, wish->schema,	   wish->filter,
									 wish->filter, wish->after_schema, wish->after};
	const struct ListKind *kind = &list_kinds[listing];
	char *sql = with_limit(database_engine(database)->questions[kind->question], wish->limit);
	json_t *list;

	if (sql == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a list");
		return NULL;
	}
	if (listing == LIST_TABLES)
		list = ask_list(database, sql, kind->fields, of_tables, 6, err);
	else
		list = ask_list(database, sql, kind->fields, of_names, 3, err);
	free(sql);
	return list;
}

/* ---- one table ---- */

static void
fail_table(const char *schema, const char *table, SluiceError *err)
{
	sluice_error_fill(err, SLUICE_ERROR_NOT_FOUND, "there is no table %.100s.%.100s", schema,
					  table);
}

json_t *
introspect_columns(Database *database, const char *schema, const char *table, SluiceError *err)
{
	const char *const parameters[] = {schema, table};
	json_t *list = ask_list(database, database_engine(database)->questions[ASK_COLUMNS],
							column_fields, parameters, 2, err);

	if (list == NULL || json_array_size(list) > 0)
		return list;
	json_decref(list);
	fail_table(schema, table, err);
	return NULL;
}

bool
introspect_count(Database *database, const char *schema, const char *table, int timeout_ms,
				 int64_t *rows, SluiceError *err)
{
	char *quoted_schema = database_quote(database, schema);
	char *quoted_table = database_quote(database, table);
	char *sql = NULL;
	Rows found;
	bool good = quoted_schema != NULL && quoted_table != NULL &&
				asprintf(&sql, "SELECT count(*) FROM %s.%s", quoted_schema, quoted_table) >= 0;

	free(quoted_schema);
	free(quoted_table);
	if (!good)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	good = database_ask(database, &found, timeout_ms, NULL, 0, sql, err);
	free(sql);
	if (!good)
		return false;
	*rows = found.rows > 0 ? strtoll(rows_text(&found, 0, 0), NULL, 10) : 0;
	rows_free(&found);
	return true;
}
