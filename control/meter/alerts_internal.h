/*
 * alerts_internal.h - what the files of alerts share and nobody else includes.
 */
#ifndef SLUICE_CONTROL_METER_ALERTS_INTERNAL_H
#define SLUICE_CONTROL_METER_ALERTS_INTERNAL_H

#include <pthread.h>

#include "alert_rule.h"
#include "alert_state.h"
#include "alerts.h"
#include "common/daemon/trouble.h"
#include "control/control.h"
#include "control/store/store.h"

struct Alerts
{
	Control *control;
	Trouble trouble; /* of the leader's thread */
	Counter *delivered, *refused;

	pthread_t thread; /* that sends */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;			 /* guarded by the lock, as the next */
	int64_t leads_until; /* monotonic milliseconds: it sends until then */
};

/* Milliseconds of a clock that only goes forward. */
extern int64_t alerts_clock(void);

/* The rule's state, new where there is none (revision 0); to be given to store_entry_free(). */
extern bool alerts_state_get(Alerts *alerts, const char *key, StoreEntry *entry,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* ---- alerts_send.c ---- */

/* The thread's body. */
extern void *alerts_send(void *alerts);

#endif
