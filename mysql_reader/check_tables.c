/*
 * check_tables.c - the chosen tables: whether they can be read, and what streams of such tables are in
 * for (check_internal.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "check_internal.h"
#include "common/mysql/my_sql.h"
#include "copy_snapshot.h"

#define NAMED		 5	   /* tables that a finding names at most */
#define CASCADES_LOG 90600 /* since this release MySQL logs what foreign keys do */

/* A list of names as a finding shows it. */
typedef struct NameList
{
	char text[300];
	size_t count;
} NameList;

static void
note_table(NameList *list, const SchemaTable *table)
{
	size_t length = strlen(list->text);

	list->count++;
	if (list->count <= NAMED)
		(void) snprintf(list->text + length, sizeof(list->text) - length, "%s%s.%s",
						length > 0 ? ", " : "", table->schema, table->name);
	else if (list->count == NAMED + 1)
		(void) snprintf(list->text + length, sizeof(list->text) - length, ", ...");
}

/* ---- properties ---- */

static bool
lacks_key(const Checker *checker, const SchemaTable *table)
{
	(void) checker;
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (table->indexes[i].primary || table->indexes[i].unique)
			return false;
	}
	return true;
}

static bool
lacks_snapshots(const Checker *checker, const SchemaTable *table)
{
	return checker->settings->mode != MODE_CDC && !copy_engine_has_snapshots(table->engine);
}

static bool
cascades(const Checker *checker, const SchemaTable *table)
{
	if (checker->c.flavour == MY_MYSQL && checker->c.version >= CASCADES_LOG)
		return false;
	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		const SchemaForeignKey *key = &table->foreign_keys[i];

		if (key->on_delete == SCHEMA_CASCADE || key->on_delete == SCHEMA_SET_NULL ||
			key->on_update == SCHEMA_CASCADE || key->on_update == SCHEMA_SET_NULL)
			return true;
	}
	return false;
}

static const struct Property
{
	const char *check;
	bool (*has)(const Checker *checker, const SchemaTable *table);
	const char *what, *hint;
} properties[] = {
	{"keys", lacks_key,
	 "without a primary or unique key: their rows are found by all columns, which is slow",
	 "give them primary keys"},
	{"engines", lacks_snapshots,
	 "whose engine has no snapshots: nobody can write to them while they are copied",
	 "ALTER TABLE ... ENGINE = InnoDB"},
	{"foreign keys", cascades,
	 "with foreign keys that change rows by themselves (CASCADE, SET NULL), which this server does "
	 "not log: targets need the same foreign keys, acting",
	 "let the application change those rows, or compare now and then (sluice-writer verify)"},
};

static void
check_properties(Checker *checker, const SchemaDocument *document)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
	{
		NameList list = {0};

		for (size_t t = 0; t < document->table_count; t++)
		{
			if (properties[i].has(checker, &document->tables[t]))
				note_table(&list, &document->tables[t]);
		}
		if (list.count > 0)
			findings_add(checker->findings, FINDING_WARNING, properties[i].check,
						 properties[i].hint, "%zu %s %s: %s", list.count,
						 list.count == 1 ? "table" : "tables", properties[i].what, list.text);
	}
}

/* ---- reading ---- */

static bool
can_select(Checker *checker, const SchemaTable *table)
{
	SluiceError ignored;
	char *name = my_table_name(table->schema, table->name);
	bool can = name != NULL && my_exec(&checker->c, &ignored, "SELECT * FROM %s LIMIT 0", name);

	free(name);
	return can;
}

static void
check_select(Checker *checker, const SchemaDocument *document)
{
	NameList list = {0};
	char mend[ACCOUNT_SIZE + 300];
	const char *first = NULL;

	for (size_t i = 0; i < document->table_count; i++)
	{
		if (can_select(checker, &document->tables[i]))
			continue;
		note_table(&list, &document->tables[i]);
		first = first != NULL ? first : document->tables[i].schema;
	}
	if (list.count == 0)
	{
		findings_add(checker->findings, FINDING_OK, "tables", NULL, "%zu %s chosen and can be read",
					 document->table_count, document->table_count == 1 ? "table is" : "tables are");
		return;
	}
	(void) snprintf(mend, sizeof(mend), "GRANT SELECT ON `%s`.* TO %s", first, checker->account);
	findings_add(checker->findings, FINDING_FAILED, "SELECT", mend,
				 "%zu of %zu tables cannot be read: %s", list.count, document->table_count,
				 list.text);
}

void
check_tables(Checker *checker)
{
	SluiceError err = {0};
	TableChoice *choice = NULL;
	SchemaDocument *document = NULL;
	bool folds;

	if (catalog_folds_names(&checker->c, &folds, &err) &&
		(choice = table_choice_parse(checker->settings->tables, folds, &err)) != NULL)
		document = catalog_read(&checker->c, checker->settings->stream, choice, &err);
	if (document == NULL)
		findings_add_error(checker->findings, FINDING_FAILED, "tables", &err);
	else if (document->table_count == 0)
		findings_add(checker->findings,
					 checker->settings->mode == MODE_CDC ? FINDING_WARNING : FINDING_FAILED,
					 "tables", "check --tables; tables that the user may not read do not show",
					 "no table fits \"%.200s\"", checker->settings->tables);
	else
	{
		check_select(checker, document);
		check_properties(checker, document);
	}
	schema_document_free(document);
	table_choice_free(choice);
}
