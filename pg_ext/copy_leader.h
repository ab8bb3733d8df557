/*
 * copy_leader.h - the process that makes a stream's copy: its snapshot, its workers, its end.
 */
#ifndef SLUICE_COPY_LEADER_H
#define SLUICE_COPY_LEADER_H

#include "postgres.h"

extern PGDLLEXPORT void sluice_copy_leader_main(Datum arg);

#endif
