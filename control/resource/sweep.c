/*
 * sweep.c - see sweep.h.
 */
#include "sweep.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "run_document.h"

typedef struct Sweep
{
	Control *control;
	int64_t now;
	struct
	{
		char key[STORE_KEY_MAXIMUM];
		uint64_t revision;
	} found[SWEEP_AT_ONCE];
	size_t count;
} Sweep;

static bool
note(Sweep *all, const StoreEntry *entry)
{
	(void) snprintf(all->found[all->count].key, STORE_KEY_MAXIMUM, "%s", entry->key);
	all->found[all->count++].revision = entry->revision;
	return all->count < SWEEP_AT_ONCE;
}

/* A run that its stream's list does not name. */
static bool
look_at_run(void *context, const StoreEntry *entry)
{
	Sweep *all = context;
	const char *id = key_last(entry->key);
	StoreEntry list;
	json_t *kept;
	bool named = false;
	size_t i;

	if (all->now - entry->written_ms < SWEEP_MINIMUM_MS ||
		!run_list_get(all->control, text_of(entry->value, "tenant"),
					  text_of(entry->value, "stream_id"), &list, NULL))
		return true;
	json_array_foreach(json_object_get(list.value, "runs"), i, kept)
	{
		named = named || strcmp(json_string_value(kept), id) == 0;
	}
	store_entry_free(&list);
	return named || note(all, entry);
}

/* A report, or tables, of a run that is not there. */
static bool
look_at_job(void *context, const StoreEntry *entry)
{
	Sweep *all = context;
	const char *tenant = text_of(entry->value, "tenant"), *run_id = text_of(entry->value, "run_id");
	StoreEntry run;
	SluiceError err;

	if (all->now - entry->written_ms < SWEEP_MINIMUM_MS || tenant == NULL || run_id == NULL)
		return true;
	if (run_get(all->control, tenant, run_id, &run, &err))
	{
		store_entry_free(&run);
		return true;
	}
	return err.code != SLUICE_ERROR_NOT_FOUND || note(all, entry);
}

static bool
look_at_worker(void *context, const StoreEntry *entry)
{
	Sweep *all = context;

	return all->now - entry->written_ms < SWEEP_WORKER_MS || note(all, entry);
}

/* A wish to drain for a worker that is not there. */
static bool
look_at_drain(void *context, const StoreEntry *entry)
{
	Sweep *all = context;
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry worker;
	SluiceError err;

	if (all->now - entry->written_ms < SWEEP_MINIMUM_MS)
		return true;
	if (store_get(all->control->store, STORE_STATE, worker_key(key, key_last(entry->key)), &worker,
				  &err))
	{
		store_entry_free(&worker);
		return true;
	}
	return err.code != SLUICE_ERROR_NOT_FOUND || note(all, entry);
}

static bool
remove_found(Sweep *all, SluiceError *err)
{
	for (size_t i = 0; i < all->count; i++)
		if (!store_delete(all->control->store, STORE_STATE, all->found[i].key,
						  all->found[i].revision, err) &&
			err->code != SLUICE_ERROR_CONFLICT && err->code != SLUICE_ERROR_NOT_FOUND)
			return false;
	all->count = 0;
	return true;
}

bool
sweep_now(Control *control, SluiceError *err)
{
	static const struct
	{
		const char *prefix;
		StoreEach each;
	} kinds[] = {
		{"run.", look_at_run},		 {"job.", look_at_job},		{"tables.", look_at_job},
		{"worker.", look_at_worker}, {"drain.", look_at_drain},
	};
	Sweep all = {.control = control, .now = timestamp_now()};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!store_each(control->store, STORE_STATE, kinds[i].prefix, NULL, kinds[i].each, &all,
						err) ||
			!remove_found(&all, err))
			return false;
	return true;
}

bool
sweep(Control *control, SluiceError *err)
{
	static _Atomic int64_t last; /* of this process; the first time is soon enough after a while */
	int64_t now = timestamp_now(), before = 0;

	if (atomic_compare_exchange_strong(&last, &before, now) || now - before < SWEEP_EVERY_MS)
		return true;
	atomic_store(&last, now);
	return sweep_now(control, err);
}
