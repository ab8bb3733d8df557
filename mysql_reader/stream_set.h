/*
 * stream_set.h - the streams of a program: which there are, and who reads them.
 *
 * One thread with one NATS connection keeps the leases of all streams and, where streams come from the
 * bucket SLUICE, looks at its keys "stream.<name>": one that comes is taken up, one whose lines change
 * starts over with them where it stood, one that goes is let go.  Programs that hold fewer leases are
 * quicker to take one that is free.
 *
 * A lease only says who tries: that no two publish is JetStream's to see to (publisher.h).
 */
#ifndef SLUICE_MYSQL_READER_STREAM_SET_H
#define SLUICE_MYSQL_READER_STREAM_SET_H

#include "common/daemon/log.h"
#include "common/daemon/options.h"
#include "stream.h"

typedef struct StreamSetSettings
{
	NatsSettings nats;		/* texts must outlive the set */
	const Options *options; /* what streams of the bucket have besides their own lines */
	bool bucket;
	Log *log;
	StreamHost host;
} StreamSetSettings;

typedef struct StreamSet StreamSet;

/* `only`: the settings of the one stream, which are taken; NULL with `bucket`.  NULL on error. */
extern StreamSet *stream_set_start(const StreamSetSettings *settings, StreamSettings *only,
								   SluiceError *err);

/* Other settings for the one stream, which are taken; when they say the same nothing happens. */
extern void stream_set_change(StreamSet *set, StreamSettings *only);

extern void stream_set_log_level(StreamSet *set, LogLevel level);

/* Whether the one stream is finished: a copy that is whole. */
extern bool stream_set_finished(StreamSet *set);

/* False, with the reason, when NATS or some stream is in trouble or just starting. */
extern bool stream_set_ready(StreamSet *set, char *reason, size_t size);

/* Lets all streams end, gives their leases up, and frees the set; NULL is fine. */
extern void stream_set_stop(StreamSet *set);

#endif
