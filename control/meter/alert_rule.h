/*
 * alert_rule.h - what an alert looks at, as its document says.  Pure.
 */
#ifndef SLUICE_CONTROL_METER_ALERT_RULE_H
#define SLUICE_CONTROL_METER_ALERT_RULE_H

#include <jansson.h>
#include <stdint.h>

#include "common/core/error.h"

typedef enum AlertKind
{
	ALERT_STREAM_FAILED,
	ALERT_LAG_SECONDS_OVER,
	ALERT_LAG_BYTES_OVER,
	ALERT_KEPT_BYTES_OVER,
	ALERT_WORKER_LOST,
	ALERT_QUOTA_WARNING,
	ALERT_KINDS
} AlertKind;

/* "stream_failed", ... */
extern const char *const alert_kind_names[ALERT_KINDS];

/* Whether it is about streams, of which a rule may name some. */
extern bool alert_kind_has_streams(AlertKind kind);

/* Whether it needs a bound. */
extern bool alert_kind_has_bound(AlertKind kind);

/* Texts are the document's. */
typedef struct AlertRule
{
	const char *id, *name, *tenant;
	AlertKind kind;
	double bound;
	int64_t for_ms; /* it must hold so long before it is raised */
	bool enabled;
	const json_t *stream_ids; /* array; NULL: all */
	const char *url;
} AlertRule;

/* CORRUPT when the document is none. */
extern bool alert_rule_read(AlertRule *rule, const char *tenant, const json_t *document,
							SluiceError *err) SLUICE_MUST_CHECK;

/* Whether a rule is about this stream. */
extern bool alert_rule_takes_stream(const AlertRule *rule, const char *stream_id);

#endif
