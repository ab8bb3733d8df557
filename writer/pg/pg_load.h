/*
 * pg_load.h - copies at a PostgreSQL target: what pg_load.c and pg_load_state.c share.
 */
#ifndef SLUICE_WRITER_PG_LOAD_H
#define SLUICE_WRITER_PG_LOAD_H

#include "writer/load_target.h"
#include "pg_target.h"

/* Stream and consumer are of [a-z0-9_], so they may stand in a text as they are. */
#define PG_LOAD_KEY			  "stream = '%s' AND consumer = '%s'"
#define PG_LOAD_KEY_VALUES(s) (s)->stream, (s)->consumer

/* The number of the advisory lock that guards a copy's state. */
extern int64_t pg_load_lock(const TargetSettings *settings);

/* LoadOps.take */
extern bool pg_load_take(Target *target, const LoadTake *take, SluiceError *err) SLUICE_MUST_CHECK;

extern const LoadOps pg_load_ops;

#endif
