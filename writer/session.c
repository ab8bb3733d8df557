/*
 * session.c - reading, gathering, applying, reporting (session.h).
 *
 * Invariants:
 * 1. `flying` is the batch whose outcome is outstanding at the target; it is not touched meanwhile.
 * 2. Rows of `current` that are pinned are applied before the reader goes to the next bundle.
 * 3. A durable mark is only published for what the target's log has flushed.
 */
#include "session.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ddl_message.h"
#include "session_internal.h"
#include "session_start.h"

#define PULL_BYTES	  ((size_t) 8 << 20) /* messages fetched ahead */
#define IDLE_MS		  250				 /* between looks at signals and lease */
#define FLUSH_LOOK_MS 100				 /* between looks at what is durable */

/* ---- reporting ---- */

static void
report_durable(Session *session)
{
	DurableMark mark;

	if (durability_flushed(&session->durability, session->target->durable, &mark))
		beacon_publish(session->writer->beacon, &mark);
}

/* Only now does the writer say that it works: a session may open well and fail at its first batch. */
static void
begin_work(Session *session)
{
	Writer *writer = session->writer;
	char position[CHANGE_ID_TEXT];

	if (session->working)
		return;
	session->working = writer->worked = true;
	if (writer->service->draining)
		return;
	stats_set_state(&writer->stats, WRITER_APPLYING);
	health_set_reason(&writer->service->health, NULL);
	log_event(
		writer->service->log, LOG_INFO, "applying",
		(LogField[]){LOG_INTEGER("epoch", session->progress.epoch),
					 LOG_TEXT("position", change_id_format(&session->progress.position, position)),
					 LOG_UNSIGNED("sequence", session->first_read), LOG_END});
}

/* A batch is committed at the target. */
static void
note_committed(Session *session, Batch *batch)
{
	DurableMark mark = {batch->end.position, batch->end.next_sequence, session->stream_created};

	session->hold.position = mark.id.commit;
	durability_add(&session->durability, &mark, session->target->committed);
	report_durable(session);
	if (batch->end.commit_time != 0)
		session->commit_time = batch->end.commit_time;
	stats_set_position(&session->writer->stats, &batch->end.position, session->commit_time);
	session->load_due |= load_is_due(&session->load, batch->end.position.commit);
	session->writer->applied++;
	batch_reset(batch);
	begin_work(session);
}

/* ---- applying ---- */

static Batch *
free_batch(Session *session)
{
	for (int i = 0; i < BATCHES; i++)
	{
		Batch *batch = &session->batches[i];

		if (batch != session->current && batch != session->flying)
			return batch;
	}
	abort();
}

bool
session_settle(Session *session, SluiceError *err)
{
	if (!session->target->ops->settle(session->target, err))
		return false;
	if (session->flying != NULL)
		note_committed(session, session->flying);
	session->flying = NULL;
	return true;
}

bool
writer_undisturbed(void *context)
{
	Writer *writer = context;

	return !writer_poll(writer) && beacon_held(writer->beacon);
}

/* A piece failed with *err because of a table that its own transaction is making: makes it first. */
static bool
apply_made(Session *session, Batch *batch, bool commit, SluiceError *err)
{
	Writer *writer = session->writer;
	SchemaChange *change = NULL;
	const SchemaChange *making;
	SluiceError missing = *err;
	bool good;

	if (commit || missing.code != SLUICE_ERROR_NOT_FOUND || writer->settings.on_ddl != DDL_APPLY)
		return false;
	if (session->change == NULL &&
		!ddl_message_ahead(&session->nats, &writer->settings, session->reader.first_part,
						   &session->at, writer_undisturbed, writer, &change, err))
		return false;
	*err = missing;
	making = session->change != NULL ? session->change : change;
	good = making != NULL && ddl_message_follows_rows(making) &&
		   session->target->ops->alter(session->target, making, true, err);
	schema_change_free(change);
	session->altered |= good;
	return good && session->target->ops->apply(session->target, batch, commit, err);
}

bool
session_apply(Session *session, SluiceError *err)
{
	Batch *batch = session->current, *rest = free_batch(session);
	bool commit = batch->transactions > 0, pinned = batch->pinned;

	if (commit && !batch_split(batch, rest, err))
		return false;
	if (!session->target->ops->apply(session->target, batch, commit, err) &&
		!apply_made(session, batch, commit, err))
		return false;
	if (session->flying != NULL)
		note_committed(session, session->flying);
	session->flying = NULL;
	if (commit && session->target->outstanding)
		session->flying = batch;
	else if (commit)
		note_committed(session, batch);
	else
	{
		batch_reset(batch);
		begin_work(session);
	}
	if (commit)
		session->current = rest;
	return !pinned || session_settle(session, err);
}

bool
session_obey_hold(Session *session, uint64_t commit, SluiceError *err)
{
	return !hold_is_due(&session->hold, commit) ||
		   ((session->current->transactions == 0 || session_apply(session, err)) &&
			session_settle(session, err) && hold_wait(&session->hold, commit, err));
}

/* ---- gathering ---- */

static bool
fail_order(const Session *session, const BundleRecord *record, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_CORRUPT,
					   "message %" PRIu64 ": record %c where it does not belong",
					   session->reader.sequence, record->type);
}

static Table *
table_of(Session *session, const BundleRelation *relation, SluiceError *err)
{
	if (relation != session->relation)
	{
		session->table = tables_find(&session->tables, relation->id);
		session->relation = relation;
	}
	if (session->table == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_CORRUPT, "unknown table %s", relation->name);
	return session->table;
}

static bool
take_relation(Session *session, const BundleRecord *record, SluiceError *err)
{
	Table *table = tables_intern(&session->tables, record->relation, err);
	LoadRule rule;

	session->relation = NULL;
	if (table == NULL)
		return false;
	rule = load_rule(&session->load, record->relation->id);
	table->skip_until = rule.skip_until;
	table->lenient_until = rule.lenient_until;
	table->joins = rule.joins;
	return true;
}

static bool
take_begin(Session *session, const BundleRecord *record, SluiceError *err)
{
	if (session->in_transaction)
		return fail_order(session, record, err);
	session->in_transaction = session_obey_hold(session, record->id.commit, err);
	return session->in_transaction;
}

bool
session_stop_here(Session *session, LoadWish wish, SluiceError *err)
{
	if ((session->current->transactions > 0 && !session_apply(session, err)) ||
		!session_settle(session, err))
		return false;
	wish.reached = session->at.commit - 1;
	session->writer->wish = wish;
	session->stopped = true;
	return sluice_fail(err, SLUICE_ERROR_CONFLICT, "a change waits for the copy of its table");
}

/* Whether a change is in the copy of its table. */
static bool
is_copied(Table *table, const BundleRecord *record)
{
	table->lenient |= record->id.commit <= table->lenient_until;
	return record->id.commit <= table->skip_until;
}

static bool
take_row(Session *session, const BundleRecord *record, SluiceError *err)
{
	Table *table;

	if (!session->in_transaction)
		return fail_order(session, record, err);
	table = table_of(session, record->relation, err);
	if (table == NULL || is_copied(table, record))
		return table != NULL;
	if (table->joins)
		return session_stop_here(session, (LoadWish){.whole = true}, err);
	return batch_add_row(session->current, table, record, err);
}

static bool
take_truncate(Session *session, const BundleRecord *record, SluiceError *err)
{
	uint16_t count = record->truncate.count, wanted = 0;
	Table **tables;
	bool good = true;

	if (!session->in_transaction)
		return fail_order(session, record, err);
	if (count == 0)
		return true;
	tables = calloc(count, sizeof(*tables));
	if (tables == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %u tables", count);
	for (uint16_t i = 0; good && i < count; i++)
	{
		Table *table = table_of(session, bundle_truncated(&session->reader.bundle, record, i), err);

		good = table != NULL;
		if (!good || is_copied(table, record))
			continue;
		good = !table->joins || session_stop_here(session, (LoadWish){.whole = true}, err);
		tables[wanted++] = table;
	}
	good = good && (wanted == 0 ||
					batch_add_truncate(session->current, record->flags, tables, wanted, err));
	free(tables);
	return good;
}

void
session_end_transaction(Session *session, const BundleRecord *record, int64_t commit_time)
{
	BatchEnd end = {record->id, stream_reader_resume(&session->reader), commit_time};

	batch_commit(session->current, &end);
}

static bool
take_commit(Session *session, const BundleRecord *record, SluiceError *err)
{
	if (!session->in_transaction)
		return fail_order(session, record, err);
	session->in_transaction = false;
	session_end_transaction(session, record, record->commit_time);
	if (!session->altered)
		return true;
	/* What follows may need the change committed: a new label of an enum does. */
	session->altered = false;
	return session_apply(session, err) && session_settle(session, err);
}

static bool
take_record(Session *session, const BundleRecord *record, SluiceError *err)
{
	if (record->type != RECORD_RELATION)
		session->at = record->id;
	switch (record->type)
	{
		case RECORD_RELATION: return take_relation(session, record, err);
		case RECORD_BEGIN: return take_begin(session, record, err);
		case RECORD_INSERT:
		case RECORD_UPDATE:
		case RECORD_DELETE: return take_row(session, record, err);
		case RECORD_TRUNCATE: return take_truncate(session, record, err);
		case RECORD_MESSAGE: return session_take_message(session, record, err);
		case RECORD_COMMIT: return take_commit(session, record, err);
		default: return fail_order(session, record, err);
	}
}

/* Gathers a bundle, applying whenever a batch is full. */
static bool
take_bundle(Session *session, SluiceError *err)
{
	BundleRecord record;
	bool end = false;

	session->relation = NULL;
	session->writer->look_back = false; /* a bundle that follows what is applied was found */
	stats_set_level(&session->writer->stats, false);
	for (;;)
	{
		if (!stream_reader_record(&session->reader, &record, &end, err))
			return false;
		if (end)
			break;
		if (!take_record(session, &record, err))
			return false;
		while (batch_full(session->current))
		{
			if (!session_apply(session, err))
				return false;
		}
	}
	counter_add(session->writer->stats.bundles, 1);
	gauge_set(session->writer->stats.pending, (double) session->reader.pending);
	return true;
}

/* ---- rounds ---- */

static bool
is_idle(const Session *session)
{
	return session->current->transactions == 0 && session->flying == NULL;
}

/* Nothing came: applies what is there, or waits for what is under way, or looks what is durable. */
static bool
use_pause(Session *session, SluiceError *err)
{
	if (session->current->transactions > 0)
		return session_apply(session, err);
	if (session->flying != NULL)
		return session_settle(session, err);
	stats_set_level(&session->writer->stats, !session->in_transaction);
	if (!session->in_transaction)
		begin_work(session);
	if (session->current->count == 0)
		tables_sweep(&session->tables);
	if (!durability_pending(&session->durability) ||
		!session->target->ops->flush(session->target, false, err))
		return !durability_pending(&session->durability);
	report_durable(session);
	return true;
}

static int
wait_of(const Session *session)
{
	if (!is_idle(session))
		return 0;
	return durability_pending(&session->durability) ? FLUSH_LOOK_MS : IDLE_MS;
}

/*
 * A stream whose store was rolled back gives the numbers of lost messages to others, so the number
 * in the progress row may name a later change than meant: then the position finds the place.
 */
static bool
look_back(Session *session, SluiceError *err)
{
	if (err->code != SLUICE_ERROR_STATE || session->reader.linked ||
		session->first_read <= session->first_available)
		return false;
	log_failure(session->writer->service->log, LOG_WARNING,
				"looking for the position from the stream's first message on", err, NULL);
	session->writer->look_back = true;
	err->code = SLUICE_ERROR_CONFLICT; /* another session may mend it */
	return false;
}

static bool
take_turn(Session *session, SluiceError *err)
{
	bool got;

	if (!beacon_held(session->writer->beacon))
		return sluice_fail(err, SLUICE_ERROR_CONFLICT, "the lease was lost");
	if (!stream_reader_next(&session->reader, wait_of(session), &got, err))
		return look_back(session, err);
	return got ? take_bundle(session, err) : use_pause(session, err);
}

/* Whether the session may end here to make the target's connection anew. */
static bool
may_renew(const Session *session)
{
	return session->target->worn && is_idle(session) && !session->in_transaction;
}

/* The end was asked for: finishes what is in hand and brings it to the target's disk. */
static bool
drain(Session *session, SluiceError *err)
{
	stats_set_state(&session->writer->stats, WRITER_DRAINING);
	if ((session->current->transactions > 0 && !session_apply(session, err)) ||
		!session_settle(session, err))
		return false;
	if (session->in_transaction || !durability_pending(&session->durability))
		return true;
	if (!session->target->ops->flush(session->target, true, err))
		return false;
	report_durable(session);
	return true;
}

/* Takes over what a reload changed. */
static void
adopt_settings(Session *session)
{
	const WriterSettings *settings = &session->writer->settings;

	session->target_settings.conflicts = settings->conflicts;
	session->target_settings.on_ddl = settings->on_ddl;
	for (int i = 0; i < BATCHES; i++)
	{
		session->batches[i].maximum_rows = settings->batch_rows;
		session->batches[i].maximum_bytes = settings->batch_bytes;
	}
}

/* What had to wait until the copy's tables have caught up; then nothing of the copy counts any more. */
static bool
complete_load(Session *session, SluiceError *err)
{
	return (session->current->transactions == 0 || session_apply(session, err)) &&
		   session_settle(session, err) && load_complete(&session->load, err);
}

/* Looks how tables that join come in; *again when another session is to go on with them. */
static bool
look_at_load(Session *session, bool *again, SluiceError *err)
{
	LoadLook look;

	*again = false;
	if (session->in_transaction || !load_is_joining(&session->load))
		return true;
	if ((session->current->transactions > 0 && !session_apply(session, err)) ||
		!session_settle(session, err) || !load_look(&session->load, &look, err))
		return false;
	*again = look != LOAD_LOOK_SAME;
	session->writer->wish.whole = look == LOAD_LOOK_WHOLE;
	return true;
}

static SessionEnd
end_of_turn(const Session *session)
{
	return session->stopped ? SESSION_AGAIN : SESSION_FAILED;
}

static SessionEnd
run_rounds(Session *session, SluiceError *err)
{
	bool again;

	for (;;)
	{
		if (writer_poll(session->writer))
			return drain(session, err) ? SESSION_DRAINED : SESSION_FAILED;
		adopt_settings(session);
		hold_listen(&session->hold);
		if ((!session->in_transaction && !session_obey_hold(session, 0, err)) ||
			!take_turn(session, err))
			return session->hold.gave_up && writer_poll(session->writer) && drain(session, err)
					   ? SESSION_DRAINED
					   : end_of_turn(session);
		if (!look_at_load(session, &again, err))
			return SESSION_FAILED;
		if (again)
			return SESSION_AGAIN;
		if (session->load_due && !session->in_transaction)
			return complete_load(session, err) ? SESSION_AGAIN : SESSION_FAILED;
		if (may_renew(session))
			return SESSION_AGAIN;
	}
}

/* ---- start ---- */

/* Called while the target is waited for. */
static bool
go_on(void *context)
{
	Writer *writer = context;

	(void) writer_poll(writer);
	return beacon_held(writer->beacon);
}

static bool
open_target(Session *session, SluiceError *err)
{
	Writer *writer = session->writer;

	session->target_settings = (TargetSettings){
		.uri = writer->settings.target,
		.password = writer->settings.target_password,
		.stream = writer->settings.stream,
		.consumer = writer->settings.consumer,
		.lane = 0,
		.owner = writer->settings.owner,
		.conflicts = writer->settings.conflicts,
		.on_ddl = writer->settings.on_ddl,
		.create = writer->settings.structure.create,
		.types = writer->settings.types,
		.view = &writer->settings.view,
		.synchronous = writer->settings.synchronous,
		.log = writer->service->log,
		.stats = &writer->stats,
		.go_on = go_on,
		.context = writer,
	};
	session->target = target_open(&session->target_settings, err);
	return session->target != NULL &&
		   (session->target->ops->know == NULL ||
			session->target->ops->know(session->target, &writer->settings.view.facts, err)) &&
		   session->target->ops->take_over(session->target, &session->progress, err);
}

/* The message to start with; see progress.h for what the row says. */
static uint64_t
first_message(const Session *session, const JetStreamInfo *info)
{
	const Progress *progress = &session->progress;
	uint64_t next = progress->next_sequence;

	if (!session->writer->look_back && progress->position.commit != 0 &&
		progress->stream_created == info->created && next >= info->first_sequence &&
		next <= info->last_sequence + 1)
		return next;
	return info->first_sequence > 0 ? info->first_sequence : 1;
}

static bool
open_reader(Session *session, SluiceError *err)
{
	JetStreamInfo info;
	uint64_t first;

	if (!jetstream_info(&session->nats, session->writer->settings.stream, &info, err))
		return false;
	first = first_message(session, &info);
	session->first_read = first;
	session->first_available = info.first_sequence;
	session->last_available = info.last_sequence;
	session->stream_created = info.created;
	session->target->stream_created = info.created;
	return stream_reader_open(&session->reader, &session->nats, first, &session->progress.position,
							  err);
}

/* What is committed already is told again, once it is sure to be durable. */
static bool
report_start(Session *session, SluiceError *err)
{
	DurableMark mark = {session->progress.position, session->progress.next_sequence,
						session->progress.stream_created};

	gauge_set(session->writer->stats.epoch, (double) session->progress.epoch);
	if (mark.id.commit == 0)
		return true;
	stats_set_position(&session->writer->stats, &mark.id, 0);
	if (!session->target->ops->flush(session->target, true, err))
		return false;
	beacon_publish(session->writer->beacon, &mark);
	return true;
}

static void
forget_table(void *context, Table *table)
{
	Session *session = context;

	session->target->ops->forget(session->target, table);
}

static void
session_init(Session *session, Writer *writer)
{
	const StreamReaderSettings reader = {
		.stream = writer->settings.stream,
		.lane = 0,
		.start_available = writer->settings.start_available,
		.pull_bytes = PULL_BYTES,
	};

	*session = (Session){.writer = writer};
	stream_reader_init(&session->reader, &reader);
	for (int i = 0; i < BATCHES; i++)
		batch_init(&session->batches[i], writer->settings.batch_rows, writer->settings.batch_bytes);
	session->current = &session->batches[0];
	tables_init(&session->tables);
	session->tables.names = writer->settings.view.schemas;
	session->tables.forget = forget_table;
	session->tables.context = session;
}

static void
session_close(Session *session)
{
	stream_reader_free(&session->reader);
	for (int i = 0; i < BATCHES; i++)
		batch_free(&session->batches[i]);
	tables_free(&session->tables);
	load_free(&session->load);
	load_display_end(session->writer->display);
	if (session->target != NULL)
		session->target->ops->close(session->target);
	nats_session_close(&session->nats);
}

static SessionEnd
run_changes(Session *session, SluiceError *err)
{
	hold_init(&session->hold, session->target, session->writer->service->log,
			  session->progress.position.commit, writer_undisturbed, session->writer);
	if (!session_await_stream(session->writer, &session->nats, true, err) ||
		!open_reader(session, err) || !report_start(session, err) ||
		!hold_open(&session->hold, err))
		return SESSION_FAILED;
	if (session->first_read > session->last_available)
		begin_work(session);
	return run_rounds(session, err);
}

SessionEnd
session_run(Writer *writer, SluiceError *err)
{
	Session *session = malloc(sizeof(*session));
	SessionEnd end = SESSION_FAILED;

	if (session == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a session");
		return SESSION_FAILED;
	}
	session_init(session, writer);
	writer->worked = false;
	stats_set_state(&writer->stats, WRITER_CONNECTING);
	if (nats_session_open(&session->nats, &writer->settings.nats, err) &&
		session_await_stream(writer, &session->nats, false, err) && open_target(session, err) &&
		session_run_load(writer, &session->load, &session->nats, session->target,
						 &session->target_settings, &session->progress, &end, err))
		end = run_changes(session, err);
	session_close(session);
	free(session);
	return end;
}
