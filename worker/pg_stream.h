/*
 * pg_stream.h - a stream of the extension at its source: what is asked of it, by its own SQL functions.
 */
#ifndef SLUICE_WORKER_PG_STREAM_H
#define SLUICE_WORKER_PG_STREAM_H

#include "job.h"
#include "pg_session.h"

typedef struct PgStreamLook
{
	bool there;
	char desired[JOB_WORD], state[JOB_WORD]; /* "" when it is not there */
	SluiceError error;						 /* its last; code SLUICE_OK: none */
	json_t *figures; /* owned: counters and tables; NULL when it is not there */
} PgStreamLook;

/* Whether it can be driven at all: the extension is there; NOT_FOUND with the statement that makes it. */
extern bool pg_stream_check(PgSession *session, SluiceError *err) SLUICE_MUST_CHECK;

extern bool pg_stream_look(PgSession *session, const char *stream, PgStreamLook *look,
						   SluiceError *err) SLUICE_MUST_CHECK;
extern void pg_stream_look_free(PgStreamLook *look);

/* Makes it as the run's specification says. */
extern bool pg_stream_create(PgSession *session, const JobFacts *job,
							 SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Tables that the specification names and the stream has not join it, others leave.  STATE when it has an option
 * or the publication in another way: these stay as they were made.
 */
extern bool pg_stream_adapt(PgSession *session, const JobFacts *job,
							SluiceError *err) SLUICE_MUST_CHECK;

/* "start", "pause", "stop" or "drop". */
extern bool pg_stream_ask(PgSession *session, const char *stream, const char *verb,
						  SluiceError *err) SLUICE_MUST_CHECK;

#endif
