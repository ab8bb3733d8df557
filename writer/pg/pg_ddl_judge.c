/*
 * pg_ddl_judge.c - what of a document a release of PostgreSQL cannot have (pg_ddl.h).
 *
 * A need is a release and a test; a table of them for each kind of thing.  What a target of any
 * release may lack (types of extensions, collations) is looked up there, not here.
 */
#include <stdlib.h>
#include <string.h>

#include "pg_ddl.h"
#include "writer/structure.h"

#define NUMERIC_INFINITY 140000

/* One thing that is looked at, with what it is part of. */
typedef struct Subject
{
	const PgDdl *ddl;
	const SchemaTable *table;
	const SchemaColumn *column;
	const SchemaIndex *index;
	const SchemaForeignKey *key;
	const SchemaCheck *check;
	const char *name; /* of the part; NULL for the table itself */
} Subject;

typedef struct Need
{
	int version;
	const char *what;
	bool (*needed)(const Subject *subject);
} Need;

/* ---- tables ---- */

static bool
needs_hash(const Subject *subject)
{
	const SchemaPartitioning *partition = subject->table->partition;

	return partition != NULL && strcmp(partition->strategy, "hash") == 0;
}

static bool
needs_default_partition(const Subject *subject)
{
	return pg_parent(subject->ddl, subject->table) != NULL &&
		   strcmp(subject->table->partition_of->bound, "DEFAULT") == 0;
}

static const Need table_needs[] = {
	{110000, "partitioning by hash", needs_hash},
	{110000, "a default partition", needs_default_partition},
	{0, NULL, NULL},
};

/* ---- columns ---- */

static bool
needs_stored(const Subject *subject)
{
	return subject->column->generated == SCHEMA_GENERATED_STORED;
}

static bool
needs_virtual(const Subject *subject)
{
	return subject->column->generated == SCHEMA_GENERATED_VIRTUAL;
}

/* numeric(3,-2), numeric(2,5) */
static bool
needs_wide_scale(const Subject *subject)
{
	const char *type = subject->column->type;
	static const char numeric[] = "numeric(";
	char *end;
	long precision, scale;

	if (strncmp(type, numeric, strlen(numeric)) != 0)
		return false;
	precision = strtol(type + strlen(numeric), &end, 10);
	if (*end != ',')
		return false;
	scale = strtol(end + 1, NULL, 10);
	return scale < 0 || scale > precision;
}

static const Need column_needs[] = {
	{120000, "a stored generated column", needs_stored},
	{180000, "a virtual generated column", needs_virtual},
	{150000, "a numeric scale below 0 or above the precision", needs_wide_scale},
	{0, NULL, NULL},
};

/* ---- indexes ---- */

static bool
needs_partitioned_index(const Subject *subject)
{
	return subject->table->kind == SCHEMA_TABLE_PARTITIONED;
}

static bool
needs_include(const Subject *subject)
{
	return subject->index->include_count > 0;
}

static bool
needs_nulls_not_distinct(const Subject *subject)
{
	return subject->index->nulls_not_distinct;
}

static bool
needs_overlaps(const Subject *subject)
{
	return subject->index->constraint != NULL &&
		   strstr(subject->index->constraint->definition, " WITHOUT OVERLAPS") != NULL;
}

static const Need index_needs[] = {
	{110000, "an index of a partitioned table", needs_partitioned_index},
	{110000, "INCLUDE", needs_include},
	{150000, "NULLS NOT DISTINCT", needs_nulls_not_distinct},
	{180000, "WITHOUT OVERLAPS", needs_overlaps},
	{0, NULL, NULL},
};

/* ---- checks and foreign keys ---- */

static bool
ends_unenforced(const char *definition)
{
	return strstr(definition, ") NOT ENFORCED") != NULL;
}

static bool
needs_unenforced_check(const Subject *subject)
{
	return ends_unenforced(subject->check->definition);
}

static const Need check_needs[] = {
	{180000, "NOT ENFORCED", needs_unenforced_check},
	{0, NULL, NULL},
};

static bool
needs_partitioned_key(const Subject *subject)
{
	return subject->table->kind == SCHEMA_TABLE_PARTITIONED;
}

static bool
needs_partitioned_reference(const Subject *subject)
{
	const SchemaTable *referenced = schema_document_table_named(
		subject->ddl->document, subject->key->schema, subject->key->table);

	return referenced != NULL && referenced->kind == SCHEMA_TABLE_PARTITIONED;
}

/* ON DELETE SET NULL (some of the columns) */
static bool
needs_set_columns(const Subject *subject)
{
	return strstr(subject->key->definition, " SET NULL (") != NULL ||
		   strstr(subject->key->definition, " SET DEFAULT (") != NULL;
}

static bool
needs_period(const Subject *subject)
{
	return strstr(subject->key->definition, ", PERIOD ") != NULL;
}

static bool
needs_unenforced_key(const Subject *subject)
{
	return ends_unenforced(subject->key->definition);
}

static const Need key_needs[] = {
	{110000, "a foreign key of a partitioned table", needs_partitioned_key},
	{120000, "a foreign key to a partitioned table", needs_partitioned_reference},
	{150000, "SET NULL or SET DEFAULT of some columns", needs_set_columns},
	{180000, "PERIOD", needs_period},
	{180000, "NOT ENFORCED", needs_unenforced_key},
	{0, NULL, NULL},
};

/* ---- all of it ---- */

static void
judge(const Subject *subject, const Need *need, Findings *findings)
{
	const SchemaTable *table = subject->table;

	for (; need->what != NULL; need++)
	{
		if (subject->ddl->version < need->version && need->needed(subject))
			findings_problem(findings, "%s.%s%s%s: %s needs PostgreSQL %d", table->schema,
							 table->name, subject->name != NULL ? " " : "",
							 subject->name != NULL ? subject->name : "", need->what,
							 need->version / 10000);
	}
}

static void
judge_table(const PgDdl *ddl, const SchemaTable *table, Findings *findings)
{
	judge(&(Subject){.ddl = ddl, .table = table}, table_needs, findings);
	for (size_t i = 0; i < table->column_count; i++)
		judge(&(Subject){.ddl = ddl,
						 .table = table,
						 .column = &table->columns[i],
						 .name = table->columns[i].name},
			  column_needs, findings);
	for (size_t i = 0; i < table->check_count; i++)
		judge(&(Subject){.ddl = ddl,
						 .table = table,
						 .check = &table->checks[i],
						 .name = table->checks[i].name},
			  check_needs, findings);
}

static void
judge_indexes(const PgDdl *ddl, const SchemaTable *table, Findings *findings)
{
	for (size_t i = 0; i < table->index_count; i++)
		judge(&(Subject){.ddl = ddl,
						 .table = table,
						 .index = &table->indexes[i],
						 .name = table->indexes[i].name},
			  index_needs, findings);
}

static void
judge_keys(const PgDdl *ddl, const SchemaTable *table, Findings *findings)
{
	for (size_t i = 0; i < table->foreign_key_count; i++)
		judge(&(Subject){.ddl = ddl,
						 .table = table,
						 .key = &table->foreign_keys[i],
						 .name = table->foreign_keys[i].name},
			  key_needs, findings);
}

/* Values, which a document does not show: worth a word, not a refusal. */
static void
warn_infinity(const PgDdl *ddl, Findings *findings)
{
	const SchemaDocument *document = ddl->document;

	if (ddl->version >= NUMERIC_INFINITY || document->source.version < NUMERIC_INFINITY)
		return;
	for (size_t t = 0; t < document->table_count; t++)
	{
		for (size_t i = 0; i < document->tables[t].column_count; i++)
		{
			if (strcmp(document->tables[t].columns[i].type, "numeric") != 0)
				continue;
			findings_warning(findings,
							 "numeric values of Infinity, which the source's release knows, are "
							 "refused by the target before PostgreSQL 14");
			return;
		}
	}
}

void
pg_ddl_judge(const PgDdl *ddl, unsigned create, const unsigned char *chosen, Findings *findings)
{
	static const struct
	{
		unsigned bit;
		void (*judge)(const PgDdl *ddl, const SchemaTable *table, Findings *findings);
	} parts[] = {
		{CREATE_TABLES, judge_table},
		{CREATE_INDEXES, judge_indexes},
		{CREATE_FOREIGN_KEYS, judge_keys},
	};

	for (size_t t = 0; t < ddl->document->table_count; t++)
	{
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		{
			bool made = parts[i].bit == CREATE_TABLES ? (chosen[t] & CHOSEN_CREATE) != 0
													  : (create & parts[i].bit) != 0;

			if (made)
				parts[i].judge(ddl, &ddl->document->tables[t], findings);
		}
	}
	warn_infinity(ddl, findings);
}
