/*
 * verify_repair.h - putting the source's rows in the place of those that differ.
 */
#ifndef SLUICE_WRITER_VERIFY_REPAIR_H
#define SLUICE_WRITER_VERIFY_REPAIR_H

#include "verify_position.h"
#include "verify_table.h"

/* Whether what was found of a table can be repaired row by row. */
extern bool verify_can_repair(const VerifyTable *table);

/*
 * While the stream is held at the position: makes the target's rows of all known differing keys what
 * the source's snapshot has, and counts them.  `writing` are settings of a connection that writes.
 */
extern bool verify_repair(VerifyPosition *position, const TargetSettings *writing,
						  VerifyTables *tables, SluiceError *err) SLUICE_MUST_CHECK;

#endif
