/*
 * points_message.c - writing and reading points (points_message.h).
 */
#include "points_message.h"

#include <math.h>

#define VERSION		1
#define COUNT_PLACE 2

_Static_assert(LIVE_SERIES <= 8, "the bits of the series are one byte");

bool
points_begin(ByteBuf *message, RingStep step, int64_t time_s, SluiceError *err)
{
	return bytebuf_put_u8(message, VERSION, err) && bytebuf_put_u8(message, (uint8_t) step, err) &&
		   bytebuf_put_u16(message, 0, err) && bytebuf_put_u64(message, (uint64_t) time_s, err);
}

static bool
put_value(ByteBuf *message, float value, SluiceError *err)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bytebuf_put_u32(message, bits, err);
}

bool
points_add(ByteBuf *message, const char *stream_id, const LivePoint *point, SluiceError *err)
{
	uint8_t known = 0;

	if (!bytebuf_reserve(message, POINTS_ENTRY_MAXIMUM, err))
		return false;
	for (int i = 0; i < LIVE_SERIES; i++)
		known |= (uint8_t) (!isnan(point->values[i]) << i);
	if (!bytebuf_put_text(message, stream_id, err) || !bytebuf_put_u8(message, known, err))
		return false;
	for (int i = 0; i < LIVE_SERIES; i++)
	{
		if (known & (1 << i) && !put_value(message, point->values[i], err))
			return false;
	}
	store_u16(message->data + COUNT_PLACE, (uint16_t) (load_u16(message->data + COUNT_PLACE) + 1));
	return true;
}

static bool
take_point(ByteCursor *cursor, LivePoint *point, SluiceError *err)
{
	uint8_t known;

	point_clear(point);
	if (!cursor_u8(cursor, &known, err))
		return false;
	for (int i = 0; i < LIVE_SERIES; i++)
	{
		uint32_t bits;

		if (!(known & (1 << i)))
			continue;
		if (!cursor_u32(cursor, &bits, err))
			return false;
		memcpy(&point->values[i], &bits, sizeof(bits));
	}
	return true;
}

bool
points_take(const void *data, size_t length, Rings *rings, SluiceError *err)
{
	ByteCursor cursor = {data, (const uint8_t *) data + length};
	uint8_t version, step;
	uint16_t count;
	uint64_t time_s;

	if (!cursor_u8(&cursor, &version, err) || !cursor_u8(&cursor, &step, err) ||
		!cursor_u16(&cursor, &count, err) || !cursor_u64(&cursor, &time_s, err))
		return false;
	if (version != VERSION)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "points of version %d, this server knows %d",
						   version, VERSION);
	if (step >= RING_STEPS || time_s > INT64_MAX)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "points of no known step");
	for (uint16_t i = 0; i < count; i++)
	{
		const char *id;
		LivePoint point;

		if (!cursor_text(&cursor, &id, err) || !take_point(&cursor, &point, err) ||
			!rings_put(rings, id, (RingStep) step, (int64_t) time_s, &point, err))
			return false;
	}
	return true;
}
