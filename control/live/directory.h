/*
 * directory.h - which streams there are, under which name in NATS, and what their newest run is: from the store's documents.
 *
 * No I/O and no clock; it has a lock of its own.
 */
#ifndef SLUICE_CONTROL_LIVE_DIRECTORY_H
#define SLUICE_CONTROL_LIVE_DIRECTORY_H

#include <jansson.h>
#include <stdint.h>

#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "common/nats/jetstream.h"

typedef struct DirectoryStream
{
	const char *name; /* stream_id */
	char stream_id[ID_MAXIMUM + 1];
	char tenant[TENANT_MAXIMUM + 1];
	char stream[STREAM_NAME_MAXIMUM + 1]; /* in NATS */
	char run_id[ID_MAXIMUM + 1];		  /* "": it never ran */
	char run_created[TIMESTAMP_TEXT];
	char state[24], desired[16]; /* of the run */
} DirectoryStream;

typedef struct Directory Directory;

/* NULL without memory. */
extern Directory *directory_new(size_t maximum);
extern void directory_free(Directory *directory);

/* Takes "stream.<tenant>.<id>" and "run.<tenant>.<id>" (value NULL: removed); other keys are nothing to it. */
extern bool directory_take(Directory *directory, const char *key, const json_t *value,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* A copy; false when there is none of the tenant (NULL: of any). */
extern bool directory_find(Directory *directory, const char *tenant, const char *stream_id,
						   DirectoryStream *stream);

/* Of a tenant, or with NULL of all; called with the lock held, so nothing of this header may be called. */
extern void directory_each(Directory *directory, const char *tenant,
						   void (*each)(void *context, const DirectoryStream *stream),
						   void *context);

#endif
