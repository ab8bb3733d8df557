/*
 * copy_worker.h - threads that read the chunks of one generation, each over a
 * connection of its own that is in the generation's snapshot.
 *
 * A thread whose connection is lost ends, since the snapshot went with it; the
 * others read its chunk too. The generation is over when no thread is left:
 * done, or broken off.
 */
#ifndef SLUICE_MYSQL_READER_COPY_WORKER_H
#define SLUICE_MYSQL_READER_COPY_WORKER_H

#include <pthread.h>

#include "copy_output.h"
#include "copy_run.h"
#include "copy_state.h"

typedef enum CrewEnd
{
	CREW_WORKS,	  /* nothing is decided */
	CREW_REPLANS, /* a table is not what it was planned as: another generation */
	CREW_FAILED	  /* people must mend it */
} CrewEnd;

typedef struct CopyCrew
{
	const StreamSettings *settings;
	const CopyHost *host;
	CopyProgress *progress;
	const SchemaDocument *document;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	CopyState *state;  /* which chunks are done */
	uint8_t *taken;	   /* per chunk */
	uint32_t first;	   /* no chunk before it is to be taken */
	uint32_t done;	   /* chunks */
	size_t threads;	   /* at work */
	bool long_bundles; /* some went in parts */
	CrewEnd end;
	SluiceError error; /* why; of CREW_WORKS the last connection's */
} CopyCrew;

/* The state is that of document->load: its chunks are to be read. */
extern bool copy_crew_init(CopyCrew *crew, const StreamSettings *settings, const CopyHost *host,
						   CopyProgress *progress, const SchemaDocument *document, CopyState *state,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* Waits for its threads. */
extern void copy_crew_free(CopyCrew *crew);

/* Starts a thread on a connection, which it closes; `threads` in all share the
 * memory. */
extern bool copy_crew_add(CopyCrew *crew, MyConnection *connection, size_t threads,
						  SluiceError *err) SLUICE_MUST_CHECK;

#endif
