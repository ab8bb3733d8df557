/*
 * points_message.h - the message by which the server that leads tells all others the points of one step.  Pure.
 *
 *     u8 version, u8 step, u16 count, u64 time (seconds since 1970), then for each stream
 *     text id, u8 bits of the series that are known, u32 for each of those: an IEEE float
 *
 * in network byte order.  What does not fit one message is told by several of the same step and time.
 */
#ifndef SLUICE_CONTROL_LIVE_POINTS_MESSAGE_H
#define SLUICE_CONTROL_LIVE_POINTS_MESSAGE_H

#include "common/core/bytebuf.h"
#include "rings.h"

#define POINTS_ENTRY_MAXIMUM 80 /* bytes of one stream */

/* Begins a message in an empty buffer. */
extern bool points_begin(ByteBuf *message, RingStep step, int64_t time_s,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Adds a stream; an id has at most 32 bytes. */
extern bool points_add(ByteBuf *message, const char *stream_id, const LivePoint *point,
					   SluiceError *err) SLUICE_MUST_CHECK;

/* Puts every point of a message into the rings; CORRUPT when it is none. */
extern bool points_take(const void *data, size_t length, Rings *rings,
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
