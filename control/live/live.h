/*
 * live.h - what is going on: figures of streams, events, logs, and the clients that are told of them at once.
 *
 * Figures come from readers and writers once a second by core NATS; every server hears them.  Events are in JetStream, whose
 * sequence numbers they have; every server reads them.  Nothing here is kept by a server alone, but logs: the last lines
 * of each run since the server began.
 *
 * All functions are safe in any thread.  `stream` is a stream's name in NATS, `stream_id` its id.
 */
#ifndef SLUICE_CONTROL_LIVE_LIVE_H
#define SLUICE_CONTROL_LIVE_LIVE_H

#include <jansson.h>
#include <stdint.h>

#include "control/control.h"

typedef struct Live Live;

/* Store, identity and settings must be there already and outlive it.  NULL on error; NATS need not be there. */
extern Live *live_start(Control *control, SluiceError *err);

/* Closes every client and takes no more: before the listener ends.  NULL is fine. */
extern void live_hang_up(Live *live);

/* After the listener has ended; NULL is fine. */
extern void live_stop(Live *live);

/* ---- figures ---- */

/* A stream as its readers and writers told it last.  NAN: nobody told it in the last seconds. */
typedef struct LiveFigures
{
	bool reader, writer; /* heard in the last seconds */
	int64_t at_ms;		 /* since 1970: the newest of them */
	double rows_read_per_second, bytes_read_per_second;
	double rows_applied_per_second, bytes_applied_per_second; /* of the slowest target */
	double lag_seconds;										  /* source to the slowest target */
	double lag_bytes;		 /* of the source's log that is not read */
	double kept_bytes;		 /* of the source's log that it keeps for the stream */
	double pending_messages; /* in JetStream, of the slowest target */
	double rows_read, bytes_read, rows_applied, bytes_applied; /* since their processes began */
} LiveFigures;

/* False, with all unknown, when nothing was heard of the stream. */
extern bool live_figures(Live *live, const char *stream, LiveFigures *figures);

/*
 * {stream, at, reader: {state, ...}|null, targets: [{name, state, lag_seconds, ...}], rates, totals}: schema LiveFigures.
 * NULL without memory; owned.
 */
extern json_t *live_figures_json(Live *live, const char *stream);

/* Tables of the stream as its reader told them: array of schema LiveTable, by name; owned, NULL without memory. */
extern json_t *live_tables_json(Live *live, const char *stream);

/* What a target's own books say was applied: the newest that its writers told. */
typedef struct LiveApplied
{
	const char *stream, *consumer;
	const json_t *total; /* applied_total as it came: {book, rows, bytes} */
	int64_t received_ms; /* since 1970 */
} LiveApplied;

typedef void (*LiveEachApplied)(void *context, const LiveApplied *applied);

/* Of one stream, or with NULL of all; called with a lock held: short, and nothing of live.h. */
extern void live_each_applied(Live *live, const char *stream, LiveEachApplied each, void *context);

/* ---- events ---- */

/* The words of events; clients get them as frames of that type, and ask for them as topics. */
typedef enum EventType
{
	EVENT_STATE,  /* a run's or a job's state changed */
	EVENT_ERROR,  /* a run or job met an error */
	EVENT_CHECK,  /* a test or a validation was made */
	EVENT_SCHEMA, /* tables changed */
	EVENT_WORKER, /* a worker came, drains, was lost: of no tenant */
	EVENT_QUOTA,
	EVENT_ALERT,
	EVENT_VERIFY,
	EVENT_TYPES
} EventType;

extern const char *const event_type_names[EVENT_TYPES];

/*
 * Tells an event; stored when it returns true.  stream_id and run_id may be NULL.  `data` is an object without
 * secrets, and stays the caller's.  tenant NULL: of no tenant, seen by all who may read workers.
 */
extern bool live_event(Live *live, const char *tenant, const char *stream_id, const char *run_id,
					   EventType type, const json_t *data, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Events that are kept, newest first: [{seq, ts, type, stream_id, run_id, data}], at most `limit`, with sequences below
 * `before` (0: all).  stream_id and run_id may be NULL.  Owned; NULL without memory.
 */
extern json_t *live_events(Live *live, const char *tenant, const char *stream_id,
						   const char *run_id, EventType type, uint64_t before, size_t limit);

#endif
