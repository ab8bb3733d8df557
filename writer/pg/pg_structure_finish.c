/*
 * pg_structure_finish.c - what is left to do when the rows are in: indexes, constraints, foreign keys,
 * sequences (pg_structure_state.h).
 *
 * Everything is looked up first and what is there is left out, so that it can be begun again.  An
 * index is there when one has its name, or is the same under another: an index of a partition that
 * was attached to a table with indexes, say.
 */
#include <stdlib.h>
#include <string.h>

#include "pg_structure_state.h"

static const char indexes_sql[] =
	"SELECT x.relname, pg_catalog.pg_get_indexdef(x.oid), i.indisunique, i.indisprimary,"
	" k.conname IS NOT NULL FROM pg_catalog.pg_namespace n"
	" JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid"
	" JOIN pg_catalog.pg_index i ON i.indrelid = c.oid"
	" JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
	" LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = x.oid AND k.contype IN ('p', 'u')"
	" WHERE n.nspname = $1 AND c.relname = $2 AND (i.indisvalid OR c.relkind = 'p')";

enum
{
	INDEX_NAME,
	INDEX_DEFINITION,
	INDEX_UNIQUE,
	INDEX_PRIMARY,
	INDEX_CONSTRAINED
};

/* How the table is kept, and the names of its checks. */
static const char table_sql[] =
	"SELECT c.relpersistence, k.conname FROM pg_catalog.pg_namespace n"
	" JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid"
	" LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'c'"
	" WHERE n.nspname = $1 AND c.relname = $2";

static const char keys_sql[] =
	PG_ROWS("k.conname, k.convalidated, pg_catalog.pg_get_constraintdef(k.oid)") PG_ROWS_RELATION
	" JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' ORDER BY 1";

enum
{
	KEY_NAME = 1,
	KEY_VALIDATED,
	KEY_DEFINITION
};

/* Work on one table. */
typedef struct Finish
{
	PgStructure *s;
	const SchemaTable *table;
	PgDdl ddl;
	PGresult *indexes;
} Finish;

static bool
is_true(const PGresult *rows, int row, int column)
{
	return *PQgetvalue(rows, row, column) == 't';
}

/* Whether a plan looks at a table that is to be made, of which there is nothing yet. */
static bool
is_planned(const PgStructure *s, const SchemaTable *table)
{
	const Chosen *planned = s->base.planned;

	return planned != NULL &&
		   (planned->of[OBJECT_TABLE][table - s->base.document->tables] & CHOSEN_CREATE) != 0;
}

/* ---- indexes ---- */

static bool
read_table(PgStructure *s, const char *sql, const SchemaTable *table, PGresult **rows,
		   SluiceError *err)
{
	const char *values[] = {table->schema, table->name};

	*rows = NULL;
	return is_planned(s, table) || pg_query_params(s->c, sql, 2, values, rows, err);
}

/* The row of an index; -1 when it is not there. */
static int
find_index(const PGresult *indexes, const SchemaIndex *index)
{
	const char *body = pg_index_body(index->definition);

	for (int i = 0; i < PQntuples(indexes); i++)
	{
		if (strcmp(PQgetvalue(indexes, i, INDEX_NAME), index->name) == 0)
			return i;
	}
	for (int i = 0; i < PQntuples(indexes); i++)
	{
		if (is_true(indexes, i, INDEX_UNIQUE) == index->unique &&
			strcmp(pg_index_body(PQgetvalue(indexes, i, INDEX_DEFINITION)), body) == 0)
			return i;
	}
	return -1;
}

static const char *
name_at_target(const PGresult *indexes, const SchemaIndex *index)
{
	int row = find_index(indexes, index);

	return row < 0 ? index->name : PQgetvalue(indexes, row, INDEX_NAME);
}

static bool
has_primary(const PGresult *indexes)
{
	for (int i = 0; i < PQntuples(indexes); i++)
	{
		if (is_true(indexes, i, INDEX_PRIMARY))
			return true;
	}
	return false;
}

static bool
is_parted(const Finish *finish)
{
	return finish->table->kind == SCHEMA_TABLE_PARTITIONED;
}

/* A partitioned table's constraint makes its index. */
static void
write_index(const Finish *finish, const SchemaIndex *index)
{
	if (find_index(finish->indexes, index) >= 0)
		return;
	if (is_parted(finish) && index->constraint != NULL)
		pg_ddl_constraint(&finish->ddl, finish->table, index, index->name);
	else
		pg_ddl_index(&finish->ddl, finish->table, index);
}

/* The constraint, and all marks, of an index that is there by now. */
static void
write_constraint(const Finish *finish, const SchemaIndex *index)
{
	int row = find_index(finish->indexes, index);
	const char *name = name_at_target(finish->indexes, index);
	bool there =
		index->constraint != NULL &&
		(is_parted(finish) || (row >= 0 && is_true(finish->indexes, row, INDEX_CONSTRAINED)));

	/* A table that was there may have another primary key; then this one stays a unique index. */
	if (index->constraint != NULL && !there && !(index->primary && has_primary(finish->indexes)))
	{
		pg_ddl_constraint(&finish->ddl, finish->table, index, name);
		name = index->constraint->name; /* which the index is called from then on */
		there = true;
	}
	if (there)
		pg_ddl_constraint_comment(&finish->ddl, finish->table, name, index->constraint->comment);
	pg_ddl_index_marks(&finish->ddl, finish->table, index, name);
}

/* ---- partitions ---- */

static bool
is_part(const SchemaIndex *part, const SchemaTable *table, const SchemaIndex *index)
{
	return part->parent != NULL && strcmp(part->parent->schema, table->schema) == 0 &&
		   strcmp(part->parent->name, index->name) == 0;
}

static void
attach_parts(const Finish *finish, const SchemaTable *partition, const PGresult *indexes)
{
	const SchemaTable *table = finish->table;

	for (size_t i = 0; i < table->index_count; i++)
	{
		for (size_t k = 0; k < partition->index_count; k++)
		{
			if (is_part(&partition->indexes[k], table, &table->indexes[i]))
				pg_ddl_attach_index(&finish->ddl, table->schema,
									name_at_target(finish->indexes, &table->indexes[i]),
									partition->schema,
									name_at_target(indexes, &partition->indexes[k]));
		}
	}
}

/* Attaching what is attached does nothing. */
static bool
attach_all(const Finish *finish, SluiceError *err)
{
	const SchemaDocument *document = finish->ddl.document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *partition = &document->tables[i];
		PGresult *indexes;

		if (pg_parent(&finish->ddl, partition) != finish->table)
			continue;
		if (!read_table(finish->s, indexes_sql, partition, &indexes, err))
			return false;
		attach_parts(finish, partition, indexes);
		PQclear(indexes);
	}
	return true;
}

/* ---- the table itself ---- */

/* After a crash of the target, nothing of an unlogged load is left but the tables. */
static bool
check_unlogged(PgStructure *s, const SchemaTable *table, SluiceError *err)
{
	const char *values[] = {s->c->settings->stream, s->c->settings->consumer, table->schema,
							table->name};
	PGresult *result = NULL;
	bool there;

	if (!pg_query_params(s->c,
						 "SELECT EXISTS (SELECT FROM sluice.load_unlogged"
						 " WHERE stream = $1 AND consumer = $2 AND schema = $3 AND name = $4)",
						 4, values, &result, err))
		return false;
	there = is_true(result, 0, 0);
	PQclear(result);
	if (there)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "the target crashed during an unlogged load: rows of %s.%s are gone",
					   table->schema, table->name);
	return sluice_hint(err, "load again: remove the rows of this stream and consumer from "
							"sluice.load and start with --write-mode truncate, or without "
							"--unlogged-load");
}

static bool
write_logged(const Finish *finish, const PGresult *found, SluiceError *err)
{
	const SchemaTable *table = finish->table;
	bool asked = finish->s->base.settings->unlogged, unlogged;

	if (table->persistence != SCHEMA_PERMANENT || is_parted(finish))
		return true;
	unlogged = PQntuples(found) > 0 && *PQgetvalue(found, 0, 0) == 'u';
	if (is_planned(finish->s, table))
		unlogged = asked;
	if (!unlogged)
		return true;
	if (!asked)
	{
		log_event(finish->s->base.log, LOG_WARNING,
				  "a table is unlogged at the target only: a crash there empties it",
				  (LogField[]){LOG_TEXT("schema", table->schema), LOG_TEXT("name", table->name),
							   LOG_END});
		return true;
	}
	if (!is_planned(finish->s, table) && !check_unlogged(finish->s, table, err))
		return false;
	pg_ddl_logged(&finish->ddl, table);
	return true;
}

static void
write_late_checks(const Finish *finish, const PGresult *found)
{
	for (size_t i = 0; i < finish->table->check_count; i++)
	{
		const SchemaCheck *check = &finish->table->checks[i];
		bool there = !pg_check_is_late(check);

		for (int k = 0; k < PQntuples(found) && !there; k++)
			there = strcmp(PQgetvalue(found, k, 1), check->name) == 0;
		if (!there)
			pg_ddl_late_check(&finish->ddl, finish->table, check);
	}
}

static bool
write_whole(const Finish *finish, SluiceError *err)
{
	const SchemaTable *table = finish->table;
	unsigned create = finish->s->base.settings->create;
	PGresult *found;
	bool good;

	if (!read_table(finish->s, table_sql, table, &found, err))
		return false;
	good = write_logged(finish, found, err);
	if (good && (create & CREATE_TABLES) != 0)
		write_late_checks(finish, found);
	PQclear(found);
	if ((create & CREATE_INDEXES) != 0)
	{
		for (size_t i = 0; good && i < table->index_count; i++)
			write_index(finish, &table->indexes[i]);
		for (size_t i = 0; good && i < table->index_count; i++)
			write_constraint(finish, &table->indexes[i]);
		good = good && (!is_parted(finish) || attach_all(finish, err));
	}
	if (good)
		pg_ddl_analyze(&finish->ddl, table);
	return good;
}

bool
pg_structure_write_table(Structure *base, size_t number, size_t index, Script *script,
						 SluiceError *err)
{
	PgStructure *s = (PgStructure *) base;
	Finish finish = {.s = s,
					 .table = &base->document->tables[number],
					 .ddl = {base->document, s->c->version, script}};
	bool good = read_table(s, indexes_sql, finish.table, &finish.indexes, err);

	if (good && index == WHOLE_TABLE)
		good = write_whole(&finish, err);
	else if (good && (base->settings->create & CREATE_INDEXES) != 0)
		write_index(&finish, &finish.table->indexes[index]);
	PQclear(finish.indexes);
	return good;
}

/* ---- foreign keys ---- */

static bool
same_definition(const char *a, const char *b)
{
	static const char unvalidated[] = " NOT VALID";
	size_t length = strlen(a), other = strlen(b), end = strlen(unvalidated);

	if (length > end && strcmp(a + length - end, unvalidated) == 0)
		length -= end;
	if (other > end && strcmp(b + other - end, unvalidated) == 0)
		other -= end;
	return length == other && strncmp(a, b, length) == 0;
}

/* The row of a foreign key, by its name or as the same under another; -1 when it is not there. */
static int
find_key(const PgRows *keys, size_t table, const SchemaForeignKey *key)
{
	int row, count = pg_rows_of(keys, table, &row), same = -1;

	for (int k = row; k < row + count; k++)
	{
		if (strcmp(PQgetvalue(keys->result, k, KEY_NAME), key->name) == 0)
			return k;
		if (same_definition(PQgetvalue(keys->result, k, KEY_DEFINITION), key->definition))
			same = k;
	}
	return same;
}

static void
write_table_keys(const Finish *finish, const PgRows *keys)
{
	const SchemaTable *table = finish->table;
	size_t number = (size_t) (table - finish->ddl.document->tables);

	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		const SchemaForeignKey *key = &table->foreign_keys[i];
		int row = is_planned(finish->s, table) ? -1 : find_key(keys, number, key);

		if (key->inherited && pg_inherits_here(&finish->ddl, table))
			continue;
		if (row < 0)
			pg_ddl_foreign_key(&finish->ddl, table, key);
		if (row < 0 || !is_true(keys->result, row, KEY_VALIDATED))
			pg_ddl_validate(&finish->ddl, table, key);
	}
}

static bool
write_foreign_keys(PgStructure *s, const PgDdl *ddl, SluiceError *err)
{
	const SchemaDocument *document = ddl->document;
	PgRows keys = {0};

	if ((s->base.settings->create & CREATE_FOREIGN_KEYS) == 0)
		return true;
	if (!pg_rows_read(s, &keys, keys_sql, pg_name_table, document->table_count, err))
		return false;
	for (size_t i = 0; i < document->table_count; i++)
	{
		const Finish finish = {.s = s, .table = &document->tables[i], .ddl = *ddl};

		write_table_keys(&finish, &keys);
	}
	pg_rows_free(&keys);
	return true;
}

/* ---- sequences ---- */

static void
write_sequence(PgStructure *s, const PgDdl *ddl, size_t number)
{
	const SchemaSequence *sequence = &ddl->document->sequences[number];
	const char *schema, *name;

	if (pg_structure_sequence(s, number, &schema, &name) || s->base.planned != NULL)
		pg_ddl_sequence_value(ddl, sequence, schema, name);
	else
		log_event(s->base.log, LOG_WARNING,
				  "a sequence of the source is not at the target: its value is not set",
				  (LogField[]){LOG_TEXT("schema", sequence->schema),
							   LOG_TEXT("name", sequence->name), LOG_END});
}

/* What told of a crash has done its work. */
static void
write_unmark(PgStructure *s, Script *script)
{
	const TargetSettings *target = s->c->settings;
	FILE *out;

	if (!s->base.settings->unlogged)
		return;
	out = script_step(script, STEP_WARNS, "row of", "sluice", "load_unlogged");
	(void) fputs("DELETE FROM sluice.load_unlogged WHERE stream = ", out);
	pg_put_literal(out, target->stream);
	(void) fputs(" AND consumer = ", out);
	pg_put_literal(out, target->consumer);
}

bool
pg_structure_write_keys(Structure *base, Script *script, SluiceError *err)
{
	PgStructure *s = (PgStructure *) base;
	const PgDdl ddl = {base->document, s->c->version, script};

	if (!pg_structure_look(base, err) || !write_foreign_keys(s, &ddl, err))
		return false;
	for (size_t i = 0; i < base->document->sequence_count; i++)
		write_sequence(s, &ddl, i);
	write_unmark(s, script);
	return true;
}
