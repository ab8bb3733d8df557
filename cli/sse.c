/*
 * sse.c - lines to events (sse.h).
 */
#include "sse.h"

void
sse_init(Sse *sse)
{
	*sse = (Sse){0};
	bytebuf_init(&sse->line, &allocator_malloc, SSE_MAXIMUM);
	bytebuf_init(&sse->data, &allocator_malloc, SSE_MAXIMUM);
}

void
sse_free(Sse *sse)
{
	bytebuf_free(&sse->line);
	bytebuf_free(&sse->data);
}

/* An empty line ends an event. */
static bool
end_event(Sse *sse, SseEach each, void *context, SluiceError *err)
{
	bool good = true;

	if (sse->has_data)
		good =
			bytebuf_put_u8(&sse->data, 0, err) && each(context, (const char *) sse->data.data, err);
	sse->data.length = 0;
	sse->has_data = false;
	return good;
}

/* Of a line only "data" counts: kind and sequence are in it as well. */
static bool
end_line(Sse *sse, SseEach each, void *context, SluiceError *err)
{
	static const char field[] = "data:";
	const size_t name = sizeof(field) - 1;
	size_t length = sse->line.length, from = name;
	const char *text = (const char *) sse->line.data;

	sse->line.length = 0;
	if (length == 0)
		return end_event(sse, each, context, err);
	if (length < name || memcmp(text, field, name) != 0)
		return true;
	from += length > name && text[name] == ' ';
	if (sse->has_data && !bytebuf_put_u8(&sse->data, '\n', err))
		return false;
	sse->has_data = true;
	return bytebuf_put(&sse->data, text + from, length - from, err);
}

bool
sse_feed(Sse *sse, const char *bytes, size_t length, SseEach each, void *context, SluiceError *err)
{
	for (size_t i = 0; i < length; i++)
	{
		bool end = bytes[i] == '\n' || bytes[i] == '\r';
		bool second = bytes[i] == '\n' && sse->after_return;

		sse->after_return = bytes[i] == '\r';
		if (second)
			continue;
		if (end ? !end_line(sse, each, context, err)
				: !bytebuf_put_u8(&sse->line, (uint8_t) bytes[i], err))
			return false;
	}
	return true;
}
