/*
 * pg_structure_look.c - reading a document's objects at a PostgreSQL target (pg_structure_state.h): a
 * query per kind of thing, for all of the document's at once.
 */
#include <stdlib.h>
#include <string.h>

#include "pg_structure_state.h"

/* ---- rows by number ---- */

void
pg_rows_free(PgRows *rows)
{
	PQclear(rows->result);
	free(rows->first);
	*rows = (PgRows){0};
}

int
pg_rows_of(const PgRows *rows, size_t number, int *row)
{
	*row = rows->first[number];
	return rows->first[number + 1] - *row;
}

static bool
find_first(PgRows *rows, size_t count)
{
	int row = 0, end = PQntuples(rows->result);

	rows->first = calloc(count + 1, sizeof(*rows->first));
	if (rows->first == NULL)
		return false;
	for (size_t number = 0; number <= count; number++)
	{
		while (row < end && strtoul(PQgetvalue(rows->result, row, 0), NULL, 10) < number)
			row++;
		rows->first[number] = row;
	}
	return true;
}

/* The schemas, or the names, of all objects as an array's text; NULL without memory. */
static char *
name_array(const SchemaDocument *document, PgNameOf name_of, size_t count, bool schemas)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	(void) fputc('{', out);
	for (size_t i = 0; i < count; i++)
	{
		const char *schema, *name;

		name_of(document, i, &schema, &name);
		(void) fputs(i == 0 ? "" : ",", out);
		pg_put_element(out, schemas ? schema : name);
	}
	(void) fputc('}', out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

bool
pg_rows_read(PgStructure *s, PgRows *rows, const char *sql, PgNameOf name_of, size_t count,
			 SluiceError *err)
{
	char *schemas = name_array(s->base.document, name_of, count, true);
	char *names = name_array(s->base.document, name_of, count, false);
	const char *values[] = {schemas, names};
	bool memory = schemas != NULL && names != NULL;
	bool good = memory && pg_query_params(s->c, sql, 2, values, &rows->result, err);

	free(schemas);
	free(names);
	memory = memory && (!good || find_first(rows, count));
	if (!memory)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the target's structure");
	return good;
}

/* ---- names of the document's objects ---- */

static void
name_schema(const SchemaDocument *document, size_t number, const char **schema, const char **name)
{
	*schema = *name = document->schemas[number].name;
}

static void
name_type(const SchemaDocument *document, size_t number, const char **schema, const char **name)
{
	*schema = document->types[number].schema;
	*name = document->types[number].name;
}

static void
name_sequence(const SchemaDocument *document, size_t number, const char **schema, const char **name)
{
	*schema = document->sequences[number].schema;
	*name = document->sequences[number].name;
}

void
pg_name_table(const SchemaDocument *document, size_t number, const char **schema, const char **name)
{
	*schema = document->tables[number].schema;
	*name = document->tables[number].name;
}

static void
name_carried(const SchemaDocument *document, size_t number, const char **schema, const char **name)
{
	*schema = document->carried[number].schema;
	*name = document->carried[number].name;
}

/* ---- queries ---- */

static const char schemas_sql[] = PG_ROWS("n.nspname") " ORDER BY 1";

/* typtype, kind of a composite's relation, what it is made of */
static const char types_sql[] = PG_ROWS(
	"t.typtype, c.relkind, CASE t.typtype"
	" WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)"
	" WHEN 'r' THEN (SELECT pg_catalog.format_type(r.rngsubtype, -1)"
	"  FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)"
	" WHEN 'c' THEN (SELECT pg_catalog.string_agg(" PG_QUOTED(
		"a.attname") " || ' ' ||"
					 " pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)"
					 " FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > "
					 "0"
					 "  AND NOT a.attisdropped) END") " JOIN pg_catalog.pg_type t ON "
													  "t.typnamespace = n.oid AND t.typname = "
													  "w.name::pg_catalog.name"
													  " LEFT JOIN pg_catalog.pg_class c ON c.oid = "
													  "t.typrelid ORDER BY 1";

static const char labels_sql[] = PG_ROWS(
	"e.enumlabel") " JOIN pg_catalog.pg_type t ON t.typnamespace = n.oid AND t.typname = "
				   "w.name::pg_catalog.name"
				   " JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid ORDER BY 1, e.enumsortorder";

static const char relations_sql[] = PG_ROWS("c.relkind") PG_ROWS_RELATION " ORDER BY 1";

/* Views, and functions that stand on tables: kind, how SQL calls it. */
static const char carried_sql[] =
	PG_ROWS("c.relkind::pg_catalog.text, c.oid::pg_catalog.regclass::pg_catalog.text")
		PG_ROWS_RELATION
	" AND c.relkind = 'v' UNION ALL " PG_ROWS(
		"'f', p.oid::pg_catalog.regprocedure::pg_catalog.text") " JOIN pg_catalog.pg_proc p ON "
																"p.pronamespace = n.oid AND w.name "
																"="
																"  p.proname || '(' || "
																"pg_catalog.oidvectortypes(p."
																"proargtypes) || ')'"
																" WHERE EXISTS (SELECT FROM "
																"pg_catalog.pg_depend d"
																"  LEFT JOIN pg_catalog.pg_type t "
																"ON t.oid = d.refobjid"
																"   AND d.refclassid = "
																"'pg_catalog.pg_type'::pg_catalog."
																"regclass"
																"  LEFT JOIN pg_catalog.pg_type e "
																"ON e.oid = t.typelem"
																"  WHERE d.classid = "
																"'pg_catalog.pg_proc'::pg_catalog."
																"regclass AND d.objid = p.oid"
																"   AND (d.refclassid = "
																"'pg_catalog.pg_class'::pg_catalog."
																"regclass"
																"    OR t.typrelid <> 0 OR "
																"e.typrelid <> 0)) ORDER BY 1";

/* name, type, not null, generated, whether an insert must name it, the type's oid and modifier */
static const char columns_sql[] =
	PG_ROWS("a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, %s <> '',"
			" a.attnotnull AND NOT a.atthasdef AND a.attidentity = '',"
			" a.atttypid, a.atttypmod") PG_ROWS_RELATION
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
	"  AND NOT a.attisdropped ORDER BY 1, a.attnum";

/* Unique keys of plain columns: primary, the columns. */
static const char keys_sql[] = PG_ROWS("i.indisprimary, (SELECT pg_catalog.string_agg(" PG_QUOTED(
	"a.attname") ", ', ' ORDER BY k.place)"
				 " FROM unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(number, place)"
				 " JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid"
				 "  AND a.attnum = k.number WHERE k.place <= i.%s)") PG_ROWS_RELATION
	" JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisunique AND i.indisvalid"
	"  AND i.indpred IS NULL AND i.indexprs IS NULL ORDER BY 1, i.indisprimary DESC";

/* Sequences behind columns: column, schema, name. */
static const char owned_sql[] = PG_ROWS("a.attname, sn.nspname, s.relname") PG_ROWS_RELATION
	" JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	"  AND d.refobjid = c.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')"
	"  AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid"
	" JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'"
	" JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace ORDER BY 1";

void
pg_structure_forget(PgStructure *s)
{
	PgRows *const all[] = {&s->schemas, &s->types,	 &s->labels, &s->sequences, &s->carried,
						   &s->tables,	&s->columns, &s->keys,	 &s->owned};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		pg_rows_free(all[i]);
}

bool
pg_structure_look(Structure *base, SluiceError *err)
{
	PgStructure *s = (PgStructure *) base;
	const SchemaDocument *document = base->document;
	char columns[sizeof(columns_sql) + 16], keys[sizeof(keys_sql) + 16];
	const struct Query
	{
		PgRows *rows;
		const char *sql;
		PgNameOf name_of;
		size_t count;
	} queries[] = {
		{&s->schemas, schemas_sql, name_schema, document->schema_count},
		{&s->types, types_sql, name_type, document->type_count},
		{&s->labels, labels_sql, name_type, document->type_count},
		{&s->sequences, relations_sql, name_sequence, document->sequence_count},
		{&s->carried, carried_sql, name_carried, document->carried_count},
		{&s->tables, relations_sql, pg_name_table, document->table_count},
		{&s->columns, columns, pg_name_table, document->table_count},
		{&s->keys, keys, pg_name_table, document->table_count},
		{&s->owned, owned_sql, pg_name_table, document->table_count},
	};

	(void) snprintf(columns, sizeof(columns), columns_sql,
					s->c->version >= 120000 ? "a.attgenerated" : "''");
	(void) snprintf(keys, sizeof(keys), keys_sql,
					s->c->version >= 110000 ? "indnkeyatts" : "indnatts");
	pg_structure_forget(s);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
	{
		if (!pg_rows_read(s, queries[i].rows, queries[i].sql, queries[i].name_of, queries[i].count,
						  err))
			return false;
	}
	return true;
}

/* ---- simple answers ---- */

char
pg_structure_kind(const PgStructure *s, size_t table)
{
	int row;

	return pg_rows_of(&s->tables, table, &row) > 0 ? *PQgetvalue(s->tables.result, row, 1) : '\0';
}

bool
pg_structure_sequence(const PgStructure *s, size_t number, const char **schema, const char **name)
{
	const SchemaDocument *document = s->base.document;
	const SchemaSequence *sequence = &document->sequences[number];
	const SchemaSequenceOwner *owner = sequence->owner;
	const SchemaTable *table =
		owner == NULL ? NULL : schema_document_table_named(document, owner->schema, owner->table);
	int row, count;

	*schema = sequence->schema;
	*name = sequence->name;
	if (pg_rows_of(&s->sequences, number, &row) > 0)
		return *PQgetvalue(s->sequences.result, row, 1) == 'S';
	count = table == NULL ? 0 : pg_rows_of(&s->owned, (size_t) (table - document->tables), &row);
	for (; count > 0; count--, row++)
	{
		if (strcmp(PQgetvalue(s->owned.result, row, 1), owner->column) != 0)
			continue;
		*schema = PQgetvalue(s->owned.result, row, 2);
		*name = PQgetvalue(s->owned.result, row, 3);
		return true;
	}
	return false;
}
