/*
 * job_bodies.h - what a job's thread does, by kind of job and source.
 */
#ifndef SLUICE_WORKER_JOB_BODIES_H
#define SLUICE_WORKER_JOB_BODIES_H

#include "job.h"

typedef void (*JobBody)(Job *job);

/* One of those below. */
extern JobBody job_body(const JobFacts *facts);

/* Keeps sluice-mysql-reader or sluice-writer running as long as that is wished (job_keep.c). */
extern void job_keep(Job *job);

/* Runs a program once, until it has done its work: a verification, the drop of a stream from MySQL (job_once.c). */
extern void job_once(Job *job);

/* Drives a stream of the extension: makes, starts, pauses, stops it, and tells how it stands (job_postgresql.c). */
extern void job_postgresql(Job *job);

/* Drops one (job_postgresql.c). */
extern void job_postgresql_drop(Job *job);

/* Has every target forget the stream, as far as it can be done; the log says where it cannot (job_once.c). */
extern void job_forget(Job *job);

#endif
