/*
 * schema_to_pg_trigger.c - ON UPDATE CURRENT_TIMESTAMP (schema_to_pg_parts.h).
 *
 * A trigger does it, as there: where the row changes and the column is not set itself.  It is made at
 * the end of a copy, and the writer's changes do not fire it, as they come with the column's value
 * (session_replication_role).
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "schema_to_pg_parts.h"

/* "(3)" of "CURRENT_TIMESTAMP(3)", "(0)" without. */
static const char *
digits_of(ToPg *t, const char *on_update)
{
	const char *open = strchr(on_update, '(');
	bool some = open != NULL && open[1] >= '1' && open[1] <= '6';

	return to_pg_text(t, "(%c)", some ? open[1] : '0');
}

/* What the function does with each of the columns; "" for none. */
static const char *
assignments_of(ToPg *t, const SchemaTable *table)
{
	const char *text = "";

	for (size_t i = 0; i < table->column_count; i++)
	{
		const SchemaColumn *column = &table->columns[i];
		const char *name;

		if (column->on_update == NULL)
			continue;
		name = to_pg_quoted(t, column->name);
		text = to_pg_text(t,
						  "%s\n  IF NEW.%s IS NOT DISTINCT FROM OLD.%s THEN NEW.%s := "
						  "CURRENT_TIMESTAMP%s; END IF;",
						  text, name, name, name, digits_of(t, column->on_update));
	}
	return text;
}

static void
add_trigger(ToPg *t, const SchemaTable *table, const char *assignments)
{
	SchemaDocument *document = t->document;
	const char *name = to_pg_fitted(t, to_pg_text(t, "%s_on_update", table->name));
	const char *quoted = to_pg_quoted(t, name);
	const char *function = to_pg_qualified(t, table->schema, name);
	const char *on = to_pg_qualified(t, table->schema, table->name);

	document->carried[document->carried_count++] = (SchemaCarried){
		.kind = SCHEMA_CARRIED_FUNCTION,
		.schema = table->schema,
		.name = to_pg_text(t, "%s()", name),
		.definition = to_pg_text(
			t,
			"CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $sluice$\n"
			"BEGIN\n IF NEW::text IS DISTINCT FROM OLD::text THEN%s\n END IF;\n RETURN NEW;\n"
			"END $sluice$",
			function, assignments),
	};
	document->carried[document->carried_count++] = (SchemaCarried){
		.kind = SCHEMA_CARRIED_TRIGGER,
		.schema = table->schema,
		.name = name,
		.table = table->name,
		.definition = to_pg_text(t,
								 "DROP TRIGGER IF EXISTS %s ON %s;\n"
								 "CREATE TRIGGER %s BEFORE UPDATE ON %s FOR EACH ROW EXECUTE "
								 "PROCEDURE %s()",
								 quoted, on, quoted, on, function),
	};
}

void
to_pg_triggers(ToPg *t)
{
	SchemaDocument *document = t->document;

	document->carried_count = 0;
	document->carried = to_pg_room(t, (2 * document->table_count + 1) * sizeof(SchemaCarried));
	for (size_t i = 0; t->good && i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];
		const char *assignments = assignments_of(t, table);

		if (*assignments != '\0')
			add_trigger(t, table, assignments);
	}
}
