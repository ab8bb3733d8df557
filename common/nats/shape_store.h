/*
 * shape_store.h - what a stream's tables looked like, change by change: JetStream stream
 * SLUICE_<stream>_SHAPES, for sources whose log does not say it (MySQL, MariaDB).
 *
 * Each message, on sluice.<stream>.shape.<table>, is a version: a text (a schema document) of a table,
 * by its number, and the commit that made it so.  A version is stored before the change is published,
 * so after a crash there may be some that the stream of changes knows nothing of: these are passed
 * over, and the change is met again.
 */
#ifndef SLUICE_NATS_SHAPE_STORE_H
#define SLUICE_NATS_SHAPE_STORE_H

#include "common/core/bytebuf.h"
#include "jetstream.h"

#define SHAPE_TEXT_MAXIMUM ((size_t) 64 << 20)

/* Makes the stream when it is not there; *empty when it has no version of anything. */
extern bool shape_store_ensure(NatsSession *session, const char *stream, int replicas, bool *empty,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* Stores a version; LIMIT when the text is too long for a message. */
extern bool shape_store_put(NatsSession *session, const char *stream, uint32_t table,
							uint64_t commit, const void *text, size_t length,
							SluiceError *err) SLUICE_MUST_CHECK;

typedef struct ShapeVersion
{
	uint32_t table;
	uint64_t commit;
	const void *text;
	size_t length;
	uint64_t sequence;
} ShapeVersion;

/* Gives every version, in the order they were stored; the text is there during the call. */
typedef bool (*ShapeTaker)(void *context, const ShapeVersion *version, SluiceError *err);
extern bool shape_store_read(NatsSession *session, const char *stream, ShapeTaker take,
							 void *context, SluiceError *err) SLUICE_MUST_CHECK;

/* Removes a table's versions before the one at `sequence`. */
extern bool shape_store_purge(NatsSession *session, const char *stream, uint32_t table,
							  uint64_t sequence, SluiceError *err) SLUICE_MUST_CHECK;

/* Removes the stream; fine when it is not there. */
extern bool shape_store_delete(NatsSession *session, const char *stream,
							   SluiceError *err) SLUICE_MUST_CHECK;

#endif
