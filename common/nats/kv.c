/*
 * kv.c - the bucket, by plain JetStream requests on its stream.
 *
 * Invariants:
 * 1. The stream is laid out as `nats kv` does it, so that people can look at it with their tools: a
 *    key is a subject, its revision the message's sequence, and a removed key a message with the
 *    header KV-Operation.
 * 2. Reads ask the stream's leader (MSG.GET), never a direct get, which any replica may answer.
 */
#include "kv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET_STREAM	"KV_" KV_BUCKET
#define BUCKET_PREFIX	"$KV." KV_BUCKET "."
#define KEY_MAXIMUM		200
#define OPERATION		"KV-Operation"
#define DUPLICATES_NS	INT64_C(120000000000)
#define EXPECT_REVISION "Nats-Expected-Last-Subject-Sequence"

static const char key_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

/* The subject of a key, into KEY_MAXIMUM + sizeof(BUCKET_PREFIX) bytes. */
static bool
key_subject(char *subject, const char *key, SluiceError *err)
{
	size_t length = strlen(key);

	if (length == 0 || length > KEY_MAXIMUM || strspn(key, key_characters) != length ||
		key[0] == '.' || key[length - 1] == '.' || strstr(key, "..") != NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.200s\" cannot be a key of bucket %s",
						   key, KV_BUCKET);
	(void) snprintf(subject, sizeof(BUCKET_PREFIX) + KEY_MAXIMUM, "%s%s", BUCKET_PREFIX, key);
	return true;
}

/* ---- the bucket ---- */

static natsStatus
add_bucket(NatsSession *session, int replicas, jsErrCode *code)
{
	const char *subjects[] = {BUCKET_PREFIX ">"};
	jsStreamConfig config;

	(void) jsStreamConfig_Init(&config);
	config.Name = BUCKET_STREAM;
	config.Subjects = subjects;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	config.Discard = js_DiscardNew;
	config.MaxMsgsPerSubject = 1;
	config.Replicas = replicas;
	config.Duplicates = DUPLICATES_NS;
	config.AllowRollup = true;
	config.DenyDelete = true;
	config.AllowDirect = true;
	return js_AddStream(NULL, session->jetstream, &config, NULL, code);
}

bool
kv_ensure(NatsSession *session, int replicas, SluiceError *err)
{
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status = js_GetStreamInfo(&info, session->jetstream, BUCKET_STREAM, NULL, &code);

	jsStreamInfo_Destroy(info);
	if (status == NATS_OK)
		return true;
	if (code != JSStreamNotFoundErr && status != NATS_NOT_FOUND)
		return nats_session_fail(session, err, status, code, "bucket %s", KV_BUCKET);
	code = 0;
	status = add_bucket(session, replicas, &code);
	/* a bucket that somebody made otherwise in the meantime is as good */
	return status == NATS_OK || code == JSStreamNameExistErr ||
		   nats_session_fail(session, err, status, code, "making bucket %s", KV_BUCKET);
}

/* ---- reading ---- */

/* The message at a key; *removed when it is the mark of a removal.  NOT_FOUND when there is none. */
static bool
get_message(NatsSession *session, const char *key, natsMsg **message, bool *removed,
			SluiceError *err)
{
	char subject[sizeof(BUCKET_PREFIX) + KEY_MAXIMUM];
	const char *operation = NULL;
	jsErrCode code = 0;
	natsStatus status;

	if (!key_subject(subject, key, err))
		return false;
	status = js_GetLastMsg(message, session->jetstream, BUCKET_STREAM, subject, NULL, &code);
	if (status != NATS_OK)
		return nats_session_fail(session, err, status, code, "key %s of bucket %s", key, KV_BUCKET);
	*removed = natsMsgHeader_Get(*message, OPERATION, &operation) == NATS_OK;
	return true;
}

static bool
get(NatsSession *session, const char *key, KvEntry *entry, bool *removed, SluiceError *err)
{
	natsMsg *message = NULL;
	int length;

	if (!get_message(session, key, &message, removed, err))
		return false;
	entry->revision = natsMsg_GetSequence(message);
	length = natsMsg_GetDataLength(message);
	if (length < KV_VALUE_MAXIMUM)
	{
		memcpy(entry->value, length > 0 ? natsMsg_GetData(message) : "", (size_t) length);
		entry->value[length] = '\0';
	}
	natsMsg_Destroy(message);
	return length < KV_VALUE_MAXIMUM ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "key %s of bucket %s holds %d bytes", key,
					   KV_BUCKET, length);
}

static bool
fail_removed(const char *key, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "key %s of bucket %s has no value", key,
					   KV_BUCKET);
}

bool
kv_get(NatsSession *session, const char *key, KvEntry *entry, SluiceError *err)
{
	bool removed;

	if (!get(session, key, entry, &removed, err))
		return false;
	return !removed || fail_removed(key, err);
}

bool
kv_get_text(NatsSession *session, const char *key, char **value, uint64_t *revision,
			SluiceError *err)
{
	natsMsg *message = NULL;
	bool removed;

	*value = NULL;
	if (!get_message(session, key, &message, &removed, err))
		return false;
	*revision = natsMsg_GetSequence(message);
	if (!removed)
		*value = strndup(natsMsg_GetDataLength(message) > 0 ? natsMsg_GetData(message) : "",
						 (size_t) natsMsg_GetDataLength(message));
	natsMsg_Destroy(message);
	if (removed)
		return fail_removed(key, err);
	return *value != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for key %s", key);
}

bool
kv_each(NatsSession *session, const char *prefix, KvEach each, void *context, SluiceError *err)
{
	char filter[sizeof(BUCKET_PREFIX) + KEY_MAXIMUM];
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	jsOptions options;
	natsStatus status;
	bool good = true;

	(void) snprintf(filter, sizeof(filter), "%s%s.>", BUCKET_PREFIX, prefix);
	(void) jsOptions_Init(&options);
	options.Stream.Info.SubjectsFilter = filter;
	status = js_GetStreamInfo(&info, session->jetstream, BUCKET_STREAM, &options, &code);
	if (status != NATS_OK)
		return nats_session_fail(session, err, status, code, "keys of bucket %s", KV_BUCKET);
	for (int i = 0; good && info->State.Subjects != NULL && i < info->State.Subjects->Count; i++)
		good = each(context, info->State.Subjects->List[i].Subject + strlen(BUCKET_PREFIX), err);
	jsStreamInfo_Destroy(info);
	return good;
}

/* ---- writing ---- */

static natsStatus
store(NatsSession *session, const char *subject, const char *value, uint64_t revision,
	  uint64_t *new_revision, jsErrCode *code)
{
	char text[24];
	natsMsg *message = NULL;
	jsPubAck *ack = NULL;
	natsStatus status = natsMsg_Create(&message, subject, NULL, value != NULL ? value : "",
									   value != NULL ? (int) strlen(value) : 0);

	(void) snprintf(text, sizeof(text), "%" PRIu64, revision);
	if (status == NATS_OK && value == NULL)
		status = natsMsgHeader_Set(message, OPERATION, "DEL");
	if (status == NATS_OK && revision != KV_ANY_REVISION)
		status = natsMsgHeader_Set(message, EXPECT_REVISION, text);
	if (status == NATS_OK)
		status = js_PublishMsg(&ack, session->jetstream, message, NULL, code);
	if (status == NATS_OK && new_revision != NULL)
		*new_revision = ack->Sequence;
	jsPubAck_Destroy(ack);
	natsMsg_Destroy(message);
	return status;
}

/* Writes a value, or with NULL the mark of a removal. */
static bool
write_key(NatsSession *session, const char *key, const char *value, uint64_t revision,
		  uint64_t *new_revision, SluiceError *err)
{
	char subject[sizeof(BUCKET_PREFIX) + KEY_MAXIMUM];
	jsErrCode code = 0;
	natsStatus status;

	if (!key_subject(subject, key, err))
		return false;
	status = store(session, subject, value, revision, new_revision, &code);
	if (status == NATS_OK)
		return true;
	if (code == JSStreamWrongLastSequenceErr)
		return sluice_fail(err, SLUICE_ERROR_CONFLICT,
						   "key %s of bucket %s was changed by somebody else", key, KV_BUCKET);
	return nats_session_fail(session, err, status, code, "key %s of bucket %s", key, KV_BUCKET);
}

/* A key that must be absent may still have the mark of its removal, whose revision counts then. */
static bool
write_absent(NatsSession *session, const char *key, const char *value, uint64_t *new_revision,
			 SluiceError *err)
{
	KvEntry mark;
	bool removed;

	if (write_key(session, key, value, 0, new_revision, err))
		return true;
	if (err->code != SLUICE_ERROR_CONFLICT || !get(session, key, &mark, &removed, err))
		return false;
	if (!removed)
		return sluice_fail(err, SLUICE_ERROR_CONFLICT, "key %s of bucket %s exists", key,
						   KV_BUCKET);
	return write_key(session, key, value, mark.revision, new_revision, err);
}

bool
kv_put(NatsSession *session, const char *key, const char *value, uint64_t revision,
	   uint64_t *new_revision, SluiceError *err)
{
	SluiceError own;

	if (strlen(value) >= KV_VALUE_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "the value for key %s is longer than %d bytes",
						   key, KV_VALUE_MAXIMUM - 1);
	if (revision == 0)
		return write_absent(session, key, value, new_revision, err != NULL ? err : &own);
	return write_key(session, key, value, revision, new_revision, err);
}

bool
kv_delete_at(NatsSession *session, const char *key, uint64_t revision, SluiceError *err)
{
	return write_key(session, key, NULL, revision, NULL, err);
}

bool
kv_delete(NatsSession *session, const char *key, SluiceError *err)
{
	SluiceError own;
	KvEntry entry;

	if (err == NULL)
		err = &own;
	if (kv_get(session, key, &entry, err))
		return kv_delete_at(session, key, KV_ANY_REVISION, err);
	return err->code == SLUICE_ERROR_NOT_FOUND;
}
