/*
 * worker.h - the main thread's state: NATS, the board, the jobs that are held.
 *
 * While NATS is away the jobs go on as they are: nobody else can take them then.  When it is back, a lease that another
 * holds by now ends the job.
 */
#ifndef SLUICE_WORKER_WORKER_H
#define SLUICE_WORKER_WORKER_H

#include "board.h"
#include "common/daemon/retry.h"
#include "common/daemon/service.h"
#include "common/daemon/trouble.h"
#include "common/nats/lease.h"
#include "job.h"
#include "plan.h"
#include "settings.h"
#include "tools.h"
#include "watches.h"

/* A job and its lease. */
typedef struct Holding
{
	Job *job;
	Lease lease;
	char target[JOB_WORD * 2]; /* of a writer, for planning */
	JobWish wish;			   /* as it was told last */
	bool ending;			   /* it was told to end */
	int64_t reported_ms;	   /* when its report was written last */
	int64_t asked_ms;		   /* when its reader's report was read last */
} Holding;

typedef struct Worker
{
	Service *service;
	WorkerSettings settings;
	Tools tools;

	NatsSession session; /* connection NULL: not open */
	Watches watches;
	natsSubscription *figures;
	Retry retry;
	int64_t retry_ms; /* when a session is opened next */
	Trouble trouble;

	Board board;
	Holding *holdings; /* settings.slots of them */
	size_t count;
	json_t *done; /* "run/job" of verifications and drops that came to their end */
	bool ending;  /* the end was asked for */

	char started_at[TIMESTAMP_TEXT];
	int64_t registered_ms; /* when it was written last */
	Gauge *jobs[2], *slots;
	Counter *taken, *lost;
} Worker;

/* Prepares all; to be ended with worker_close() in any case. */
extern bool worker_open(Worker *worker, Service *service, SluiceError *err) SLUICE_MUST_CHECK;

/* Rounds until the end was asked for and every job is over. */
extern void worker_run(Worker *worker);
extern void worker_close(Worker *worker);

/* ---- holdings.c: the jobs that are held; false: NATS is to be connected to anew ---- */

/* What of the worker planning looks at; `held` has room for all slots. */
extern PlanSelf holdings_self(const Worker *worker, PlanHeld *held);

/* Leases are renewed, wishes told, jobs that are over let go of, and one that is free is taken. */
extern bool holdings_round(Worker *worker, SluiceError *err) SLUICE_MUST_CHECK;

/* Without NATS: wishes of before, and the end. */
extern void holdings_end_all(Worker *worker);
extern void holdings_free_over(Worker *worker);

/* ---- outlet.c: what is published ---- */

extern bool outlet_report(Worker *worker, Holding *holding, bool due,
						  SluiceError *err) SLUICE_MUST_CHECK;
extern bool outlet_round(Worker *worker, SluiceError *err) SLUICE_MUST_CHECK;

/* Takes the registration away. */
extern void outlet_sign_off(Worker *worker);

#endif
