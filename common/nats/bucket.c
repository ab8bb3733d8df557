/*
 * bucket.c - a bucket by plain JetStream requests on its stream.
 *
 * The stream is KV_<bucket>; a key is the subject $KV.<bucket>.<key>, its revision the message's sequence, and a
 * removed key a message with the header KV-Operation.
 */
#include "bucket.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bucket_internal.h"
#include "stream_layout.h"

#define OPERATION		"KV-Operation"
#define ROLLUP			"Nats-Rollup"
#define MESSAGE_ID		"Nats-Msg-Id"
#define EXPECT_REVISION "Nats-Expected-Last-Subject-Sequence"
#define DUPLICATES_MS	120000
#define NS_PER_MS		INT64_C(1000000)
#define HISTORY_MAXIMUM 64

static const char key_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

bool
bucket_key_check(const char *bucket, const char *key, SluiceError *err)
{
	size_t length = strlen(key);

	return (length > 0 && length <= BUCKET_KEY_MAXIMUM && strspn(key, key_characters) == length &&
			key[0] != '.' && key[length - 1] != '.' && strstr(key, "..") == NULL) ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.200s\" cannot be a key of bucket %s", key,
					   bucket);
}

const char *
bucket_stream(char *text, const char *bucket)
{
	(void) snprintf(text, BUCKET_STREAM_TEXT, "KV_%.*s", BUCKET_NAME_MAXIMUM, bucket);
	return text;
}

const char *
bucket_subject(char *text, const char *bucket, const char *key)
{
	(void) snprintf(text, BUCKET_SUBJECT_TEXT, "$KV.%.*s.%.*s", BUCKET_NAME_MAXIMUM, bucket,
					BUCKET_KEY_MAXIMUM, key);
	return text;
}

size_t
bucket_prefix_length(const char *bucket)
{
	return strlen("$KV.") + strnlen(bucket, BUCKET_NAME_MAXIMUM) + strlen(".");
}

/* ---- the bucket itself ---- */

static int64_t
duplicates_ms(const BucketSettings *settings)
{
	return settings->ttl_ms > 0 && settings->ttl_ms < DUPLICATES_MS ? settings->ttl_ms
																	: DUPLICATES_MS;
}

static natsStatus
add_bucket(NatsSession *session, const BucketSettings *settings, jsErrCode *code)
{
	char name[BUCKET_STREAM_TEXT], subject[BUCKET_SUBJECT_TEXT];
	const char *subjects[] = {bucket_subject(subject, settings->name, ">")};
	jsStreamConfig config;

	(void) jsStreamConfig_Init(&config);
	config.Name = bucket_stream(name, settings->name);
	config.Subjects = subjects;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	config.Discard = js_DiscardNew;
	config.MaxMsgsPerSubject = settings->history;
	config.MaxAge = settings->ttl_ms * NS_PER_MS;
	config.MaxMsgSize = settings->value_maximum > 0 ? settings->value_maximum : -1;
	config.Replicas = settings->replicas > 0 ? settings->replicas : 1;
	config.Duplicates = duplicates_ms(settings) * NS_PER_MS;
	config.AllowRollup = true;
	config.DenyDelete = true;
	config.AllowDirect = true;
	return js_AddStream(NULL, session->jetstream, &config, NULL, code);
}

static bool
audit_failed(SluiceError *err, const char *bucket, const char *what, const char *mend)
{
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "bucket %s %s", bucket, what);
	return sluice_hint(err, "%s: nats stream edit KV_%s", mend, bucket);
}

static bool
audit(const jsStreamConfig *config, const BucketSettings *settings, SluiceError *err)
{
	char subject[BUCKET_SUBJECT_TEXT];
	const struct
	{
		bool wrong;
		const char *what;
		const char *mend;
	} rules[] = {
		{config->SubjectsLen != 1 ||
			 strcmp(config->Subjects[0], bucket_subject(subject, settings->name, ">")) != 0,
		 "has other subjects than its keys", "Set its subjects to those of the bucket"},
		{config->Storage != js_FileStorage, "keeps its values in memory", "Use file storage"},
		{config->Retention != js_LimitsPolicy, "has a retention other than limits",
		 "Delete it and start again; retention cannot be changed"},
		{config->Discard != js_DiscardNew,
		 "discards old values when it is full (discard is not new)", "Set discard to new"},
		{config->MaxAge != settings->ttl_ms * NS_PER_MS, "forgets values after another time",
		 "Set max_age as the documentation says"},
		{config->MaxMsgs > 0, "limits the number of values (max_msgs is set)",
		 "Set max_msgs to -1"},
		{config->MaxMsgsPerSubject > 0 && config->MaxMsgsPerSubject < settings->history,
		 "keeps too few values of a key", "Raise max_msgs_per_subject"},
		{!config->AllowRollup, "does not let earlier values be removed (allow_rollup is off)",
		 "Delete it and start again"},
		{config->Sealed || config->NoAck, "is sealed, or does not acknowledge", "Open it"},
		{config->Mirror != NULL || config->SourcesLen > 0,
		 "takes values from other streams (mirror or sources)", "Remove mirror and sources"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
	{
		if (rules[i].wrong)
			return audit_failed(err, settings->name, rules[i].what, rules[i].mend);
	}
	return true;
}

/* Reads the bucket's configuration and holds it against the settings; *there false when there is none. */
static bool
look(NatsSession *session, const BucketSettings *settings, bool *there, SluiceError *err)
{
	char name[BUCKET_STREAM_TEXT];
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status = js_GetStreamInfo(&info, session->jetstream,
										 bucket_stream(name, settings->name), NULL, &code);
	bool good = true;

	*there = status == NATS_OK;
	if (status == NATS_OK)
		good = audit(info->Config, settings, err);
	else if (code != JSStreamNotFoundErr && status != NATS_NOT_FOUND)
		good = nats_session_fail(session, err, status, code, "bucket %s", settings->name);
	jsStreamInfo_Destroy(info);
	return good;
}

bool
bucket_ensure(NatsSession *session, const BucketSettings *settings, SluiceError *err)
{
	jsErrCode code = 0;
	natsStatus status;
	bool there;

	if (settings->history < 1 || settings->history > HISTORY_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "bucket %s: history is 1 to %d",
						   settings->name, HISTORY_MAXIMUM);
	if (!look(session, settings, &there, err))
		return false;
	if (there)
		return true;
	status = add_bucket(session, settings, &code);
	if (status != NATS_OK && code != JSStreamNameExistErr)
		return nats_session_fail(session, err, status, code, "making bucket %s", settings->name);
	/* perhaps somebody made it in the meantime, otherwise */
	return look(session, settings, &there, err) &&
		   (there || sluice_fail(err, SLUICE_ERROR_IO, "bucket %s is gone again", settings->name));
}

bool
bucket_created(NatsSession *session, const char *bucket, int64_t *created, SluiceError *err)
{
	char name[BUCKET_STREAM_TEXT];
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status =
		js_GetStreamInfo(&info, session->jetstream, bucket_stream(name, bucket), NULL, &code);

	if (status != NATS_OK)
		return nats_session_fail(session, err, status, code, "bucket %s", bucket);
	*created = info->Created;
	jsStreamInfo_Destroy(info);
	return true;
}

/* ---- reading ---- */

void
bucket_entry_fill(BucketEntry *entry, const char *bucket, natsMsg *message)
{
	const char *operation = NULL;
	bool removed = natsMsgHeader_Get(message, OPERATION, &operation) == NATS_OK;

	entry->message = message;
	entry->key = natsMsg_GetSubject(message) + bucket_prefix_length(bucket);
	entry->length = removed ? 0 : (size_t) natsMsg_GetDataLength(message);
	entry->value = removed ? NULL : entry->length > 0 ? natsMsg_GetData(message) : "";
}

void
bucket_entry_free(BucketEntry *entry)
{
	natsMsg_Destroy(entry->message);
	*entry = (BucketEntry){0};
}

static bool
fail_removed(const char *bucket, const char *key, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "key %s of bucket %s has no value", key,
					   bucket);
}

/* The last message of a key or, when revision is not 0, the one with that sequence; also one that removed it. */
static bool
get_message(NatsSession *session, const char *bucket, const char *key, uint64_t revision,
			BucketEntry *entry, SluiceError *err)
{
	char name[BUCKET_STREAM_TEXT], subject[BUCKET_SUBJECT_TEXT];
	natsMsg *message = NULL;
	jsErrCode code = 0;
	natsStatus status;

	*entry = (BucketEntry){0};
	if (!bucket_key_check(bucket, key, err))
		return false;
	(void) bucket_stream(name, bucket);
	(void) bucket_subject(subject, bucket, key);
	if (revision == 0)
		status = js_GetLastMsg(&message, session->jetstream, name, subject, NULL, &code);
	else
		status = js_GetMsg(&message, session->jetstream, name, revision, NULL, &code);
	if (status != NATS_OK)
		return nats_session_fail(session, err, status, code, "key %s of bucket %s", key, bucket);
	if (strcmp(natsMsg_GetSubject(message), subject) != 0)
	{
		natsMsg_Destroy(message);
		return sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
						   "key %s of bucket %s never was at revision %" PRIu64, key, bucket,
						   revision);
	}
	bucket_entry_fill(entry, bucket, message);
	entry->revision = natsMsg_GetSequence(message);
	entry->written_ms = natsMsg_GetTime(message) / NS_PER_MS;
	return true;
}

bool
bucket_get_at(NatsSession *session, const char *bucket, const char *key, uint64_t revision,
			  BucketEntry *entry, SluiceError *err)
{
	if (!get_message(session, bucket, key, revision, entry, err))
		return false;
	if (entry->value != NULL)
		return true;
	bucket_entry_free(entry);
	return fail_removed(bucket, key, err);
}

bool
bucket_get(NatsSession *session, const char *bucket, const char *key, BucketEntry *entry,
		   SluiceError *err)
{
	return bucket_get_at(session, bucket, key, 0, entry, err);
}

bool
bucket_each_key(NatsSession *session, const char *bucket, const char *prefix, BucketEach each,
				void *context, SluiceError *err)
{
	char name[BUCKET_STREAM_TEXT], keys[BUCKET_KEY_MAXIMUM], filter[BUCKET_SUBJECT_TEXT];
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	jsOptions options;
	natsStatus status;
	bool good = true;

	(void) snprintf(keys, sizeof(keys), "%s%s>", prefix != NULL ? prefix : "",
					prefix != NULL ? "." : "");
	(void) jsOptions_Init(&options);
	options.Stream.Info.SubjectsFilter = bucket_subject(filter, bucket, keys);
	status =
		js_GetStreamInfo(&info, session->jetstream, bucket_stream(name, bucket), &options, &code);
	if (status != NATS_OK)
		return nats_session_fail(session, err, status, code, "keys of bucket %s", bucket);
	for (int i = 0; good && info->State.Subjects != NULL && i < info->State.Subjects->Count; i++)
		good = each(context, info->State.Subjects->List[i].Subject + bucket_prefix_length(bucket),
					err);
	jsStreamInfo_Destroy(info);
	return good;
}

/* ---- writing ---- */

static const struct
{
	bool has_value;
	const char *operation;
	const char *rollup;
} kinds[] = {
	[BUCKET_PUT] = {true, NULL, NULL},
	[BUCKET_PUT_ALONE] = {true, NULL, "sub"},
	[BUCKET_DELETE] = {false, "DEL", NULL},
	[BUCKET_PURGE] = {false, "PURGE", "sub"},
};

static natsStatus
set_headers(natsMsg *message, const BucketWrite *write, uint64_t revision)
{
	char text[24];
	natsStatus status = NATS_OK;

	(void) snprintf(text, sizeof(text), "%" PRIu64, revision);
	if (kinds[write->kind].operation != NULL)
		status = natsMsgHeader_Set(message, OPERATION, kinds[write->kind].operation);
	if (status == NATS_OK && kinds[write->kind].rollup != NULL)
		status = natsMsgHeader_Set(message, ROLLUP, kinds[write->kind].rollup);
	if (status == NATS_OK && write->message_id != NULL)
		status = natsMsgHeader_Set(message, MESSAGE_ID, write->message_id);
	if (status == NATS_OK && revision != BUCKET_ANY)
		status = natsMsgHeader_Set(message, EXPECT_REVISION, text);
	return status;
}

static natsStatus
publish(NatsSession *session, const char *subject, const BucketWrite *write, uint64_t revision,
		uint64_t *new_revision, jsErrCode *code)
{
	bool has_value = kinds[write->kind].has_value;
	natsMsg *message = NULL;
	jsPubAck *ack = NULL;
	natsStatus status = natsMsg_Create(&message, subject, NULL, has_value ? write->value : "",
									   has_value ? (int) write->length : 0);

	if (status == NATS_OK)
		status = set_headers(message, write, revision);
	if (status == NATS_OK)
		status = js_PublishMsg(&ack, session->jetstream, message, NULL, code);
	if (status == NATS_OK && new_revision != NULL)
		*new_revision = ack->Sequence;
	jsPubAck_Destroy(ack);
	natsMsg_Destroy(message);
	return status;
}

static bool
write_at(NatsSession *session, const char *bucket, const BucketWrite *write, uint64_t revision,
		 uint64_t *new_revision, SluiceError *err)
{
	char subject[BUCKET_SUBJECT_TEXT];
	jsErrCode code = 0;
	natsStatus status = publish(session, bucket_subject(subject, bucket, write->key), write,
								revision, new_revision, &code);

	if (status == NATS_OK)
		return true;
	if (code == JSStreamWrongLastSequenceErr)
		return sluice_fail(err, SLUICE_ERROR_CONFLICT,
						   "key %s of bucket %s was changed by somebody else", write->key, bucket);
	return nats_session_fail(session, err, status, code, "key %s of bucket %s", write->key, bucket);
}

/* A key that must be absent may still have the mark of its removal, whose revision counts then. */
static bool
write_absent(NatsSession *session, const char *bucket, const BucketWrite *write,
			 uint64_t *new_revision, SluiceError *err)
{
	BucketEntry mark;
	uint64_t revision;
	bool removed;

	if (write_at(session, bucket, write, 0, new_revision, err))
		return true;
	if (err->code != SLUICE_ERROR_CONFLICT ||
		!get_message(session, bucket, write->key, 0, &mark, err))
		return false;
	removed = mark.value == NULL;
	revision = mark.revision;
	bucket_entry_free(&mark);
	if (!removed)
		return sluice_fail(err, SLUICE_ERROR_CONFLICT, "key %s of bucket %s exists", write->key,
						   bucket);
	return write_at(session, bucket, write, revision, new_revision, err);
}

/*
 * Whether the last message of the key is this very write, sent before and stored.  Newer servers look at the revision before
 * they look whether they had the message already.
 */
static bool
is_there(NatsSession *session, const char *bucket, const BucketWrite *write, uint64_t *new_revision)
{
	const char *id = NULL;
	BucketEntry entry;
	bool same;

	if (write->message_id == NULL || !get_message(session, bucket, write->key, 0, &entry, NULL))
		return false;
	same = natsMsgHeader_Get(entry.message, MESSAGE_ID, &id) == NATS_OK &&
		   strcmp(id, write->message_id) == 0;
	if (same && new_revision != NULL)
		*new_revision = entry.revision;
	bucket_entry_free(&entry);
	return same;
}

bool
bucket_write(NatsSession *session, const char *bucket, const BucketWrite *write,
			 uint64_t *new_revision, SluiceError *err)
{
	SluiceError own;
	bool good;

	if (err == NULL)
		err = &own;
	if (!bucket_key_check(bucket, write->key, err))
		return false;
	if (write->length > INT32_MAX)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "the value for key %s is too long", write->key);
	good = write->revision == 0
			   ? write_absent(session, bucket, write, new_revision, err)
			   : write_at(session, bucket, write, write->revision, new_revision, err);
	return good ||
		   (err->code == SLUICE_ERROR_CONFLICT && is_there(session, bucket, write, new_revision));
}

bool
bucket_forget(NatsSession *session, const char *bucket, const char *key, uint64_t revision,
			  SluiceError *err)
{
	char name[BUCKET_STREAM_TEXT], subject[BUCKET_SUBJECT_TEXT];

	return bucket_key_check(bucket, key, err) &&
		   layout_purge(session, bucket_stream(name, bucket), bucket_subject(subject, bucket, key),
						revision + 1, err);
}
