/*
 * binlog_event_test.c - the frame of events, and what servers compress inside of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mysql_reader/binlog/unpack.h"
#include "tests/unit/support/event_maker.h"

#include <zstd.h>

#define ROOM ((size_t) 1 << 20)

static EventFormat
format_of(bool checksum)
{
	EventFormat format;

	event_format_init(&format, checksum);
	return format;
}

static Event
open_event(const EventFormat *format, ByteCursor bytes)
{
	Event event;
	SluiceError err = {0};

	if (!event_open(format, bytes.at, little_left(&bytes), &event, &err))
		fail_msg("%s", err.message);
	return event;
}

static void
assert_refused(const EventFormat *format, const uint8_t *data, size_t length)
{
	SluiceError err = {0};
	Event event;

	assert_false(event_open(format, data, length, &event, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
}

static void
headers_are_taken_apart(void **state)
{
	const EventFormat format = format_of(false);
	EventMaker maker;
	Event event;

	(void) state;
	event_maker_init(&maker);
	maker.flags = EVENT_MAY_BE_IGNORED;
	event = open_event(&format, make_hex_event(&maker, EVENT_XID, "0102030405060708"));
	assert_int_equal(event.header.type, EVENT_XID);
	assert_int_equal(event.header.timestamp, 1700000000);
	assert_int_equal(event.header.server_id, 7);
	assert_int_equal(event.header.length, 27);
	assert_int_equal(event.header.end, 31);
	assert_int_equal(event.header.flags, EVENT_MAY_BE_IGNORED);
	assert_int_equal(little_left(&event.body), 8);
	event_maker_free(&maker);
}

static void
each_changed_byte_breaks_the_checksum(void **state)
{
	const EventFormat format = format_of(true);
	EventMaker maker;
	ByteCursor bytes;
	size_t length;
	Event event;

	(void) state;
	event_maker_init(&maker);
	maker.checksum = true;
	bytes = make_hex_event(&maker, EVENT_XID, "0102030405060708");
	length = little_left(&bytes);
	event = open_event(&format, bytes);
	assert_int_equal(little_left(&event.body), 8);
	for (size_t i = 0; i < length; i++)
	{
		maker.out.data[i] ^= 0x10;
		/* The type of a format description tells another way. */
		if (maker.out.data[4] != EVENT_FORMAT_DESCRIPTION)
			assert_refused(&format, maker.out.data, length);
		maker.out.data[i] ^= 0x10;
	}
	for (size_t i = 0; i < length; i++)
		assert_refused(&format, maker.out.data, i);
	event_maker_free(&maker);
}

static void
format_descriptions_tell_what_follows(void **state)
{
	for (int i = 0; i < 4; i++)
	{
		const Flavour flavour = i < 2 ? FLAVOUR_MYSQL : FLAVOUR_MARIADB;
		/* What was in force before does not matter. */
		const EventFormat before = format_of(i % 3 == 0);
		EventFormat format;
		EventMaker maker;
		Event event;

		(void) state;
		event_maker_init(&maker);
		maker.checksum = i % 2 == 0;
		event = open_event(&before, make_format(&maker, flavour));
		assert_true(event_format_read(&event, &format, NULL));
		assert_int_equal(format.flavour, flavour);
		assert_int_equal(format.checksum, maker.checksum);
		assert_int_equal(format.header_length[EVENT_TABLE_MAP], 8);
		assert_int_equal(format.header_length[EVENT_WRITE_ROWS], 10);
		assert_int_equal(format.header_length[200], 0);
		/* As in a file that is being written, which does not change the checksum. */
		maker.out.data[17] |= EVENT_FILE_IN_USE;
		event =
			open_event(&before, (ByteCursor){maker.out.data, maker.out.data + maker.out.length});
		event_maker_free(&maker);
	}
}

static void
another_version_is_refused(void **state)
{
	const EventFormat before = format_of(false);
	EventFormat format;
	EventMaker maker;
	Event event;
	SluiceError err = {0};

	(void) state;
	event_maker_init(&maker);
	event = open_event(&before, make_format(&maker, FLAVOUR_MYSQL));
	maker.out.data[EVENT_HEADER_SIZE] = 3;
	assert_false(event_format_read(&event, &format, &err));
	assert_int_equal(err.code, SLUICE_ERROR_VERSION);
	event_maker_free(&maker);
}

static void
check_heartbeat(uint8_t type, bool still, const char *hex, uint64_t position, const char *file)
{
	const EventFormat format = format_of(false);
	EventMaker maker;
	RotateEvent end;
	Event event;

	event_maker_init(&maker);
	maker.still = still;
	event = open_event(&format, make_hex_event(&maker, type, hex));
	assert_true(heartbeat_read(&event, &end, NULL));
	assert_int_equal(end.position, position);
	assert_int_equal(end.file_length, strlen(file));
	assert_memory_equal(end.file, file, end.file_length);
	event_maker_free(&maker);
}

static void
heartbeats_of_all_kinds(void **state)
{
	(void) state;
	check_heartbeat(EVENT_HEARTBEAT, false, "62696e2e31", 4 + 19 + 5, "bin.1");
	/* MariaDB beyond 4 GiB. */
	check_heartbeat(EVENT_HEARTBEAT, true, "0000000002000000 62696e2e31", UINT64_C(2) << 32,
					"bin.1");
	check_heartbeat(EVENT_HEARTBEAT_V2, true, "0105 62696e2e31 0209 fe0000000003000000 00",
					UINT64_C(3) << 32, "bin.1");
	/* A field that is not known is passed. */
	check_heartbeat(EVENT_HEARTBEAT_V2, true, "0902ffff 0203fc0001 00", 256, "");
}

static void
incidents(void **state)
{
	const EventFormat format = format_of(false);
	EventMaker maker;
	unsigned number;
	const char *text;
	size_t length;
	Event event;

	(void) state;
	event_maker_init(&maker);
	event = open_event(&format, make_hex_event(&maker, EVENT_INCIDENT, "0100 04 6c6f7374"));
	assert_true(incident_read(&event, &number, &text, &length, NULL));
	assert_int_equal(number, 1);
	assert_int_equal(length, 4);
	assert_memory_equal(text, "lost", 4);
	event = open_event(&format, make_hex_event(&maker, EVENT_INCIDENT, "0100 05 6c6f7374"));
	assert_false(incident_read(&event, &number, &text, &length, NULL));
	event_maker_free(&maker);
}

/* ---- unpacking ---- */

static void
compressed_columns(void **state)
{
	ByteBuf stored, out;
	const uint8_t *value;
	size_t length;
	SluiceError err;

	(void) state;
	bytebuf_init(&stored, &allocator_malloc, ROOM);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	/* As MariaDB stored 400 times "z". */
	put_hex(&stored, "8a 01 90 ab aa 1a 05 83 09 00 00");
	assert_true(unpack_column(stored.data, stored.length, &out, &value, &length, NULL));
	assert_int_equal(length, 400);
	assert_int_equal(value[399], 'z');
	for (size_t cut = 1; cut < stored.length; cut++)
		assert_false(unpack_column(stored.data, cut, &out, &value, &length, &err));
	assert_true(
		unpack_column((const uint8_t *) "\0abc", 4, &out, &value, &length, NULL)); /* as it is */
	assert_int_equal(length, 3);
	assert_true(unpack_column(stored.data, 0, &out, &value, &length, NULL));
	assert_int_equal(length, 0);
	stored.data[0] = 0x9a;
	assert_false(unpack_column(stored.data, stored.length, &out, &value, &length, &err));
	assert_int_equal(err.code, SLUICE_ERROR_VERSION);
	bytebuf_free(&stored);
	bytebuf_free(&out);
}

static void
a_length_that_lies_is_refused(void **state)
{
	ByteBuf out;
	const uint8_t *value;
	size_t length;
	SluiceError err;
	/* 399 and 401 instead of 400; and 4 GiB. */
	static const char *const packed[] = {"\x8a\x01\x8f\xab\xaa\x1a\x05\x83\x09\x00\x00",
										 "\x8a\x01\x91\xab\xaa\x1a\x05\x83\x09\x00\x00"};
	static const uint8_t huge[] = {0x8c, 0xff, 0xff, 0xff, 0xff, 0xab, 0xaa, 0x1a, 0x05};

	(void) state;
	bytebuf_init(&out, &allocator_malloc, ROOM);
	for (int i = 0; i < 2; i++)
	{
		assert_false(unpack_column((const uint8_t *) packed[i], 11, &out, &value, &length, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
	assert_false(unpack_column(huge, sizeof(huge), &out, &value, &length, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	bytebuf_free(&out);
}

/* A TRANSACTION_PAYLOAD event of what maker has, with its sizes as MySQL writes them. */
static void
make_payload(EventMaker *outer, const EventMaker *inner, bool compress, size_t cut)
{
	uint8_t packed[4096];
	const size_t size =
		compress ? ZSTD_compress(packed, sizeof(packed), inner->out.data, inner->out.length, 3)
				 : inner->out.length;
	ByteBuf body;

	bytebuf_init(&body, &allocator_malloc, ROOM);
	put_hex(&body, compress ? "020100" : "0203fcff00");
	put_hex(&body, "0303fc"); /* the size unpacked */
	put_little(&body, inner->out.length, 2);
	put_hex(&body, "0103fc");
	put_little(&body, size - cut, 2);
	put_hex(&body, "00");
	assert_true(bytebuf_put(&body, compress ? packed : inner->out.data, size - cut, NULL));
	(void) make_event(outer, EVENT_TRANSACTION_PAYLOAD, body.data, body.length);
	bytebuf_free(&body);
}

/* How many events a payload gives; -1 when it is refused. */
static int
read_payload(const EventMaker *outer, size_t maximum)
{
	const EventFormat format = format_of(false);
	const Event event =
		open_event(&format, (ByteCursor){outer->out.data, outer->out.data + outer->out.length});
	SluiceError err;
	PayloadReader *reader = payload_open(&event, maximum, &err);
	const uint8_t *data;
	size_t length;
	int count = 0;
	bool good = reader != NULL;

	while (good && (good = payload_next(reader, &data, &length, &err)) && length > 0)
		count++;
	payload_close(reader);
	return good ? count : -1;
}

static void
compressed_transactions(void **state)
{
	(void) state;
	for (int compress = 0; compress < 2; compress++)
	{
		EventMaker inner, outer;

		event_maker_init(&inner);
		inner.still = true;
		for (int i = 0; i < 50; i++)
			(void) make_query(&inner, "BEGIN");
		event_maker_init(&outer);
		make_payload(&outer, &inner, compress, 0);
		assert_int_equal(read_payload(&outer, ROOM), 50);
		/* Events of 41 bytes do not fit. */
		if (compress)
			assert_int_equal(read_payload(&outer, 30), -1);
		event_maker_free(&outer);
		for (size_t cut = 1; cut < 30; cut++)
		{
			event_maker_init(&outer);
			make_payload(&outer, &inner, compress, cut);
			assert_int_equal(read_payload(&outer, ROOM), -1);
			event_maker_free(&outer);
		}
		event_maker_free(&inner);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_taken_apart),
		cmocka_unit_test(each_changed_byte_breaks_the_checksum),
		cmocka_unit_test(format_descriptions_tell_what_follows),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(heartbeats_of_all_kinds),
		cmocka_unit_test(incidents),
		cmocka_unit_test(compressed_columns),
		cmocka_unit_test(a_length_that_lies_is_refused),
		cmocka_unit_test(compressed_transactions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
