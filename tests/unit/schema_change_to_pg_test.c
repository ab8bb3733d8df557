/*
 * schema_change_to_pg_test.c - a change of a MySQL source's structure: what rows that were there have.
 */
#include "common/core/schema_change_to_pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/support/mysql_document.h"

static const PgFacts without = {.version = 150004};
static const SchemaToPg plain = {.target = &without};

static char before_json[DOCUMENT_SIZE];

/* A change of the table t, whose documents are written by `columns` before (false) and after (true). */
static SchemaChange *
change_of(void (*columns)(bool after), const char *fills)
{
	static char whole[3 * DOCUMENT_SIZE];
	SluiceError err = {0};
	SchemaChange *change;

	for (int after = 0; after < 2; after++)
	{
		begin_document("mysql");
		put("{\"id\":7,\"schema\":\"shop\",\"name\":\"t\",\"kind\":\"table\",\"persistence\":"
			"\"permanent\",\"comment\":null,\"options\":[],\"replica_identity\":\"default\","
			"\"rows\":"
			"1,\"bytes\":1,\"inherits\":[],\"partition\":null,\"partition_of\":null,\"columns\":[");
		begin_columns();
		columns(after == 1);
		end_table("", "", "");
		put("],\"carried\":[],\"not_carried\":[],\"load\":null}");
		if (after == 0)
			memcpy(before_json, document_json, document_length + 1);
	}
	(void) snprintf(
		whole, sizeof(whole),
		"{\"format\":\"sluice-ddl\",\"version\":1,\"stream\":\"s\",\"command\":\"ALTER "
		"TABLE\",\"before\":%s,\"after\":%s,\"renamed\":[],\"fills\":[%s],\"settings\":{"
		"\"TimeZone\":\"UTC\",\"DateStyle\":\"ISO\",\"IntervalStyle\":\"postgres\"}}",
		before_json, document_json, fills);
	change = schema_change_read(whole, strlen(whole), &allocator_malloc, &err);
	if (change == NULL)
		fail_msg("%s", err.message);
	assert_true(schema_change_to_pg(change, &plain, &err));
	return change;
}

static void
changed_columns(bool after)
{
	column("n", after ? "bigint" : "tinyint", after ? "bigint" : "tinyint",
		   after ? "int64" : "int16", "");
	column("s", after ? "varchar(9)" : "set('a','b')", after ? "varchar(9)" : "set",
		   after ? "text" : "set", "");
	column("same", "int", "int", "int32", "");
	if (after)
	{
		column("tags", "set('a','b')", "set", "set", "");
		column("g", "int", "int", "int32", GENERATED("(`n` DIV 2)"));
		column("h", "int", "int", "int32", GENERATED("(`same` + 1)"));
	}
}

static void
rows_that_were_there_are_told_anew(void **state)
{
	SchemaChange *change = change_of(
		changed_columns, "{\"table\":7,\"position\":4,\"kind\":\"constant\",\"text\":\"a,b\"}");

	(void) state;
	assert_string_equal(schema_change_fill(change, 7, 1)->text, "\"n\"::integer::bigint");
	assert_int_equal(schema_change_fill(change, 7, 1)->kind, SCHEMA_FILL_EXPRESSION);
	assert_string_equal(schema_change_fill(change, 7, 2)->text,
						"array_to_string(\"s\", ',')::character varying(9)");
	assert_null(schema_change_fill(change, 7, 3));
	assert_string_equal(schema_change_fill(change, 7, 4)->text, "{\"a\",\"b\"}");
	assert_int_equal(schema_change_fill(change, 7, 5)->kind, SCHEMA_FILL_UNKNOWN);
	/* PostgreSQL computes it itself */
	assert_null(schema_change_fill(change, 7, 6));
	schema_change_free(change);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_that_were_there_are_told_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
