/*
 * verify_position.c - holding the stream and taking the snapshots (verify_position.h).
 *
 * Invariant: the target's snapshot counts only when the hold is still there after it was taken; the
 * writer removes an expired hold before it applies anything beyond it.
 */
#include "verify_position.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "pg/pg_hold.h"

#define LOOK_MS		  20
#define WRITER_MS	  5000	/* without any writer's session at the target, for so long */
#define SLOT_MS		  10000 /* the stream is not held longer for a slot at the source */
#define BETWEEN_MS	  1000
#define POSITION_TEXT 32

#define BEGIN_SNAPSHOT "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

int64_t
verify_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- waiting ---- */

static bool
rest(const VerifyPosition *position, int64_t ms, SluiceError *err)
{
	const struct timespec moment = {ms / 1000, (ms % 1000) * 1000000};

	(void) nanosleep(&moment, NULL);
	return position->ends->target.go_on(position->ends->target.context) ||
		   sluice_fail(err, SLUICE_ERROR_TIMEOUT, "interrupted");
}

static void
format_position(uint64_t position, char text[POSITION_TEXT])
{
	(void) snprintf(text, POSITION_TEXT, "%" PRIX32 "/%" PRIX32, (uint32_t) (position >> 32),
					(uint32_t) position);
}

/* One value of a query, "" for NULL or no row. */
static bool
fetch(PgConnection *c, const char *sql, int count, const char *const *values, char *out,
	  size_t size, SluiceError *err)
{
	PGresult *result = NULL;

	if (!pg_query_params(c, sql, count, values, &result, err))
		return false;
	(void) snprintf(out, size, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
	return true;
}

/* ---- is it one stream ---- */

static bool
fail_no_progress(const VerifyPosition *position, SluiceError *err)
{
	const TargetSettings *settings = &position->ends->target;

	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
					   "stream %s was never applied to this target by consumer %s",
					   settings->stream, settings->consumer);
	return sluice_hint(err,
					   "check --target, --stream and --consumer, or start sluice-writer first");
}

static bool
check_progress(VerifyPosition *position, const char *incarnation, SluiceError *err)
{
	const TargetSettings *settings = &position->ends->target;
	const char *const values[] = {settings->stream, settings->consumer};
	char applied[32];

	if (!fetch(&position->target_control,
			   "SELECT incarnation FROM sluice.progress WHERE stream = $1 AND consumer = $2"
			   " AND commit_lsn <> '0/0'",
			   2, values, applied, sizeof(applied), err))
		return err->code == SLUICE_ERROR_NOT_FOUND ? fail_no_progress(position, err)
												   : sluice_prefix(err, "sluice.progress");
	if (applied[0] == '\0')
		return fail_no_progress(position, err);
	if (strcmp(applied, incarnation) == 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "the target has another history of stream %s than this source makes",
					   settings->stream);
	return sluice_hint(err,
					   "check --source: the stream was made anew, or is that of another server");
}

/* A copy that is not whole would only be found to be that. */
static bool
check_load(VerifyPosition *position, SluiceError *err)
{
	const TargetSettings *settings = &position->ends->target;
	const char *const values[] = {settings->stream, settings->consumer};
	char there[8], phase[32];

	if (!fetch(&position->target_control,
			   "SELECT pg_catalog.to_regclass('sluice.load') IS NOT NULL", 0, NULL, there,
			   sizeof(there), err))
		return false;
	if (there[0] != 't')
		return true;
	if (!fetch(&position->target_control,
			   "SELECT phase FROM sluice.load WHERE stream = $1 AND consumer = $2", 2, values,
			   phase, sizeof(phase), err))
		return sluice_prefix(err, "sluice.load");
	if (phase[0] == '\0' || strcmp(phase, "done") == 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "the copy of stream %s is in phase %s",
					   settings->stream, phase);
	return sluice_hint(err, "compare when it is done");
}

bool
verify_position_open(VerifyPosition *position, const VerifyEnds *ends, SluiceError *err)
{
	const char *const values[] = {ends->source.stream};
	char incarnation[32];

	*position = (VerifyPosition){.ends = ends};
	if (!pg_connect(&position->source_control, &ends->source, err) ||
		!pg_connect(&position->target_control, &ends->target, err))
		return false;
	if (!fetch(&position->source_control,
			   "SELECT CASE WHEN i < 0 THEN i::numeric + 18446744073709551616 ELSE i END"
			   " FROM sluice.stream_incarnation($1) AS i",
			   1, values, incarnation, sizeof(incarnation), err))
	{
		(void) sluice_prefix(err, "the stream at the source");
		return err->hint[0] == '\0' &&
			   sluice_hint(err, "the source needs extension sluice; the role there REPLICATION, "
								"and to own the stream");
	}
	return check_progress(position, incarnation, err) && check_load(position, err);
}

/* ---- the writer ---- */

static bool
find_writer(VerifyPosition *position, bool *running, SluiceError *err)
{
	const TargetSettings *settings = &position->ends->target;
	const char *const values[] = {settings->stream, settings->consumer};
	char found[8];

	if (!fetch(&position->target_control,
			   "SELECT true FROM sluice.progress p JOIN pg_catalog.pg_stat_activity a"
			   " ON a.pid = p.backend_pid WHERE p.stream = $1 AND p.consumer = $2",
			   2, values, found, sizeof(found), err))
		return false;
	*running = found[0] == 't';
	return true;
}

static bool
fail_no_writer(const VerifyPosition *position, SluiceError *err)
{
	const TargetSettings *settings = &position->ends->target;

	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
					   "no writer applies stream %s (consumer %s) to this target now",
					   settings->stream, settings->consumer);
	return sluice_hint(err,
					   "start sluice-writer: source and target can be compared only at a position "
					   "both have, and only a writer brings the target to one");
}

static bool
fail_late(VerifyPosition *position, const PgHoldAnswer *answer, SluiceError *err)
{
	char at[POSITION_TEXT], wanted[POSITION_TEXT];

	format_position(answer->held_at, at);
	format_position(position->position, wanted);
	if (answer->standing && position->position != 0)
		(void) sluice_fail(err, SLUICE_ERROR_TIMEOUT,
						   "the writer did not reach position %s in time; it was at %s", wanted,
						   at);
	else
		(void) sluice_fail(err, SLUICE_ERROR_TIMEOUT,
						   "the writer did not come to a place to stand at in time");
	return sluice_hint(err,
					   "is the stream streaming (sluice.stat_streams), the writer ready and able "
					   "to write sluice.hold? Otherwise it is behind: give a longer --timeout");
}

/* Waits until the writer stands, or, once the position is set, has reached it. */
static bool
await_writer(VerifyPosition *position, SluiceError *err)
{
	int64_t seen = verify_clock();
	PgHoldAnswer answer = {0};

	for (;;)
	{
		bool running;

		if (!pg_hold_see(&position->target_control, position->hold, &answer, err) ||
			!find_writer(position, &running, err))
			return false;
		if (position->position != 0 ? answer.reached : answer.standing)
			return true;
		if (running)
			seen = verify_clock();
		else if (verify_clock() - seen > WRITER_MS)
			return fail_no_writer(position, err);
		if (verify_clock() > position->ends->deadline)
			return fail_late(position, &answer, err);
		if (!rest(position, LOOK_MS, err))
			return false;
	}
}

/* ---- the source ---- */

/* What a connection that makes a slot may still use of time. */
typedef struct SlotWait
{
	const VerifyEnds *ends;
	int64_t until;
} SlotWait;

static bool
slot_go_on(void *context)
{
	const SlotWait *wait = context;

	return verify_clock() < wait->until &&
		   wait->ends->replication.go_on(wait->ends->replication.context);
}

static bool
read_slot(VerifyPosition *position, const PGresult *slot, char *snapshot, SluiceError *err)
{
	uint32_t high, low;

	if (PQntuples(slot) != 1 || PQnfields(slot) < 3 ||
		sscanf(PQgetvalue(slot, 0, 1), "%" SCNx32 "/%" SCNx32, &high, &low) != 2)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "the source made a slot without a position");
	position->position = (uint64_t) high << 32 | low;
	(void) snprintf(snapshot, SNAPSHOT_SIZE, "%s", PQgetvalue(slot, 0, 2));
	return true;
}

static bool
make_slot(VerifyPosition *position, PgConnection *replication, char *snapshot, SluiceError *err)
{
	PGresult *slot = NULL;
	bool good = pg_query(replication, &slot, err,
						 "CREATE_REPLICATION_SLOT sluice_verify_%s TEMPORARY LOGICAL pgoutput"
						 " EXPORT_SNAPSHOT",
						 position->hold) &&
				read_slot(position, slot, snapshot, err);

	PQclear(slot);
	return good || sluice_prefix(err, "making a temporary slot at the source");
}

/* Begins a keeper's transaction, with a snapshot or by taking one, and tells the name to share it by. */
static bool
begin_keeper(PgConnection *keeper, const TargetSettings *settings, const char *import,
			 char *snapshot, SluiceError *err)
{
	pg_disconnect(keeper);
	return pg_connect(keeper, settings, err) &&
		   pg_query(keeper, NULL, err, "%s%s%s%s", BEGIN_SNAPSHOT,
					import != NULL ? "; SET TRANSACTION SNAPSHOT '" : "",
					import != NULL ? import : "", import != NULL ? "'" : "") &&
		   fetch(keeper, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, snapshot, SNAPSHOT_SIZE,
				 err);
}

/* The slot is gone with its connection; its snapshot lives on in the keeper. */
static bool
snapshot_source(VerifyPosition *position, bool *late, SluiceError *err)
{
	SlotWait wait = {position->ends, verify_clock() + SLOT_MS};
	TargetSettings settings = position->ends->replication;
	PgConnection replication = {0};
	char exported[SNAPSHOT_SIZE];
	bool good;

	settings.go_on = slot_go_on;
	settings.context = &wait;
	good = pg_connect(&replication, &settings, err) &&
		   make_slot(position, &replication, exported, err) &&
		   begin_keeper(&position->source_keeper, &position->ends->source, exported,
						position->source_snapshot, err);
	*late = !good && err->code == SLUICE_ERROR_TIMEOUT && verify_clock() >= wait.until;
	pg_disconnect(&replication);
	return good;
}

static bool
mark(VerifyPosition *position, SluiceError *err)
{
	const char *const values[] = {position->ends->source.stream};
	PGresult *result = NULL;
	bool good = pg_query_params(&position->source_control, "SELECT sluice.mark_stream($1)", 1,
								values, &result, err);

	PQclear(result);
	return good || sluice_prefix(err, "marking the stream at the source");
}

/* ---- both ---- */

/* *late: a slot took too long, which may be otherwise the next time. */
static bool
try_position(VerifyPosition *position, bool *late, SluiceError *err)
{
	position->position = 0;
	*late = false;
	return pg_hold_ask(&position->target_control, position->hold, err) &&
		   await_writer(position, err) && snapshot_source(position, late, err) &&
		   pg_hold_set(&position->target_control, position->hold, position->position, err) &&
		   mark(position, err) && await_writer(position, err) &&
		   begin_keeper(&position->target_keeper, &position->ends->target, NULL,
						position->target_snapshot, err) &&
		   verify_position_renew(position, err);
}

static bool
fail_slot(SluiceError *err)
{
	(void) sluice_fail(
		err, SLUICE_ERROR_TIMEOUT,
		"a transaction runs at the source all the time, so that no slot can be made");
	return sluice_hint(err,
					   "pg_stat_activity shows it (oldest backend_xid); end it, or give a longer "
					   "--timeout");
}

static void
give_up_hold(VerifyPosition *position)
{
	SluiceError ignored;

	if (position->hold[0] != '\0' && position->target_control.conn != NULL)
		(void) !pg_hold_release(&position->target_control, position->hold, &ignored);
	position->hold[0] = '\0';
}

bool
verify_position_take(VerifyPosition *position, SluiceError *err)
{
	bool late;

	while (!try_position(position, &late, err))
	{
		give_up_hold(position);
		if (!late)
			return false;
		log_event(position->ends->target.log, LOG_WARNING,
				  "a transaction runs at the source: the stream goes on, trying again", NULL);
		if (verify_clock() > position->ends->deadline)
			return fail_slot(err);
		sluice_error_clear(err);
		if (!rest(position, BETWEEN_MS, err))
			return false;
	}
	return true;
}

bool
verify_position_renew(VerifyPosition *position, SluiceError *err)
{
	PgHoldAnswer answer;

	return pg_hold_see(&position->target_control, position->hold, &answer, err);
}

bool
verify_position_release(VerifyPosition *position, SluiceError *err)
{
	bool good = pg_hold_release(&position->target_control, position->hold, err);

	position->hold[0] = '\0';
	return good;
}

void
verify_position_close(VerifyPosition *position)
{
	give_up_hold(position);
	pg_disconnect(&position->source_keeper);
	pg_disconnect(&position->target_keeper);
	pg_disconnect(&position->source_control);
	pg_disconnect(&position->target_control);
}
