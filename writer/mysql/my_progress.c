/*
 * my_progress.c - the progress row at a MySQL or MariaDB target: making it, owning it, moving it.
 *
 * The owner holds a named lock, by which the next one finds the session to end; what keeps a stale
 * owner from committing is the epoch alone.
 */
#include <inttypes.h>
#include <mysqld_error.h>
#include <stdlib.h>

#include "my_target.h"

#define TAKE_OVER_ATTEMPTS 5

static const char create_sql[] =
	"CREATE TABLE IF NOT EXISTS sluice_progress ("
	" stream varchar(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
	" lane int NOT NULL,"
	" consumer varchar(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
	" epoch bigint NOT NULL DEFAULT 0,"
	" owner varchar(255) CHARACTER SET utf8mb4 NOT NULL DEFAULT '',"
	" connection_id bigint unsigned NOT NULL DEFAULT 0,"
	" incarnation bigint unsigned NOT NULL DEFAULT 0,"
	" commit_lsn bigint unsigned NOT NULL DEFAULT 0,"
	" next_sequence bigint unsigned NOT NULL DEFAULT 0,"
	" stream_created bigint NOT NULL DEFAULT 0,"
	" changes bigint unsigned NOT NULL DEFAULT 0,"
	" alters bigint unsigned NOT NULL DEFAULT 0,"
	" applied_at datetime(6),"
	" book bigint unsigned NOT NULL DEFAULT 0,"
	" rows_applied bigint unsigned NOT NULL DEFAULT 0,"
	" bytes_applied bigint unsigned NOT NULL DEFAULT 0,"
	" PRIMARY KEY (stream, lane, consumer)) ENGINE = InnoDB COMMENT ="
	" 'How far each change stream was applied here; changed in the transaction of the data. Made "
	"by "
	"sluice-writer.'";

/* Stream and consumer are of [a-z0-9_], so they may stand in a text as they are. */
#define KEY_FORMAT	  "stream = '%s' AND lane = %d AND consumer = '%s'"
#define KEY_VALUES(s) (s)->stream, (s)->lane, (s)->consumer

/* The owner's lock: names of locks are the server's, not the database's. */
#define LOCK_FORMAT "CONCAT('sluice.', LEFT(SHA2(CONCAT(DATABASE(), '/%s/%d/%s'), 256), 40))"

/* Adding to this number is out of range, and the message of that quotes it. */
#define FENCE_NUMBER "9223372036854775806"

/* ---- taking over ---- */

/* The three columns of the total, which a table made before lacks, if the user may use them. */
#define TOTAL_COLUMNS 3
static const char find_sql[] =
	"SELECT (SELECT count(*) FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA = DATABASE()"
	" AND c.TABLE_NAME = 'sluice_progress'"
	" AND c.COLUMN_NAME IN ('book', 'rows_applied', 'bytes_applied')"
	" AND c.PRIVILEGES LIKE '%select%' AND c.PRIVILEGES LIKE '%update%')"
	" FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
	" AND TABLE_NAME = 'sluice_progress'";

static const char add_sql[] = "SET SESSION lock_wait_timeout = 2;ALTER TABLE sluice_progress"
							  " ADD COLUMN book bigint unsigned NOT NULL DEFAULT 0,"
							  " ADD COLUMN rows_applied bigint unsigned NOT NULL DEFAULT 0,"
							  " ADD COLUMN bytes_applied bigint unsigned NOT NULL DEFAULT 0";

/* A writer that may not add them works as before, without a total. */
static bool
add_columns(MyTarget *target, SluiceError *err)
{
	SluiceError failure;

	target->applied.total.kept = my_exec(&target->c, err, "%s", add_sql);
	if (!target->applied.total.kept && err->code != SLUICE_ERROR_DENIED)
		return false;
	failure = *err;
	if (!target->applied.total.kept)
		applied_tell_missing(my_settings(&target->c)->log, "sluice_progress", &failure);
	sluice_error_clear(err);
	return my_exec(&target->c, err, "SET SESSION lock_wait_timeout = DEFAULT");
}

/* The table, with the columns of the total if that can be. */
static bool
ensure_table(MyTarget *target, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool there;

	if (!my_query(&target->c, &result, err, "%s", find_sql))
		return false;
	row = mysql_fetch_row(result);
	there = row != NULL;
	target->applied.total.kept = !there || atoi(row[0]) == TOTAL_COLUMNS;
	mysql_free_result(result);
	if (there)
		return target->applied.total.kept || add_columns(target, err);
	if (my_exec(&target->c, err, "%s", create_sql))
		return true;
	(void) sluice_prefix(err, "making the table sluice_progress");
	return sluice_hint(err, "the writer's user needs CREATE on the database, or the table made for "
							"it");
}

/* Ends the session of the owner before, which is fenced but may hold locks. */
static bool
end_former(MyTarget *target, SluiceError *err)
{
	const TargetSettings *settings = my_settings(&target->c);
	MYSQL_RES *result;
	MYSQL_ROW row;
	unsigned long id;

	if (!my_query(&target->c, &result, err, "SELECT IFNULL(IS_USED_LOCK(" LOCK_FORMAT "), 0)",
				  KEY_VALUES(settings)))
		return false;
	row = mysql_fetch_row(result);
	id = row != NULL && row[0] != NULL ? strtoul(row[0], NULL, 10) : 0;
	mysql_free_result(result);
	if (id == 0 || id == target->c.id || my_exec(&target->c, err, "KILL %lu", id))
		return true;
	if (!my_alive(&target->c))
		return false;
	/* It may have gone by itself meanwhile. */
	if (target->c.error != ER_NO_SUCH_THREAD)
		log_failure(settings->log, LOG_WARNING, "cannot end the session of the writer before", err,
					NULL);
	sluice_error_clear(err);
	return true;
}

static void
read_row(MyTarget *target, MYSQL_ROW row)
{
	Progress *progress = &target->progress;
	uint64_t position = strtoull(row[2], NULL, 10);

	progress->epoch = strtoll(row[0], NULL, 10);
	progress->position.incarnation = strtoull(row[1], NULL, 10);
	progress->position.commit = position;
	progress->position.index = position == 0 ? 0 : CHANGE_INDEX_COMMIT;
	progress->next_sequence = strtoull(row[3], NULL, 10);
	progress->stream_created = strtoll(row[4], NULL, 10);
	target->part_before = (PartDone){strtoull(row[5], NULL, 10), strtoull(row[6], NULL, 10)};
	target->applied.total.book = strtoull(row[7], NULL, 10);
	target->applied.total.sum = (Amount){strtoull(row[8], NULL, 10), strtoull(row[9], NULL, 10)};
}

static bool
put_owner(MyTarget *target, SluiceError *err)
{
	const TargetSettings *settings = my_settings(&target->c);
	ByteBuf *sql = &target->script;

	sql->length = 0;
	return my_put(sql, err,
				  "UPDATE sluice_progress SET epoch = epoch + 1, connection_id = "
				  "CONNECTION_ID(), owner = ") &&
		   my_put_text(sql, settings->owner, strlen(settings->owner), err) &&
		   (!target->applied.total.kept ||
			my_put(sql, err, ", book = IF(book = 0, %" PRIu64 ", book)", applied_new_book())) &&
		   my_put(sql, err, " WHERE " KEY_FORMAT, KEY_VALUES(settings));
}

/* Raises the epoch; leaves the transaction open. */
static bool
raise_epoch(MyTarget *target, SluiceError *err)
{
	const TargetSettings *settings = my_settings(&target->c);
	MYSQL_RES *result;
	MYSQL_ROW row;
	bool good;

	if (!my_exec(&target->c, err,
				 "START TRANSACTION;"
				 "INSERT INTO sluice_progress (stream, lane, consumer) VALUES ('%s', %d, '%s')"
				 " ON DUPLICATE KEY UPDATE sluice_progress.epoch = sluice_progress.epoch",
				 KEY_VALUES(settings)) ||
		!put_owner(target, err) ||
		!my_run(&target->c, (const char *) target->script.data, target->script.length, NULL, err) ||
		!my_query(&target->c, &result, err,
				  "SELECT epoch, incarnation, commit_lsn, next_sequence, stream_created, changes,"
				  " alters, %s FROM sluice_progress WHERE " KEY_FORMAT,
				  target->applied.total.kept ? "book, rows_applied, bytes_applied" : "0, 0, 0",
				  KEY_VALUES(settings)))
		return false;
	row = mysql_fetch_row(result);
	good = row != NULL;
	if (good)
		read_row(target, row);
	mysql_free_result(result);
	return good || sluice_fail(err, SLUICE_ERROR_IO, "the progress row vanished");
}

/* The row could be neither read nor changed; what passes by itself needs no advice. */
static bool
fail_row(SluiceError *err)
{
	const char *advice = NULL;

	if (err->code == SLUICE_ERROR_DENIED)
		advice = "grant the writer's user SELECT, INSERT and UPDATE on the table";
	else if (err->code == SLUICE_ERROR_NOT_FOUND || err->code == SLUICE_ERROR_DATA)
		advice = "it was made by hand or for another version: give it the columns and the primary "
				 "key of the documentation, and keep its rows";
	(void) sluice_prefix(err, "the table sluice_progress");
	return advice != NULL && sluice_hint(err, "%s", advice);
}

/* Short waits for the row's lock, so that who holds it can be ended. */
static bool
set_patience(MyTarget *target, const char *seconds, SluiceError *err)
{
	return my_exec(&target->c, err, "SET SESSION innodb_lock_wait_timeout = %s", seconds);
}

void
my_tell_applied(const MyTarget *target)
{
	stats_set_applied(my_settings(&target->c)->stats, &target->applied.total);
}

bool
my_take_over(MyTarget *target, SluiceError *err)
{
	bool raised = false;

	if (!set_patience(target, "2", err))
		return false;
	for (int attempt = 0; !raised && attempt < TAKE_OVER_ATTEMPTS; attempt++)
	{
		bool there = ensure_table(target, err);

		raised = there && raise_epoch(target, err);
		if (raised)
			break;
		if (!my_failed_lock(&target->c))
			return there ? fail_row(err) : false;
		if (!my_exec(&target->c, err, "ROLLBACK") || !end_former(target, err))
			return false;
	}
	target->script.length = 0;
	my_tell_applied(target);
	return raised && my_exec(&target->c, err, "COMMIT") && end_former(target, err) &&
		   set_patience(target, "DEFAULT", err) &&
		   my_exec(&target->c, err, "DO GET_LOCK(" LOCK_FORMAT ", 5)",
				   KEY_VALUES(my_settings(&target->c)));
}

/* ---- moving ---- */

bool
my_put_met(MyTarget *target, uint64_t rows, SluiceError *err)
{
	return my_put(&target->script, err,
				  "SET @sluice = " FENCE_NUMBER " + 2 * (ROW_COUNT() <> %" PRIu64 ");", rows);
}

/* The assignments that add to the total, with a comma behind; nothing where none is kept. */
static bool
put_total(MyTarget *target, Amount amount, SluiceError *err)
{
	return !target->applied.total.kept || my_put(&target->script, err,
												 "rows_applied = rows_applied + %" PRIu64
												 ", bytes_applied = bytes_applied + %" PRIu64 ", ",
												 amount.rows, amount.bytes);
}

bool
my_put_applied(MyTarget *target, Amount amount, SluiceError *err)
{
	return !target->applied.total.kept ||
		   (my_put(&target->script, err, "UPDATE sluice_progress SET ") &&
			put_total(target, amount, err) &&
			my_put(&target->script, err, "epoch = epoch WHERE " KEY_FORMAT ";",
				   KEY_VALUES(my_settings(&target->c))));
}

/* To a position, and what is in of the source's transaction behind it. */
static bool
put_move(MyTarget *target, const ChangeId *position, uint64_t next_sequence, int64_t created,
		 const PartDone *part, SluiceError *err)
{
	const ChangeId *old = &target->progress.position;

	return my_put(&target->script, err, "UPDATE sluice_progress SET ") &&
		   put_total(target, applied_due(&target->applied), err) &&
		   my_put(&target->script, err,
				  "commit_lsn = %" PRIu64 ", incarnation = %" PRIu64 ", next_sequence = %" PRIu64
				  ", stream_created = %" PRId64 ", changes = %" PRIu64 ", alters = %" PRIu64
				  ", applied_at = UTC_TIMESTAMP(6) WHERE " KEY_FORMAT " AND epoch = %" PRId64
				  " AND commit_lsn = %" PRIu64 " AND incarnation = %" PRIu64 ";",
				  position->commit, position->incarnation, next_sequence, created, part->changes,
				  part->alters, KEY_VALUES(my_settings(&target->c)), target->progress.epoch,
				  old->commit, old->incarnation) &&
		   my_put_met(target, 1, err);
}

bool
my_put_fence(MyTarget *target, const BatchEnd *end, SluiceError *err)
{
	return put_move(target, &end->position, end->next_sequence, target->base.stream_created,
					&(PartDone){0}, err);
}

bool
my_commit_part(MyTarget *target, SluiceError *err)
{
	const Progress *progress = &target->progress;

	target->script.length = 0;
	if (!target->begun && !my_exec(&target->c, err, "START TRANSACTION"))
		return false;
	target->begun = true;
	if (!put_move(target, &progress->position, progress->next_sequence, progress->stream_created,
				  &target->part, err) ||
		!my_put(&target->script, err, "COMMIT"))
		return false;
	if (!my_run(&target->c, (const char *) target->script.data, target->script.length, NULL, err))
		return my_failed_fence(target) ? my_fail_fenced(target, err) : false;
	target->script.length = 0;
	target->open = target->begun = false;
	applied_end(&target->applied, true);
	my_note_commit(target);
	my_publish_counts(target);
	my_tell_applied(target);
	return true;
}

void
my_pass_part(MyTarget *target, Batch *batch)
{
	uint64_t left = target->part_before.changes > target->part.changes
						? target->part_before.changes - target->part.changes
						: 0;
	size_t count = left < batch->count ? (size_t) left : batch->count;

	batch_drop(batch, count);
	target->part.changes += count;
}

bool
my_failed_fence(const MyTarget *target)
{
	return target->c.error == ER_DATA_OUT_OF_RANGE &&
		   strstr(mysql_error(target->c.mysql), FENCE_NUMBER) != NULL;
}

bool
my_fail_fenced(const MyTarget *target, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_CONFLICT,
					   "another writer took over: the progress row is not at epoch %" PRId64
					   " any more",
					   target->progress.epoch);
}
