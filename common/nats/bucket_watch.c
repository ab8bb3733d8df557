/*
 * bucket_watch.c - a bucket's messages as entries (bucket_watch.h).
 */
#include "bucket_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "bucket_internal.h"
#include "ordered_reader.h"

#define NS_PER_MS INT64_C(1000000)

struct BucketWatch
{
	OrderedReader *reader;
	char bucket[BUCKET_NAME_MAXIMUM + 1];
};

bool
bucket_watch_current(const BucketWatch *watch)
{
	return ordered_reader_current(watch->reader);
}

bool
bucket_watch_next(BucketWatch *watch, int wait_ms, BucketEntry *entry, SluiceError *err)
{
	PulledMessage message;

	*entry = (BucketEntry){0};
	if (!ordered_reader_next(watch->reader, wait_ms, &message, err))
		return false;
	if (message.message == NULL)
		return true;
	bucket_entry_fill(entry, watch->bucket, message.message);
	entry->revision = message.sequence;
	entry->written_ms = message.stored / NS_PER_MS;
	return true;
}

BucketWatch *
bucket_watch_open(NatsSession *session, const char *bucket, const char *keys, BucketWatchWhat what,
				  size_t max_bytes, SluiceError *err)
{
	char name[BUCKET_STREAM_TEXT], filter[BUCKET_SUBJECT_TEXT];
	BucketWatch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for bucket %s", bucket);
		return NULL;
	}
	(void) snprintf(watch->bucket, sizeof(watch->bucket), "%s", bucket);
	watch->reader = ordered_reader_open(
		session, bucket_stream(name, bucket), bucket_subject(filter, bucket, keys),
		what == BUCKET_LAST ? ORDERED_LAST_OF_SUBJECT : ORDERED_ALL, 0, max_bytes, err);
	if (watch->reader != NULL)
		return watch;
	free(watch);
	return NULL;
}

void
bucket_watch_close(BucketWatch *watch)
{
	if (watch == NULL)
		return;
	ordered_reader_close(watch->reader);
	free(watch);
}
