/*
 * run_tables.c - tables of a run (run_tables.h).
 */
#include "run_tables.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "control/live/live.h"
#include "control/store/store.h"
#include "run_document.h"

/* The first tables whose JSON fits, as text; to be freed. */
static char *
text_that_fits(const json_t *tables)
{
	json_t *kept = json_array(), *table;
	size_t used = 2, i;
	char *text;

	json_array_foreach((json_t *) tables, i, table)
	{
		used += json_dumpb(table, NULL, 0, JSON_COMPACT) + 1;
		if (used > RUN_TABLES_MAXIMUM)
			break;
		(void) json_array_append(kept, table);
	}
	text = json_dumps(kept, JSON_COMPACT);
	json_decref(kept);
	return text;
}

json_t *
run_tables_document(const json_t *run, const json_t *tables)
{
	char *text = text_that_fits(tables);
	json_t *document = NULL;

	if (text != NULL)
		document = json_pack("{s:s, s:s, s:s}", "run_id", text_of(run, "id"), "tenant",
							 text_of(run, "tenant"), "tables", text);
	free(text);
	return document;
}

bool
run_tables_keep(Control *control, const json_t *run, SluiceError *err)
{
	json_t *tables;
	bool good = true;

	if (control->live == NULL)
		return true;
	tables = live_tables_json(control->live, text_of(run, "stream"));
	if (json_array_size(tables) > 0)
	{
		char key[LAYOUT_KEY_MAXIMUM];
		json_t *document = run_tables_document(run, tables);

		good = document != NULL
				   ? store_put(control->store, STORE_STATE, run_tables_key(key, text_of(run, "id")),
							   document, STORE_ANY, NULL, err)
				   : sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a run's tables");
		json_decref(document);
	}
	json_decref(tables);
	return good;
}

json_t *
run_tables(Control *control, const json_t *run)
{
	char key[LAYOUT_KEY_MAXIMUM];
	const char *text;
	StoreEntry kept;
	json_t *tables;

	if (!run_has_ended(run))
		return live_tables_json(control->live, text_of(run, "stream"));
	if (!store_get(control->store, STORE_STATE, run_tables_key(key, text_of(run, "id")), &kept,
				   NULL))
		return json_array();
	text = text_of(kept.value, "tables");
	tables = text != NULL ? json_loads(text, 0, NULL) : json_array();
	store_entry_free(&kept);
	return tables;
}
