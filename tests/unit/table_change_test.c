/*
 * table_change_test.c - messages about tables of MySQL that changed: who is who, and what rows that were
 * there have.
 */
#include "mysql_reader/table_change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MESSAGE_MAXIMUM (1 << 20)
#define COLUMNS			8

static const SchemaDocument one = {
	.stream = "shop",
	.revision = 1,
	.source = {.product = "mysql", .version = 90700, .database = "", .encoding = "UTF8"}};

typedef struct Table
{
	SchemaTable table;
	SchemaColumn columns[COLUMNS];
} Table;

static void
table_init(Table *table, const char *name, uint32_t id)
{
	*table = (Table){.table = {.id = id,
							   .schema = "shop",
							   .name = name,
							   .kind = SCHEMA_TABLE_PLAIN,
							   .persistence = SCHEMA_PERMANENT,
							   .replica_identity = SCHEMA_REPLICA_DEFAULT}};
	table->table.columns = table->columns;
}

static SchemaColumn *
add_column(Table *table, const char *name)
{
	SchemaColumn *column = &table->columns[table->table.column_count++];

	*column = (SchemaColumn){.name = name,
							 .position = (int64_t) table->table.column_count,
							 .type = "int",
							 .type_schema = "",
							 .type_name = "int",
							 .typmod = -1,
							 .canon = CANON_INT32,
							 .srid = -1};
	return column;
}

static SchemaChange *
round_trip(const TableChange *change)
{
	SchemaChange *read;
	SluiceError err;
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, MESSAGE_MAXIMUM);
	assert_true(table_change_write(change, &out, &err));
	read = schema_change_read((const char *) out.data, out.length, &allocator_malloc, &err);
	assert_non_null(read);
	bytebuf_free(&out);
	return read;
}

static void
columns_keep_their_places(void **state)
{
	ColumnRename renames[] = {{(char *) "b", (char *) "x"}, {(char *) "x", (char *) "y"}};
	Table old, new;
	TableChange change = {.command = "ALTER TABLE",
						  .one = &one,
						  .old = &old.table,
						  .new = &new.table,
						  .renames = renames,
						  .rename_count = 2};
	SchemaChange *read;
	const SchemaTable *after;

	(void) state;
	table_init(&old, "t", 7);
	table_init(&new, "t", 7);
	(void) add_column(&old, "a");
	(void) add_column(&old, "b");
	(void) add_column(&old, "c");
	(void) add_column(&new, "first");
	(void) add_column(&new, "C");
	(void) add_column(&new, "y");
	read = round_trip(&change);
	after = &read->after.tables[0];
	assert_int_equal(after->columns[0].position, 4); /* new */
	assert_int_equal(after->columns[1].position, 3);
	assert_int_equal(after->columns[2].position, 2); /* b, twice renamed */
	assert_int_equal(read->before.tables[0].columns[2].position, 3);
	assert_int_equal(read->fill_count, 0);
	assert_string_equal(read->settings.time_zone, "UTC");
	schema_change_free(read);
}

static void
a_renamed_table_has_one_number(void **state)
{
	Table old, new, child;
	const SchemaTable *around[] = {&child.table};
	TableChange change = {.command = "RENAME TABLE",
						  .one = &one,
						  .old = &old.table,
						  .new = &new.table,
						  .around = around,
						  .around_count = 1};
	SchemaChange *read;

	(void) state;
	table_init(&old, "t", 7);
	table_init(&new, "u", 8);
	table_init(&child, "child", 9);
	(void) add_column(&old, "a");
	(void) add_column(&new, "a");
	(void) add_column(&child, "a");
	read = round_trip(&change);
	assert_int_equal(read->before.table_count, 2);
	assert_string_equal(schema_document_table(&read->before, 8)->name, "t");
	assert_string_equal(schema_document_table(&read->after, 8)->name, "u");
	assert_string_equal(schema_document_table(&read->after, 9)->name, "child");
	schema_change_free(read);
}

static void
made_and_dropped_tables_stand_on_one_side(void **state)
{
	Table table;
	TableChange change = {.command = "CREATE TABLE", .one = &one, .new = &table.table};
	SchemaChange *read;

	(void) state;
	table_init(&table, "t", 7);
	add_column(&table, "a")->not_null = true;
	read = round_trip(&change);
	assert_int_equal(read->before.table_count, 0);
	assert_int_equal(read->after.table_count, 1);
	assert_int_equal(read->fill_count, 0);
	schema_change_free(read);
	change = (TableChange){.command = "DROP TABLE", .one = &one, .old = &table.table};
	read = round_trip(&change);
	assert_int_equal(read->before.table_count, 1);
	assert_int_equal(read->after.table_count, 0);
	schema_change_free(read);
}

static const SchemaFill *
fill_of(const SchemaChange *change, int64_t position)
{
	return schema_change_fill(change, 7, position);
}

static void
rows_that_were_there_are_told_of(void **state)
{
	Table old, new;
	TableChange change = {.command = "ALTER TABLE",
						  .one = &one,
						  .old = &old.table,
						  .new = &new.table,
						  .rows_unknown = "they came along",
						  .timestamp = 1700000000,
						  .utc = true};
	SchemaColumn *column;
	SchemaChange *read;

	(void) state;
	table_init(&old, "t", 7);
	table_init(&new, "t", 7);
	(void) add_column(&old, "a");
	(void) add_column(&new, "a");
	(void) add_column(&new, "null");
	add_column(&new, "zero")->not_null = true;
	column = add_column(&new, "literal");
	column->default_kind = SCHEMA_DEFAULT_LITERAL;
	column->default_value = column->default_literal = "5";
	column = add_column(&new, "now");
	column->default_kind = SCHEMA_DEFAULT_EXPRESSION;
	column->default_value = "CURRENT_TIMESTAMP";
	column = add_column(&new, "random");
	column->default_kind = SCHEMA_DEFAULT_EXPRESSION;
	column->default_value = "(uuid())";
	column = add_column(&new, "day");
	column->canon = CANON_DATE;
	column->not_null = true;
	add_column(&new, "counted")->auto_increment = true;
	read = round_trip(&change);
	assert_null(fill_of(read, 2));
	assert_string_equal(fill_of(read, 3)->text, "0");
	assert_null(fill_of(read, 4));
	assert_int_equal(fill_of(read, 5)->kind, SCHEMA_FILL_CONSTANT);
	assert_string_equal(fill_of(read, 5)->text, "2023-11-14 22:13:20");
	assert_int_equal(fill_of(read, 6)->kind, SCHEMA_FILL_UNKNOWN);
	assert_int_equal(fill_of(read, 7)->kind, SCHEMA_FILL_UNKNOWN);
	assert_int_equal(fill_of(read, 8)->kind, SCHEMA_FILL_UNKNOWN);
	assert_string_equal(fill_of(read, 0)->text, "they came along");
	schema_change_free(read);
}

static void
servers_make_values_of_their_own(void **state)
{
	static const struct
	{
		const char *type;
		CanonType canon;
		const char *text;
	} cases[] = {{"enum('it''s','b')", CANON_ENUM, "it's"},
				 {"bit(3)", CANON_BITS, "000"},
				 {"blob", CANON_BYTES, ""},
				 {"varchar(9)", CANON_TEXT, ""}};
	Table old, new;
	TableChange change = {
		.command = "ALTER TABLE", .one = &one, .old = &old.table, .new = &new.table};
	SchemaChange *read;
	SchemaColumn *column;

	(void) state;
	table_init(&old, "t", 7);
	table_init(&new, "t", 7);
	(void) add_column(&old, "a");
	(void) add_column(&new, "a");
	for (size_t i = 0; i < 4; i++)
	{
		column = add_column(&new, cases[i].type);
		column->type = cases[i].type;
		column->canon = cases[i].canon;
		column->not_null = true;
	}
	column = add_column(&new, "local");
	column->canon = CANON_TIMESTAMP;
	column->default_kind = SCHEMA_DEFAULT_EXPRESSION;
	column->default_value = "current_timestamp()";
	change.timestamp = 1700000000;
	read = round_trip(&change);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(fill_of(read, (int64_t) i + 2)->text, cases[i].text);
	assert_int_equal(fill_of(read, 6)->kind, SCHEMA_FILL_UNKNOWN); /* of a zone that is not told */
	schema_change_free(read);
}

static void
estimates_are_no_change(void **state)
{
	Table old, new;

	(void) state;
	table_init(&old, "t", 7);
	table_init(&new, "t", 7);
	(void) add_column(&old, "a");
	(void) add_column(&new, "a");
	new.table.rows = 1000;
	new.table.bytes = 1000;
	new.table.auto_increment = "17";
	assert_true(table_change_none(&old.table, &new.table));
	assert_true(table_change_none(NULL, NULL));
	assert_false(table_change_none(NULL, &new.table));
	new.columns[0].comment = "said";
	assert_false(table_change_none(&old.table, &new.table));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_keep_their_places),
		cmocka_unit_test(a_renamed_table_has_one_number),
		cmocka_unit_test(made_and_dropped_tables_stand_on_one_side),
		cmocka_unit_test(rows_that_were_there_are_told_of),
		cmocka_unit_test(servers_make_values_of_their_own),
		cmocka_unit_test(estimates_are_no_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
