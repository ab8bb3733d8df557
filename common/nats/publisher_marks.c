/*
 * publisher_marks.c - what the consumers say is durable, and purging messages nobody needs.
 *
 * Marks come as plain messages on the bucket's subjects while the connection lasts, and are read
 * once at its beginning.  A mark only ever says something true, so a stale one does no harm.
 */
#include "publisher_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UPKEEP_MS	   2000	 /* how often the stream's size is read and its head purged... */
#define UPKEEP_IDLE_MS 15000 /* ...while nothing is published */
#define UPKEEP_FULL_MS 250	 /* the same while the source waits for room */

/* Lock held. */
static void
sum_up(Publisher *publisher)
{
	PublisherStatus *status = &publisher->status;

	status->durable_known = publisher->consumer_count > 0;
	for (int i = 0; i < publisher->consumer_count; i++)
	{
		const ConsumerMark *consumer = &publisher->consumers[i];

		if (!consumer->known || consumer->mark.id.incarnation != publisher->options.incarnation)
			status->durable_known = false;
		else if (i == 0 || change_id_compare(&consumer->mark.id, &status->durable) < 0)
			status->durable = consumer->mark.id;
	}
}

static void
take_mark(Publisher *publisher, ConsumerMark *consumer, const char *value)
{
	DurableMark mark;
	SluiceError ignored;

	if (!durable_parse(value, &mark, &ignored))
		return; /* a deleted key, or a value that is no mark: nothing is known from it */
	pthread_mutex_lock(&publisher->lock);
	consumer->mark = mark;
	consumer->known = true;
	publisher->upkeep_acked = UINT64_MAX; /* there may be something to purge */
	sum_up(publisher);
	pthread_mutex_unlock(&publisher->lock);
	publisher_notify(publisher);
}

/* The message's subject ends with the consumer's name. */
static void
on_mark(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure)
{
	Publisher *publisher = closure;
	const char *dot = strrchr(natsMsg_GetSubject(message), '.');
	char value[KV_VALUE_MAXIMUM];

	(void) connection;
	(void) subscription;
	(void) snprintf(value, sizeof(value), "%.*s", natsMsg_GetDataLength(message),
					natsMsg_GetData(message));
	for (int i = 0; dot != NULL && i < publisher->consumer_count; i++)
	{
		if (strcmp(publisher->consumers[i].name, dot + 1) == 0)
			take_mark(publisher, &publisher->consumers[i], value);
	}
	natsMsg_Destroy(message);
}

static bool
read_marks(Publisher *publisher, SluiceError *err)
{
	for (int i = 0; i < publisher->consumer_count; i++)
	{
		ConsumerMark *consumer = &publisher->consumers[i];
		char key[SUBJECT_TEXT];
		KvEntry entry;

		if (kv_get(&publisher->life.session,
				   durable_key(key, publisher->options.stream, consumer->name), &entry, err))
			take_mark(publisher, consumer, entry.value);
		else if (err->code != SLUICE_ERROR_NOT_FOUND)
			return false;
	}
	return true;
}

bool
marks_subscribe(Publisher *publisher, SluiceError *err)
{
	Life *life = &publisher->life;
	char subject[SUBJECT_TEXT + 16];
	char key[SUBJECT_TEXT];

	(void) snprintf(subject, sizeof(subject), "$KV.%s.%s", KV_BUCKET,
					durable_key(key, publisher->options.stream, "*"));
	return kv_ensure(&life->session, publisher->options.replicas, err) &&
		   life_subscribe(publisher, &life->marks, subject, on_mark, err) &&
		   read_marks(publisher, err);
}

/* The least sequence any consumer still needs; 0 when that is not known.  Lock held. */
static uint64_t
needed_from(const Publisher *publisher)
{
	uint64_t needed = 0;

	if (!publisher->status.durable_known)
		return 0;
	for (int i = 0; i < publisher->consumer_count; i++)
	{
		const DurableMark *mark = &publisher->consumers[i].mark;

		if (mark->stream_created != publisher->status.stream.created)
			return 0;
		if (i == 0 || mark->sequence < needed)
			needed = mark->sequence;
	}
	return needed;
}

/*
 * We purge only what no consumer needs: when more is gone, somebody else took it.  Publishing goes on,
 * since all that a consumer can do is to stop at the gap, and the way out is for people.  Lock held.
 */
static void
watch_for_robbers(Publisher *publisher, uint64_t needed)
{
	PublisherStatus *status = &publisher->status;
	bool robbed = needed > 0 && status->stream.first_sequence > needed;
	char name[SUBJECT_TEXT];

	if (robbed)
	{
		(void) sluice_fail(&status->error, SLUICE_ERROR_STATE,
						   "messages %" PRIu64 " to %" PRIu64 ", which a consumer has not applied, "
						   "were removed from JetStream stream %s",
						   needed, status->stream.first_sequence - 1,
						   jetstream_name(name, publisher->options.stream));
		(void) sluice_hint(&status->error,
						   "nats stream rm %s has them published again, as far as the replication "
						   "slot has them still (durability = target); then start the consumer "
						   "again.",
						   name);
	}
	else if (publisher->robbed)
		sluice_error_clear(&status->error);
	publisher->robbed = robbed;
}

/* Remembers when what became needless; the oldest steps that have passed the window go.  Lock held. */
static uint64_t
purgeable(Publisher *publisher, uint64_t needed, int64_t now)
{
	PurgeStep *steps = publisher->steps;
	uint64_t below = publisher->purged_below;
	int passed = 0;

	if (needed > below &&
		(publisher->step_count == 0 || steps[publisher->step_count - 1].sequence < needed))
	{
		if (publisher->step_count == PURGE_MARKS) /* the newest step takes in the new one */
			steps[PURGE_MARKS - 1] = (PurgeStep){needed, now};
		else
			steps[publisher->step_count++] = (PurgeStep){needed, now};
	}
	while (passed < publisher->step_count &&
		   now - steps[passed].since_ms >= publisher->options.replay_window_ms)
		below = steps[passed++].sequence;
	publisher->step_count -= passed;
	memmove(steps, steps + passed, sizeof(*steps) * (size_t) publisher->step_count);
	/* A stream half full gives up its replay window before it makes the source wait. */
	if (publisher->status.stream.bytes > (uint64_t) publisher->status.stream.max_bytes / 2 &&
		publisher->status.stream.max_bytes > 0)
		below = needed;
	return below;
}

/*
 * Whether all below a message is durable.  The numbers in marks do not tell: a store that was rolled
 * back gives those of lost messages to others.
 */
static bool
check_durable(Publisher *publisher, uint64_t below, bool *durable, SluiceError *err)
{
	natsMsg *message = NULL;
	BundleHeader header;
	const uint8_t *body;
	ChangeId least;
	SluiceError ignored;

	*durable = false;
	if (!jetstream_message(&publisher->life.session, publisher->options.stream, below - 1, &message,
						   err))
		return err->code == SLUICE_ERROR_NOT_FOUND;
	pthread_mutex_lock(&publisher->lock);
	least = publisher->status.durable;
	pthread_mutex_unlock(&publisher->lock);
	if (strcmp(natsMsg_GetSubject(message), publisher->subject) == 0 &&
		bundle_header_read((const uint8_t *) natsMsg_GetData(message),
						   (size_t) natsMsg_GetDataLength(message), &header, &body, &ignored))
		*durable = header.last.incarnation == least.incarnation &&
				   change_id_compare(&header.last, &least) <= 0;
	natsMsg_Destroy(message);
	return true;
}

/* Whether it is time again; the time is noted then. */
static bool
upkeep_due(Publisher *publisher, int64_t now)
{
	int interval = UPKEEP_MS;
	bool idle;
	bool due;

	pthread_mutex_lock(&publisher->lock);
	idle = publisher->life.acked == publisher->upkeep_acked && publisher->step_count == 0;
	if (publisher->status.state == PUBLISHER_FULL)
		interval = UPKEEP_FULL_MS;
	else if (idle)
		interval = UPKEEP_IDLE_MS;
	due = now - publisher->upkeep_ms >= interval;
	if (due)
	{
		publisher->upkeep_ms = now;
		publisher->upkeep_acked = publisher->life.acked;
	}
	pthread_mutex_unlock(&publisher->lock);
	return due;
}

bool
marks_upkeep(Publisher *publisher, SluiceError *err)
{
	int64_t now = monotonic_ms();
	JetStreamInfo info;
	uint64_t needed;
	uint64_t below;
	bool durable;

	if (!upkeep_due(publisher, now))
		return true;
	if (!jetstream_info(&publisher->life.session, publisher->options.stream, &info, err))
		return false;
	pthread_mutex_lock(&publisher->lock);
	if (info.created != publisher->status.stream.created)
	{
		pthread_mutex_unlock(&publisher->lock);
		return sluice_fail(err, SLUICE_ERROR_IO, "the JetStream stream of \"%s\" was made anew",
						   publisher->options.stream);
	}
	publisher->status.stream = info;
	needed = needed_from(publisher);
	if (publisher->status.state == PUBLISHER_READY)
		watch_for_robbers(publisher, needed);
	if (needed > info.last_sequence)
		needed = info.last_sequence; /* the last message stays: it tells where we are */
	below = needed > 0 ? purgeable(publisher, needed, now) : 0;
	pthread_mutex_unlock(&publisher->lock);
	if (below <= publisher->purged_below || below <= info.first_sequence)
		return true;
	if (!check_durable(publisher, below, &durable, err))
		return false;
	if (!durable)
		return true;
	publisher->purged_below = below;
	if (!jetstream_purge_below(&publisher->life.session, publisher->options.stream, below, err))
		return false;
	pthread_mutex_lock(&publisher->lock);
	publisher->status.stream.first_sequence = below;
	publisher->status.stream.messages = info.last_sequence - below + 1;
	publisher->upkeep_acked = UINT64_MAX; /* the bytes are read soon */
	pthread_mutex_unlock(&publisher->lock);
	return true;
}
