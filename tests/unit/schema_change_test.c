/*
 * schema_change_test.c - a change of structure as the source writes it, faults of it, memory that
 * runs out.
 */
#include "common/core/schema_change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/failing_allocator.h"

#define SAMPLE_FILE	   "tests/fuzz/corpus/schema_change/sample.json"
#define SAMPLE_MAXIMUM (64 << 10)

static char sample[SAMPLE_MAXIMUM];
static size_t sample_length;

static int
load_sample(void **state)
{
	FILE *file = fopen(SAMPLE_FILE, "rb");

	(void) state;
	if (file == NULL)
		return -1;
	sample_length = fread(sample, 1, sizeof(sample) - 1, file);
	sample[sample_length] = '\0';
	return fclose(file);
}

/* The sample's first `from` becomes `to`; reads that. */
static SchemaChange *
read_changed(const char *from, const char *to, SluiceError *err)
{
	static char changed[SAMPLE_MAXIMUM + 1024];
	const char *at = strstr(sample, from);
	int length;

	assert_non_null(at);
	length = snprintf(changed, sizeof(changed), "%.*s%s%s", (int) (at - sample), sample, to,
					  at + strlen(from));
	return schema_change_read(changed, (size_t) length, &allocator_malloc, err);
}

static void
both_sides_are_read(void **state)
{
	SluiceError err;
	SchemaChange *change = schema_change_read(sample, sample_length, &allocator_malloc, &err);
	const SchemaTable *old, *new;

	(void) state;
	assert_non_null(change);
	assert_string_equal(change->stream, "shop");
	assert_string_equal(change->command, "ALTER TABLE");
	old = schema_document_table_named(&change->before, "public", "a");
	assert_non_null(old);
	new = schema_document_table(&change->after, old->id);
	assert_non_null(new);
	assert_int_equal(old->column_count, 3);
	assert_int_equal(new->column_count, 5);
	assert_string_equal(schema_table_column(old, "t")->type, "text");
	assert_string_equal(schema_table_column(new, "t")->type, "integer");
	assert_string_equal(change->before.types[0].name, "mood");
	assert_string_equal(change->after.types[0].name, "feeling");
	assert_string_equal(change->settings.interval_style, "postgres");
	schema_change_free(change);
}

static void
renames_and_fills_are_read(void **state)
{
	SluiceError err;
	SchemaChange *change = schema_change_read(sample, sample_length, &allocator_malloc, &err);
	const SchemaTable *table;
	const SchemaFill *fill;

	(void) state;
	assert_non_null(change);
	assert_int_equal(change->renamed_count, 1);
	assert_int_equal(change->renamed[0].kind, SCHEMA_RENAMED_TYPE);
	assert_string_equal(change->renamed[0].from.name, "mood");
	assert_string_equal(change->renamed[0].to.name, "feeling");
	table = &change->after.tables[0];
	fill = schema_change_fill(change, table->id, 2);
	assert_non_null(fill);
	assert_int_equal(fill->kind, SCHEMA_FILL_EXPRESSION);
	assert_string_equal(fill->text, "(t)::integer");
	fill = schema_change_fill(change, table->id, 4);
	assert_non_null(fill);
	assert_int_equal(fill->kind, SCHEMA_FILL_CONSTANT);
	fill = schema_change_fill(change, table->id, 5);
	assert_non_null(fill);
	assert_int_equal(fill->kind, SCHEMA_FILL_UNKNOWN);
	assert_null(schema_change_fill(change, table->id, 1));
	assert_null(schema_change_fill(change, table->id + 1, 5));
	schema_change_free(change);
}

static void
faults_name_their_place(void **state)
{
	static const struct
	{
		const char *from, *to, *message;
		SluiceErrorCode code;
	} faults[] = {
		{"\"format\": \"sluice-ddl\"", "\"format\": \"other\"",
		 "no change of structure: format is not \"sluice-ddl\"", SLUICE_ERROR_CORRUPT},
		{"\"version\": 1", "\"version\": 2",
		 "change of structure is of version 2, known here are those up to 1", SLUICE_ERROR_VERSION},
		{"\"command\": \"ALTER TABLE\"", "\"command\": 1",
		 "change of structure: command is a number, not a text", SLUICE_ERROR_CORRUPT},
		{"\"kind\": \"unknown\"", "\"kind\": \"odd\"",
		 "change of structure: fills[2].kind is \"odd\", not a word known here",
		 SLUICE_ERROR_CORRUPT},
		{"\"position\": 1,", "\"position\": -1,",
		 "change of structure: before.tables[0].columns[0].position is a number, not an integer "
		 "from 0",
		 SLUICE_ERROR_CORRUPT},
		{"\"renamed\": [", "\"others\": [", "change of structure: renamed is missing, not an array",
		 SLUICE_ERROR_CORRUPT},
	};
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
	{
		SchemaChange *change = read_changed(faults[i].from, faults[i].to, &err);

		if (change != NULL || strcmp(err.message, faults[i].message) != 0)
			print_error("fault %zu: %s\n", i, change != NULL ? "was read" : err.message);
		assert_null(change);
		assert_string_equal(err.message, faults[i].message);
		assert_int_equal(err.code, faults[i].code);
	}
}

static void
memory_may_run_out_anywhere(void **state)
{
	FailingAllocator failing;
	SchemaChange *change = NULL;

	(void) state;
	for (unsigned n = 1; change == NULL; n++)
	{
		SluiceError err;

		failing_allocator_init(&failing, n);
		change = schema_change_read(sample, sample_length, &failing.allocator, &err);
		if (change == NULL)
			assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
		else
			schema_change_free(change);
		assert_int_equal(failing.live, 0);
	}
	schema_change_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_are_read),
		cmocka_unit_test(renames_and_fills_are_read),
		cmocka_unit_test(faults_name_their_place),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, load_sample, NULL);
}
