/*
 * client.c - requests and answers (client.h); client_feed.c has those that go on.
 */
#include "client_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#define RETRY_FIRST_MS 500
#define RETRY_MOST_MS  10000

/* ---- settings of a transfer ---- */

/* The machine itself is reached without a proxy. */
static bool
is_loopback(const char *server)
{
	static const char *const hosts[] = {"127.", "localhost", "[::1]"};
	const char *host = strstr(server, "://");

	for (size_t i = 0; host != NULL && i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strncasecmp(host + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

bool
client_header(struct curl_slist **headers, const char *name, const char *value)
{
	char line[600];
	struct curl_slist *more = NULL;
	int length = snprintf(line, sizeof(line), "%s: %s", name, value);

	if (length > 0 && (size_t) length < sizeof(line))
		more = curl_slist_append(*headers, line);
	explicit_bzero(line, sizeof(line));
	*headers = more != NULL ? more : *headers;
	return more != NULL;
}

bool
client_key(const Client *client, struct curl_slist **headers)
{
	char value[560];
	bool good;

	if (client->settings.key == NULL)
		return true;
	(void) snprintf(value, sizeof(value), "Bearer %s", client->settings.key);
	good = client_header(headers, "Authorization", value);
	explicit_bzero(value, sizeof(value));
	return good;
}

void
client_prepare(const Client *client, CURL *curl, const char *url)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "sluice/" SLUICE_VERSION);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	if (client->settings.ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, client->settings.ca_file);
	if (is_loopback(client->settings.server))
		curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
}

char *
client_url(const Client *client, const char *path, SluiceError *err)
{
	char *url = NULL;

	if (asprintf(&url, "%s%s", client->settings.server, path) >= 0)
		return url;
	(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a request");
	return NULL;
}

bool
client_fail(const Client *client, CURLcode code, const char *detail, SluiceError *err)
{
	const char *text = *detail != '\0' ? detail : curl_easy_strerror(code);

	switch (code)
	{
		case CURLE_OPERATION_TIMEDOUT:
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "%s does not answer in time: %s",
							   client->settings.server, text);
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CERTPROBLEM:
			(void) sluice_fail(err, SLUICE_ERROR_DENIED, "%s is not trusted: %s",
							   client->settings.server, text);
			return sluice_hint(err,
							   "--ca-file FILE names the authority that its certificate is of");
		case CURLE_OUT_OF_MEMORY:
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a request");
		default:
			(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot reach %s: %s", client->settings.server,
							   text);
			return sluice_hint(err,
							   "%s--server or sluice context select names another server; "
							   "sluice doctor looks what is missing",
							   is_loopback(client->settings.server)
								   ? "sluice dev starts a server on this machine; "
								   : "");
	}
}

/* ---- life ---- */

Client *
client_new(const ClientSettings *settings, SluiceError *err)
{
	Client *client = calloc(1, sizeof(*client));

	if (client != NULL)
	{
		client->settings = *settings;
		(void) curl_global_init(CURL_GLOBAL_DEFAULT);
		client->curl = curl_easy_init();
	}
	if (client != NULL && client->curl != NULL)
		return client;
	free(client);
	(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a client");
	return NULL;
}

void
client_free(Client *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	curl_global_cleanup();
	free(client);
}

void
answer_free(Answer *answer)
{
	json_decref(answer->body);
	free(answer->text);
	*answer = (Answer){0};
}

/* ---- what comes ---- */

/* A body as it comes, and what of the headers counts. */
typedef struct Incoming
{
	ByteBuf body;
	Answer *answer;
	long retry_after; /* seconds; -1: not said */
	SluiceError err;
} Incoming;

/* A curl_write_callback. */
static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	Incoming *incoming = context;

	(void) size; /* 1 */
	return bytebuf_put(&incoming->body, bytes, count, &incoming->err) ? count : 0;
}

static void
keep_header(char *to, size_t size, const char *value, size_t length)
{
	(void) snprintf(to, size, "%.*s", (int) length, value);
}

/* Likewise, of one header line. */
static size_t
take_header(char *line, size_t size, size_t count, void *context)
{
	Incoming *incoming = context;
	Answer *answer = incoming->answer;
	const char *colon = memchr(line, ':', count);
	const char *value = colon != NULL ? colon + 1 : NULL;
	const char *end = line + count;
	size_t name = colon != NULL ? (size_t) (colon - line) : 0;

	(void) size; /* 1 */
	if (value == NULL)
		return count;
	while (value < end && isspace((unsigned char) *value))
		value++;
	while (end > value && isspace((unsigned char) end[-1]))
		end--;
	if (name == 4 && strncasecmp(line, "ETag", name) == 0)
		keep_header(answer->etag, sizeof(answer->etag), value, (size_t) (end - value));
	else if (name == 8 && strncasecmp(line, "Location", name) == 0)
		keep_header(answer->location, sizeof(answer->location), value, (size_t) (end - value));
	else if (name == 12 && strncasecmp(line, "X-Request-Id", name) == 0)
		keep_header(answer->request_id, sizeof(answer->request_id), value, (size_t) (end - value));
	else if (name == 11 && strncasecmp(line, "Retry-After", name) == 0 &&
			 isdigit((unsigned char) *value))
		incoming->retry_after = strtol(value, NULL, 10);
	return count;
}

/* The body as JSON or as text. */
static bool
read_body(Client *client, Incoming *incoming, SluiceError *err)
{
	Answer *answer = incoming->answer;
	const char *type = NULL;
	json_error_t where;

	if (incoming->body.length == 0)
		return true;
	if (!bytebuf_put_u8(&incoming->body, 0, err))
		return false;
	curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
	if (type == NULL || strstr(type, "json") == NULL)
	{
		answer->text = (char *) incoming->body.data;
		incoming->body.data = NULL;
		incoming->body.capacity = incoming->body.length = 0;
		return true;
	}
	answer->body = json_loadb((const char *) incoming->body.data, incoming->body.length - 1,
							  JSON_DECODE_ANY, &where);
	return answer->body != NULL ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "%s answers with what is no JSON: %s",
					   client->settings.server, where.text);
}

/* ---- one request ---- */

typedef struct Outgoing
{
	const char *method, *url, *body; /* body NULL: none */
	struct curl_slist *headers;
} Outgoing;

static void
set_request(Client *client, const Outgoing *outgoing, Incoming *incoming, int64_t left_ms,
			char detail[CURL_ERROR_SIZE])
{
	CURL *curl = client->curl;

	curl_easy_reset(curl);
	client_prepare(client, curl, outgoing->url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, outgoing->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, outgoing->headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long) left_ms);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, incoming);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, incoming);
	if (outgoing->body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, outgoing->body);
	else if (strcmp(outgoing->method, "POST") == 0)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
}

static bool
send_once(Client *client, const Outgoing *outgoing, Answer *answer, int64_t left_ms,
		  long *retry_after, SluiceError *err)
{
	char detail[CURL_ERROR_SIZE] = "";
	Incoming incoming = {.answer = answer, .retry_after = -1};
	CURLcode code;
	bool good;

	answer_free(answer);
	bytebuf_init(&incoming.body, &allocator_malloc, CLIENT_BODY_MAXIMUM);
	set_request(client, outgoing, &incoming, left_ms, detail);
	code = curl_easy_perform(client->curl);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	if (incoming.err.code != SLUICE_OK)
	{
		*err = incoming.err;
		good = sluice_prefix(err, "the answer of %s", client->settings.server);
	}
	else
		good = code == CURLE_OK ? read_body(client, &incoming, err)
								: client_fail(client, code, detail, err);
	if (client->settings.trace != NULL)
		(void) fprintf(client->settings.trace, "%s %s -> %ld, request id %s\n", outgoing->method,
					   outgoing->url, answer->status,
					   *answer->request_id != '\0' ? answer->request_id : "-");
	bytebuf_free(&incoming.body);
	*retry_after = incoming.retry_after;
	return good;
}

/* ---- again and again ---- */

static int64_t
clock_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether an answer is worth another try, and the wait before it. */
static bool
is_again(const Outgoing *outgoing, const Answer *answer, long retry_after, unsigned attempt,
		 int64_t *wait_ms)
{
	bool repeatable = strcmp(outgoing->method, "GET") == 0 || strcmp(outgoing->method, "POST") == 0;

	if (answer->status != 429 && (answer->status != 503 || !repeatable))
		return false;
	*wait_ms = retry_after >= 0 ? retry_after * 1000 : (int64_t) RETRY_FIRST_MS << attempt;
	*wait_ms = *wait_ms > RETRY_MOST_MS && retry_after < 0 ? RETRY_MOST_MS : *wait_ms;
	return attempt < 10;
}

static bool
pause_ms(int64_t ms)
{
	const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	return nanosleep(&wait, NULL) == 0;
}

static bool
send_until(Client *client, const Outgoing *outgoing, Answer *answer, SluiceError *err)
{
	int64_t deadline = clock_ms() + client->settings.timeout_ms, wait_ms = 0;
	long retry_after = -1;

	for (unsigned attempt = 0;; attempt++)
	{
		int64_t left = deadline - clock_ms();

		if (!send_once(client, outgoing, answer, left > 1 ? left : 1, &retry_after, err))
			return false;
		if (!is_again(outgoing, answer, retry_after, attempt, &wait_ms) ||
			clock_ms() + wait_ms >= deadline || !pause_ms(wait_ms))
			return true;
	}
}

static bool
make_headers(const Client *client, const char *method, bool body, const char *if_match,
			 struct curl_slist **headers)
{
	uint64_t random[2];
	char key[40];

	if (!client_key(client, headers) ||
		!client_header(headers, "Accept",
					   "application/json, application/problem+json, */*;q=0.1") ||
		!client_header(headers, "Expect", ""))
		return false;
	if (body && !client_header(headers, "Content-Type",
							   strcmp(method, "PATCH") == 0 ? "application/merge-patch+json"
															: "application/json"))
		return false;
	if (if_match != NULL && !client_header(headers, "If-Match", if_match))
		return false;
	if (strcmp(method, "POST") != 0)
		return true;
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	(void) snprintf(key, sizeof(key), "%016llx%016llx", (unsigned long long) random[0],
					(unsigned long long) random[1]);
	return client_header(headers, "Idempotency-Key", key);
}

bool
client_call(Client *client, const char *method, const char *path, const json_t *body,
			const char *if_match, Answer *answer, SluiceError *err)
{
	Outgoing outgoing = {.method = method};
	char *url = client_url(client, path, err);
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	bool good = url != NULL;

	*answer = (Answer){0};
	if (good && ((body != NULL && text == NULL) ||
				 !make_headers(client, method, body != NULL, if_match, &outgoing.headers)))
		good = sluice_fail(err, SLUICE_ERROR_MEMORY,
						   "cannot make a request: no memory, or a key or "
						   "header that is too long");
	outgoing.url = url;
	outgoing.body = text;
	good = good && send_until(client, &outgoing, answer, err);
	if (!good)
		answer_free(answer);
	curl_slist_free_all(outgoing.headers);
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	free(url);
	return good;
}
