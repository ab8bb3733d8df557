/*
 * my_load_state.c - a copy's state at a MySQL or MariaDB target: the tables sluice_load,
 * sluice_load_document, sluice_load_chunk and sluice_load_bundle (load_target.h).
 *
 * Invariants:
 * 1. Whoever changes the state has locked the progress row at its own epoch in share mode, and the
 *    state's row exclusively; whoever takes in bundles has the latter in share mode (my_load.c).
 * 2. Statements that change structure commit, and let go of both locks.  So replace() and set_phase()
 *    take them themselves; between begin() and these nobody relies on them.
 */
#include "my_load.h"

#include <inttypes.h>
#include <mysqld_error.h>
#include <stdlib.h>

#include "my_structure.h"

#define PROGRESS_KEY		   "stream = '%s' AND lane = %d AND consumer = '%s'"
#define PROGRESS_KEY_VALUES(s) (s)->stream, (s)->lane, (s)->consumer

/* Of a document in one row: far below any max_allowed_packet in use, escaped too. */
#define PART_BYTES ((size_t) 256 << 10)

#define KEY_COLUMNS                                                                                \
	" stream varchar(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"                          \
	" consumer varchar(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"

#define COUNT_COLUMNS                                                                              \
	" generation int unsigned NOT NULL,"                                                           \
	" chunk int unsigned NOT NULL,"

#define TABLE_END ") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COMMENT='%s';"

static const char create_sql[] =
	"CREATE TABLE IF NOT EXISTS sluice_load (" KEY_COLUMNS " incarnation bigint unsigned NOT NULL,"
	" generation int unsigned NOT NULL,"
	" phase varchar(16) NOT NULL,"
	" begun boolean NOT NULL DEFAULT 0,"
	" prepared boolean NOT NULL DEFAULT 0,"
	" error text NOT NULL,"
	" started_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),"
	" changed_at datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),"
	" PRIMARY KEY (stream, consumer)" TABLE_END
	"CREATE TABLE IF NOT EXISTS sluice_load_document (" KEY_COLUMNS " part int unsigned NOT NULL,"
	" document longblob NOT NULL,"
	" PRIMARY KEY (stream, consumer, part)" TABLE_END
	"CREATE TABLE IF NOT EXISTS sluice_load_chunk (" KEY_COLUMNS COUNT_COLUMNS
	" table_id int unsigned NOT NULL,"
	" bundles int unsigned NOT NULL,"
	" `rows` bigint unsigned NOT NULL,"
	" bytes bigint unsigned NOT NULL,"
	" complete boolean NOT NULL DEFAULT 0,"
	" PRIMARY KEY (stream, consumer, generation, chunk)" TABLE_END
	"CREATE TABLE IF NOT EXISTS sluice_load_bundle (" KEY_COLUMNS COUNT_COLUMNS
	" bundle int unsigned NOT NULL,"
	" `rows` bigint unsigned NOT NULL,"
	" bytes bigint unsigned NOT NULL,"
	" PRIMARY KEY (stream, consumer, generation, chunk, bundle)" TABLE_END;

/* ---- looking ---- */

/* Whether a query failed because Sluice's tables are not there. */
static bool
is_missing(const MyConnection *c)
{
	return c->error == ER_NO_SUCH_TABLE;
}

static bool
read_row(MYSQL_RES *result, LoadState *state, SluiceError *err)
{
	MYSQL_ROW row = mysql_fetch_row(result);

	state->exists = row != NULL;
	if (!state->exists)
		return true;
	state->incarnation = strtoull(row[0], NULL, 10);
	state->generation = (uint32_t) strtoul(row[1], NULL, 10);
	(void) snprintf(state->error, sizeof(state->error), "%s", row[3]);
	state->begun = *row[4] != '0';
	state->prepared = *row[5] != '0';
	state->newest = (uint32_t) strtoul(row[6], NULL, 10);
	return load_phase_parse(row[2], &state->phase, err);
}

static bool
load_read(Target *base, LoadState *state, SluiceError *err)
{
	MyTarget *target = my_target(base);
	MYSQL_RES *result = NULL;
	bool good;

	*state = (LoadState){0};
	if (!my_query(
			&target->c, &result, err,
			"SELECT incarnation, generation, phase, error, begun, prepared, greatest(coalesce("
			"(SELECT max(generation) FROM sluice_load_bundle WHERE " MY_LOAD_KEY
			"), 0), coalesce((SELECT max(generation) FROM sluice_load_chunk WHERE " MY_LOAD_KEY
			"), 0)) FROM sluice_load WHERE " MY_LOAD_KEY,
			MY_LOAD_KEY_VALUES(my_settings(&target->c)),
			MY_LOAD_KEY_VALUES(my_settings(&target->c)),
			MY_LOAD_KEY_VALUES(my_settings(&target->c))))
		return is_missing(&target->c);
	good = read_row(result, state, err);
	mysql_free_result(result);
	return good;
}

static bool
put_parts(MYSQL_RES *result, ByteBuf *json, SluiceError *err)
{
	bool good = true;
	MYSQL_ROW row;

	while (good && (row = mysql_fetch_row(result)) != NULL)
		good = bytebuf_put(json, row[0], mysql_fetch_lengths(result)[0], err);
	return good;
}

static bool
load_read_document(Target *base, ByteBuf *json, SluiceError *err)
{
	MyTarget *target = my_target(base);
	MYSQL_RES *result = NULL;
	bool good;

	if (!my_query(&target->c, &result, err,
				  "SELECT document FROM sluice_load_document WHERE " MY_LOAD_KEY " ORDER BY part",
				  MY_LOAD_KEY_VALUES(my_settings(&target->c))))
		return false;
	good = mysql_num_rows(result) > 0
			   ? put_parts(result, json, err)
			   : sluice_fail(err, SLUICE_ERROR_STATE, "the copy's state is gone from the target");
	mysql_free_result(result);
	return good;
}

/* ---- changing ---- */

static bool
load_ensure(Target *base, SluiceError *err)
{
	MyTarget *target = my_target(base);
	LoadState state;

	if (!load_read(base, &state, err))
		return false;
	if (target->c.error == 0 ||
		my_exec(&target->c, err, create_sql,
				"Copies of streams into this server, and how far they are. Made by sluice-writer.",
				"What the copies are of, in parts.",
				"Chunks of copies whose end has come; complete when all their bundles are in.",
				"Bundles of copies that are in, so that none is loaded twice; those of complete "
				"chunks go."))
		return true;
	(void) sluice_prefix(err, "making the tables sluice_load, sluice_load_document, "
							  "sluice_load_chunk and sluice_load_bundle");
	return sluice_hint(err, "the writer's user needs CREATE on the database of its URI");
}

bool
my_load_find(MyTarget *target, bool *there, const char *sql, SluiceError *err)
{
	MYSQL_RES *result = NULL;

	if (!my_query(&target->c, &result, err, "%s", sql))
		return false;
	*there = mysql_num_rows(result) > 0;
	mysql_free_result(result);
	return true;
}

bool
my_load_lock(MyTarget *target, SluiceError *err)
{
	const TargetSettings *settings = my_settings(&target->c);
	bool owner = false, there = false;
	char owned[256], state[256];

	(void) snprintf(owned, sizeof(owned),
					"SELECT 1 FROM sluice_progress WHERE " PROGRESS_KEY " AND epoch = %" PRId64
					" LOCK IN SHARE MODE",
					PROGRESS_KEY_VALUES(settings), target->progress.epoch);
	(void) snprintf(state, sizeof(state),
					"SELECT 1 FROM sluice_load WHERE " MY_LOAD_KEY " FOR UPDATE",
					MY_LOAD_KEY_VALUES(settings));
	target->begun = true;
	if (!my_exec(&target->c, err, "START TRANSACTION") || !my_load_find(target, &owner, owned, err))
		return false;
	if (!owner)
		return my_fail_fenced(target, err);
	return my_load_find(target, &there, state, err);
}

static bool
load_begin(Target *base, SluiceError *err)
{
	return my_load_lock(my_target(base), err);
}

static bool
load_commit(Target *base, SluiceError *err)
{
	MyTarget *target = my_target(base);

	target->begun = false;
	return my_exec(&target->c, err, "COMMIT") && base->ops->flush(base, true, err);
}

static void
load_abandon(Target *base)
{
	MyTarget *target = my_target(base);

	target->begun = false;
	if (my_alive(&target->c))
		(void) !my_exec(&target->c, NULL, "ROLLBACK");
}

/* Nothing of another incarnation counts any more, its position neither. */
static bool
forget_former(MyTarget *target, uint64_t incarnation, SluiceError *err)
{
	const TargetSettings *settings = my_settings(&target->c);

	if (!my_exec(&target->c, err,
				 "DELETE FROM sluice_load_bundle WHERE " MY_LOAD_KEY
				 ";DELETE FROM sluice_load_chunk WHERE " MY_LOAD_KEY
				 ";UPDATE sluice_progress SET commit_lsn = 0, incarnation = 0, next_sequence = 0, "
				 "changes = 0, alters = 0,"
				 " stream_created = 0 WHERE " PROGRESS_KEY " AND incarnation <> %" PRIu64,
				 MY_LOAD_KEY_VALUES(settings), MY_LOAD_KEY_VALUES(settings),
				 PROGRESS_KEY_VALUES(settings), incarnation))
		return false;
	if (target->progress.position.incarnation != incarnation)
	{
		target->progress.position = (ChangeId){0};
		target->progress.next_sequence = 0;
		target->progress.stream_created = 0;
	}
	return true;
}

static bool
put_document(MyTarget *target, const char *json, size_t length, SluiceError *err)
{
	const TargetSettings *settings = my_settings(&target->c);
	ByteBuf *script = &target->script;
	bool good = my_exec(&target->c, err, "DELETE FROM sluice_load_document WHERE " MY_LOAD_KEY,
						MY_LOAD_KEY_VALUES(settings));

	for (size_t at = 0, part = 0; good && at < length; at += PART_BYTES, part++)
	{
		size_t piece = length - at < PART_BYTES ? length - at : PART_BYTES;

		script->length = 0;
		good = my_put(script, err,
					  "INSERT INTO sluice_load_document (stream, consumer, part, document)"
					  " VALUES ('%s', '%s', %zu, _binary",
					  MY_LOAD_KEY_VALUES(settings), part) &&
			   my_put_text(script, json + at, piece, err) && my_put(script, err, ")") &&
			   my_run(&target->c, (const char *) script->data, script->length, NULL, err);
	}
	return good;
}

/*
 * A copy behind a whole one makes tables of its own.  Assignments go from left to right: those that
 * look at what was come first.
 */
static bool
put_state(MyTarget *target, const LoadPlan *plan, SluiceError *err)
{
	uint64_t incarnation = plan->load->incarnation;

	return my_exec(
		&target->c, err,
		"INSERT INTO sluice_load (stream, consumer, incarnation, generation, phase, error)"
		" VALUES ('%s', '%s', %" PRIu64 ", %" PRIu32 ", 'structure', '') ON DUPLICATE KEY UPDATE"
		" begun = begun AND incarnation = %" PRIu64 " AND phase <> 'done',"
		" prepared = prepared AND incarnation = %" PRIu64 " AND phase <> 'done',"
		" started_at = IF(incarnation = %" PRIu64 ", started_at, UTC_TIMESTAMP(6)),"
		" incarnation = %" PRIu64 ", generation = %" PRIu32
		", phase = 'structure', error = '', changed_at = UTC_TIMESTAMP(6)",
		MY_LOAD_KEY_VALUES(my_settings(&target->c)), incarnation, plan->generation, incarnation,
		incarnation, incarnation, incarnation, plan->generation);
}

static bool
load_replace(Target *base, const LoadPlan *plan, const char *json, size_t length, SluiceError *err)
{
	MyTarget *target = my_target(base);
	LoadState state;

	if (!my_load_lock(target, err) || !load_read(base, &state, err))
		return false;
	if ((!state.exists || state.incarnation != plan->load->incarnation) &&
		!forget_former(target, plan->load->incarnation, err))
		return false;
	return put_document(target, json, length, err) && put_state(target, plan, err);
}

/* With the end of a copy its bundles and chunks are not looked at any more. */
static bool
load_set_phase(Target *base, LoadPhase phase, SluiceError *err)
{
	MyTarget *target = my_target(base);
	const TargetSettings *settings = my_settings(&target->c);

	if (!my_load_lock(target, err) ||
		!my_exec(&target->c, err,
				 "UPDATE sluice_load SET phase = '%s', error = '', changed_at = UTC_TIMESTAMP(6),"
				 " prepared = prepared OR %d WHERE " MY_LOAD_KEY,
				 load_phase_name(phase), phase == LOAD_LOADING, MY_LOAD_KEY_VALUES(settings)))
		return false;
	return phase != LOAD_DONE ||
		   my_exec(&target->c, err, "DELETE FROM sluice_load_bundle WHERE " MY_LOAD_KEY,
				   MY_LOAD_KEY_VALUES(settings));
}

bool
my_load_note_begun(MyConnection *c, SluiceError *err)
{
	return my_exec(c, err, "UPDATE sluice_load SET begun = 1 WHERE " MY_LOAD_KEY "; COMMIT",
				   MY_LOAD_KEY_VALUES(my_settings(c))) ||
		   sluice_prefix(err, "noting that tables are made");
}

static bool
load_empty(Target *base, const char *schema, const char *name, SluiceError *err)
{
	MyTarget *target = my_target(base);
	char *table = my_table_name(my_database_of(schema, target->c.uri.database), name);
	bool good = table != NULL
					? my_exec(&target->c, err, "TRUNCATE TABLE %s", table)
					: sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");

	free(table);
	return good || sluice_prefix(err, "emptying table %s.%s to load it anew", schema, name);
}

/* The row is locked only when there is something to change. */
static bool
load_set_error(Target *base, const char *text, SluiceError *err)
{
	MyTarget *target = my_target(base);
	ByteBuf *script = &target->script;
	LoadState state;

	if (!load_read(base, &state, err))
		return false;
	if (!state.exists || strcmp(state.error, text) == 0)
		return true;
	script->length = 0;
	return my_put(script, err, "UPDATE sluice_load SET error = ") &&
		   my_put_text(script, text, strlen(text), err) &&
		   my_put(script, err, " WHERE " MY_LOAD_KEY,
				  MY_LOAD_KEY_VALUES(my_settings(&target->c))) &&
		   my_run(&target->c, (const char *) script->data, script->length, NULL, err);
}

/* ---- the whole ---- */

static Structure *
load_structure(Target *base, const SchemaDocument *document, const StructureSettings *settings,
			   SluiceError *err)
{
	return my_structure_open(&my_target(base)->c, document, settings, err);
}

const LoadOps my_load_ops = {
	.whole_tables = true,
	.read = load_read,
	.read_document = load_read_document,
	.begin = load_begin,
	.commit = load_commit,
	.abandon = load_abandon,
	.replace = load_replace,
	.set_phase = load_set_phase,
	.empty = load_empty,
	.ensure = load_ensure,
	.set_error = load_set_error,
	.structure = load_structure,
	.count = my_load_count,
	.count_more = my_load_count_more,
	.take = my_load_take,
};
