/*
 * schema_document_test.c - every field there and back, every kind of fault with its place, memory
 * that runs out.  The sample has every field and every null.
 */
#include "common/core/schema_document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>

#include "support/failing_allocator.h"

#define SAMPLE_FILE	   "tests/fuzz/corpus/schema/sample.json"
#define MYSQL_FILE	   "tests/fuzz/corpus/schema/mysql.json" /* as a MySQL source writes it */
#define SAMPLE_MAXIMUM (64 << 10)
#define JSON_MAXIMUM   (1 << 20)

static char sample[SAMPLE_MAXIMUM];
static size_t sample_length;

static int
load_file(const char *name)
{
	FILE *file = fopen(name, "rb");

	if (file == NULL)
		return -1;
	sample_length = fread(sample, 1, sizeof(sample) - 1, file);
	sample[sample_length] = '\0';
	return fclose(file);
}

static int
load_sample(void **state)
{
	(void) state;
	return load_file(SAMPLE_FILE);
}

static int
load_mysql(void **state)
{
	(void) state;
	return load_file(MYSQL_FILE);
}

static SchemaDocument *
read_sample(void)
{
	SluiceError err;
	SchemaDocument *document = schema_document_read(sample, sample_length, &allocator_malloc, &err);

	assert_non_null(document);
	return document;
}

/* The sample's only `from` becomes `to`; reads that. */
static SchemaDocument *
read_changed(const char *from, const char *to, SluiceError *err)
{
	static char changed[SAMPLE_MAXIMUM + 1024];
	const char *at = strstr(sample, from);
	int length;

	assert_non_null(at);
	length = snprintf(changed, sizeof(changed), "%.*s%s%s", (int) (at - sample), sample, to,
					  at + strlen(from));
	return schema_document_read(changed, (size_t) length, &allocator_malloc, err);
}

/* ---- what is read ---- */

static void
fields_are_where_they_belong(void **state)
{
	SchemaDocument *document = read_sample();
	const SchemaTable *table = &document->tables[0];
	const SchemaColumn *column = &table->columns[0];

	(void) state;
	assert_string_equal(document->stream, "shop");
	assert_int_equal(document->source.version, 150020);
	assert_int_equal(table->id, 16384);
	assert_int_equal(table->rows, 1000000);
	assert_int_equal(table->persistence, SCHEMA_PERMANENT);
	assert_string_equal(table->options[0], "fillfactor=70");
	assert_string_equal(table->inherits[0].name, "parent");
	assert_int_equal(column->typmod, -1);
	assert_int_equal(column->canon, CANON_INT64);
	assert_true(column->not_null);
	assert_int_equal(column->default_kind, SCHEMA_DEFAULT_SEQUENCE);
	assert_int_equal(table->columns[2].canon, CANON_ARRAY);
	assert_int_equal(table->columns[2].element, CANON_TEXT);
	assert_string_equal(table->columns[2].default_literal, "{}");
	assert_string_equal(table->indexes[0].constraint->definition, "PRIMARY KEY (id)");
	assert_int_equal(table->indexes[0].columns[0].order, SCHEMA_ASCENDING);
	assert_int_equal(table->foreign_keys[0].on_delete, SCHEMA_CASCADE);
	assert_string_equal(table->foreign_keys[0].columns[1], "c");
	assert_int_equal(document->types[0].label_count, 2);
	assert_string_equal(document->types[1].base, "integer");
	assert_string_equal(document->types[2].attributes[0].name, "a");
	assert_string_equal(document->sequences[0].owner->column, "id");
	assert_true(document->carried[0].before_tables);
	assert_int_equal(document->load->incarnation, UINT64_C(0x1f2e3d4c5b6a7988));
	assert_int_equal(document->load->position, UINT64_C(0x1A2B3C8));
	assert_int_equal(document->load->tables[0].position, UINT64_MAX);
	assert_int_equal(document->load->tables[1].mode, SCHEMA_LOAD_CATCH_UP);
	schema_document_free(document);
}

static void
null_and_nothing_are_null(void **state)
{
	SchemaDocument *document = read_sample();
	const SchemaTable *table = &document->tables[1];

	(void) state;
	assert_null(document->tables[0].comment);
	assert_null(document->tables[0].partition);
	assert_null(table->options);
	assert_int_equal(table->option_count, 0);
	assert_int_equal(table->rows, -1);
	assert_int_equal(document->tables[0].columns[0].identity, SCHEMA_NO_IDENTITY);
	assert_int_equal(table->indexes[0].columns[0].order, SCHEMA_ORDER_NONE);
	assert_null(table->indexes[0].constraint);
	assert_null(document->sequences[1].owner);
	assert_null(document->types[0].base); /* not an enum's */
	schema_document_free(document);

	document = read_changed("\"load\": {", "\"load\": null, \"was\": {", NULL);
	assert_non_null(document);
	assert_null(document->load);
	schema_document_free(document);
}

static void
tables_and_columns_are_found(void **state)
{
	SchemaDocument *document = read_sample();
	const SchemaTable *table = schema_document_table(document, UINT32_MAX);

	(void) state;
	assert_ptr_equal(table, &document->tables[1]);
	assert_ptr_equal(schema_document_table_named(document, "public", "p1"), table);
	assert_ptr_equal(schema_table_column(table, "v"), &table->columns[1]);
	assert_null(schema_document_table(document, 1));
	assert_null(schema_document_table_named(document, "other", "p1"));
	assert_null(schema_table_column(table, "w"));
	schema_document_free(document);
}

static void
unknown_fields_are_passed_over(void **state)
{
	SchemaDocument *document =
		read_changed("\"stream\": \"shop\"", "\"stream\": \"shop\", \"new\": [{\"x\": 1}]", NULL);

	(void) state;
	assert_non_null(document);
	schema_document_free(document);
}

/* ---- what is written ---- */

static void
all_of_it_is_written(void **state)
{
	SchemaDocument *document = read_sample();
	json_t *before = json_loadb(sample, sample_length, 0, NULL);
	json_t *after;
	SluiceError err;
	ByteBuf out;

	(void) state;
	bytebuf_init(&out, &allocator_malloc, JSON_MAXIMUM);
	assert_true(schema_document_write(document, &out, &err));
	after = json_loadb((const char *) out.data, out.length, 0, NULL);
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	bytebuf_free(&out);
	schema_document_free(document);
}

static void
optional_fields_are_read(void **state)
{
	SchemaDocument *document = read_sample();
	const SchemaTable *table = schema_document_table_named(document, "c2", "t");
	const SchemaTable *parted = schema_document_table_named(document, "c2", "p");
	const SchemaColumn *flag = schema_table_column(table, "flag");

	(void) state;
	assert_string_equal(document->source.product, "mysql");
	assert_string_equal(table->engine, "InnoDB");
	assert_string_equal(table->auto_increment, "78");
	assert_non_null(strstr(parted->partitioning, "HASH"));
	assert_true(flag->scan->only_boolean);
	assert_int_equal(flag->scan->longest, -1);
	assert_int_equal(schema_table_column(table, "tt")->scan->longest, 3);
	assert_null(schema_table_column(table, "word")->scan);
	assert_string_equal(schema_table_column(table, "word")->charset, "latin1");
	assert_string_equal(schema_table_column(table, "at")->on_update, "CURRENT_TIMESTAMP(3)");
	assert_true(schema_table_column(table, "id")->auto_increment);
	assert_true(schema_table_column(table, "hidden")->invisible);
	assert_int_equal(schema_table_column(table, "g")->srid, 4326);
	assert_int_equal(schema_table_column(table, "id")->srid, -1);
	assert_int_equal(table->indexes[1].columns[0].length, 10);
	assert_int_equal(table->indexes[1].columns[1].length, 0);
	assert_int_equal(document->load->tables[0].bound_count, 2);
	assert_string_equal(document->load->tables[0].bounds[1], "99");
	schema_document_free(document);
}

static void
what_has_no_value_is_not_written(void **state)
{
	SchemaDocument *document = read_sample();
	SluiceError err;
	ByteBuf out;

	(void) state;
	bytebuf_init(&out, &allocator_malloc, JSON_MAXIMUM);
	assert_true(bytebuf_put(&out, "kept", 4, &err));
	document->tables[1].bytes = -1;
	assert_false(schema_document_write(document, &out, &err));
	assert_non_null(strstr(err.message, "\"bytes\""));
	document->tables[1].kind = (SchemaTableKind) 99;
	assert_false(schema_document_write(document, &out, &err));
	assert_non_null(strstr(err.message, "\"kind\""));
	document->tables[1].name = NULL;
	assert_false(schema_document_write(document, &out, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	assert_string_equal(err.message, "schema document: \"name\" has no value that can be written");
	assert_int_equal(out.length, 4);
	bytebuf_free(&out);
	schema_document_free(document);
}

static void
a_full_buffer_stays_as_it_was(void **state)
{
	SchemaDocument *document = read_sample();
	SluiceError err;
	ByteBuf out;

	(void) state;
	for (size_t maximum = 0; maximum < 9000; maximum += 97)
	{
		bytebuf_init(&out, &allocator_malloc, maximum);
		if (!schema_document_write(document, &out, &err))
		{
			assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
			assert_int_equal(out.length, 0);
		}
		bytebuf_free(&out);
	}
	schema_document_free(document);
}

/* ---- faults ---- */

static void
a_fault_is_told_with_its_place(void **state)
{
	static const struct
	{
		const char *from;
		const char *to;
		const char *message;
	} faults[] = {
		{"\"canon\": \"int64\"", "\"kanon\": 1",
		 "schema document: tables[0].columns[0].canon is missing, not a text"},
		{"\"canon\": \"int64\"", "\"canon\": 64",
		 "schema document: tables[0].columns[0].canon is a number, not a text"},
		{"\"canon\": \"int64\"", "\"canon\": \"int128\"",
		 "schema document: tables[0].columns[0].canon is \"int128\", not a word known here"},
		{"\"id\": 16384", "\"id\": 4294967296",
		 "schema document: tables[0].id is a number, not an integer of 32 bits"},
		{"\"id\": 16384", "\"id\": -1",
		 "schema document: tables[0].id is a number, not an integer of 32 bits"},
		{"\"bytes\": 230000000", "\"bytes\": -1",
		 "schema document: tables[0].bytes is a number, not an integer from 0"},
		{"\"bytes\": 230000000", "\"bytes\": null",
		 "schema document: tables[0].bytes is null, not an integer from 0"},
		{"\"typmod\": -1", "\"typmod\": 1.5",
		 "schema document: tables[0].columns[0].typmod is a number, not an integer"},
		{"\"not_null\": false", "\"not_null\": \"no\"",
		 "schema document: types[1].not_null is a text, not true or false"},
		{"\"labels\": [\"sad\", \"ok\"]", "\"labels\": [\"sad\", null]",
		 "schema document: types[0].labels[1] is null, not a text"},
		{"\"labels\": [\"sad\", \"ok\"]", "\"labels\": {}",
		 "schema document: types[0].labels is an object, not an array"},
		{"\"kind\": \"enum\"", "\"kind\": \"range\"",
		 "schema document: types[0].subtype is missing, not a text"},
		{"\"position\": \"0/1A2B3C8\"", "\"position\": \"0/1A2B3C8 \"",
		 "schema document: load.position is \"0/1A2B3C8 \", not a position like \"0/16B3748\""},
		{"\"position\": \"0/1A2B3C8\"", "\"position\": \"123456789/0\"",
		 "schema document: load.position is \"123456789/0\", not a position like \"0/16B3748\""},
		{"\"position\": \"0/1A2B3C8\"", "\"position\": 7",
		 "schema document: load.position is a number, not a position like \"0/16B3748\""},
		{"\"incarnation\": \"1f2e3d4c5b6a7988\"", "\"incarnation\": \"1f2e3d4c5b6a79880\"",
		 "schema document: load.incarnation is \"1f2e3d4c5b6a79880\", not 1 to 16 hexadecimal "
		 "digits"},
		{"\"source\": {", "\"source\": true, \"was\": {",
		 "schema document: source is true, not an object"},
		{"\"format\": \"sluice-schema\"", "\"format\": \"other\"",
		 "no schema document: format is not \"sluice-schema\""},
		{"\"version\": 1", "\"version\": 0",
		 "schema document: version is a number, not an integer from 1"},
		{"\"stream\": \"shop\"", "\"stream\": \"shop\", \"stream\": \"shop\"",
		 "schema document is no JSON: duplicate object key near '\"stream\"' at byte 70"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
	{
		SluiceError err;

		assert_null(read_changed(faults[i].from, faults[i].to, &err));
		assert_string_equal(err.message, faults[i].message);
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
}

static void
a_newer_version_is_refused(void **state)
{
	SluiceError err;

	(void) state;
	assert_null(read_changed("\"version\": 1", "\"version\": 2", &err));
	assert_int_equal(err.code, SLUICE_ERROR_VERSION);
	assert_string_equal(err.message,
						"schema document is of version 2, known here are those up to 1");
	assert_true(err.hint[0] != '\0');
}

static void
a_part_of_it_is_refused(void **state)
{
	SluiceError err;

	(void) state;
	for (size_t length = 0; length + 2 < sample_length; length += 13)
	{
		assert_null(schema_document_read(sample, length, &allocator_malloc, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
	assert_null(schema_document_read("[]", 2, &allocator_malloc, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
}

static void
running_out_of_memory_leaves_nothing(void **state)
{
	FailingAllocator failing;
	SluiceError err;

	(void) state;
	for (unsigned n = 1;; n++)
	{
		SchemaDocument *document;
		bool done;

		failing_allocator_init(&failing, n);
		document = schema_document_read(sample, sample_length, &failing.allocator, &err);
		done = document != NULL;
		if (!done)
			assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
		schema_document_free(document);
		assert_int_equal(failing.live, 0);
		if (done)
			break;
		assert_true(n < 100);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_where_they_belong),
		cmocka_unit_test(null_and_nothing_are_null),
		cmocka_unit_test(tables_and_columns_are_found),
		cmocka_unit_test(unknown_fields_are_passed_over),
		cmocka_unit_test(all_of_it_is_written),
		cmocka_unit_test(what_has_no_value_is_not_written),
		cmocka_unit_test(a_full_buffer_stays_as_it_was),
		cmocka_unit_test(a_fault_is_told_with_its_place),
		cmocka_unit_test(a_newer_version_is_refused),
		cmocka_unit_test(a_part_of_it_is_refused),
		cmocka_unit_test(running_out_of_memory_leaves_nothing),
	};

	const struct CMUnitTest mysql_tests[] = {
		cmocka_unit_test(optional_fields_are_read),
		cmocka_unit_test(all_of_it_is_written),
	};
	int failed = cmocka_run_group_tests(tests, load_sample, NULL);

	return failed + cmocka_run_group_tests(mysql_tests, load_mysql, NULL);
}
