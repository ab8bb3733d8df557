/*
 * publisher.c - the public calls of the publisher, its queue and its thread.
 *
 * The thread lives through one connection after another: begin, send and wait until something
 * breaks, end, pause, begin again.  Only what can never mend itself ends it early.
 */
#include "publisher_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS		   250 /* the longest the thread sleeps: how soon it notices a lost connection */
#define PAUSE_FIRST_MS 50  /* between two lives; doubles... */
#define PAUSE_LAST_MS  2000 /* ...up to this */
#define FULL_PAUSE_MS  300	/* how often a full stream is tried */
#define JOIN_MS		   4000

int64_t
monotonic_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
publisher_notify(Publisher *publisher)
{
	uint64_t one = 1;

	/* A counter that is already full is as good as a write. */
	if (write(publisher->event, &one, sizeof(one)) < 0)
		return;
}

int
publisher_eventfd(const Publisher *publisher)
{
	return publisher->event;
}

/* ---- the queue ---- */

static void
pending_free(Pending *pending)
{
	bytebuf_free(&pending->buf);
	free(pending->place);
	free(pending->before);
	free(pending);
}

void
publisher_drop_first(Publisher *publisher)
{
	Pending *pending = publisher->first;

	publisher->first = pending->next;
	if (publisher->first == NULL)
		publisher->last = NULL;
	publisher->queued--;
	publisher->status.in_flight = publisher->queued;
	publisher->status.in_flight_bytes -= pending->size;
	publisher->status.acked = pending->header.last;
	publisher->status.bundles++;
	pending_free(pending);
}

static bool
has_room(const Publisher *publisher, size_t size)
{
	if (publisher->queued == 0)
		return true;
	return publisher->queued < PUBLISHER_BUNDLES_MAXIMUM &&
		   publisher->status.in_flight_bytes + size <= publisher->options.window_bytes;
}

/* At the queue's end; lock held. */
static void
enqueue(Publisher *publisher, Pending *pending)
{
	if (publisher->last != NULL)
		publisher->last->next = pending;
	else
		publisher->first = pending;
	publisher->last = pending;
	publisher->queued++;
	publisher->status.in_flight = publisher->queued;
	publisher->status.in_flight_bytes += pending->size;
	if (publisher->life.current == NULL)
		publisher->life.current = pending;
	pthread_cond_signal(&publisher->wake);
}

/* Gives the bundle its place and that of the one before; false without memory.  Lock held. */
static bool
take_place(Publisher *publisher, Pending *pending, const char *place)
{
	char *copies[2] = {NULL, NULL};

	if (place == NULL)
		return true;
	for (int i = 0; i < 2; i++)
		copies[i] = strdup(place);
	if (copies[0] == NULL || copies[1] == NULL)
	{
		free(copies[0]);
		free(copies[1]);
		return false;
	}
	pending->place = copies[0];
	pending->before = publisher->pushed_place;
	publisher->pushed_place = copies[1];
	return true;
}

bool
publisher_push_at(Publisher *publisher, BundleWriter *writer, const char *place)
{
	Pending *pending;
	bool taken = false;

	pthread_mutex_lock(&publisher->lock);
	pending = has_room(publisher, writer->buf.capacity) ? calloc(1, sizeof(*pending)) : NULL;
	if (pending != NULL && take_place(publisher, pending, place))
	{
		pending->buf = writer->buf;
		pending->size = writer->buf.capacity;
		bundle_writer_header(writer, BUNDLE_CHANGE, &pending->header);
		bundle_writer_init(writer, writer->buf.allocator, writer->buf.maximum);
		enqueue(publisher, pending);
		taken = true;
	}
	else
		free(pending);
	pthread_mutex_unlock(&publisher->lock);
	return taken;
}

bool
publisher_push(Publisher *publisher, BundleWriter *writer)
{
	return publisher_push_at(publisher, writer, NULL);
}

char *
publisher_tail_place(Publisher *publisher)
{
	char *place;

	pthread_mutex_lock(&publisher->lock);
	place = publisher->tail_place != NULL ? strdup(publisher->tail_place) : NULL;
	pthread_mutex_unlock(&publisher->lock);
	return place;
}

void
publisher_status(Publisher *publisher, PublisherStatus *status)
{
	uint64_t ignored;

	if (read(publisher->event, &ignored, sizeof(ignored)) < 0 && errno != EAGAIN)
		ignored = 0; /* nothing depends on the count */
	pthread_mutex_lock(&publisher->lock);
	*status = publisher->status;
	pthread_mutex_unlock(&publisher->lock);
}

/* ---- the thread ---- */

static void
set_state(Publisher *publisher, PublisherState state, const SluiceError *err)
{
	pthread_mutex_lock(&publisher->lock);
	publisher->status.state = state;
	if (err != NULL)
		publisher->status.error = *err;
	else
		sluice_error_clear(&publisher->status.error);
	pthread_mutex_unlock(&publisher->lock);
	publisher_notify(publisher);
}

void
publisher_wait(Publisher *publisher, int ms)
{
	struct timespec until;

	(void) clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long) (ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void) pthread_cond_timedwait(&publisher->wake, &publisher->lock, &until);
}

/* Whether the owner wants the thread to end and nothing is left to wait for. */
static bool
should_stop(Publisher *publisher)
{
	bool stop;

	pthread_mutex_lock(&publisher->lock);
	stop = publisher->stopping &&
		   (publisher->first == NULL || monotonic_ms() >= publisher->stop_by_ms);
	pthread_mutex_unlock(&publisher->lock);
	return stop;
}

static bool
may_send(const Publisher *publisher)
{
	const Life *life = &publisher->life;
	uint64_t window = life->probing ? 1 : publisher->options.window_messages;

	return life->current != NULL && life->sent - life->acked < window;
}

/* Waits until there is something to do. */
static void
wait_for_work(Publisher *publisher)
{
	pthread_mutex_lock(&publisher->lock);
	if (!may_send(publisher) && !publisher->life.broken && !publisher->stopping)
		publisher_wait(publisher, WAIT_MS);
	else if (publisher->stopping && !may_send(publisher) && !publisher->life.broken)
		publisher_wait(publisher, 20);
	pthread_mutex_unlock(&publisher->lock);
}

static bool
is_probing(Publisher *publisher)
{
	bool probing;

	pthread_mutex_lock(&publisher->lock);
	probing = publisher->life.probing;
	pthread_mutex_unlock(&publisher->lock);
	return probing;
}

/* One connection from begin to its end; err says why it ended. */
static void
live(Publisher *publisher, SluiceError *err)
{
	sluice_error_clear(err);
	if (life_begin(publisher, err))
	{
		if (!is_probing(publisher))
			set_state(publisher, PUBLISHER_READY, NULL);
		while (!should_stop(publisher) && life_ok(publisher, err) && life_send(publisher, err) &&
			   marks_upkeep(publisher, err))
		{
			/* What was refused goes on when the first probe was taken. */
			if (publisher->status.state != PUBLISHER_READY && !is_probing(publisher))
				set_state(publisher, PUBLISHER_READY, NULL);
			wait_for_work(publisher);
		}
	}
	life_end(publisher);
}

/* Between two lives, unless told to stop. */
static void
pause_ms(Publisher *publisher, int ms)
{
	int64_t until = monotonic_ms() + ms;

	while (!should_stop(publisher) && monotonic_ms() < until)
	{
		pthread_mutex_lock(&publisher->lock);
		publisher_wait(publisher, 50);
		pthread_mutex_unlock(&publisher->lock);
	}
}

/* Errors that no further life will mend. */
static bool
is_final(const SluiceError *err)
{
	return !sluice_error_transient(err->code) && err->code != SLUICE_ERROR_DENIED &&
		   err->code != SLUICE_ERROR_NOT_FOUND && err->code != SLUICE_OK;
}

/* After a refusal, or silence, the next life is not called good before a message was taken. */
static void
probe_next(Publisher *publisher, const SluiceError *err)
{
	pthread_mutex_lock(&publisher->lock);
	publisher->life.probing = err->code == SLUICE_ERROR_FULL || err->code == SLUICE_ERROR_DENIED ||
							  (err->code == SLUICE_ERROR_TIMEOUT && publisher->first != NULL);
	pthread_mutex_unlock(&publisher->lock);
}

static void *
thread_main(void *arg)
{
	Publisher *publisher = arg;
	int pause = PAUSE_FIRST_MS;
	SluiceError err;

	while (!should_stop(publisher))
	{
		uint64_t before = publisher->status.messages;
		bool full;

		live(publisher, &err);
		if (should_stop(publisher))
			break;
		if (is_final(&err))
		{
			set_state(publisher, PUBLISHER_FAILED, &err);
			break;
		}
		full = err.code == SLUICE_ERROR_FULL;
		probe_next(publisher, &err);
		set_state(publisher, full ? PUBLISHER_FULL : PUBLISHER_CONNECTING, &err);
		if (publisher->status.messages > before)
			pause = PAUSE_FIRST_MS;
		pause_ms(publisher, full ? FULL_PAUSE_MS : pause);
		pause = pause * 2 > PAUSE_LAST_MS ? PAUSE_LAST_MS : pause * 2;
	}
	return NULL;
}

/* ---- start and stop ---- */

/* Every string of the options, so that they can be copied and freed in one loop. */
static void
each_string(PublisherOptions *options, const char **(*step)(const char **) )
{
	NatsSettings *nats = &options->nats;
	const char **strings[] = {
		&nats->urls,	   &nats->user,			&nats->password,	&nats->token,
		&nats->creds_file, &nats->nkey_file,	&nats->tls_ca_file, &nats->tls_cert_file,
		&nats->name,	   &nats->tls_key_file, &options->stream,
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		(void) step(strings[i]);
}

static const char **
copy_string(const char **at)
{
	if (*at != NULL)
		*at = strdup(*at);
	return at;
}

static const char **
free_string(const char **at)
{
	free((char *) (uintptr_t) *at);
	*at = NULL;
	return at;
}

static bool
copy_options(Publisher *publisher, const PublisherOptions *options, SluiceError *err)
{
	publisher->options = *options;
	each_string(&publisher->options, copy_string);
	for (int i = 0; i < PUBLISHER_CONSUMERS_MAXIMUM && options->consumers[i] != NULL; i++)
	{
		ConsumerMark *consumer = &publisher->consumers[publisher->consumer_count++];

		if (strlen(options->consumers[i]) > CONSUMER_NAME_MAXIMUM)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
							   "consumer name \"%s\" is longer than %d bytes",
							   options->consumers[i], CONSUMER_NAME_MAXIMUM);
		(void) snprintf(consumer->name, sizeof(consumer->name), "%s", options->consumers[i]);
	}
	return stream_name_check(options->stream, err);
}

static void
publisher_free(Publisher *publisher)
{
	while (publisher->first != NULL)
		publisher_drop_first(publisher);
	bytebuf_free(&publisher->scratch);
	free(publisher->tail_place);
	free(publisher->pushed_place);
	each_string(&publisher->options, free_string);
	free(publisher->life.flights);
	if (publisher->event >= 0)
		(void) close(publisher->event);
	free(publisher);
}

static void
make_session_tag(Publisher *publisher)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint64_t) monotonic_ms() ^ ((uint64_t) getpid() << 32);
	(void) snprintf(publisher->session_tag, sizeof(publisher->session_tag), "%" PRIx64, random);
}

/* All signals stay with the owner's thread, in this thread and in those libnats starts from it. */
static int
start_thread(Publisher *publisher)
{
	pthread_condattr_t attributes;
	sigset_t all;
	sigset_t before;
	int failed;

	(void) pthread_mutex_init(&publisher->lock, NULL);
	(void) pthread_condattr_init(&attributes);
	(void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void) pthread_cond_init(&publisher->wake, &attributes);
	(void) pthread_condattr_destroy(&attributes);
	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&publisher->thread, NULL, thread_main, publisher);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

Publisher *
publisher_start(const PublisherOptions *options, SluiceError *err)
{
	Publisher *publisher = calloc(1, sizeof(*publisher));
	int failed;

	if (publisher == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a publisher");
		return NULL;
	}
	bytebuf_init(&publisher->scratch, &allocator_malloc, BUNDLE_MAXIMUM);
	publisher->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!copy_options(publisher, options, err))
	{
		publisher_free(publisher);
		return NULL;
	}
	(void) change_subject(publisher->subject, options->stream, options->lane);
	make_session_tag(publisher);
	publisher->life.flights = calloc(options->window_messages, sizeof(Flight));
	if (publisher->event < 0 || publisher->life.flights == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "could not make a publisher: %s",
						   strerror(errno));
		publisher_free(publisher);
		return NULL;
	}
	failed = start_thread(publisher);
	if (failed != 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "could not start a thread: %s",
						   strerror(failed));
		publisher_free(publisher);
		return NULL;
	}
	return publisher;
}

bool
publisher_stop(Publisher *publisher, int drain_ms)
{
	struct timespec until;

	pthread_mutex_lock(&publisher->lock);
	publisher->stopping = true;
	publisher->stop_by_ms = monotonic_ms() + drain_ms;
	pthread_cond_signal(&publisher->wake);
	pthread_mutex_unlock(&publisher->lock);
	(void) clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (drain_ms + JOIN_MS) / 1000 + 1;
	if (pthread_timedjoin_np(publisher->thread, NULL, &until) != 0)
		return false;
	publisher_free(publisher);
	return true;
}

/* Whether the stream holds changes of another source; one that holds none is nobody's. */
static bool
find_owner(NatsSession *session, const PublisherOptions *options, bool *foreign, SluiceError *err)
{
	char subject[SUBJECT_TEXT];
	BundleHeader header;
	bool found = life_last_bundle(session, options->stream,
								  change_subject(subject, options->stream, options->lane), &header,
								  NULL, err);

	*foreign = found && header.last.incarnation != options->incarnation;
	return found || err->code == SLUICE_ERROR_NOT_FOUND || err->code == SLUICE_ERROR_STATE;
}

/* A mark that stays behind without its stream harms nobody. */
static void
remove_marks(NatsSession *session, const PublisherOptions *options)
{
	char key[SUBJECT_TEXT];
	SluiceError ignored;

	for (int i = 0; i < PUBLISHER_CONSUMERS_MAXIMUM && options->consumers[i] != NULL; i++)
	{
		(void) !kv_delete(session, durable_key(key, options->stream, options->consumers[i]),
						  &ignored);
		(void) !kv_delete(session, applied_key(key, options->stream, options->consumers[i]),
						  &ignored);
	}
}

bool
publisher_remove_stream(const PublisherOptions *options, SluiceError *err)
{
	NatsSession session = {0};
	bool foreign;
	bool done;

	if (!nats_session_open(&session, &options->nats, err))
		return false;
	done = find_owner(&session, options, &foreign, err);
	if (done && !foreign)
	{
		done = jetstream_delete(&session, options->stream, err);
		if (done)
			remove_marks(&session, options);
	}
	nats_session_close(&session);
	return done;
}
