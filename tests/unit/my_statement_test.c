/*
 * my_statement_test.c - the SQL of changes at a MySQL or MariaDB target.
 */
#include "writer/mysql/my_statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/change_maker.h"
#include "writer/mysql/my_value.h"

#define COLUMNS 3

/* A table t of text columns at the target; keyed as the flags say. */
typedef struct Fixture
{
	TableMap tables;
	Table *table;
	MyTable at_target;
	MyColumn columns[COLUMNS];
	ByteBuf out;
	MyTarget target;
} Fixture;

static Fixture f;

static void
prepare(const char *flags)
{
	static char *const names[COLUMNS] = {"`c0`", "`c1`", "`c2`"};
	SluiceError err;

	f = (Fixture){.target.c.flavour = MY_MARIADB};
	tables_init(&f.tables);
	bytebuf_init(&f.out, &allocator_malloc, 1 << 16);
	f.table = make_table(&f.tables, 1, IDENTITY_DEFAULT, flags);
	f.table->keyed = f.table->key_count > 0;
	f.table->at_target = &f.at_target;
	f.at_target = (MyTable){.name = "`d`.`t`", .column_count = COLUMNS, .columns = f.columns};
	for (int i = 0; i < COLUMNS; i++)
	{
		MyColumn *column = &f.columns[i];

		*column = (MyColumn){.name = names[i],
							 .type = "longtext",
							 .full_type = "longtext",
							 .charset = "utf8mb4",
							 .collation = "utf8mb4_nopad_bin",
							 .written = true,
							 .key = flags[i] == 'k'};
		column->converter =
			my_converter_choose(&f.table->relation->columns[i], column, LOSS_ERROR, &err);
		assert_non_null(column->converter);
	}
}

static int
tear_down(void **state)
{
	(void) state;
	for (int i = 0; i < COLUMNS; i++)
		my_converter_free(f.columns[i].converter);
	bytebuf_free(&f.out);
	tables_free(&f.tables);
	free_rows();
	return 0;
}

static void
expect(const char *sql)
{
	assert_true(bytebuf_put_u8(&f.out, 0, NULL));
	assert_string_equal((const char *) f.out.data, sql);
	f.out.length = 0;
}

static void
inserts_leave_computed_columns_out(void **state)
{
	BundleRow row;

	(void) state;
	prepare("k..");
	row = ROW("1", A_NULL, "it's");
	f.columns[1].written = false;
	assert_true(my_put_insert_head(&f.out, f.table, NULL) &&
				my_put_insert_row(&f.out, f.table, &row, NULL));
	expect("INSERT INTO `d`.`t` (`c0`,`c2`) VALUES ('1','it\\'s')");
}

static void
updates_set_what_was_sent(void **state)
{
	BundleRow old_row, row;

	(void) state;
	prepare("k..");
	old_row = ROW("1");
	row = ROW("2", AN_UNCHANGED, A_NULL);
	assert_true(my_put_update(&f.out, f.table, &old_row, &row, false, NULL));
	expect("UPDATE `d`.`t` SET `c2`=NULL WHERE `c0`='1'");
	assert_true(my_put_update(&f.out, f.table, &old_row, &row, true, NULL));
	expect("UPDATE `d`.`t` SET `c0`='2',`c2`=NULL WHERE `c0`='1'");
	row = ROW("1", AN_UNCHANGED, AN_UNCHANGED);
	assert_true(my_put_update(&f.out, f.table, &old_row, &row, false, NULL));
	expect("UPDATE `d`.`t` SET `c0`=`c0` WHERE `c0`='1'");
}

/* MariaDB reads the whole table for (c0, c2) = ('1', '3'). */
static void
keys_of_several_columns_are_compared_one_by_one(void **state)
{
	BundleRow row;

	(void) state;
	prepare("k.k");
	row = ROW("1", "2", "3");
	assert_true(my_put_delete(&f.out, f.table, &row, NULL));
	expect("DELETE FROM `d`.`t` WHERE `c0`='1' AND `c2`='3'");
}

static void
without_a_key_the_whole_row_counts_once(void **state)
{
	BundleRow row;

	(void) state;
	prepare("...");
	row = ROW("1", A_NULL, AN_UNCHANGED);
	assert_true(my_put_delete(&f.out, f.table, &row, NULL));
	expect("DELETE FROM `d`.`t` WHERE `c0`<=>'1' AND `c1`<=>NULL LIMIT 1");
	assert_false(my_can_join(f.table, NULL));
}

/* A collation that takes A for a, a FLOAT and JSON are not compared as they stand. */
static void
alike_means_the_same_value(void **state)
{
	BundleRow row;

	(void) state;
	prepare("...");
	row = ROW("a", "1", "2");
	f.columns[0].collation = "utf8mb4_general_ci";
	f.columns[1].type = "float";
	f.columns[1].collation = "";
	f.columns[2].type = "json";
	f.columns[2].collation = "";
	assert_true(my_put_delete(&f.out, f.table, &row, NULL));
	expect("DELETE FROM `d`.`t` WHERE CAST(`c0` AS BINARY)<=>CAST(CONVERT('a' USING utf8mb4) AS "
		   "BINARY) AND `c1`<=>CAST('1' AS FLOAT) AND `c2`<=>CAST('2' AS JSON) LIMIT 1");
}

static void
put_join(const PlanRow *rows, uint32_t count, bool is_update)
{
	const BundleRow *image = is_update ? &rows[0].image : NULL;

	assert_true(my_put_join_head(&f.out, f.table, image, NULL));
	for (uint32_t i = 0; i < count; i++)
		assert_true(my_put_join_row(&f.out, &f.target, f.table, &rows[i], is_update, i == 0, NULL));
	assert_true(my_put_join_tail(&f.out, f.table, image, NULL));
}

static void
many_rows_are_joined(void **state)
{
	PlanRow rows[2];

	(void) state;
	prepare("k..");
	rows[0] = (PlanRow){ROW("1"), ROW("1", "x", AN_UNCHANGED)};
	rows[1] = (PlanRow){ROW("2"), ROW("2", A_NULL, AN_UNCHANGED)};
	assert_true(my_can_join(f.table, &rows[0].image));
	put_join(rows, 2, true);
	expect("UPDATE (SELECT `c0`,`c1` FROM `d`.`t` WHERE FALSE UNION ALL VALUES ('1','x'),('2',NULL)"
		   ") AS s STRAIGHT_JOIN `d`.`t` AS t ON t.`c0`=s.`c0` SET t.`c1`=s.`c1`");
	put_join(rows, 2, false);
	expect("DELETE t FROM (SELECT `c0` FROM `d`.`t` WHERE FALSE UNION ALL VALUES ('1'),('2')) AS s "
		   "STRAIGHT_JOIN `d`.`t` AS t ON t.`c0`=s.`c0`");
	f.target.c.flavour = MY_MYSQL;
	put_join(rows, 1, false);
	expect("DELETE t FROM (SELECT `c0` FROM `d`.`t` WHERE FALSE UNION ALL VALUES ROW('1')) AS s "
		   "STRAIGHT_JOIN `d`.`t` AS t ON t.`c0`=s.`c0`");
	rows[0].image = ROW("1", AN_UNCHANGED, AN_UNCHANGED);
	put_join(rows, 1, true);
	expect("UPDATE (SELECT `c0` FROM `d`.`t` WHERE FALSE UNION ALL VALUES ROW('1')) AS s "
		   "STRAIGHT_JOIN `d`.`t` AS t ON t.`c0`=s.`c0` SET t.`c0`=t.`c0`");
}

/* A UNION makes numbers of BIT, and a FLOAT key would be compared with a double. */
static void
some_types_are_not_joined(void **state)
{
	BundleRow image;

	(void) state;
	prepare("k..");
	image = ROW("1", "2", AN_UNCHANGED);
	f.columns[1].type = "bit";
	assert_false(my_can_join(f.table, &image));
	assert_true(my_can_join(f.table, NULL));
	f.columns[1].type = "longtext";
	f.columns[2].type = "bit"; /* is not set */
	assert_true(my_can_join(f.table, &image));
	f.columns[0].type = "float";
	assert_false(my_can_join(f.table, NULL));
}

static void
truncate_is_a_delete(void **state)
{
	(void) state;
	prepare("k..");
	assert_true(my_put_empty(&f.out, f.table, NULL));
	expect("DELETE FROM `d`.`t`");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(inserts_leave_computed_columns_out, tear_down),
		cmocka_unit_test_teardown(updates_set_what_was_sent, tear_down),
		cmocka_unit_test_teardown(keys_of_several_columns_are_compared_one_by_one, tear_down),
		cmocka_unit_test_teardown(without_a_key_the_whole_row_counts_once, tear_down),
		cmocka_unit_test_teardown(alike_means_the_same_value, tear_down),
		cmocka_unit_test_teardown(many_rows_are_joined, tear_down),
		cmocka_unit_test_teardown(some_types_are_not_joined, tear_down),
		cmocka_unit_test_teardown(truncate_is_a_delete, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
