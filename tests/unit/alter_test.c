/*
 * alter_test.c - renames and new columns among the clauses of ALTER TABLE, with whatever may stand
 * around them.
 */
#include "mysql_reader/binlog/alter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* All renames as "from>to column;" or "schema.to;". */
static const char *
renames_of(const char *text, uint64_t sql_mode)
{
	static char found[1000];
	const QueryEvent query = {.text = text, .text_length = strlen(text), .sql_mode = sql_mode};
	Statement statement;
	AlterRename rename;
	size_t length = 0;

	found[0] = '\0';
	statement_read(&query, &statement);
	assert_int_equal(statement.kind, STATEMENT_ALTER_TABLE);
	while (alter_next_rename(&query, &statement, &rename))
	{
		if (rename.column)
			length += (size_t) snprintf(found + length, sizeof(found) - length, "%s>%s;",
										rename.from.text, rename.to.text);
		else
			length += (size_t) snprintf(found + length, sizeof(found) - length, "%s.%s;",
										rename.schema.text, rename.to.text);
	}
	return found;
}

static void
columns_that_are_renamed_are_found(void **state)
{
	(void) state;
	assert_string_equal(
		renames_of("ALTER TABLE t CHANGE a b int, CHANGE COLUMN `c d` `e``f` text", 0),
		"a>b;c d>e`f;");
	assert_string_equal(renames_of("alter table s.t rename column x to y, drop z", 0), "x>y;");
	assert_string_equal(renames_of("ALTER TABLE t RENAME COLUMN IF EXISTS x TO y", 0), "x>y;");
	assert_string_equal(renames_of("ALTER TABLE t CHANGE \"a b\" c int", SQL_MODE_ANSI_QUOTES),
						"a b>c;");
	assert_string_equal(renames_of("ALTER TABLE t CHANGE a a bigint, ADD c int", 0), "");
}

static void
a_new_name_of_the_table_is_found(void **state)
{
	(void) state;
	assert_string_equal(renames_of("ALTER TABLE t RENAME TO u", 0), ".u;");
	assert_string_equal(renames_of("ALTER TABLE t ADD x int, RENAME `s`.`u`", 0), "s.u;");
	assert_string_equal(renames_of("ALTER TABLE t RENAME AS u, CHANGE a b int", 0), ".u;a>b;");
}

static void
what_only_looks_like_it_is_passed(void **state)
{
	(void) state;
	assert_string_equal(renames_of("ALTER TABLE t RENAME INDEX a TO b, RENAME KEY c TO d", 0), "");
	assert_string_equal(renames_of("ALTER TABLE t ADD c enum('x, CHANGE a b int','y') DEFAULT "
								   "'it''s, \\', RENAME TO z', CHANGE d e int",
								   0),
						"d>e;");
	assert_string_equal(renames_of("ALTER TABLE t ADD CHECK (a > f(1, 2)), /* , CHANGE a b int */ "
								   "CHANGE g h decimal(10, 2) COMMENT ', RENAME TO q'",
								   0),
						"g>h;");
	assert_string_equal(
		renames_of("ALTER TABLE t ADD x text -- , CHANGE a b int\n , CHANGE i j int", 0), "i>j;");
	assert_string_equal(renames_of("ALTER TABLE t ADD `change a b` int, ADD renamed int", 0), "");
	assert_string_equal(renames_of("ALTER TABLE t ADD x text DEFAULT 'open", 0), "");
}

/* All new columns as "name=default;". */
static const char *
added_by(const char *text)
{
	static char found[1000];
	const QueryEvent query = {.text = text, .text_length = strlen(text)};
	Statement statement;
	AlterAdded added;
	size_t length = 0;

	found[0] = '\0';
	statement_read(&query, &statement);
	while (alter_next_added(&query, &statement, &added))
		length +=
			(size_t) snprintf(found + length, sizeof(found) - length, "%s=%.*s;", added.column.text,
							  (int) added.length, added.value != NULL ? added.value : "");
	return found;
}

static void
new_columns_are_found_with_their_defaults(void **state)
{
	(void) state;
	assert_string_equal(
		added_by("ALTER TABLE t ADD a int DEFAULT 5, ADD COLUMN IF NOT EXISTS b text"), "a=5;b=;");
	assert_string_equal(
		added_by("ALTER TABLE t ADD `x y` decimal(4,2) NOT NULL DEFAULT -1.25 AFTER b"),
		"x y=-1.25;");
	assert_string_equal(added_by("ALTER TABLE t ADD a varchar(9) DEFAULT 'it''s, \\' x' COMMENT "
								 "'DEFAULT 7', ADD b bit(3) DEFAULT b'101'"),
						"a='it''s, \\' x';b=b'101';");
	assert_string_equal(added_by("ALTER TABLE t ADD a datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON "
								 "UPDATE CURRENT_TIMESTAMP(3), ADD b int DEFAULT (1 + (2))"),
						"a=CURRENT_TIMESTAMP(3);b=(1 + (2));");
	assert_string_equal(added_by("ALTER TABLE t ADD INDEX (a), ADD CONSTRAINT c CHECK (d > 1), ADD "
								 "UNIQUE u (a), ADD `index` int, CHANGE a b int DEFAULT 3"),
						"index=;");
}

/* "none", "rows", or the table that they are exchanged with. */
static const char *
moved_by(const char *text)
{
	static char found[2 * sizeof(StatementName) + 2];
	const QueryEvent query = {.text = text, .text_length = strlen(text)};
	StatementName schema, name;
	Statement statement;

	statement_read(&query, &statement);
	if (!alter_moves_rows(&query, &statement, &schema, &name))
		return "none";
	(void) snprintf(found, sizeof(found), "%s.%s", schema.text, name.text);
	return found;
}

static void
rows_that_move_without_events_are_noticed(void **state)
{
	(void) state;
	assert_string_equal(moved_by("ALTER TABLE t TRUNCATE PARTITION p0, p1"), ".");
	assert_string_equal(moved_by("alter table t drop partition p0"), ".");
	assert_string_equal(
		moved_by("ALTER TABLE t EXCHANGE PARTITION `p 1` WITH TABLE s.`o` WITHOUT VALIDATION"),
		"s.o");
	assert_string_equal(moved_by("ALTER TABLE t IMPORT TABLESPACE"), ".");
	assert_string_equal(moved_by("ALTER TABLE t CONVERT PARTITION p TO TABLE o"), ".");
	assert_string_equal(
		moved_by("ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (5)), DROP COLUMN a"),
		"none");
	assert_string_equal(
		moved_by("ALTER TABLE t REORGANIZE PARTITION p INTO (PARTITION q VALUES IN (1))"), "none");
	assert_string_equal(
		moved_by("ALTER TABLE t COMMENT 'drop partition p', CONVERT TO CHARACTER SET utf8mb4"),
		"none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_that_are_renamed_are_found),
		cmocka_unit_test(a_new_name_of_the_table_is_found),
		cmocka_unit_test(what_only_looks_like_it_is_passed),
		cmocka_unit_test(new_columns_are_found_with_their_defaults),
		cmocka_unit_test(rows_that_move_without_events_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
