/*
 * child_config_test.c - configuration lines, and URIs in them, come out as what went in, whatever that is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/child_config.h"
#include "common/control/endpoint.h"
#include "common/daemon/config_file.h"
#include "common/mysql/my_uri.h"

/* What people and generators of passwords come up with, and those who would like another option to be set. */
static const char *const hostile[] = {
	"plain",
	"with blank",
	" leading and trailing ",
	"quote\"quote'quote",
	"back\\slash\\n",
	"line\nnats = nats://evil:4222",
	"\"\ntarget = \"mysql://evil/x",
	"carriage\r\nreturn",
	"tab\ttab",
	"# no comment",
	"a # b",
	"percent%20%00%",
	"sch\xc3\xb6n \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\x98",
	"\xff\xfe no UTF-8",
	"@:/?#[]@!$&'()*+,;=",
	"=",
	"\x01\x02\x7f",
	"{json: \"x\"}",
	"${HOME} $(id) `id`",
	"trailing backslash\\",
};

#define HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

typedef struct Read
{
	const char *names[HOSTILE + 4];
	char *values[HOSTILE + 4];
	size_t count;
} Read;

static bool
take(void *context, int line, const char *name, const char *value, SluiceError *err)
{
	Read *read = context;

	(void) line;
	(void) err;
	assert_true(read->count < HOSTILE + 4);
	read->names[read->count] = name;
	read->values[read->count++] = strdup(value);
	return true;
}

/* Reads the lines as the programs do. */
static void
read_back(const ByteBuf *config, char **text, Read *read)
{
	SluiceError err = {0};

	*read = (Read){.count = 0};
	*text = strndup((const char *) config->data, config->length);
	if (!config_text_read("lines", *text, take, read, &err))
		fail_msg("%s", err.message);
}

static void
free_read(Read *read, char *text)
{
	for (size_t i = 0; i < read->count; i++)
		free(read->values[i]);
	free(text);
}

static void
test_every_text_comes_back(void **state)
{
	ByteBuf config;
	SluiceError err;
	Read read;
	char *text;

	(void) state;
	assert_true(child_config_init(&config, &err));
	for (size_t i = 0; i < HOSTILE; i++)
		assert_true(child_config_line(&config, "target-password", hostile[i], &err));
	assert_true(child_config_line(&config, "left-out", NULL, &err));
	assert_true(child_config_line(&config, "empty", "", &err));
	read_back(&config, &text, &read);
	assert_int_equal(read.count, HOSTILE + 1);
	for (size_t i = 0; i < HOSTILE; i++)
	{
		assert_string_equal(read.names[i], "target-password");
		assert_string_equal(read.values[i], hostile[i]);
	}
	assert_string_equal(read.values[HOSTILE], "");
	free_read(&read, text);
	child_config_free(&config);
}

/* The place of memory never moves, so that a password is in one place only. */
static void
test_the_buffer_never_moves_and_is_bounded(void **state)
{
	ByteBuf config;
	SluiceError err;
	const uint8_t *place;
	size_t lines = 0;
	char long_text[4097];

	(void) state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_true(child_config_init(&config, &err));
	place = config.data;
	while (child_config_line(&config, "tables", long_text, &err))
		lines++;
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	assert_ptr_equal(config.data, place);
	assert_in_range(lines, 250, 256);
	child_config_free(&config);
}

static void
test_options_become_lines(void **state)
{
	ByteBuf config;
	SluiceError err;
	json_t *options = json_pack("{s:b, s:i, s:s, s:[s,s], s:s}", "strict", 1, "batch_rows", 500,
								"batch_bytes", "1MB", "create", "tables", "indexes", "types",
								"numeric=decimal(38,10):null\nnats = x");
	Read read;
	char *text;

	(void) state;
	assert_true(child_config_init(&config, &err));
	assert_true(child_config_options(&config, JOB_TARGET, options, &err));
	read_back(&config, &text, &read);
	assert_int_equal(read.count, 5);
	assert_string_equal(read.values[0], "on");
	assert_string_equal(read.values[1], "500");
	assert_string_equal(read.values[2], "1MB");
	assert_string_equal(read.values[3], "tables,indexes");
	assert_string_equal(read.values[4], "numeric=decimal(38,10):null\nnats = x");
	free_read(&read, text);
	child_config_free(&config);
	json_decref(options);
}

static void
test_options_that_are_not_allowed(void **state)
{
	static const char *const texts[] = {
		"{\"target\": \"mysql://evil/x\"}", "{\"nats\": \"nats://evil\"}",
		"{\"config\": \"/etc/passwd\"}",	"{\"target-password\": \"x\"}",
		"{\"target_password\": \"x\"}",		"{\"plan\": true}",
		"{\"log_level\": \"debug\"}",		"{\"http\": \":80\"}",
		"{\"strict\\nnats\": true}",
	};
	ByteBuf config;
	SluiceError err;

	(void) state;
	assert_true(child_config_init(&config, &err));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		json_t *options = json_loads(texts[i], 0, NULL);

		assert_non_null(options);
		assert_false(child_config_options(&config, JOB_TARGET, options, &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		json_decref(options);
	}
	child_config_free(&config);
}

/* ---- databases ---- */

static json_t *
connection(const char *type, const char *host, const char *user, const char *database,
		   const char *mode)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:s%, s:s%, s:b, s:{s:s, s:b, s:b, s:b}}", "id",
					 "conn_x", "type", type, "host", host, "port", 5433, "user", user, strlen(user),
					 "database", database, strlen(database), "has_password", 1, "tls", "mode", mode,
					 "has_ca", 1, "has_certificate", 1, "has_key", 1);
}

static const EndpointFiles files = {.paths = {NULL, "/dev/fd/4", "/dev/fd/5", "/dev/fd/6"}};

static const char *
postgresql_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
	{
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	}
	return NULL;
}

static void
test_uris_of_postgresql(void **state)
{
	(void) state;
	for (size_t i = 0; i < HOSTILE; i++)
	{
		json_t *document =
			connection("postgresql", "db.example", hostile[i], hostile[i], "verify-full");
		Endpoint endpoint;
		PQconninfoOption *read;
		ByteBuf uri;
		SluiceError err;

		if (document == NULL)
			continue; /* JSON cannot have it */
		bytebuf_init(&uri, &allocator_malloc, ENDPOINT_URI_MAXIMUM);
		assert_true(endpoint_read(&endpoint, document, &err));
		assert_true(endpoint_uri(&endpoint, &files, &uri, &err));
		read = PQconninfoParse((const char *) uri.data, NULL);
		assert_non_null(read);
		assert_string_equal(postgresql_value(read, "user"), hostile[i]);
		assert_string_equal(postgresql_value(read, "dbname"), hostile[i]);
		assert_string_equal(postgresql_value(read, "host"), "db.example");
		assert_string_equal(postgresql_value(read, "port"), "5433");
		assert_string_equal(postgresql_value(read, "sslmode"), "verify-full");
		assert_string_equal(postgresql_value(read, "sslrootcert"), "/dev/fd/4");
		assert_string_equal(postgresql_value(read, "sslcert"), "/dev/fd/5");
		assert_string_equal(postgresql_value(read, "sslkey"), "/dev/fd/6");
		assert_null(postgresql_value(read, "password"));
		PQconninfoFree(read);
		bytebuf_free(&uri);
		json_decref(document);
	}
}

static void
test_uris_of_mysql(void **state)
{
	(void) state;
	for (size_t i = 0; i < HOSTILE; i++)
	{
		json_t *document = connection("mariadb", "::1", hostile[i], hostile[i], "verify-full");
		Endpoint endpoint;
		MyUri read;
		ByteBuf uri;
		SluiceError err;

		if (document == NULL)
			continue;
		bytebuf_init(&uri, &allocator_malloc, ENDPOINT_URI_MAXIMUM);
		assert_true(endpoint_read(&endpoint, document, &err));
		assert_true(endpoint_uri(&endpoint, &files, &uri, &err));
		assert_true(my_uri_parse((const char *) uri.data, true, &read, &err));
		assert_string_equal(read.user, hostile[i]);
		assert_string_equal(read.database, hostile[i]);
		assert_string_equal(read.host, "::1");
		assert_int_equal(read.port, 5433);
		assert_int_equal(read.ssl_mode, MY_SSL_VERIFY_IDENTITY);
		assert_string_equal(read.ssl_ca, "/dev/fd/4");
		assert_string_equal(read.ssl_key, "/dev/fd/6");
		my_uri_free(&read);
		bytebuf_free(&uri);
		json_decref(document);
	}
}

/* Where nothing is verified libpq is not told of authorities, and where something is there are some. */
static void
test_authorities(void **state)
{
	static const struct
	{
		const char *mode;
		bool given;
		const char *expected;
	} cases[] = {
		{"require", true, NULL},
		{"prefer", true, NULL},
		{"verify-ca", true, "/dev/fd/4"},
		{"verify-full", false, "/etc/ssl/certs/ca-certificates.crt"},
		{"disable", false, NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *document = connection("postgresql", "h", "u", "d", cases[i].mode);
		const EndpointFiles none = {{NULL}};
		PQconninfoOption *read;
		Endpoint endpoint;
		const char *found;
		SluiceError err;
		ByteBuf uri;

		bytebuf_init(&uri, &allocator_malloc, ENDPOINT_URI_MAXIMUM);
		assert_true(endpoint_read(&endpoint, document, &err));
		assert_true(endpoint_uri(&endpoint, cases[i].given ? &files : &none, &uri, &err));
		read = PQconninfoParse((const char *) uri.data, NULL);
		found = postgresql_value(read, "sslrootcert");
		if (cases[i].expected == NULL)
			assert_null(found);
		else
			assert_string_equal(found, cases[i].expected);
		PQconninfoFree(read);
		bytebuf_free(&uri);
		json_decref(document);
	}
}

static void
test_connections_that_cannot_be_used(void **state)
{
	static const char *const texts[] = {
		"null",
		"{}",
		"{\"id\": \"c\", \"type\": \"oracle\", \"host\": \"h\"}",
		"{\"id\": \"c\", \"type\": \"postgresql\", \"host\": \"\"}",
		"{\"id\": \"c\", \"type\": \"postgresql\", \"host\": 5}",
		"{\"id\": \"c\", \"type\": \"mysql\", \"host\": \"h\", \"tls\": {\"mode\": \"maybe\"}}",
	};
	Endpoint endpoint;
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		json_t *document = json_loads(texts[i], JSON_DECODE_ANY, NULL);

		assert_false(endpoint_read(&endpoint, document, &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		json_decref(document);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_text_comes_back),
		cmocka_unit_test(test_the_buffer_never_moves_and_is_bounded),
		cmocka_unit_test(test_options_become_lines),
		cmocka_unit_test(test_options_that_are_not_allowed),
		cmocka_unit_test(test_uris_of_postgresql),
		cmocka_unit_test(test_uris_of_mysql),
		cmocka_unit_test(test_authorities),
		cmocka_unit_test(test_connections_that_cannot_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
