/*
 * alerts.c - looks at every rule once a second (alerts.h).
 *
 * What all rules of a tenant look at is gathered once for each tenant.  A rule's document of state is written by
 * compare-and-set: of two servers that look at the same time one is told that it was late, and looks again.
 */
#include "alerts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alerts_internal.h"
#include "common/control/layout.h"
#include "control/live/live.h"
#include "control/resource/answer.h"
#include "control/resource/run_jobs.h"
#include "meter.h"
#include "sight.h"

#define LEADS_MS 5000 /* a tick lets the thread send for so long */

int64_t
alerts_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
alerts_state_get(Alerts *alerts, const char *key, StoreEntry *entry, SluiceError *err)
{
	if (store_get(alerts->control->store, STORE_STATE, key, entry, err))
		return true;
	if (err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	*entry = (StoreEntry){.value = alert_state_new()};
	(void) snprintf(entry->key, sizeof(entry->key), "%s", key);
	return entry->value != NULL ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a document");
}

/* ---- what a tenant has ---- */

typedef struct SightList
{
	StreamSight *items;
	size_t count, size;
	bool good;
} SightList;

static void
note_sight(void *context, const StreamSight *sight)
{
	SightList *list = context;

	if (list->count == list->size)
	{
		size_t size = list->size > 0 ? 2 * list->size : 16;
		StreamSight *items = realloc(list->items, size * sizeof(*items));

		list->good &= items != NULL;
		if (items == NULL)
			return;
		list->items = items;
		list->size = size;
	}
	list->items[list->count++] = *sight;
}

/* One round over all rules. */
typedef struct Round
{
	Alerts *alerts;
	int64_t now_ms;
	char tenant[TENANT_MAXIMUM + 1]; /* whose streams these are */
	SightList sights;
	QuotaState quota;
	bool good;
	SluiceError *err;
} Round;

static bool
gather(Round *round, const char *tenant)
{
	Control *control = round->alerts->control;

	if (strcmp(round->tenant, tenant) == 0)
		return true;
	(void) snprintf(round->tenant, sizeof(round->tenant), "%s", tenant);
	round->sights.count = 0;
	round->sights.good = true;
	if (!sight_each_stream(control, tenant, note_sight, &round->sights, round->err) ||
		!meter_quota(control->meter, tenant, round->now_ms, &round->quota, round->err))
		return false;
	return round->sights.good ||
		   sluice_fail(round->err, SLUICE_ERROR_MEMORY, "out of memory for streams");
}

/* ---- one rule ---- */

/* A rule, its state as it becomes, and which subjects there are. */
typedef struct Look
{
	Round *round;
	const AlertRule *rule;
	json_t *state; /* a copy */
	json_t *seen;
	json_t *told; /* bodies of new messages */
	bool changed;
} Look;

static void
take(Look *look, const AlertReading *reading)
{
	const json_t *body = NULL;

	(void) json_object_set_new(look->seen, reading->subject, json_true());
	look->changed |= alert_step(look->state, look->rule, reading, look->round->now_ms, &body);
	if (body != NULL)
		(void) json_array_append_new(look->told, json_deep_copy(body));
}

/* What a rule with a bound looks at; NAN: it is not known. */
static double
value_of(AlertKind kind, const LiveFigures *figures)
{
	switch (kind)
	{
		case ALERT_LAG_SECONDS_OVER: return figures->lag_seconds;
		case ALERT_LAG_BYTES_OVER: return figures->lag_bytes;
		case ALERT_KEPT_BYTES_OVER: return figures->kept_bytes;
		default: return NAN;
	}
}

/* A stream that does not run has no lag. */
static void
look_at_stream(Look *look, const StreamSight *sight)
{
	AlertReading reading = {
		.subject = sight->stream_id,
		.stream_id = sight->stream_id,
		.stream_name = sight->name,
		.run_id = sight->run_id[0] != '\0' ? sight->run_id : NULL,
		.value = NAN,
		.sight = READING_FINE,
	};

	if (sight->active && look->rule->kind == ALERT_STREAM_FAILED)
	{
		reading.sight = sight->state == STREAM_FAILED ? READING_OVER : READING_FINE;
		reading.detail = sight->error[0] != '\0' ? sight->error : NULL;
	}
	else if (sight->active)
	{
		reading.value = value_of(look->rule->kind, &sight->figures);
		reading.sight = alert_judge(look->rule, look->state, sight->stream_id, reading.value);
	}
	take(look, &reading);
}

static void
look_at_streams(Look *look)
{
	const SightList *sights = &look->round->sights;

	for (size_t i = 0; i < sights->count; i++)
	{
		if (alert_rule_takes_stream(look->rule, sights->items[i].stream_id))
			look_at_stream(look, &sights->items[i]);
	}
}

static bool
look_at_worker(void *context, const StoreEntry *entry)
{
	Look *look = context;
	const char *id = key_last(entry->key), *host = text_of(entry->value, "host");
	char detail[200];

	(void) snprintf(detail, sizeof(detail), "host %.150s", host != NULL ? host : "unknown");
	take(look, &(AlertReading){
				   .subject = id,
				   .detail = detail,
				   .value = NAN,
				   .sight = worker_is_there(look->round->alerts->control, id) ? READING_FINE
																			  : READING_OVER,
			   });
	return true;
}

static void
look_at_quotas(Look *look)
{
	const QuotaState *quota = &look->round->quota;

	for (QuotaKind kind = 0; kind < QUOTA_KINDS; kind++)
	{
		uint64_t percent = quota_percent(quota, kind);
		char detail[100];

		(void) snprintf(detail, sizeof(detail), "%" PRIu64 " of %" PRIu64, quota->used[kind],
						quota->limit[kind]);
		take(look, &(AlertReading){
					   .subject = quota_names[kind],
					   .detail = detail,
					   .value = (double) percent,
					   .sight = percent >= QUOTA_WARNING_PERCENT ? READING_OVER : READING_FINE,
				   });
	}
}

static bool
look_at(Look *look, SluiceError *err)
{
	Store *store = look->round->alerts->control->store;

	if (look->rule->kind == ALERT_QUOTA_WARNING)
		look_at_quotas(look);
	else if (look->rule->kind != ALERT_WORKER_LOST)
		look_at_streams(look);
	else if (!store_each(store, STORE_STATE, "worker.", NULL, look_at_worker, look, err))
		return false;
	look->changed |= alert_step_rest(look->state, look->rule, look->seen, look->round->now_ms);
	return true;
}

static void
tell(Look *look)
{
	const AlertRule *rule = look->rule;
	Control *control = look->round->alerts->control;
	SluiceError err;
	json_t *body;
	size_t i;

	json_array_foreach(look->told, i, body)
	{
		const char *stream = text_of(json_object_get(body, "stream"), "id");

		log_event(control->log, LOG_INFO, "alert",
				  (LogField[]){LOG_TEXT("type", text_of(body, "type")), LOG_TEXT("alert", rule->id),
							   LOG_TEXT("name", rule->name), LOG_TEXT("tenant", rule->tenant),
							   LOG_TEXT("subject", text_of(body, "subject")), LOG_END});
		if (!live_event(control->live, rule->tenant, stream, text_of(body, "run"), EVENT_ALERT,
						body, &err))
			log_failure(control->log, LOG_WARNING, "cannot tell an alert as an event", &err, NULL);
	}
}

/* Looks, and writes what came of it. */
static bool
look_and_write(Round *round, const AlertRule *rule, const char *key)
{
	Look look = {.round = round, .rule = rule};
	StoreEntry entry;
	bool good;

	if (!alerts_state_get(round->alerts, key, &entry, round->err))
		return false;
	look.state = json_deep_copy(entry.value);
	look.seen = json_object();
	look.told = json_array();
	good = look_at(&look, round->err);
	if (good && look.changed)
	{
		good = store_put(round->alerts->control->store, STORE_STATE, key, look.state,
						 entry.revision, NULL, round->err);
		if (good)
			tell(&look);
		else
			good = round->err->code == SLUICE_ERROR_CONFLICT; /* looked at again in a second */
	}
	json_decref(look.told);
	json_decref(look.seen);
	json_decref(look.state);
	store_entry_free(&entry);
	return good;
}

/* "alert.<tenant>.<id>" of the configuration; the state has the same key. */
static bool
look_at_rule(void *context, const StoreEntry *entry)
{
	Round *round = context;
	const char *begin = strchr(entry->key, '.');
	char tenant[TENANT_MAXIMUM + 1];
	AlertRule rule;

	if (begin == NULL)
		return true;
	(void) snprintf(tenant, sizeof(tenant), "%.*s", (int) strcspn(begin + 1, "."), begin + 1);
	if (!alert_rule_read(&rule, tenant, entry->value, NULL) || !rule.enabled)
		return true;
	round->good = gather(round, tenant) && look_and_write(round, &rule, entry->key);
	return round->good;
}

/* ---- from outside ---- */

static void
set_leading(Alerts *alerts, int64_t until)
{
	pthread_mutex_lock(&alerts->lock);
	alerts->leads_until = until;
	pthread_cond_broadcast(&alerts->changed);
	pthread_mutex_unlock(&alerts->lock);
}

void
alerts_tick(Alerts *alerts, int64_t now_ms)
{
	SluiceError err = {0};
	Round round = {.alerts = alerts, .now_ms = now_ms, .good = true, .err = &err};
	bool good = store_each(alerts->control->store, STORE_CONFIG, "alert.", NULL, look_at_rule,
						   &round, &err) &&
				round.good;

	free(round.sights.items);
	if (good)
		trouble_over(&alerts->trouble);
	else
		trouble_tell(&alerts->trouble, alerts->control->log, LOG_WARNING, "cannot watch alerts",
					 &err, now_ms);
	set_leading(alerts, alerts_clock() + LEADS_MS);
}

void
alerts_rest(Alerts *alerts)
{
	set_leading(alerts, 0);
}

static bool
make_sync(Alerts *alerts)
{
	pthread_condattr_t attributes;
	bool good;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	good = pthread_mutex_init(&alerts->lock, NULL) == 0 &&
		   pthread_cond_init(&alerts->changed, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return good;
}

static bool
make_metrics(Alerts *alerts, SluiceError *err)
{
	static const char name[] = "sluice_control_webhooks_total";
	static const char help[] = "Calls of alerts' webhooks by this server.";
	Metrics *metrics = alerts->control->metrics;

	alerts->delivered = metrics_counter(
		metrics, name, help, (MetricLabel[]){{"outcome", "delivered"}, {NULL, NULL}}, err);
	alerts->refused = metrics_counter(metrics, name, help,
									  (MetricLabel[]){{"outcome", "refused"}, {NULL, NULL}}, err);
	return alerts->delivered != NULL && alerts->refused != NULL;
}

Alerts *
alerts_open(Control *control, SluiceError *err)
{
	Alerts *alerts = calloc(1, sizeof(*alerts));

	if (alerts == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for alerts");
		return NULL;
	}
	alerts->control = control;
	if (!make_metrics(alerts, err))
	{
		free(alerts);
		return NULL;
	}
	if (make_sync(alerts) && pthread_create(&alerts->thread, NULL, alerts_send, alerts) == 0)
		return alerts;
	free(alerts);
	(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "cannot start the thread that sends alerts");
	return NULL;
}

void
alerts_close(Alerts *alerts)
{
	if (alerts == NULL)
		return;
	pthread_mutex_lock(&alerts->lock);
	alerts->stop = true;
	pthread_cond_broadcast(&alerts->changed);
	pthread_mutex_unlock(&alerts->lock);
	(void) pthread_join(alerts->thread, NULL);
	pthread_cond_destroy(&alerts->changed);
	pthread_mutex_destroy(&alerts->lock);
	free(alerts);
}
