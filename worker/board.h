/*
 * board.h - what a worker knows of the buckets: runs, who holds which job, who is to be drained.
 *
 * Pure: watches fill it, planning reads it (plan.h).  Runs that have ended are not kept.  One thread uses it.
 */
#ifndef SLUICE_WORKER_BOARD_H
#define SLUICE_WORKER_BOARD_H

#include <jansson.h>
#include <stdint.h>

#include "common/control/layout.h"

typedef struct BoardRun
{
	char id[ID_MAXIMUM + 1];
	json_t *document;
	int64_t seen_ms;  /* when it was first seen */
	bool named_again; /* since board_begin_runs() */
} BoardRun;

typedef struct BoardLease
{
	char key[LAYOUT_KEY_MAXIMUM]; /* "lease.job.<run>.<job>" */
	char owner[ID_MAXIMUM + 1];	  /* a worker's id; "": it was given up */
	uint64_t revision;
	int64_t seen_ms; /* when it changed last */
} BoardLease;

typedef struct Board
{
	BoardRun *runs; /* by id */
	size_t run_count, run_capacity;
	BoardLease *leases; /* by key */
	size_t lease_count, lease_capacity;
	bool drained; /* this worker */
} Board;

extern void board_free(Board *board);

/* A document that came; takes it.  One that is over or has no id takes the run away. */
extern bool board_put_run(Board *board, const char *id, json_t *document, int64_t now_ms,
						  SluiceError *err) SLUICE_MUST_CHECK;
extern void board_remove_run(Board *board, const char *id);

/* A watch began anew, and now it is current: runs that were not named in between are gone. */
extern void board_begin_runs(Board *board);
extern void board_end_runs(Board *board);

/* NULL when there is none. */
extern const BoardRun *board_run(const Board *board, const char *id);

/* owner "" : given up. */
extern bool board_put_lease(Board *board, const char *key, const char *owner, uint64_t revision,
							int64_t now_ms, SluiceError *err) SLUICE_MUST_CHECK;

/* NULL when it was never taken. */
extern const BoardLease *board_lease(const Board *board, const char *key);

/* Whether another job of the run than `job` is held by anybody. */
extern bool board_others_hold(const Board *board, const char *run, const char *job, int64_t ttl_ms,
							  int64_t now_ms);

#endif
