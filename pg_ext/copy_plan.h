/*
 * copy_plan.h - the first thing a generation of a copy does under its snapshot.
 */
#ifndef SLUICE_COPY_PLAN_H
#define SLUICE_COPY_PLAN_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Of oids in ascending order: whether two processes mean the same tables. */
extern uint32 copy_plan_checksum(List *tables);

/*
 * Cuts the tables into chunks, writes them down and publishes the schema document, in one transaction of
 * the snapshot; says in shared memory what came of it.
 */
extern void copy_plan(void);

#endif
