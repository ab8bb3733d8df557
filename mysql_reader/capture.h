/*
 * capture.h - one stream's changes: from the source's log into JetStream, each once.
 *
 * A capture owns the publisher and what is known of the log; capture_run() connects to the source and
 * reads until it is stopped or something fails, and may be called again: it goes on at the exact place.
 * A new capture goes on behind the last message in JetStream, whose header says where.
 *
 * All calls may come from any thread, but capture_run() only from one at a time.
 */
#ifndef SLUICE_MYSQL_READER_CAPTURE_H
#define SLUICE_MYSQL_READER_CAPTURE_H

#include "change_writer.h"
#include "common/daemon/log.h"
#include "common/nats/publisher.h"
#include "stream_settings.h"

typedef struct Capture Capture;

typedef struct CaptureStatus
{
	PublisherStatus publisher;
	uint64_t incarnation;
	bool reading;		 /* connected to the source and reading */
	bool begun;			 /* the stream has its start message, or more */
	bool tableless;		 /* reading, and no table fits the stream's patterns */
	bool idle;			 /* at the end of the log, and nothing waits to be sent */
	uint64_t reached;	 /* number of the place behind the last group (source_position.h) */
	int64_t commit_time; /* of that group, microseconds since 2000; 0: none was read */
	ChangeCounts counts;
	uint64_t log_bytes;		  /* of events, since the capture was opened */
	uint64_t heartbeats;	  /* likewise */
	char file[LOG_FILE_SIZE]; /* where in the log the reader is */
	uint64_t offset;
} CaptureStatus;

/*
 * Finds out which incarnation the stream has, or draws one for a new stream, and starts the publisher.
 * Settings and log must stay.  NULL on error; transient when NATS cannot be reached.
 */
extern Capture *capture_open(const StreamSettings *settings, Log *log, SluiceError *err);

/*
 * Reads and publishes until capture_stop() (true), or an error.  A stream that is new begins where the
 * log ends, with mode convert+cdc where capture_begin() says, which is waited for.  After an error that
 * is transient call it again; others want people.
 */
extern bool capture_run(Capture *capture, SluiceError *err) SLUICE_MUST_CHECK;
extern void capture_stop(Capture *capture);

/*
 * Has a new stream begin at the place and waits until its start message is in JetStream; of one that has
 * begun only the incarnation is told.  Needs capture_run() in another thread.  IO when the capture is
 * stopped before.
 */
extern bool capture_begin(Capture *capture, const LogPosition *place, uint64_t *incarnation,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* The number of a place in the way that the stream counts. */
extern uint64_t capture_number(Capture *capture, const LogPosition *place);

/* Has a message "sluice.copied" sent once the place of the last capture_begin() is passed. */
extern void capture_copied(Capture *capture, uint32_t generation);

extern void capture_status(Capture *capture, CaptureStatus *status);

/* Stops the publisher, waiting up to drain_ms for acknowledgements; NULL is fine. */
extern void capture_close(Capture *capture, int drain_ms);

#endif
