/*
 * progress.h - how far a target is, as its row in sluice.progress says.
 *
 * Nothing else decides what is applied next.  The row changes in the transaction of the data, and
 * only for the owner of the current epoch at the position it believes in.
 */
#ifndef SLUICE_WRITER_PROGRESS_H
#define SLUICE_WRITER_PROGRESS_H

#include "common/core/change_id.h"

typedef struct Progress
{
	ChangeId position;		/* end of the last transaction applied; commit 0: none */
	uint64_t next_sequence; /* the message to start reading at... */
	int64_t stream_created; /* ...in the JetStream stream made at this time (unix nanoseconds) */
	int64_t epoch;			/* of the owner */
} Progress;

#endif
