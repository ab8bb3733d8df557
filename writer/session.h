/*
 * session.h - one life of the writer at work: from taking over to the first trouble.
 *
 * A session starts with nothing known: it connects to NATS and the target, raises the epoch, reads
 * the progress row, finds its place in the stream, and applies until something goes wrong, the
 * lease is lost or the end is asked for.  Whatever it was at then is rolled back by closing the
 * connection, and the next session starts where the target says.
 */
#ifndef SLUICE_WRITER_SESSION_H
#define SLUICE_WRITER_SESSION_H

#include "beacon.h"
#include "bell.h"
#include "durability.h"
#include "load.h"
#include "settings.h"
#include "stats.h"
#include "stream_reader.h"

#include "common/daemon/service.h"

/* What all sessions of a process share. */
typedef struct Writer
{
	Service *service;
	WriterSettings settings;
	Stats stats;
	Beacon *beacon;
	LoadDisplay *display;
	Bell copy_moved;  /* a copy is in another phase */
	Bell copy_loaded; /* rows or an index of it came in */
	uint64_t
		applied;   /* batches committed since the process began: whether a session got anywhere */
	ChangeId told; /* the last change of structure that was told of: a retry does not again */
	bool told_sequences; /* that some of them stay behind */
	LoadWish wish;		 /* of the last session for the next one */
	bool look_back;		 /* the next session starts at the stream's first message */
	bool worked; /* the session got somewhere: it applied something, or there was nothing to do */
} Writer;

typedef enum SessionEnd
{
	SESSION_FAILED,	  /* *err says why */
	SESSION_DRAINED,  /* the end was asked for, and all is settled */
	SESSION_FINISHED, /* the copy is whole, and no changes follow */
	SESSION_AGAIN	  /* nothing is wrong, but a new session should start */
} SessionEnd;

/* The lease must be held. */
extern SessionEnd session_run(Writer *writer, SluiceError *err);

/* Signals, health and reload; true when the end was asked for. */
extern bool writer_poll(Writer *writer);

/* For a wait: false when the end was asked for or the lease was lost.  The context is the Writer. */
extern bool writer_undisturbed(void *context);

#endif
