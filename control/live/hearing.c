/*
 * hearing.c - the thread (hearing.h).
 */
#include "hearing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/control/timestamp.h"
#include "common/daemon/retry.h"
#include "common/daemon/trouble.h"
#include "pause.h"

#define WAIT_MS		   200 /* within which a stop is seen */
#define FIRST_RETRY_MS 100
#define MOST_RETRY_MS  2000

struct Hearing
{
	HearingSettings settings;
	pthread_t thread;
	Pause pause;
	atomic_bool on;

	/* of the thread */
	NatsSession session;
	Retry retry;
	Trouble trouble, nonsense;
};

static void
take(Hearing *hearing, natsMsg *message)
{
	const HearingSettings *settings = &hearing->settings;
	SluiceError err = {0};

	if (!settings->take(settings->context, natsMsg_GetSubject(message), natsMsg_GetData(message),
						(size_t) natsMsg_GetDataLength(message), &err))
		trouble_tell(&hearing->nonsense, settings->log, LOG_WARNING, "a message was left out", &err,
					 timestamp_now());
	natsMsg_Destroy(message);
}

/* Until the connection is gone or the end was asked for; true then. */
static bool
hear(Hearing *hearing, natsSubscription *subscription, SluiceError *err)
{
	while (!pause_ended(&hearing->pause))
	{
		natsMsg *message = NULL;
		natsStatus status = natsSubscription_NextMsg(&message, subscription, WAIT_MS);

		if (status == NATS_OK)
			take(hearing, message);
		else if (status != NATS_TIMEOUT && status != NATS_SLOW_CONSUMER)
			return nats_session_fail(&hearing->session, err, status, 0, "hearing %s",
									 hearing->settings.subject);
		else if (!nats_session_alive(&hearing->session))
			return sluice_fail(err, SLUICE_ERROR_IO, "the connection to NATS is gone");
		else if (!nats_session_permitted(&hearing->session, err))
			return false;
	}
	return true;
}

static bool
connect_and_hear(Hearing *hearing, SluiceError *err)
{
	natsSubscription *subscription = NULL;
	natsStatus status;
	bool good;

	if (!nats_session_open(&hearing->session, &hearing->settings.nats, err))
		return false;
	status = natsConnection_SubscribeSync(&subscription, hearing->session.connection,
										  hearing->settings.subject);
	if (status != NATS_OK)
		return nats_session_fail(&hearing->session, err, status, 0, "hearing %s",
								 hearing->settings.subject);
	trouble_over(&hearing->trouble);
	retry_reset(&hearing->retry);
	atomic_store(&hearing->on, true);
	good = hear(hearing, subscription, err);
	atomic_store(&hearing->on, false);
	nats_session_retire(&hearing->session, subscription);
	return good;
}

static void *
run(void *argument)
{
	Hearing *hearing = argument;
	bool over = false;

	pthread_setname_np(pthread_self(), hearing->settings.name);
	while (!over)
	{
		SluiceError err = {0};

		if (!connect_and_hear(hearing, &err))
			trouble_tell(&hearing->trouble, hearing->settings.log, LOG_WARNING,
						 "live messages are not heard", &err, timestamp_now());
		nats_session_close(&hearing->session);
		over = !pause_for(&hearing->pause, err.code != SLUICE_OK ? retry_next(&hearing->retry) : 0);
	}
	return NULL;
}

Hearing *
hearing_start(const HearingSettings *settings, SluiceError *err)
{
	Hearing *hearing = calloc(1, sizeof(*hearing));

	if (hearing == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a thread");
		return NULL;
	}
	hearing->settings = *settings;
	hearing->settings.nats.name = settings->name;
	pause_init(&hearing->pause);
	retry_init(&hearing->retry, (RetryPolicy){FIRST_RETRY_MS, MOST_RETRY_MS},
			   (uint64_t) timestamp_now());
	if (pthread_create(&hearing->thread, NULL, run, hearing) == 0)
		return hearing;
	pause_free(&hearing->pause);
	free(hearing);
	sluice_error_fill(err, SLUICE_ERROR_MEMORY, "cannot start a thread: %m");
	return NULL;
}

bool
hearing_on(const Hearing *hearing)
{
	return atomic_load(&hearing->on);
}

void
hearing_stop(Hearing *hearing)
{
	if (hearing == NULL)
		return;
	pause_end(&hearing->pause);
	(void) pthread_join(hearing->thread, NULL);
	pause_free(&hearing->pause);
	free(hearing);
}
