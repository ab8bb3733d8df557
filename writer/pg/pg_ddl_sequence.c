/*
 * pg_ddl_sequence.c - sequences and their values (pg_ddl.h).
 */
#include "pg_ddl.h"

void
pg_put_sequence_options(FILE *out, const SchemaSequence *sequence)
{
	(void) fprintf(out, "START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s",
				   sequence->start, sequence->increment, sequence->minimum, sequence->maximum,
				   sequence->cache, sequence->cycle ? " CYCLE" : "");
}

/* Whether the column it goes away with is in the document. */
static bool
has_owner(const PgDdl *ddl, const SchemaSequence *sequence)
{
	const SchemaSequenceOwner *owner = sequence->owner;
	const SchemaTable *table =
		owner == NULL ? NULL
					  : schema_document_table_named(ddl->document, owner->schema, owner->table);

	return table != NULL && schema_table_column(table, owner->column) != NULL;
}

void
pg_ddl_sequence(const PgDdl *ddl, const SchemaSequence *sequence)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "sequence", sequence->schema, sequence->name);

	(void) fputs("CREATE SEQUENCE ", out);
	pg_put_qualified(out, sequence->schema, sequence->name);
	(void) fprintf(out, " AS %s ", sequence->type);
	pg_put_sequence_options(out, sequence);
	pg_ddl_comment(ddl, "SEQUENCE", sequence->schema, sequence->name, sequence->comment);
}

void
pg_ddl_sequence_owner(const PgDdl *ddl, const SchemaSequence *sequence)
{
	FILE *out;

	if (sequence->identity || !has_owner(ddl, sequence))
		return;
	out = script_step(ddl->script, STEP_STOPS, "sequence", sequence->schema, sequence->name);
	(void) fputs("ALTER SEQUENCE ", out);
	pg_put_qualified(out, sequence->schema, sequence->name);
	(void) fputs(" OWNED BY ", out);
	pg_put_qualified(out, sequence->owner->schema, sequence->owner->table);
	(void) fputc('.', out);
	pg_put_name(out, sequence->owner->column);
}

/* ---- values ---- */

/* The quoted name inside a literal: '"s"."n"'. */
static void
put_quoted_in_literal(FILE *out, const char *name)
{
	(void) fputc('"', out);
	for (; *name != '\0'; name++)
	{
		if (*name == '"' || *name == '\'')
			(void) fputc(*name, out);
		(void) fputc(*name, out);
	}
	(void) fputc('"', out);
}

/* Whether its owner's values are numbers: a sequence may be owned by any column. */
static bool
is_numbered(const PgDdl *ddl, const SchemaSequence *sequence)
{
	const SchemaSequenceOwner *owner = sequence->owner;
	CanonType canon;

	if (!has_owner(ddl, sequence))
		return false;
	canon =
		schema_table_column(schema_document_table_named(ddl->document, owner->schema, owner->table),
							owner->column)
			->canon;
	return canon == CANON_INT16 || canon == CANON_INT32 || canon == CANON_INT64 ||
		   canon == CANON_DECIMAL;
}

/* What the value is chosen among; a row out of its bounds came there without it. */
static void
put_candidates(const PgDdl *ddl, const SchemaSequence *sequence, const char *furthest, FILE *out)
{
	if (sequence->last_value != NULL)
		(void) fprintf(out, " UNION ALL SELECT %s", sequence->last_value);
	if (!is_numbered(ddl, sequence))
		return;
	(void) fprintf(out, " UNION ALL SELECT pg_catalog.%s(t.", furthest);
	pg_put_name(out, sequence->owner->column);
	(void) fputs(") FROM ", out);
	pg_put_qualified(out, sequence->owner->schema, sequence->owner->table);
	(void) fputs(" AS t WHERE t.", out);
	pg_put_name(out, sequence->owner->column);
	(void) fprintf(out, " BETWEEN %s AND %s", sequence->minimum, sequence->maximum);
}

void
pg_ddl_sequence_value(const PgDdl *ddl, const SchemaSequence *sequence, const char *schema,
					  const char *name)
{
	const char *furthest = *sequence->increment == '-' ? "min" : "max";
	FILE *out = script_step(ddl->script, STEP_STOPS, "sequence", schema, name);

	(void) fputs("SELECT pg_catalog.setval('", out);
	put_quoted_in_literal(out, schema);
	(void) fputc('.', out);
	put_quoted_in_literal(out, name);
	(void) fprintf(out,
				   "'::pg_catalog.regclass, pg_catalog.%s(c.v)::pg_catalog.int8) FROM ("
				   "SELECT s.last_value::pg_catalog.numeric AS v FROM ",
				   furthest);
	pg_put_qualified(out, schema, name);
	(void) fputs(" AS s WHERE s.is_called", out);
	put_candidates(ddl, sequence, furthest, out);
	(void) fputs(") AS c HAVING pg_catalog.count(c.v) > 0", out);
}
