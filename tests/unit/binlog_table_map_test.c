/*
 * binlog_table_map_test.c - maps of tables, rows of them, and the values of their columns.
 *
 * Bytes are what MariaDB 10.11 and MySQL 9.7 logged, or made by hand where no server writes them so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mysql_reader/binlog/rows.h"
#include "mysql_reader/binlog/value.h"
#include "tests/unit/support/event_maker.h"

#include <stdio.h>

#define ROOM ((size_t) 1 << 20)

typedef struct Rig
{
	EventMaker maker;
	EventFormat format;
	Event event;
	TableMap *map;
	SluiceError err;
} Rig;

/* Reads a map "d"."t" whose body goes on like this; NULL when it is refused. */
static TableMap *
read_map(Rig *rig, Flavour flavour, const char *hex)
{
	char whole[4096];
	ByteCursor bytes;

	*rig = (Rig){0};
	event_maker_init(&rig->maker);
	event_format_init(&rig->format, false);
	rig->format.flavour = flavour;
	(void) snprintf(whole, sizeof(whole), "090000000000 0000 0164 00 0174 00 %s", hex);
	bytes = make_hex_event(&rig->maker, EVENT_TABLE_MAP, whole);
	assert_true(event_open(&rig->format, bytes.at, little_left(&bytes), &rig->event, NULL));
	rig->map = table_map_read(&rig->format, &rig->event, &rig->err);
	return rig->map;
}

static void
close_map(Rig *rig)
{
	table_map_free(rig->map);
	event_maker_free(&rig->maker);
}

static void
maps_of_tables(void **state)
{
	Rig rig;
	/* int, varchar(300), decimal(14,4), char(200) of 4 bytes, enum, bit(10), timestamp(6) */
	const TableMap *map =
		read_map(&rig, FLAVOUR_MYSQL,
				 "07 03 0f f6 fe fe 10 11 0b 2c01 0e04 ce20 f701 0201 06 fe"
				 " 0102 40"			  /* signedness: int is unsigned, decimal not */
				 " 0204 1e 01 fcff00" /* char has another collation than the varchar */
				 " 0503 02 0161" /* passed: no set */);

	(void) state;
	assert_null(map); /* a field that ends within its values */
	assert_int_equal(rig.err.code, SLUICE_ERROR_CORRUPT);
	close_map(&rig);
	map = read_map(&rig, FLAVOUR_MYSQL,
				   "07 03 0f f6 fe fe 10 11 0b 2c01 0e04 ce20 f701 0201 06 fe"
				   " 0101 80 0205 1e 01 fcff00 0606 02 0161 02 6262"
				   " 0416 026964 0176 0164 0163 0165 0162 0874696d657374616d"
				   " 0801 00 0a01 2d c802 0000");
	assert_non_null(map);
	assert_int_equal(map->column_count, 7);
	assert_string_equal(map->schema, "d");
	assert_string_equal(map->name, "t");
	assert_true(map->columns[0].is_unsigned);
	assert_false(map->columns[2].is_unsigned);
	assert_int_equal(map->columns[1].length, 300);
	assert_int_equal(map->columns[1].collation, 0x1e);
	assert_int_equal(map->columns[2].precision * 100 + map->columns[2].scale, 1404);
	assert_int_equal(map->columns[3].kind, COLUMN_STRING);
	assert_int_equal(map->columns[3].length, 0x320);
	assert_int_equal(map->columns[3].collation, 255);
	assert_int_equal(map->columns[4].kind, COLUMN_ENUM);
	assert_int_equal(map->columns[4].label_count, 2);
	assert_int_equal(map->columns[4].collation, 0x2d);
	assert_int_equal(map->columns[5].length, 10);
	assert_int_equal(map->columns[6].scale, 6);
	assert_int_equal(map->columns[6].name_length, 8);
	assert_int_equal(map->columns[0].key_place, 1);
	assert_false(map->columns[0].nullable);
	assert_true(map->columns[1].nullable);
	assert_int_equal(map->told,
					 MAP_SIGNEDNESS | MAP_COLLATIONS | MAP_NAMES | MAP_LABELS | MAP_PRIMARY_KEY);
	close_map(&rig);
}

static void
flavours_differ_in_what_has_characters(void **state)
{
	/* geometry, varchar: a collation each at MariaDB, one at MySQL. */
	static const char both[] = "02 ff 0f 03 04 2c01 03 0302 3f2d";
	Rig rig;
	const TableMap *map = read_map(&rig, FLAVOUR_MARIADB, both);

	(void) state;
	assert_non_null(map);
	assert_int_equal(map->columns[1].collation, 0x2d);
	close_map(&rig);
	map = read_map(&rig, FLAVOUR_MYSQL, both);
	assert_non_null(map);
	assert_int_equal(map->columns[1].collation, 0x3f);
	close_map(&rig);
}

static void
damaged_maps_are_refused(void **state)
{
	static const char *const wrong[] = {
		"01 03",			   /* cut off */
		"01 06 00 00",		   /* a kind that no column has */
		"01 f7 00 00",		   /* ENUM hides in STRING */
		"01 fe 02 f703 00",	   /* an index of three bytes */
		"01 0f 01 2c 00",	   /* half a length */
		"01 11 01 07 00",	   /* seven digits of a second */
		"01 f6 02 5204 00",	   /* 82 digits */
		"01 f6 02 0405 00",	   /* more behind the point than there are */
		"01 fc 01 05 00",	   /* a length of five bytes */
		"01 04 01 08 00",	   /* a float of eight */
		"01 10 02 0801 00",	   /* eight bits beyond whole bytes */
		"fd010010 00",		   /* too many columns */
		"01 03 00 00 0801 05", /* a key of a column that is not there */
		"01 03 00 00 01 00",   /* no bits */
		"01 03 00 00 0405 01", /* a name that is cut off */
	};

	(void) state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		Rig rig;

		if (read_map(&rig, FLAVOUR_MYSQL, wrong[i]) != NULL)
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_int_equal(rig.err.code, SLUICE_ERROR_CORRUPT);
		close_map(&rig);
	}
}

/* ---- rows ---- */

/* Opens rows of the rig's map: what stands behind id and flags. */
static bool
open_rows(Rig *rig, RowsReader *rows, uint8_t type, const char *hex)
{
	char whole[4096];
	ByteCursor bytes;
	Event event;

	(void) snprintf(whole, sizeof(whole), "090000000000 0100 %s", hex);
	rig->maker.out.length = 0;
	bytes = make_hex_event(&rig->maker, type, whole);
	assert_true(event_open(&rig->format, bytes.at, little_left(&bytes), &event, NULL));
	rows_reader_init(rows, ROOM);
	return rows_open(rows, &rig->format, &event, rig->map, &rig->err);
}

static void
images_with_some_columns(void **state)
{
	Rig rig;
	RowsReader rows;
	bool end;

	(void) state;
	/* int, varchar(20), int */
	assert_non_null(read_map(&rig, FLAVOUR_MYSQL, "03 03 0f 03 02 1400 07"));
	/* Before the first column alone, after the last two: one NULL. */
	assert_true(open_rows(&rig, &rows, EVENT_UPDATE_ROWS,
						  "0200 03 f9 fe 00 01000000 01 07000000 00 02000000 fc 026162 08000000"));
	assert_true(rows_next(&rows, &end, NULL));
	assert_false(end);
	assert_int_equal(rows.before[0].state, LOG_FIELD_VALUE);
	assert_int_equal(rows.before[1].state, LOG_FIELD_ABSENT);
	assert_int_equal(rows.after[0].state, LOG_FIELD_ABSENT);
	assert_int_equal(rows.after[1].state, LOG_FIELD_NULL);
	assert_int_equal(little_load(rows.after[2].data, 4), 7);
	assert_true(rows_next(&rows, &end, NULL));
	assert_int_equal(rows.after[1].length, 2);
	assert_memory_equal(rows.after[1].data, "ab", 2);
	assert_true(rows_next(&rows, &end, NULL));
	assert_true(end);
	rows_reader_free(&rows);
	close_map(&rig);
}

static void
damaged_rows_are_refused(void **state)
{
	static const struct
	{
		const char *hex;
		bool opens;
	} wrong[] = {
		{"0100 03 ff", false},			  /* extra data shorter than its length */
		{"0200 02 ff 00 00", false},	  /* another number of columns */
		{"0200 03", false},				  /* no bits */
		{"0200 03 07 00 01000000", true}, /* a row that ends within */
		{"0200 03 07 00 01000000 15", true},
		{"0200 03 00 00", true}, /* columns: none */
	};

	(void) state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		Rig rig;
		RowsReader rows;
		bool end = false, good;

		assert_non_null(read_map(&rig, FLAVOUR_MYSQL, "03 03 0f 03 02 1400 07"));
		good = open_rows(&rig, &rows, EVENT_WRITE_ROWS, wrong[i].hex);
		assert_int_equal(good, wrong[i].opens);
		while (good && !end)
			good = rows_next(&rows, &end, &rig.err);
		if (good && i + 1 < sizeof(wrong) / sizeof(wrong[0]))
			fail_msg("\"%s\" was taken", wrong[i].hex);
		rows_reader_free(&rows);
		close_map(&rig);
	}
}

/* ---- values ---- */

static void
check_value(LogColumn column, const ValueSource *how, const char *logged, CanonType canon,
			const char *expected)
{
	ValueSource source = *how;
	ValueReader reader;
	ByteBuf bytes, wanted, out;
	SluiceError err;

	source.column = &column;
	bytebuf_init(&bytes, &allocator_malloc, ROOM);
	bytebuf_init(&wanted, &allocator_malloc, ROOM);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	put_hex(&bytes, logged);
	if (expected != NULL)
		put_hex(&wanted, expected);
	assert_true(value_reader_init(&reader, &source, ROOM, NULL));
	assert_int_equal(reader.canon, canon);
	if (!value_append_field(&reader, bytes.data, bytes.length, &out, &err))
		fail_msg("%s: %s", logged, err.message);
	assert_int_equal((int32_t) load_u32(out.data),
					 expected != NULL ? (int32_t) wanted.length : FIELD_NULL);
	if (expected != NULL)
	{
		assert_int_equal(out.length, 4 + wanted.length);
		assert_memory_equal(out.data + 4, wanted.data, wanted.length);
		assert_true(canon_valid(canon, out.data + 4, (uint32_t) wanted.length));
	}
	value_reader_free(&reader);
	bytebuf_free(&bytes);
	bytebuf_free(&wanted);
	bytebuf_free(&out);
}

#define COLUMN(...) ((LogColumn){__VA_ARGS__})
#define PLAIN		(&(ValueSource){0})

static void
values_in_canonical_form(void **state)
{
	(void) state;
	check_value(COLUMN(.kind = COLUMN_TINY), PLAIN, "fb", CANON_INT16, "fffb");
	check_value(COLUMN(.kind = COLUMN_TINY, .is_unsigned = true), PLAIN, "fb", CANON_INT16, "00fb");
	check_value(COLUMN(.kind = COLUMN_SHORT, .is_unsigned = true), PLAIN, "ffff", CANON_INT32,
				"0000ffff");
	check_value(COLUMN(.kind = COLUMN_INT24), PLAIN, "000080", CANON_INT32, "ff800000");
	check_value(COLUMN(.kind = COLUMN_LONG, .is_unsigned = true), PLAIN, "00286bee", CANON_INT64,
				"00000000ee6b2800");
	check_value(COLUMN(.kind = COLUMN_LONGLONG, .is_unsigned = true), PLAIN, "ffffffffffffffff",
				CANON_UINT64, "ffffffffffffffff");
	check_value(COLUMN(.kind = COLUMN_FLOAT), PLAIN, "0000c03f", CANON_FLOAT32, "3fc00000");
	check_value(COLUMN(.kind = COLUMN_YEAR), PLAIN, "7c", CANON_INT16, "07e8");
	check_value(COLUMN(.kind = COLUMN_YEAR), PLAIN, "00", CANON_INT16, "0000");
	check_value(COLUMN(.kind = COLUMN_DECIMAL, .precision = 14, .scale = 4), PLAIN,
				"810dfb38d204d2", CANON_DECIMAL, "0004 0002 0000 0004 000c 0d80 1ed2 04d2");
	check_value(COLUMN(.kind = COLUMN_BIT, .length = 10), PLAIN, "0201", CANON_BITS,
				"0000000a 8040");
	check_value(COLUMN(.kind = COLUMN_DATE), PLAIN, "5dd00f", CANON_DATE, "00002279");
	check_value(COLUMN(.kind = COLUMN_TIME, .scale = 2), PLAIN, "7f3cb1c8", CANON_INTERVAL,
				"fffffff5c1b84a00 00000000 00000000");
	check_value(COLUMN(.kind = COLUMN_STRING, .length = 6), PLAIN, "0102", CANON_BYTES,
				"010200000000");
	check_value(COLUMN(.kind = COLUMN_STRING, .length = 16),
				&(ValueSource){.special = SPECIAL_UUID}, "aabbccddeeff11228344556677", CANON_UUID,
				"aabbccddeeff11228344556677000000");
	check_value(COLUMN(.kind = COLUMN_STRING, .length = 4),
				&(ValueSource){.special = SPECIAL_INET4}, "010203", CANON_NETWORK,
				"02200004 01020300");
	check_value(COLUMN(.kind = COLUMN_JSON, .length = 4), PLAIN, "0401", CANON_JSON, "74727565");
	check_value(COLUMN(.kind = COLUMN_GEOMETRY, .length = 4), PLAIN,
				"e6100000 01 01000000 0000000000000000 000000000000f03f", CANON_GEOMETRY,
				"01 01000020 e6100000 0000000000000000 000000000000f03f");
	check_value(COLUMN(.kind = COLUMN_GEOMETRY, .length = 4), PLAIN,
				"00000000 01 01000000 0000000000000000 000000000000f03f", CANON_GEOMETRY,
				"01 01000000 0000000000000000 000000000000f03f");
	check_value(COLUMN(.kind = COLUMN_VECTOR, .length = 4), PLAIN, "0000803f", CANON_BYTES,
				"0000803f");
}

static void
labels_of_enums_and_sets(void **state)
{
	static const uint8_t labels[] = "\1a\2bb\0";
	const ByteCursor at = {labels, labels + sizeof(labels) - 1};
	const LogColumn one = {.kind = COLUMN_ENUM, .length = 1, .labels = at, .label_count = 3};
	const LogColumn many = {.kind = COLUMN_SET, .length = 1, .labels = at, .label_count = 3};
	const ValueSource source = {.column = &one};
	ValueReader reader;
	ByteBuf out;
	SluiceError err;
	bool null;

	(void) state;
	check_value(one, PLAIN, "02", CANON_ENUM, "6262");
	check_value(one, PLAIN, "03", CANON_ENUM, "");
	check_value(one, PLAIN, "00", CANON_ENUM, "");
	check_value(many, PLAIN, "00", CANON_SET, "");
	check_value(many, PLAIN, "03", CANON_SET, "61 2c 6262");
	bytebuf_init(&out, &allocator_malloc, ROOM);
	assert_true(value_reader_init(&reader, &source, ROOM, NULL));
	assert_false(value_append(&reader, (const uint8_t *) "\4", 1, &out, &null, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DATA);
	value_reader_free(&reader);
	bytebuf_free(&out);
}

static void
dates_that_are_none(void **state)
{
	const LogColumn date = {.kind = COLUMN_DATE}, stamp = {.kind = COLUMN_TIMESTAMP};
	const ValueSource source = {.column = &date, .dates = DATE_ERROR};
	ValueReader reader;
	ByteBuf out;
	SluiceError err;
	bool null;

	(void) state;
	check_value(date, &(ValueSource){.dates = DATE_NULL}, "000000", CANON_DATE, NULL);
	check_value(date, &(ValueSource){.dates = DATE_INFINITY}, "000000", CANON_DATE, "80000000");
	check_value(stamp, &(ValueSource){.dates = DATE_INFINITY}, "00000000", CANON_TIMESTAMPTZ,
				"8000000000000000");
	check_value(stamp, &(ValueSource){.dates = DATE_NULL}, "00000000", CANON_TIMESTAMPTZ, NULL);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	assert_true(value_reader_init(&reader, &source, ROOM, NULL));
	/* 2026-02-31 */
	assert_false(value_append(&reader, (const uint8_t *) "\x5f\xd4\x0f", 3, &out, &null, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DATA);
	assert_string_equal(err.message, "2026-02-31 is no date");
	value_reader_free(&reader);
	bytebuf_free(&out);
}

/* ---- texts ---- */

static void
check_text(const char *charset, const char *bytes, const char *utf8, const char *replaced)
{
	Charset *set = charset_open(charset, NULL);
	ByteBuf hex, scratch;
	const uint8_t *text;
	size_t length;
	SluiceError err = {0};
	bool good;

	assert_non_null(set);
	bytebuf_init(&hex, &allocator_malloc, ROOM);
	bytebuf_init(&scratch, &allocator_malloc, ROOM);
	put_hex(&hex, bytes);
	good = charset_read(set, TEXT_ERROR, hex.data, hex.length, &scratch, &text, &length, &err);
	assert_int_equal(good, utf8 != NULL);
	if (!good)
	{
		assert_int_equal(err.code, SLUICE_ERROR_DATA);
		assert_true(
			charset_read(set, TEXT_REPLACE, hex.data, hex.length, &scratch, &text, &length, NULL));
	}
	assert_int_equal(length, strlen(utf8 != NULL ? utf8 : replaced));
	assert_memory_equal(text, utf8 != NULL ? utf8 : replaced, length);
	bytebuf_free(&hex);
	bytebuf_free(&scratch);
	charset_close(set);
}

static void
texts_of_all_kinds(void **state)
{
	(void) state;
	check_text("utf8mb4", "61c3a9f09f9880", "a\xc3\xa9\xf0\x9f\x98\x80", NULL);
	check_text("utf8mb4", "61ff62eda08063", NULL,
			   "a\xef\xbf\xbd"
			   "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
			   "c");
	check_text("latin1", "61e980", "a\xc3\xa9\xe2\x82\xac", NULL);
	check_text("ascii", "61e9", NULL, "a\xef\xbf\xbd");
	check_text("gbk", "61d7d6", "a\xe5\xad\x97", NULL);
	check_text("gbk", "61ff62", NULL,
			   "a\xef\xbf\xbd"
			   "b");
	check_text("utf16", "d83dde000061",
			   "\xf0\x9f\x98\x80"
			   "a",
			   NULL);
	check_text("utf16", "00de", "\xc3\x9e", NULL);
	check_text("utf16", "dc000061", NULL,
			   "\xef\xbf\xbd"
			   "a");
	check_text("utf32", "0001f600", "\xf0\x9f\x98\x80", NULL);
	/* Where iconv and the servers do not agree. */
	check_text("sjis", "8abf815f7e", "\xe6\xbc\xa2\\~", NULL);
	check_text("ujis", "f5a18ff5a1", "\xee\x80\x80\xee\x8e\xac", NULL);
	check_text("big5", "a145ba7e", "\xe2\x80\xa2\xe6\xbc\xa2", NULL);
	check_text("sjis", "8abf81", NULL, "\xe6\xbc\xa2\xef\xbf\xbd");
	assert_null(charset_open("klingon", NULL));
}

static void
bytes_are_learned_from_the_server(void **state)
{
	Charset *set = charset_open("swe7", NULL);
	ByteBuf scratch;
	const uint8_t *text;
	size_t length;

	(void) state;
	bytebuf_init(&scratch, &allocator_malloc, ROOM);
	assert_true(charset_is_single(set));
	assert_true(
		charset_read(set, TEXT_ERROR, (const uint8_t *) "a[", 2, &scratch, &text, &length, NULL));
	assert_memory_equal(text, "a[", 2);
	charset_learn(set, '[', "\xc3\x84", 2);
	assert_true(
		charset_read(set, TEXT_ERROR, (const uint8_t *) "a[", 2, &scratch, &text, &length, NULL));
	assert_int_equal(length, 3);
	assert_memory_equal(text, "a\xc3\x84", 3);
	bytebuf_free(&scratch);
	charset_close(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_of_tables),
		cmocka_unit_test(flavours_differ_in_what_has_characters),
		cmocka_unit_test(damaged_maps_are_refused),
		cmocka_unit_test(images_with_some_columns),
		cmocka_unit_test(damaged_rows_are_refused),
		cmocka_unit_test(values_in_canonical_form),
		cmocka_unit_test(labels_of_enums_and_sets),
		cmocka_unit_test(dates_that_are_none),
		cmocka_unit_test(texts_of_all_kinds),
		cmocka_unit_test(bytes_are_learned_from_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
