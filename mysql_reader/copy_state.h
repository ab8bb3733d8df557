/*
 * copy_state.h - how far a stream's copy is, under the key copied.<stream> of
 * the bucket (kv.h).
 *
 * It only spares work: what it does not say is read again, and a copy that it
 * does not call finished is made once more, which consumers that have all rows
 * pass over.
 */
#ifndef SLUICE_MYSQL_READER_COPY_STATE_H
#define SLUICE_MYSQL_READER_COPY_STATE_H

#include "common/nats/kv.h"

typedef enum CopyStage
{
	COPY_READING,  /* chunks are being read */
	COPY_COPIED,   /* all of them are in JetStream */
	COPY_FINISHED, /* and at every consumer */
	COPY_STAGES
} CopyStage;

typedef struct CopyState
{
	uint64_t incarnation;
	uint32_t generation; /* 0: there is none */
	CopyStage stage;
	uint32_t chunks; /* of the generation */
	bool *done;		 /* per chunk; malloc'ed, NULL for none */
} CopyState;

extern void copy_state_free(CopyState *state);

/* Begins anew: nothing of that generation is done. */
extern bool copy_state_begin(CopyState *state, uint64_t incarnation, uint32_t generation,
							 uint32_t chunks, SluiceError *err) SLUICE_MUST_CHECK;

/* One line; what finds no room of the list of chunks is left out. */
extern void copy_state_format(const CopyState *state, char text[KV_VALUE_MAXIMUM]);
extern bool copy_state_parse(const char *text, CopyState *state,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* What the bucket has; generation 0 where it has nothing. */
extern bool copy_state_read(NatsSession *session, const char *stream, CopyState *state,
							SluiceError *err) SLUICE_MUST_CHECK;
extern bool copy_state_write(NatsSession *session, const char *stream, const CopyState *state,
							 SluiceError *err) SLUICE_MUST_CHECK;
extern bool copy_state_remove(NatsSession *session, const char *stream,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Appends numbers that are true as "0-3,5", at most `room` bytes; the length.
 */
extern size_t copy_state_ranges(const bool *done, uint32_t first, uint32_t count, char *text,
								size_t room);

#endif
