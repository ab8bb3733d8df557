/*
 * shape_store.c - versions of tables as messages, packed with zstd (shape_store.h).
 */
#include "shape_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/compress.h"
#include "stream_layout.h"

#define COMMIT_HEADER "Sluice-Commit"
#define COMMIT_TEXT	  24
#define UNLIMITED	  (-1)

static const char *
store_name(char *text, const char *stream)
{
	(void) snprintf(text, SUBJECT_TEXT, "SLUICE_%.*s_SHAPES", STREAM_NAME_MAXIMUM, stream);
	return text;
}

static const char *
shape_subject(char *text, const char *stream, uint32_t table)
{
	(void) snprintf(text, SUBJECT_TEXT, "sluice.%.*s.shape.%" PRIu32, STREAM_NAME_MAXIMUM, stream,
					table);
	return text;
}

bool
shape_store_ensure(NatsSession *session, const char *stream, int replicas, bool *empty,
				   SluiceError *err)
{
	static const char *const tails[] = {"shape.>"};
	StreamLayout layout;
	JetStreamInfo info;

	if (!stream_name_check(stream, err))
		return false;
	(void) store_name(layout.name, stream);
	layout_subjects(&layout, stream, tails, 1);
	if (!layout_ensure(session, &layout, UNLIMITED, replicas, &info, NULL, err))
		return false;
	*empty = info.messages == 0;
	return true;
}

/* ---- storing ---- */

static bool
publish(NatsSession *session, const char *subject, uint64_t commit, const ByteBuf *packed,
		SluiceError *err)
{
	char text[COMMIT_TEXT];
	natsMsg *message = NULL;
	jsPubAck *ack = NULL;
	jsErrCode code = 0;
	natsStatus status =
		natsMsg_Create(&message, subject, NULL, (const char *) packed->data, (int) packed->length);

	(void) snprintf(text, sizeof(text), "%" PRIu64, commit);
	if (status == NATS_OK)
		status = natsMsgHeader_Set(message, COMMIT_HEADER, text);
	if (status == NATS_OK)
		status = js_PublishMsg(&ack, session->jetstream, message, NULL, &code);
	jsPubAck_Destroy(ack);
	natsMsg_Destroy(message);
	return status == NATS_OK ||
		   nats_session_fail(session, err, status, code, "storing %s", subject);
}

bool
shape_store_put(NatsSession *session, const char *stream, uint32_t table, uint64_t commit,
				const void *text, size_t length, SluiceError *err)
{
	char subject[SUBJECT_TEXT];
	size_t room;
	ByteBuf packed;
	bool good;

	if (!nats_session_room(session, &room, err))
		return false;
	bytebuf_init(&packed, &allocator_malloc, SHAPE_TEXT_MAXIMUM);
	good = compress_append(COMPRESSION_ZSTD, text, length, &packed, err);
	if (good && packed.length > room)
		good = sluice_fail(err, SLUICE_ERROR_LIMIT,
						   "a table's definition takes %zu bytes, a message has room for %zu",
						   packed.length, room) ||
			   sluice_hint(err, "Raise max_payload of the NATS servers.");
	good = good && publish(session, shape_subject(subject, stream, table), commit, &packed, err);
	bytebuf_free(&packed);
	return good;
}

/* ---- reading ---- */

static bool
unpack(natsMsg *message, ByteBuf *text, SluiceError *err)
{
	const uint8_t *data = (const uint8_t *) natsMsg_GetData(message);
	size_t packed = (size_t) natsMsg_GetDataLength(message), length;

	text->length = 0;
	if (!compress_frame_length(data, packed, &length, err) || !bytebuf_reserve(text, length, err) ||
		!compress_restore(COMPRESSION_ZSTD, data, packed, text->data, length, err))
		return false;
	text->length = length;
	return true;
}

static bool
take_message(natsMsg *message, uint64_t sequence, ByteBuf *text, ShapeTaker take, void *context,
			 SluiceError *err)
{
	const char *number = strrchr(natsMsg_GetSubject(message), '.'), *commit = NULL;
	ShapeVersion version = {.sequence = sequence};

	if (natsMsgHeader_Get(message, COMMIT_HEADER, &commit) != NATS_OK || commit == NULL ||
		!unpack(message, text, err))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%s: version %" PRIu64 " cannot be read",
						   natsMsg_GetSubject(message), sequence);
	version.table = (uint32_t) strtoul(number + 1, NULL, 10);
	version.commit = strtoull(commit, NULL, 10);
	version.text = text->data;
	version.length = text->length;
	return take(context, &version, err);
}

static bool
read_one(NatsSession *session, const char *name, uint64_t sequence, ByteBuf *text, ShapeTaker take,
		 void *context, SluiceError *err)
{
	natsMsg *message = NULL;
	jsErrCode code = 0;
	natsStatus status = js_GetMsg(&message, session->jetstream, name, sequence, NULL, &code);
	bool good;

	if (status == NATS_NOT_FOUND || code == JSNoMessageFoundErr)
		return true;
	if (status != NATS_OK)
		return nats_session_fail(session, err, status, code, "message %" PRIu64 " of %s", sequence,
								 name);
	good = take_message(message, sequence, text, take, context, err);
	natsMsg_Destroy(message);
	return good;
}

bool
shape_store_read(NatsSession *session, const char *stream, ShapeTaker take, void *context,
				 SluiceError *err)
{
	char name[SUBJECT_TEXT];
	JetStreamInfo info;
	ByteBuf text;
	bool good;

	if (!layout_info(session, store_name(name, stream), &info, err))
		return false;
	bytebuf_init(&text, &allocator_malloc, SHAPE_TEXT_MAXIMUM);
	good = true;
	for (uint64_t at = info.first_sequence; good && info.messages > 0 && at <= info.last_sequence;
		 at++)
		good = read_one(session, name, at, &text, take, context, err);
	bytebuf_free(&text);
	return good;
}

/* ---- upkeep ---- */

bool
shape_store_purge(NatsSession *session, const char *stream, uint32_t table, uint64_t sequence,
				  SluiceError *err)
{
	char name[SUBJECT_TEXT], subject[SUBJECT_TEXT];

	return layout_purge(session, store_name(name, stream), shape_subject(subject, stream, table),
						sequence, err);
}

bool
shape_store_delete(NatsSession *session, const char *stream, SluiceError *err)
{
	char name[SUBJECT_TEXT];

	return layout_delete(session, store_name(name, stream), err);
}
