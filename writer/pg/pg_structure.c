/*
 * pg_structure.c - the operations of structure.h for PostgreSQL: running statements, and which of them
 * make what was chosen.
 */
#include "pg_structure.h"

#include <stdlib.h>
#include <string.h>

#include "pg_structure_state.h"

/* ---- running ---- */

/* The settings of a session are those of applying changes; these are for long work on whole tables. */
static const char long_work[] =
	"SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;"
	"SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;"
	"SET LOCAL check_function_bodies = off;"
	"SELECT pg_catalog.set_config('maintenance_work_mem', '256MB', true) WHERE"
	" pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')) < 256 << 20";

/* What the server says besides, for the error's hint: its detail names what is in the way. */
static void
add_detail(const PgConnection *c, SluiceError *err)
{
	static const char *const marks[] = {"DETAIL:  ", "HINT:  "};
	const char *at = NULL, *message = PQerrorMessage(c->conn);

	if (err->hint[0] != '\0')
		return;
	for (size_t i = 0; at == NULL && i < sizeof(marks) / sizeof(marks[0]); i++)
	{
		at = strstr(message, marks[i]);
		if (at != NULL)
			at += strlen(marks[i]);
	}
	if (at != NULL)
		(void) sluice_hint(err, "%.*s", (int) strcspn(at, "\n"), at);
}

/* Back to where the transaction, or its part, began; an error that is more than the statement's stays. */
static bool
fail_back(PgConnection *c, const char *back, SluiceError *err)
{
	SluiceError other = {0};

	add_detail(c, err);
	if (!pg_query(c, NULL, &other, "%s", back))
		*err = other;
	return false;
}

static bool
run(Structure *base, const char *sql, RunMode mode, SluiceError *err)
{
	static const struct
	{
		const char *begin, *end, *back;
	} frames[] = {
		[RUN_GUARDED] = {"SAVEPOINT sluice_step", "RELEASE sluice_step",
						 "ROLLBACK TO sluice_step; RELEASE sluice_step"},
		[RUN_ALONE] = {"BEGIN", "COMMIT", "ROLLBACK"},
	};
	PgConnection *c = ((PgStructure *) base)->c;

	if (mode == RUN_INSIDE)
	{
		if (pg_query(c, NULL, err, "%s", sql))
			return true;
		add_detail(c, err);
		return false;
	}
	/* What begins has a query of its own: where the statement cannot be parsed, neither is the rest. */
	return pg_query(c, NULL, err, "%s;%s", frames[mode].begin,
					mode == RUN_ALONE ? long_work : "") &&
		   (pg_query(c, NULL, err, "%s;%s", sql, frames[mode].end) ||
			fail_back(c, frames[mode].back, err));
}

/* ---- rows ---- */

static bool
has_rows(Structure *base, size_t number, bool *rows, SluiceError *err)
{
	PgStructure *s = (PgStructure *) base;
	const SchemaTable *table = &base->document->tables[number];
	PGresult *result = NULL;
	char *name = NULL;
	size_t size;
	FILE *out = open_memstream(&name, &size);
	bool good = out != NULL;

	if (good)
	{
		pg_put_qualified(out, table->schema, table->name);
		good = fclose(out) == 0;
	}
	good = good ? pg_query(s->c, &result, err, "SELECT EXISTS (SELECT FROM %s%s)",
						   pg_structure_kind(s, number) == 'p' ? "" : "ONLY ", name)
				: sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	if (good)
		*rows = *PQgetvalue(result, 0, 0) == 't';
	PQclear(result);
	free(name);
	return good;
}

/* ---- what was chosen ---- */

typedef struct Making
{
	PgStructure *s;
	const Chosen *chosen;
	PgDdl ddl;
} Making;

static bool
is_chosen(const Making *making, ObjectKind kind, size_t i, unsigned bit)
{
	return (making->chosen->of[kind][i] & bit) != 0;
}

static void
drop(const Making *making, const char *what, const char *schema, const char *name)
{
	FILE *out = script_step(making->ddl.script, STEP_STOPS, "old object", schema, name);

	(void) fprintf(out, "DROP %s IF EXISTS ", what);
	pg_put_qualified(out, schema, name);
}

/* What is carried and in the way, all of a kind at once, as one may need another. */
static void
drop_carried(const Making *making, char kind, const char *what)
{
	const SchemaDocument *document = making->ddl.document;
	const PgRows *rows = &making->s->carried;
	FILE *out = NULL;

	for (size_t i = 0; i < document->carried_count; i++)
	{
		const SchemaCarried *carried = &document->carried[i];
		int row;

		if (!is_chosen(making, OBJECT_CARRIED, i, CHOSEN_DROP) || pg_rows_of(rows, i, &row) == 0 ||
			*PQgetvalue(rows->result, row, 1) != kind)
			continue;
		if (out == NULL)
			(void) fprintf(out = script_step(making->ddl.script, STEP_STOPS, "old object",
											 carried->schema, carried->name),
						   "DROP %s ", what);
		else
			(void) fputs(", ", out);
		(void) fputs(PQgetvalue(rows->result, row, 2), out);
	}
}

/* One statement about all tables with the bit. */
static void
for_tables(const Making *making, unsigned bit)
{
	const SchemaDocument *document = making->ddl.document;
	const SchemaTable **tables = calloc(document->table_count + 1, sizeof(*tables));
	bool *parted = calloc(document->table_count + 1, sizeof(*parted));
	size_t count = 0;

	for (size_t i = 0; tables != NULL && parted != NULL && i < document->table_count; i++)
	{
		if (!is_chosen(making, OBJECT_TABLE, i, bit))
			continue;
		parted[count] = pg_structure_kind(making->s, i) == 'p';
		tables[count++] = &document->tables[i];
	}
	if (tables == NULL || parted == NULL)
		making->ddl.script->failed = true;
	else if (bit == CHOSEN_DROP)
		pg_ddl_drop(&making->ddl, tables, count);
	else
		pg_ddl_truncate(&making->ddl, tables, parted, count);
	free(tables);
	free(parted);
}

static void
drop_old(const Making *making)
{
	const SchemaDocument *document = making->ddl.document;

	drop_carried(making, 'v', "VIEW");
	drop_carried(making, 'f', making->ddl.version >= 110000 ? "ROUTINE" : "FUNCTION");
	for_tables(making, CHOSEN_DROP);
	for (size_t i = 0; i < document->sequence_count; i++)
	{
		if (is_chosen(making, OBJECT_SEQUENCE, i, CHOSEN_DROP))
			drop(making, "SEQUENCE", document->sequences[i].schema, document->sequences[i].name);
	}
	for (size_t i = document->type_count; i-- > 0;)
	{
		if (is_chosen(making, OBJECT_TYPE, i, CHOSEN_DROP))
			drop(making, document->types[i].kind == SCHEMA_TYPE_DOMAIN ? "DOMAIN" : "TYPE",
				 document->types[i].schema, document->types[i].name);
	}
}

/*
 * Functions that types and tables need.  One that itself needs a type or a table passes here, and
 * comes with the next call or with all others at the end.
 */
static void
make_functions(const Making *making)
{
	const SchemaDocument *document = making->ddl.document;

	for (size_t i = 0; i < document->carried_count; i++)
	{
		const SchemaCarried *carried = &document->carried[i];

		if (carried->before_tables)
			(void) fputs(carried->definition,
						 script_step(making->ddl.script, STEP_PASSES, "function", carried->schema,
									 carried->name));
	}
}

static bool
has_functions(const Making *making)
{
	const SchemaDocument *document = making->ddl.document;
	bool found = false;

	for (size_t i = 0; i < document->carried_count && !found; i++)
		found = document->carried[i].before_tables;
	return found && (making->s->base.settings->create & CREATE_TABLES) != 0;
}

/* Ranges are made with functions, the other types' rules come behind: so functions come twice. */
static void
make_types(const Making *making)
{
	const SchemaDocument *document = making->ddl.document;
	bool functions = has_functions(making);

	if (functions)
	{
		(void) fputs("SET LOCAL check_function_bodies = off",
					 script_step(making->ddl.script, STEP_STOPS, "setting", NULL, "functions"));
		make_functions(making);
	}
	for (size_t i = 0; i < document->type_count; i++)
	{
		if (is_chosen(making, OBJECT_TYPE, i, CHOSEN_CREATE))
			pg_ddl_type(&making->ddl, &document->types[i]);
	}
	if (functions && document->type_count > 0)
		make_functions(making);
	for (size_t i = 0; i < document->type_count; i++)
	{
		if (is_chosen(making, OBJECT_TYPE, i, CHOSEN_CREATE))
			pg_ddl_type_rules(&making->ddl, &document->types[i]);
	}
}

static void
make_before_tables(const Making *making)
{
	const SchemaDocument *document = making->ddl.document;

	for (size_t i = 0; i < document->schema_count; i++)
	{
		if (is_chosen(making, OBJECT_SCHEMA, i, CHOSEN_CREATE))
			pg_ddl_schema(&making->ddl, &document->schemas[i]);
	}
	make_types(making);
	for (size_t i = 0; i < document->sequence_count; i++)
	{
		if (is_chosen(making, OBJECT_SEQUENCE, i, CHOSEN_CREATE))
			pg_ddl_sequence(&making->ddl, &document->sequences[i]);
	}
}

/* Unlogged tables are empty after a crash of the target; so is this one, whose rows name them. */
static void
make_marks(const Making *making)
{
	FILE *out = script_step(making->ddl.script, STEP_STOPS, "table", "sluice", "load_unlogged");

	(void) fputs("CREATE UNLOGGED TABLE IF NOT EXISTS sluice.load_unlogged"
				 " (stream pg_catalog.text, consumer pg_catalog.text,"
				 " schema pg_catalog.text, name pg_catalog.text)",
				 out);
}

static void
mark_unlogged(const Making *making, const SchemaTable *table)
{
	const TargetSettings *target = making->s->c->settings;
	const char *const values[] = {target->stream, target->consumer, table->schema, table->name};
	FILE *out = script_step(making->ddl.script, STEP_STOPS, "row of", "sluice", "load_unlogged");

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		(void) fputs(i == 0 ? "INSERT INTO sluice.load_unlogged VALUES (" : ", ", out);
		pg_put_literal(out, values[i]);
	}
	(void) fputc(')', out);
}

static void
mark_all_unlogged(const Making *making)
{
	const SchemaDocument *document = making->ddl.document;

	if (!making->s->base.settings->unlogged)
		return;
	make_marks(making);
	for (size_t i = 0; i < document->table_count; i++)
	{
		if (is_chosen(making, OBJECT_TABLE, i, CHOSEN_CREATE | CHOSEN_EMPTY))
			mark_unlogged(making, &document->tables[i]);
	}
}

static void
make_tables(const Making *making)
{
	const SchemaDocument *document = making->ddl.document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];
		const SchemaTable *parent = pg_parent(&making->ddl, table);
		bool made = is_chosen(making, OBJECT_TABLE, i, CHOSEN_CREATE);

		if (made)
			pg_ddl_table(&making->ddl, table, making->s->base.settings->unlogged);
		if (made ||
			(parent != NULL &&
			 is_chosen(making, OBJECT_TABLE, (size_t) (parent - document->tables), CHOSEN_CREATE)))
			pg_ddl_attach(&making->ddl, table);
	}
}

static void
write_chosen(Structure *base, const Chosen *chosen, Script *script)
{
	PgStructure *s = (PgStructure *) base;
	const Making making = {
		.s = s, .chosen = chosen, .ddl = {base->document, s->c->version, script}};

	drop_old(&making);
	make_before_tables(&making);
	make_tables(&making);
	for (size_t i = 0; i < base->document->sequence_count; i++)
	{
		if (is_chosen(&making, OBJECT_SEQUENCE, i, CHOSEN_CREATE))
			pg_ddl_sequence_owner(&making.ddl, &base->document->sequences[i]);
	}
	for_tables(&making, CHOSEN_EMPTY);
	mark_all_unlogged(&making);
}

static void
write_carried(Structure *base, Script *script)
{
	static const char *const words[] = {[SCHEMA_CARRIED_FUNCTION] = "function",
										[SCHEMA_CARRIED_VIEW] = "view",
										[SCHEMA_CARRIED_TRIGGER] = "trigger"};

	for (size_t i = 0; i < base->document->carried_count; i++)
	{
		const SchemaCarried *carried = &base->document->carried[i];

		/* A plan has shown these before the tables. */
		if (base->planned != NULL && carried->before_tables)
			continue;
		(void) fputs(carried->definition, script_step(script, STEP_WARNS, words[carried->kind],
													  carried->schema, carried->name));
	}
}

/* ---- what cannot be ---- */

static bool
judge(Structure *base, const Chosen *chosen, Findings *findings, SluiceError *err)
{
	PgStructure *s = (PgStructure *) base;
	const SchemaSource *source = &base->document->source;
	const char *encoding = PQparameterStatus(s->c->conn, "server_encoding");
	const PgDdl ddl = {base->document, s->c->version, NULL};

	if (encoding != NULL && strcmp(encoding, "UTF8") != 0 &&
		strcmp(encoding, source->encoding) != 0)
		findings_warning(findings,
						 "the target's encoding is %s, the source's %s: characters it does not "
						 "have are refused",
						 encoding, source->encoding);
	pg_ddl_judge(&ddl, base->settings->create, chosen->of[OBJECT_TABLE], findings);
	return pg_structure_needs(s, chosen, findings, err);
}

/* ---- open and close ---- */

static void
close_structure(Structure *base)
{
	pg_structure_forget((PgStructure *) base);
	free(base);
}

static const StructureOps operations = {
	.close = close_structure,
	.look = pg_structure_look,
	.judge = judge,
	.state = pg_structure_state,
	.has_rows = has_rows,
	.has_key = pg_structure_has_key,
	.write_chosen = write_chosen,
	.write_table = pg_structure_write_table,
	.write_keys = pg_structure_write_keys,
	.write_carried = write_carried,
	.run = run,
};

Structure *
pg_structure_open(PgConnection *c, const SchemaDocument *document,
				  const StructureSettings *settings, SluiceError *err)
{
	PgStructure *s = calloc(1, sizeof(*s));

	if (s == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
		return NULL;
	}
	s->base = (Structure){
		.ops = &operations, .document = document, .settings = settings, .log = c->settings->log};
	s->c = c;
	return &s->base;
}
