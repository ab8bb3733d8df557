/*
 * column_default_test.c - defaults as both servers show them, and SQL of SHOW CREATE TABLE.  The texts
 * are those of MySQL 9.7 and MariaDB 10.11.
 */
#include "mysql_reader/column_default.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mysql_reader/sql_text.h"

typedef struct Shown
{
	bool mariadb;
	const char *type, *text, *extra;
	SchemaDefaultKind kind;
	const char *sql, *literal;
} Shown;

static const Shown cases[] = {
	{false, "varchar(20)", "it's \\ \"q\"", "", SCHEMA_DEFAULT_LITERAL, "'it\\'s \\\\ \"q\"'",
	 "it's \\ \"q\""},
	{false, "varchar(20)", "", "", SCHEMA_DEFAULT_LITERAL, "''", ""},
	{false, "int", "7", "", SCHEMA_DEFAULT_LITERAL, "7", "7"},
	{false, "decimal(10,2) unsigned", "1.50", "", SCHEMA_DEFAULT_LITERAL, "1.50", "1.50"},
	{false, "date", "2020-01-01", "", SCHEMA_DEFAULT_LITERAL, "'2020-01-01'", "2020-01-01"},
	{false, "bit(5)", "b'101'", "", SCHEMA_DEFAULT_LITERAL, "b'101'", "00101"},
	{false, "int", "(1 + 2)", "DEFAULT_GENERATED", SCHEMA_DEFAULT_EXPRESSION, "((1 + 2))", NULL},
	{false, "varchar(20)", "concat(_utf8mb4\\'x\\\\\\'y\\\\\\\\z\\')", "DEFAULT_GENERATED",
	 SCHEMA_DEFAULT_EXPRESSION, "(concat(_utf8mb4'x\\'y\\\\z'))", NULL},
	{false, "datetime(3)", "CURRENT_TIMESTAMP(3)",
	 "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3)", SCHEMA_DEFAULT_EXPRESSION,
	 "CURRENT_TIMESTAMP(3)", NULL},
	{false, "int", NULL, "", SCHEMA_DEFAULT_NONE, "", NULL},
	{true, "varchar(20)", "'it''s \\\\ \"q\"'", "", SCHEMA_DEFAULT_LITERAL, "'it''s \\\\ \"q\"'",
	 "it's \\ \"q\""},
	{true, "varchar(20)", "'NULL'", "", SCHEMA_DEFAULT_LITERAL, "'NULL'", "NULL"},
	{true, "varchar(20)", "NULL", "", SCHEMA_DEFAULT_NONE, "", NULL},
	{true, "int(11)", "-7", "", SCHEMA_DEFAULT_LITERAL, "-7", "-7"},
	{true, "bit(3)", "b'101'", "", SCHEMA_DEFAULT_LITERAL, "b'101'", "101"},
	{true, "int(11)", "(1 + 2)", "", SCHEMA_DEFAULT_EXPRESSION, "(1 + 2)", NULL},
	{true, "varchar(9)", "'a' collate utf8mb4_bin", "", SCHEMA_DEFAULT_EXPRESSION,
	 "'a' collate utf8mb4_bin", NULL},
	{true, "varchar(40)", "uuid()", "", SCHEMA_DEFAULT_EXPRESSION, "uuid()", NULL},
};

static void
assert_text(const ByteBuf *found, const char *wanted)
{
	assert_int_equal(found->length, strlen(wanted));
	assert_true(found->length == 0 || memcmp(found->data, wanted, found->length) == 0);
}

static void
literals_and_expressions_are_told_apart(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Shown *shown = &cases[i];
		ColumnDefault found;
		SluiceError err;

		assert_true(column_default_read(&found, shown->mariadb, shown->type, shown->text,
										shown->extra, &err));
		assert_int_equal(found.kind, shown->kind);
		assert_text(&found.sql, shown->sql);
		if (shown->literal != NULL)
			assert_text(&found.literal, shown->literal);
		column_default_free(&found);
	}
}

static void
on_update_is_found(void **state)
{
	size_t length;
	const char *found =
		column_on_update("DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3)", &length);

	(void) state;
	assert_int_equal(length, strlen("CURRENT_TIMESTAMP(3)"));
	assert_memory_equal(found, "CURRENT_TIMESTAMP(3)", length);
	found = column_on_update("on update current_timestamp(), INVISIBLE", &length);
	assert_memory_equal(found, "current_timestamp()", length);
	assert_int_equal(length, strlen("current_timestamp()"));
	assert_null(column_on_update("auto_increment", &length));
}

static const char statement[] =
	"CREATE TABLE `t` (\n  `a` varchar(20) DEFAULT 'x\\n  `b` binary(2) DEFAULT ''no''',\n"
	"  `b` binary(4) DEFAULT 'a''\\\\\\0',\n  `c``d` varbinary(9) NOT NULL DEFAULT 0x00FF,\n"
	"  `e` varbinary(9) DEFAULT (concat('x')),\n  `f` varbinary(9) COMMENT ' DEFAULT ''x'' '\n"
	") ENGINE=InnoDB COMMENT='\\n PARTITION BY nothing'\n"
	"/*!50100 PARTITION BY RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */";

static void
assert_default(const char *column, bool wanted, const char *bytes, size_t length)
{
	ByteBuf out;
	SluiceError err;
	bool found;

	bytebuf_init(&out, &allocator_malloc, 1000);
	assert_true(show_create_default(statement, column, &out, &found, &err));
	assert_int_equal(found, wanted);
	assert_int_equal(out.length, length);
	assert_true(length == 0 || memcmp(out.data, bytes, length) == 0);
	bytebuf_free(&out);
}

static void
bytes_are_read_from_the_statement(void **state)
{
	(void) state;
	assert_default("b", true, "a'\\\0", 4);
	assert_default("c`d", true, "\0\xff", 2);
	assert_default("e", false, "", 0);
	assert_default("f", false, "", 0);
	assert_default("none", false, "", 0);
}

static void
bytes_become_digits(void **state)
{
	ColumnDefault found;
	ByteBuf bytes;
	SluiceError err;

	(void) state;
	bytebuf_init(&bytes, &allocator_malloc, 10);
	assert_true(column_default_read(&found, false, "varbinary(9)", "0x", "", &err));
	assert_true(column_default_bytes(&found, &bytes, &err));
	assert_text(&found.sql, "''");
	assert_text(&found.literal, "0x");
	assert_true(bytebuf_put(&bytes, "\0\xfe", 2, &err));
	assert_true(column_default_bytes(&found, &bytes, &err));
	assert_text(&found.sql, "0x00fe");
	column_default_free(&found);
	bytebuf_free(&bytes);
}

static void
partitions_are_found(void **state)
{
	static const char wanted[] =
		"RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB)";
	size_t length;
	const char *found = show_create_partitioning(statement, &length);

	(void) state;
	assert_int_equal(length, strlen(wanted));
	assert_memory_equal(found, wanted, length);
	found = show_create_partitioning(
		"CREATE TABLE `t` (\n `a` int\n) ENGINE=x\n PARTITION BY HASH (`a`)", &length);
	assert_memory_equal(found, "HASH (`a`)", length);
	assert_null(show_create_partitioning("CREATE TABLE `\n PARTITION BY ` (`a` int)", &length));
	assert_int_equal(length, 0);
}

/* Those of one foreign key, whatever names and other lines say. */
static void
rules_of_foreign_keys_are_found(void **state)
{
	static const char keys[] =
		"CREATE TABLE `t` (\n  `a ON UPDATE CASCADE` int COMMENT '\n  CONSTRAINT `one` FOREIGN KEY "
		"(`a`) ON DELETE SET NULL',\n"
		"  CONSTRAINT `one` FOREIGN KEY (`a ON UPDATE CASCADE`) REFERENCES `p` (`a`),\n"
		"  CONSTRAINT `t``wo` FOREIGN KEY (`b`) REFERENCES `p` (`a`) ON DELETE SET NULL ON UPDATE "
		"CASCADE,\n  CONSTRAINT `c` CHECK (`b` > 1)\n)";
	static const char set_null[] = "SET NULL";

	(void) state;
	assert_null(show_create_rule(keys, "one", "UPDATE"));
	assert_null(show_create_rule(keys, "one", "DELETE"));
	assert_null(show_create_rule(keys, "c", "DELETE"));
	assert_null(show_create_rule(keys, "none", "DELETE"));
	assert_memory_equal(show_create_rule(keys, "t`wo", "DELETE"), set_null, strlen(set_null));
	assert_memory_equal(show_create_rule(keys, "t`wo", "UPDATE"), "CASCADE,", 8);
}

static void
a_text_without_end_is_refused(void **state)
{
	ByteBuf out;
	SluiceError err;

	(void) state;
	bytebuf_init(&out, &allocator_malloc, 100);
	assert_null(sql_text_read("'abc", &out, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DATA);
	assert_null(sql_text_read("'abc\\", &out, &err));
	assert_string_equal(sql_text_skip("`a``b` rest"), "`b` rest");
	assert_string_equal(sql_text_skip("'a\\'b' rest"), " rest");
	assert_string_equal(sql_text_skip("'open"), "");
	bytebuf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_and_expressions_are_told_apart),
		cmocka_unit_test(on_update_is_found),
		cmocka_unit_test(bytes_are_read_from_the_statement),
		cmocka_unit_test(bytes_become_digits),
		cmocka_unit_test(partitions_are_found),
		cmocka_unit_test(rules_of_foreign_keys_are_found),
		cmocka_unit_test(a_text_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
