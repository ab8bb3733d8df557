/*
 * copy_scan.h - one chunk of a table, read under the snapshot, into the output of copy_output.h.
 *
 * Which rows and columns, under which names, is what the change stream says of the table: the output
 * plugin's relation cache and encoders decide it.
 */
#ifndef SLUICE_COPY_SCAN_H
#define SLUICE_COPY_SCAN_H

#include "postgres.h"

#include "pg_ext/copy_catalog.h"

/* Before the first chunk, outside a transaction. */
extern void copy_scan_start(void);

/* Inside a transaction of the snapshot, with an active snapshot. */
extern void copy_scan(const CopyChunk *chunk);

#endif
