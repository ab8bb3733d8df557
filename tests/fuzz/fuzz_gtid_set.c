/*
 * fuzz_gtid_set.c - a set of GTIDs in binary (first byte even) or as text; one that is read must come
 * out the same of both its forms, and MariaDB's positions of theirs.
 */
#include "mysql_reader/binlog/gtid_event.h"

#include "fuzz.h"

#define ROOM (1 << 22)

/* The set must be the same when it was written and read. */
static void
check_set(const GtidSet *set)
{
	SluiceError err;
	GtidSet text_set, binary_set;
	ByteBuf text, binary;

	gtid_set_init(&text_set);
	gtid_set_init(&binary_set);
	bytebuf_init(&text, &allocator_malloc, ROOM);
	bytebuf_init(&binary, &allocator_malloc, ROOM);
	FUZZ_ASSERT(gtid_set_format(set, &text, &err) && bytebuf_put_u8(&text, 0, &err));
	FUZZ_ASSERT(gtid_set_encode(set, &binary, &err));
	FUZZ_ASSERT(gtid_set_parse(&text_set, (const char *) text.data, &err));
	FUZZ_ASSERT(
		gtid_set_decode(&binary_set, (ByteCursor){binary.data, binary.data + binary.length}, &err));
	FUZZ_ASSERT(gtid_set_covers(set, &text_set) && gtid_set_covers(&text_set, set));
	FUZZ_ASSERT(gtid_set_covers(set, &binary_set) && gtid_set_covers(&binary_set, set));
	bytebuf_free(&text);
	bytebuf_free(&binary);
	gtid_set_free(&text_set);
	gtid_set_free(&binary_set);
}

static void
check_position(const char *text)
{
	SluiceError err;
	MariadbPosition position, again;
	ByteBuf out;

	mariadb_position_init(&position);
	mariadb_position_init(&again);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	if (mariadb_position_parse(&position, text, &err))
	{
		FUZZ_ASSERT(mariadb_position_format(&position, &out, &err) &&
					bytebuf_put_u8(&out, 0, &err));
		FUZZ_ASSERT(mariadb_position_parse(&again, (const char *) out.data, &err));
		FUZZ_ASSERT(position.count == again.count);
	}
	bytebuf_free(&out);
	mariadb_position_free(&position);
	mariadb_position_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SluiceError err = {0};
	GtidSet set;
	char *text;
	bool good;

	if (size == 0)
		return 0;
	text = malloc(size);
	FUZZ_ASSERT(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	gtid_set_init(&set);
	good = data[0] % 2 == 0 ? gtid_set_decode(&set, (ByteCursor){data + 1, data + size}, &err)
							: gtid_set_parse(&set, text, &err);
	FUZZ_ASSERT(good || err.message[0] != '\0');
	if (good)
		check_set(&set);
	check_position(text);
	gtid_set_free(&set);
	free(text);
	return 0;
}
