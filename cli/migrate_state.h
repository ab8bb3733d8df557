/*
 * migrate_state.h - the folder of a migration: what is needed to go on with it.
 *
 *     state.json    {name, source, target, mode, tables, begun_at}, without passwords
 *     nats/         the private server's store; *.log; lock
 *
 * One process at a time works with it.
 */
#ifndef SLUICE_CLI_MIGRATE_STATE_H
#define SLUICE_CLI_MIGRATE_STATE_H

#include <jansson.h>
#include <limits.h>

#include "common/core/error.h"

#define STREAM_NAME_TEXT 41 /* with the NUL */

typedef struct MigrateState
{
	char folder[PATH_MAX - 64];
	char name[STREAM_NAME_TEXT]; /* of the stream */
	bool resumed;				 /* it was begun before */
	int lock;
} MigrateState;

/*
 * Opens or makes the folder.  `given` NULL: one of the user's own that follows from the plan.  `plan` is {source, target,
 * mode, tables}: another one than it was begun with is CONFLICT.  `name` (NULL: one that follows from `database`) counts for a
 * new one only.
 */
extern bool migrate_state_open(MigrateState *state, const char *given, const json_t *plan,
							   const char *name, const char *database,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* Lets it go; `done`: and removes what is in it, with the folder when that is all. */
extern void migrate_state_close(MigrateState *state, bool done);

/* A stream's name out of any text: [a-z0-9_], with a random end, so that it is nobody else's. */
extern bool migrate_stream_name(char name[STREAM_NAME_TEXT], const char *database,
								SluiceError *err);

#endif
