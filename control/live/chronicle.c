/*
 * chronicle.c - reading the journals (chronicle.h).
 *
 * Events are waited for; points, which nobody waits for, are looked after between.
 */
#include "chronicle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/control/timestamp.h"
#include "common/daemon/retry.h"
#include "common/daemon/trouble.h"
#include "event_message.h"
#include "pause.h"

#define WAIT_MS		   100 /* within which a stop is seen, and points are taken */
#define FIRST_RETRY_MS 100
#define MOST_RETRY_MS  2000
#define NS_PER_MS	   INT64_C(1000000)
#define AT_ONCE		   1000 /* messages of one journal, before the next is looked at */

static const JournalPlan event_plan = {EVENT_STREAM, EVENT_SUBJECT ".>", INT64_C(64) << 20, 604800};

/* Events first, then points by step. */
#define JOURNALS (1 + RING_STEPS)

struct Chronicle
{
	ChronicleSettings settings;
	pthread_t thread;
	Pause pause;
	atomic_bool level;

	/* of the thread */
	NatsSession session;
	Journal journals[JOURNALS];
	Retry retry;
	Trouble trouble, nonsense;
};

/* ---- messages ---- */

static void
leave_out(Chronicle *chronicle, const SluiceError *err)
{
	trouble_tell(&chronicle->nonsense, chronicle->settings.log, LOG_WARNING,
				 "a message was left out", err, timestamp_now());
}

static void
take_event(Chronicle *chronicle, const PulledMessage *message)
{
	const ChronicleSettings *settings = &chronicle->settings;
	SluiceError err = {0};
	WindowEvent event;
	EventSource source;

	if (!event_message_read(message->subject, (const char *) message->data, message->length,
							message->sequence, message->stored / NS_PER_MS, &event, &source, &err))
	{
		event_window_skip(settings->events, message->sequence);
		leave_out(chronicle, &err);
		return;
	}
	run_events_told(settings->told, message->subject, message->sequence,
					message->stored / NS_PER_MS, &source);
	event_window_add(settings->events, &event);
	settings->news(settings->context);
}

static void
take_points(Chronicle *chronicle, const PulledMessage *message)
{
	SluiceError err = {0};

	if (!history_take(chronicle->settings.history, message->data, message->length, &err))
		leave_out(chronicle, &err);
}

/* ---- reading ---- */

static bool
read_journal(Chronicle *chronicle, size_t index, int wait_ms, SluiceError *err)
{
	Journal *journal = &chronicle->journals[index];

	for (int i = 0; i < AT_ONCE; i++)
	{
		PulledMessage message;

		if (!journal_next(journal, wait_ms, &message, err))
			return false;
		if (message.message == NULL)
			return true;
		if (index == 0)
			take_event(chronicle, &message);
		else
			take_points(chronicle, &message);
		natsMsg_Destroy(message.message);
		wait_ms = 0;
	}
	return true;
}

static bool
all_level(const Chronicle *chronicle)
{
	for (size_t i = 0; i < JOURNALS; i++)
	{
		if (!journal_level(&chronicle->journals[i]))
			return false;
	}
	return true;
}

static bool
read_all(Chronicle *chronicle, SluiceError *err)
{
	while (!pause_ended(&chronicle->pause))
	{
		for (size_t i = 0; i < JOURNALS; i++)
		{
			if (!read_journal(chronicle, i, i == 0 ? WAIT_MS : 0, err))
				return false;
		}
		atomic_store(&chronicle->level, all_level(chronicle));
	}
	return true;
}

static bool
open_journal(Chronicle *chronicle, size_t index, SluiceError *err)
{
	Journal *journal = &chronicle->journals[index];
	bool anew;

	if (!journal_ensure(&chronicle->session, journal->plan, chronicle->settings.replicas, err) ||
		!journal_open(journal, &chronicle->session, &anew, err))
		return false;
	if (index != 0)
		return true;
	if (anew)
	{
		event_window_reset(chronicle->settings.events);
		run_events_forget(chronicle->settings.told);
	}
	event_window_begin(chronicle->settings.events, journal->floor);
	return true;
}

static bool
connect_and_read(Chronicle *chronicle, SluiceError *err)
{
	NatsSettings nats = chronicle->settings.nats;
	bool good;

	nats.name = "sluice-control journals";
	good = nats_session_open(&chronicle->session, &nats, err);
	for (size_t i = 0; good && i < JOURNALS; i++)
		good = open_journal(chronicle, i, err);
	if (good)
	{
		trouble_over(&chronicle->trouble);
		retry_reset(&chronicle->retry);
		good = read_all(chronicle, err);
	}
	for (size_t i = 0; i < JOURNALS; i++)
		journal_close(&chronicle->journals[i]);
	nats_session_close(&chronicle->session);
	return good;
}

static void *
run(void *argument)
{
	Chronicle *chronicle = argument;
	int64_t wait = 0;

	pthread_setname_np(pthread_self(), "journals");
	while (pause_for(&chronicle->pause, wait))
	{
		SluiceError err = {0};

		if (connect_and_read(chronicle, &err))
			break;
		atomic_store(&chronicle->level, false);
		trouble_tell(&chronicle->trouble, chronicle->settings.log, LOG_WARNING,
					 "events and history are not read", &err, timestamp_now());
		wait = retry_next(&chronicle->retry);
	}
	return NULL;
}

Chronicle *
chronicle_start(const ChronicleSettings *settings, SluiceError *err)
{
	Chronicle *chronicle = calloc(1, sizeof(*chronicle));

	if (chronicle == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a thread");
		return NULL;
	}
	chronicle->settings = *settings;
	journal_init(&chronicle->journals[0], &event_plan);
	for (size_t i = 0; i < RING_STEPS; i++)
		journal_init(&chronicle->journals[1 + i], &history_plans[i]);
	pause_init(&chronicle->pause);
	retry_init(&chronicle->retry, (RetryPolicy){FIRST_RETRY_MS, MOST_RETRY_MS},
			   (uint64_t) timestamp_now());
	if (pthread_create(&chronicle->thread, NULL, run, chronicle) == 0)
		return chronicle;
	pause_free(&chronicle->pause);
	free(chronicle);
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
	return NULL;
}

bool
chronicle_level(const Chronicle *chronicle)
{
	return atomic_load(&chronicle->level);
}

void
chronicle_stop(Chronicle *chronicle)
{
	if (chronicle == NULL)
		return;
	pause_end(&chronicle->pause);
	(void) pthread_join(chronicle->thread, NULL);
	pause_free(&chronicle->pause);
	free(chronicle);
}
