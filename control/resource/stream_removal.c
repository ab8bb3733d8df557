/*
 * stream_removal.c - the order is: the stream, older runs, their list, the name, the run that says it shall go.
 */
#include "stream_removal.h"

#include <stdio.h>
#include <string.h>

#include "common/control/layout.h"
#include "run_document.h"
#include "stream_name.h"

/* Removes a key, whatever it is at. */
static bool
remove_key(Control *control, StoreArea area, const char *key, SluiceError *err)
{
	return store_delete(control->store, area, key, STORE_ANY, err) ||
		   err->code == SLUICE_ERROR_NOT_FOUND;
}

#define KEYS_AT_ONCE 64

typedef struct Keys
{
	char keys[KEYS_AT_ONCE][STORE_KEY_MAXIMUM];
	size_t count;
} Keys;

static bool
note_key(void *context, const StoreEntry *entry)
{
	Keys *keys = context;

	(void) snprintf(keys->keys[keys->count++], STORE_KEY_MAXIMUM, "%s", entry->key);
	return keys->count < KEYS_AT_ONCE;
}

bool
run_forget(Control *control, const char *tenant, const char *run_id, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM], prefix[LAYOUT_KEY_MAXIMUM];
	Keys keys;

	/* The run first: nobody takes a job of it any more. */
	if (!remove_key(control, STORE_STATE, run_key(key, tenant, run_id), err) ||
		!remove_key(control, STORE_STATE, run_tables_key(key, run_id), err))
		return false;
	do
	{
		keys.count = 0;
		if (!store_each(control->store, STORE_STATE, key_prefix(prefix, "job", run_id, NULL), NULL,
						note_key, &keys, err))
			return false;
		for (size_t i = 0; i < keys.count; i++)
			if (!remove_key(control, STORE_STATE, keys.keys[i], err))
				return false;
	} while (keys.count == KEYS_AT_ONCE);
	return true;
}

/* All runs of the list but one. */
static bool
forget_runs(Control *control, const char *tenant, const StoreEntry *list, const char *keep_run,
			SluiceError *err)
{
	json_t *id;
	size_t i;

	json_array_foreach(json_object_get(list->value, "runs"), i, id)
	{
		const char *run_id = json_string_value(id);
		if (keep_run != NULL && strcmp(run_id, keep_run) == 0)
			continue;
		if (!run_forget(control, tenant, run_id, err))
			return false;
	}
	return true;
}

bool
stream_forget(Control *control, const char *tenant, const char *stream_id, const char *name,
			  const char *keep_run, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry list;
	bool good;

	if (!remove_key(control, STORE_CONFIG, stream_key(key, tenant, stream_id), err) ||
		!run_list_get(control, tenant, stream_id, &list, err))
		return false;
	good = forget_runs(control, tenant, &list, keep_run, err) &&
		   remove_key(control, STORE_STATE, run_list_key(key, tenant, stream_id), err) &&
		   stream_name_release(control, tenant, name, stream_id, err);
	store_entry_free(&list);
	return good && (keep_run == NULL || run_forget(control, tenant, keep_run, err));
}
