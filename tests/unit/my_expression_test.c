/*
 * my_expression_test.c - what PostgreSQL's expressions become in MySQL, and which have no translation.
 */
#include "writer/mysql/my_expression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool
class_of(const void *context, const char *name, MyClass *value)
{
	static const struct
	{
		const char *name;
		MyClass value;
	} columns[] = {
		{"n", CLASS_NUMBER}, {"t", CLASS_TEXT},		  {"b", CLASS_BOOL}, {"d", CLASS_TIME},
		{"m", CLASS_LABEL},	 {"odd`n", CLASS_NUMBER}, {"j", CLASS_NONE},
	};

	(void) context;
	for (size_t i = 0; i < COUNT(columns); i++)
	{
		if (strcmp(columns[i].name, name) == 0)
		{
			*value = columns[i].value;
			return true;
		}
	}
	return false;
}

/* The translation, to be freed; NULL when there is none. */
static char *
translate(const char *expression, const char *value)
{
	const MyNames names = {class_of, NULL, value};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	MyClass found;
	bool good = my_expression_write(expression, &names, out, &found);

	assert_int_equal(fclose(out), 0);
	if (good)
		return text;
	free(text);
	return NULL;
}

static void
the_same_meaning_is_translated(void **state)
{
	static const struct
	{
		const char *here, *there;
	} pairs[] = {
		{"(n > 0)", "(`n` > 0)"},
		{"(n > (0)::numeric)", "(`n` > (0))"},
		{"((n >= 1) AND (n <= '-5'::integer))", "((`n` >= 1) AND (`n` <= -5))"},
		{"((n < 1.5e3) OR (NOT b))", "((`n` < 1.5e3) OR (NOT `b`))"},
		{"(\"odd`n\" <> (- n))", "(`odd``n` <> (-`n`))"},
		{"(((n + 1) * n) - 2 > n)", "(((`n` + 1) * `n`) - 2 > `n`)"},
		{"(t = 'it''s \\ one'::text)", "(`t` = 'it''s \\\\ one')"},
		{"((t)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
		 "((`t`) IN ('a', 'b'))"},
		{"(t <> ALL (ARRAY['a'::text]))", "(`t` NOT IN ('a'))"},
		{"(m = ANY (ARRAY['x'::public.mood, 'y'::public.mood]))", "(`m` IN ('x', 'y'))"},
		{"(m = 'it''s'::\"S\".\"Mood\")", "(`m` = 'it''s')"},
		{"((t ~~ '%@%'::text) AND (t !~~ 'x%'::text))",
		 "((`t` LIKE '%@%') AND (`t` NOT LIKE 'x%'))"},
		{"((t IS NOT NULL) OR (j IS NULL))", "((`t` IS NOT NULL) OR (`j` IS NULL))"},
		{"((b IS TRUE) OR (b = false))", "((`b` IS TRUE) OR (`b` = 0))"},
		{"(char_length(lower(t)) > length((t)::text))",
		 "(CHAR_LENGTH(LOWER(`t`)) > CHAR_LENGTH((`t`)))"},
		{"(COALESCE(n, 0) > abs(n))", "(COALESCE(`n`, 0) > ABS(`n`))"},
		{"(d >= '2020-01-01'::date)", "(`d` >= DATE'2020-01-01')"},
		{"(d < '2020-01-01 00:00:00'::timestamp without time zone)",
		 "(`d` < TIMESTAMP'2020-01-01 00:00:00')"},
		{"(VALUE <> ''::text)", "(`t` <> '')"},
	};

	(void) state;
	for (size_t i = 0; i < COUNT(pairs); i++)
	{
		char *text = translate(pairs[i].here, "t");

		if (text == NULL)
			fail_msg("no translation: %s", pairs[i].here);
		assert_string_equal(text, pairs[i].there);
		free(text);
	}
}

static void
what_means_something_else_is_not(void **state)
{
	static const char *const expressions[] = {
		"",
		"(t ~ '^a'::text)",		  /* regular expressions */
		"(t || 'x'::text)",		  /* an operator that is OR there */
		"(t < 'b'::text)",		  /* other orders of text */
		"(m > 'x'::public.mood)", /* and of labels */
		"((n / 2) = 1)",		  /* division of integers */
		"((n % 2) = 1)",
		"(n = t)", /* classes that are not compared here */
		"(j = 'x'::text)",
		"(no_column > 0)",
		"(public.f(n) > 0)",
		"(now() > d)",
		"((n)::integer > 0)", /* casts that may change a value */
		"((n)::text = '1'::text)",
		"((t)::character varying(3) = 'abc'::text)",
		"(d < '2020-01-01 00:00:00+00'::timestamp with time zone)",
		"(d < 'infinity'::date)",
		"(d < '0044-03-15 BC'::date)",
		"(n > 'NaN'::numeric)",
		"CASE WHEN b THEN true ELSE false END",
		"(n BETWEEN 1 AND 2)",
		"(n > 0",
		"(n > 0))",
		"(t = 'open)",
		"(lower(t, t) = 'a'::text)",
		"(COALESCE(n, t) > 0)",
		"((ARRAY[n])[1] > 0)",
		"(t = E'a\\nb'::text)",
	};

	(void) state;
	for (size_t i = 0; i < COUNT(expressions); i++)
	{
		char *text = translate(expressions[i], NULL);

		if (text != NULL)
			fail_msg("%s was translated: %s", expressions[i], text);
		free(text);
	}
}

static void
depth_has_an_end(void **state)
{
	char expression[2048];

	(void) state;
	memset(expression, '(', sizeof(expression) - 1);
	expression[sizeof(expression) - 1] = '\0';
	assert_null(translate(expression, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_meaning_is_translated),
		cmocka_unit_test(what_means_something_else_is_not),
		cmocka_unit_test(depth_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
