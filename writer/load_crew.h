/*
 * load_crew.h - threads that take bundles of a copy into the target, in every writer process.
 *
 * They need no lease: the durable consumer hands each bundle to whoever asks, and the target
 * remembers which it has.  While there is nothing to load they look for it now and then, and when
 * they are told that a copy has moved.
 */
#ifndef SLUICE_WRITER_LOAD_CREW_H
#define SLUICE_WRITER_LOAD_CREW_H

#include "bell.h"
#include "common/nats/connection.h"
#include "target.h"

typedef struct LoadCrewSettings
{
	NatsSettings nats;	   /* texts must outlive the crew, as all below */
	TargetSettings target; /* go_on and context are the crew's own */
	int connections;
	bool upsert;  /* rows take the place of those there */
	Bell *moved;  /* heard: a copy is in another phase; rung by load_crew_stop() too */
	Bell *loaded; /* rung: what may have been the last bundle of a chunk is in */
} LoadCrewSettings;

typedef struct LoadCrew LoadCrew;

/* What this process took in since its start. */
typedef struct LoadCounts
{
	uint64_t rows, bytes, bundles;
} LoadCounts;

/* Signals must be blocked before.  NULL on error. */
extern LoadCrew *load_crew_start(const LoadCrewSettings *settings, SluiceError *err);

/* Rolls back what is under way, ends the threads; its counts can be read until it is freed.  NULL is fine. */
extern void load_crew_stop(LoadCrew *crew);
extern void load_crew_free(LoadCrew *crew);

extern LoadCounts load_crew_counts(const LoadCrew *crew);

#endif
