/*
 * fuzz_secret_request.c - any bytes as what workers and servers send each other: a token, the inside of a request and of an
 * answer; and as a sealed secret and a time of a document.
 *
 * The first byte says as which.  Boxes are made around the bytes here, so that they reach what reads them.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/seal.h"
#include "common/control/secret_request.h"
#include "common/control/timestamp.h"
#include "fuzz.h"

#define NOW INT64_C(1800000000000)

static uint8_t public_key[EXCHANGE_KEY_BYTES], private_key[EXCHANGE_KEY_BYTES];

/* `first` (0: none) before a box around the bytes. */
static uint8_t *
box_around(uint8_t first, const uint8_t *data, size_t size, size_t *length)
{
	size_t head = first != 0 ? 1 : 0;
	uint8_t *boxed = malloc(head + size + crypto_box_SEALBYTES);

	FUZZ_ASSERT(boxed != NULL);
	boxed[0] = first;
	FUZZ_ASSERT(crypto_box_seal(boxed + head, data, size, public_key) == 0);
	*length = head + size + crypto_box_SEALBYTES;
	return boxed;
}

static void
as_request(const uint8_t *data, size_t size)
{
	static SecretReplays replays;
	SecretRequest request;
	SluiceError err;
	size_t length;
	uint8_t *boxed = box_around(0, data, size, &length);

	memset(&replays, 0, sizeof(replays));
	if (secret_request_read(public_key, private_key, boxed, length, NOW, &replays, &request, &err))
	{
		FUZZ_ASSERT(request.wish.count <= SECRET_REFERENCES);
		FUZZ_ASSERT(!secret_request_read(public_key, private_key, boxed, length, NOW, &replays,
										 &request, &err));
	}
	else
		FUZZ_ASSERT(err.code != SLUICE_OK && request.api_key[0] == '\0');
	free(boxed);
}

static void
as_answer(const uint8_t *data, size_t size, bool sealed)
{
	static const SecretWish wish = {.count = 2};
	SecretExchange exchange;
	char *values[2];
	SluiceError err;
	size_t length = size;
	uint8_t *boxed = sealed ? box_around('S', data, size, &length) : NULL;
	bool good;

	memcpy(exchange.public_key, public_key, sizeof(public_key));
	memcpy(exchange.private_key, private_key, sizeof(private_key));
	good = secret_answer_read(&exchange, &wish, sealed ? boxed : data, length, values, &err);
	FUZZ_ASSERT(good || (values[0] == NULL && values[1] == NULL));
	FUZZ_ASSERT(!good || sealed);
	secret_free(values[0]);
	secret_free(values[1]);
	free(boxed);
}

static void
as_token(const char *text)
{
	char again[WORKER_TOKEN_TEXT];
	WorkerToken token, second;
	SluiceError err;

	if (!worker_token_parse(text, &token, &err))
		return;
	worker_token_format(&token, again);
	FUZZ_ASSERT(worker_token_parse(again, &second, &err));
	FUZZ_ASSERT(memcmp(&token, &second, sizeof(token)) == 0);
}

static void
as_time(const char *text)
{
	char again[TIMESTAMP_TEXT];
	int64_t ms, same;

	if (!timestamp_parse(text, &ms))
		return;
	FUZZ_ASSERT(timestamp_parse(timestamp_format(again, ms), &same) && same == ms);
}

static void
as_sealed(const char *text)
{
	static const SealPlace place = {"acme", "conn_a", "password"};
	static MasterKey *key;
	char path[] = "/tmp/sluice-fuzz.XXXXXX/key";
	char *slash = strrchr(path, '/');
	SluiceError err;

	if (key == NULL)
	{
		*slash = '\0';
		FUZZ_ASSERT(mkdtemp(path) != NULL);
		*slash = '/';
		key = master_key_open(path, true, NULL, &err);
		FUZZ_ASSERT(key != NULL);
		FUZZ_ASSERT(remove(path) == 0);
		*slash = '\0';
		FUZZ_ASSERT(remove(path) == 0);
	}
	FUZZ_ASSERT(unseal(key, &place, text, NULL, &err) == NULL);
	FUZZ_ASSERT(reseal(key, key, &place, text, &err) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SluiceError err;
	char *text;

	if (size == 0 || size > 8192)
		return 0;
	if (sodium_is_zero(public_key, sizeof(public_key)))
	{
		FUZZ_ASSERT(seal_begin(&err));
		(void) crypto_box_keypair(public_key, private_key);
	}
	text = strndup((const char *) data + 1, size - 1);
	FUZZ_ASSERT(text != NULL);
	switch (data[0] % 6)
	{
		case 0: as_request(data + 1, size - 1); break;
		case 1: as_answer(data + 1, size - 1, true); break;
		case 2: as_answer(data + 1, size - 1, false); break;
		case 3: as_token(text); break;
		case 4: as_time(text); break;
		default: as_sealed(text); break;
	}
	free(text);
	return 0;
}
