/*
 * stream_layout.h - a JetStream stream of ours by its name and subjects: what the stream of changes
 * (jetstream.h), that of a copy (load_stream.h), that of tables (shape_store.h) and buckets (bucket.h) have in
 * common.  Only these include it.
 */
#ifndef SLUICE_NATS_STREAM_LAYOUT_H
#define SLUICE_NATS_STREAM_LAYOUT_H

#include "jetstream.h"

#define LAYOUT_SUBJECTS 4

typedef struct StreamLayout
{
	char name[SUBJECT_TEXT];
	char subjects[LAYOUT_SUBJECTS][SUBJECT_TEXT];
	int subject_count;
} StreamLayout;

/* Subjects "sluice.<stream>.<tail>". */
extern void layout_subjects(StreamLayout *layout, const char *stream, const char *const *tails,
							int count);

/* What jetstream_ensure() says, for any layout. */
extern bool layout_ensure(NatsSession *session, const StreamLayout *layout, int64_t max_bytes,
						  int replicas, JetStreamInfo *info, bool *existed,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* The rest by JetStream's own name. */
extern bool layout_info(NatsSession *session, const char *name, JetStreamInfo *info,
						SluiceError *err) SLUICE_MUST_CHECK;

/* Removes messages with a sequence below `below` (0: all) on a subject (NULL: on all). */
extern bool layout_purge(NatsSession *session, const char *name, const char *subject,
						 uint64_t below, SluiceError *err) SLUICE_MUST_CHECK;
extern bool layout_delete(NatsSession *session, const char *name,
						  SluiceError *err) SLUICE_MUST_CHECK;

#endif
