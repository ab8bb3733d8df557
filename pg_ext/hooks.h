/*
 * hooks.h - what happens in ordinary backends: waking streams at commits, and making way for
 * commands that need the database to themselves.
 */
#ifndef SLUICE_HOOKS_H
#define SLUICE_HOOKS_H

#include "postgres.h"

/* From _PG_init, while preloading. */
extern void hooks_install(void);

/* Asks for a scan of this database when, and only when, the running transaction commits. */
extern void hooks_scan_at_commit(void);

#endif
