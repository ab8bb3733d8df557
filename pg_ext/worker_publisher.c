/*
 * worker_publisher.c - starting, watching and ending the publisher.
 *
 * Its threads must never get a signal of this process: every call that makes libnats start one is
 * made with all signals blocked (the publisher does so itself).
 */
#include "pg_ext/worker_publisher.h"

#include <inttypes.h>
#include <signal.h>

#include "miscadmin.h"
#include "replication/slot.h"

#include "pg_ext/settings.h"
#include "pg_ext/worker_state.h"

#define WINDOW_MESSAGES 256
#define DRAIN_MS		500 /* for acknowledgements at a requested end */

static bool away;	/* the publisher cannot publish, and the log says so */
static bool robbed; /* the same of messages that were taken from the stream */

/* ---- starting ---- */

static void
take_consumers(PublisherOptions *options)
{
	ListCell *cell;
	int count = 0;

	foreach (cell, worker.row.consumers)
	{
		if (count < PUBLISHER_CONSUMERS_MAXIMUM)
			options->consumers[count++] = lfirst(cell);
	}
}

void
worker_start_publisher(void)
{
	PublisherOptions options = {
		.stream = worker.row.name,
		.incarnation = worker.row.incarnation,
		.max_bytes = worker.row.max_bytes,
		.replicas = worker.row.replicas,
		.compression = worker.row.compression,
		.window_bytes = (size_t) sluice_stream_memory_mb << 20,
		.window_messages = WINDOW_MESSAGES,
		.replay_window_ms = worker.row.replay_window_ms,
	};
	SluiceError err;

	take_consumers(&options);
	if (!settings_nats_checksum(&worker.nats_checksum, &err))
		worker_raise(&err);
	settings_nats(&options.nats);
	options.nats.name = psprintf("sluice publisher %s", worker.row.name);
	worker.publisher = publisher_start(&options, &err);
	if (worker.publisher == NULL)
		worker_raise(&err);
	worker.events = compat_wait_event_set(3);
	AddWaitEventToSet(worker.events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(worker.events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(worker.events, WL_SOCKET_READABLE, publisher_eventfd(worker.publisher), NULL,
					  NULL);
}

/* ---- watching ---- */

/* An outage is told once when it begins and once when it is over, a loss once. */
static void
tell_outage(const PublisherStatus *status)
{
	bool now_away = status->state != PUBLISHER_READY && status->error.code != SLUICE_OK;
	bool now_robbed = status->state == PUBLISHER_READY && status->error.code != SLUICE_OK;

	if (now_robbed && !robbed)
		ereport(WARNING, (errmsg("stream \"%s\": %s", worker.row.name, status->error.message),
						  status->error.hint[0] != '\0' ? errhint("%s", status->error.hint) : 0));
	robbed = now_robbed;
	if (now_away == away)
		return;
	away = now_away;
	if (away)
		ereport(LOG,
				(errmsg("stream \"%s\" cannot publish: %s", worker.row.name, status->error.message),
				 status->error.hint[0] != '\0' ? errhint("%s", status->error.hint) : 0));
	else
		ereport(LOG, (errmsg("stream \"%s\" publishes again", worker.row.name)));
}

/*
 * Two sources cannot share a JetStream stream, and which of them gives way is for people to say.  The
 * other's database has a name here only when it is one of this server; while the slot is held (and
 * SPI is not possible) its incarnation must do.
 */
static void
fail_as_second(uint64_t other)
{
	char jetstream[SUBJECT_TEXT];
	char *database = MyReplicationSlot == NULL ? catalog_namesake(worker.row.name) : NULL;
	const char *source = database != NULL ? psprintf("database \"%s\" of this server", database)
										  : "another source or an earlier slot";

	(void) jetstream_name(jetstream, worker.row.name);
	worker_fail_for_good(
		psprintf("JetStream stream %s holds the changes of %s (incarnation %" PRIx64
				 ", ours is %" PRIx64 ")",
				 jetstream, source, other, worker.row.incarnation),
		psprintf("Drop this stream and create it under another name; or, when that source is given "
				 "up: nats stream rm %s, then SELECT sluice.start_stream('%s').",
				 jetstream, worker.row.name));
}

void
worker_read_publisher(PublisherStatus *status)
{
	publisher_status(worker.publisher, status);
	tell_outage(status);
	if (status->state != PUBLISHER_FAILED)
		return;
	if (status->other_incarnation != 0)
		fail_as_second(status->other_incarnation);
	worker_raise(&status->error);
}

void
worker_wait_for_tail(PublisherStatus *status)
{
	for (;;)
	{
		worker_read_publisher(status);
		if (status->tail_known)
			return;
		if (status->error.code != SLUICE_OK)
			worker_note_error(&status->error);
		worker_wait(1000);
	}
}

void
worker_publish(BundleWriter *writer)
{
	PublisherStatus status;

	while (!publisher_push(worker.publisher, writer))
	{
		worker_wait(1000);
		worker_read_publisher(&status);
	}
}

/* ---- ending ---- */

/*
 * libnats itself is not closed: its own threads are idle, and once closed it frees at exit what
 * belongs to OpenSSL, which frees it again and takes the server down.
 */
void
worker_end_publisher(void)
{
	Publisher *publisher = worker.publisher;

	worker.publisher = NULL;
	if (publisher != NULL)
		(void) publisher_stop(publisher, worker.stopping ? DRAIN_MS : 0);
}

void
worker_raise_removal(SluiceError *err)
{
	(void) sluice_prefix(err, "its JetStream stream cannot be deleted");
	(void) sluice_hint(err,
					   "This is tried again until NATS answers. To drop the stream without that: "
					   "SELECT sluice.drop_stream('%s', keep_jetstream => true).",
					   worker.row.name);
	worker_raise(err);
}

void
worker_remove_jetstream(void)
{
	PublisherOptions options = {.stream = worker.row.name, .incarnation = worker.row.incarnation};
	SluiceError err;
	sigset_t all;
	sigset_t before;
	bool removed;

	take_consumers(&options);
	settings_nats(&options.nats);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	removed = publisher_remove_stream(&options, &err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!removed)
		worker_raise_removal(&err);
}
