/*
 * stream_sides.h - a stream's source and targets, connected to for a look at them before it runs.
 */
#ifndef SLUICE_CONTROL_STREAM_SIDES_H
#define SLUICE_CONTROL_STREAM_SIDES_H

#include "common/nats/jetstream.h"
#include "control/control.h"
#include "control/database/source.h"
#include "control/database/target.h"
#include "control/http/request.h"

/* What is asked about: a stream that is there, or a document that is not kept. */
typedef struct StreamQuestion
{
	Control *control;
	const char *tenant;
	json_t *document;		 /* as the store has streams */
	const char *stream_id;	 /* the document's, NULL when it is not kept */
	char name[SUBJECT_TEXT]; /* in NATS */
	bool scan;
} StreamQuestion;

/*
 * Reads the request's body: {stream_id}, or the members of a stream; or the stream that the path names.  False with
 * the problem filled; to be freed in any case.
 */
extern bool stream_question(Control *control, const Request *request, StreamQuestion *question,
							Response *response);
extern void stream_question_free(StreamQuestion *question);

/* A database of a stream. */
typedef struct StreamSide
{
	DatabaseSettings settings;
	Database *database; /* NULL: not open */
	DialReport report;
} StreamSide;

/* Of the connection's id; the report says how far it came.  To be closed in any case. */
extern bool stream_side_open(const StreamQuestion *question, const char *connection_id,
							 StreamSide *side, SluiceError *err) SLUICE_MUST_CHECK;
extern void stream_side_close(StreamSide *side);

/* What the source is asked for, and each target. */
extern SourceWish stream_source_wish(const StreamQuestion *question);
extern TargetWish stream_target_wish(const StreamQuestion *question, const json_t *target);

#endif
