/*
 * pg_ddl_index.c - indexes, keys and foreign keys (pg_ddl.h).
 *
 * An index is made from the source's own definition.  One with a constraint becomes the constraint's
 * afterwards, so that several indexes of a table can be built at once; a partitioned table's key is
 * made as a constraint alone, to which those of its partitions are attached.
 */
#include "pg_ddl.h"

#include <string.h>

#define NOT_VALID " NOT VALID"

static FILE *
step(const PgDdl *ddl, StepFailure failure, const char *kind, const SchemaTable *table,
	 const char *name)
{
	FILE *out = script_step(ddl->script, failure, kind, table->schema, name);

	(void) fputs("ALTER TABLE ", out);
	pg_put_qualified(out, table->schema, table->name);
	return out;
}

void
pg_ddl_constraint_comment(const PgDdl *ddl, const SchemaTable *table, const char *name,
						  const char *text)
{
	FILE *out;

	if (text == NULL)
		return;
	out = script_step(ddl->script, STEP_WARNS, "comment", table->schema, table->name);
	(void) fputs("COMMENT ON CONSTRAINT ", out);
	pg_put_name(out, name);
	(void) fputs(" ON ", out);
	pg_put_qualified(out, table->schema, table->name);
	(void) fputs(" IS ", out);
	pg_put_literal(out, text);
}

/* ---- indexes ---- */

void
pg_ddl_index(const PgDdl *ddl, const SchemaTable *table, const SchemaIndex *index)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "index", table->schema, index->name);

	(void) fputs(index->definition, out);
}

void
pg_ddl_constraint(const PgDdl *ddl, const SchemaTable *table, const SchemaIndex *index,
				  const char *index_name)
{
	const SchemaConstraint *constraint = index->constraint;
	FILE *out = script_step(ddl->script, STEP_STOPS, "constraint", table->schema, constraint->name);

	(void) fprintf(out, "ALTER TABLE %s", table->kind == SCHEMA_TABLE_PARTITIONED ? "ONLY " : "");
	pg_put_qualified(out, table->schema, table->name);
	(void) fputs(" ADD CONSTRAINT ", out);
	pg_put_name(out, constraint->name);
	if (table->kind == SCHEMA_TABLE_PARTITIONED)
	{
		(void) fprintf(out, " %s", constraint->definition);
		return;
	}
	(void) fprintf(out, " %s USING INDEX ", index->primary ? "PRIMARY KEY" : "UNIQUE");
	pg_put_name(out, index_name);
	if (constraint->deferrable)
		(void) fprintf(out, " DEFERRABLE INITIALLY %s",
					   constraint->deferred ? "DEFERRED" : "IMMEDIATE");
}

void
pg_ddl_attach_index(const PgDdl *ddl, const char *schema, const char *name, const char *part_schema,
					const char *part)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "index", part_schema, part);

	(void) fputs("ALTER INDEX ", out);
	pg_put_qualified(out, schema, name);
	(void) fputs(" ATTACH PARTITION ", out);
	pg_put_qualified(out, part_schema, part);
}

void
pg_ddl_index_marks(const PgDdl *ddl, const SchemaTable *table, const SchemaIndex *index,
				   const char *index_name)
{
	FILE *out;

	if (index->replica_identity && table->replica_identity == SCHEMA_REPLICA_INDEX)
	{
		out = step(ddl, STEP_STOPS, "index", table, index_name);
		(void) fputs(" REPLICA IDENTITY USING INDEX ", out);
		pg_put_name(out, index_name);
	}
	if (index->clustered)
	{
		out = step(ddl, STEP_STOPS, "index", table, index_name);
		(void) fputs(" CLUSTER ON ", out);
		pg_put_name(out, index_name);
	}
	pg_ddl_comment(ddl, "INDEX", table->schema, index_name, index->comment);
}

/* ---- foreign keys ---- */

static bool
ends_unvalidated(const char *definition)
{
	size_t length = strlen(definition), end = strlen(NOT_VALID);

	return length >= end && strcmp(definition + length - end, NOT_VALID) == 0;
}

/* Before PostgreSQL 18 a partitioned table's foreign key can only be made with its rows looked at. */
static bool
is_looked_at(const SchemaTable *table)
{
	return table->kind == SCHEMA_TABLE_PARTITIONED;
}

void
pg_ddl_foreign_key(const PgDdl *ddl, const SchemaTable *table, const SchemaForeignKey *key)
{
	size_t length = strlen(key->definition);
	FILE *out =
		step(ddl, is_looked_at(table) ? STEP_WARNS : STEP_STOPS, "foreign key", table, key->name);

	if (ends_unvalidated(key->definition))
		length -= strlen(NOT_VALID);
	(void) fputs(" ADD CONSTRAINT ", out);
	pg_put_name(out, key->name);
	(void) fprintf(out, " %.*s%s", (int) length, key->definition,
				   is_looked_at(table) ? "" : NOT_VALID);
	pg_ddl_constraint_comment(ddl, table, key->name, key->comment);
}

void
pg_ddl_validate(const PgDdl *ddl, const SchemaTable *table, const SchemaForeignKey *key)
{
	FILE *out;

	if (!key->validated || is_looked_at(table))
		return;
	out = step(ddl, STEP_WARNS, "foreign key", table, key->name);
	(void) fputs(" VALIDATE CONSTRAINT ", out);
	pg_put_name(out, key->name);
}
