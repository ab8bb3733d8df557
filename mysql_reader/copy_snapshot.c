/*
 * copy_snapshot.c - locks, snapshots, places (copy_snapshot.h).
 */
#include "copy_snapshot.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mysql/my_sql.h"
#include "source_position.h"

#define LOCK_SECONDS				 5 /* that a lock is waited for, and what queues behind it */
#define SNAPSHOTS_FREE				 3 /* tries without a lock */
#define STATEMENT_MAXIMUM			 ((size_t) 16 << 20)
#define SHOW_BINARY_LOG_STATUS_SINCE 80200

static bool
is_mariadb(const CopySnapshot *s)
{
	return s->readers[0].flavour == MY_MARIADB;
}

/* ---- where the log is ---- */

static void
set_file(LogPosition *position, const char *file, const char *offset)
{
	(void) snprintf(position->file, sizeof(position->file), "%s", file);
	position->offset = strtoull(offset, NULL, 10);
}

static void
clear_position(LogPosition *position)
{
	log_position_free(position);
	log_position_init(position);
}

static bool
read_gtids(MyConnection *c, LogPosition *position, const char *gtids, SluiceError *err)
{
	return c->flavour == MY_MARIADB ? mariadb_position_parse(&position->mariadb, gtids, err)
									: gtid_set_parse(&position->mysql, gtids, err);
}

/* MariaDB's GTIDs at a place of a file; a server that never wrote one has none.
 */
static bool
ask_gtids(MyConnection *c, LogPosition *position, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good;

	if (!my_query(c, &result, err, "SELECT BINLOG_GTID_POS('%s', %llu)", position->file,
				  (unsigned long long) position->offset))
		return false;
	row = mysql_fetch_row(result);
	good =
		row == NULL || row[0] == NULL || row[0][0] == '\0' || read_gtids(c, position, row[0], err);
	mysql_free_result(result);
	return good;
}

static const char *
status_statement(const MyConnection *c)
{
	return c->flavour == MY_MYSQL && c->version >= SHOW_BINARY_LOG_STATUS_SINCE
			   ? "SHOW BINARY LOG STATUS"
			   : "SHOW MASTER STATUS";
}

/* The fifth column of MySQL's answer are the GTIDs. */
static bool
read_status(MyConnection *c, LogPosition *position, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good = true;

	clear_position(position);
	if (!my_query(c, &result, err, "%s", status_statement(c)))
		return c->error != ER_SPECIFIC_ACCESS_DENIED_ERROR ||
			   sluice_hint(err, "GRANT REPLICATION CLIENT ON *.* TO the reader's user");
	row = mysql_fetch_row(result);
	if (row != NULL)
	{
		set_file(position, row[0], row[1]);
		if (c->flavour == MY_MYSQL && mysql_num_fields(result) > 4 && row[4] != NULL)
			good = read_gtids(c, position, row[4], err);
	}
	mysql_free_result(result);
	return good &&
		   (c->flavour == MY_MYSQL || position->file[0] == '\0' || ask_gtids(c, position, err));
}

/* "uuid:5#31:6#32": whose they are at present is taken out. */
static void
drop_owners(char *gtids)
{
	char *to = gtids;

	for (const char *at = gtids; *at != '\0'; at++)
	{
		if (*at == '#')
			at += strcspn(at, ":,\n");
		if (*at == '\0')
			break;
		*to++ = *at;
	}
	*to = '\0';
}

static bool
read_variable(MyConnection *c, LogPosition *position, const char *name, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good;

	if (!my_query(c, &result, err, "SELECT @@GLOBAL.%s", name))
		return false;
	row = mysql_fetch_row(result);
	if (row != NULL && row[0] != NULL)
		drop_owners(row[0]);
	good = row == NULL || row[0] == NULL || read_gtids(c, position, row[0], err);
	mysql_free_result(result);
	return good;
}

static bool
require_gtids(MyConnection *c, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good;

	if (!my_query(c, &result, err, "SELECT @@GLOBAL.gtid_mode"))
		return false;
	row = mysql_fetch_row(result);
	good = row != NULL && row[0] != NULL && strcmp(row[0], "ON") == 0;
	mysql_free_result(result);
	return good || sluice_fail(err, SLUICE_ERROR_DENIED, "the server has no GTIDs");
}

/* Of the snapshot of this very connection: MariaDB. */
static bool
read_own_place(MyConnection *c, LogPosition *position, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	char file[LOG_FILE_SIZE] = "", offset[32] = "0";

	clear_position(position);
	if (!my_query(c, &result, err, "SHOW STATUS LIKE 'binlog_snapshot_%%'"))
		return false;
	while ((row = mysql_fetch_row(result)) != NULL)
	{
		if (strcasecmp(row[0], "binlog_snapshot_file") == 0)
			(void) snprintf(file, sizeof(file), "%s", row[1]);
		else if (strcasecmp(row[0], "binlog_snapshot_position") == 0)
			(void) snprintf(offset, sizeof(offset), "%s", row[1]);
	}
	mysql_free_result(result);
	set_file(position, file, offset);
	return true;
}

/* ---- snapshots ---- */

static bool
begin_all(CopySnapshot *s, SluiceError *err)
{
	for (size_t i = 0; i < s->count; i++)
	{
		if (!my_exec(&s->readers[i], err,
					 "ROLLBACK; SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
					 "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY; SAVEPOINT taken"))
			return sluice_prefix(err, "taking a snapshot");
	}
	return true;
}

bool
copy_snapshot_release(MyConnection *reader, SluiceError *err)
{
	return my_exec(reader, err, "ROLLBACK TO SAVEPOINT taken");
}

static bool
is_denied(const MyConnection *c)
{
	return c->error == ER_SPECIFIC_ACCESS_DENIED_ERROR || c->error == ER_ACCESS_DENIED_ERROR ||
		   c->error == ER_DBACCESS_DENIED_ERROR || c->error == ER_TABLEACCESS_DENIED_ERROR;
}

/* ---- locks ---- */

typedef enum Outcome
{
	OUTCOME_TAKEN,
	OUTCOME_NOT, /* it cannot be had in this way */
	OUTCOME_FAILED
} Outcome;

bool
copy_engine_has_snapshots(const char *engine)
{
	static const char *const engines[] = {"InnoDB", "ROCKSDB", "TokuDB"};

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
	{
		if (engine == NULL || strcasecmp(engine, engines[i]) == 0)
			return true;
	}
	return false;
}

static bool
open_for_locks(CopySnapshot *s, MyConnection *c, SluiceError *err)
{
	return my_connect(c, &s->settings, err) &&
		   my_exec(c, err, "SET SESSION lock_wait_timeout = %d, wait_timeout = 31536000",
				   LOCK_SECONDS);
}

/* LOCK TABLES of all tables, or of those without snapshots; nothing where there
 * is none. */
static bool
put_lock(const CopySnapshot *s, bool all, ByteBuf *sql, SluiceError *err)
{
	for (size_t i = 0; i < s->tables->table_count; i++)
	{
		const SchemaTable *table = &s->tables->tables[i];

		if (!all && copy_engine_has_snapshots(table->engine))
			continue;
		if (!my_put_word(sql, sql->length == 0 ? "LOCK TABLES " : ", ", err) ||
			!my_put_table(sql, table->schema, table->name, err) || !my_put_word(sql, " READ", err))
			return false;
	}
	return true;
}

static bool
lock_tables(CopySnapshot *s, MyConnection *c, bool all, SluiceError *err)
{
	ByteBuf sql;
	bool good;

	bytebuf_init(&sql, &allocator_malloc, STATEMENT_MAXIMUM);
	good = put_lock(s, all, &sql, err) &&
		   (sql.length == 0 || my_run(c, (const char *) sql.data, sql.length, NULL, err));
	bytebuf_free(&sql);
	return good;
}

static bool
any_without_snapshots(const CopySnapshot *s)
{
	for (size_t i = 0; i < s->tables->table_count; i++)
	{
		if (!copy_engine_has_snapshots(s->tables->tables[i].engine))
			return true;
	}
	return false;
}

static void
tell_without_snapshots(const CopySnapshot *s)
{
	for (size_t i = 0; i < s->tables->table_count; i++)
	{
		const SchemaTable *table = &s->tables->tables[i];

		if (copy_engine_has_snapshots(table->engine))
			continue;
		log_event(s->log, LOG_WARNING,
				  "its engine has no snapshots: nobody may write to the table "
				  "until it is copied",
				  (LogField[]){LOG_TEXT("schema", table->schema), LOG_TEXT("table", table->name),
							   LOG_TEXT("engine", table->engine), LOG_END});
	}
}

/* Before the short lock is given up, so that nothing slips in between. */
static bool
hold_tables(CopySnapshot *s, SluiceError *err)
{
	if (!any_without_snapshots(s))
		return true;
	if (!open_for_locks(s, &s->holder, err) || !lock_tables(s, &s->holder, false, err))
	{
		(void) sluice_prefix(err, "locking tables whose engine has no snapshots");
		return !is_denied(&s->holder) ||
			   sluice_hint(err, "GRANT LOCK TABLES ON the databases, or ALTER "
								"TABLE ... ENGINE = "
								"InnoDB");
	}
	tell_without_snapshots(s);
	return true;
}

/* Without the privilege a change of structure costs another generation, and
 * nothing else. */
static bool
lock_structure(CopySnapshot *s, SluiceError *err)
{
	if (is_mariadb(s) || my_exec(&s->locker, err, "LOCK INSTANCE FOR BACKUP"))
		return true;
	if (!my_alive(&s->locker))
		return false;
	sluice_error_clear(err);
	return true;
}

/* What may be tried to hold all commits up, one after the other. */
typedef struct LockWay
{
	const char *lock[3]; /* statements; none: LOCK TABLES */
	const char *unlock;
	MyFlavour flavour;
	bool any_flavour;
} LockWay;

static const LockWay ways[] = {
	{{"FLUSH TABLES WITH READ LOCK"}, "UNLOCK TABLES", MY_MYSQL, false},
	{{"BACKUP STAGE START", "BACKUP STAGE BLOCK_COMMIT"}, "BACKUP STAGE END", MY_MARIADB, false},
	{{NULL}, "UNLOCK TABLES", MY_MYSQL, true},
};

static bool
run_lock(CopySnapshot *s, const LockWay *way, SluiceError *err)
{
	if (way->lock[0] == NULL)
		return lock_tables(s, &s->locker, true, err);
	for (size_t i = 0; i < 3 && way->lock[i] != NULL; i++)
	{
		if (!my_exec(&s->locker, err, "%s", way->lock[i]))
			return false;
	}
	return true;
}

static void
unlock(CopySnapshot *s, const LockWay *way)
{
	SluiceError ignored;

	if (my_alive(&s->locker) && !my_exec(&s->locker, &ignored, "%s", way->unlock))
		return;
}

/* A lock that cannot be had soon is given up: everybody else queues behind whoever waits for it. */
static Outcome
try_lock(CopySnapshot *s, const LockWay *way, SluiceError *err)
{
	if (run_lock(s, way, err))
		return OUTCOME_TAKEN;
	if (my_alive(&s->locker) && is_denied(&s->locker))
		return OUTCOME_NOT;
	(void) sluice_prefix(err, "locking for a snapshot");
	unlock(s, way);
	return OUTCOME_FAILED;
}

/* Under the lock nothing is committed: snapshots and place are of one moment.
 */
static Outcome
take_locked(CopySnapshot *s, const LockWay *way, SluiceError *err)
{
	Outcome outcome = try_lock(s, way, err);
	bool good;

	if (outcome != OUTCOME_TAKEN)
		return outcome;
	good = begin_all(s, err) && (read_status(&s->locker, &s->position, err) || s->no_changes) &&
		   hold_tables(s, err) && lock_structure(s, err);
	unlock(s, way);
	return good ? OUTCOME_TAKEN : OUTCOME_FAILED;
}

/* ---- without locks ---- */

static uint64_t
place_number(const LogPosition *place)
{
	return file_position_number(place->file, place->offset);
}

/* The least and the greatest place of the snapshots. */
static bool
read_places(CopySnapshot *s, SluiceError *err)
{
	LogPosition place;
	bool good = true;

	log_position_init(&place);
	for (size_t i = 0; good && i < s->count; i++)
	{
		good = read_own_place(&s->readers[i], &place, err);
		if (good && (i == 0 || place_number(&place) < place_number(&s->position)))
			good = log_position_copy(&s->position, &place, err);
		if (good && (i == 0 || place_number(&place) > place_number(&s->until)))
			good = log_position_copy(&s->until, &place, err);
	}
	log_position_free(&place);
	return good;
}

static bool
complete_places(CopySnapshot *s, SluiceError *err)
{
	if (s->position.file[0] == '\0')
		return true;
	return ask_gtids(&s->readers[0], &s->position, err) &&
		   ask_gtids(&s->readers[0], &s->until, err);
}

/* Each snapshot of MariaDB knows its place; on a server that is not busy they
 * are soon the same. */
static Outcome
take_free_mariadb(CopySnapshot *s, int tries, SluiceError *err)
{
	for (int i = 0; i < tries; i++)
	{
		if (!begin_all(s, err) || !read_places(s, err))
			return OUTCOME_FAILED;
		s->lenient = s->count > 1 && (s->position.file[0] == '\0' ||
									  place_number(&s->position) != place_number(&s->until));
		if (!s->lenient)
			break;
	}
	return complete_places(s, err) ? OUTCOME_TAKEN : OUTCOME_FAILED;
}

/*
 * A transaction is in gtid_executed once it is committed, so the snapshots have all that was in it before.
 * What they have besides is in it by then, or still somebody's: asked for first, since it goes from there
 * to here.
 */
static Outcome
take_free_mysql(CopySnapshot *s, SluiceError *err)
{
	MyConnection *c = &s->locker;

	clear_position(&s->position);
	clear_position(&s->until);
	if (!require_gtids(c, err))
	{
		(void) sluice_prefix(err, "no snapshot can be had without a lock");
		(void) sluice_hint(err, "GRANT RELOAD ON *.* TO the reader's user, or LOCK TABLES on the "
								"databases, or set gtid_mode = ON");
		return OUTCOME_FAILED;
	}
	if (!read_variable(c, &s->position, "gtid_executed", err) || !begin_all(s, err) ||
		!read_variable(c, &s->until, "gtid_owned", err) ||
		!read_variable(c, &s->until, "gtid_executed", err))
		return OUTCOME_FAILED;
	s->lenient = !gtid_set_covers(&s->position.mysql, &s->until.mysql);
	return OUTCOME_TAKEN;
}

/* One connection sees one moment, whichever it is. */
static Outcome
take_alone(CopySnapshot *s, SluiceError *err)
{
	log_event(s->log, LOG_WARNING,
			  "one connection reads the copy: without RELOAD or LOCK TABLES "
			  "several cannot see the "
			  "same moment",
			  NULL);
	s->count = 1;
	return begin_all(s, err) ? OUTCOME_TAKEN : OUTCOME_FAILED;
}

static Outcome
take_free(CopySnapshot *s, SluiceError *err)
{
	Outcome outcome = s->no_changes	  ? take_alone(s, err)
					  : is_mariadb(s) ? take_free_mariadb(s, 1, err)
									  : take_free_mysql(s, err);

	return outcome == OUTCOME_TAKEN && !hold_tables(s, err) ? OUTCOME_FAILED : outcome;
}

/* ---- one after the other ---- */

static Outcome
take(CopySnapshot *s, SluiceError *err)
{
	Outcome outcome;

	if (is_mariadb(s) && !any_without_snapshots(s))
	{
		outcome = take_free_mariadb(s, SNAPSHOTS_FREE, err);
		if (outcome == OUTCOME_FAILED || !s->lenient)
			return outcome;
	}
	s->lenient = false;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
	{
		if (!ways[i].any_flavour && ways[i].flavour != s->readers[0].flavour)
			continue;
		outcome = take_locked(s, &ways[i], err);
		if (outcome != OUTCOME_NOT)
			return outcome;
	}
	sluice_error_clear(err);
	return take_free(s, err);
}

bool
copy_snapshot_take(CopySnapshot *s, SluiceError *err)
{
	log_position_init(&s->position);
	log_position_init(&s->until);
	if (!open_for_locks(s, &s->locker, err) || take(s, err) != OUTCOME_TAKEN)
		return false;
	if (s->lenient)
		return true;
	clear_position(&s->until);
	return log_position_copy(&s->until, &s->position, err);
}

bool
copy_snapshot_held(CopySnapshot *s)
{
	return s->holder.mysql == NULL || (my_alive(&s->holder) && mysql_ping(s->holder.mysql) == 0);
}

void
copy_snapshot_end(CopySnapshot *s)
{
	if (s->locker.mysql != NULL)
		my_disconnect(&s->locker);
	if (s->holder.mysql != NULL)
		my_disconnect(&s->holder);
	log_position_free(&s->position);
	log_position_free(&s->until);
}
