/*
 * alert_state.h - what a rule was found to be, and what is to be said of it: one document for each rule.  Pure: no clock,
 * no I/O.
 *
 *     {subjects: {<subject>: {state: pending|raised, since_ms, value}},
 *      messages: [{id, type, created_ms, body, state: pending|delivered|failed, attempts, next_ms, last: {at_ms, status, error}}],
 *      count}
 *
 * A subject is a stream's or worker's id or a quota's name.  Messages are in the order in which they came to be, and go
 * out in that order: one that is waited for keeps those behind it.
 */
#ifndef SLUICE_CONTROL_METER_ALERT_STATE_H
#define SLUICE_CONTROL_METER_ALERT_STATE_H

#include "alert_rule.h"

/* Messages that are remembered of one rule, those on their way among them. */
#define ALERT_MESSAGES 50

/* Subjects that may be raised of one rule at once. */
#define ALERT_SUBJECTS 1000

/* A message that could not be delivered for so long is given up. */
#define ALERT_GIVE_UP_MS INT64_C(86400000)

/* One look at one subject. */
typedef struct AlertReading
{
	const char *subject;
	const char *stream_id, *stream_name, *run_id; /* NULL: none */
	const char *detail;							  /* what is to be said; NULL: nothing */
	double value;								  /* NAN: there is none */
	enum
	{
		READING_UNKNOWN, /* stays as it was */
		READING_FINE,
		READING_OVER
	} sight;
} AlertReading;

/*
 * Whether a value is over the rule's bound: one that was must fall a tenth below it to be so no more.  NAN is
 * READING_UNKNOWN.
 */
extern int alert_judge(const AlertRule *rule, const json_t *state, const char *subject,
					   double value);

/* A document without anything; NULL without memory. */
extern json_t *alert_state_new(void);

/*
 * Takes a look into account; true when the document changed.  A rule that comes to hold, or ceases to, adds a
 * message, whose body is given as *body (borrowed; NULL: none).
 */
extern bool alert_step(json_t *state, const AlertRule *rule, const AlertReading *reading,
					   int64_t now_ms, const json_t **body);

/* Subjects that are not among `seen` (an object with them as keys) are there no more: fine.  True when any was. */
extern bool alert_step_rest(json_t *state, const AlertRule *rule, const json_t *seen,
							int64_t now_ms);

/* The message to be sent now; NULL when none is due. */
extern const json_t *alert_due(const json_t *state, int64_t now_ms);

/* What came of an attempt to send a message. */
typedef struct AlertAttempt
{
	bool delivered;
	int status;		   /* of HTTP; 0: no answer */
	const char *error; /* NULL: none */
	uint32_t random;   /* any, for the pause until the next */
} AlertAttempt;

/* Notes it; false when the message is there no more. */
extern bool alert_note(json_t *state, const char *message_id, const AlertAttempt *attempt,
					   int64_t now_ms);

#endif
