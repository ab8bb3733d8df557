/*
 * binlog_gtid_test.c - GTIDs of both flavours: events, sets, positions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mysql_reader/binlog/gtid_event.h"
#include "tests/unit/support/event_maker.h"
#include "tests/unit/support/random.h"

#include <inttypes.h>
#include <stdio.h>

#define ROOM ((size_t) 1 << 22)

#define UUID_A "11111111-2222-3333-4444-555555555555"
#define UUID_B "aabbccdd-2222-3333-4444-555555555555"

/* ---- events ---- */

static Event
event_of(EventMaker *maker, uint8_t type, const char *hex)
{
	EventFormat format;
	ByteCursor bytes;
	Event event;

	event_maker_init(maker);
	bytes = make_hex_event(maker, type, hex);
	event_format_init(&format, false);
	assert_true(event_open(&format, bytes.at, little_left(&bytes), &event, NULL));
	return event;
}

static void
check_gtid(uint8_t type, const char *hex, const char *text, uint64_t time, uint64_t length)
{
	EventMaker maker;
	const Event event = event_of(&maker, type, hex);
	char found[GTID_TEXT];
	GtidEvent gtid;

	assert_true(gtid_event_read(&event, &gtid, NULL));
	assert_string_equal(gtid_format(&gtid.gtid, found), text);
	assert_int_equal(gtid.commit_time, time);
	assert_int_equal(gtid.length, length);
	event_maker_free(&maker);
}

static void
gtids_of_mysql(void **state)
{
	(void) state;
	/* As MySQL 8 writes it, and without what older ones leave out. */
	check_gtid(EVENT_GTID,
			   "00 11111111222233334444555555555555 0700000000000000 02 "
			   "0000000000000000 0100000000000000 01020304050600 fc1601 61450100",
			   UUID_A ":7", 0x060504030201, 0x116);
	check_gtid(EVENT_GTID, "00 11111111222233334444555555555555 0700000000000000", UUID_A ":7", 0,
			   0);
	/* First committed elsewhere. */
	check_gtid(EVENT_GTID,
			   "00 11111111222233334444555555555555 0700000000000000 02 "
			   "0000000000000000 0100000000000000 01020304050680 09000000000000",
			   UUID_A ":7", 9, 0);
	check_gtid(EVENT_ANONYMOUS_GTID, "00 00000000000000000000000000000000 0000000000000000",
			   "00000000-0000-0000-0000-000000000000:0", 0, 0);
}

/* What MySQL 9.1 wrote. */
static const char tagged[] =
	"0278000000 02aaaaaaaa888866664444222222222222 0473201b 0614 7365636f6e6474657374 08c10e "
	"0ad10e 0c7f23354861bd2606 105904 12a3ff0a";

static void
tagged_gtids(void **state)
{
	(void) state;
	check_gtid(EVENT_GTID_TAGGED, tagged, "55555555-4444-3333-2222-111111111111:secondtest:111111",
			   UINT64_C(1731444683060515), 278);
}

static void
damaged_gtids_are_refused(void **state)
{
	static const char *const wrong[] = {
		"00 11111111222233334444555555555555 0000000000000000", /* number 0 */
		"00 11111111222233334444555555555555 ffffffffffffffff",
		"00 11111111222233334444555555555555 07000000000000",
	};
	EventMaker maker;
	GtidEvent gtid;
	SluiceError err;
	Event event;

	(void) state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		event = event_of(&maker, EVENT_GTID, wrong[i]);
		assert_false(gtid_event_read(&event, &gtid, &err));
		event_maker_free(&maker);
	}
	event = event_of(&maker, EVENT_GTID_TAGGED, tagged);
	for (size_t length = little_left(&event.body); length-- > 0;)
	{
		Event cut = event;

		cut.body.end = cut.body.at + length;
		assert_false(gtid_event_read(&cut, &gtid, &err));
	}
	event_maker_free(&maker);
}

static void
gtids_of_mariadb(void **state)
{
	static const struct
	{
		const char *hex;
		uint8_t flags;
		AlterPart alter;
		unsigned global, branch;
	} cases[] = {
		{"0500000000000000 02000000 01 000000000000", GTID_STANDALONE, ALTER_WHOLE, 0, 0},
		{"0500000000000000 02000000 0e 0900000000000000", 0x0e, ALTER_WHOLE, 0, 0},
		{"0500000000000000 02000000 44 01000000 02 01 616263", 0x44, ALTER_WHOLE, 2, 1},
		{"0500000000000000 02000000 21 02", 0x21, ALTER_START, 0, 0},
		{"0500000000000000 02000000 21 04 0400000000000000", 0x21, ALTER_COMMIT, 0, 0},
		{"0500000000000000 02000000 21 08 0400000000000000", 0x21, ALTER_ROLLBACK, 0, 0},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		EventMaker maker;
		const Event event = event_of(&maker, EVENT_GTID_MARIADB, cases[i].hex);
		MariadbGtidEvent gtid;

		assert_true(mariadb_gtid_event_read(&event, &gtid, NULL));
		assert_int_equal(gtid.gtid.number, 5);
		assert_int_equal(gtid.gtid.domain, 2);
		assert_int_equal(gtid.gtid.server, 7);
		assert_int_equal(gtid.flags, cases[i].flags);
		assert_int_equal(gtid.alter, cases[i].alter);
		assert_int_equal(gtid.xa.global_length, cases[i].global);
		assert_int_equal(gtid.xa.branch_length, cases[i].branch);
		event_maker_free(&maker);
	}
}

static void
xa_names(void **state)
{
	EventMaker maker;
	Event event = event_of(&maker, EVENT_XA_PREPARE, "01 05000000 01000000 02000000 616263");
	XaName xa;
	bool one_phase;
	SluiceError err;

	(void) state;
	assert_true(xa_prepare_read(&event, &xa, &one_phase, NULL));
	assert_true(one_phase);
	assert_int_equal(xa.format, 5);
	assert_int_equal(xa.global_length, 1);
	assert_int_equal(xa.branch_length, 2);
	assert_memory_equal(xa.data, "abc", 3);
	event_maker_free(&maker);
	event = event_of(&maker, EVENT_XA_PREPARE, "00 05000000 41000000 02000000 616263");
	assert_false(xa_prepare_read(&event, &xa, &one_phase, &err));
	event_maker_free(&maker);
}

/* ---- positions of MariaDB ---- */

static void
positions_of_mariadb(void **state)
{
	MariadbPosition position;
	ByteBuf out;
	EventMaker maker;
	const Event list = event_of(&maker, EVENT_GTID_LIST,
								"02000010 01000000 02000000 0700000000000000"
								" 00000000 01000000 6500000000000000");

	(void) state;
	mariadb_position_init(&position);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	assert_true(mariadb_position_parse(&position, "1-2-6,0-1-100", NULL));
	assert_true(mariadb_gtid_list_read(&list, &position, NULL));
	assert_true(mariadb_position_format(&position, &out, NULL));
	assert_int_equal(out.length, strlen("0-1-101,1-2-7"));
	assert_memory_equal(out.data, "0-1-101,1-2-7", out.length);
	assert_null(mariadb_position_find(&position, 2));
	assert_int_equal(mariadb_position_find(&position, 1)->number, 7);
	for (size_t i = 0; i < 4; i++)
	{
		static const char *const wrong[] = {"1-2", "x", "0-1-1;", "0-1-1 "};
		SluiceError err;

		assert_false(mariadb_position_parse(&position, wrong[i], &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	}
	mariadb_position_free(&position);
	bytebuf_free(&out);
	event_maker_free(&maker);
}

/* ---- sets of MySQL ---- */

static void
check_text(const char *text, const char *expected)
{
	GtidSet set;
	ByteBuf out;
	SluiceError err;

	gtid_set_init(&set);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	if (!gtid_set_parse(&set, text, &err))
		fail_msg("%s", err.message);
	assert_true(gtid_set_format(&set, &out, NULL));
	assert_int_equal(out.length, strlen(expected));
	assert_memory_equal(out.data, expected, out.length);
	bytebuf_free(&out);
	gtid_set_free(&set);
}

static void
sets_as_text(void **state)
{
	(void) state;
	check_text("", "");
	check_text(UUID_A ":1", UUID_A ":1");
	check_text(UUID_A ":5-7:1-3:4:9", UUID_A ":1-7:9");
	check_text(" " UUID_B ":1 ,\n" UUID_A " : 2 - 3 ", UUID_A ":2-3," UUID_B ":1");
	check_text(UUID_A ":1:Tag:2:3:_t:9", UUID_A ":1:_t:9:tag:2-3");
	check_text("AABBCCDD-2222-3333-4444-555555555555:1", UUID_B ":1");
}

static void
wrong_texts_are_refused(void **state)
{
	static const char *const wrong[] = {
		"x",		   UUID_A ":0",
		UUID_A ":3-2", UUID_A ":9223372036854775807",
		UUID_A ":1-",  UUID_A ":1x",
		UUID_A "x",	   "11111111-2222-3333-4444-55555555555:1",
		UUID_A ":1;",  UUID_A ":-1",
		UUID_A ":",	   UUID_A ":a23456789012345678901234567890123:1", /* a tag of 33 letters */
	};

	(void) state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		GtidSet set;
		SluiceError err = {0};

		gtid_set_init(&set);
		if (gtid_set_parse(&set, wrong[i], &err))
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		gtid_set_free(&set);
	}
}

static void
binary_sets(void **state)
{
	static const char with_tags[] =
		"01 020000000000 01 "
		"11111111222233334444555555555555 00 0100000000000000 0100000000000000 0600000000000000 "
		"11111111222233334444555555555555 06 746167 0100000000000000 0300000000000000 "
		"0400000000000000";
	static const char without[] =
		"0100000000000000 11111111222233334444555555555555 0200000000000000 "
		"0100000000000000 0600000000000000 0700000000000000 0800000000000000";
	const char *const cases[] = {"0000000000000000", without, with_tags};

	(void) state;
	for (size_t i = 0; i < 3; i++)
	{
		GtidSet set;
		ByteBuf bytes, out;
		SluiceError err;

		gtid_set_init(&set);
		bytebuf_init(&bytes, &allocator_malloc, ROOM);
		bytebuf_init(&out, &allocator_malloc, ROOM);
		put_hex(&bytes, cases[i]);
		assert_true(
			gtid_set_decode(&set, (ByteCursor){bytes.data, bytes.data + bytes.length}, NULL));
		assert_true(gtid_set_encode(&set, &out, NULL));
		assert_int_equal(out.length, bytes.length);
		assert_memory_equal(out.data, bytes.data, out.length);
		for (size_t cut = 0; cut < bytes.length; cut++)
			assert_false(gtid_set_decode(&set, (ByteCursor){bytes.data, bytes.data + cut}, &err));
		bytebuf_free(&bytes);
		bytebuf_free(&out);
		gtid_set_free(&set);
	}
}

/* ---- sets against a model: a bit for each number of some origins ---- */

#define ORIGINS 4
#define NUMBERS 60

typedef struct Model
{
	bool has[ORIGINS][NUMBERS + 1];
} Model;

static Gtid
gtid_of(unsigned origin, int64_t number)
{
	Gtid gtid = {.number = number};

	memset(gtid.uuid, 0x11 * (int) (origin / 2 + 1), sizeof(gtid.uuid));
	if (origin % 2 == 1)
		(void) snprintf(gtid.tag, sizeof(gtid.tag), "tag");
	return gtid;
}

static void
fill(Random *random, GtidSet *set, Model *model)
{
	gtid_set_init(set);
	*model = (Model){0};
	for (uint32_t i = random_below(random, 80); i > 0; i--)
	{
		const unsigned origin = random_below(random, ORIGINS);
		const int64_t number = 1 + random_below(random, NUMBERS);
		const Gtid gtid = gtid_of(origin, number);

		assert_true(gtid_set_add(set, &gtid, NULL));
		model->has[origin][number] = true;
	}
}

static void
assert_same(const GtidSet *set, const Model *model)
{
	for (unsigned origin = 0; origin < ORIGINS; origin++)
	{
		for (int64_t number = 1; number <= NUMBERS; number++)
		{
			const Gtid gtid = gtid_of(origin, number);

			assert_int_equal(gtid_set_contains(set, &gtid), model->has[origin][number]);
		}
	}
	for (size_t i = 0; i < set->count; i++)
	{
		for (size_t k = 1; k < set->origins[i].count; k++)
			assert_true(set->origins[i].intervals[k - 1].last + 1 <
						set->origins[i].intervals[k].first);
	}
}

static bool
model_covers(const Model *whole, const Model *part)
{
	for (unsigned origin = 0; origin < ORIGINS; origin++)
	{
		for (int number = 1; number <= NUMBERS; number++)
		{
			if (part->has[origin][number] && !whole->has[origin][number])
				return false;
		}
	}
	return true;
}

static void
sets_hold_what_was_added(void **state)
{
	Random random = random_start();

	(void) state;
	for (int round = 0; round < 300; round++)
	{
		GtidSet set, other, again;
		Model model, other_model;
		ByteBuf text, binary;

		bytebuf_init(&text, &allocator_malloc, ROOM);
		bytebuf_init(&binary, &allocator_malloc, ROOM);
		fill(&random, &set, &model);
		fill(&random, &other, &other_model);
		assert_same(&set, &model);
		assert_int_equal(gtid_set_covers(&set, &other), model_covers(&model, &other_model));
		assert_true(gtid_set_covers(&set, &set));
		gtid_set_init(&again);
		assert_true(gtid_set_format(&set, &text, NULL) && bytebuf_put_u8(&text, 0, NULL));
		assert_true(gtid_set_parse(&again, (const char *) text.data, NULL));
		assert_same(&again, &model);
		/* Adding what is there changes nothing; adding another is the union. */
		assert_true(gtid_set_encode(&set, &binary, NULL));
		assert_true(
			gtid_set_decode(&again, (ByteCursor){binary.data, binary.data + binary.length}, NULL));
		assert_same(&again, &model);
		gtid_set_free(&again);
		gtid_set_free(&set);
		gtid_set_free(&other);
		bytebuf_free(&text);
		bytebuf_free(&binary);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gtids_of_mysql),
		cmocka_unit_test(tagged_gtids),
		cmocka_unit_test(damaged_gtids_are_refused),
		cmocka_unit_test(gtids_of_mariadb),
		cmocka_unit_test(xa_names),
		cmocka_unit_test(positions_of_mariadb),
		cmocka_unit_test(sets_as_text),
		cmocka_unit_test(wrong_texts_are_refused),
		cmocka_unit_test(binary_sets),
		cmocka_unit_test(sets_hold_what_was_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
