/*
 * compact_test.c - net effects: what many changes of a key come down to, and what cannot be told so.
 */
#include "writer/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#include "support/change_maker.h"

typedef struct Fixture
{
	TableMap tables;
	Table *keyed; /* c0 is the key */
	Table *other; /* the same */
	Table *full;  /* identity full, primary key c0 */
	Table *bare;  /* no key */
	Batch batch;
	Plan plan;
} Fixture;

static int
setup(void **state)
{
	static Fixture fixture;

	tables_init(&fixture.tables);
	fixture.keyed = make_table(&fixture.tables, 1, IDENTITY_DEFAULT, "k..");
	fixture.other = make_table(&fixture.tables, 2, IDENTITY_DEFAULT, "k..");
	fixture.full = make_table(&fixture.tables, 3, IDENTITY_FULL, "p..");
	fixture.bare = make_table(&fixture.tables, 4, IDENTITY_FULL, "...");
	batch_init(&fixture.batch, 1000, 1 << 20);
	plan_init(&fixture.plan);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	Fixture *fixture = *state;

	plan_free(&fixture->plan);
	batch_free(&fixture->batch);
	tables_free(&fixture->tables);
	free_rows();
	return 0;
}

/* The only key field of a row. */
static const char *
key_of(const Table *table, const BundleRow *row)
{
	static char text[32];
	RowField field = key_field(table, row, 0);

	(void) snprintf(text, sizeof(text), "%.*s", field.length, (const char *) field.data);
	return text;
}

/* The plan as text: "D1[key] U1[key>image] I1[image] O4[actions] T1"; the number is the table's. */
static const char *
compacted(Fixture *f)
{
	static const char letters[] = "DUIOT", actions[] = "iudt";
	static char text[4096];
	FILE *out = fmemopen(text, sizeof(text), "w");
	SluiceError err;

	text[0] = '\0';
	assert_true(plan_compact(&f->plan, &f->batch, &err));
	(void) fputs(f->plan.ordered ? "ordered" : "", out);
	for (uint32_t i = 0; i < f->plan.step_count; i++)
	{
		const Step *step = &f->plan.steps[i];
		const char *separator = "";

		(void) fprintf(out, "%s%c%u[", i == 0 && !f->plan.ordered ? "" : " ", letters[step->kind],
					   step->table != NULL ? step->table->relation->id : 0);
		for (uint32_t k = step->first; k < step->first + step->count; k++)
		{
			(void) fputs(separator, out);
			separator = " ";
			if (step->kind == STEP_ORDERED || step->kind == STEP_TRUNCATE)
				(void) fputc(actions[f->plan.changes[k]->action], out);
			else if (step->kind == STEP_INSERT)
				(void) fputs(row_text(&f->plan.rows[k].image), out);
			else if (step->kind == STEP_DELETE)
				(void) fputs(key_of(step->table, &f->plan.rows[k].key), out);
			else
				(void) fprintf(out, "%s>%s", key_of(step->table, &f->plan.rows[k].key),
							   row_text(&f->plan.rows[k].image));
		}
		(void) fputc(']', out);
	}
	(void) fclose(out);
	return text;
}

static void
inserts_alone_stay_as_they_come(void **state)
{
	Fixture *f = *state;

	add_insert(&f->batch, f->keyed, ROW("1", "a", "x"));
	add_insert(&f->batch, f->other, ROW("1", "b", "x"));
	add_insert(&f->batch, f->keyed, ROW("2", "c", "x"));
	assert_string_equal(compacted(f), "I1[1,a,x 2,c,x] I2[1,b,x]");
}

static void
last_image_wins(void **state)
{
	Fixture *f = *state;

	add_insert(&f->batch, f->keyed, ROW("1", "a", "x"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("1", "b", "x"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("2", "c", "x"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("2", "d", "x"));
	assert_string_equal(compacted(f), "U1[2>2,d,x] I1[1,b,x]");
}

static void
insert_and_delete_is_nothing(void **state)
{
	Fixture *f = *state;

	add_insert(&f->batch, f->keyed, ROW("1", "a", "x"));
	add_delete(&f->batch, f->keyed, ROW("1"));
	assert_string_equal(compacted(f), "");
	add_insert(&f->batch, f->keyed, ROW("1", "b", "x"));
	assert_string_equal(compacted(f), "I1[1,b,x]");
}

static void
update_and_delete_is_delete(void **state)
{
	Fixture *f = *state;

	add_update(&f->batch, f->keyed, NO_ROW, ROW("1", "a", "x"));
	add_delete(&f->batch, f->keyed, ROW("1"));
	assert_string_equal(compacted(f), "D1[1]");
}

static void
delete_and_insert_is_both(void **state)
{
	Fixture *f = *state;

	add_delete(&f->batch, f->keyed, ROW("1"));
	add_insert(&f->batch, f->keyed, ROW("1", "a", "x"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("1", "b", AN_UNCHANGED));
	assert_string_equal(compacted(f), "D1[1] I1[1,b,x]");
	add_delete(&f->batch, f->keyed, ROW("1"));
	assert_string_equal(compacted(f), "D1[1]");
}

static void
unchanged_fields_keep_older_images(void **state)
{
	Fixture *f = *state;

	add_update(&f->batch, f->keyed, NO_ROW, ROW("1", "a", AN_UNCHANGED));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("1", AN_UNCHANGED, "z"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("2", AN_UNCHANGED, "y"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("3", "c", A_NULL));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("4", AN_UNCHANGED, "w"));
	assert_string_equal(compacted(f), "U1[1>1,a,z 3>3,c,NULL] "
									  "U1[2>2,*,y 4>4,*,w]");
}

static void
moved_key_is_delete_and_insert(void **state)
{
	Fixture *f = *state;

	add_update(&f->batch, f->keyed, ROW("1"), ROW("2", "a", "x"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("2", "b", "x"));
	add_update(&f->batch, f->keyed, ROW("3"), ROW("1", "c", "x"));
	assert_string_equal(compacted(f), "D1[1 3] I1[1,c,x 2,b,x]");
}

static void
old_key_that_did_not_move_is_an_update(void **state)
{
	Fixture *f = *state;

	add_update(&f->batch, f->keyed, ROW("1"), ROW(AN_UNCHANGED, "a", "x"));
	assert_string_equal(compacted(f), "U1[1>*,a,x]");
}

static void
moved_key_without_its_row_keeps_the_order(void **state)
{
	Fixture *f = *state;

	add_insert(&f->batch, f->other, ROW("9", "a", "x"));
	add_update(&f->batch, f->keyed, ROW("1"), ROW("2", "a", AN_UNCHANGED));
	add_delete(&f->batch, f->keyed, ROW("3"));
	add_insert(&f->batch, f->other, ROW("8", "a", "x"));
	assert_string_equal(compacted(f), "ordered I2[9,a,x] O0[u d] I2[8,a,x]");
}

static void
contradicting_images_keep_the_order(void **state)
{
	Fixture *f = *state;

	add_update(&f->batch, f->keyed, NO_ROW, ROW("1", "a", "x"));
	add_insert(&f->batch, f->keyed, ROW("1", "b", "x"));
	assert_string_equal(compacted(f), "ordered O0[u] I1[1,b,x]");
}

static void
full_identity_uses_the_primary_key(void **state)
{
	Fixture *f = *state;

	add_update(&f->batch, f->full, ROW("1", "a", "x"), ROW("1", "b", AN_UNCHANGED));
	add_update(&f->batch, f->full, ROW("2", "a", "y"), ROW("3", "b", AN_UNCHANGED));
	add_delete(&f->batch, f->full, ROW("4", "a", "y"));
	assert_string_equal(compacted(f), "D3[2 4] U3[1>1,b,x] I3[3,b,y]");
}

static void
table_without_key_keeps_its_order(void **state)
{
	Fixture *f = *state;

	add_insert(&f->batch, f->bare, ROW("1", "a", "x"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("1", "a", "x"));
	add_delete(&f->batch, f->bare, ROW("1", "a", "x"));
	add_insert(&f->batch, f->bare, ROW("2", "a", "x"));
	assert_string_equal(compacted(f), "O4[i d i] U1[1>1,a,x]");
}

static void
truncate_parts_the_batch(void **state)
{
	Fixture *f = *state;

	add_insert(&f->batch, f->keyed, ROW("1", "a", "x"));
	add_truncate(&f->batch, f->keyed);
	add_insert(&f->batch, f->keyed, ROW("1", "b", "x"));
	assert_string_equal(compacted(f), "I1[1,a,x] T1[t] I1[1,b,x]");
}

/* What is there may be older or newer: whole rows take its place, wherever they stood. */
static void
lenient_table_replaces_whole_rows(void **state)
{
	Fixture *f = *state;

	f->keyed->lenient = true;
	add_insert(&f->batch, f->keyed, ROW("1", "a", "x"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("2", "b", "x"));
	add_update(&f->batch, f->keyed, NO_ROW, ROW("3", "c", AN_UNCHANGED));
	add_delete(&f->batch, f->keyed, ROW("4"));
	add_insert(&f->batch, f->keyed, ROW("5", "e", "x"));
	add_delete(&f->batch, f->keyed, ROW("5"));
	assert_string_equal(compacted(f), "D1[1 2 4 5] U1[3>3,c,*] I1[1,a,x 2,b,x]");
}

static void
lenient_table_moves_keys_by_both(void **state)
{
	Fixture *f = *state;

	f->keyed->lenient = true;
	add_update(&f->batch, f->keyed, ROW("1"), ROW("2", "b", "x"));
	assert_string_equal(compacted(f), "D1[1 2] I1[2,b,x]");
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(inserts_alone_stay_as_they_come),
		CASE(last_image_wins),
		CASE(insert_and_delete_is_nothing),
		CASE(update_and_delete_is_delete),
		CASE(delete_and_insert_is_both),
		CASE(unchanged_fields_keep_older_images),
		CASE(moved_key_is_delete_and_insert),
		CASE(old_key_that_did_not_move_is_an_update),
		CASE(moved_key_without_its_row_keeps_the_order),
		CASE(contradicting_images_keep_the_order),
		CASE(full_identity_uses_the_primary_key),
		CASE(table_without_key_keeps_its_order),
		CASE(truncate_parts_the_batch),
		CASE(lenient_table_replaces_whole_rows),
		CASE(lenient_table_moves_keys_by_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
