/*
 * batch_test.c - gathering changes: copies, fullness, pinned rows, and splitting behind a commit.
 */
#include "writer/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

#include "support/change_maker.h"

typedef struct Fixture
{
	TableMap tables;
	Table *table;
	Batch batch, rest;
} Fixture;

static const BatchEnd end = {{1, 100, CHANGE_INDEX_COMMIT}, 7, 5};

static int
setup(void **state)
{
	static Fixture fixture;

	tables_init(&fixture.tables);
	fixture.table = make_table(&fixture.tables, 1, IDENTITY_DEFAULT, "k.");
	batch_init(&fixture.batch, 4, 4 << 20);
	batch_init(&fixture.rest, 4, 4 << 20);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	Fixture *fixture = *state;

	batch_free(&fixture->batch);
	batch_free(&fixture->rest);
	tables_free(&fixture->tables);
	free_rows();
	return 0;
}

static void
rows_are_copied_side_by_side(void **state)
{
	Fixture *f = *state;
	BundleRow row = ROW("1", "a");
	const Change *changes;

	add_insert(&f->batch, f->table, row);
	add_insert(&f->batch, f->table, row);
	memset((uint8_t *) row.data + 2, 0, row.length - 2);
	changes = f->batch.changes;
	assert_string_equal(row_text(&changes[0].new_row), "1,a");
	assert_ptr_equal(changes[1].new_row.data, changes[0].new_row.data + row.length);
	assert_int_equal(f->batch.bytes, 2 * row.length);
}

static void
is_full_by_rows(void **state)
{
	Fixture *f = *state;

	for (int i = 0; i < 3; i++)
		add_insert(&f->batch, f->table, ROW("1", "a"));
	assert_false(batch_full(&f->batch));
	add_insert(&f->batch, f->table, ROW("1", "a"));
	assert_true(batch_full(&f->batch));
	batch_reset(&f->batch);
	assert_false(batch_full(&f->batch));
}

static void
long_rows_are_pinned(void **state)
{
	Fixture *f = *state;
	char *value = calloc(1, BATCH_PIN_BYTES + 1);
	BundleRow row;

	assert_non_null(value);
	memset(value, 'x', BATCH_PIN_BYTES);
	row = ROW("1", value);
	add_insert(&f->batch, f->table, row);
	assert_true(f->batch.pinned);
	assert_true(batch_full(&f->batch));
	assert_ptr_equal(f->batch.changes[0].new_row.data, row.data);
	free(value);
}

static void
split_takes_what_is_not_committed(void **state)
{
	Fixture *f = *state;
	SluiceError err;

	add_insert(&f->batch, f->table, ROW("1", "a"));
	batch_commit(&f->batch, &end);
	add_update(&f->batch, f->table, ROW("2"), ROW("3", "b"));
	add_truncate(&f->batch, f->table);
	assert_true(batch_split(&f->batch, &f->rest, &err));
	assert_int_equal(f->batch.count, 1);
	assert_int_equal(f->batch.transactions, 1);
	assert_int_equal(f->batch.end.next_sequence, 7);
	batch_reset(&f->batch);
	assert_int_equal(f->rest.count, 2);
	assert_int_equal(f->rest.transactions, 0);
	assert_string_equal(row_text(&f->rest.changes[0].old_row), "2");
	assert_string_equal(row_text(&f->rest.changes[0].new_row), "3,b");
	assert_int_equal(f->rest.changes[1].table_count, 1);
	assert_ptr_equal(f->rest.changes[1].tables[0], f->table);
}

static void
drop_takes_the_first_out(void **state)
{
	Fixture *f = *state;

	add_insert(&f->batch, f->table, ROW("1", "a"));
	add_insert(&f->batch, f->table, ROW("2", "b"));
	batch_commit(&f->batch, &end);
	add_insert(&f->batch, f->table, ROW("3", "c"));
	batch_drop(&f->batch, 0);
	assert_int_equal(f->batch.count, 3);
	batch_drop(&f->batch, 1);
	assert_int_equal(f->batch.count, 2);
	assert_int_equal(f->batch.committed, 1);
	assert_string_equal(row_text(&f->batch.changes[0].new_row), "2,b");
	batch_drop(&f->batch, 2);
	assert_int_equal(f->batch.count, 0);
	assert_int_equal(f->batch.committed, 0);
	assert_int_equal(f->batch.transactions, 1);
}

static void
blocks_are_used_again(void **state)
{
	Fixture *f = *state;
	const uint8_t *first;

	add_insert(&f->batch, f->table, ROW("1", "a"));
	first = f->batch.changes[0].new_row.data;
	batch_reset(&f->batch);
	add_insert(&f->batch, f->table, ROW("2", "b"));
	assert_ptr_equal(f->batch.changes[0].new_row.data, first);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(rows_are_copied_side_by_side), CASE(is_full_by_rows),
		CASE(long_rows_are_pinned),			CASE(split_takes_what_is_not_committed),
		CASE(drop_takes_the_first_out),		CASE(blocks_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
