/*
 * pg_text_system.c - PostgreSQL's own identifiers, network addresses, text search vectors.
 */
#include <stdio.h>

#include "pg_number.h"
#include "pg_text_parts.h"

/* ---- identifiers ---- */

bool
pg_print_tid(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			 SluiceError *err)
{
	char text[32];

	(void) type;
	(void) length;
	(void) snprintf(text, sizeof(text), "(%u,%u)", load_u32(data), load_u16(data + 4));
	return pg_put_word(text, out, err);
}

bool
pg_print_lsn(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			 SluiceError *err)
{
	char text[32];

	(void) type;
	(void) length;
	(void) snprintf(text, sizeof(text), "%X/%X", load_u32(data), load_u32(data + 4));
	return pg_put_word(text, out, err);
}

/* xmin:xmax:xip,xip */
bool
pg_print_snapshot(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
				  SluiceError *err)
{
	uint64_t count = length >= 4 ? load_u32(data) : 0;

	if (length < 20 || count * 8 != length - 20)
		return pg_malformed(type, err);
	for (uint64_t i = 0; i < count + 2; i++)
	{
		char text[PG_INTEGER_SIZE + 1];
		char *end = pg_put_uint64(load_u64(data + 4 + 8 * i), text);

		if (i < 2)
			*end++ = ':';
		else if (i + 1 < count + 2)
			*end++ = ',';
		if (!bytebuf_put(out, text, (size_t) (end - text), err))
			return false;
	}
	return true;
}

/* ---- network ---- */

bool
pg_print_macaddr(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
				 SluiceError *err)
{
	char text[8 * 3 + 1];

	(void) type;
	for (uint32_t i = 0; i < length; i++)
		(void) snprintf(text + (size_t) 3 * i, 4, "%02x:", data[i]);
	return bytebuf_put(out, text, (size_t) 3 * length - 1, err);
}

enum
{
	FAMILY_IPV4 = 2,
	FAMILY_IPV6 = 3,
	INET_HEAD = 4,
	IPV6_WORDS = 8,
	INET_TEXT = 64
};

/* The first longest run of at least two zero words. */
static void
find_zeros(const uint8_t *address, int *first, int *count)
{
	int run = 0;

	*first = -1;
	*count = 1;
	for (int i = 0; i < IPV6_WORDS; i++)
	{
		run = load_u16(address + (size_t) 2 * i) == 0 ? run + 1 : 0;
		if (run > *count)
		{
			*count = run;
			*first = i + 1 - run;
		}
	}
}

/* Addresses that are IPv4's end in that one's notation. */
static bool
embeds_ipv4(const uint8_t *address, int first, int count)
{
	return first == 0 && (count == 6 || (count == 7 && load_u16(address + 14) != 1) ||
						  (count == 5 && load_u16(address + 10) == 0xFFFF));
}

static char *
put_ipv4(const uint8_t *address, char *at)
{
	for (int i = 0; i < 4; i++)
	{
		if (i > 0)
			*at++ = '.';
		at = pg_put_uint64(address[i], at);
	}
	return at;
}

static char *
put_ipv6(const uint8_t *address, char *at)
{
	int first;
	int count;

	find_zeros(address, &first, &count);
	for (int i = 0; i < IPV6_WORDS; i++)
	{
		if (first >= 0 && i >= first && i < first + count)
		{
			if (i == first)
				*at++ = ':';
			continue;
		}
		if (i > 0)
			*at++ = ':';
		if (i == 6 && embeds_ipv4(address, first, count))
			return put_ipv4(address + 12, at);
		at += snprintf(at, 5, "%x", load_u16(address + (size_t) 2 * i));
	}
	if (first >= 0 && first + count == IPV6_WORDS)
		*at++ = ':';
	return at;
}

/* inet and cidr: the length of the netmask is shown unless it is the whole address of an inet. */
bool
pg_print_inet(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	bool wide = length >= INET_HEAD && data[0] == FAMILY_IPV6;
	unsigned size = wide ? 16 : 4;
	char text[INET_TEXT];
	char *at;

	if (length != INET_HEAD + size || (!wide && data[0] != FAMILY_IPV4) || data[1] > 8 * size ||
		data[2] > 1 || data[3] != size)
		return pg_malformed(type, err);
	at = wide ? put_ipv6(data + INET_HEAD, text) : put_ipv4(data + INET_HEAD, text);
	if (data[1] != 8 * size || data[2] == 1)
	{
		*at++ = '/';
		at = pg_put_uint64(data[1], at);
	}
	return bytebuf_put(out, text, (size_t) (at - text), err);
}

/* ---- text search ---- */

/* 'it''s' */
static bool
put_lexeme(const uint8_t *lexeme, size_t length, ByteBuf *out, SluiceError *err)
{
	uint8_t *at;

	if (!bytebuf_reserve(out, 2 * length + 2, err))
		return false;
	at = out->data + out->length;
	*at++ = '\'';
	for (size_t i = 0; i < length; i++)
	{
		if (lexeme[i] == '\'' || lexeme[i] == '\\')
			*at++ = lexeme[i];
		*at++ = lexeme[i];
	}
	*at++ = '\'';
	out->length = (size_t) (at - out->data);
	return true;
}

/* ":1A,2": the weight is in the upper two bits, D is not shown. */
static bool
put_positions(const uint8_t *positions, uint16_t count, ByteBuf *out, SluiceError *err)
{
	for (uint16_t i = 0; i < count; i++)
	{
		unsigned position = load_u16(positions + (size_t) 2 * i);
		char text[PG_INTEGER_SIZE + 2];
		char *at = text;

		*at++ = i > 0 ? ',' : ':';
		at = pg_put_uint64(position & 0x3FFF, at);
		if (position >> 14 != 0)
			*at++ = " CBA"[position >> 14];
		if (!bytebuf_put(out, text, (size_t) (at - text), err))
			return false;
	}
	return true;
}

bool
pg_print_tsvector(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
				  SluiceError *err)
{
	ByteCursor cursor = {data, data + length};
	uint32_t count;

	if (!cursor_u32(&cursor, &count, NULL))
		return pg_malformed(type, err);
	for (uint32_t i = 0; i < count; i++)
	{
		const uint8_t *lexeme = cursor.at;
		const uint8_t *end = memchr(lexeme, 0, (size_t) (cursor.end - lexeme));
		const uint8_t *positions;
		uint16_t position_count;

		if (end == NULL)
			return pg_malformed(type, err);
		cursor.at = end + 1;
		if (!cursor_u16(&cursor, &position_count, NULL) ||
			!cursor_take(&cursor, (size_t) 2 * position_count, &positions, NULL))
			return pg_malformed(type, err);
		if ((i > 0 && !bytebuf_put_u8(out, ' ', err)) ||
			!put_lexeme(lexeme, (size_t) (end - lexeme), out, err) ||
			!put_positions(positions, position_count, out, err))
			return false;
	}
	return cursor.at == cursor.end || pg_malformed(type, err);
}
