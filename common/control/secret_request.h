/*
 * secret_request.h - how a worker asks a server for secrets over NATS: bytes in, bytes out.
 *
 * The request is a sealed box for the server's public key: the worker's token, the run and job it has, references, a
 * public key made for this one request, the time.  The answer is a sealed box for that key.  Who listens on NATS
 * sees neither; who repeats a request gets nothing he can open, and is refused.
 */
#ifndef SLUICE_CONTROL_SECRET_REQUEST_H
#define SLUICE_CONTROL_SECRET_REQUEST_H

#include "common/core/bytebuf.h"
#include "layout.h"

#define EXCHANGE_KEY_BYTES		32
#define API_KEY_TEXT			80	/* any API key with its NUL */
#define WORKER_TOKEN_TEXT		140 /* any worker's token with its NUL */
#define SECRET_REFERENCES		16	/* of one request */
#define SECRET_REQUEST_MAXIMUM	16384
#define SECRET_ANSWER_MAXIMUM	(512 * 1024)
#define SECRET_VALUE_MAXIMUM	65536
#define SECRET_REQUEST_LIFE_MS	60000 /* a request's time may differ from the server's by so much */
#define SECRET_REQUESTS_AT_ONCE 1024  /* remembered so that none counts twice */
#define JOB_NAME_MAXIMUM		80

/* What `sluice-worker --token-file` holds: "<API key>.<the server's public key, base64url>". */
typedef struct WorkerToken
{
	char api_key[API_KEY_TEXT];
	uint8_t server_key[EXCHANGE_KEY_BYTES];
} WorkerToken;

extern bool worker_token_parse(const char *text, WorkerToken *token,
							   SluiceError *err) SLUICE_MUST_CHECK;
extern void worker_token_format(const WorkerToken *token, char text[WORKER_TOKEN_TEXT]);

/* Which secret: of connection `owner`, `field` of layout.h. */
typedef struct SecretReference
{
	char owner[ID_MAXIMUM + 1];
	char field[SECRET_FIELD_MAX + 1];
} SecretReference;

/* What a worker says it wants, and for what. */
typedef struct SecretWish
{
	char tenant[TENANT_MAXIMUM + 1];
	char run[ID_MAXIMUM + 1];
	char job[JOB_NAME_MAXIMUM + 1];
	SecretReference references[SECRET_REFERENCES];
	size_t count;
} SecretWish;

/* ---- the worker's side ---- */

/* The key pair of one request; wipe it with secret_exchange_end(). */
typedef struct SecretExchange
{
	uint8_t public_key[EXCHANGE_KEY_BYTES];
	uint8_t private_key[EXCHANGE_KEY_BYTES];
} SecretExchange;

/* Writes a request, sealed; `out` is begun by the caller with SECRET_REQUEST_MAXIMUM. */
extern bool secret_request_write(const WorkerToken *token, const SecretWish *wish, int64_t now_ms,
								 SecretExchange *exchange, ByteBuf *out,
								 SluiceError *err) SLUICE_MUST_CHECK;

/* Reads the answer: values[i] is that of references[i], NULL where there is none; free each with
 * secret_free() of seal.h.  An error of the server comes back as it was there. */
extern bool secret_answer_read(const SecretExchange *exchange, const SecretWish *wish,
							   const void *data, size_t length, char **values,
							   SluiceError *err) SLUICE_MUST_CHECK;

extern void secret_exchange_end(SecretExchange *exchange);

/* ---- the server's side ---- */

/* Requests seen lately; zeroed at first, used by one thread. */
typedef struct SecretReplays
{
	struct
	{
		uint8_t hash[16];
		int64_t until_ms;
	} seen[SECRET_REQUESTS_AT_ONCE];
	size_t next;
} SecretReplays;

typedef struct SecretRequest
{
	char api_key[API_KEY_TEXT]; /* wiped by secret_request_end() */
	uint8_t reply_key[EXCHANGE_KEY_BYTES];
	SecretWish wish;
} SecretRequest;

/*
 * Opens a request.  DENIED: for another server's key, too old, or seen before.  CORRUPT: no request.  FULL: more
 * than SECRET_REQUESTS_AT_ONCE within their life.
 */
extern bool secret_request_read(const uint8_t public_key[EXCHANGE_KEY_BYTES],
								const uint8_t private_key[EXCHANGE_KEY_BYTES], const void *data,
								size_t length, int64_t now_ms, SecretReplays *replays,
								SecretRequest *request, SluiceError *err) SLUICE_MUST_CHECK;

/* Writes the answer: the values (NULL where there is none) or, when `failure` is not NULL, that.  `out` is begun by
 * the caller with SECRET_ANSWER_MAXIMUM. */
extern bool secret_answer_write(const SecretRequest *request, char *const *values,
								const SluiceError *failure, ByteBuf *out,
								SluiceError *err) SLUICE_MUST_CHECK;

/* The answer to what could not be opened; in the clear, for there is no key. */
extern bool secret_refusal_write(const SluiceError *failure, ByteBuf *out,
								 SluiceError *err) SLUICE_MUST_CHECK;

extern void secret_request_end(SecretRequest *request);

#endif
