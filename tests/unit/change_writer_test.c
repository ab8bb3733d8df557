/*
 * change_writer_test.c - groups of a log to bundles: identities, places, what is taken back, going on
 * after any bundle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mysql_reader/change_writer.h"
#include "tests/unit/support/group_maker.h"

#define INCARNATION 7
#define ROOM		((size_t) 1 << 26)

typedef struct Fixture
{
	GroupMaker maker;
	ChangeSink sink;
	uint32_t bundle_rows;
	const char *live_file;
} Fixture;

static void
fixture_init(Fixture *fixture, Flavour flavour, PositionMode mode)
{
	*fixture = (Fixture){.bundle_rows = 1000, .live_file = "bin.000001"};
	group_maker_init(&fixture->maker, flavour);
	change_sink_init(&fixture->sink, mode);
	(void) snprintf(fixture->sink.place.file, sizeof(fixture->sink.place.file), "bin.000001");
	fixture->sink.place.offset = 4;
	fixture->sink.last.incarnation = INCARNATION;
}

static void
fixture_free(Fixture *fixture)
{
	group_maker_free(&fixture->maker);
	change_sink_free(&fixture->sink);
}

/* ---- reading ---- */

/* Where the sink's place begins in the events; by GTID a server begins there too. */
static bool
is_before(const Fixture *fixture, const EventHeader *header)
{
	return header->type != EVENT_FORMAT_DESCRIPTION && header->end <= fixture->sink.place.offset;
}

static bool
feed(Fixture *fixture, LogReader *reader, SluiceError *err)
{
	const ByteBuf *log = &fixture->maker.events.out;
	ByteCursor at = {log->data, log->data + log->length};

	while (at.at < at.end)
	{
		uint32_t length;
		Event event;
		const uint8_t *data = at.at;

		assert_true(event_length(&at, &length, err));
		at.at += length;
		assert_true(event_open(&reader->format, data, length, &event, err));
		if (!is_before(fixture, &event.header) && !log_reader_event(reader, data, length, err))
			return false;
	}
	return true;
}

/* A reader that begins behind what the sink has, until the log ends or something fails. */
static bool
run(Fixture *fixture, SluiceError *err)
{
	ChangeOptions options = {.incarnation = INCARNATION,
							 .mode = fixture->sink.mode,
							 .bundle_rows = fixture->bundle_rows,
							 .bundle_bytes = ROOM,
							 .hooks = change_sink_hooks(&fixture->sink)};
	LogPosition start;
	ChangeWriter writer;
	LogReader reader;
	LogHandler handler;
	bool good;

	assert_true(log_position_copy(&start, &fixture->sink.place, err));
	assert_true(change_writer_init(&writer, &options, &fixture->sink.last, err));
	handler = change_writer_handler(&writer);
	assert_true(
		log_reader_init(&reader, &handler, &start, fixture->maker.flavour, false, ROOM, err));
	writer.reader = &reader;
	assert_true(
		change_writer_begin(&writer, &start, fixture->sink.interrupted, fixture->live_file, err));
	good = feed(fixture, &reader, err) && change_writer_flush(&writer, err);
	log_reader_free(&reader);
	change_writer_free(&writer);
	log_position_free(&start);
	return good;
}

static void
expect(Fixture *fixture, const char *text)
{
	SluiceError err = {0};

	if (!run(fixture, &err))
		fail_msg("%s", err.message);
	assert_string_equal(fixture->sink.text, text);
}

static void
expect_error(Fixture *fixture, SluiceErrorCode code, const char *words)
{
	SluiceError err = {0};

	assert_false(run(fixture, &err));
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.message, words));
	assert_true(code != SLUICE_ERROR_STATE || err.hint[0] != '\0');
}

/* ---- tests ---- */

static void
a_transaction_has_begin_rows_and_commit(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_KEYED, 1, "a");
	make_update(&f.maker, TABLE_KEYED, 1, "a", 1, NULL);
	make_update(&f.maker, TABLE_KEYED, 1, NULL, 2, "b");
	make_delete(&f.maker, TABLE_KEYED, 2, "b");
	make_commit(&f.maker);
	make_begin(&f.maker);
	make_update(&f.maker, TABLE_BARE, 1, "x", 1, "y");
	make_delete(&f.maker, TABLE_BARE, 1, "y");
	make_commit(&f.maker);
	expect(&f, "B2 I(1,a) U(1,null) U[1](2,b) D[2] C B3 U{1,x}(1,y) D{1,y} C");
	assert_string_equal(f.sink.places, "3;");
	fixture_free(&f);
}

static void
places_in_files_are_numbers(void **state)
{
	Fixture f;
	char text[64];

	(void) state;
	fixture_init(&f, FLAVOUR_MARIADB, POSITION_FILE);
	(void) snprintf(text, sizeof(text), "B%llu I(1,a) C", (1ULL << 40 | f.maker.events.end) + 1);
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_KEYED, 1, "a");
	make_commit(&f.maker);
	expect(&f, text);
	assert_int_equal(position_number(&f.sink.place, POSITION_FILE),
					 1ULL << 40 | f.maker.events.end);
	fixture_free(&f);
}

static void
groups_without_tables_of_the_stream_leave_nothing(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MARIADB, POSITION_GTID);
	f.sink.unknown = true;
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_KEYED, 1, "a");
	make_commit(&f.maker);
	expect(&f, "");
	assert_int_equal(f.sink.bundles, 0);
	fixture_free(&f);
}

static void
rolled_back_groups_leave_nothing(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_KEYED, 1, "a");
	make_commit(&f.maker);
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_BARE, 2, "b");
	make_statement(&f.maker, "ROLLBACK");
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_BARE, 3, "c");
	make_commit(&f.maker);
	expect(&f, "B2 I(1,a) C B4 I(3,c) C");
	fixture_free(&f);
}

static void
a_part_that_went_out_cannot_be_taken_back(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	f.bundle_rows = 2;
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_KEYED, 1, "a");
	make_statement(&f.maker, "ROLLBACK");
	expect_error(&f, SLUICE_ERROR_STATE, "rolled back");
	fixture_free(&f);
}

static void
savepoints_take_rows_back(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_KEYED, 1, "a");
	make_statement(&f.maker, "SAVEPOINT `x`");
	make_insert(&f.maker, TABLE_KEYED, 2, "b");
	make_statement(&f.maker, "SAVEPOINT y");
	make_insert(&f.maker, TABLE_KEYED, 3, "c");
	make_statement(&f.maker, "SAVEPOINT X");
	make_insert(&f.maker, TABLE_KEYED, 4, "d");
	make_statement(&f.maker, "ROLLBACK TO `x`");
	make_insert(&f.maker, TABLE_KEYED, 5, "e");
	make_statement(&f.maker, "ROLLBACK TO y");
	make_insert(&f.maker, TABLE_KEYED, 6, "f");
	make_commit(&f.maker);
	expect(&f, "B2 I(1,a) I(2,b) I(6,f) C");
	fixture_free(&f);
}

/* More than a hold keeps in memory, cut in the part that its file has. */
static void
long_holds_go_to_a_file(void **state)
{
	char value[20], last[64];
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	make_begin(&f.maker);
	make_statement(&f.maker, "SAVEPOINT a");
	make_insert(&f.maker, TABLE_KEYED, 0, "kept");
	make_statement(&f.maker, "SAVEPOINT b");
	for (int i = 1; i <= 200000; i++)
	{
		(void) snprintf(value, sizeof(value), "%d", i);
		make_insert(&f.maker, TABLE_KEYED, i, value);
	}
	make_statement(&f.maker, "ROLLBACK TO b");
	make_insert(&f.maker, TABLE_KEYED, -1, "last");
	make_commit(&f.maker);
	(void) snprintf(last, sizeof(last), "B2 I(0,kept) I(-1,last) C");
	expect(&f, last);
	fixture_free(&f);
}

static void
held_rows_come_whole_from_their_file(void **state)
{
	enum
	{
		ROWS = 150000
	};
	Fixture f;
	SluiceError err = {0};

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	f.bundle_rows = 10000;
	make_begin(&f.maker);
	make_statement(&f.maker, "SAVEPOINT a");
	for (int i = 0; i < ROWS; i++)
		make_insert(&f.maker, TABLE_KEYED, i, "a row of 20 letters");
	make_commit(&f.maker);
	assert_true(run(&f, &err));
	assert_int_equal(f.sink.bundles, (ROWS + 2 + 9999) / 10000);
	assert_int_equal(f.sink.last.index, CHANGE_INDEX_COMMIT);
	fixture_free(&f);
}

static void
prepare_and_end(Flavour flavour)
{
	Fixture f;

	fixture_init(&f, flavour, POSITION_GTID);
	for (int i = 0; i < 2; i++)
	{
		make_xa_begin(&f.maker, i == 0 ? 'a' : 'b');
		make_insert(&f.maker, TABLE_KEYED, i, "held");
		make_prepare(&f.maker, i == 0 ? 'a' : 'b');
	}
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_KEYED, 9, "other");
	make_commit(&f.maker);
	expect(&f, "B4 I(9,other) C");
	assert_string_equal(f.sink.places, "1;");

	/* Another reader begins before the oldest that is open. */
	make_xa_outcome(&f.maker, "ROLLBACK", 'b');
	make_xa_outcome(&f.maker, "COMMIT", 'a');
	expect(&f, "B4 I(9,other) C B6 I(0,held) C");
	assert_string_equal(f.sink.places, "1;6;");
	fixture_free(&f);
}

static void
prepared_transactions_count_when_they_are_committed(void **state)
{
	(void) state;
	prepare_and_end(FLAVOUR_MYSQL);
	prepare_and_end(FLAVOUR_MARIADB);
}

static void
an_unknown_prepared_transaction_stops(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	make_xa_outcome(&f.maker, "COMMIT", 'a');
	expect_error(&f, SLUICE_ERROR_STATE, "prepared before");
	fixture_free(&f);
}

/* What a server was writing when it died is more than a bundle, and still leaves nothing. */
static void
what_is_cut_off_in_an_old_file_leaves_nothing(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MARIADB, POSITION_GTID);
	f.bundle_rows = 3;
	f.live_file = "bin.000002";
	make_begin(&f.maker);
	for (int i = 0; i < 10; i++)
		make_insert(&f.maker, TABLE_KEYED, i, "lost");
	(void) make_format(&f.maker.events, FLAVOUR_MARIADB);
	f.maker.number--;
	make_begin(&f.maker);
	for (int i = 0; i < 4; i++)
		make_insert(&f.maker, TABLE_KEYED, i, "kept");
	make_commit(&f.maker);
	expect(&f, "B2 I(0,kept) I(1,kept) I(2,kept) I(3,kept) C");
	assert_int_equal(f.sink.bundles, 2);
	fixture_free(&f);
}

static void
make_mixed_log(GroupMaker *maker)
{
	make_begin(maker);
	for (int i = 0; i < 7; i++)
		make_insert(maker, TABLE_KEYED, i, "a");
	make_commit(maker);
	make_begin(maker);
	make_statement(maker, "SAVEPOINT a");
	for (int i = 0; i < 5; i++)
		make_update(maker, TABLE_BARE, i, "a", i, "b");
	make_commit(maker);
	make_xa_begin(maker, 'a');
	for (int i = 0; i < 5; i++)
		make_insert(maker, TABLE_KEYED, i, "x");
	make_prepare(maker, 'a');
	for (int i = 0; i < 5; i++)
	{
		make_begin(maker);
		make_delete(maker, TABLE_KEYED, i, "a");
		make_commit(maker);
	}
	make_xa_outcome(maker, "COMMIT", 'a');
	make_begin(maker);
	make_insert(maker, TABLE_BARE, 1, NULL);
	make_commit(maker);
}

/*
 * A reader that dies after any number of bundles, and another that goes on with other sizes, give the
 * same changes.
 */
static void
goes_on_after_any_bundle(void **state)
{
	static const PositionMode modes[] = {POSITION_GTID, POSITION_FILE};
	char whole[65536];

	(void) state;
	for (int mode = 0; mode < 2; mode++)
	{
		for (int fail_at = 1; fail_at < 20; fail_at++)
		{
			Fixture f;
			SluiceError err = {0};

			fixture_init(&f, FLAVOUR_MYSQL, modes[mode]);
			make_mixed_log(&f.maker);
			if (fail_at == 1)
			{
				assert_true(run(&f, &err));
				memcpy(whole, f.sink.text, sizeof(whole));
				fixture_free(&f);
				continue;
			}
			f.bundle_rows = 3;
			f.sink.fail_at = fail_at;
			(void) run(&f, &err);
			f.sink.fail_at = 0;
			f.bundle_rows = 2;
			expect(&f, whole);
			fixture_free(&f);
		}
	}
}

static void
another_order_of_transactions_is_noticed(void **state)
{
	Fixture f;
	SluiceError err = {0};

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	f.bundle_rows = 3;
	f.sink.fail_at = 2;
	make_begin(&f.maker);
	for (int i = 0; i < 7; i++)
		make_insert(&f.maker, TABLE_KEYED, i, "a");
	make_commit(&f.maker);
	assert_false(run(&f, &err));
	assert_int_equal(f.sink.bundles, 1);

	/* The other server has another one first. */
	group_maker_free(&f.maker);
	group_maker_init(&f.maker, FLAVOUR_MYSQL);
	f.maker.number = 2;
	make_begin(&f.maker);
	make_insert(&f.maker, TABLE_KEYED, 1, "a");
	make_commit(&f.maker);
	f.sink.fail_at = 0;
	expect_error(&f, SLUICE_ERROR_STATE, "has 11111111-2222-3333-4444-555555555555:2 in its place");
	fixture_free(&f);
}

static void
partial_images_go_as_far_as_they_can(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	make_begin(&f.maker);
	make_partial_update(&f.maker, 1);
	make_commit(&f.maker);
	expect(&f, "B2 U[1](2,same) C");
	make_begin(&f.maker);
	make_partial_insert(&f.maker, 1);
	make_commit(&f.maker);
	expect_error(&f, SLUICE_ERROR_STATE, "column v of db.t");
	fixture_free(&f);
}

static void
rows_changed_by_statements_are_refused(void **state)
{
	Fixture f;

	(void) state;
	fixture_init(&f, FLAVOUR_MYSQL, POSITION_GTID);
	make_begin(&f.maker);
	make_statement(&f.maker, "UPDATE t SET v = 1");
	make_commit(&f.maker);
	expect_error(&f, SLUICE_ERROR_STATE, "statement");
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transaction_has_begin_rows_and_commit),
		cmocka_unit_test(places_in_files_are_numbers),
		cmocka_unit_test(groups_without_tables_of_the_stream_leave_nothing),
		cmocka_unit_test(rolled_back_groups_leave_nothing),
		cmocka_unit_test(a_part_that_went_out_cannot_be_taken_back),
		cmocka_unit_test(savepoints_take_rows_back),
		cmocka_unit_test(long_holds_go_to_a_file),
		cmocka_unit_test(held_rows_come_whole_from_their_file),
		cmocka_unit_test(prepared_transactions_count_when_they_are_committed),
		cmocka_unit_test(an_unknown_prepared_transaction_stops),
		cmocka_unit_test(what_is_cut_off_in_an_old_file_leaves_nothing),
		cmocka_unit_test(goes_on_after_any_bundle),
		cmocka_unit_test(another_order_of_transactions_is_noticed),
		cmocka_unit_test(partial_images_go_as_far_as_they_can),
		cmocka_unit_test(rows_changed_by_statements_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
