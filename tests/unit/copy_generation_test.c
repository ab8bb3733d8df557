/*
 * copy_generation_test.c - what a generation of a copy leaves to the next, and how it is noted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/schema_shape.h"
#include "mysql_reader/copy_generation.h"
#include "mysql_reader/copy_state.h"

static SchemaColumn columns[] = {
	{.name = "id", .type = "int", .canon = CANON_INT32, .not_null = true},
	{.name = "v", .type = "int", .canon = CANON_INT32},
};
static SchemaIndexColumn key_column = {.name = "id"};
static SchemaIndex key = {
	.name = "PRIMARY", .primary = true, .unique = true, .columns = &key_column, .column_count = 1};

/* Tables keyed, other (smaller, keyed), keyless. */
static SchemaDocument *
document_new(void)
{
	SchemaDocument *document = schema_document_new(&allocator_malloc, NULL);
	SchemaTable *tables = schema_document_room(document, 3 * sizeof(*tables), NULL);
	static const char *const names[] = {"keyed", "other", "keyless"};

	for (uint32_t i = 0; i < 3; i++)
		tables[i] = (SchemaTable){.id = i + 1,
								  .schema = "s",
								  .name = names[i],
								  .rows = 10,
								  .bytes = 100 - i,
								  .columns = columns,
								  .column_count = 2,
								  .indexes = &key,
								  .index_count = i < 2};
	document->tables = tables;
	document->table_count = 3;
	return document;
}

/* As a plan does it: two chunks of keyed tables, one of the others. */
static void
cut(SchemaDocument *document)
{
	static const char *bounds[] = {";5", "5;", ";"};

	for (size_t i = 0; i < document->load->table_count; i++)
	{
		SchemaLoadTable *load = &document->load->tables[i];

		if (load->chunks >= 0)
			continue;
		load->bounds = strcmp(load->name, "keyless") == 0 ? bounds + 2 : bounds;
		load->bound_count = strcmp(load->name, "keyless") == 0 ? 1 : 2;
		load->chunks = (int64_t) load->bound_count;
	}
	assert_true(copy_generation_number(document, NULL));
}

static SchemaDocument *
make(const CopyBefore *before, uint32_t generation)
{
	SchemaDocument *document = document_new();

	assert_true(copy_generation_make(document, before, generation, 100 * generation, 7, NULL));
	cut(document);
	return document;
}

static const SchemaLoadTable *
load_of(const SchemaDocument *document, const char *name)
{
	for (size_t i = 0; i < document->load->table_count; i++)
	{
		if (strcmp(document->load->tables[i].name, name) == 0)
			return &document->load->tables[i];
	}
	return NULL;
}

static void
the_first_one_is_exact(void **state)
{
	const CopyBefore nothing = {0};
	SchemaDocument *document = make(&nothing, 1);

	(void) state;
	assert_int_equal(document->load->chunks, 5);
	for (size_t i = 0; i < 3; i++)
	{
		assert_int_equal(document->load->tables[i].mode, SCHEMA_LOAD_EXACT);
		assert_int_equal(document->load->tables[i].position, 100);
	}
	assert_string_equal(document->load->tables[0].name, "keyed");
	assert_string_equal(copy_generation_table(document, 4)->name, "keyless");
	assert_null(copy_generation_table(document, 5));
	schema_document_free(document);
}

static void
without_one_moment_tables_catch_up(void **state)
{
	const CopyBefore nothing = {.lenient = true};
	SchemaDocument *document = document_new();

	(void) state;
	document->table_count = 2;
	assert_true(copy_generation_make(document, &nothing, 1, 100, 7, NULL));
	assert_int_equal(load_of(document, "keyed")->mode, SCHEMA_LOAD_CATCH_UP);
	assert_int_equal(load_of(document, "keyed")->restarted, 0);
	schema_document_free(document);
}

static void
without_one_moment_keyless_tables_are_refused(void **state)
{
	const CopyBefore nothing = {.lenient = true};
	SchemaDocument *document = document_new();
	SluiceError err;

	(void) state;
	assert_false(copy_generation_make(document, &nothing, 1, 100, 7, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	assert_non_null(strstr(err.message, "s.keyless"));
	schema_document_free(document);
}

static void
the_rest_is_read(void **state)
{
	const CopyBefore nothing = {0};
	const bool done[] = {true, false, true, true, false};
	SchemaDocument *first = make(&nothing, 1);
	const CopyBefore before = {.document = first, .done = done, .chunks = 5};
	SchemaDocument *second = make(&before, 2);
	const SchemaLoadTable *load = load_of(second, "keyed");

	(void) state;
	assert_int_equal(load->mode, SCHEMA_LOAD_CATCH_UP);
	assert_int_equal(load->position, 200);
	assert_int_equal(load->chunks, 1);
	assert_string_equal(load->bounds[0], "5;");
	assert_int_equal(load->kept_count, 1);
	assert_int_equal(load->kept[0].generation, 1);
	assert_string_equal(load->kept[0].chunks, "0");
	load = load_of(second, "other");
	assert_int_equal(load->mode, SCHEMA_LOAD_EXACT);
	assert_int_equal(load->position, 100);
	assert_int_equal(load->chunks, 0);
	assert_string_equal(load->kept[0].chunks, "2-3");
	load = load_of(second, "keyless");
	assert_int_equal(load->mode, SCHEMA_LOAD_RESTART);
	assert_int_equal(load->restarted, 2);
	assert_int_equal(load->kept_count, 0);
	assert_int_equal(second->load->chunks, 2);
	schema_document_free(second);
	schema_document_free(first);
}

static void
what_is_kept_stays_kept(void **state)
{
	const CopyBefore nothing = {0};
	const bool first_done[] = {true, false, true, true, false}, second_done[] = {true, true};
	SchemaDocument *first = make(&nothing, 1);
	const CopyBefore before = {.document = first, .done = first_done, .chunks = 5};
	SchemaDocument *second = make(&before, 2);
	const CopyBefore between = {.document = second, .done = second_done, .chunks = 2};
	SchemaDocument *third = make(&between, 3);
	const SchemaLoadTable *load = load_of(third, "keyed");

	(void) state;
	assert_int_equal(third->load->chunks, 0);
	assert_int_equal(load->mode, SCHEMA_LOAD_CATCH_UP);
	assert_int_equal(load->position, 200);
	assert_int_equal(load->kept_count, 2);
	assert_int_equal(load->kept[1].generation, 2);
	assert_string_equal(load->kept[1].chunks, "0");
	load = load_of(third, "keyless");
	assert_int_equal(load->mode, SCHEMA_LOAD_RESTART);
	assert_int_equal(load->restarted, 2);
	assert_int_equal(load->position, 200);
	schema_document_free(third);
	schema_document_free(second);
	schema_document_free(first);
}

static void
check_restarts(CopyBefore *before)
{
	const CopyBefore nothing = {0};
	const bool done[] = {true, false, true, true, true};
	SchemaDocument *first = make(&nothing, 1), *second;

	before->document = first;
	before->done = done;
	before->chunks = 5;
	second = make(before, 2);
	assert_int_equal(load_of(second, "keyed")->mode, SCHEMA_LOAD_RESTART);
	assert_int_equal(load_of(second, "keyed")->chunks, 2);
	assert_int_equal(load_of(second, "keyed")->kept_count, 0);
	schema_document_free(second);
	schema_document_free(first);
}

static void
what_changes_cannot_mend_starts_over(void **state)
{
	const bool complete[] = {true, false, true, true, true};
	CopyBefore alone = {.no_changes = true}, partial = {.partial_rows = true},
			   lost = {.complete = complete};

	(void) state;
	check_restarts(&alone);
	check_restarts(&partial);
	check_restarts(&lost);
}

static void
another_structure_starts_over(void **state)
{
	const CopyBefore nothing = {0};
	const bool done[] = {true, true, true, true, true};
	SchemaDocument *first = make(&nothing, 1), *second;
	const CopyBefore before = {.document = first, .done = done, .chunks = 5};

	(void) state;
	((SchemaTable *) schema_document_table_named(first, "s", "keyed"))->column_count = 1;
	second = make(&before, 2);
	assert_int_equal(load_of(second, "keyed")->mode, SCHEMA_LOAD_RESTART);
	assert_int_equal(load_of(second, "other")->mode, SCHEMA_LOAD_EXACT);
	schema_document_free(second);
	schema_document_free(first);
}

/* ---- the note of what is done ---- */

static void
states_as_text(void **state)
{
	CopyState written = {0}, read = {0};
	char text[KV_VALUE_MAXIMUM];

	(void) state;
	assert_true(copy_state_begin(&written, 0xabc, 3, 8, NULL));
	written.done[0] = written.done[1] = written.done[2] = written.done[5] = true;
	written.stage = COPY_COPIED;
	copy_state_format(&written, text);
	assert_string_equal(text, "incarnation=abc generation=3 stage=copied chunks=8 done=0-2,5");
	assert_true(copy_state_parse(text, &read, NULL));
	assert_int_equal(read.generation, 3);
	assert_int_equal(read.stage, COPY_COPIED);
	assert_memory_equal(read.done, written.done, 8);
	copy_state_free(&read);
	copy_state_free(&written);
}

static void
what_finds_no_room_is_left_out(void **state)
{
	CopyState written = {0}, read = {0};
	char text[KV_VALUE_MAXIMUM];

	(void) state;
	assert_true(copy_state_begin(&written, UINT64_MAX, 1, 10000, NULL));
	for (uint32_t i = 0; i < 10000; i += 2)
		written.done[i] = true;
	copy_state_format(&written, text);
	assert_true(copy_state_parse(text, &read, NULL));
	assert_true(read.done[0] && !read.done[1] && read.done[2] && !read.done[9998]);
	copy_state_free(&read);
	copy_state_free(&written);
}

static void
wrong_states_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"incarnation=1 generation=1 stage=copied chunks=1",
		"incarnation=1 generation=1 stage=copying chunks=1 done=",
		"incarnation=1 generation=1 stage=copied chunks=1 done=1",
		"incarnation=1 generation=1 stage=copied chunks=4 done=3-2",
		"incarnation=1 generation=1 stage=copied chunks=4 done=x",
		"incarnation=1 generation=1 stage=copied chunks=4294967295 done=",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		CopyState read = {0};
		SluiceError err;

		assert_false(copy_state_parse(texts[i], &read, &err));
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
		copy_state_free(&read);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_one_is_exact),
		cmocka_unit_test(without_one_moment_tables_catch_up),
		cmocka_unit_test(without_one_moment_keyless_tables_are_refused),
		cmocka_unit_test(the_rest_is_read),
		cmocka_unit_test(what_is_kept_stays_kept),
		cmocka_unit_test(what_changes_cannot_mend_starts_over),
		cmocka_unit_test(another_structure_starts_over),
		cmocka_unit_test(states_as_text),
		cmocka_unit_test(what_finds_no_room_is_left_out),
		cmocka_unit_test(wrong_states_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
