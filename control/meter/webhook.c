/*
 * webhook.c - calls a webhook (webhook.h).
 */
#include "webhook.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "control/control.h"
#include "control/database/databases.h"
#include "control/settings.h"

#define CONNECT_TIMEOUT_MS 5000L
#define WHOLE_TIMEOUT_MS   10000L
#define ANSWER_MAXIMUM	   (64 << 10) /* bytes of an answer, which nobody reads */

#define KEY_PREFIX	"whsec_"
#define KEY_MAXIMUM 256 /* bytes */
#define KEY_MINIMUM 16

#define BASE64_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

/* ---- signing ---- */

typedef struct SigningKey
{
	uint8_t bytes[KEY_MAXIMUM];
	size_t length;
} SigningKey;

static bool
read_key(SigningKey *key, const char *secret)
{
	const size_t prefix = strlen(KEY_PREFIX), length = strlen(secret);

	/* libsodium takes bytes beyond ASCII for digits. */
	if (strncmp(secret, KEY_PREFIX, prefix) == 0)
		return strspn(secret + prefix, BASE64_CHARACTERS) == length - prefix &&
			   sodium_base642bin(key->bytes, sizeof(key->bytes), secret + prefix, length - prefix,
								 NULL, &key->length, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
			   key->length >= KEY_MINIMUM;
	if (length < KEY_MINIMUM || length > sizeof(key->bytes))
		return false;
	memcpy(key->bytes, secret, length);
	key->length = length;
	return true;
}

bool
webhook_secret_check(const char *secret, SluiceError *err)
{
	SigningKey key;
	bool good = read_key(&key, secret);

	sodium_memzero(&key, sizeof(key));
	return good || sluice_fail(err, SLUICE_ERROR_ARGUMENT,
							   "a webhook's secret is a text of %d to %d bytes, or whsec_ and the "
							   "base64 of as many",
							   KEY_MINIMUM, KEY_MAXIMUM);
}

bool
webhook_sign(const char *secret, const char *id, int64_t timestamp, const char *body,
			 char signature[WEBHOOK_SIGNATURE_TEXT])
{
	crypto_auth_hmacsha256_state state;
	uint8_t sum[crypto_auth_hmacsha256_BYTES];
	char head[300];
	SigningKey key;
	bool good = read_key(&key, secret);

	if (good)
	{
		int length = snprintf(head, sizeof(head), "%.200s.%" PRId64 ".", id, timestamp);

		(void) crypto_auth_hmacsha256_init(&state, key.bytes, key.length);
		(void) crypto_auth_hmacsha256_update(&state, (const uint8_t *) head, (size_t) length);
		(void) crypto_auth_hmacsha256_update(&state, (const uint8_t *) body, strlen(body));
		(void) crypto_auth_hmacsha256_final(&state, sum);
		memcpy(signature, "v1,", 3);
		(void) sodium_bin2base64(signature + 3, WEBHOOK_SIGNATURE_TEXT - 3, sum, sizeof(sum),
								 sodium_base64_VARIANT_ORIGINAL);
		sodium_memzero(&state, sizeof(state));
	}
	sodium_memzero(&key, sizeof(key));
	return good;
}

/* ---- the URL ---- */

/* Parts of a URL; texts are to be given to curl_free().  An IPv6 address stands in brackets. */
typedef struct UrlParts
{
	char *scheme, *host, *port;
} UrlParts;

static void
free_parts(UrlParts *parts)
{
	curl_free(parts->scheme);
	curl_free(parts->host);
	curl_free(parts->port);
}

static bool
has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static bool
read_url(UrlParts *parts, const char *text)
{
	CURLU *url = curl_url();
	bool good = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
				curl_url_get(url, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK &&
				curl_url_get(url, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK &&
				curl_url_get(url, CURLUPART_PORT, &parts->port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
				!has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_PASSWORD) &&
				!has_part(url, CURLUPART_FRAGMENT);

	curl_url_cleanup(url);
	return good;
}

bool
webhook_url_check(const char *url, bool plain, SluiceError *err)
{
	UrlParts parts = {0};
	bool good = strlen(url) <= WEBHOOK_URL_MAXIMUM && read_url(&parts, url);
	bool fits = good && (strcmp(parts.scheme, "https") == 0 ||
						 (plain && strcmp(parts.scheme, "http") == 0));

	free_parts(&parts);
	if (!good)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "this is no URL of a host without user, password and fragment");
	return fits || sluice_fail(err, SLUICE_ERROR_ARGUMENT, "webhooks are https:// here");
}

/* ---- sending ---- */

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Nobody reads it; one that does not end is broken off. */
static size_t
take_answer(char *data, size_t size, size_t count, void *context)
{
	size_t *taken = context;

	(void) data;
	*taken += size * count;
	return *taken <= ANSWER_MAXIMUM ? size * count : 0;
}

/* Names the addresses that were checked, so that no other is taken; NULL without memory. */
static struct curl_slist *
pin(const UrlParts *parts, const AddressList *addresses)
{
	struct curl_slist *list;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	(void) fprintf(out, "%s:%s:", parts->host, parts->port);
	for (size_t i = 0; i < addresses->count; i++)
		(void) fprintf(out, "%s%s", i > 0 ? "," : "", addresses->items[i].text);
	list = fclose(out) == 0 ? curl_slist_append(NULL, text) : NULL;
	free(text);
	return list;
}

static bool
add_header(struct curl_slist **headers, const char *name, const char *value)
{
	char text[400];
	struct curl_slist *longer;

	(void) snprintf(text, sizeof(text), "%s: %s", name, value);
	longer = curl_slist_append(*headers, text);
	if (longer != NULL)
		*headers = longer;
	return longer != NULL;
}

/* False with err for a secret that is none. */
static bool
make_headers(struct curl_slist **headers, const WebhookMessage *message, SluiceError *err)
{
	char timestamp[24], signature[WEBHOOK_SIGNATURE_TEXT];

	(void) snprintf(timestamp, sizeof(timestamp), "%" PRId64, message->timestamp);
	if (message->secret != NULL &&
		!webhook_sign(message->secret, message->id, message->timestamp, message->body, signature))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the webhook's secret is none");
	return (add_header(headers, "content-type", "application/json") &&
			add_header(headers, "user-agent", "Sluice/" SLUICE_VERSION) &&
			add_header(headers, "webhook-id", message->id) &&
			add_header(headers, "webhook-timestamp", timestamp) &&
			(message->secret == NULL || add_header(headers, "webhook-signature", signature))) ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a webhook");
}

static void
set_options(CURL *curl, const WebhookMessage *message, struct curl_slist *addresses,
			struct curl_slist *headers, bool plain, size_t *taken)
{
	curl_easy_setopt(curl, CURLOPT_URL, message->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "http,https" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, addresses);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, message->body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, taken);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, WHOLE_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

/* All addresses of the URL's host, if they may be called. */
static bool
resolve(Control *control, const UrlParts *parts, AddressList *list, SluiceError *err)
{
	char host[HOST_MAXIMUM + 3];

	(void) snprintf(host, sizeof(host), "%s",
					parts->host[0] == '[' ? parts->host + 1 : parts->host);
	host[strcspn(host, "]")] = '\0';
	return databases_resolve(control->databases, host, (unsigned) strtoul(parts->port, NULL, 10),
							 list, err);
}

/* One call; what it came to is in the answer. */
static void
call(const WebhookMessage *message, struct curl_slist *addresses, struct curl_slist *headers,
	 bool plain, AlertAnswer *answer)
{
	char text[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	size_t taken = 0;
	long status = 0;
	CURLcode code;

	if (curl == NULL)
	{
		(void) snprintf(answer->error, sizeof(answer->error), "out of memory for a webhook");
		return;
	}
	set_options(curl, message, addresses, headers, plain, &taken);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
	code = curl_easy_perform(curl);
	(void) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	answer->status = (int) status;
	answer->delivered = (code == CURLE_OK || taken > ANSWER_MAXIMUM) && status / 100 == 2;
	if (answer->delivered)
		return;
	if (code == CURLE_OK || taken > ANSWER_MAXIMUM)
		(void) snprintf(answer->error, sizeof(answer->error), "the answer is status %ld", status);
	else
		(void) snprintf(answer->error, sizeof(answer->error), "%s",
						text[0] != '\0' ? text : curl_easy_strerror(code));
}

static void
fail(AlertAnswer *answer, const SluiceError *err)
{
	(void) snprintf(answer->error, sizeof(answer->error), "%.299s", err->message);
}

void
webhook_send(Control *control, const WebhookMessage *message, AlertAnswer *answer)
{
	bool plain = control->settings->webhook_http;
	struct curl_slist *addresses = NULL, *headers = NULL;
	int64_t begun = now_ms();
	UrlParts parts = {0};
	AddressList list;
	SluiceError err = {0};

	*answer = (AlertAnswer){0};
	if (!webhook_url_check(message->url, plain, &err) || !make_headers(&headers, message, &err))
		fail(answer, &err);
	else if (!read_url(&parts, message->url) || !resolve(control, &parts, &list, &err))
		fail(answer, &err);
	else if ((addresses = pin(&parts, &list)) != NULL)
		call(message, addresses, headers, plain, answer);
	answer->took_ms = now_ms() - begun;
	free_parts(&parts);
	curl_slist_free_all(addresses);
	curl_slist_free_all(headers);
}
