/*
 * pg_uri_test.c - which connection strings are refused without asking a server, and what is said.
 */
#include "writer/pg/pg_uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void
takes_uris_and_words(void **state)
{
	static const char *const good[] = {
		"postgresql://u@h:5432/d",
		"postgres://h",
		"postgresql://u:p%20w@[::1]:5432,other:5433/d?sslmode=require&target_session_attrs=any",
		"postgresql:///d?host=/tmp&port=5432",
		"host=h port=5432 dbname=d user=u password='a b'",
		"host=a,b,c port=1,,65535",
		"service=x",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		SluiceError err;

		if (!pg_uri_check(good[i], &err))
			fail_msg("%s: %s", good[i], err.message);
	}
}

static void
refuses_what_cannot_be_one(void **state)
{
	static const char *const bad[] = {
		"shop",
		"mysql://u@h/d",
		"http://h",
		"host=h dbname",
		"hosst=h",
		"postgresql://u@h:port/d",
		"postgresql://u@h:0/d",
		"postgresql://u@h/d?port=65536",
		"postgresql://u@h:54x/d",
		"postgresql://u@[::1/d",
		"postgresql://u@h/d?sslmod=require",
		"postgresql://u@h/%zz",
		"host='h",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		SluiceError err;

		if (pg_uri_check(bad[i], &err))
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		assert_true(err.message[0] != '\0' && err.hint[0] != '\0');
		assert_null(strchr(err.message, '\n'));
	}
}

static void
tells_what_is_wrong(void **state)
{
	static const struct
	{
		const char *uri, *message;
	} cases[] = {
		{"hosst=h", "there is no connection option of a name that is given"},
		{"host=h dbname", "a word has no \"=\" behind it"},
		{"host='h", "a quote is not closed"},
		{"postgresql://u@h/%zz", "a \"%\" is not followed by two hexadecimal digits"},
		{"postgresql://u@h/%00", "\"%00\" stands for no character"},
		{"postgresql://u@h/d?sslmod=require",
		 "there is no connection option of a name behind the \"?\""},
		{"postgresql://u@h/d?sslmode",
		 "a parameter behind the \"?\" has no \"=\", or more than one"},
		{"postgresql://u@[::1/d", "an IPv6 address is not of the form [address]"},
		{"postgresql://u@[::1]x/d", "this is no connection URI or conninfo string"},
		{"postgresql://u@h:0/d", "a port is not 1 to 65535"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		SluiceError err;

		assert_false(pg_uri_check(cases[i].uri, &err));
		assert_string_equal(err.message, cases[i].message);
	}
}

static void
shows_no_secret(void **state)
{
	static const char *const bad[] = {
		"postgresql://u:s3cr3t%zz@h/d",
		"host=h password=my s3cr3t",
		"password=s3cr3t hosst=h",
		"postgresql://u:s3cr3t@h:x/d",
		"postgresql://u:hunter2%zzs3cr3t@h/d",
		"postgresql://u:1/?s3cr3t@h/d",
		"host=h user=u hunter2s3cr3t",
		"host=h user=u s3cr3t=x",
		"host=h user=u 's3cr3t",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		SluiceError err;

		assert_false(pg_uri_check(bad[i], &err));
		if (strstr(err.message, "s3cr3t") != NULL || strstr(err.hint, "s3cr3t") != NULL)
			fail_msg("%s", err.message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_uris_and_words),
		cmocka_unit_test(refuses_what_cannot_be_one),
		cmocka_unit_test(tells_what_is_wrong),
		cmocka_unit_test(shows_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
