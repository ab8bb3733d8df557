/*
 * leader.c - keeping the lease and calling the ticks (leader.h).
 *
 * A round begins with each second of the clock; between them, ticks that are prompt are called when something changed.
 */
#include "leader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "common/daemon/retry.h"
#include "common/daemon/trouble.h"
#include "common/nats/lease.h"
#include "control/meter/alerts.h"
#include "control/meter/meter.h"
#include "control/resource/runs.h"
#include "control/settings.h"
#include "control/store/store.h"
#include "live_internal.h"
#include "pause.h"

#define LEASE_TTL_MS   4000
#define ROUND_MS	   1000
#define GATHER_NS	   20000000 /* changes that come together are told together */
#define FIRST_RETRY_MS 100
#define MOST_RETRY_MS  2000

/* ---- ticks ---- */

typedef struct Tick
{
	const char *name;
	bool prompt;
	bool (*call)(Control *control, NatsSession *session, int64_t now_ms, SluiceError *err);
	void (*rest)(Control *control); /* this server leads no more; NULL: nothing to do */
} Tick;

static bool
tick_runs(Control *control, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	(void) session;
	(void) now_ms;
	return runs_tick(control, err);
}

static bool
tick_meter(Control *control, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	(void) err;
	meter_tick(control->meter, session, now_ms);
	return true;
}

static void
rest_meter(Control *control)
{
	meter_rest(control->meter);
}

static bool
tick_alerts(Control *control, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	(void) session;
	(void) err;
	alerts_tick(control->alerts, now_ms);
	return true;
}

static void
rest_alerts(Control *control)
{
	alerts_rest(control->alerts);
}

static bool
tick_history(Control *control, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	return live_tick_history(control->live, session, now_ms, err);
}

static bool
tick_events(Control *control, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	return live_tick_events(control->live, session, now_ms, err);
}

static void
rest_events(Control *control)
{
	live_rest_events(control->live);
}

static const Tick ticks[] = {
	{"history", false, tick_history, NULL},		 {"runs", false, tick_runs, NULL},
	{"events", true, tick_events, rest_events},	 {"usage", false, tick_meter, rest_meter},
	{"alerts", false, tick_alerts, rest_alerts},
};

#define TICKS (sizeof(ticks) / sizeof(ticks[0]))

/* ---- the thread ---- */

struct Leader
{
	Control *control;
	pthread_t thread;
	Pause pause;
	atomic_bool leads;

	/* of the thread */
	NatsSession session;
	Lease lease;
	Retry retry;
	Trouble trouble, tick_troubles[TICKS];
};

static int64_t
monotonic_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
call_ticks(Leader *leader, bool all)
{
	for (size_t i = 0; i < TICKS; i++)
	{
		SluiceError err = {0};

		if (!all && !ticks[i].prompt)
			continue;
		if (ticks[i].call(leader->control, &leader->session, timestamp_now(), &err))
		{
			trouble_over(&leader->tick_troubles[i]);
			continue;
		}
		(void) sluice_prefix(&err, "%s", ticks[i].name);
		trouble_tell(&leader->tick_troubles[i], leader->control->log, LOG_WARNING,
					 "what the leading server does was not done", &err, timestamp_now());
	}
}

static void
set_leading(Leader *leader, bool leads)
{
	if (atomic_exchange(&leader->leads, leads) == leads)
		return;
	log_event(leader->control->log, LOG_INFO,
			  leads ? "this server leads" : "this server leads no more", NULL);
	for (size_t i = 0; !leads && i < TICKS; i++)
	{
		if (ticks[i].rest != NULL)
			ticks[i].rest(leader->control);
	}
}

static bool
open_session(Leader *leader, SluiceError *err)
{
	NatsSettings nats = leader->control->nats;

	if (leader->session.connection != NULL && nats_session_alive(&leader->session))
		return true;
	nats_session_close(&leader->session);
	nats.name = "sluice-control leader";
	return nats_session_open(&leader->session, &nats, err) &&
		   kv_ensure(&leader->session, leader->control->settings->replicas, err);
}

/* False when NATS is out of reach. */
static bool
keep_lease(Leader *leader, SluiceError *err)
{
	int64_t now = monotonic_ms();
	bool good = open_session(leader, err) && lease_step(&leader->lease, &leader->session, now, err);

	set_leading(leader, good && leader->lease.held);
	return good;
}

/* Once a second; how long to wait before the next. */
static int64_t
round_of(Leader *leader)
{
	SluiceError err = {0};

	if (!keep_lease(leader, &err))
	{
		trouble_tell(&leader->trouble, leader->control->log, LOG_WARNING,
					 "the lease of the leading server cannot be kept", &err, timestamp_now());
		nats_session_close(&leader->session);
		return retry_next(&leader->retry);
	}
	trouble_over(&leader->trouble);
	retry_reset(&leader->retry);
	if (atomic_load(&leader->leads) && store_ready(leader->control->store, NULL))
		call_ticks(leader, true);
	return ROUND_MS - timestamp_now() % ROUND_MS;
}

/* Waits so long; prompt ticks are called when something changes meanwhile.  False at the end. */
static bool
wait_for(Leader *leader, int64_t ms)
{
	const struct timespec gather = {.tv_nsec = GATHER_NS};
	int64_t until = monotonic_ms() + ms;

	while (monotonic_ms() < until)
	{
		if (!pause_for(&leader->pause, until - monotonic_ms()))
			return false;
		if (monotonic_ms() >= until || !atomic_load(&leader->leads))
			continue;
		(void) nanosleep(&gather, NULL);
		call_ticks(leader, false);
	}
	return !pause_ended(&leader->pause);
}

static void *
run(void *argument)
{
	Leader *leader = argument;

	pthread_setname_np(pthread_self(), "leader");
	while (wait_for(leader, round_of(leader)))
		;
	set_leading(leader, false);
	if (leader->session.connection != NULL && nats_session_alive(&leader->session))
		lease_release(&leader->lease, &leader->session);
	nats_session_close(&leader->session);
	return NULL;
}

/* For live_on_change(). */
static void
wake(void *context)
{
	Leader *leader = context;

	pause_wake(&leader->pause);
}

Leader *
leader_start(Control *control, SluiceError *err)
{
	Leader *leader = calloc(1, sizeof(*leader));
	char host[64] = "unknown", owner[128];
	uint32_t number = 0;

	if (leader == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a thread");
		return NULL;
	}
	leader->control = control;
	(void) gethostname(host, sizeof(host) - 1);
	(void) !getrandom(&number, sizeof(number), 0);
	(void) snprintf(owner, sizeof(owner), "%s-%d-%08x", host, (int) getpid(), number);
	lease_init(&leader->lease, CONTROL_LEASE, owner, LEASE_TTL_MS);
	retry_init(&leader->retry, (RetryPolicy){FIRST_RETRY_MS, MOST_RETRY_MS}, number);
	pause_init(&leader->pause);
	live_on_change(control->live, wake, leader);
	if (pthread_create(&leader->thread, NULL, run, leader) == 0)
		return leader;
	live_on_change(control->live, NULL, NULL);
	pause_free(&leader->pause);
	free(leader);
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
	return NULL;
}

bool
leader_leads(const Leader *leader)
{
	return atomic_load(&leader->leads);
}

void
leader_stop(Leader *leader)
{
	if (leader == NULL)
		return;
	live_on_change(leader->control->live, NULL, NULL);
	pause_end(&leader->pause);
	(void) pthread_join(leader->thread, NULL);
	pause_free(&leader->pause);
	free(leader);
}
