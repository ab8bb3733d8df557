/*
 * meter_quota.c - what tenants may use, how near they are to it, and who is told (meter.h).
 *
 * What was told of a tenant's quotas stands in `quota.<tenant>`, so that another server does not tell it again: the level
 * of each, and the month it is of.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "control/live/live.h"
#include "control/store/store.h"
#include "meter_internal.h"

#define MONTH_LENGTH 6 /* of a day as in keys */

const char *const quota_names[QUOTA_KINDS] = {
	[QUOTA_ROWS] = "rows_per_month",
	[QUOTA_BYTES] = "bytes_per_month",
	[QUOTA_CDC_SECONDS] = "cdc_seconds_per_month",
	[QUOTA_STREAMS] = "streams",
	[QUOTA_CONNECTIONS] = "connections",
};

/* ---- limits and use ---- */

static void
read_limits(QuotaState *quota, const json_t *tenant)
{
	const json_t *limits = json_object_get(tenant, "quota");

	for (int kind = 0; kind < QUOTA_KINDS; kind++)
	{
		const json_t *limit = json_object_get(limits, quota_names[kind]);

		quota->limited[kind] = json_is_integer(limit) && json_integer_value(limit) >= 0;
		quota->limit[kind] = quota->limited[kind] ? (uint64_t) json_integer_value(limit) : 0;
	}
}

typedef struct MonthSum
{
	int64_t now_ms;
	UsageSum sum;
} MonthSum;

static bool
add_meter(void *context, const StoreEntry *entry)
{
	MonthSum *month = context;
	UsageMeter meter;

	if (usage_meter_read(&meter, entry->value, NULL))
		month->sum = usage_add(month->sum, usage_of_month(&meter, month->now_ms));
	return true;
}

static bool
count_one(void *context, const StoreEntry *entry)
{
	(void) entry;
	++*(uint64_t *) context;
	return true;
}

static bool
count_keys(Store *store, const char *kind, const char *tenant, uint64_t *count, SluiceError *err)
{
	char prefix[LAYOUT_KEY_MAXIMUM];

	*count = 0;
	return store_each(store, STORE_CONFIG, key_prefix(prefix, kind, tenant, NULL), NULL, count_one,
					  count, err);
}

/* Of the month's quotas. */
static bool
read_month(Store *store, const char *tenant, int64_t now_ms, QuotaState *quota, SluiceError *err)
{
	MonthSum month = {.now_ms = now_ms};
	char prefix[LAYOUT_KEY_MAXIMUM];

	if (!store_each(store, STORE_STATE, key_prefix(prefix, "meter", tenant, NULL), NULL, add_meter,
					&month, err))
		return false;
	quota->used[QUOTA_ROWS] = month.sum.rows;
	quota->used[QUOTA_BYTES] = month.sum.bytes;
	quota->used[QUOTA_CDC_SECONDS] = month.sum.cdc_ms / 1000;
	quota->resets_ms = usage_month_end(now_ms);
	return true;
}

bool
meter_quota(Meter *meter, const char *tenant, int64_t now_ms, QuotaState *quota, SluiceError *err)
{
	Store *store = meter->control->store;
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;

	*quota = (QuotaState){0};
	if (store_get(store, STORE_CONFIG, tenant_key(key, tenant), &entry, err))
	{
		read_limits(quota, entry.value);
		store_entry_free(&entry);
	}
	else if (err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	return read_month(store, tenant, now_ms, quota, err) &&
		   count_keys(store, "stream", tenant, &quota->used[QUOTA_STREAMS], err) &&
		   count_keys(store, "connection", tenant, &quota->used[QUOTA_CONNECTIONS], err);
}

uint64_t
quota_percent(const QuotaState *quota, QuotaKind kind)
{
	if (!quota->limited[kind])
		return 0;
	if (quota->limit[kind] == 0)
		return 100;
	return (uint64_t) (100.0 * (double) quota->used[kind] / (double) quota->limit[kind]);
}

/* ---- refusing ---- */

static bool
is_monthly(QuotaKind kind)
{
	return kind < QUOTA_STREAMS;
}

/* When a quota begins anew, as JSON; null for one that does not. */
static json_t *
resets_at(const QuotaState *quota, QuotaKind kind)
{
	char text[TIMESTAMP_TEXT];

	return is_monthly(kind) ? json_string(timestamp_format(text, quota->resets_ms)) : json_null();
}

/* {quota, limit, used, resets_at} */
static json_t *
describe(const QuotaState *quota, QuotaKind kind)
{
	return json_pack("{s:s, s:I, s:I, s:o}", "quota", quota_names[kind], "limit",
					 (json_int_t) quota->limit[kind], "used", (json_int_t) quota->used[kind],
					 "resets_at", resets_at(quota, kind));
}

static bool
refuse(const QuotaState *quota, QuotaKind kind, Problem *problem)
{
	problem_set(problem, PROBLEM_QUOTA_EXCEEDED,
				is_monthly(kind) ? "the quota %s of this month is used up: %" PRIu64 " of %" PRIu64
								 : "the quota %s is reached: %" PRIu64 " of %" PRIu64,
				quota_names[kind], quota->used[kind], quota->limit[kind]);
	json_decref(problem->extra);
	problem->extra = describe(quota, kind);
	return false;
}

static bool
is_reached(const QuotaState *quota, QuotaKind kind)
{
	return quota->limited[kind] && quota->used[kind] >= quota->limit[kind];
}

bool
meter_allows_run(Meter *meter, const char *tenant, Problem *problem)
{
	QuotaState quota;
	SluiceError err;

	if (!meter_quota(meter, tenant, timestamp_now(), &quota, &err))
		return true;
	for (QuotaKind kind = 0; is_monthly(kind); kind++)
	{
		if (is_reached(&quota, kind))
			return refuse(&quota, kind, problem);
	}
	return true;
}

bool
meter_allows_more(Meter *meter, const char *tenant, QuotaKind kind, uint64_t count,
				  Problem *problem)
{
	QuotaState quota;
	SluiceError err;

	if (!meter_quota(meter, tenant, timestamp_now(), &quota, &err))
		return true;
	quota.used[kind] = count;
	return is_reached(&quota, kind) ? refuse(&quota, kind, problem) : true;
}

/* ---- telling ---- */

/* How near a quota is: words of the events. */
typedef enum QuotaLevel
{
	LEVEL_BELOW,
	LEVEL_WARNING,
	LEVEL_EXCEEDED,
	LEVELS
} QuotaLevel;

static const char *const level_names[LEVELS] = {"below", "warning", "exceeded"};

static QuotaLevel
level_of(const QuotaState *quota, QuotaKind kind)
{
	if (!quota->limited[kind])
		return LEVEL_BELOW;
	if (is_reached(quota, kind))
		return LEVEL_EXCEEDED;
	return quota_percent(quota, kind) >= QUOTA_WARNING_PERCENT ? LEVEL_WARNING : LEVEL_BELOW;
}

/* What was told of a quota in this month; of one without a month, ever. */
static QuotaLevel
told_level(const json_t *told, QuotaKind kind, const char *month)
{
	const json_t *entry = json_object_get(told, quota_names[kind]);
	const char *level = json_string_value(json_object_get(entry, "level"));
	const char *of = json_string_value(json_object_get(entry, "month"));

	for (QuotaLevel i = 0; level != NULL && i < LEVELS; i++)
	{
		if (strcmp(level, level_names[i]) == 0)
			return !is_monthly(kind) || (of != NULL && strcmp(of, month) == 0) ? i : LEVEL_BELOW;
	}
	return LEVEL_BELOW;
}

static bool
tell(Meter *meter, const char *tenant, const QuotaState *quota, QuotaKind kind, SluiceError *err)
{
	json_t *data = describe(quota, kind);
	bool good =
		data != NULL &&
		json_object_set_new(data, "level", json_string(level_names[level_of(quota, kind)])) == 0;

	good = good ? live_event(meter->control->live, tenant, NULL, NULL, EVENT_QUOTA, data, err)
				: sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for an event");
	json_decref(data);
	return good;
}

/* Tells what rose; *changed when anything is another level than was told. */
static bool
tell_levels(Meter *meter, const char *tenant, const QuotaState *quota, const char *month,
			json_t *told, bool *changed, SluiceError *err)
{
	for (QuotaKind kind = 0; kind < QUOTA_KINDS; kind++)
	{
		QuotaLevel before = told_level(told, kind, month), now = level_of(quota, kind);

		if (before == now)
			continue;
		if (now > before && !tell(meter, tenant, quota, kind, err))
			return false;
		*changed = true;
		if (json_object_set_new(
				told, quota_names[kind],
				json_pack("{s:s, s:s}", "level", level_names[now], "month", month)) != 0)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a document");
	}
	return true;
}

static bool
watch_tenant(Meter *meter, const char *tenant, int64_t now_ms, SluiceError *err)
{
	Store *store = meter->control->store;
	char key[LAYOUT_KEY_MAXIMUM], month[DAY_TEXT];
	StoreEntry entry = {0};
	QuotaState quota;
	json_t *told;
	bool changed = false, good;

	(void) snprintf(key, sizeof(key), "quota.%s", tenant); /* a key's own part: valid */
	timestamp_day(month, now_ms);
	month[MONTH_LENGTH] = '\0';
	if (!meter_quota(meter, tenant, now_ms, &quota, err) ||
		(!store_get(store, STORE_STATE, key, &entry, err) && err->code != SLUICE_ERROR_NOT_FOUND))
		return false;
	told = entry.value != NULL ? json_deep_copy(entry.value) : json_object();
	good = tell_levels(meter, tenant, &quota, month, told, &changed, err) &&
		   (!changed || store_put(store, STORE_STATE, key, told, entry.revision, NULL, err) ||
			err->code == SLUICE_ERROR_CONFLICT);
	json_decref(told);
	if (entry.value != NULL)
		store_entry_free(&entry);
	return good;
}

typedef struct Watch
{
	Meter *meter;
	int64_t now_ms;
	bool good;
	SluiceError *err;
} Watch;

/* Tenants without a quota have nothing to be told of. */
static bool
watch_entry(void *context, const StoreEntry *entry)
{
	Watch *watch = context;

	if (json_is_object(json_object_get(entry->value, "quota")))
		watch->good = watch_tenant(watch->meter, key_last(entry->key), watch->now_ms, watch->err);
	return watch->good;
}

bool
meter_watch_quotas(Meter *meter, int64_t now_ms, SluiceError *err)
{
	Watch watch = {meter, now_ms, true, err};

	return store_each(meter->control->store, STORE_CONFIG, "tenant.", NULL, watch_entry, &watch,
					  err) &&
		   watch.good;
}
