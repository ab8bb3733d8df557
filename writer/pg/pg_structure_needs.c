/*
 * pg_structure_needs.c - types and collations that tables to be made need and a PostgreSQL target has
 * not (pg_structure_state.h).
 */
#include <stdlib.h>
#include <string.h>

#include "pg_structure_state.h"

/* Built-in types that came with a release. */
static const struct LaterType
{
	const char *name;
	int release;
} later_types[] = {
	{"jsonpath", 12},		{"xid8", 13},			{"pg_snapshot", 13},   {"regcollation", 13},
	{"int4multirange", 14}, {"int8multirange", 14}, {"nummultirange", 14}, {"tsmultirange", 14},
	{"tstzmultirange", 14}, {"datemultirange", 14},
};

/* What a column needs: the text of its type, or its collation. */
typedef const char *(*NeedOf)(const SchemaColumn *column);

static const char *
type_of(const SchemaColumn *column)
{
	return column->type;
}

static const char *
collation_of(const SchemaColumn *column)
{
	return column->collation;
}

/* The name in a text of SQL that begins with one, "public.mood[]"; false when it has no schema. */
static bool
split_name(const char *text, char *schema, char *name)
{
	if (!pg_take_name(&text, schema) || *text != '.')
		return false;
	text++;
	return pg_take_name(&text, name);
}

/* Whether the document makes the type. */
static bool
is_made(const SchemaDocument *document, const char *text)
{
	char schema[PG_NAME_SIZE], name[PG_NAME_SIZE];

	if (!split_name(text, schema, name))
		return false;
	for (size_t i = 0; i < document->type_count; i++)
	{
		const SchemaType *type = &document->types[i];
		bool multirange = type->kind == SCHEMA_TYPE_RANGE && type->multirange != NULL &&
						  strcmp(type->multirange, name) == 0;

		if (strcmp(type->schema, schema) == 0 && (strcmp(type->name, name) == 0 || multirange))
			return true;
	}
	return false;
}

static void
tell_type(const SchemaDocument *document, const SchemaTable *table, const SchemaColumn *column,
		  Findings *findings)
{
	int release = 0;

	if (is_made(document, column->type))
		return;
	for (size_t i = 0; i < sizeof(later_types) / sizeof(later_types[0]); i++)
	{
		if (strncmp(column->type, later_types[i].name, strlen(later_types[i].name)) == 0)
			release = later_types[i].release;
	}
	if (release != 0)
		findings_problem(findings, "%s.%s %s: type %s needs PostgreSQL %d", table->schema,
						 table->name, column->name, column->type, release);
	else
		findings_problem(findings, "%s.%s %s: there is no type %s (of an extension?)",
						 table->schema, table->name, column->name, column->type);
}

static void
tell_collation(const SchemaDocument *document, const SchemaTable *table, const SchemaColumn *column,
			   Findings *findings)
{
	(void) document;
	findings_problem(findings, "%s.%s %s: there is no collation %s", table->schema, table->name,
					 column->name, column->collation);
}

typedef struct Need
{
	NeedOf need_of;
	/* The texts of $1 that are not there. */
	const char *sql;
	void (*tell)(const SchemaDocument *document, const SchemaTable *table,
				 const SchemaColumn *column, Findings *findings);
} Need;

static const Need needs[] = {
	{type_of,
	 "SELECT w.text FROM (SELECT DISTINCT unnest($1::pg_catalog.text[]) AS text) AS w"
	 " WHERE pg_catalog.to_regtype(w.text) IS NULL",
	 tell_type},
	{collation_of,
	 "SELECT w.text FROM (SELECT DISTINCT unnest($1::pg_catalog.text[]) AS text) AS w"
	 " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_collation l"
	 " JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace"
	 " WHERE ARRAY[n.nspname, l.collname]::pg_catalog.text[]"
	 "  = pg_catalog.parse_ident(w.text)"
	 "  AND l.collencoding IN (-1,"
	 "   pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding())))",
	 tell_collation},
};

/* What all columns of tables to be made need, as an array's text; NULL without memory. */
static char *
all_needed(const SchemaDocument *document, const Chosen *chosen, NeedOf need_of)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *separator = "";

	if (out == NULL)
		return NULL;
	(void) fputc('{', out);
	for (size_t t = 0; t < document->table_count; t++)
	{
		const SchemaTable *table = &document->tables[t];
		bool made = (chosen->of[OBJECT_TABLE][t] & CHOSEN_CREATE) != 0;

		for (size_t i = 0; made && i < table->column_count; i++)
		{
			if (need_of(&table->columns[i]) == NULL)
				continue;
			(void) fputs(separator, out);
			pg_put_element(out, need_of(&table->columns[i]));
			separator = ",";
		}
	}
	(void) fputc('}', out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

/* Of each text that is missing, the first column that needs it. */
static void
tell_first(const SchemaDocument *document, const Chosen *chosen, const Need *need,
		   const char *missing, Findings *findings)
{
	for (size_t t = 0; t < document->table_count; t++)
	{
		const SchemaTable *table = &document->tables[t];

		if ((chosen->of[OBJECT_TABLE][t] & CHOSEN_CREATE) == 0)
			continue;
		for (size_t i = 0; i < table->column_count; i++)
		{
			const char *text = need->need_of(&table->columns[i]);

			if (text == NULL || strcmp(text, missing) != 0)
				continue;
			need->tell(document, table, &table->columns[i], findings);
			return;
		}
	}
}

static bool
look_for(PgStructure *s, const Chosen *chosen, const Need *need, Findings *findings,
		 SluiceError *err)
{
	char *texts = all_needed(s->base.document, chosen, need->need_of);
	const char *values[] = {texts};
	PGresult *missing = NULL;
	bool good = texts != NULL ? pg_query_params(s->c, need->sql, 1, values, &missing, err)
							  : sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for types");

	for (int i = 0; good && i < PQntuples(missing); i++)
		tell_first(s->base.document, chosen, need, PQgetvalue(missing, i, 0), findings);
	PQclear(missing);
	free(texts);
	return good;
}

bool
pg_structure_needs(PgStructure *s, const Chosen *chosen, Findings *findings, SluiceError *err)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
	{
		if (!look_for(s, chosen, &needs[i], findings, err))
			return false;
	}
	return true;
}
