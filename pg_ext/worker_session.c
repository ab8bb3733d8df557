/*
 * worker_session.c - settings of a session that would stop a worker, or change what it means.
 */
#include "pg_ext/worker_session.h"

#include "postmaster/bgworker.h"
#include "utils/guc.h"

/* Those that not every major has are left out where they are missing. */
static const struct
{
	const char *name;
	const char *value;
} pinned[] = {
	{"role", "none"},
	{"search_path", "pg_catalog, pg_temp"},
	{"lock_timeout", "0"},
	{"statement_timeout", "0"},
	{"transaction_timeout", "0"}, /* from 17 on */
	{"idle_in_transaction_session_timeout", "0"},
	{"idle_session_timeout", "0"}, /* from 14 on */
	{"default_transaction_read_only", "off"},
	{"default_transaction_deferrable", "off"},
	{"default_transaction_isolation", "read committed"},
	{"row_security", "off"},
	{"session_replication_role", "origin"},
	{"datestyle", "ISO, YMD"},
	{"intervalstyle", "postgres"},
	{"extra_float_digits", "3"},
	{"bytea_output", "hex"},
	{"quote_all_identifiers", "off"},
	/*
	 * What was noted must not be forgotten in a crash that what follows from it survives: messages
	 * in JetStream name the incarnation of a slot.  A standby need not have it, though.
	 */
	{"synchronous_commit", "local"},
};

void
worker_enter_database(Oid database)
{
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	for (size_t i = 0; i < lengthof(pinned); i++)
	{
		if (GetConfigOption(pinned[i].name, true, false) != NULL)
			SetConfigOption(pinned[i].name, pinned[i].value, PGC_SUSET, PGC_S_SESSION);
	}
}
