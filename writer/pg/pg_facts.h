/*
 * pg_facts.h - what a PostgreSQL target has that tables of other sources may be made with.
 */
#ifndef SLUICE_WRITER_PG_FACTS_H
#define SLUICE_WRITER_PG_FACTS_H

#include "common/core/schema_to_pg.h"
#include "pg_connection.h"

/* Its release, and the types of PostGIS and pgvector. */
extern bool pg_know(PgConnection *c, PgFacts *facts, SluiceError *err) SLUICE_MUST_CHECK;

#endif
