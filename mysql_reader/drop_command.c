/*
 * drop_command.c - removing a stream (drop_command.h).
 *
 * The JetStream streams go last: what is interrupted is done by dropping once more.
 */
#include "drop_command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/nats/jetstream.h"
#include "common/nats/kv.h"
#include "common/nats/load_stream.h"
#include "common/nats/publisher.h"
#include "common/nats/shape_store.h"

#define LOOK_NS		  200000000
#define STILL_LOOKS	  20 /* a lease that is not renewed for so many is nobody's */
#define PATIENT_LOOKS 75 /* for a reader that was told by the bucket */

/* Kinds of keys: "<kind>.<stream>" and all that begin with that and a dot. */
static const char *const kinds[] = {"applied", "copied", "durable", "load", "lease"};

/* The last message of a MySQL source says where it is from; that of an extension does not. */
static bool
check_kind(NatsSession *session, const char *stream, SluiceError *err)
{
	char subject[SUBJECT_TEXT];
	natsMsg *message = NULL;
	const char *place = NULL;
	bool ours;

	if (!jetstream_last(session, stream, change_subject(subject, stream, 0), &message, err))
		return err->code == SLUICE_ERROR_NOT_FOUND;
	ours = natsMsgHeader_Get(message, PUBLISHER_PLACE_HEADER, &place) == NATS_OK;
	natsMsg_Destroy(message);
	if (ours)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "stream %s is not that of a MySQL source", stream);
	return sluice_hint(err, "at a PostgreSQL source: SELECT sluice.drop_stream('%s')", stream);
}

static bool
await_lease(NatsSession *session, const char *stream, bool told, SluiceError *err)
{
	const struct timespec tick = {.tv_nsec = LOOK_NS};
	char key[SUBJECT_TEXT];
	KvEntry entry;
	uint64_t revision = 0;
	int still = 0;

	(void) snprintf(key, sizeof(key), "lease.%s.reader", stream);
	for (int i = 0; i < PATIENT_LOOKS; i++)
	{
		if (!kv_get(session, key, &entry, err))
			return err->code == SLUICE_ERROR_NOT_FOUND;
		still = entry.revision == revision ? still + 1 : 0;
		if (still >= STILL_LOOKS)
			return true;
		if (!told && revision != 0 && still == 0)
			break;
		revision = entry.revision;
		(void) nanosleep(&tick, NULL);
	}
	(void) sluice_fail(err, SLUICE_ERROR_CONFLICT, "reader %.120s is at work with stream %s",
					   entry.value, stream);
	return sluice_hint(err, "stop it first");
}

static bool
remove_key(void *context, const char *key, SluiceError *err)
{
	return kv_delete(context, key, err);
}

static bool
remove_keys(NatsSession *session, const char *stream, SluiceError *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		char key[SUBJECT_TEXT];

		(void) snprintf(key, sizeof(key), "%s.%s", kinds[i], stream);
		if (!kv_delete(session, key, err) || !kv_each(session, key, remove_key, session, err))
			return false;
	}
	return true;
}

/* What is there goes even so: a reader that has not published yet has its lease. */
static bool
fail_unknown(const char *stream, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "there is no stream %s", stream);
	return sluice_hint(err, "nats stream ls shows the streams there are, each as SLUICE_<name>");
}

static bool
drop(NatsSession *session, const char *stream, SluiceError *err)
{
	char key[SUBJECT_TEXT];
	JetStreamInfo info;
	KvEntry entry;
	bool told, there;

	(void) snprintf(key, sizeof(key), "stream.%s", stream);
	if (!kv_ensure(session, 1, err) || !check_kind(session, stream, err))
		return false;
	told = kv_get(session, key, &entry, err);
	if (!told && err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	there = jetstream_info(session, stream, &info, err);
	if (!there && err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	there |= told;
	return kv_delete(session, key, err) && await_lease(session, stream, told, err) &&
		   remove_keys(session, stream, err) && shape_store_delete(session, stream, err) &&
		   load_stream_delete(session, stream, err) && jetstream_delete(session, stream, err) &&
		   (there || fail_unknown(stream, err));
}

bool
drop_command(const NatsSettings *nats, const char *stream, SluiceError *err)
{
	NatsSession session = {0};
	bool good = stream_name_check(stream, err) && nats_session_open(&session, nats, err) &&
				drop(&session, stream, err);

	nats_session_close(&session);
	return good;
}
