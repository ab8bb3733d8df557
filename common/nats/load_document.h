/*
 * load_document.h - fetches the newest schema document of a copy from its JetStream stream.
 */
#ifndef SLUICE_NATS_LOAD_DOCUMENT_H
#define SLUICE_NATS_LOAD_DOCUMENT_H

#include "common/core/bytebuf.h"
#include "load_stream.h"

/* Most bytes a document may have, unpacked. */
#define LOAD_DOCUMENT_MAXIMUM ((size_t) 256 << 20)

/* The newest generation that has a part in the stream; 0 when there is none yet. */
extern bool load_document_newest(NatsSession *session, const char *stream, uint32_t *generation,
								 SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Appends the document of a generation, as JSON.  NOT_FOUND while parts of it are missing: a source
 * that publishes it is at it.
 */
extern bool load_document_fetch(NatsSession *session, const char *stream, uint32_t generation,
								ByteBuf *json, SluiceError *err) SLUICE_MUST_CHECK;

#endif
