/*
 * event_maker.c - events of a binary log (event_maker.h).
 */
#include "event_maker.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define ROOM ((size_t) 1 << 26)

static void
put(ByteBuf *out, const void *data, size_t length)
{
	if (!bytebuf_put(out, data, length, NULL))
		abort();
}

void
put_hex(ByteBuf *out, const char *hex)
{
	unsigned byte;

	for (; *hex != '\0'; hex += 2)
	{
		while (isspace((unsigned char) *hex))
			hex++;
		if (sscanf(hex, "%2x", &byte) != 1)
			abort();
		put(out, &(uint8_t){(uint8_t) byte}, 1);
	}
}

void
put_little(ByteBuf *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		put(out, &(uint8_t){(uint8_t) (value >> 8 * i)}, 1);
}

void
event_maker_init(EventMaker *maker)
{
	*maker = (EventMaker){.end = 4, .server_id = 7};
	bytebuf_init(&maker->out, &allocator_malloc, ROOM);
}

void
event_maker_free(EventMaker *maker)
{
	bytebuf_free(&maker->out);
}

ByteCursor
make_event(EventMaker *maker, uint8_t type, const void *body, size_t length)
{
	ByteBuf *out = &maker->out;
	const size_t start = out->length;
	const size_t whole = EVENT_HEADER_SIZE + length + (maker->checksum ? EVENT_CHECKSUM_SIZE : 0);

	maker->end += maker->still ? 0 : (uint32_t) whole;
	put_little(out, 1700000000, 4);
	put_little(out, type, 1);
	put_little(out, maker->server_id, 4);
	put_little(out, whole, 4);
	put_little(out, maker->still ? 0 : maker->end, 4);
	put_little(out, maker->flags, 2);
	put(out, body, length);
	if (maker->checksum)
		put_little(out, crc32(crc32(0, NULL, 0), out->data + start, (uInt) (out->length - start)),
				   4);
	return (ByteCursor){out->data + start, out->data + out->length};
}

ByteCursor
make_hex_event(EventMaker *maker, uint8_t type, const char *hex)
{
	ByteBuf body;
	ByteCursor event;

	bytebuf_init(&body, &allocator_malloc, ROOM);
	put_hex(&body, hex);
	event = make_event(maker, type, body.data, body.length);
	bytebuf_free(&body);
	return event;
}

ByteCursor
make_format(EventMaker *maker, Flavour flavour)
{
	static const uint8_t mysql_lengths[] = {0, 13, 0,  8,  0,  0,  0, 0,  0,  0, 0,	 0, 0, 0,
											0, 0,  0,  0,  8,  0,  0, 0,  8,  8, 8,	 2, 0, 0,
											0, 10, 10, 10, 42, 42, 0, 18, 52, 0, 10, 40};
	const char version[50] = "9.7.0", other[50] = "10.11.19-MariaDB-log";
	const bool checksum = maker->checksum;
	ByteBuf body;
	ByteCursor event;

	bytebuf_init(&body, &allocator_malloc, ROOM);
	put_little(&body, 4, 2);
	put(&body, flavour == FLAVOUR_MYSQL ? version : other, sizeof(version));
	put_little(&body, 0, 4);
	put_little(&body, EVENT_HEADER_SIZE, 1);
	put(&body, mysql_lengths, sizeof(mysql_lengths));
	put_little(&body, checksum, 1);
	/* The room for its own checksum is there in any case. */
	if (!checksum)
		put_little(&body, 0, EVENT_CHECKSUM_SIZE);
	event = make_event(maker, EVENT_FORMAT_DESCRIPTION, body.data, body.length);
	bytebuf_free(&body);
	return event;
}

ByteCursor
make_query(EventMaker *maker, const char *text)
{
	ByteBuf body;
	ByteCursor event;

	bytebuf_init(&body, &allocator_malloc, ROOM);
	put_hex(&body, "01000000 00000000 02 0000 0000");
	put(&body, "db", 3);
	put(&body, text, strlen(text));
	event = make_event(maker, EVENT_QUERY, body.data, body.length);
	bytebuf_free(&body);
	return event;
}
