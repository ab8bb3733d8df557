/*
 * jetstream.c - the stream's names, its configuration and its upkeep.
 *
 * Only fields that nats-server 2.9 knows are sent: a newer server refuses what it does not know.
 * Newer fields that it sends back are not looked at, save those that libnats shows.
 */
#include "jetstream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_scan.h"
#include "stream_layout.h"

#define DUPLICATE_WINDOW_NS INT64_C(120000000000)

bool
stream_name_check(const char *name, SluiceError *err)
{
	size_t length = strlen(name);

	if (length > 0 && length <= STREAM_NAME_MAXIMUM &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.100s\" cannot be a stream's name", name);
	return sluice_hint(err, "Use 1 to %d of the characters a-z, 0-9 and _", STREAM_NAME_MAXIMUM);
}

const char *
jetstream_name(char *text, const char *stream)
{
	(void) snprintf(text, SUBJECT_TEXT, "SLUICE_%.*s", STREAM_NAME_MAXIMUM, stream);
	return text;
}

const char *
change_subject(char *text, const char *stream, int lane)
{
	(void) snprintf(text, SUBJECT_TEXT, "sluice.%.*s.change.%d", STREAM_NAME_MAXIMUM, stream, lane);
	return text;
}

static void
change_layout(StreamLayout *layout, const char *stream)
{
	static const char *const tails[] = {"schema", "change.>", "dead"};

	(void) jetstream_name(layout->name, stream);
	layout_subjects(layout, stream, tails, sizeof(tails) / sizeof(tails[0]));
}

void
layout_subjects(StreamLayout *layout, const char *stream, const char *const *tails, int count)
{
	layout->subject_count = count;
	for (int i = 0; i < count; i++)
		(void) snprintf(layout->subjects[i], SUBJECT_TEXT, "sluice.%.*s.%s", STREAM_NAME_MAXIMUM,
						stream, tails[i]);
}

/* ---- auditing what is there ---- */

static bool
audit_failed(SluiceError *err, const char *name, const char *what, const char *mend)
{
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "JetStream stream %s %s", name, what);
	return sluice_hint(err, "%s: nats stream edit %s, or delete it and start the stream anew", mend,
					   name);
}

static bool
has_subject(const jsStreamConfig *config, const char *subject)
{
	for (int i = 0; i < config->SubjectsLen; i++)
	{
		if (strcmp(config->Subjects[i], subject) == 0)
			return true;
	}
	return false;
}

static bool
audit_subjects(const jsStreamConfig *config, const StreamLayout *layout, SluiceError *err)
{
	for (int i = 0; i < layout->subject_count; i++)
	{
		char what[SUBJECT_TEXT + 32];

		(void) snprintf(what, sizeof(what), "does not hold subject %s", layout->subjects[i]);
		if (!has_subject(config, layout->subjects[i]))
			return audit_failed(err, layout->name, what, "Add the subject");
	}
	return true;
}

/* Whatever could drop, hide or add messages behind our back. */
static bool
audit(const jsStreamConfig *config, const StreamLayout *layout, SluiceError *err)
{
	const struct
	{
		bool wrong;
		const char *what;
		const char *mend;
	} rules[] = {
		{config->Storage != js_FileStorage, "keeps its messages in memory", "Use file storage"},
		{config->Retention != js_LimitsPolicy,
		 "removes messages when consumers have seen them (retention is not limits)",
		 "Use limits retention"},
		{config->Discard != js_DiscardNew,
		 "discards old messages when it is full, applied or not (discard is not new)",
		 "Set discard to new"},
		{config->MaxAge > 0, "removes messages by age (max_age is set)", "Set max_age to 0"},
		{config->MaxMsgs > 0, "limits the number of messages (max_msgs is set)",
		 "Set max_msgs to -1"},
		{config->MaxMsgsPerSubject > 0,
		 "limits the messages of a subject (max_msgs_per_subject is set)",
		 "Set max_msgs_per_subject to -1"},
		{config->NoAck, "does not acknowledge messages (no_ack is set)", "Set no_ack to false"},
		{config->Sealed, "is sealed", "A sealed stream cannot be opened again"},
		{config->Mirror != NULL || config->SourcesLen > 0,
		 "takes messages from other streams (mirror or sources)", "Remove mirror and sources"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
	{
		if (rules[i].wrong)
			return audit_failed(err, layout->name, rules[i].what, rules[i].mend);
	}
	return audit_subjects(config, layout, err);
}

/* ---- making and looking ---- */

static void
fill_info(const jsStreamInfo *from, JetStreamInfo *info)
{
	info->first_sequence = from->State.FirstSeq;
	info->last_sequence = from->State.LastSeq;
	info->messages = from->State.Msgs;
	info->bytes = from->State.Bytes;
	info->max_bytes = from->Config->MaxBytes;
	info->created = from->Created;
}

static natsStatus
add_stream(NatsSession *session, const StreamLayout *layout, int64_t max_bytes, int replicas,
		   jsStreamInfo **added, jsErrCode *code)
{
	const char *pointers[LAYOUT_SUBJECTS];
	jsStreamConfig config;

	for (int i = 0; i < layout->subject_count; i++)
		pointers[i] = layout->subjects[i];
	(void) jsStreamConfig_Init(&config);
	config.Name = layout->name;
	config.Subjects = pointers;
	config.SubjectsLen = layout->subject_count;
	config.Retention = js_LimitsPolicy;
	config.Storage = js_FileStorage;
	config.Discard = js_DiscardNew;
	config.MaxBytes = max_bytes;
	config.Replicas = replicas;
	config.Duplicates = DUPLICATE_WINDOW_NS;
	return js_AddStream(added, session->jetstream, &config, NULL, code);
}

/* With a layout the configuration is held against it. */
static bool
info_and_audit(NatsSession *session, const char *name, const StreamLayout *layout,
			   JetStreamInfo *info, SluiceError *err)
{
	jsStreamInfo *found = NULL;
	jsErrCode code = 0;
	natsStatus status;
	bool good;

	status = js_GetStreamInfo(&found, session->jetstream, name, NULL, &code);
	if (status != NATS_OK)
		return nats_session_fail(session, err, status, code, "JetStream stream %s", name);
	good = layout == NULL || audit(found->Config, layout, err);
	if (good)
		fill_info(found, info);
	jsStreamInfo_Destroy(found);
	return good;
}

bool
layout_info(NatsSession *session, const char *name, JetStreamInfo *info, SluiceError *err)
{
	return info_and_audit(session, name, NULL, info, err);
}

bool
jetstream_info(NatsSession *session, const char *stream, JetStreamInfo *info, SluiceError *err)
{
	char name[SUBJECT_TEXT];

	return layout_info(session, jetstream_name(name, stream), info, err);
}

static bool
make(NatsSession *session, const StreamLayout *layout, int64_t max_bytes, int replicas,
	 JetStreamInfo *info, SluiceError *err)
{
	jsStreamInfo *added = NULL;
	jsErrCode code = 0;
	natsStatus status;

	status = add_stream(session, layout, max_bytes, replicas, &added, &code);
	if (status == NATS_OK)
	{
		fill_info(added, info);
		jsStreamInfo_Destroy(added);
		return true;
	}
	if (code == JSStreamNameExistErr) /* somebody made it since we looked */
		return info_and_audit(session, layout->name, layout, info, err);
	return nats_session_fail(session, err, status, code, "making JetStream stream %s",
							 layout->name);
}

bool
layout_ensure(NatsSession *session, const StreamLayout *layout, int64_t max_bytes, int replicas,
			  JetStreamInfo *info, bool *existed, SluiceError *err)
{
	SluiceError missing;
	bool there = info_and_audit(session, layout->name, layout, info, &missing);

	if (existed != NULL)
		*existed = there;
	if (there)
		return true;
	if (missing.code == SLUICE_ERROR_NOT_FOUND)
		return make(session, layout, max_bytes, replicas, info, err);
	if (err != NULL)
		*err = missing;
	return false;
}

bool
jetstream_ensure(NatsSession *session, const char *stream, int64_t max_bytes, int replicas,
				 JetStreamInfo *info, bool *existed, SluiceError *err)
{
	StreamLayout layout;

	if (!stream_name_check(stream, err))
		return false;
	change_layout(&layout, stream);
	return layout_ensure(session, &layout, max_bytes, replicas, info, existed, err);
}

/* The last message on a subject or, with NULL, the one at a sequence. */
static bool
get_message(NatsSession *session, const char *stream, const char *subject, uint64_t sequence,
			natsMsg **message, SluiceError *err)
{
	char name[SUBJECT_TEXT], number[24];
	jsErrCode code = 0;
	natsStatus status;

	(void) jetstream_name(name, stream);
	*message = NULL;
	if (subject != NULL)
		status = js_GetLastMsg(message, session->jetstream, name, subject, NULL, &code);
	else
		status = js_GetMsg(message, session->jetstream, name, sequence, NULL, &code);
	if (status == NATS_OK)
		return true;
	(void) snprintf(number, sizeof(number), "%" PRIu64, sequence);
	return nats_session_fail(session, err, status, code, "%s %s of JetStream stream %s",
							 subject != NULL ? "last message on" : "message",
							 subject != NULL ? subject : number, name);
}

bool
jetstream_last(NatsSession *session, const char *stream, const char *subject, natsMsg **message,
			   SluiceError *err)
{
	return get_message(session, stream, subject, 0, message, err);
}

bool
jetstream_message(NatsSession *session, const char *stream, uint64_t sequence, natsMsg **message,
				  SluiceError *err)
{
	return get_message(session, stream, NULL, sequence, message, err);
}

/* ---- removing ---- */

bool
layout_purge(NatsSession *session, const char *name, const char *subject, uint64_t below,
			 SluiceError *err)
{
	jsOptions options;
	jsErrCode code = 0;
	natsStatus status;

	(void) jsOptions_Init(&options);
	options.Wait = JETSTREAM_TIMEOUT_MS;
	options.Stream.Purge.Sequence = below;
	options.Stream.Purge.Subject = subject;
	status = js_PurgeStream(session->jetstream, name, &options, &code);
	return status == NATS_OK ||
		   nats_session_fail(session, err, status, code, "purging JetStream stream %s", name);
}

bool
jetstream_purge_below(NatsSession *session, const char *stream, uint64_t sequence, SluiceError *err)
{
	char name[SUBJECT_TEXT];
	JetStreamInfo info;

	if (!layout_info(session, jetstream_name(name, stream), &info, err))
		return false;
	if (sequence > info.last_sequence)
		sequence = info.last_sequence;
	if (info.messages == 0 || sequence <= info.first_sequence)
		return true;
	return layout_purge(session, name, NULL, sequence, err);
}

bool
layout_delete(NatsSession *session, const char *name, SluiceError *err)
{
	jsErrCode code = 0;
	natsStatus status = js_DeleteStream(session->jetstream, name, NULL, &code);

	return status == NATS_OK || code == JSStreamNotFoundErr ||
		   nats_session_fail(session, err, status, code, "deleting JetStream stream %s", name);
}

bool
jetstream_delete(NatsSession *session, const char *stream, SluiceError *err)
{
	char name[SUBJECT_TEXT];

	return layout_delete(session, jetstream_name(name, stream), err);
}

/* ---- acknowledgements ---- */

static bool
ack_error(const char *text, size_t length, SluiceError *err)
{
	char description[160];
	uint64_t code = 0;

	if (!json_scan_text(text, length, "description", description, sizeof(description)))
		(void) snprintf(description, sizeof(description), "no description");
	(void) json_scan_unsigned(text, length, "err_code", &code);
	if (code == 0)
		(void) json_scan_unsigned(text, length, "code", &code);
	return nats_fail_text(err, code <= INT32_MAX ? (int) code : 0, description,
						  "publishing to JetStream");
}

bool
publish_ack_read(natsMsg *reply, PublishAck *ack, SluiceError *err)
{
	const char *text = natsMsg_GetData(reply);
	size_t length = (size_t) natsMsg_GetDataLength(reply);

	if (natsMsg_IsNoResponders(reply))
		return nats_fail(err, NATS_NO_RESPONDERS, 0, "publishing to JetStream");
	if (json_scan_has(text, length, "error"))
		return ack_error(text, length, err);
	if (!json_scan_unsigned(text, length, "seq", &ack->sequence) || ack->sequence == 0)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "publishing to JetStream: \"%.*s\" is no ack",
						   (int) (length < 100 ? length : 100), text);
	ack->duplicate = json_scan_flag(text, length, "duplicate");
	return true;
}
