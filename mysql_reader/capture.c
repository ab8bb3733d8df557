/*
 * capture.c - the life of a stream's capture: publisher, source, the loop between them (capture.h).
 */
#include "capture.h"

#include "capture_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define WINDOW_MESSAGES 256
#define UPKEEP_MS		100
#define WAIT_MS			1000
#define EVENTS_A_TURN	256

/* ---- opening ---- */

/* 0 when there is no stream yet. */
static bool
read_incarnation(const StreamSettings *settings, uint64_t *incarnation, SluiceError *err)
{
	NatsSession session = {0};
	char subject[SUBJECT_TEXT];
	natsMsg *message = NULL;
	BundleHeader header;
	const uint8_t *body;
	bool good;

	*incarnation = 0;
	if (!nats_session_open(&session, &settings->nats, err))
		return false;
	if (jetstream_last(&session, settings->stream, change_subject(subject, settings->stream, 0),
					   &message, err))
	{
		good = bundle_header_read((const uint8_t *) natsMsg_GetData(message),
								  (size_t) natsMsg_GetDataLength(message), &header, &body, err);
		*incarnation = good ? header.last.incarnation : 0;
	}
	else
		good = err->code == SLUICE_ERROR_NOT_FOUND;
	natsMsg_Destroy(message);
	nats_session_close(&session);
	return good;
}

static bool
choose_incarnation(const StreamSettings *settings, uint64_t *incarnation, SluiceError *err)
{
	if (!read_incarnation(settings, incarnation, err))
		return false;
	while (*incarnation == 0)
	{
		if (getrandom(incarnation, sizeof(*incarnation), 0) != sizeof(*incarnation))
			return sluice_fail(err, SLUICE_ERROR_IO, "no random number: %s", strerror(errno));
		*incarnation >>= 1; /* what counts with signs can have it too */
	}
	return true;
}

static Publisher *
start_publisher(const Capture *capture, SluiceError *err)
{
	const StreamSettings *settings = capture->settings;
	char name[STREAM_NAME_MAXIMUM + 32];
	PublisherOptions options = {
		.nats = settings->nats,
		.stream = settings->stream,
		.incarnation = capture->incarnation,
		.max_bytes = settings->max_bytes,
		.replicas = settings->replicas,
		.compression = settings->compression,
		.window_bytes = settings->window_bytes,
		.window_messages = WINDOW_MESSAGES,
		.replay_window_ms = settings->replay_window_ms,
	};

	for (int i = 0; i < PUBLISHER_CONSUMERS_MAXIMUM; i++)
		options.consumers[i] = settings->consumers[i];
	(void) snprintf(name, sizeof(name), "sluice mysql-reader %s", settings->stream);
	options.nats.name = name;
	return publisher_start(&options, err);
}

Capture *
capture_open(const StreamSettings *settings, Log *log, SluiceError *err)
{
	Capture *capture = calloc(1, sizeof(*capture));

	if (capture == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a stream");
		return NULL;
	}
	capture->settings = settings;
	capture->log = log;
	(void) pthread_mutex_init(&capture->lock, NULL);
	(void) pthread_cond_init(&capture->begun, NULL);
	bytebuf_init(&capture->place, &allocator_malloc, POSITION_MAXIMUM);
	source_position_init(&capture->start);
	capture->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (choose_incarnation(settings, &capture->incarnation, err))
		capture->publisher = start_publisher(capture, err);
	if (capture->publisher != NULL)
		return capture;
	capture_close(capture, 0);
	return NULL;
}

void
capture_close(Capture *capture, int drain_ms)
{
	if (capture == NULL)
		return;
	if (capture->publisher != NULL)
		(void) publisher_stop(capture->publisher, drain_ms);
	if (capture->writing)
		change_writer_free(&capture->writer);
	source_position_free(&capture->start);
	relation_free(capture->named);
	table_choice_free(capture->choice);
	bytebuf_free(&capture->place);
	if (capture->wake >= 0)
		(void) close(capture->wake);
	(void) pthread_mutex_destroy(&capture->lock);
	(void) pthread_cond_destroy(&capture->begun);
	free(capture);
}

/* ---- waiting ---- */

static void
wake(Capture *capture)
{
	uint64_t one = 1;

	if (write(capture->wake, &one, sizeof(one)) < 0)
		return; /* a counter that is full is as good as a write */
}

void
capture_stop(Capture *capture)
{
	atomic_store(&capture->stopping, true);
	pthread_mutex_lock(&capture->lock);
	pthread_cond_broadcast(&capture->begun);
	pthread_mutex_unlock(&capture->lock);
	wake(capture);
}

/* Until the log has more, the publisher has news, or somebody wants something. */
static void
wait_for_news(Capture *capture, int feed, int ms)
{
	struct pollfd events[] = {
		{.fd = capture->wake, .events = POLLIN},
		{.fd = publisher_eventfd(capture->publisher), .events = POLLIN},
		{.fd = feed, .events = POLLIN},
	};
	uint64_t ignored;

	(void) poll(events, feed >= 0 ? 3 : 2, ms);
	if (read(capture->wake, &ignored, sizeof(ignored)) < 0 && errno != EAGAIN)
		ignored = 0; /* nothing depends on the count */
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the publisher ---- */

/*
 * The stream does not end where we know it to: a store that was rolled back, or another reader that
 * took over for a while.  Another publisher finds out where it ends, and from there it goes on.
 */
static bool
fail_as_lost(Capture *capture, SluiceError *err)
{
	capture->renew = true;
	err->code = SLUICE_ERROR_IO;
	return sluice_hint(err,
					   "publishing goes on behind what it has, as far as the source's log goes");
}

/* What the publisher says now; its failure for good is ours. */
static bool
look_at_publisher(Capture *capture, SluiceError *err)
{
	PublisherStatus status;

	publisher_status(capture->publisher, &status);
	pthread_mutex_lock(&capture->lock);
	capture->status.publisher = status;
	if (status.tail.commit > 0 || status.acked.commit > 0)
	{
		capture->status.begun = true;
		pthread_cond_broadcast(&capture->begun);
	}
	pthread_mutex_unlock(&capture->lock);
	if (status.state != PUBLISHER_FAILED)
		return true;
	*err = status.error;
	return status.other_incarnation == 0 && err->code == SLUICE_ERROR_STATE
			   ? fail_as_lost(capture, err)
			   : false;
}

/* False with TIMEOUT when it was stopped meanwhile. */
static bool
go_on(Capture *capture, SluiceError *err)
{
	if (atomic_load(&capture->stopping))
		return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "stopping");
	return look_at_publisher(capture, err);
}

/* The writer's way out: waits for room, and with that for whoever drains the stream. */
bool
capture_emit(void *context, BundleWriter *bundle, const LogPosition *place, const char *interrupted,
			 SluiceError *err)
{
	Capture *capture = context;
	SourcePosition position = {
		.flavour = capture->flavour, .mode = capture->writer.options.mode, .log = *place};

	(void) snprintf(position.server, sizeof(position.server), "%s", capture->server);
	(void) snprintf(position.interrupted, sizeof(position.interrupted), "%s", interrupted);
	if (!source_position_format(&position, &capture->place, err))
		return false;
	capture->sent_ms = now_ms();
	capture->sent_bytes = capture->log_bytes;
	while (!publisher_push_at(capture->publisher, bundle, (const char *) capture->place.data))
	{
		wait_for_news(capture, -1, WAIT_MS);
		if (!go_on(capture, err))
			return false;
	}
	return true;
}

static bool
wait_for_tail(Capture *capture, ChangeId *tail, SluiceError *err)
{
	for (;;)
	{
		if (!go_on(capture, err))
			return false;
		if (capture->status.publisher.tail_known)
		{
			*tail = capture->status.publisher.tail;
			return true;
		}
		wait_for_news(capture, -1, WAIT_MS);
	}
}

/* ---- the loop ---- */

static void
share_status(Capture *capture, const LogReader *reader)
{
	CaptureStatus *status = &capture->status;
	const ChangeWriter *writer = &capture->writer;

	pthread_mutex_lock(&capture->lock);
	status->incarnation = capture->incarnation;
	status->reading = reader != NULL;
	status->tableless = reader != NULL && structure_is_empty(capture->structure);
	status->idle = capture->idle;
	status->reached = position_number(&writer->done, writer->options.mode);
	status->commit_time = writer->commit_time;
	status->counts = writer->counts;
	status->log_bytes = capture->log_bytes;
	status->heartbeats = capture->heartbeats;
	if (reader != NULL)
	{
		memcpy(status->file, reader->file, sizeof(status->file));
		status->offset = reader->offset;
	}
	pthread_mutex_unlock(&capture->lock);
}

/* Marks that are due between two groups. */
static bool
send_marks(Capture *capture, int64_t now, SluiceError *err)
{
	ChangeWriter *writer = &capture->writer;
	char content[16];
	uint64_t reached;
	uint32_t copied;

	if (writer->group.open)
		return true;
	reached = position_number(&writer->done, writer->options.mode);
	pthread_mutex_lock(&capture->lock);
	copied = reached >= capture->copied_at ? capture->copied : 0;
	if (copied > 0)
		capture->copied = 0;
	pthread_mutex_unlock(&capture->lock);
	if (copied > 0)
	{
		int length = snprintf(content, sizeof(content), "%" PRIu32, copied);

		return change_writer_flush(writer, err) &&
			   change_writer_mark(writer, "sluice.copied", content, (uint32_t) length, err);
	}
	if (now - capture->sent_ms < MARK_MS && capture->log_bytes - capture->sent_bytes < MARK_BYTES)
		return true;
	capture->sent_ms = now;
	capture->sent_bytes = capture->log_bytes;
	return change_writer_flush(writer, err) &&
		   change_writer_mark(writer, "sluice.position", "", 0, err);
}

static bool
upkeep(Capture *capture, LogReader *reader, SluiceError *err)
{
	int64_t now = now_ms();

	if (!capture->idle && now - capture->upkeep_ms < UPKEEP_MS)
		return true;
	capture->upkeep_ms = now;
	if (!send_marks(capture, now, err) || !go_on(capture, err))
		return false;
	share_status(capture, reader);
	return true;
}

static bool
is_heartbeat(const uint8_t *event, size_t length)
{
	const uint8_t type = length >= EVENT_HEADER_SIZE ? event[4] : 0;

	return type == EVENT_HEARTBEAT || type == EVENT_HEARTBEAT_V2;
}

/* Some events; *more is false when there are none at present. */
static bool
read_turn(Capture *capture, LogFeed *feed, LogReader *reader, bool *more, SluiceError *err)
{
	for (int i = 0; i < EVENTS_A_TURN; i++)
	{
		const uint8_t *event;
		size_t length;

		if (!log_feed_next(feed, &event, &length, err))
			return false;
		*more = length > 0;
		if (!*more)
			return true;
		capture->log_bytes += length;
		capture->heartbeats += is_heartbeat(event, length);
		if (!log_reader_event(reader, event, length, err))
			return capture_locate(reader, err);
	}
	return true;
}

static bool
follow(Capture *capture, LogFeed *feed, LogReader *reader, SluiceError *err)
{
	for (;;)
	{
		bool more = false;

		capture->idle = false;
		if (!read_turn(capture, feed, reader, &more, err))
			return false;
		if (!more && !change_writer_flush(&capture->writer, err))
			return false;
		capture->idle = !more;
		if (!upkeep(capture, reader, err))
			return false;
		if (!more)
			wait_for_news(capture, log_feed_eventfd(feed), WAIT_MS);
	}
}

/* A stream that has nothing: its start is marked, so that a writer knows it misses nothing. */
static bool
mark_start(Capture *capture, SluiceError *err)
{
	return capture->writer.last.commit > 0 ||
		   change_writer_mark(&capture->writer, "sluice.start", "", 0, err);
}

static bool
run_log(Capture *capture, CaptureSource *source, SluiceError *err)
{
	LogHandler handler = change_writer_handler(&capture->writer);
	LogReader reader;
	LogFeed *feed = NULL;
	bool good = log_reader_init(&reader, &handler, &source->position.log, capture->flavour,
								source->wire.checksum, capture->settings->event_maximum, err);

	capture->writer.reader = &reader;
	if (good && mark_start(capture, err))
		feed = log_feed_start(&source->wire, err);
	good = feed != NULL && follow(capture, feed, &reader, err);
	log_feed_stop(feed);
	share_status(capture, NULL);
	capture->writer.reader = NULL;
	log_reader_free(&reader);
	return good;
}

/* In the place of one that ended; what was read and not published is read again. */
static bool
renew_publisher(Capture *capture, SluiceError *err)
{
	Publisher *old = capture->publisher, *renewed;

	if (!capture->renew)
		return true;
	renewed = start_publisher(capture, err);
	if (renewed == NULL)
		return false;
	capture->publisher = renewed;
	(void) publisher_stop(old, 0);
	if (capture->writing)
		change_writer_free(&capture->writer);
	capture->writing = false;
	capture->renew = false;
	return true;
}

bool
capture_run(Capture *capture, SluiceError *err)
{
	CaptureSource source;
	ChangeId tail;
	bool good;

	sluice_error_clear(err);
	capture_source_init(&source);
	good = renew_publisher(capture, err) && wait_for_tail(capture, &tail, err) &&
		   capture_source_open(capture, &source, &tail, err) && run_log(capture, &source, err);
	capture_source_close(capture, &source);
	return good || (atomic_load(&capture->stopping) && err->code == SLUICE_ERROR_TIMEOUT);
}

/* ---- for the copy ---- */

static bool
give_place(Capture *capture, const LogPosition *place, SluiceError *err)
{
	SourcePosition given;

	source_position_init(&given);
	if (!log_position_copy(&given.log, place, err))
	{
		source_position_free(&given);
		return false;
	}
	source_position_free(&capture->start);
	capture->start = given;
	capture->start_given = true;
	return true;
}

bool
capture_begin(Capture *capture, const LogPosition *place, uint64_t *incarnation, SluiceError *err)
{
	bool good;

	*incarnation = capture->incarnation;
	pthread_mutex_lock(&capture->lock);
	good = give_place(capture, place, err);
	pthread_cond_broadcast(&capture->begun);
	while (good && !capture->status.begun && !atomic_load(&capture->stopping))
		(void) pthread_cond_wait(&capture->begun, &capture->lock);
	if (good)
		capture->copied_at = position_number(place, capture->mode);
	if (good && !capture->status.begun)
		good = sluice_fail(err, SLUICE_ERROR_IO, "the stream is stopping");
	pthread_mutex_unlock(&capture->lock);
	return good;
}

uint64_t
capture_number(Capture *capture, const LogPosition *place)
{
	PositionMode mode;

	pthread_mutex_lock(&capture->lock);
	mode = capture->mode;
	pthread_mutex_unlock(&capture->lock);
	return position_number(place, mode);
}

void
capture_copied(Capture *capture, uint32_t generation)
{
	pthread_mutex_lock(&capture->lock);
	capture->copied = generation;
	pthread_mutex_unlock(&capture->lock);
	wake(capture);
}

void
capture_status(Capture *capture, CaptureStatus *status)
{
	pthread_mutex_lock(&capture->lock);
	*status = capture->status;
	pthread_mutex_unlock(&capture->lock);
}
