/*
 * pull_requests.c - sending, renewing and counting pull requests.
 */
#include "pull_requests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH		INT64_C(1000000) /* bytes are the bound that counts */
#define BATCH_ALONE INT64_C(256)	 /* without bytes */
#define LATE_MS		2000			 /* a note about the end may come this much after it */
#define NS_PER_MS	INT64_C(1000000)
#define EXPIRES_MIN 100

void
pull_requests_init(PullRequests *requests, const char *inbox, size_t max_bytes)
{
	memset(requests, 0, sizeof(*requests));
	(void) snprintf(requests->inbox, sizeof(requests->inbox), "%s", inbox);
	requests->batch = max_bytes > 0 ? BATCH : BATCH_ALONE;
	if (max_bytes > 0)
		requests->bytes = max_bytes >= PULL_REQUESTS ? (int64_t) (max_bytes / PULL_REQUESTS) : 1;
	requests->expires_ms = PULL_EXPIRES_MS;
}

static void
lower(int64_t *value, int64_t limit)
{
	if (limit > 0 && *value > limit)
		*value = limit;
}

void
pull_requests_limit(PullRequests *requests, const jsConsumerConfig *config)
{
	lower(&requests->batch, config->MaxRequestBatch);
	lower(&requests->bytes, config->MaxRequestMaxBytes);
	if (config->MaxRequestExpires > 0)
		lower(&requests->expires_ms, config->MaxRequestExpires / NS_PER_MS > EXPIRES_MIN
										 ? config->MaxRequestExpires / NS_PER_MS
										 : EXPIRES_MIN);
}

static PullRequest *
find(PullRequests *requests, uint64_t number)
{
	for (int i = 0; i < PULL_REQUESTS; i++)
	{
		if (requests->open[i].number == number)
			return &requests->open[i];
	}
	return NULL;
}

static bool
any_open(const PullRequests *requests)
{
	for (int i = 0; i < PULL_REQUESTS; i++)
	{
		if (requests->open[i].number != 0)
			return true;
	}
	return false;
}

void
pull_requests_forget(PullRequests *requests)
{
	memset(requests->open, 0, sizeof(requests->open));
	requests->outstanding = 0;
	requests->single = false;
}

static void
end(PullRequests *requests, PullRequest *request)
{
	request->number = 0;
	if (!any_open(requests))
		pull_requests_forget(requests);
}

static void
expire(PullRequests *requests, int64_t now_ms)
{
	for (int i = 0; i < PULL_REQUESTS; i++)
	{
		if (requests->open[i].number != 0 && now_ms >= requests->open[i].over_ms)
			end(requests, &requests->open[i]);
	}
}

static natsStatus
send_request(PullRequests *requests, PullRequest *request, natsConnection *connection,
			 int64_t now_ms)
{
	int64_t batch = requests->single ? 1 : requests->batch;
	int64_t heartbeat_ms = PULL_HEARTBEAT_MS;
	char limit[48] = "";
	char text[192];
	char reply[96];

	lower(&heartbeat_ms, requests->expires_ms / 2 - 1); /* the server wants two in a request */
	request->number = ++requests->last_number;
	request->over_ms = now_ms + requests->expires_ms + LATE_MS;
	requests->outstanding += batch;
	if (!requests->single && requests->bytes > 0)
		(void) snprintf(limit, sizeof(limit), ",\"max_bytes\":%" PRId64, requests->bytes);
	(void) snprintf(text, sizeof(text),
					"{\"batch\":%" PRId64 "%s,\"expires\":%" PRId64 ",\"idle_heartbeat\":%" PRId64
					"}",
					batch, limit, requests->expires_ms * NS_PER_MS, heartbeat_ms * NS_PER_MS);
	(void) snprintf(reply, sizeof(reply), "%s.%" PRIu64, requests->inbox, request->number);
	return natsConnection_PublishRequestString(connection, requests->subject, reply, text);
}

natsStatus
pull_requests_fill(PullRequests *requests, natsConnection *connection, int64_t now_ms)
{
	natsStatus status = NATS_OK;
	PullRequest *request;

	expire(requests, now_ms);
	if (requests->single || (requests->single_next && any_open(requests)))
		return NATS_OK;
	if (requests->single_next)
	{
		requests->single_next = false;
		requests->single = true;
		return send_request(requests, &requests->open[0], connection, now_ms);
	}
	while (status == NATS_OK && (request = find(requests, 0)) != NULL)
		status = send_request(requests, request, connection, now_ms);
	return status;
}

void
pull_requests_count(PullRequests *requests)
{
	if (--requests->outstanding <= 0)
		pull_requests_forget(requests);
}

void
pull_requests_end(PullRequests *requests, const char *subject, const PullNote *note)
{
	const char *dot = strrchr(subject, '.');
	uint64_t number = dot != NULL ? strtoull(dot + 1, NULL, 10) : 0;
	PullRequest *request = number != 0 ? find(requests, number) : NULL;

	if (request == NULL) /* expired here before the note came */
		return;
	if (note->kind == PULL_TOO_LARGE &&
		(note->pending_bytes == UINT64_MAX || note->pending_bytes >= (uint64_t) requests->bytes))
		requests->single_next = true;
	if (note->pending_messages <= (uint64_t) requests->batch)
		requests->outstanding -= (int64_t) note->pending_messages;
	end(requests, request);
}
