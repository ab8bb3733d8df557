/*
 * copy_worker.h - a background worker that reads chunks; the first one plans them before.
 */
#ifndef SLUICE_COPY_WORKER_H
#define SLUICE_COPY_WORKER_H

#include "postgres.h"

#include "postmaster/bgworker.h"

/* Registers worker `number` of the calling leader's copy; false when the server has no room for one. */
extern bool copy_worker_start(int number, int workers, bool plans, BackgroundWorkerHandle **handle);

extern PGDLLEXPORT void sluice_copy_worker_main(Datum arg);

/* A transaction of the leader's snapshot, which is active in it. */
extern void copy_worker_begin_chunk(void);
extern void copy_worker_end_chunk(void);

#endif
