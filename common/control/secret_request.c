/*
 * secret_request.c - the boxes between worker and server (secret_request.h).
 *
 * Inside a request:  u8 version, u64 time, the public key for the answer, and as texts the API key, tenant, run and job,
 *                    u16 count, and for each reference owner and field.
 * Inside an answer:  u8 version, u8 code; with an error its message; else u16 count, and for each value u8 whether
 *                    there is one, u32 length, bytes.
 * Around an answer:  u8 ANSWER_SEALED and a sealed box, or ANSWER_CLEAR and what would be inside.
 */
#include "secret_request.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal.h"

#define REQUEST_VERSION 1
#define ANSWER_SEALED	'S'
#define ANSWER_CLEAR	'C'
#define VARIANT			sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define KEY_TEXT		43
#define CODE_LAST		SLUICE_ERROR_DATA

_Static_assert(EXCHANGE_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "key length");
_Static_assert(EXCHANGE_KEY_BYTES == crypto_box_SECRETKEYBYTES, "key length");

/* ---- tokens ---- */

bool
worker_token_parse(const char *text, WorkerToken *token, SluiceError *err)
{
	size_t length = strcspn(text, " \t\r\n");
	const char *dot = memrchr(text, '.', length);
	size_t written = 0;

	memset(token, 0, sizeof(*token));
	if (dot != NULL && (size_t) (dot - text) < sizeof(token->api_key) &&
		length - (size_t) (dot - text) - 1 == KEY_TEXT &&
		strspn(text + length, " \t\r\n") == strlen(text + length) &&
		sodium_base642bin(token->server_key, sizeof(token->server_key), dot + 1, KEY_TEXT, NULL,
						  &written, NULL, VARIANT) == 0 &&
		written == EXCHANGE_KEY_BYTES)
	{
		memcpy(token->api_key, text, (size_t) (dot - text));
		return true;
	}
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "this is no worker's token");
	return sluice_hint(err, "Make one with: sluice keys create --scope worker");
}

void
worker_token_format(const WorkerToken *token, char text[WORKER_TOKEN_TEXT])
{
	size_t length = strnlen(token->api_key, sizeof(token->api_key) - 1);

	memcpy(text, token->api_key, length);
	text[length++] = '.';
	(void) sodium_bin2base64(text + length, WORKER_TOKEN_TEXT - length, token->server_key,
							 sizeof(token->server_key), VARIANT);
}

/* ---- boxes ---- */

/* A buffer for what must be wiped: all of it at once, so that growing leaves nothing behind. */
static bool
begin_plain(ByteBuf *plain, size_t size, SluiceError *err)
{
	bytebuf_init(plain, &allocator_malloc, size);
	return bytebuf_reserve(plain, size, err);
}

static void
end_plain(ByteBuf *plain)
{
	if (plain->data != NULL)
		sodium_memzero(plain->data, plain->capacity);
	bytebuf_free(plain);
}

static bool
put_box(const ByteBuf *plain, const uint8_t *public_key, ByteBuf *out, SluiceError *err)
{
	size_t length = plain->length + crypto_box_SEALBYTES;

	if (!bytebuf_reserve(out, length, err))
		return false;
	if (crypto_box_seal(out->data + out->length, plain->data, plain->length, public_key) != 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "nothing can be sealed for this key");
	out->length += length;
	return true;
}

/* Opens a box into `plain`, which end_plain() frees in any case. */
static bool
take_box(const uint8_t *data, size_t length, const uint8_t *public_key, const uint8_t *private_key,
		 ByteBuf *plain, SluiceError *err)
{
	if (length < crypto_box_SEALBYTES)
	{
		bytebuf_init(plain, &allocator_malloc, 0);
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "too short to be a sealed box");
	}
	if (!begin_plain(plain, length, err))
		return false;
	plain->length = length - crypto_box_SEALBYTES;
	return crypto_box_seal_open(plain->data, data, length, public_key, private_key) == 0 ||
		   sluice_fail(err, SLUICE_ERROR_DENIED, "sealed for another key than this server's");
}

/* ---- requests ---- */

static bool
put_request(const WorkerToken *token, const SecretWish *wish, int64_t now_ms,
			const SecretExchange *exchange, ByteBuf *plain, SluiceError *err)
{
	bool good = bytebuf_put_u8(plain, REQUEST_VERSION, err) &&
				bytebuf_put_u64(plain, (uint64_t) now_ms, err) &&
				bytebuf_put(plain, exchange->public_key, EXCHANGE_KEY_BYTES, err) &&
				bytebuf_put_text(plain, token->api_key, err) &&
				bytebuf_put_text(plain, wish->tenant, err) &&
				bytebuf_put_text(plain, wish->run, err) &&
				bytebuf_put_text(plain, wish->job, err) &&
				bytebuf_put_u16(plain, (uint16_t) wish->count, err);

	for (size_t i = 0; good && i < wish->count; i++)
		good = bytebuf_put_text(plain, wish->references[i].owner, err) &&
			   bytebuf_put_text(plain, wish->references[i].field, err);
	return good;
}

bool
secret_request_write(const WorkerToken *token, const SecretWish *wish, int64_t now_ms,
					 SecretExchange *exchange, ByteBuf *out, SluiceError *err)
{
	ByteBuf plain;
	bool good;

	memset(exchange, 0, sizeof(*exchange));
	if (!seal_begin(err))
		return false;
	if (wish->count > SECRET_REFERENCES)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "more than %d secrets at once",
						   SECRET_REFERENCES);
	(void) crypto_box_keypair(exchange->public_key, exchange->private_key);
	good = begin_plain(&plain, SECRET_REQUEST_MAXIMUM - crypto_box_SEALBYTES, err) &&
		   put_request(token, wish, now_ms, exchange, &plain, err) &&
		   put_box(&plain, token->server_key, out, err);
	end_plain(&plain);
	return good;
}

void
secret_exchange_end(SecretExchange *exchange)
{
	sodium_memzero(exchange, sizeof(*exchange));
}

static bool
take_text(ByteCursor *cursor, char *out, size_t size, SluiceError *err)
{
	const char *text;

	if (!cursor_text(cursor, &text, err))
		return false;
	if (strlen(text) >= size)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a text of the request is too long");
	(void) snprintf(out, size, "%s", text);
	return true;
}

static bool
take_references(ByteCursor *cursor, SecretWish *wish, SluiceError *err)
{
	uint16_t count;
	bool good = cursor_u16(cursor, &count, err);

	if (good && count > SECRET_REFERENCES)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "more than %d references", SECRET_REFERENCES);
	for (size_t i = 0; good && i < count; i++)
		good =
			take_text(cursor, wish->references[i].owner, sizeof(wish->references[i].owner), err) &&
			take_text(cursor, wish->references[i].field, sizeof(wish->references[i].field), err);
	wish->count = good ? count : 0;
	return good;
}

static bool
take_request(ByteCursor *cursor, int64_t *time_ms, SecretRequest *request, SluiceError *err)
{
	const uint8_t *reply_key;
	uint8_t version;
	uint64_t time;

	if (!cursor_u8(cursor, &version, err))
		return false;
	if (version != REQUEST_VERSION)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "a request of version %u is not known here",
						   version);
	if (!cursor_u64(cursor, &time, err) ||
		!cursor_take(cursor, EXCHANGE_KEY_BYTES, &reply_key, err) ||
		!take_text(cursor, request->api_key, sizeof(request->api_key), err) ||
		!take_text(cursor, request->wish.tenant, sizeof(request->wish.tenant), err) ||
		!take_text(cursor, request->wish.run, sizeof(request->wish.run), err) ||
		!take_text(cursor, request->wish.job, sizeof(request->wish.job), err) ||
		!take_references(cursor, &request->wish, err))
		return false;
	memcpy(request->reply_key, reply_key, EXCHANGE_KEY_BYTES);
	*time_ms = (int64_t) time;
	return cursor->at == cursor->end ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "bytes behind the end of the request");
}

/* A request counts once; each is remembered as long as its time would let it count. */
static bool
check_replay(const void *data, size_t length, int64_t time_ms, int64_t now_ms,
			 SecretReplays *replays, SluiceError *err)
{
	uint8_t hash[sizeof(replays->seen[0].hash)];

	if (time_ms < now_ms - SECRET_REQUEST_LIFE_MS || time_ms > now_ms + SECRET_REQUEST_LIFE_MS)
	{
		(void) sluice_fail(err, SLUICE_ERROR_DENIED,
						   "the request's time differs from the server's by more than %d seconds",
						   SECRET_REQUEST_LIFE_MS / 1000);
		return sluice_hint(err, "Set the clocks of worker and server");
	}
	(void) crypto_generichash(hash, sizeof(hash), data, length, NULL, 0);
	for (size_t i = 0; i < SECRET_REQUESTS_AT_ONCE; i++)
	{
		if (replays->seen[i].until_ms >= now_ms &&
			sodium_memcmp(replays->seen[i].hash, hash, sizeof(hash)) == 0)
			return sluice_fail(err, SLUICE_ERROR_DENIED, "the request was seen before");
	}
	if (replays->seen[replays->next].until_ms >= now_ms)
		return sluice_fail(err, SLUICE_ERROR_FULL, "too many requests for secrets at once");
	memcpy(replays->seen[replays->next].hash, hash, sizeof(hash));
	replays->seen[replays->next].until_ms = time_ms + SECRET_REQUEST_LIFE_MS;
	replays->next = (replays->next + 1) % SECRET_REQUESTS_AT_ONCE;
	return true;
}

bool
secret_request_read(const uint8_t public_key[EXCHANGE_KEY_BYTES],
					const uint8_t private_key[EXCHANGE_KEY_BYTES], const void *data, size_t length,
					int64_t now_ms, SecretReplays *replays, SecretRequest *request,
					SluiceError *err)
{
	ByteBuf plain;
	int64_t time_ms = 0;
	bool good;

	memset(request, 0, sizeof(*request));
	if (length > SECRET_REQUEST_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a request has at most %d bytes",
						   SECRET_REQUEST_MAXIMUM);
	good = take_box(data, length, public_key, private_key, &plain, err);
	if (good)
	{
		ByteCursor cursor = {.at = plain.data, .end = plain.data + plain.length};

		good = take_request(&cursor, &time_ms, request, err) &&
			   check_replay(data, length, time_ms, now_ms, replays, err);
	}
	end_plain(&plain);
	if (!good)
		secret_request_end(request);
	return good;
}

void
secret_request_end(SecretRequest *request)
{
	sodium_memzero(request, sizeof(*request));
}

/* ---- answers ---- */

static bool
put_failure(const SluiceError *failure, ByteBuf *plain, SluiceError *err)
{
	return bytebuf_put_u8(plain, REQUEST_VERSION, err) &&
		   bytebuf_put_u8(plain, (uint8_t) failure->code, err) &&
		   bytebuf_put_text(plain, failure->message, err);
}

static bool
put_values(char *const *values, size_t count, ByteBuf *plain, SluiceError *err)
{
	bool good = bytebuf_put_u8(plain, REQUEST_VERSION, err) &&
				bytebuf_put_u8(plain, SLUICE_OK, err) &&
				bytebuf_put_u16(plain, (uint16_t) count, err);

	for (size_t i = 0; good && i < count; i++)
	{
		size_t length = values[i] != NULL ? strlen(values[i]) : 0;

		good = bytebuf_put_u8(plain, values[i] != NULL, err) &&
			   bytebuf_put_u32(plain, (uint32_t) length, err) &&
			   (length == 0 || bytebuf_put(plain, values[i], length, err));
	}
	return good;
}

bool
secret_answer_write(const SecretRequest *request, char *const *values, const SluiceError *failure,
					ByteBuf *out, SluiceError *err)
{
	ByteBuf plain;
	bool good = begin_plain(&plain, SECRET_ANSWER_MAXIMUM - crypto_box_SEALBYTES - 1, err);

	if (good && failure != NULL)
		good = put_failure(failure, &plain, err);
	else if (good)
		good = put_values(values, request->wish.count, &plain, err);
	good = good && bytebuf_put_u8(out, ANSWER_SEALED, err) &&
		   put_box(&plain, request->reply_key, out, err);
	end_plain(&plain);
	return good;
}

bool
secret_refusal_write(const SluiceError *failure, ByteBuf *out, SluiceError *err)
{
	return bytebuf_put_u8(out, ANSWER_CLEAR, err) && put_failure(failure, out, err);
}

static bool
take_failure(ByteCursor *cursor, uint8_t code, SluiceError *err)
{
	const char *message;

	if (!cursor_text(cursor, &message, err))
		return false;
	return sluice_fail(err, code <= CODE_LAST ? (SluiceErrorCode) code : SLUICE_ERROR_STATE,
					   "the server does not give the secrets: %.300s", message);
}

static bool
take_value(ByteCursor *cursor, char **value, SluiceError *err)
{
	const uint8_t *bytes;
	uint32_t length;
	uint8_t there;

	if (!cursor_u8(cursor, &there, err) || !cursor_u32(cursor, &length, err) ||
		!cursor_take(cursor, length, &bytes, err))
		return false;
	if (there == 0)
		return true;
	*value = malloc((size_t) length + 1);
	if (*value == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a secret");
	memcpy(*value, bytes, length);
	(*value)[length] = '\0';
	return true;
}

static bool
take_values(ByteCursor *cursor, const SecretWish *wish, char **values, SluiceError *err)
{
	uint16_t count;
	bool good = cursor_u16(cursor, &count, err);

	if (good && count != wish->count)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "the answer has %u secrets for %zu", count,
						   wish->count);
	for (size_t i = 0; good && i < wish->count; i++)
		good = take_value(cursor, &values[i], err);
	return good;
}

static bool
take_answer(const uint8_t *data, size_t length, bool sealed, const SecretWish *wish, char **values,
			SluiceError *err)
{
	ByteCursor cursor = {.at = data, .end = data + length};
	uint8_t version, code;

	if (!cursor_u8(&cursor, &version, err) || !cursor_u8(&cursor, &code, err))
		return false;
	if (version != REQUEST_VERSION)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "an answer of version %u is not known here",
						   version);
	if (code != SLUICE_OK)
		return take_failure(&cursor, code, err);
	if (!sealed)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "the answer is not sealed");
	return take_values(&cursor, wish, values, err);
}

bool
secret_answer_read(const SecretExchange *exchange, const SecretWish *wish, const void *data,
				   size_t length, char **values, SluiceError *err)
{
	const uint8_t *bytes = data;
	ByteBuf plain;
	bool good;

	memset(values, 0, wish->count * sizeof(*values));
	if (length > 0 && bytes[0] == ANSWER_CLEAR)
		return take_answer(bytes + 1, length - 1, false, wish, values, err);
	if (length == 0 || length > SECRET_ANSWER_MAXIMUM || bytes[0] != ANSWER_SEALED)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "this is no answer of a server");
	good =
		take_box(bytes + 1, length - 1, exchange->public_key, exchange->private_key, &plain, err) &&
		take_answer(plain.data, plain.length, true, wish, values, err);
	end_plain(&plain);
	for (size_t i = 0; !good && i < wish->count; i++)
	{
		secret_free(values[i]);
		values[i] = NULL;
	}
	return good;
}
