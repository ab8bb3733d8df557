/*
 * my_collation.h - a collation of one MySQL or MariaDB server by the name that another has for it.
 */
#ifndef SLUICE_WRITER_MY_COLLATION_H
#define SLUICE_WRITER_MY_COLLATION_H

#include "common/core/type_map.h"

#define MY_COLLATION_SIZE 64

/*
 * Writes the target's name for a collation of the source: the same, where both have it; else that
 * which orders and tells texts apart most like it.  The name says the character set, too.
 */
extern void my_collation_at(const TargetKind *target, TargetFlavour source, const char *collation,
							char name[MY_COLLATION_SIZE]);

#endif
