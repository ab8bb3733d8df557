/*
 * hooks.c - commit callback, commands that need a database for themselves, DROP EXTENSION.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "tcop/utility.h"

#include "pg_ext/hooks.h"
#include "pg_ext/pg_compat.h"
#include "pg_ext/settings.h"
#include "pg_ext/shared.h"

#define MAKE_WAY_MS 10000

static ProcessUtility_hook_type previous_utility = NULL;
static object_access_hook_type previous_access = NULL;
static bool scan_at_commit = false;

void
hooks_scan_at_commit(void)
{
	scan_at_commit = true;
}

/* Wakes the workers of this database that sleep at the end of the log. */
static void
wake_streams(void)
{
	for (int i = 0; i < sluice_max_streams; i++)
	{
		StreamEntry *entry = &shared->streams[i];

		/* Unlocked reads: a stale one costs a needless or a late wake-up, never more. */
		if (entry->used && entry->database == MyDatabaseId &&
			pg_atomic_read_u32(&entry->sleeping) != 0)
		{
			Latch *latch = entry->latch;

			if (latch != NULL)
				SetLatch(latch);
		}
	}
}

static void
transaction_ended(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_PRE_PREPARE && scan_at_commit)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot PREPARE a transaction that has changed streams")));
	if (event == XACT_EVENT_COMMIT)
	{
		if (pg_atomic_read_u32(&shared->running) > 0 &&
			TransactionIdIsValid(GetTopTransactionIdIfAny()))
			wake_streams();
		if (scan_at_commit)
			shared_request_scan(MyDatabaseId);
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		scan_at_commit = false;
}

/* ---- databases ---- */

/* The template that CREATE DATABASE names. */
static const char *
template_named(CreatedbStmt *statement)
{
	ListCell *cell;

	foreach (cell, statement->options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return NULL;
}

/* The database a command needs for itself, or InvalidOid. */
static Oid
database_needed(Node *command)
{
	const char *name = NULL;

	if (IsA(command, DropdbStmt))
		name = castNode(DropdbStmt, command)->dbname;
	else if (IsA(command, AlterDatabaseStmt))
		name = castNode(AlterDatabaseStmt, command)->dbname;
	else if (IsA(command, CreatedbStmt))
		name = template_named(castNode(CreatedbStmt, command));
	else if (IsA(command, RenameStmt) &&
			 castNode(RenameStmt, command)->renameType == OBJECT_DATABASE)
		name = castNode(RenameStmt, command)->subname;
	return name != NULL ? get_database_oid(name, true) : InvalidOid;
}

/* Keeps the database's workers away, or lets them back; returns how many are still there. */
static int
suspend(Oid database, bool away)
{
	int there = 0;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < sluice_max_streams; i++)
	{
		StreamEntry *entry = &shared->streams[i];

		if (!entry->used || entry->database != database)
			continue;
		entry->suspended = away;
		if (away && (entry->worker != 0 || entry->launched || copy_entry_busy(&entry->copy)))
		{
			there++;
			shared_nudge(entry);
		}
	}
	LWLockRelease(shared->lock);
	return there;
}

static void
make_way(Oid database)
{
	for (int waited = 0; suspend(database, true) > 0 && waited < MAKE_WAY_MS; waited += 20)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 20,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
pass_on(UTILITY_PARAMETERS)
{
	if (previous_utility != NULL)
		previous_utility(UTILITY_ARGUMENTS);
	else
		standard_ProcessUtility(UTILITY_ARGUMENTS);
}

static void
utility(UTILITY_PARAMETERS)
{
	Node *command = statement->utilityStmt;
	Oid database = database_needed(command);
	bool commits_prepared = IsA(command, TransactionStmt) &&
							castNode(TransactionStmt, command)->kind == TRANS_STMT_COMMIT_PREPARED;

	if (!OidIsValid(database) || database == MyDatabaseId)
	{
		pass_on(UTILITY_ARGUMENTS);
		/* It has no transaction number of its own that the commit callback could see. */
		if (commits_prepared && pg_atomic_read_u32(&shared->running) > 0)
			wake_streams();
		return;
	}
	make_way(database);
	PG_TRY();
	{
		pass_on(UTILITY_ARGUMENTS);
	}
	PG_FINALLY();
	{
		(void) suspend(database, false);
		shared_request_scan(InvalidOid); /* the database may be gone, so: all */
	}
	PG_END_TRY();
}

/* ---- the extension ---- */

static void
object_accessed(ObjectAccessType access, Oid class, Oid object, int sub, void *arg)
{
	if (access == OAT_DROP && class == ExtensionRelationId &&
		object == get_extension_oid("sluice", true))
		scan_at_commit = true;
	if (previous_access != NULL)
		previous_access(access, class, object, sub, arg);
}

void
hooks_install(void)
{
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = utility;
	previous_access = object_access_hook;
	object_access_hook = object_accessed;
	RegisterXactCallback(transaction_ended, NULL);
}
