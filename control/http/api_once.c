/*
 * api_once.c - Idempotency-Key: the first answer is kept, sealed, and given again.
 *
 * What is kept: {status, headers: {name: value}, body}.  Only what was done is kept; a request that failed may be sent
 * again with the same key.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"

#define BUSY_RETRY_SECONDS 1

/* Headers that belong to what was done. */
static const char *const kept_headers[] = {"ETag", "Location"};

static bool
restore(Response *response, const json_t *answer)
{
	const json_t *headers = json_object_get(answer, "headers");

	for (size_t i = 0; i < sizeof(kept_headers) / sizeof(kept_headers[0]); i++)
	{
		const char *value = json_string_value(json_object_get(headers, kept_headers[i]));

		if (value != NULL)
			response_header(response, kept_headers[i], "%s", value);
	}
	response_header(response, "Idempotency-Replayed", "true");
	response->status = (int) json_integer_value(json_object_get(answer, "status"));
	response->body = json_incref(json_object_get(answer, "body"));
	if (json_is_null(response->body))
	{
		json_decref(response->body);
		response->body = NULL;
	}
	return true;
}

static bool
usable(const char *key)
{
	size_t length = strlen(key);

	for (const char *at = key; *at != '\0'; at++)
		if (*at < '!' || *at > '~')
			return false;
	return length > 0 && length <= ONCE_KEY_LENGTH;
}

static void
fingerprint_of(const Exchange *exchange, char fingerprint[ONCE_FINGERPRINT])
{
	char length[24];
	json_t *body = exchange->request.body;
	char *text =
		body != NULL ? json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
	const char *parts[] = {exchange->in->method, exchange->path, exchange->query_text,
						   text != NULL ? text : "", length};

	(void) snprintf(length, sizeof(length), "%zu", exchange->in->body_length);
	once_fingerprint(parts, text != NULL ? 4 : 5, fingerprint);
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
}

bool
once_begin(Exchange *exchange, bool *repeated)
{
	const char *key = request_header(&exchange->request, "idempotency-key");
	const Caller *caller = &exchange->request.caller;
	Control *control = exchange->api->control;
	char fingerprint[ONCE_FINGERPRINT];
	OnceOutcome outcome;
	json_t *answer = NULL;
	SluiceError err;

	*repeated = false;
	if (key == NULL || exchange->request.method != HTTP_POST || caller->key_id[0] == '\0')
		return true;
	if (!usable(key))
		return response_fail(&exchange->response, PROBLEM_BAD_REQUEST,
							 "Idempotency-Key is not 1 to %d printable characters",
							 ONCE_KEY_LENGTH);
	fingerprint_of(exchange, fingerprint);
	if (!once_claim(control->store, control->secrets, caller->tenant, caller->key_id, key,
					fingerprint, &exchange->claim, &outcome, &answer, &err))
		return response_error(&exchange->response, &err);
	switch (outcome)
	{
		case ONCE_FIRST: exchange->claimed = true; return true;
		case ONCE_REPEATED:
			*repeated = restore(&exchange->response, answer);
			json_decref(answer);
			return true;
		case ONCE_MISMATCH:
			return response_fail(&exchange->response, PROBLEM_IDEMPOTENCY_MISMATCH,
								 "this Idempotency-Key was used for another request");
		case ONCE_BUSY: break;
	}
	exchange->response.problem.retry_after = BUSY_RETRY_SECONDS;
	return response_fail(&exchange->response, PROBLEM_CONFLICT,
						 "a request with this Idempotency-Key is being worked on");
}

static json_t *
answer_of(const Response *response)
{
	json_t *headers = json_object();
	int status = response->status != 0 ? response->status : response->body != NULL ? 200 : 204;

	for (size_t i = 0; i < response->header_count; i++)
		for (size_t k = 0; k < sizeof(kept_headers) / sizeof(kept_headers[0]); k++)
			if (strcmp(response->headers[i].name, kept_headers[k]) == 0)
				(void) json_object_set_new(headers, kept_headers[k],
										   json_string(response->headers[i].value));
	return json_pack("{s:i, s:o, s:O?}", "status", status, "headers", headers, "body",
					 response->body);
}

void
once_end(Exchange *exchange, bool done)
{
	Control *control = exchange->api->control;
	SluiceError err = {0};
	json_t *answer;
	bool good;

	if (!exchange->claimed)
		return;
	if (done)
	{
		answer = answer_of(&exchange->response);
		good = answer != NULL &&
			   once_complete(control->store, control->secrets, &exchange->claim, answer, &err);
		json_decref(answer);
	}
	else
		good = once_abandon(control->store, &exchange->claim, &err);
	if (!good)
		log_failure(control->log, LOG_WARNING, "cannot keep the answer of an Idempotency-Key", &err,
					(LogField[]){LOG_TEXT("request_id", exchange->request.id), LOG_END});
}
