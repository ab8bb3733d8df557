/*
 * my_uri_test.c - how URIs of MySQL and MariaDB targets are read, and what is said of bad ones.
 */
#include "common/mysql/my_uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const variables[] = {"MYSQL_HOST", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT",
										"MYSQL_PWD", "USER"};

static int
clear_environment(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		(void) unsetenv(variables[i]);
	return 0;
}

static MyUri
parsed(const char *text)
{
	SluiceError err;
	MyUri uri;

	if (!my_uri_parse(text, true, &uri, &err))
		fail_msg("%s: %s", text, err.message);
	return uri;
}

static void
reads_every_part(void **state)
{
	MyUri uri = parsed("mysql://u%40x:p%3a%2F@db.example:3307/shop%20a?ssl-mode=verify-identity&"
					   "ssl-ca=%2Fetc%2Fca.pem&ssl-cert=c&ssl-key=k&connect-timeout=9&"
					   "address=192.0.2.7");

	(void) state;
	assert_string_equal(uri.user, "u@x");
	assert_string_equal(uri.password, "p:/");
	assert_string_equal(uri.host, "db.example");
	assert_int_equal(uri.port, 3307);
	assert_string_equal(uri.database, "shop a");
	assert_int_equal(uri.ssl_mode, MY_SSL_VERIFY_IDENTITY);
	assert_string_equal(uri.address, "192.0.2.7");
	assert_string_equal(uri.ssl_ca, "/etc/ca.pem");
	assert_string_equal(uri.ssl_cert, "c");
	assert_string_equal(uri.ssl_key, "k");
	assert_int_equal(uri.connect_timeout, 9);
	assert_null(uri.socket);
	my_uri_free(&uri);
}

static void
takes_other_forms(void **state)
{
	MyUri uri = parsed("mariadb://u@[::1]:33/d");

	(void) state;
	assert_string_equal(uri.host, "::1");
	assert_int_equal(uri.port, 33);
	assert_null(uri.password);
	my_uri_free(&uri);
	uri = parsed("mysql://u:@[fe80::1]/d?socket=/run/m.sock");
	assert_null(uri.host);
	assert_string_equal(uri.socket, "/run/m.sock");
	assert_string_equal(uri.password, "");
	my_uri_free(&uri);
}

static void
defaults_are_those_of_the_client(void **state)
{
	MyUri uri = parsed("mysql:///d");

	(void) state;
	assert_string_equal(uri.host, "localhost");
	assert_int_equal(uri.port, 3306);
	assert_null(uri.user);
	assert_int_equal(uri.ssl_mode, MY_SSL_PREFERRED);
	my_uri_free(&uri);
	uri = parsed("mysql://h/d?ssl-ca=ca.pem");
	assert_int_equal(uri.ssl_mode, MY_SSL_VERIFY_CA);
	my_uri_free(&uri);
	uri = parsed("mysql://h/d?ssl-ca=ca.pem&ssl-mode=required");
	assert_int_equal(uri.ssl_mode, MY_SSL_REQUIRED);
	my_uri_free(&uri);
}

static void
the_environment_fills_in(void **state)
{
	MyUri uri;

	(void) state;
	(void) setenv("MYSQL_HOST", "envhost", 1);
	(void) setenv("MYSQL_TCP_PORT", "4000", 1);
	(void) setenv("MYSQL_UNIX_PORT", "/env.sock", 1);
	(void) setenv("MYSQL_PWD", "secret", 1);
	(void) setenv("USER", "me", 1);
	uri = parsed("mysql:///d");
	assert_string_equal(uri.host, "envhost");
	assert_int_equal(uri.port, 4000);
	assert_string_equal(uri.password, "secret");
	assert_string_equal(uri.user, "me");
	my_uri_free(&uri);
	uri = parsed("mysql://you:own@there:1/d");
	assert_string_equal(uri.host, "there");
	assert_int_equal(uri.port, 1);
	assert_string_equal(uri.password, "own");
	assert_string_equal(uri.user, "you");
	my_uri_free(&uri);
	(void) unsetenv("MYSQL_HOST");
	uri = parsed("mysql:///d");
	assert_string_equal(uri.socket, "/env.sock");
	my_uri_free(&uri);
}

static void
refuses_what_cannot_be_one(void **state)
{
	static const struct
	{
		const char *uri, *message;
	} cases[] = {
		{"shop", "this is no URI of the form mysql://..."},
		{"postgresql://u@h/d", "this is no URI of the form mysql://..."},
		{"mysql://u@h", "no database is named behind the host"},
		{"mysql://u@h/", "no database is named behind the host"},
		{"mysql://u@h?ssl-mode=required", "no database is named behind the host"},
		{"mysql://u@h:0/d", "the port is not 1 to 65535"},
		{"mysql://u@h:65536/d", "the port is not 1 to 65535"},
		{"mysql://u@h:33x/d", "the port is not 1 to 65535"},
		{"mysql://u@[::1/d", "an IPv6 address is not of the form [address]"},
		{"mysql://u@[::1]x/d", "an IPv6 address is not of the form [address]"},
		{"mysql://u@h/%zz", "a \"%\" is not followed by two hexadecimal digits"},
		{"mysql://u@h/d%2", "a \"%\" is not followed by two hexadecimal digits"},
		{"mysql://u@h/d%00", "\"%00\" stands for no character"},
		{"mysql://u@h/d?ssl-mode", "a parameter behind the \"?\" has no \"=\""},
		{"mysql://u@h/d?sslmode=required", "there is no parameter of a name behind the \"?\""},
		{"mysql://u@h/d?ssl-mode=require", "ssl-mode is none that there is"},
		{"mysql://u@h/d?ssl-cert=c", "of ssl-cert and ssl-key only one is given"},
		{"mysql://u@h/d?connect-timeout=0", "connect-timeout is not 1 to 3600 seconds"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		SluiceError err = {0};

		if (my_uri_check(cases[i].uri, true, &err))
			fail_msg("%s was taken", cases[i].uri);
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		assert_string_equal(err.message, cases[i].message);
		assert_true(err.hint[0] != '\0');
	}
}

/* A password with characters that are not escaped can land anywhere. */
static void
tells_no_secret(void **state)
{
	static const char *const bad[] = {
		"mysql://u:se?cret@h/d",  "mysql://u:se/cret@h/d",	"mysql://u:%secret@h/d",
		"mysql://u:x@h:secret/d", "mysql://u@h/d?secret=x", "mysql://u@h/d?ssl-mode=secret",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		SluiceError err = {0};

		assert_false(my_uri_check(bad[i], true, &err));
		assert_null(strstr(err.message, "cret"));
		assert_null(strstr(err.hint, "cret"));
	}
}

/* A source's URI may leave it out, with or without the slash. */
static void
the_database_may_be_left_out(void **state)
{
	static const char *const uris[] = {"mysql://u@h", "mysql://u@h:33", "mysql://u@h/",
									   "mysql://u@h?ssl-mode=required", "mysql:///?socket=/s"};

	(void) state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++)
	{
		SluiceError err = {0};
		MyUri uri;

		assert_false(my_uri_check(uris[i], true, &err));
		if (!my_uri_parse(uris[i], false, &uri, &err))
			fail_msg("%s: %s", uris[i], err.message);
		assert_null(uri.database);
		my_uri_free(&uri);
	}
}

static void
the_scheme_tells_the_kind(void **state)
{
	(void) state;
	assert_true(my_uri_is("mysql://h/d"));
	assert_true(my_uri_is("mariadb://h/d"));
	assert_false(my_uri_is("postgresql://h/d"));
	assert_false(my_uri_is("host=mysql://h/d"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_part),
		cmocka_unit_test(takes_other_forms),
		cmocka_unit_test(the_database_may_be_left_out),
		cmocka_unit_test(defaults_are_those_of_the_client),
		cmocka_unit_test_setup_teardown(the_environment_fills_in, clear_environment,
										clear_environment),
		cmocka_unit_test(refuses_what_cannot_be_one),
		cmocka_unit_test(tells_no_secret),
		cmocka_unit_test(the_scheme_tells_the_kind),
	};

	return cmocka_run_group_tests(tests, clear_environment, NULL);
}
