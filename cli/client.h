/*
 * client.h - requests to a Sluice server, over libcurl.
 *
 * - TLS certificates are always checked; redirects are never followed; HTTP and HTTPS alone.
 * - A body that comes is bounded, and so is the time that a request takes.
 * - Every POST has an Idempotency-Key.  GET and POST that are answered with 429 or 503 are sent again, when
 *   Retry-After says, as long as the time allows.
 * - The API key goes into one header and nowhere else.
 */
#ifndef SLUICE_CLI_CLIENT_H
#define SLUICE_CLI_CLIENT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "sse.h"

#define CLIENT_BODY_MAXIMUM (64 * 1024 * 1024)

typedef struct ClientSettings
{
	const char *server;	 /* "http://127.0.0.1:8800" */
	const char *key;	 /* NULL: none */
	const char *ca_file; /* NULL: the system's authorities */
	int64_t timeout_ms;	 /* of one request with its repetitions */
	FILE *trace;		 /* a line for each request; NULL: none */
} ClientSettings;

typedef struct Client Client;

/* The settings' texts must outlive it.  NULL on error. */
extern Client *client_new(const ClientSettings *settings, SluiceError *err) SLUICE_MUST_CHECK;
extern void client_free(Client *client);

typedef struct Answer
{
	long status;  /* of HTTP */
	json_t *body; /* NULL when it has none, or none of JSON */
	char *text;	  /* of any other kind; NULL: none */
	char etag[80], request_id[80], location[300];
} Answer;

/*
 * Sends and waits for the answer, whatever its status.  False: IO (not reached), TIMEOUT, DENIED (its certificate),
 * LIMIT (a body too long), CORRUPT (no JSON where it says so).  body and if_match may be NULL.
 */
extern bool client_call(Client *client, const char *method, const char *path, const json_t *body,
						const char *if_match, Answer *answer, SluiceError *err) SLUICE_MUST_CHECK;
extern void answer_free(Answer *answer);

/* An answer that goes on: server-sent events. */
typedef struct EventFeed EventFeed;

/* Asks for a path; NULL on error.  Whether it is granted shows in the first feed_poll(). */
extern EventFeed *feed_open(Client *client, const char *path, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Takes in what comes within wait_ms; returns at once when something came.  False when the feed has ended: *status is
 * that of HTTP (0 when none came), and err says why.
 */
extern bool feed_poll(EventFeed *feed, int wait_ms, SseEach each, void *context, long *status,
					  SluiceError *err) SLUICE_MUST_CHECK;
extern void feed_close(EventFeed *feed);

#endif
