/*
 * secret_request_test.c - a worker's request and its answer: only the two can read them, each counts once, and no bytes
 * break either side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/seal.h"
#include "common/control/secret_request.h"

#define NOW		INT64_C(1800000000000)
#define API_KEY "slc_abcdefghijklmnopqrst_0123456789012345678901234567890123456789abc"

static uint8_t public_key[EXCHANGE_KEY_BYTES], private_key[EXCHANGE_KEY_BYTES];
static WorkerToken token;
static SecretReplays replays;
static const SecretWish wish = {
	.tenant = "acme",
	.run = "run_1",
	.job = "writer-a-0",
	.references = {{"conn_a", "password"}, {"conn_a", "ca"}, {"conn_b", "password"}},
	.count = 3,
};

static int
start(void **state)
{
	SluiceError err;

	(void) state;
	if (!seal_begin(&err))
		return -1;
	(void) crypto_box_keypair(public_key, private_key);
	(void) snprintf(token.api_key, sizeof(token.api_key), "%s", API_KEY);
	memcpy(token.server_key, public_key, sizeof(public_key));
	return 0;
}

static int
forget(void **state)
{
	(void) state;
	memset(&replays, 0, sizeof(replays));
	return 0;
}

static ByteBuf
write_request(SecretExchange *exchange, int64_t now)
{
	ByteBuf out;
	SluiceError err;

	bytebuf_init(&out, &allocator_malloc, SECRET_REQUEST_MAXIMUM);
	assert_true(secret_request_write(&token, &wish, now, exchange, &out, &err));
	return out;
}

static bool
read_request(const ByteBuf *bytes, int64_t now, SecretRequest *request, SluiceError *err)
{
	return secret_request_read(public_key, private_key, bytes->data, bytes->length, now, &replays,
							   request, err);
}

static void
tokens_are_read_as_written(void **state)
{
	static const char *const bad[] = {"",
									  "x",
									  API_KEY,
									  API_KEY ".",
									  API_KEY ".short",
									  ".0123456789012345678901234567890123456789abc"};
	char text[WORKER_TOKEN_TEXT + 8];
	WorkerToken read;
	SluiceError err;

	(void) state;
	worker_token_format(&token, text);
	assert_true(worker_token_parse(text, &read, &err));
	assert_string_equal(read.api_key, API_KEY);
	assert_memory_equal(read.server_key, public_key, sizeof(public_key));
	strcat(text, "\n");
	assert_true(worker_token_parse(text, &read, &err));
	strcat(text, "x");
	assert_false(worker_token_parse(text, &read, &err));
	for (size_t i = 0; i + 1 < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_false(worker_token_parse(bad[i], &read, &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	}
}

static void
a_request_and_its_answer(void **state)
{
	char password[] = "hunter2", *given[] = {password, NULL, password};
	char *values[3];
	SecretExchange exchange;
	SecretRequest request;
	SluiceError err;
	ByteBuf bytes = write_request(&exchange, NOW), out;

	(void) state;
	assert_null(memmem(bytes.data, bytes.length, "conn_a", 6));
	assert_null(memmem(bytes.data, bytes.length, API_KEY, 10));
	assert_true(read_request(&bytes, NOW + 1000, &request, &err));
	assert_string_equal(request.api_key, API_KEY);
	assert_string_equal(request.wish.tenant, "acme");
	assert_string_equal(request.wish.run, "run_1");
	assert_string_equal(request.wish.job, "writer-a-0");
	assert_int_equal(request.wish.count, 3);
	assert_string_equal(request.wish.references[2].owner, "conn_b");
	bytebuf_init(&out, &allocator_malloc, SECRET_ANSWER_MAXIMUM);
	assert_true(secret_answer_write(&request, given, NULL, &out, &err));
	assert_null(memmem(out.data, out.length, "hunter2", 7));
	assert_true(secret_answer_read(&exchange, &wish, out.data, out.length, values, &err));
	assert_string_equal(values[0], "hunter2");
	assert_null(values[1]);
	assert_string_equal(values[2], "hunter2");
	secret_free(values[0]);
	secret_free(values[2]);
	secret_request_end(&request);
	assert_int_equal(request.api_key[0], 0);
	bytebuf_free(&bytes);
	bytebuf_free(&out);
}

static void
failures_come_back_as_they_were(void **state)
{
	SluiceError failure, err;
	SecretExchange exchange;
	SecretRequest request;
	char *values[3];
	ByteBuf bytes = write_request(&exchange, NOW), out;

	(void) state;
	assert_true(read_request(&bytes, NOW, &request, &err));
	(void) sluice_fail(&failure, SLUICE_ERROR_DENIED, "not yours");
	bytebuf_init(&out, &allocator_malloc, SECRET_ANSWER_MAXIMUM);
	assert_true(secret_answer_write(&request, NULL, &failure, &out, &err));
	assert_false(secret_answer_read(&exchange, &wish, out.data, out.length, values, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	assert_non_null(strstr(err.message, "not yours"));
	out.length = 0;
	assert_true(secret_refusal_write(&failure, &out, &err));
	assert_false(secret_answer_read(&exchange, &wish, out.data, out.length, values, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	bytebuf_free(&bytes);
	bytebuf_free(&out);
}

/* What is not sealed counts as a refusal only, never as secrets. */
static void
secrets_in_the_clear_are_refused(void **state)
{
	static const uint8_t clear[] = {'C', 1, 0, 0, 3, 1, 0, 0, 0, 1, 'x',
									0,	 0, 0, 0, 0, 0, 0, 0, 0, 0};
	SecretExchange exchange;
	SluiceError err;
	char *values[3];
	ByteBuf bytes = write_request(&exchange, NOW);

	(void) state;
	assert_false(secret_answer_read(&exchange, &wish, clear, sizeof(clear), values, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	bytebuf_free(&bytes);
}

static void
a_request_counts_once_and_for_a_minute(void **state)
{
	SecretExchange exchange;
	SecretRequest request;
	SluiceError err;
	ByteBuf bytes = write_request(&exchange, NOW);

	(void) state;
	assert_false(read_request(&bytes, NOW + SECRET_REQUEST_LIFE_MS + 1, &request, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	assert_false(read_request(&bytes, NOW - SECRET_REQUEST_LIFE_MS - 1, &request, &err));
	assert_true(read_request(&bytes, NOW, &request, &err));
	assert_false(read_request(&bytes, NOW, &request, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	assert_false(read_request(&bytes, NOW + SECRET_REQUEST_LIFE_MS, &request, &err));
	assert_int_equal(request.api_key[0], 0);
	bytebuf_free(&bytes);
}

static void
many_requests_at_once_are_bounded(void **state)
{
	SecretExchange exchange;
	SecretRequest request;
	SluiceError err;
	ByteBuf bytes;

	(void) state;
	for (int i = 0; i < SECRET_REQUESTS_AT_ONCE; i++)
	{
		bytes = write_request(&exchange, NOW);
		assert_true(read_request(&bytes, NOW, &request, &err));
		bytebuf_free(&bytes);
	}
	bytes = write_request(&exchange, NOW);
	assert_false(read_request(&bytes, NOW, &request, &err));
	assert_int_equal(err.code, SLUICE_ERROR_FULL);
	bytebuf_free(&bytes);
	bytes = write_request(&exchange, NOW + 2 * SECRET_REQUEST_LIFE_MS);
	assert_true(read_request(&bytes, NOW + 2 * SECRET_REQUEST_LIFE_MS, &request, &err));
	bytebuf_free(&bytes);
}

static void
another_servers_requests_are_refused(void **state)
{
	uint8_t other_public[EXCHANGE_KEY_BYTES], other_private[EXCHANGE_KEY_BYTES];
	SecretExchange exchange;
	SecretRequest request;
	SluiceError err;
	ByteBuf bytes = write_request(&exchange, NOW);

	(void) state;
	(void) crypto_box_keypair(other_public, other_private);
	assert_false(secret_request_read(other_public, other_private, bytes.data, bytes.length, NOW,
									 &replays, &request, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	bytebuf_free(&bytes);
}

/* Seals any bytes as a request; whatever they are, they are refused. */
static void
no_bytes_break_the_server(void **state)
{
	SecretExchange exchange;
	SecretRequest request;
	SluiceError err;
	ByteBuf bytes = write_request(&exchange, NOW);
	size_t length = bytes.length - crypto_box_SEALBYTES;
	uint8_t *plain = malloc(length), *sealed = malloc(bytes.length);

	(void) state;
	assert_int_equal(crypto_box_seal_open(plain, bytes.data, bytes.length, public_key, private_key),
					 0);
	for (size_t cut = 0; cut < length; cut++)
	{
		(void) crypto_box_seal(sealed, plain, cut, public_key);
		assert_false(secret_request_read(public_key, private_key, sealed,
										 cut + crypto_box_SEALBYTES, NOW, &replays, &request,
										 &err));
		assert_false(secret_request_read(public_key, private_key, bytes.data, cut, NOW, &replays,
										 &request, &err));
	}
	for (size_t at = 0; at < length; at++)
	{
		uint8_t kept = plain[at];

		for (int bit = 0; bit < 8; bit++)
		{
			memset(&replays, 0, sizeof(replays));
			plain[at] = (uint8_t) (kept ^ (1 << bit));
			(void) crypto_box_seal(sealed, plain, length, public_key);
			if (secret_request_read(public_key, private_key, sealed, bytes.length, NOW, &replays,
									&request, &err))
				assert_true(request.wish.count <= SECRET_REFERENCES);
		}
		plain[at] = kept;
	}
	free(plain);
	free(sealed);
	bytebuf_free(&bytes);
}

static void
no_bytes_break_the_worker(void **state)
{
	char password[] = "hunter2", *given[] = {password, NULL, password};
	SecretExchange exchange;
	SecretRequest request;
	SluiceError err;
	char *values[3];
	ByteBuf bytes = write_request(&exchange, NOW), out;

	(void) state;
	assert_true(read_request(&bytes, NOW, &request, &err));
	bytebuf_init(&out, &allocator_malloc, SECRET_ANSWER_MAXIMUM);
	assert_true(secret_answer_write(&request, given, NULL, &out, &err));
	for (size_t at = 0; at < out.length; at++)
	{
		assert_false(secret_answer_read(&exchange, &wish, out.data, at, values, &err));
		out.data[at] ^= 1;
		assert_false(secret_answer_read(&exchange, &wish, out.data, out.length, values, &err));
		out.data[at] ^= 1;
	}
	bytebuf_free(&bytes);
	bytebuf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tokens_are_read_as_written, forget),
		cmocka_unit_test_setup(a_request_and_its_answer, forget),
		cmocka_unit_test_setup(failures_come_back_as_they_were, forget),
		cmocka_unit_test_setup(secrets_in_the_clear_are_refused, forget),
		cmocka_unit_test_setup(a_request_counts_once_and_for_a_minute, forget),
		cmocka_unit_test_setup(many_requests_at_once_are_bounded, forget),
		cmocka_unit_test_setup(another_servers_requests_are_refused, forget),
		cmocka_unit_test_setup(no_bytes_break_the_server, forget),
		cmocka_unit_test_setup(no_bytes_break_the_worker, forget),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
