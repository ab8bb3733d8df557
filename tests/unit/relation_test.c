/*
 * relation_test.c - tables as bundles have them: of what a table map says, of the catalog, of both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mysql_reader/relation.h"
#include "mysql_reader/table_id.h"
#include "tests/unit/support/event_maker.h"

static const ValuePolicy policy;
static Charsets *charsets;

static int
start(void **state)
{
	SluiceError err;

	(void) state;
	charsets = charsets_new(&err);
	return charsets != NULL && charsets_tell(charsets, 45, "utf8mb4", &err) &&
				   charsets_tell(charsets, 8, "latin1", &err)
			   ? 0
			   : -1;
}

static int
stop(void **state)
{
	(void) state;
	charsets_free(charsets);
	return 0;
}

/* db.t (a int unsigned, b varchar(20) NULL, c binary(4)), with what else its map is to say. */
static TableMap *
make_map(const char *more)
{
	EventFormat format;
	EventMaker maker;
	ByteBuf body;
	ByteCursor bytes;
	Event event;
	TableMap *map;
	SluiceError err = {0};

	event_format_init(&format, false);
	event_maker_init(&maker);
	bytebuf_init(&body, &allocator_malloc, 4096);
	put_hex(&body, "010000000000 0100 02646200 017400 03 030ffe 04 5000 fe04 02");
	put_hex(&body, more);
	bytes = make_event(&maker, EVENT_TABLE_MAP, body.data, body.length);
	assert_true(event_open(&format, bytes.at, (size_t) (bytes.end - bytes.at), &event, &err));
	map = table_map_read(&format, &event, &err);
	if (map == NULL)
		fail_msg("%s", err.message);
	bytebuf_free(&body);
	event_maker_free(&maker);
	return map;
}

/* Signs, character sets, names, and a primary key of a where asked for. */
#define TOLD	 "01 01 80 03 02 2d3f 04 06 0161 0162 0163"
#define WITH_KEY TOLD " 08 01 00"

static SchemaColumn columns[] = {
	{.name = "a",
	 .position = 1,
	 .type = "int(10) unsigned",
	 .type_name = "int unsigned",
	 .canon = CANON_INT64,
	 .not_null = true,
	 .srid = -1},
	{.name = "b",
	 .position = 2,
	 .type = "varchar(20)",
	 .type_name = "varchar(20)",
	 .canon = CANON_TEXT,
	 .charset = "utf8mb4",
	 .srid = -1},
	{.name = "c",
	 .position = 3,
	 .type = "binary(4)",
	 .type_name = "binary(4)",
	 .canon = CANON_BYTES,
	 .not_null = true,
	 .generated = SCHEMA_GENERATED_STORED,
	 .srid = -1},
};
static SchemaIndexColumn key_column = {.name = "a"};
static SchemaIndex primary = {
	.name = "PRIMARY", .primary = true, .unique = true, .columns = &key_column, .column_count = 1};
static SchemaIndex unique = {
	.name = "u", .unique = true, .columns = &key_column, .column_count = 1};

static SchemaTable
make_table(SchemaIndex *index)
{
	return (SchemaTable){.schema = "db",
						 .name = "t",
						 .columns = columns,
						 .column_count = 3,
						 .indexes = index,
						 .index_count = index != NULL};
}

static TableRelation *
relate(const char *more, const SchemaTable *table)
{
	TableMap *map = make_map(more);
	SluiceError err = {0};
	TableRelation *relation = relation_of_map(map, table, true, &policy, charsets, &err);

	if (relation == NULL)
		fail_msg("%s", err.message);
	table_map_free(map); /* nothing of it is needed any more */
	return relation;
}

static void
expect_column(const TableRelation *relation, uint16_t i, const char *name, const char *type,
			  CanonType canon, uint8_t flags)
{
	const BundleColumn *column = &relation->relation->columns[i];

	assert_string_equal(column->name, name);
	assert_string_equal(column->type_name, type);
	assert_int_equal(column->canon, canon);
	assert_int_equal(column->flags, flags);
	assert_int_equal(column->typmod, -1);
	assert_int_equal(column->type_oid, 0);
}

static void
a_map_that_tells_all_needs_no_catalog(void **state)
{
	TableRelation *relation = relate(WITH_KEY, NULL);

	(void) state;
	assert_string_equal(relation->relation->schema, "db");
	assert_string_equal(relation->relation->name, "t");
	assert_int_equal(relation->relation->id, table_id("db", "t"));
	assert_int_equal(relation->relation->identity, IDENTITY_DEFAULT);
	assert_int_equal(relation->relation->column_count, 3);
	assert_true(relation->keyed);
	expect_column(relation, 0, "a", "int unsigned", CANON_INT64, COLUMN_KEY | COLUMN_PRIMARY);
	expect_column(relation, 1, "b", "varchar", CANON_TEXT, 0);
	expect_column(relation, 2, "c", "binary", CANON_BYTES, 0);
	relation_free(relation);
}

static void
without_a_key_rows_are_known_whole(void **state)
{
	TableRelation *relation = relate(TOLD, NULL);

	(void) state;
	assert_int_equal(relation->relation->identity, IDENTITY_FULL);
	assert_false(relation->keyed);
	relation_free(relation);
}

static void
the_catalog_says_what_a_map_does_not(void **state)
{
	SchemaTable table = make_table(&primary);
	TableRelation *relation = relate("", &table);

	(void) state;
	assert_int_equal(relation->relation->identity, IDENTITY_DEFAULT);
	expect_column(relation, 0, "a", "int unsigned", CANON_INT64, COLUMN_KEY | COLUMN_PRIMARY);
	expect_column(relation, 1, "b", "varchar(20)", CANON_TEXT, 0);
	expect_column(relation, 2, "c", "binary(4)", CANON_BYTES, COLUMN_GENERATED);
	assert_int_equal(relation->left_out[0].length, 0);
	assert_int_equal(relation->left_out[1].length, 4);
	relation_free(relation);
}

static void
a_unique_key_tells_rows_apart(void **state)
{
	SchemaTable table = make_table(&unique);
	TableRelation *relation = relate(TOLD, &table);

	(void) state;
	assert_int_equal(relation->relation->identity, IDENTITY_INDEX);
	expect_column(relation, 0, "a", "int unsigned", CANON_INT64, COLUMN_KEY);
	relation_free(relation);
}

/* Rows of a copy and rows of the log name one relation. */
static void
both_ways_give_the_same_record(void **state)
{
	SchemaTable table = make_table(&primary);
	TableRelation *of_map = relate(WITH_KEY, &table), *of_table;
	SluiceError err = {0};

	(void) state;
	of_table = relation_of_table(&table, true, &policy, charsets, &err);
	assert_non_null(of_table);
	assert_int_equal(of_table->encoded.length, of_map->encoded.length);
	assert_memory_equal(of_table->encoded.data, of_map->encoded.data, of_map->encoded.length);
	relation_free(of_map);
	relation_free(of_table);
}

/* The catalog is that of a later time: what the map says counts. */
static void
a_newer_catalog_does_not_mislead(void **state)
{
	SchemaTable table = make_table(&primary);
	TableRelation *relation;

	(void) state;
	table.column_count = 2;
	relation = relate(WITH_KEY, &table);
	assert_int_equal(relation->relation->column_count, 3);
	expect_column(relation, 2, "c", "binary", CANON_BYTES, 0);
	relation_free(relation);
}

static void
expect_refused(const SchemaTable *table)
{
	TableMap *map = make_map("");
	SluiceError err = {0};

	assert_null(relation_of_map(map, table, true, &policy, charsets, &err));
	assert_int_equal(err.code, SLUICE_ERROR_STATE);
	assert_non_null(strstr(err.message, "db.t"));
	assert_non_null(strstr(err.hint, "binlog_row_metadata"));
	table_map_free(map);
}

static void
names_that_nobody_tells_are_not_guessed(void **state)
{
	SchemaTable table = make_table(&primary);

	(void) state;
	expect_refused(NULL);
	table.column_count = 2;
	expect_refused(&table);
}

static void
expect_default(const char *literal, const char *field, size_t length)
{
	SchemaTable table = make_table(&primary);
	const SchemaColumn kept = columns[0];
	TableRelation *relation;

	columns[0].default_kind = SCHEMA_DEFAULT_LITERAL;
	columns[0].default_literal = literal;
	relation = relate(WITH_KEY, &table);
	columns[0] = kept;
	assert_int_equal(relation->left_out[0].length, length);
	assert_memory_equal(relation->left_out[0].data, field, length);
	relation_free(relation);
}

/* What is no value of the column leaves it to the error that comes when it is needed. */
static void
literals_are_known_when_the_log_leaves_them_out(void **state)
{
	(void) state;
	expect_default("258", "\0\0\0\x08\0\0\0\0\0\0\1\2", 12);
	expect_default("many", "", 0);
}

static void
values_are_read_by_it(void **state)
{
	TableRelation *relation = relate(WITH_KEY, NULL);
	ByteBuf out;
	SluiceError err = {0};

	(void) state;
	bytebuf_init(&out, &allocator_malloc, 100);
	assert_true(value_append_field(&relation->readers[0], (const uint8_t *) "\xff\xff\xff\xff", 4,
								   &out, &err));
	assert_true(value_append_field(&relation->readers[2], (const uint8_t *) "x", 1, &out, &err));
	assert_int_equal(out.length, 4 + 8 + 4 + 4);
	assert_int_equal(load_u64(out.data + 4), UINT32_MAX);
	assert_memory_equal(out.data + 16, "x\0\0\0", 4);
	bytebuf_free(&out);
	relation_free(relation);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_that_tells_all_needs_no_catalog),
		cmocka_unit_test(without_a_key_rows_are_known_whole),
		cmocka_unit_test(the_catalog_says_what_a_map_does_not),
		cmocka_unit_test(a_unique_key_tells_rows_apart),
		cmocka_unit_test(both_ways_give_the_same_record),
		cmocka_unit_test(a_newer_catalog_does_not_mislead),
		cmocka_unit_test(names_that_nobody_tells_are_not_guessed),
		cmocka_unit_test(literals_are_known_when_the_log_leaves_them_out),
		cmocka_unit_test(values_are_read_by_it),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
