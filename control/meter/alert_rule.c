/*
 * alert_rule.c - reads rules (alert_rule.h).
 */
#include "alert_rule.h"

#include <string.h>

const char *const alert_kind_names[ALERT_KINDS] = {
	[ALERT_STREAM_FAILED] = "stream_failed",   [ALERT_LAG_SECONDS_OVER] = "lag_seconds_over",
	[ALERT_LAG_BYTES_OVER] = "lag_bytes_over", [ALERT_KEPT_BYTES_OVER] = "kept_bytes_over",
	[ALERT_WORKER_LOST] = "worker_lost",	   [ALERT_QUOTA_WARNING] = "quota_warning",
};

static const struct AlertKindFacts
{
	bool streams, bound;
} facts[ALERT_KINDS] = {
	[ALERT_STREAM_FAILED] = {true, false}, [ALERT_LAG_SECONDS_OVER] = {true, true},
	[ALERT_LAG_BYTES_OVER] = {true, true}, [ALERT_KEPT_BYTES_OVER] = {true, true},
	[ALERT_WORKER_LOST] = {false, false},  [ALERT_QUOTA_WARNING] = {false, false},
};

bool
alert_kind_has_streams(AlertKind kind)
{
	return facts[kind].streams;
}

bool
alert_kind_has_bound(AlertKind kind)
{
	return facts[kind].bound;
}

static const char *
text_in(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static bool
read_kind(AlertRule *rule, const char *name)
{
	for (int kind = 0; name != NULL && kind < ALERT_KINDS; kind++)
	{
		if (strcmp(name, alert_kind_names[kind]) == 0)
		{
			rule->kind = (AlertKind) kind;
			return true;
		}
	}
	return false;
}

bool
alert_rule_read(AlertRule *rule, const char *tenant, const json_t *document, SluiceError *err)
{
	const json_t *streams = json_object_get(document, "stream_ids");

	*rule = (AlertRule){
		.id = text_in(document, "id"),
		.name = text_in(document, "name"),
		.tenant = tenant,
		.bound = json_number_value(json_object_get(document, "bound")),
		.for_ms = (int64_t) json_integer_value(json_object_get(document, "for_seconds")) * 1000,
		.enabled = json_is_true(json_object_get(document, "enabled")),
		.stream_ids = json_is_array(streams) ? streams : NULL,
		.url = text_in(json_object_get(document, "channel"), "url"),
	};
	return (rule->id != NULL && rule->name != NULL && rule->url != NULL &&
			read_kind(rule, text_in(document, "kind"))) ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "an alert's document is none");
}

bool
alert_rule_takes_stream(const AlertRule *rule, const char *stream_id)
{
	const json_t *item;
	size_t i;

	if (rule->stream_ids == NULL)
		return true;
	json_array_foreach(rule->stream_ids, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), stream_id) == 0)
			return true;
	}
	return false;
}
