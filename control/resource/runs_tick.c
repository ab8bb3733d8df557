/*
 * runs_tick.c - what the leading server does about runs once a second.
 *
 * Of each stream the newest run alone can be active.  Everything is written by compare-and-set: where another
 * server was faster, the next tick looks again.
 */
#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "run_document.h"
#include "run_limits.h"
#include "runs.h"
#include "stream_removal.h"
#include "sweep.h"

/* ---- streams that are gone ---- */

static bool
forget_dropped(Control *control, const json_t *run, SluiceError *err)
{
	const char *name = text_of(run, "stream_name");

	if (!stream_forget(control, text_of(run, "tenant"), text_of(run, "stream_id"), name,
					   text_of(run, "id"), err))
		return false;
	log_event(control->log, LOG_INFO, "stream was deleted",
			  (LogField[]){LOG_TEXT("tenant", text_of(run, "tenant")), LOG_TEXT("stream", name),
						   LOG_END});
	return true;
}

/* ---- one run ---- */

static bool
tick_run(Control *control, StoreEntry *run, SluiceError *err)
{
	bool dropped;

	if (run_has_ended(run->value))
		return true;
	if (!run_limit(control, run, err) || !run_settle(control, run, &dropped, err))
		return err->code == SLUICE_ERROR_CONFLICT;
	return !dropped || forget_dropped(control, run->value, err);
}

/* ---- all ---- */

typedef struct Tick
{
	Control *control;
	SluiceError *err;
	bool good;
} Tick;

/* runs.<tenant>.<stream> */
static const char *
tenant_of(const char *key, char tenant[TENANT_MAXIMUM + 1])
{
	const char *begin = strchr(key, '.') + 1;
	size_t length = strcspn(begin, ".");

	if (length > TENANT_MAXIMUM)
		length = TENANT_MAXIMUM;
	memcpy(tenant, begin, length);
	tenant[length] = '\0';
	return tenant;
}

static bool
tick_list(void *context, const StoreEntry *list)
{
	Tick *tick = context;
	char tenant[TENANT_MAXIMUM + 1];
	const char *run_id = run_list_newest(list);
	StoreEntry run;

	if (run_id == NULL || !run_get(tick->control, tenant_of(list->key, tenant), run_id, &run, NULL))
		return true;
	tick->good = tick_run(tick->control, &run, tick->err);
	store_entry_free(&run);
	return tick->good;
}

bool
runs_tick(Control *control, SluiceError *err)
{
	Tick tick = {.control = control, .err = err, .good = true};

	return store_each(control->store, STORE_STATE, "runs.", NULL, tick_list, &tick, err) &&
		   tick.good && sweep(control, err);
}
