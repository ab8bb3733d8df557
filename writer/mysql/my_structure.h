/*
 * my_structure.h - a stream's structure at a MySQL or MariaDB target (writer/structure.h).
 */
#ifndef SLUICE_WRITER_MY_STRUCTURE_H
#define SLUICE_WRITER_MY_STRUCTURE_H

#include "common/core/type_map.h"
#include "my_session.h"
#include "writer/structure.h"

/*
 * All of the arguments must outlive the structure; settings of the connection's session are as they
 * were after each call.  NULL on error; structure_close() frees it and leaves the connection.
 */
extern Structure *my_structure_open(MyConnection *c, const SchemaDocument *document,
									const StructureSettings *settings, SluiceError *err);

/* What kind of target it is, for the table of types. */
extern TargetKind my_connection_kind(const MyConnection *c);

/* Runs a statement of a script; one that begins with SELECT answers what is wrong, or NULL. */
extern bool my_structure_run(MyConnection *c, const char *sql, SluiceError *err) SLUICE_MUST_CHECK;

#endif
