/*
 * stream.h - the life of one stream: standing by without its lease, working with it, starting over
 * after trouble.
 *
 * A thread of its own works; whoever keeps the leases says when the lease is held, and looks at it.
 * What an error means is in a table (stream.c): some pass by themselves, some are over when somebody
 * mends them, and a few hardly ever; all show in the state, and each is tried again, the last kind
 * rarely.
 */
#ifndef SLUICE_MYSQL_READER_STREAM_H
#define SLUICE_MYSQL_READER_STREAM_H

#include "common/daemon/log.h"
#include "stream_figures.h"
#include "stream_settings.h"

/* What streams of a program share. */
typedef struct StreamHost
{
	Metrics *metrics;
	LogFormat log_format;
	LogLevel log_level;
} StreamHost;

typedef struct Stream Stream;

typedef struct StreamLook
{
	int state;		   /* a StreamState or READER_STANDBY */
	SluiceError error; /* what is in the way; code SLUICE_OK: nothing */
	bool ended;		   /* the thread is over: stream_free() does not wait */
} StreamLook;

/* Takes the settings, also when it fails, and starts standing by; NULL on error. */
extern Stream *stream_start(const StreamHost *host, StreamSettings *settings, SluiceError *err);

extern const StreamSettings *stream_settings(const Stream *stream);

/* The lease is held from now on, or is not. */
extern void stream_hold(Stream *stream, bool held);

/* Whether it wants the lease at present: after trouble another reader gets a chance. */
extern bool stream_wants(Stream *stream);

/* How it stands; to be called every second or so, which also brings the figures up to date. */
extern void stream_look(Stream *stream, StreamLook *look);

/* As of the last look; for the thread that looks. */
extern const StreamFigures *stream_figures(const Stream *stream);

extern void stream_log_level(Stream *stream, LogLevel level);

/* Asks it to end: what is begun is sent, then the thread is over. */
extern void stream_end(Stream *stream);

/* Waits for the end; NULL is fine. */
extern void stream_free(Stream *stream);

/* Milliseconds of the clock that leases are measured by; it goes on while the machine sleeps. */
extern int64_t stream_clock(void);

#endif
