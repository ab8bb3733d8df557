/*
 * target.c - which kind of database a target is.
 */
#include "target.h"

#include "pg/pg_uri.h"
#include "pg/target_pg.h"

const char *const conflict_policy_names[] = {
	[CONFLICT_UPSERT] = "upsert",
	[CONFLICT_ERROR] = "error",
	[CONFLICT_SKIP] = "skip",
	NULL,
};

const char *const ddl_policy_names[] = {
	[DDL_APPLY] = "apply",
	[DDL_STOP] = "stop",
	[DDL_IGNORE] = "ignore",
	NULL,
};

bool
target_check(const char *uri, SluiceError *err)
{
	return pg_uri_check(uri, err);
}

Target *
target_open(const TargetSettings *settings, SluiceError *err)
{
	return target_pg_open(settings, err);
}
