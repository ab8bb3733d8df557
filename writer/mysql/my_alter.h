/*
 * my_alter.h - changes of structure at a MySQL or MariaDB target (TargetOps.alter).
 *
 * Each statement commits by itself there.  So what came before it in the source's transaction is
 * committed first, together with how much that is (my_progress.h's row): after a crash that part is
 * passed over, and the change is gone on with where its questions say.
 */
#ifndef SLUICE_WRITER_MY_ALTER_H
#define SLUICE_WRITER_MY_ALTER_H

#include "my_target.h"

extern bool my_alter(MyTarget *target, const SchemaChange *change, bool tell,
					 SluiceError *err) SLUICE_MUST_CHECK;

#endif
