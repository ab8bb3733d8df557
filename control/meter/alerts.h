/*
 * alerts.h - rules that are watched, and webhooks that are told when one comes to hold and when it ceases to.
 *
 * Rules are in the store (`alert.<tenant>.<id>` in the configuration); what they were found to be, and what is still to be
 * sent, is in one document of the same name in the state, so that nothing is said twice or lost when a server
 * goes.  Only the server that leads watches and sends; it sends in a thread of its own.
 */
#ifndef SLUICE_CONTROL_METER_ALERTS_H
#define SLUICE_CONTROL_METER_ALERTS_H

#include <jansson.h>
#include <stdint.h>

#include "common/core/error.h"

typedef struct Control Control; /* control/control.h */
typedef struct Alerts Alerts;

/* Store and meter must be there already and outlive it.  Starts the thread that sends.  NULL on error. */
extern Alerts *alerts_open(Control *control, SluiceError *err);
extern void alerts_close(Alerts *alerts); /* NULL is fine */

/* The leader's tick, once a second: looks at every rule. */
extern void alerts_tick(Alerts *alerts, int64_t now_ms);

/* This server leads no more: nothing is sent any longer. */
extern void alerts_rest(Alerts *alerts);

/* What came of one message. */
typedef struct AlertAnswer
{
	bool delivered;
	int status; /* of HTTP; 0: there was no answer */
	int64_t took_ms;
	char error[300]; /* why it was not delivered; "" when it was */
} AlertAnswer;

/* Sends a message of type `alert.test` at once, in the caller's thread; false when that could not be tried. */
extern bool alerts_test(Alerts *alerts, const char *tenant, const json_t *rule, AlertAnswer *answer,
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
