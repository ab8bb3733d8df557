/*
 * my_structure.c - the operations of writer/structure.h for MySQL and MariaDB:
 * running statements, and which of them make what was chosen.
 *
 * Statements that change structure commit by themselves.  So what was begun is
 * noted first (note_begun), and what is done in part is gone on with.
 */
#include "my_structure.h"

#include <stdlib.h>
#include <string.h>

#include "common/mysql/my_identity.h"
#include "my_load.h"
#include "my_rights.h"
#include "my_session.h"
#include "my_structure_state.h"
#include "writer/document_view.h"

/* ---- running ---- */

/* A question: what it answers, if anything, is what is wrong. */
static bool
run_question(MyConnection *c, const char *sql, SluiceError *err)
{
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;
	bool good = my_query(c, &result, err, "%s", sql);

	if (!good)
		return false;
	row = mysql_fetch_row(result);
	if (row != NULL && row[0] != NULL)
		good = sluice_fail(err, SLUICE_ERROR_DATA, "%s", row[0]);
	mysql_free_result(result);
	return good;
}

bool
my_structure_run(MyConnection *c, const char *sql, SluiceError *err)
{
	return strncmp(sql, "SELECT ", 7) == 0 ? run_question(c, sql, err)
										   : my_run(c, sql, strlen(sql), NULL, err);
}

static bool
run(Structure *base, const char *sql, RunMode mode, SluiceError *err)
{
	(void) mode;
	return my_structure_run(((MyStructure *) base)->c, sql, err);
}

static bool
note_begun(Structure *base, SluiceError *err)
{
	return my_load_note_begun(((MyStructure *) base)->c, err);
}

/* ---- rows ---- */

static bool
has_rows(Structure *base, size_t number, bool *rows, SluiceError *err)
{
	MyStructure *s = (MyStructure *) base;
	const SchemaTable *table = &base->document->tables[number];
	char *name = my_table_name(my_design_database(&s->design, table->schema), table->name);
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;
	bool good = name != NULL
					? my_query(s->c, &result, err, "SELECT EXISTS (SELECT 1 FROM %s)", name)
					: sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");

	free(name);
	if (!good)
		return false;
	row = mysql_fetch_row(result);
	*rows = row != NULL && row[0] != NULL && *row[0] == '1';
	mysql_free_result(result);
	return true;
}

/* ---- what was chosen ---- */

static void
for_tables(const MyDdl *ddl, const Chosen *chosen, unsigned bit,
		   void (*does)(const MyDdl *ddl, const SchemaTable *table))
{
	const SchemaDocument *document = ddl->design->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		if ((chosen->of[OBJECT_TABLE][i] & bit) != 0)
			does(ddl, &document->tables[i]);
	}
}

static void
write_chosen(Structure *base, const Chosen *chosen, Script *script)
{
	const MyStructure *s = (const MyStructure *) base;
	const MyDdl ddl = {.design = &s->design, .script = script};

	for_tables(&ddl, chosen, CHOSEN_DROP, my_ddl_drop);
	for (size_t i = 0; i < base->document->schema_count; i++)
	{
		if ((chosen->of[OBJECT_SCHEMA][i] & CHOSEN_CREATE) != 0)
			my_ddl_database(&ddl, my_design_database(&s->design, base->document->schemas[i].name));
	}
	for_tables(&ddl, chosen, CHOSEN_CREATE, my_ddl_table);
	for_tables(&ddl, chosen, CHOSEN_EMPTY, my_ddl_truncate);
}

/* Functions, views and triggers are in PostgreSQL's language: they are told,
 * not made. */
static void
write_carried(Structure *base, Script *script)
{
	(void) base;
	(void) script;
}

static void
write_type(Structure *base, size_t table, size_t column, FILE *out)
{
	const MyStructure *s = (const MyStructure *) base;
	const SchemaTable *of = &base->document->tables[table];
	const MyColumnDesign *made = my_design_column(&s->design, of, of->columns[column].name);
	char loses[LOSES_SIZE];

	if (made->left_out)
	{
		(void) fputs("left out", out);
		return;
	}
	my_write_type(&s->design, of, &of->columns[column], out);
	type_loses_write(made->choice.loses, loses);
	if (loses[0] != '\0')
		(void) fprintf(out, " (without %s: %s)", loses, loss_policy_names[made->choice.policy]);
	if (made->choice.by_rule)
		(void) fputs(" (by --types)", out);
}

/* ---- what cannot be ---- */

/* A table is dropped without a look at who points to it: keys of others would
 * point to nothing. */
static void
judge_drops(const MyStructure *s, const Chosen *chosen, Findings *findings)
{
	const SchemaDocument *document = s->base.document;

	for (size_t k = 0; k < s->keys.count; k++)
	{
		MYSQL_ROW row = s->keys.rows[k];
		bool ours = false, drops = false;

		for (size_t i = 0; i < document->table_count; i++)
		{
			const SchemaTable *table = &document->tables[i];
			const char *database = my_design_database(&s->design, table->schema);

			if ((chosen->of[OBJECT_TABLE][i] & CHOSEN_DROP) == 0)
				continue;
			ours |= strcmp(row[0], database) == 0 && strcmp(row[1], table->name) == 0;
			drops |= strcmp(row[KEY_DATABASE], database) == 0 &&
					 strcmp(row[KEY_TABLE], table->name) == 0;
		}
		if (drops && !ours)
			findings_problem(findings, "foreign key %s of %s.%s points to %s.%s, which is dropped",
							 row[KEY_NAME], row[0], row[1], row[KEY_DATABASE], row[KEY_TABLE]);
	}
}

/* Whether something of a schema is to be made. */
static bool
makes(const SchemaDocument *document, const Chosen *chosen, size_t schema)
{
	bool made = (chosen->of[OBJECT_SCHEMA][schema] & CHOSEN_CREATE) != 0;

	for (size_t i = 0; i < document->table_count; i++)
		made |= (chosen->of[OBJECT_TABLE][i] & CHOSEN_CREATE) != 0 &&
				strcmp(document->tables[i].schema, document->schemas[schema].name) == 0;
	return made;
}

/* Before it is begun; then the server's own answer says it, and surely. */
static void
judge_rights(const MyStructure *s, const Chosen *chosen, Findings *findings)
{
	const SchemaDocument *document = s->base.document;

	for (size_t i = 0; i < document->schema_count; i++)
	{
		const char *database = my_design_database(&s->design, document->schemas[i].name);

		if (makes(document, chosen, i) && !my_may_create(s->c, database))
			findings_problem(findings, "the target's user lacks CREATE on database %s, %s",
							 database,
							 (chosen->of[OBJECT_SCHEMA][i] & CHOSEN_CREATE) != 0
								 ? "which is to be made"
								 : "in which tables are to be made");
	}
}

/* A table of the stream would be its own target: emptied by the copy, written round and round. */
static void
judge_itself(const MyStructure *s, Findings *findings)
{
	const DocumentView *view = my_settings(s->c)->view;

	for (size_t i = 0; i < s->base.document->table_count; i++)
	{
		const SchemaTable *table = &s->base.document->tables[i];

		if (strcmp(my_design_database(&s->design, table->schema), table->schema) == 0 &&
			!schema_names_gives(view != NULL ? view->schemas : NULL, table->schema))
			findings_problem(findings,
							 "table %s.%s is the stream's own source, as the target is the same "
							 "server: say with --schemas to which other database it goes",
							 table->schema, table->name);
	}
}

static bool
judge(Structure *base, const Chosen *chosen, Findings *findings, SluiceError *err)
{
	const MyStructure *s = (const MyStructure *) base;
	const char *source = base->document->source.server;
	char target[MY_IDENTITY_SIZE];

	if (source != NULL && !my_identity(s->c, target, err))
		return false;
	if (source != NULL && strcmp(source, target) == 0)
		judge_itself(s, findings);
	my_design_tell(&s->design, base->settings->create, chosen->of[OBJECT_TABLE], findings);
	judge_drops(s, chosen, findings);
	if (base->plans)
		judge_rights(s, chosen, findings);
	return true;
}

/* ---- open and close ---- */

static void
close_structure(Structure *base)
{
	MyStructure *s = (MyStructure *) base;

	my_structure_forget(s);
	my_design_free(&s->design);
	free(s);
}

static const StructureOps operations = {
	.close = close_structure,
	.look = my_structure_look,
	.judge = judge,
	.state = my_structure_state,
	.has_rows = has_rows,
	.has_key = my_structure_has_key,
	.write_chosen = write_chosen,
	.write_table = my_structure_write_table,
	.write_keys = my_structure_write_keys,
	.write_carried = write_carried,
	.write_type = write_type,
	.run = run,
	.note_begun = note_begun,
};

TargetKind
my_connection_kind(const MyConnection *c)
{
	return (TargetKind){c->flavour == MY_MARIADB ? FLAVOUR_MARIADB : FLAVOUR_MYSQL,
						(int) c->version};
}

Structure *
my_structure_open(MyConnection *c, const SchemaDocument *document,
				  const StructureSettings *settings, SluiceError *err)
{
	const TargetKind target = my_connection_kind(c);
	MyStructure *s = calloc(1, sizeof(*s));

	if (s == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
		return NULL;
	}
	s->base = (Structure){
		.ops = &operations, .document = document, .settings = settings, .log = my_settings(c)->log};
	s->c = c;
	if (my_design_make(&s->design, document, &target, my_settings(c)->types, c->uri.database, err))
		return &s->base;
	close_structure(&s->base);
	return NULL;
}
