/*
 * pg_structure.h - a stream's structure at a PostgreSQL target (structure.h).
 */
#ifndef SLUICE_WRITER_PG_STRUCTURE_H
#define SLUICE_WRITER_PG_STRUCTURE_H

#include "pg_connection.h"
#include "writer/structure.h"

/*
 * All of the arguments must outlive the structure; settings of the connection's session are as they
 * were after each call.  NULL on error; structure_close() frees it and leaves the connection.
 */
extern Structure *pg_structure_open(PgConnection *c, const SchemaDocument *document,
									const StructureSettings *settings, SluiceError *err);

#endif
