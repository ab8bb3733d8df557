/*
 * table_choice_test.c - patterns of tables, odd names in them, what is never chosen, and numbers of
 * tables.
 */
#include "mysql_reader/table_choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mysql_reader/table_id.h"

static bool
chooses(const char *patterns, const char *schema, const char *name)
{
	SluiceError err;
	TableChoice *choice = table_choice_parse(patterns, false, &err);
	bool has;

	assert_non_null(choice);
	has = table_choice_has(choice, schema, name);
	table_choice_free(choice);
	return has;
}

static void
patterns_choose(void **state)
{
	(void) state;
	assert_true(chooses("shop.*", "shop", "orders"));
	assert_false(chooses("shop.*", "shop2", "orders"));
	assert_false(chooses("shop.*", "Shop", "orders"));
	assert_true(chooses("shop.orders , crm.o?d_*", "crm", "old_x"));
	assert_true(chooses("crm.o?d_*", "crm", "oxd_"));
	assert_false(chooses("crm.o?d_*", "crm", "odd"));
	assert_true(chooses("s*p.*ab*cd", "shop", "xabyabzcd"));
	assert_false(chooses("s*p.*ab*cd", "shop", "xabyabzcde"));
	assert_true(chooses("*.*", "any", "table"));
	assert_true(
		chooses("a.\xc3\xbc?", "a", "\xc3\xbc\xf0\x9f\x90\x98")); /* one character, four bytes */
}

static void
exceptions_take_away(void **state)
{
	(void) state;
	assert_true(chooses("shop.*,!shop.tmp_*", "shop", "t"));
	assert_false(chooses("shop.*,!shop.tmp_*", "shop", "tmp_1"));
	assert_false(chooses("!shop.tmp_*,shop.tmp_1", "shop", "tmp_1"));
	assert_true(chooses("!shop.*", "crm", "t"));
	assert_false(chooses("!shop.*", "shop", "t"));
}

static void
odd_names_stand_between_backticks(void **state)
{
	(void) state;
	assert_true(chooses("`a,b`.`c.d`,x.y", "a,b", "c.d"));
	assert_true(chooses("`a``b`.` *?!`", "a`b", " *?!"));
	assert_false(chooses("a.`*`", "a", "t"));
	assert_true(chooses("a.pre`*`*", "a", "pre*fix"));
	assert_false(chooses("a.pre`*`*", "a", "prefix"));
	assert_true(chooses("a.`\n`", "a", "\n"));
}

static void
case_means_nothing_where_it_is_folded(void **state)
{
	SluiceError err;
	TableChoice *choice = table_choice_parse("Shop.Orders", true, &err);

	(void) state;
	assert_true(table_choice_has(choice, "shop", "orders"));
	assert_true(table_choice_has(choice, "SHOP", "ORDERS"));
	table_choice_free(choice);
}

static void
some_are_never_chosen(void **state)
{
	SluiceError err;
	TableChoice *choice = table_choice_parse("*.*,shop._named_gho", false, &err);

	(void) state;
	assert_false(table_choice_has(choice, "mysql", "user"));
	assert_false(table_choice_has(choice, "INFORMATION_SCHEMA", "TABLES"));
	assert_false(table_choice_has(choice, "shop", "_t_gho"));
	assert_true(table_choice_skips_tool(choice, "shop", "_t_gho"));
	assert_true(table_choice_has(choice, "shop", "_named_gho"));
	assert_false(table_choice_skips_tool(choice, "shop", "_named_gho"));
	assert_true(table_choice_has(choice, "shop", "t_new"));
	assert_true(table_choice_has(choice, "shop", "_new"));
	assert_false(table_choice_has(choice, "shop", "sluice_progress"));
	table_choice_free(choice);
}

static void
what_is_no_pattern_is_refused(void **state)
{
	static const char *const wrong[] = {"",		"shop",	 "shop.", ".t",	  "shop.a.b", "a.b,",
										",a.b", "a b.c", "`a.b",  "a.``", "!",		  "a.b c.d"};
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		assert_false(table_choice_check(wrong[i], &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		assert_non_null(strstr(err.message, "tables: "));
		assert_true(err.hint[0] != '\0');
	}
	assert_true(table_choice_check("a.b", &err));
}

/* They are in streams and in targets' books: they must never change. */
static void
numbers_stay_what_they_are(void **state)
{
	(void) state;
	assert_int_equal(table_id("shop", "orders"), table_id("shop", "orders"));
	assert_int_not_equal(table_id("shop", "orders"), table_id("shopo", "rders"));
	assert_int_equal(table_id("c1", "p2"), 1482789574);
	assert_int_equal(table_id("c1", "bd"), 147761480);
}

static void
items_tell_what_they_fit(void **state)
{
	SluiceError err;
	TableChoice *choice = table_choice_parse(" shop.o* , !shop.tmp_*,`c,rm`.orders ", false, &err);
	const char *first = table_choice_wish(choice, 0), *second = table_choice_wish(choice, 1);

	(void) state;
	assert_string_equal(first, "shop.o*");
	assert_string_equal(second, "`c,rm`.orders");
	assert_null(table_choice_wish(choice, 2));
	assert_true(table_choice_wish_fits(choice, first, "shop", "orders"));
	assert_false(table_choice_wish_fits(choice, second, "shop", "orders"));
	assert_true(table_choice_wish_fits(choice, second, "c,rm", "orders"));
	table_choice_free(choice);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_choose),
		cmocka_unit_test(exceptions_take_away),
		cmocka_unit_test(odd_names_stand_between_backticks),
		cmocka_unit_test(case_means_nothing_where_it_is_folded),
		cmocka_unit_test(some_are_never_chosen),
		cmocka_unit_test(what_is_no_pattern_is_refused),
		cmocka_unit_test(numbers_stay_what_they_are),
		cmocka_unit_test(items_tell_what_they_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
