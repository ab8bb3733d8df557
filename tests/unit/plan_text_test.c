/*
 * plan_text_test.c - reading what a writer's plan says, whatever names are in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/database/plan_text.h"

static void
only_the_head_is_read(void **state)
{
	static const char text[] =
		"-- stream shop, revision 1\n"
		"-- problem: table shop.t has rows\n"
		"-- warning: w\n"
		"-- not carried: view shop.v: why\n"
		"-- what to do: empty it\n"
		"-- type: shop.t.a: int -> integer\n"
		"-- before the rows\n"
		"CREATE TABLE \"x\n-- problem: none\n-- type: a.b.c: int -> text\n\" (a int);\n";
	SluiceError err = {0};
	PlanText plan;

	(void) state;
	assert_true(plan_text_read(text, &plan, &err));
	assert_int_equal(plan.count, 5);
	assert_int_equal(plan.counts[PLAN_PROBLEM], 1);
	assert_int_equal(plan.counts[PLAN_TYPE], 1);
	assert_string_equal(plan_text_first(&plan, PLAN_PROBLEM), "table shop.t has rows");
	assert_string_equal(plan_text_first(&plan, PLAN_TO_DO), "empty it");
	assert_string_equal(plan_text_first(&plan, PLAN_NOT_CARRIED), "view shop.v: why");
	plan_text_free(&plan);
	assert_true(plan_text_read("", &plan, &err));
	assert_int_equal(plan.count, 0);
	assert_null(plan_text_first(&plan, PLAN_TO_DO));
	plan_text_free(&plan);
}

static void
types_are_found_behind_any_name(void **state)
{
	static const struct
	{
		const char *line, *source, *type; /* type NULL: none */
	} cases[] = {
		{"shop.t.a: integer -> int", "integer", "int"},
		{"shop.t.a: numeric -> decimal(65,30) (without NaN, infinity: error)", "numeric",
		 "decimal(65,30)"},
		{"s.t.x -> y: integer -> int", "integer", "int"},
		{"s.t.a: b -> c: integer -> bigint", "integer", "bigint"},
		{"s.t.e: enum('a','b -> c') -> enum('a','b -> c')", "enum('a','b -> c')",
		 "enum('a','b -> c')"},
		{"s.t.e: m -> enum('x (without y)')", "m", "enum('x (without y)')"},
		/* The plan tells the type it was made into. */
		{"shop.t.d: timestamp(0) without time zone -> timestamp(0) without time zone", "datetime",
		 "timestamp(0) without time zone"},
		{"shop.t.a: integer", "integer", NULL},
		{"shop.t.a: integer -> ", "integer", NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char type[PLAN_TYPE_SIZE];
		bool found = plan_type_of_line(cases[i].line, cases[i].source, type);

		assert_int_equal(found, cases[i].type != NULL);
		if (found)
			assert_string_equal(type, cases[i].type);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_head_is_read),
		cmocka_unit_test(types_are_found_behind_any_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
