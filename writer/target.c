/*
 * target.c - which kind of database a target is: its URI's scheme tells.
 */
#include "target.h"

#include "common/mysql/my_uri.h"
#include "mysql/target_mysql.h"
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
	return my_uri_is(uri) ? my_uri_check(uri, true, err) : pg_uri_check(uri, err);
}

bool
target_is_postgresql(const char *uri)
{
	return !my_uri_is(uri);
}

bool
target_describe_batch(Target *target, const Batch *batch, TargetDescribe describe, SluiceError *err)
{
	for (size_t i = 0; i < batch->count; i++)
	{
		const Change *change = &batch->changes[i];
		uint16_t count = change->action == CHANGE_TRUNCATE ? change->table_count : 1;

		for (uint16_t k = 0; k < count; k++)
		{
			Table *table = change->action == CHANGE_TRUNCATE ? change->tables[k] : change->table;

			if (!describe(target, table, err))
				return false;
		}
	}
	return true;
}

Target *
target_open(const TargetSettings *settings, SluiceError *err)
{
	return my_uri_is(settings->uri) ? target_mysql_open(settings, err)
									: target_pg_open(settings, err);
}
