/*
 * meter.h - what tenants use, and what they may use.
 *
 * An interface, of which meter_store.c is the one implementation of now: it counts into the store.  Rows and bytes
 * come from the books of targets (applied_total of the writers' figures), so that they are exact whatever is killed;
 * seconds are those in which a run was seen streaming.  Safe in any thread.
 */
#ifndef SLUICE_CONTROL_METER_METER_H
#define SLUICE_CONTROL_METER_METER_H

#include <jansson.h>
#include <stdint.h>

#include "common/nats/connection.h"
#include "control/http/problem.h"

typedef struct Control Control; /* control/control.h */
typedef struct Meter Meter;

/* What a quota bounds; the words are the members of a tenant's `quota`: quota_names. */
typedef enum QuotaKind
{
	QUOTA_ROWS, /* these three by calendar month, UTC */
	QUOTA_BYTES,
	QUOTA_CDC_SECONDS,
	QUOTA_STREAMS, /* these two at any time */
	QUOTA_CONNECTIONS,
	QUOTA_KINDS
} QuotaKind;

/* rows_per_month, bytes_per_month, cdc_seconds_per_month, streams, connections */
extern const char *const quota_names[QUOTA_KINDS];

/* The server's store must be there already and outlive the meter.  NULL on error. */
extern Meter *meter_open(Control *control, SluiceError *err);
extern void meter_close(Meter *meter); /* NULL is fine */

/*
 * Whether the tenant has something left of every monthly quota; false with problem quota_exceeded filled: {quota, limit,
 * used, resets_at}.  What cannot be found out allows it.
 */
extern bool meter_allows_run(Meter *meter, const char *tenant, Problem *problem);

/* Whether one more may be made where there are `count`: QUOTA_STREAMS or QUOTA_CONNECTIONS. */
extern bool meter_allows_more(Meter *meter, const char *tenant, QuotaKind kind, uint64_t count,
							  Problem *problem);

/* The leader's tick, once a second: counts what was seen since.  The session is the leader's thread's. */
extern void meter_tick(Meter *meter, NatsSession *session, int64_t now_ms);

/* This server leads no more, or ends: what is counted is written, what is remembered forgotten. */
extern void meter_rest(Meter *meter);

/* Limits and use of a tenant; of kinds without a limit only the use.  An unknown tenant has neither. */
typedef struct QuotaState
{
	bool limited[QUOTA_KINDS];
	uint64_t limit[QUOTA_KINDS];
	uint64_t used[QUOTA_KINDS];
	int64_t resets_ms; /* when the month ends, since 1970 */
} QuotaState;

extern bool meter_quota(Meter *meter, const char *tenant, int64_t now_ms, QuotaState *quota,
						SluiceError *err) SLUICE_MUST_CHECK;

/* How much of a limit is used; 0 where there is none. */
extern uint64_t quota_percent(const QuotaState *quota, QuotaKind kind);

/* From there on there is a warning. */
#define QUOTA_WARNING_PERCENT 90

#endif
