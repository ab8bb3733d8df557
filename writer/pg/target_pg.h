/*
 * target_pg.h - PostgreSQL 10 and newer as a target.
 */
#ifndef SLUICE_WRITER_TARGET_PG_H
#define SLUICE_WRITER_TARGET_PG_H

#include "writer/target.h"

/* Connects; NULL on error. */
extern Target *target_pg_open(const TargetSettings *settings, SluiceError *err);

#endif
