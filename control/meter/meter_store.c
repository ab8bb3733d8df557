/*
 * meter_store.c - counts what streams use into the store (meter.h, usage.h).
 *
 * Invariants:
 * 1. A stream's document is written by compare-and-set only; who is not first forgets what it counted and
 *    reads the document again.  So two servers that both think they lead count nothing twice.
 * 2. A day's own document is written when the stream's says the same, and before it begins another day.
 */
#include <stdlib.h>
#include <string.h>

#include "control/live/live.h"
#include "control/resource/answer.h"
#include "control/store/store.h"
#include "meter_internal.h"
#include "sight.h"

#define WRITE_ROWS_MS  2000 /* between two writes of a stream... */
#define WRITE_TIME_MS  5000 /* ...when only time has passed */
#define WRITES_MAXIMUM 200	/* in one tick */
#define QUOTAS_MS	   5000 /* between looks at quotas */

Meter *
meter_open(Control *control, SluiceError *err)
{
	Meter *meter = calloc(1, sizeof(*meter));

	if (meter == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the meter");
		return NULL;
	}
	meter->control = control;
	meter->counted.maximum = METER_STREAMS;
	return meter;
}

static bool
forget(void *context, void *item)
{
	(void) context;
	free(item);
	return true;
}

void
meter_close(Meter *meter)
{
	if (meter == NULL)
		return;
	name_table_sweep(&meter->counted, forget, NULL);
	name_table_free(&meter->counted);
	free(meter);
}

/* ---- the streams that are counted ---- */

/* Reads the stream's document, if it has one. */
static bool
load(Meter *meter, Counted *counted, SluiceError *err)
{
	StoreEntry entry;
	SluiceError failure;

	if (!store_get(meter->control->store, STORE_STATE, counted->key, &entry, &failure))
	{
		if (failure.code == SLUICE_ERROR_NOT_FOUND)
			return true;
		*err = failure;
		return false;
	}
	counted->revision = entry.revision;
	counted->broken = !usage_meter_read(&counted->meter, entry.value, &failure);
	store_entry_free(&entry);
	if (counted->broken)
		log_failure(meter->control->log, LOG_ERROR,
					"usage of a stream is not counted until its document is mended or removed",
					&failure, (LogField[]){LOG_TEXT("key", counted->key), LOG_END});
	return true;
}

Counted *
meter_counted(Meter *meter, const char *tenant, const char *stream_id, int64_t now_ms,
			  SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	Counted *counted = name_table_find(&meter->counted, meter_key(key, tenant, stream_id));

	if (counted != NULL)
		return counted;
	counted = calloc(1, sizeof(*counted));
	if (counted == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a stream's meter");
		return NULL;
	}
	counted->name = counted->key;
	memcpy(counted->key, key, sizeof(key));
	(void) snprintf(counted->tenant, sizeof(counted->tenant), "%s", tenant);
	(void) snprintf(counted->stream_id, sizeof(counted->stream_id), "%s", stream_id);
	if (load(meter, counted, err) && name_table_add(&meter->counted, counted, err))
	{
		if (counted->revision == 0)
			usage_begin_day(&counted->meter, now_ms);
		return counted;
	}
	free(counted);
	return NULL;
}

static void
drop(Meter *meter, Counted *counted)
{
	(void) name_table_remove(&meter->counted, counted->name);
	free(counted);
}

/* ---- writing ---- */

/* False on error; the stream is gone from the table when another server was faster. */
static bool
write_counted(Meter *meter, Counted *counted, int64_t now_ms, SluiceError *err)
{
	json_t *document = usage_meter_json(&counted->meter);
	SluiceError failure;
	bool good = document != NULL
					? store_put(meter->control->store, STORE_STATE, counted->key, document,
								counted->revision, &counted->revision, &failure)
					: sluice_fail(&failure, SLUICE_ERROR_MEMORY, "out of memory for a document");

	json_decref(document);
	if (good)
	{
		counted->changed = counted->timed = false;
		counted->written_ms = now_ms;
		return true;
	}
	if (failure.code == SLUICE_ERROR_CONFLICT)
	{
		drop(meter, counted);
		return true;
	}
	*err = failure;
	return false;
}

/* Whether a sum says no less than another anywhere. */
static bool
covers(const UsageSum *a, const UsageSum *b)
{
	return a->rows >= b->rows && a->bytes >= b->bytes && a->cdc_ms >= b->cdc_ms;
}

/* Writes the sum of the stream's day, unless it is written. */
static bool
write_day(Meter *meter, const Counted *counted, SluiceError *err)
{
	Store *store = meter->control->store;
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry = {0};
	UsageSum written;
	json_t *document;
	bool good;

	usage_key(key, counted->tenant, counted->stream_id, counted->meter.day);
	if (store_get(store, STORE_STATE, key, &entry, err))
	{
		bool done =
			usage_sum_read(&written, entry.value, err) && covers(&written, &counted->meter.today);

		store_entry_free(&entry);
		if (done)
			return true;
	}
	else if (err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	document = usage_sum_json(&counted->meter.today);
	good = document != NULL
			   ? store_put(store, STORE_STATE, key, document, entry.revision, NULL, err)
			   : sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a document");
	json_decref(document);
	return good;
}

/* Brings a stream whose day is over into the day of now, as far as that goes in one tick. */
static bool
pass_day(Meter *meter, Counted *counted, int64_t now_ms, SluiceError *err)
{
	if (counted->changed || counted->timed)
		return write_counted(meter, counted, now_ms, err);
	if (!usage_is_zero(&counted->meter.today) && !write_day(meter, counted, err))
		return err->code == SLUICE_ERROR_CONFLICT; /* the next tick sees what is there */
	usage_begin_day(&counted->meter, now_ms);
	return write_counted(meter, counted, now_ms, err);
}

static bool
is_due(const Counted *counted, int64_t now_ms)
{
	int64_t since = now_ms - counted->written_ms;

	return (counted->changed && since >= WRITE_ROWS_MS) ||
		   (counted->timed && since >= WRITE_TIME_MS);
}

/* Those that are due, with `all` whatever is not written; backwards, as writing may take one out. */
static bool
write_due(Meter *meter, int64_t now_ms, bool all, SluiceError *err)
{
	size_t writes = 0;

	for (size_t i = meter->counted.count; i > 0 && (all || writes < WRITES_MAXIMUM); i--)
	{
		Counted *counted = meter->counted.items[i - 1];
		bool wanted = all ? counted->changed || counted->timed : is_due(counted, now_ms);

		if (!wanted)
			continue;
		writes++;
		if (!write_counted(meter, counted, now_ms, err))
			return false;
	}
	return true;
}

static bool
pass_days(Meter *meter, int64_t now_ms, SluiceError *err)
{
	for (size_t i = meter->counted.count; i > 0; i--)
	{
		Counted *counted = meter->counted.items[i - 1];

		if (!counted->broken && usage_day_over(&counted->meter, now_ms) &&
			!pass_day(meter, counted, now_ms, err))
			return false;
	}
	return true;
}

/* ---- time ---- */

typedef struct Looking
{
	Meter *meter;
	int64_t now_ms;
	bool good;
	SluiceError *err;
} Looking;

static void
see_stream(void *context, const StreamSight *sight)
{
	Looking *looking = context;
	Counted *counted;

	if (!looking->good || !sight_is_streaming(sight))
		return;
	counted = meter_counted(looking->meter, sight->tenant, sight->stream_id, looking->now_ms,
							looking->err);
	looking->good = counted != NULL;
	if (counted != NULL && !counted->broken)
		counted->seen = true;
}

/* Whoever was not seen streaming does not. */
static bool
count_time(Meter *meter, int64_t now_ms, SluiceError *err)
{
	Looking looking = {meter, now_ms, true, err};

	if (!sight_each_stream(meter->control, NULL, see_stream, &looking, err) || !looking.good)
		return false;
	for (size_t i = 0; i < meter->counted.count; i++)
	{
		Counted *counted = meter->counted.items[i];
		bool before = counted->meter.seen_ms > 0;

		usage_see(&counted->meter, counted->seen, now_ms);
		counted->timed |= counted->seen || before;
		counted->seen = false;
	}
	return true;
}

/* ---- ticks ---- */

void
meter_tick(Meter *meter, NatsSession *session, int64_t now_ms)
{
	SluiceError err = {0};
	bool good = pass_days(meter, now_ms, &err) && meter_take_totals(meter, session, now_ms, &err) &&
				count_time(meter, now_ms, &err) && write_due(meter, now_ms, false, &err);

	if (good && now_ms - meter->quotas_ms >= QUOTAS_MS)
	{
		meter->quotas_ms = now_ms;
		good = meter_watch_quotas(meter, now_ms, &err);
	}
	if (good)
		trouble_over(&meter->trouble);
	else
		trouble_tell(&meter->trouble, meter->control->log, LOG_WARNING, "cannot count usage", &err,
					 now_ms);
}

void
meter_rest(Meter *meter)
{
	SluiceError err = {0};

	if (!write_due(meter, timestamp_now(), true, &err))
		log_failure(meter->control->log, LOG_WARNING,
					"cannot write what was counted; the next server counts it again", &err, NULL);
	name_table_sweep(&meter->counted, forget, NULL);
	meter->kept_ms = 0;
}
