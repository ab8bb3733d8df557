/*
 * durable.h - how a publisher learns what is durable at a target.
 *
 * Each consumer of a stream (a writer, whatever process runs it) has one key,
 * durable.<stream>.<consumer>, in the bucket of kv.h and rewrites it when more has become durable,
 * and once after every connect.  The value never runs ahead of the target's flushed commits; when
 * the bucket is lost the publisher only waits until the writer has written it again.
 */
#ifndef SLUICE_NATS_DURABLE_H
#define SLUICE_NATS_DURABLE_H

#include "common/core/change_id.h"
#include "kv.h"

#define CONSUMER_NAME_MAXIMUM 40
#define CONSUMER_DEFAULT	  "writer"

typedef struct DurableMark
{
	ChangeId id;			/* everything up to and with it is flushed at the target */
	uint64_t sequence;		/* messages below it are not needed any more... */
	int64_t stream_created; /* ...in the JetStream stream made at this time */
} DurableMark;

/* "durable.<stream>.<consumer>" into text of SUBJECT_TEXT bytes. */
extern const char *durable_key(char *text, const char *stream, const char *consumer);

/*
 * "applied.<stream>.<consumer>" likewise: what the target took in all, {"book", "rows", "bytes"} in JSON, as its owner
 * last told it; it stays when writers and whoever counts are away.
 */
extern const char *applied_key(char *text, const char *stream, const char *consumer);

/* The value: one line of text, "id=... sequence=... created=...". */
extern const char *durable_format(const DurableMark *mark, char text[KV_VALUE_MAXIMUM]);
extern bool durable_parse(const char *text, DurableMark *mark, SluiceError *err) SLUICE_MUST_CHECK;

#endif
