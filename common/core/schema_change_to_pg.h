/*
 * schema_change_to_pg.h - a change of structure of a MySQL or MariaDB source made into the equivalent one
 * of a PostgreSQL source.
 *
 * Both shapes are translated as documents are (schema_to_pg.h).  What rows that were there have is told
 * anew where that is another matter at PostgreSQL: how a column's values become those of its new type,
 * and which columns only the source computes.
 */
#ifndef SLUICE_CORE_SCHEMA_CHANGE_TO_PG_H
#define SLUICE_CORE_SCHEMA_CHANGE_TO_PG_H

#include "schema_change.h"
#include "schema_to_pg.h"

/* After an error (MEMORY) the change is of no use. */
extern bool schema_change_to_pg(SchemaChange *change, const SchemaToPg *to,
								SluiceError *err) SLUICE_MUST_CHECK;

#endif
