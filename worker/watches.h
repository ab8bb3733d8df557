/*
 * watches.h - the watches by which a board (board.h) follows the buckets.
 */
#ifndef SLUICE_WORKER_WATCHES_H
#define SLUICE_WORKER_WATCHES_H

#include "board.h"
#include "common/nats/bucket_watch.h"

typedef struct Watches
{
	BucketWatch *runs, *drain, *leases;
	char drain_key[LAYOUT_KEY_MAXIMUM];
	bool current; /* the board has all there is */
} Watches;

/* The board keeps what it has until the watches are current. */
extern bool watches_open(Watches *watches, NatsSession *session, Board *board, const char *worker,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Takes what has come, waiting at most wait_ms for the first; IO and others: close them and the session. */
extern bool watches_poll(Watches *watches, Board *board, int wait_ms, int64_t now_ms,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Before the session is closed. */
extern void watches_close(Watches *watches);

#endif
