/*
 * binlog_log_reader_test.c - the grammar of a binary log: what a handler is told, and what is refused.
 *
 * A log is made event by event; what the handler was told is held against a line of words.  The logs in
 * tests/fuzz/corpus/binlog_events are those of servers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mysql_reader/binlog/log_reader.h"
#include "tests/unit/support/event_maker.h"
#include "tests/unit/support/log_walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROOM ((size_t) 1 << 24)

typedef struct Told
{
	char text[2000];
	size_t length;
} Told;

#define TELL(told, ...)                                                                            \
	((told)->length += (size_t) snprintf((told)->text + (told)->length,                            \
										 sizeof((told)->text) - (told)->length, __VA_ARGS__))

/* ---- the handler ---- */

static bool
begin_group(void *context, const LogGroup *group, SluiceError *err)
{
	(void) err;
	if (group->mariadb.number > 0)
		TELL((Told *) context, "begin(%u-%u-%" PRIu64 ") ", group->mariadb.domain,
			 group->mariadb.server, group->mariadb.number);
	else
		TELL((Told *) context, "begin(%" PRId64 ") ", group->mysql.number);
	if (group->alter != ALTER_WHOLE)
		TELL((Told *) context, "alter(%d) ", group->alter);
	return true;
}

static bool
take_rows(void *context, RowsReader *rows, SluiceError *err)
{
	bool end;

	while (rows_next(rows, &end, err))
	{
		const RowField *fields = rows->action == ROWS_DELETE ? rows->before : rows->after;

		if (end)
			return true;
		TELL((Told *) context, "%c%u ", "iud"[rows->action],
			 (unsigned) little_load(fields[0].data, 4));
	}
	return false;
}

static bool
take_statement(void *context, const QueryEvent *query, const Statement *statement, SluiceError *err)
{
	(void) query;
	(void) err;
	TELL((Told *) context, "statement(%d%s%s) ", statement->kind,
		 statement->name.text[0] != '\0' ? "," : "", statement->name.text);
	return true;
}

static bool
end_group(void *context, GroupOutcome outcome, const XaName *xa, SluiceError *err)
{
	static const char *const names[] = {"commit", "rollback", "prepare", "cut-off"};

	(void) err;
	TELL((Told *) context, "%s", names[outcome]);
	if (xa != NULL)
		TELL((Told *) context, "(%.*s)", xa->global_length, (const char *) xa->data);
	TELL((Told *) context, ". ");
	return true;
}

/* ---- a log in the making ---- */

typedef struct Rig
{
	EventMaker maker;
	LogReader reader;
	Told told;
	SluiceError err;
} Rig;

static void
rig_open(Rig *rig, Flavour flavour)
{
	const LogHandler handler = {&rig->told,		begin_group, take_rows,
								take_statement, end_group,	 NULL};
	LogPosition start;
	ByteCursor event;

	*rig = (Rig){0};
	event_maker_init(&rig->maker);
	rig->maker.checksum = true;
	log_position_init(&start);
	(void) snprintf(start.file, sizeof(start.file), "bin.1");
	start.offset = 4;
	assert_true(log_reader_init(&rig->reader, &handler, &start, flavour, true, ROOM, NULL));
	log_position_free(&start);
	event = make_format(&rig->maker, flavour);
	assert_true(log_reader_event(&rig->reader, event.at, little_left(&event), &rig->err));
}

static void
rig_close(Rig *rig)
{
	log_reader_free(&rig->reader);
	event_maker_free(&rig->maker);
}

static bool
give(Rig *rig, ByteCursor event)
{
	return log_reader_event(&rig->reader, event.at, little_left(&event), &rig->err);
}

static void
give_hex(Rig *rig, uint8_t type, const char *hex)
{
	if (!give(rig, make_hex_event(&rig->maker, type, hex)))
		fail_msg("%s", rig->err.message);
}

static void
give_query(Rig *rig, const char *text)
{
	if (!give(rig, make_query(&rig->maker, text)))
		fail_msg("%s", rig->err.message);
}

static void
refuse_hex(Rig *rig, uint8_t type, const char *hex, SluiceErrorCode code)
{
	if (give(rig, make_hex_event(&rig->maker, type, hex)))
		fail_msg("event %u was taken", type);
	assert_int_equal(rig->err.code, code);
}

static void
check_told(Rig *rig, const char *expected)
{
	assert_string_equal(rig->told.text, expected);
	rig->told = (Told){0};
}

/* Table 9, "d"."t", one int. */
#define MAP	   "090000000000 0000 0164 00 0174 00 01 03 00 01"
#define INSERT "090000000000 0000 0200 01 ff" /* and a row: */
#define ROW(n) " 00 " n "000000"
#define MYSQL_GTID(n)                                                                              \
	"00 11111111222233334444555555555555 " n "00000000000000 02"                                   \
	" 0000000000000000 0100000000000000 01020304050600"
#define XID "0100000000000000"

/* ---- tests ---- */

static void
transactions_of_mysql(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MYSQL);
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("05"));
	check_told(&rig, "");
	give_query(&rig, "BEGIN");
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_hex(&rig, EVENT_WRITE_ROWS, INSERT ROW("01") ROW("02"));
	give_query(&rig, "SAVEPOINT `s`");
	give_hex(&rig, EVENT_UPDATE_ROWS, "090000000000 0100 0200 01 ff ff 00 01000000 00 03000000");
	give_query(&rig, "ROLLBACK TO `s`");
	give_hex(&rig, EVENT_DELETE_ROWS, INSERT ROW("01"));
	assert_int_equal(rig.reader.position.mysql.count, 0);
	give_hex(&rig, EVENT_XID, XID);
	check_told(&rig, "begin(5) i1 i2 statement(4,s) u3 statement(5,s) d1 commit. ");
	assert_int_equal(rig.reader.position.offset, rig.maker.end);
	assert_int_equal(rig.reader.position.mysql.origins[0].intervals[0].first, 5);
	/* A change of structure is a group of its own; a rollback ends one too. */
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("06"));
	give_query(&rig, "ALTER TABLE t FORCE");
	check_told(&rig, "begin(6) statement(13,t) commit. ");
	give_hex(&rig, EVENT_ANONYMOUS_GTID, "00 00000000000000000000000000000000 0000000000000000");
	give_query(&rig, "BEGIN");
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_hex(&rig, EVENT_WRITE_ROWS, INSERT ROW("07"));
	give_query(&rig, "ROLLBACK");
	check_told(&rig, "begin(0) i7 rollback. ");
	assert_int_equal(rig.reader.position.mysql.origins[0].intervals[0].last, 6);
	rig_close(&rig);
}

static void
transactions_of_mariadb(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MARIADB);
	give_hex(&rig, EVENT_GTID_LIST, "01000000 00000000 01000000 0400000000000000");
	give_hex(&rig, EVENT_CHECKPOINT, "05000000 62696e2e31");
	give_hex(&rig, EVENT_GTID_MARIADB, "0500000000000000 00000000 04 000000000000");
	give_hex(&rig, EVENT_ANNOTATE_ROWS, "7878");
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_hex(&rig, EVENT_WRITE_ROWS_V1, "090000000000 0100 01 ff" ROW("01"));
	give_query(&rig, "COMMIT");
	check_told(&rig, "begin(0-7-5) i1 commit. ");
	give_hex(&rig, EVENT_GTID_MARIADB, "0600000000000000 00000000 21 02 0000");
	give_query(&rig, "ALTER TABLE t ADD x int");
	give_hex(&rig, EVENT_GTID_MARIADB, "0700000000000000 00000000 21 04 0600000000000000");
	give_query(&rig, "ALTER TABLE t ADD x int");
	check_told(&rig, "begin(0-7-6) alter(1) statement(13,t) commit. "
					 "begin(0-7-7) alter(2) statement(13,t) commit. ");
	assert_int_equal(mariadb_position_find(&rig.reader.position.mariadb, 0)->number, 7);
	rig_close(&rig);
}

static void
transactions_in_two_parts(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MYSQL);
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("01"));
	give_query(&rig, "XA START X'78',X'',1");
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_hex(&rig, EVENT_WRITE_ROWS, INSERT ROW("01"));
	give_query(&rig, "XA END X'78',X'',1");
	give_hex(&rig, EVENT_XA_PREPARE, "00 01000000 01000000 00000000 78");
	check_told(&rig, "begin(1) statement(7) i1 statement(8) prepare(x). ");
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("02"));
	give_query(&rig, "XA ROLLBACK X'78',X'',1");
	check_told(&rig, "begin(2) statement(10) commit. ");
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("03"));
	give_query(&rig, "XA START X'79',X'',1");
	give_query(&rig, "XA END X'79',X'',1");
	give_hex(&rig, EVENT_XA_PREPARE, "01 01000000 01000000 00000000 79");
	check_told(&rig, "begin(3) statement(7) statement(8) commit. ");
	rig_close(&rig);
}

static void
created_from_a_query(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MYSQL);
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("01"));
	give_query(&rig, "CREATE TABLE `t` (`i` int) START TRANSACTION");
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_hex(&rig, EVENT_WRITE_ROWS, INSERT ROW("01"));
	give_hex(&rig, EVENT_XID, XID);
	check_told(&rig, "begin(1) statement(12,t) i1 commit. ");
	rig_close(&rig);
}

static void
a_server_that_died_leaves_a_part(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MARIADB);
	give_hex(&rig, EVENT_GTID_MARIADB, "0500000000000000 00000000 04 000000000000");
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_hex(&rig, EVENT_WRITE_ROWS_V1, "090000000000 0100 01 ff" ROW("01"));
	assert_true(give(&rig, make_format(&rig.maker, FLAVOUR_MARIADB)));
	check_told(&rig, "begin(0-7-5) i1 cut-off. ");
	assert_null(mariadb_position_find(&rig.reader.position.mariadb, 0));
	/* One that had nothing to tell is not told of. */
	give_hex(&rig, EVENT_GTID_MARIADB, "0500000000000000 00000000 04 000000000000");
	assert_true(give(&rig, make_format(&rig.maker, FLAVOUR_MARIADB)));
	check_told(&rig, "");
	rig_close(&rig);
}

static void
rows_need_a_map_of_their_group(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MYSQL);
	refuse_hex(&rig, EVENT_WRITE_ROWS, INSERT ROW("01"), SLUICE_ERROR_CORRUPT);
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("01"));
	give_query(&rig, "BEGIN");
	refuse_hex(&rig, EVENT_WRITE_ROWS, INSERT ROW("01"), SLUICE_ERROR_CORRUPT);
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_hex(&rig, EVENT_WRITE_ROWS, INSERT ROW("01"));
	give_hex(&rig, EVENT_XID, XID);
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("02"));
	give_query(&rig, "BEGIN");
	refuse_hex(&rig, EVENT_WRITE_ROWS, INSERT ROW("01"), SLUICE_ERROR_CORRUPT);
	/* The dummy table means nothing. */
	give_hex(&rig, EVENT_WRITE_ROWS, "ffffff000000 0100 0200 00");
	rig_close(&rig);
}

static void
groups_that_do_not_fit_are_refused(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MYSQL);
	refuse_hex(&rig, EVENT_XID, XID, SLUICE_ERROR_CORRUPT);
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("01"));
	refuse_hex(&rig, EVENT_GTID, MYSQL_GTID("02"), SLUICE_ERROR_CORRUPT);
	rig_close(&rig);
}

static void
what_cannot_be_read_is_refused_by_name(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MYSQL);
	refuse_hex(&rig, 99, "00", SLUICE_ERROR_VERSION);
	assert_non_null(strstr(rig.err.message, "type 99"));
	assert_non_null(strstr(rig.err.message, "bin.1 at "));
	rig.maker.flags = EVENT_MAY_BE_IGNORED;
	give_hex(&rig, 100, "00");
	give_hex(&rig, EVENT_ROWS_QUERY, "00 7878");
	rig.maker.flags = 0;
	refuse_hex(&rig, EVENT_INCIDENT, "0100 04 6c6f7374", SLUICE_ERROR_STATE);
	assert_non_null(strstr(rig.err.message, "lost"));
	refuse_hex(&rig, EVENT_EXECUTE_LOAD, "00", SLUICE_ERROR_STATE);
	assert_false(give(&rig, make_query(&rig.maker, "INSERT INTO t VALUES (1)")));
	assert_int_equal(rig.err.code, SLUICE_ERROR_STATE);
	assert_non_null(strstr(rig.err.message, "INSERT INTO t"));
	rig_close(&rig);
}

static void
all_events_that_mean_nothing_here_are_passed(void **state)
{
	static const uint8_t types[] = {EVENT_STOP,
									EVENT_INTVAR,
									EVENT_RAND,
									EVENT_USER_VAR,
									EVENT_IGNORABLE,
									EVENT_PREVIOUS_GTIDS,
									EVENT_VIEW_CHANGE,
									EVENT_TRANSACTION_CONTEXT,
									EVENT_ANNOTATE_ROWS,
									EVENT_CHECKPOINT,
									EVENT_START_ENCRYPTION};
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MYSQL);
	for (size_t i = 0; i < sizeof(types); i++)
		give_hex(&rig, types[i], "0102030405060708090a");
	check_told(&rig, "");
	rig_close(&rig);
}

static void
positions_follow_the_log(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MYSQL);
	/* Beyond 4 GiB the log tells the low bits only. */
	rig.reader.offset = UINT64_C(0x1ffffffc0);
	rig.maker.end = 0xffffffc0;
	give_hex(&rig, EVENT_GTID, MYSQL_GTID("01"));
	give_query(&rig, "DROP TABLE t");
	assert_true(rig.reader.position.offset > UINT64_C(0x200000000));
	assert_int_equal((uint32_t) rig.reader.position.offset, rig.maker.end);
	/* What the server passed over. */
	rig.maker.still = true;
	give_hex(&rig, EVENT_HEARTBEAT_V2, "0105 62696e2e32 0209 fe0000000007000000 00");
	assert_string_equal(rig.reader.position.file, "bin.2");
	assert_int_equal(rig.reader.position.offset, UINT64_C(0x700000000));
	give_hex(&rig, EVENT_ROTATE, "0400000000000000 62696e2e33");
	assert_string_equal(rig.reader.position.file, "bin.3");
	assert_int_equal(rig.reader.position.offset, 4);
	rig_close(&rig);
}

static void
positions_are_copied(void **state)
{
	LogPosition from, to;

	(void) state;
	log_position_init(&from);
	(void) snprintf(from.file, sizeof(from.file), "bin.9");
	from.offset = 77;
	assert_true(gtid_set_parse(&from.mysql, "11111111-2222-3333-4444-555555555555:1-3:t:9", NULL));
	assert_true(mariadb_position_parse(&from.mariadb, "0-1-2,3-4-5", NULL));
	assert_true(log_position_copy(&to, &from, NULL));
	assert_string_equal(to.file, "bin.9");
	assert_int_equal(to.offset, 77);
	assert_true(gtid_set_covers(&to.mysql, &from.mysql));
	assert_int_equal(mariadb_position_find(&to.mariadb, 3)->number, 5);
	log_position_free(&from);
	log_position_free(&to);
}

/* ---- row events in pieces ---- */

static void
give_fragments(Rig *rig, unsigned total, unsigned upto, bool inner_checksum)
{
	EventMaker whole;
	ByteCursor event;
	size_t length;

	event_maker_init(&whole);
	whole.checksum = inner_checksum;
	event =
		make_hex_event(&whole, EVENT_WRITE_ROWS_V1, "090000000000 0100 01 ff" ROW("01") ROW("02"));
	length = little_left(&event);
	for (unsigned i = 0; i < upto; i++)
	{
		const size_t from = length * i / total, to = length * (i + 1) / total;
		ByteBuf body;

		bytebuf_init(&body, &allocator_malloc, ROOM);
		put_little(&body, total, 4);
		put_little(&body, i + 1, 4);
		put_little(&body, i == 0, 1);
		if (i == 0)
			put_little(&body, length, 8);
		assert_true(bytebuf_put(&body, event.at + from, to - from, NULL));
		if (!give(rig, make_event(&rig->maker, EVENT_PARTIAL_ROW_DATA, body.data, body.length)))
			fail_msg("%s", rig->err.message);
		bytebuf_free(&body);
	}
	event_maker_free(&whole);
}

static void
rows_in_pieces(void **state)
{
	Rig rig;

	(void) state;
	rig_open(&rig, FLAVOUR_MARIADB);
	give_hex(&rig, EVENT_GTID_MARIADB, "0500000000000000 00000000 04 000000000000");
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_fragments(&rig, 1, 1, false);
	give_fragments(&rig, 3, 3, false);
	give_fragments(&rig, 5, 5, true);
	give_query(&rig, "COMMIT");
	check_told(&rig, "begin(0-7-5) i1 i2 i1 i2 i1 i2 commit. ");
	give_hex(&rig, EVENT_GTID_MARIADB, "0600000000000000 00000000 04 000000000000");
	give_hex(&rig, EVENT_TABLE_MAP, MAP);
	give_fragments(&rig, 3, 2, false);
	refuse_hex(&rig, EVENT_PARTIAL_ROW_DATA, "03000000 02000000 00 00", SLUICE_ERROR_CORRUPT);
	assert_false(give(&rig, make_query(&rig.maker, "COMMIT")));
	assert_int_equal(rig.err.code, SLUICE_ERROR_CORRUPT);
	/* A server that died between two pieces. */
	assert_true(give(&rig, make_format(&rig.maker, FLAVOUR_MARIADB)));
	check_told(&rig, "begin(0-7-6) cut-off. ");
	rig_close(&rig);
}

/* ---- logs of servers ---- */

/* The caller frees it. */
static uint8_t *
read_corpus(const char *name, size_t *length)
{
	const char *root = getenv("SLUICE_ROOT");
	char path[4096];
	FILE *file;
	uint8_t *data = malloc(1 << 16);

	(void) snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/binlog_events/%s",
					root != NULL ? root : ".", name);
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("cannot read %s", path);
	*length = fread(data, 1, 1 << 16, file);
	(void) fclose(file);
	return data;
}

static void
logs_of_servers(void **state)
{
	static const struct
	{
		const char *name;
		unsigned groups, rows, commits, prepares;
	} logs[] = {
		{"mariadb-types-0", 5, 6, 5, 0},  {"mariadb-minimal", 3, 5, 3, 0},
		{"mariadb-groups", 13, 8, 11, 2}, {"mariadb-compressed", 3, 5, 3, 0},
		{"mysql-types-4", 5, 6, 5, 0},	  {"mysql-minimal", 3, 5, 3, 0},
		{"mysql-groups", 10, 5, 8, 2},	  {"mysql-compressed", 2, 3, 2, 0},
		{"mysql-partial", 5, 4, 5, 0},	  {"mysql-tagged", 1, 1, 1, 0},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
	{
		size_t length;
		uint8_t *data = read_corpus(logs[i].name, &length);
		LogCounts counts;
		SluiceError err;

		if (!log_walk(data, length, ROOM, &counts, &err))
			fail_msg("%s: %s", logs[i].name, err.message);
		assert_int_equal(counts.groups, logs[i].groups);
		assert_int_equal(counts.rows, logs[i].rows);
		assert_int_equal(counts.ends[GROUP_COMMIT], logs[i].commits);
		assert_int_equal(counts.ends[GROUP_PREPARE], logs[i].prepares);
		assert_int_equal(counts.ends[GROUP_ROLLBACK] + counts.ends[GROUP_CUT_OFF], 0);
		free(data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transactions_of_mysql),
		cmocka_unit_test(transactions_of_mariadb),
		cmocka_unit_test(transactions_in_two_parts),
		cmocka_unit_test(created_from_a_query),
		cmocka_unit_test(a_server_that_died_leaves_a_part),
		cmocka_unit_test(rows_need_a_map_of_their_group),
		cmocka_unit_test(groups_that_do_not_fit_are_refused),
		cmocka_unit_test(what_cannot_be_read_is_refused_by_name),
		cmocka_unit_test(all_events_that_mean_nothing_here_are_passed),
		cmocka_unit_test(positions_follow_the_log),
		cmocka_unit_test(positions_are_copied),
		cmocka_unit_test(rows_in_pieces),
		cmocka_unit_test(logs_of_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
