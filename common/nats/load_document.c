/*
 * load_document.c - parts of a schema document, put together and unpacked (load_document.h).
 */
#include "load_document.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/compress.h"

#define PARTS_HEADER  "Sluice-Parts"
#define PARTS_MAXIMUM 65536

/* The last message on a subject, which may have wildcards; NULL when there is none. */
static bool
last_message(NatsSession *session, const char *stream, const char *subject, natsMsg **message,
			 SluiceError *err)
{
	char name[SUBJECT_TEXT];
	jsErrCode code = 0;
	natsStatus status;

	*message = NULL;
	(void) load_stream_name(name, stream);
	status = js_GetLastMsg(message, session->jetstream, name, subject, NULL, &code);
	return status == NATS_OK || status == NATS_NOT_FOUND || code == JSNoMessageFoundErr ||
		   nats_session_fail(session, err, status, code, "last message on %s", subject);
}

bool
load_document_newest(NatsSession *session, const char *stream, uint32_t *generation,
					 SluiceError *err)
{
	char subject[SUBJECT_TEXT], first[SUBJECT_TEXT];
	natsMsg *message;

	*generation = 0;
	(void) snprintf(subject, sizeof(subject), "sluice.%.*s.schema.>", STREAM_NAME_MAXIMUM, stream);
	if (!last_message(session, stream, subject, &message, err))
		return false;
	if (message == NULL)
		return true;
	/* Up to the generation's place every subject is the same. */
	(void) schema_part_subject(first, stream, 0, 0);
	*generation =
		(uint32_t) strtoul(natsMsg_GetSubject(message) + strlen(first) - strlen("0.0"), NULL, 10);
	natsMsg_Destroy(message);
	return true;
}

/* Appends a part as it is stored; *parts is how many there are. */
static bool
fetch_part(NatsSession *session, const char *stream, uint32_t generation, uint32_t part,
		   ByteBuf *packed, uint32_t *parts, SluiceError *err)
{
	char subject[SUBJECT_TEXT];
	const char *text = NULL;
	natsMsg *message;
	bool good;

	(void) schema_part_subject(subject, stream, generation, part);
	if (!last_message(session, stream, subject, &message, err))
		return false;
	if (message == NULL)
		return sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
						   "part %" PRIu32 " of the schema document of generation %" PRIu32
						   " is not in JetStream",
						   part, generation);
	*parts = natsMsgHeader_Get(message, PARTS_HEADER, &text) == NATS_OK && text != NULL
				 ? (uint32_t) strtoul(text, NULL, 10)
				 : 0;
	good =
		bytebuf_put(packed, natsMsg_GetData(message), (size_t) natsMsg_GetDataLength(message), err);
	natsMsg_Destroy(message);
	if (good && (*parts == 0 || *parts > PARTS_MAXIMUM))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%s does not say how many parts there are",
						   subject);
	return good;
}

static bool
unpack(const ByteBuf *packed, ByteBuf *json, SluiceError *err)
{
	size_t length;

	if (!compress_frame_length(packed->data, packed->length, &length, err) ||
		!bytebuf_reserve(json, length, err) ||
		!compress_restore(COMPRESSION_ZSTD, packed->data, packed->length, json->data + json->length,
						  length, err))
		return sluice_prefix(err, "schema document");
	json->length += length;
	return true;
}

bool
load_document_fetch(NatsSession *session, const char *stream, uint32_t generation, ByteBuf *json,
					SluiceError *err)
{
	ByteBuf packed;
	uint32_t parts = 1;
	bool good = true;

	bytebuf_init(&packed, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	for (uint32_t part = 0; good && part < parts; part++)
		good = fetch_part(session, stream, generation, part, &packed, &parts, err);
	good = good && unpack(&packed, json, err);
	bytebuf_free(&packed);
	return good;
}
