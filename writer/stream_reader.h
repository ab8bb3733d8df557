/*
 * stream_reader.h - the change stream as records: messages in order, parts put together, what was
 * applied before left out, and every seam checked.
 *
 * A message names the last change of the message before it.  Where that does not fit what was read,
 * a piece is missing, and the reader says so (SLUICE_ERROR_STATE) instead of going on.
 *
 * Invariants:
 * 1. Records come out in the source's order, each once, the first one after `position`.
 * 2. A transaction comes out from its begin or not at all.
 */
#ifndef SLUICE_WRITER_STREAM_READER_H
#define SLUICE_WRITER_STREAM_READER_H

#include "common/core/bundle.h"
#include "common/nats/puller.h"

typedef struct StreamReaderSettings
{
	const char *stream;
	int lane;
	bool start_available; /* with nothing applied, begin with what the stream still has */
	size_t pull_bytes;	  /* messages fetched ahead, at most */
} StreamReaderSettings;

typedef struct StreamReader
{
	StreamReaderSettings settings;
	char subject[SUBJECT_TEXT];
	Puller *puller;
	BundleAssembly assembly;
	BundleReader bundle;
	natsMsg *message; /* the bundle's memory when it came in one */
	bool open;		  /* a bundle is being read */
	bool parted;	  /* and its memory is the assembly */

	ChangeId position;	 /* records up to it were applied */
	ChangeId last;		 /* last change of the message before */
	bool linked;		 /* `last` is from a message, not only the position */
	uint64_t first_part; /* sequence of the bundle's first message */
	uint64_t sequence;	 /* and of its last */
	uint64_t pending;	 /* messages behind it */
	uint64_t bundle_count, byte_count;
} StreamReader;

extern void stream_reader_init(StreamReader *reader, const StreamReaderSettings *settings);
extern void stream_reader_free(StreamReader *reader);

/* Starts reading at a message; what is not after `position` will be left out. */
extern bool stream_reader_open(StreamReader *reader, NatsSession *session, uint64_t sequence,
							   const ChangeId *position, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Goes to the next bundle, waiting at most wait_ms; *got is false when none came.  What records of
 * the bundle before pointed to is gone.
 */
extern bool stream_reader_next(StreamReader *reader, int wait_ms, bool *got,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* The bundle's next record that was not applied before; *end when there is none. */
extern bool stream_reader_record(StreamReader *reader, BundleRecord *record, bool *end,
								 SluiceError *err) SLUICE_MUST_CHECK;

/* The message to start reading at to go on behind the record just returned. */
extern uint64_t stream_reader_resume(const StreamReader *reader);

#endif
