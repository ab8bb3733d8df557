/*
 * my_durable.c - which commits are on the target's disk.
 *
 * With innodb_flush_log_at_trx_commit = 1 (and, where there is a binary log, sync_binlog = 1) every
 * commit is.  Otherwise InnoDB's log is flushed about once a second, and its status tells how far:
 * what was committed when the log had a length is durable once it is flushed to there.
 */
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "my_target.h"

#define LOOK_NANOSECONDS 50000000

/* What the two kinds of server call how far InnoDB's log is written, and how far it is on disk. */
static const struct LogStatus
{
	const char *written, *flushed;
} log_status[] = {
	[MY_MYSQL] = {"Innodb_redo_log_current_lsn", "Innodb_redo_log_flushed_to_disk_lsn"},
	[MY_MARIADB] = {"Innodb_lsn_current", "Innodb_lsn_flushed"},
};

/* Both 0 where the server does not tell: it flushes every second, which nobody can see. */
static bool
look(MyTarget *target, uint64_t *written, uint64_t *flushed, SluiceError *err)
{
	const struct LogStatus *names = &log_status[target->c.flavour];
	MYSQL_RES *result;
	MYSQL_ROW row;

	*written = *flushed = 0;
	if (!my_query(&target->c, &result, err,
				  "SHOW GLOBAL STATUS WHERE Variable_name IN ('%s', '%s')", names->written,
				  names->flushed))
		return false;
	while ((row = mysql_fetch_row(result)) != NULL)
		*(strcasecmp(row[0], names->written) == 0 ? written : flushed) = strtoull(row[1], NULL, 10);
	mysql_free_result(result);
	return true;
}

/* Asks the server to flush its log, which needs RELOAD. */
static bool
hurry(MyTarget *target, SluiceError *err)
{
	if (my_exec(&target->c, err, "FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS"))
		return true;
	if (!my_alive(&target->c))
		return false;
	sluice_error_clear(err);
	return true;
}

/* Brings all that is written now to the disk: by asking, else by the flush of every second. */
static bool
flush_all(MyTarget *target, SluiceError *err)
{
	const TargetSettings *settings = my_settings(&target->c);
	TargetMark committed = target->base.committed;
	uint64_t written, goal, flushed;

	/* FLUSH would commit what is open. */
	if ((!target->begun && !hurry(target, err)) || !look(target, &goal, &flushed, err))
		return false;
	while (flushed < goal)
	{
		if (!settings->go_on(settings->context))
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT,
							   "gave up waiting for the target's log to be flushed");
		(void) nanosleep(&(struct timespec){.tv_nsec = LOOK_NANOSECONDS}, NULL);
		if (!look(target, &written, &flushed, err))
			return false;
	}
	target->base.durable = committed;
	target->flushing = 0;
	return true;
}

bool
my_flush(MyTarget *target, bool now, SluiceError *err)
{
	uint64_t written, flushed;

	if (target->session.durable)
		return true;
	if (now)
		return flush_all(target, err);
	if (target->base.durable == target->base.committed)
		return true;
	if (!look(target, &written, &flushed, err))
		return false;
	if (target->flushing == 0)
	{
		target->flushing = target->base.committed;
		target->flushed_at = written;
	}
	if (flushed >= target->flushed_at)
	{
		target->base.durable = target->flushing;
		target->flushing = 0;
	}
	return true;
}

void
my_note_commit(MyTarget *target)
{
	target->base.committed++;
	if (target->session.durable)
		target->base.durable = target->base.committed;
}
