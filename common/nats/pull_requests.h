/*
 * pull_requests.h - the requests a puller keeps at the server, and what they may still bring.
 *
 * Two requests of half the bytes each are kept there, so that one works while the other is renewed.
 * Each has its own reply subject, <inbox>.<number>, which the notes about it carry; messages carry
 * their own subject, so which request paid for a message is not known, only how many all of them may
 * still bring.  A request is over when its note says so, when its time is up, or when nothing is
 * outstanding.
 *
 * A message larger than a request may bring ends that request.  Then one of a single message without
 * a byte limit is sent, alone, once all others are over.
 */
#ifndef SLUICE_NATS_PULL_REQUESTS_H
#define SLUICE_NATS_PULL_REQUESTS_H

#include "connection.h"
#include "pull_note.h"

#define PULL_REQUESTS	  2
#define PULL_EXPIRES_MS	  5000
#define PULL_HEARTBEAT_MS 1000

typedef struct PullRequest
{
	uint64_t number; /* 0: free */
	int64_t over_ms;
} PullRequest;

typedef struct PullRequests
{
	char subject[256]; /* where requests go */
	char inbox[64];	   /* replies come to <inbox>.<number> */
	int64_t batch;	   /* messages, bytes (0: no bound) and time of one request */
	int64_t bytes;
	int64_t expires_ms;
	PullRequest open[PULL_REQUESTS];
	uint64_t last_number;
	int64_t outstanding; /* messages the open ones may still bring */
	bool single;		 /* the open one is for one message of whatever size */
	bool single_next;	 /* such a one is needed */
} PullRequests;

/* max_bytes 0: some hundred messages of any size. */
extern void pull_requests_init(PullRequests *requests, const char *inbox, size_t max_bytes);

/* A server may have limits of its own, which it writes into the consumer's configuration. */
extern void pull_requests_limit(PullRequests *requests, const jsConsumerConfig *config);

/* Sends what is missing; cheap when nothing is. */
extern natsStatus pull_requests_fill(PullRequests *requests, natsConnection *connection,
									 int64_t now_ms);

/* A message came. */
extern void pull_requests_count(PullRequests *requests);

/* A note of kind PULL_ENDED or PULL_TOO_LARGE came to `subject`. */
extern void pull_requests_end(PullRequests *requests, const char *subject, const PullNote *note);

/* The server seems to have lost them. */
extern void pull_requests_forget(PullRequests *requests);

#endif
