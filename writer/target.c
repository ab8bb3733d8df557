/*
 * target.c - which kind of database a target is.
 */
#include "target.h"

#include "target_pg.h"

const char *const conflict_policy_names[] = {
	[CONFLICT_UPSERT] = "upsert",
	[CONFLICT_ERROR] = "error",
	[CONFLICT_SKIP] = "skip",
	NULL,
};

Target *
target_open(const TargetSettings *settings, SluiceError *err)
{
	return target_pg_open(settings, err);
}
