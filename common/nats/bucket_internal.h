/*
 * bucket_internal.h - what bucket.c and bucket_watch.c share.
 */
#ifndef SLUICE_NATS_BUCKET_INTERNAL_H
#define SLUICE_NATS_BUCKET_INTERNAL_H

#include "bucket.h"

#define BUCKET_STREAM_TEXT	(sizeof("KV_") + BUCKET_NAME_MAXIMUM)
#define BUCKET_SUBJECT_TEXT (sizeof("$KV..") + BUCKET_NAME_MAXIMUM + BUCKET_KEY_MAXIMUM)

/* The names in JetStream; `text` has that many bytes and is returned. */
extern const char *bucket_stream(char *text, const char *bucket);
extern const char *bucket_subject(char *text, const char *bucket, const char *key);

/* Bytes of a subject before the key. */
extern size_t bucket_prefix_length(const char *bucket);

/* Fills all but revision and time from a message, which the entry then has. */
extern void bucket_entry_fill(BucketEntry *entry, const char *bucket, natsMsg *message);

#endif
