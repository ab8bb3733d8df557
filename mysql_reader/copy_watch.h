/*
 * copy_watch.h - what the consumers of a copy report, and purging what all of them have.
 *
 * Purged are: load messages that every consumer has acknowledged; further parts of bundles when every
 * consumer has their chunk, or, of earlier generations, when every consumer has taken all there was;
 * everything when every consumer has all rows.
 */
#ifndef SLUICE_MYSQL_READER_COPY_WATCH_H
#define SLUICE_MYSQL_READER_COPY_WATCH_H

#include "common/nats/load_report.h"
#include "common/nats/load_stream.h"
#include "copy_run.h"

typedef struct CopyWatch
{
	const StreamSettings *settings;
	CopyProgress *progress;
	NatsSession session;

	/* Of the generation, told by the caller. */
	uint64_t incarnation;
	uint32_t generation; /* 0: none is published yet */
	uint32_t chunks;
	bool long_bundles; /* some went in parts */
	bool read_out;	   /* all its chunks are in JetStream */

	/* What was seen. */
	LoadPhase phase;   /* the least of the consumers */
	bool *complete;	   /* per chunk: all consumers have it */
	bool rows_missing; /* a consumer has taken every message and lacks rows: they are lost */

	/* Its own. */
	uint64_t purged; /* load messages up to here are gone */
	bool *parts_purged;
	bool former_purged;
	int64_t looked_ms;
	int64_t lacking_ms;		 /* since when chunks lack; 0: it is not so */
	uint64_t lacking_chunks; /* that all consumers had then */
} CopyWatch;

extern void copy_watch_init(CopyWatch *watch, const StreamSettings *settings,
							CopyProgress *progress);
extern void copy_watch_free(CopyWatch *watch);

/* An open session, opened again when it was lost. */
extern bool copy_watch_connect(CopyWatch *watch, SluiceError *err) SLUICE_MUST_CHECK;

/* Another generation is published from now on. */
extern bool copy_watch_begin(CopyWatch *watch, uint64_t incarnation, uint32_t generation,
							 uint32_t chunks, SluiceError *err) SLUICE_MUST_CHECK;

/* Looks and purges, at most once a second. */
extern bool copy_watch_look(CopyWatch *watch, SluiceError *err) SLUICE_MUST_CHECK;

#endif
