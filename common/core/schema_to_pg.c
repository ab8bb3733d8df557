/*
 * schema_to_pg.c - a MySQL document made PostgreSQL's, part by part (schema_to_pg.h).
 *
 * Each part needs the one before: types want the source's names on both ends of foreign keys, these
 * the source's indexes, all others the tables' names at the target; columns get theirs last.
 */
#include "schema_to_pg.h"

#include <string.h>

#include "schema_to_pg_parts.h"

bool
schema_is_mysql(const SchemaDocument *document)
{
	return strcmp(document->source.product, "mysql") == 0 ||
		   strcmp(document->source.product, "mariadb") == 0;
}

bool
to_pg_since(const ToPg *t, int version)
{
	return t->to->target->version == 0 || t->to->target->version >= version;
}

static bool
make_columns(ToPg *t)
{
	const SchemaDocument *document = t->document;

	t->columns = to_pg_room(t, document->table_count * sizeof(ToPgColumn *));
	for (size_t i = 0; t->good && i < document->table_count; i++)
		t->columns[i] = to_pg_room(t, document->tables[i].column_count * sizeof(ToPgColumn));
	return t->good;
}

/* What the source would have carried is in its own SQL. */
static void
leave_carried(ToPg *t)
{
	static const char *const words[] = {[SCHEMA_CARRIED_FUNCTION] = "function",
										[SCHEMA_CARRIED_VIEW] = "view",
										[SCHEMA_CARRIED_TRIGGER] = "trigger"};

	for (size_t i = 0; i < t->document->carried_count; i++)
	{
		const SchemaCarried *carried = &t->document->carried[i];

		to_pg_tell(t, words[carried->kind], NULL, carried->name, "it is in the source's own SQL",
				   carried->definition);
	}
}

/* ---- collations ---- */

static bool
was_told(const ToPg *t, const char *collation)
{
	for (size_t i = 0; i < t->document->not_carried_count; i++)
	{
		const SchemaNotCarried *told = &t->document->not_carried[i];

		if (strcmp(told->kind, "collation") == 0 && strcmp(told->name, collation) == 0)
			return true;
	}
	return false;
}

/* Once for each that takes different strings for equal. */
static void
tell_collations(ToPg *t)
{
	for (size_t i = 0; i < t->document->table_count; i++)
	{
		const SchemaTable *table = &t->document->tables[i];

		for (size_t k = 0; k < table->column_count; k++)
		{
			const char *collation = table->columns[k].collation;

			if (collation != NULL && strstr(collation, "_bin") == NULL &&
				strcmp(collation, "binary") != 0 && !was_told(t, collation))
				to_pg_tell(t, "collation", NULL, collation,
						   "PostgreSQL's columns tell strings apart that it takes for equal, in "
						   "keys and comparisons",
						   NULL);
		}
	}
}

/* ---- names ---- */

static void
fit_names(ToPg *t)
{
	SchemaDocument *document = t->document;

	for (size_t i = 0; i < document->schema_count; i++)
		document->schemas[i].name = to_pg_fitted(t, document->schemas[i].name);
	for (size_t i = 0; i < document->table_count; i++)
	{
		document->tables[i].schema = to_pg_fitted(t, document->tables[i].schema);
		document->tables[i].name = to_pg_fitted(t, document->tables[i].name);
	}
	for (size_t i = 0; document->load != NULL && i < document->load->table_count; i++)
	{
		SchemaLoadTable *read = &document->load->tables[i];

		read->schema = to_pg_fitted(t, read->schema);
		read->name = to_pg_fitted(t, read->name);
	}
}

/* ...of columns, and what only the source's tables have. */
static void
finish_table(ToPg *t, SchemaTable *table)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		SchemaColumn *column = &table->columns[i];

		column->name = to_pg_fitted(t, column->name);
		column->charset = NULL;
		column->auto_increment = column->invisible = false;
	}
	table->engine = table->collation = table->auto_increment = table->partitioning = NULL;
	table->versioned = false;
}

/* A sequence is known by its owner's name at the target. */
static void
fit_owners(ToPg *t)
{
	for (size_t i = 0; i < t->document->sequence_count; i++)
	{
		SchemaSequenceOwner *owner = t->document->sequences[i].owner;

		if (owner != NULL)
			owner->column = to_pg_fitted(t, owner->column);
	}
}

bool
schema_to_pg(SchemaDocument *document, SchemaDocument *home, const SchemaToPg *to, SluiceError *err)
{
	ToPg t = {.document = document, .home = home, .to = to, .err = err, .good = true};

	if (!make_columns(&t))
		return false;
	leave_carried(&t);
	tell_collations(&t);
	to_pg_types(&t);
	for (size_t i = 0; i < document->table_count; i++)
		to_pg_foreign_keys(&t, &document->tables[i]);
	fit_names(&t);
	for (size_t i = 0; t.good && i < document->table_count; i++)
		to_pg_columns(&t, &document->tables[i]);
	for (size_t i = 0; t.good && i < document->table_count; i++)
		to_pg_indexes(&t, &document->tables[i]);
	for (size_t i = 0; t.good && i < document->table_count; i++)
		finish_table(&t, &document->tables[i]);
	fit_owners(&t);
	to_pg_triggers(&t);
	return t.good;
}
