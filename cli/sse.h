/*
 * sse.h - server-sent events out of the bytes of an answer, as they come: no I/O.
 */
#ifndef SLUICE_CLI_SSE_H
#define SLUICE_CLI_SSE_H

#include "common/core/bytebuf.h"

#define SSE_MAXIMUM (4 * 1024 * 1024) /* bytes of one event */

/* Told of each event's data; false ends it with the error it filled. */
typedef bool (*SseEach)(void *context, const char *data, SluiceError *err);

typedef struct Sse
{
	ByteBuf line, data;
	bool has_data;
	bool after_return; /* the last byte was a CR: a LF behind it is of the same line end */
} Sse;

extern void sse_init(Sse *sse);
extern void sse_free(Sse *sse);

/* Takes bytes in.  LIMIT for an event that is too long. */
extern bool sse_feed(Sse *sse, const char *bytes, size_t length, SseEach each, void *context,
					 SluiceError *err) SLUICE_MUST_CHECK;

#endif
