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

#define PULL_BYTES	   ((size_t) 8 << 20) /* messages fetched ahead */
#define IDLE_MS		   250				  /* between looks at signals and lease */
#define FLUSH_LOOK_MS  100				  /* between looks at what is durable */
#define STREAM_WAIT_MS 500				  /* between looks for a stream that is not there */

/* One to gather into, one at the target, one for the start of the next when a batch is split. */
#define BATCHES 3

typedef struct Session
{
	Writer *writer;
	NatsSession nats;
	Target *target;
	TargetSettings target_settings;
	Progress progress;
	int64_t stream_created;
	uint64_t first_read;	  /* message the reader was opened at */
	uint64_t first_available; /* the oldest there was then */
	StreamReader reader;
	TableMap tables;
	const BundleRelation *relation; /* of the last row, and its table */
	Table *table;
	Batch batches[BATCHES];
	Batch *current, *flying;
	bool in_transaction;
	Durability durability;
	int64_t commit_time;
} Session;

/* ---- reporting ---- */

static void
report_durable(Session *session)
{
	DurableMark mark;

	if (durability_flushed(&session->durability, session->target->durable, &mark))
		beacon_publish(session->writer->beacon, &mark);
}

/* A batch is committed at the target. */
static void
note_committed(Session *session, Batch *batch)
{
	DurableMark mark = {batch->end.position, batch->end.next_sequence, session->stream_created};

	durability_add(&session->durability, &mark, session->target->committed);
	report_durable(session);
	if (batch->end.commit_time != 0)
		session->commit_time = batch->end.commit_time;
	stats_set_position(&session->writer->stats, &batch->end.position, session->commit_time);
	session->writer->applied++;
	batch_reset(batch);
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

static bool
settle(Session *session, SluiceError *err)
{
	if (!session->target->ops->settle(session->target, err))
		return false;
	if (session->flying != NULL)
		note_committed(session, session->flying);
	session->flying = NULL;
	return true;
}

/* Applies what is gathered: whole transactions, or, when there are none, a piece of a long one. */
static bool
apply_current(Session *session, SluiceError *err)
{
	Batch *batch = session->current, *rest = free_batch(session);
	bool commit = batch->transactions > 0, pinned = batch->pinned;

	if (commit && !batch_split(batch, rest, err))
		return false;
	if (!session->target->ops->apply(session->target, batch, commit, err))
		return false;
	if (session->flying != NULL)
		note_committed(session, session->flying);
	session->flying = NULL;
	if (commit && session->target->outstanding)
		session->flying = batch;
	else if (commit)
		note_committed(session, batch);
	else
		batch_reset(batch);
	if (commit)
		session->current = rest;
	return !pinned || settle(session, err);
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
	session->relation = NULL;
	return tables_intern(&session->tables, record->relation, err) != NULL;
}

static bool
take_begin(Session *session, const BundleRecord *record, SluiceError *err)
{
	if (session->in_transaction)
		return fail_order(session, record, err);
	session->in_transaction = true;
	return true;
}

static bool
take_row(Session *session, const BundleRecord *record, SluiceError *err)
{
	Table *table;

	if (!session->in_transaction)
		return fail_order(session, record, err);
	table = table_of(session, record->relation, err);
	return table != NULL && batch_add_row(session->current, table, record, err);
}

static bool
take_truncate(Session *session, const BundleRecord *record, SluiceError *err)
{
	uint16_t count = record->truncate.count;
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
		tables[i] = table_of(session, bundle_truncated(&session->reader.bundle, record, i), err);
		good = tables[i] != NULL;
	}
	good = good && batch_add_truncate(session->current, record->flags, tables, count, err);
	free(tables);
	return good;
}

static void
end_transaction(Session *session, const BundleRecord *record, int64_t commit_time)
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
	end_transaction(session, record, record->commit_time);
	return true;
}

/* Messages say nothing to a table; one outside of transactions still is a position of its own. */
static bool
take_note(Session *session, const BundleRecord *record, SluiceError *err)
{
	(void) err;
	if ((record->flags & RECORD_TRANSACTIONAL) == 0 && !session->in_transaction)
		end_transaction(session, record, 0);
	return true;
}

static bool
take_record(Session *session, const BundleRecord *record, SluiceError *err)
{
	switch (record->type)
	{
		case RECORD_RELATION: return take_relation(session, record, err);
		case RECORD_BEGIN: return take_begin(session, record, err);
		case RECORD_INSERT:
		case RECORD_UPDATE:
		case RECORD_DELETE: return take_row(session, record, err);
		case RECORD_TRUNCATE: return take_truncate(session, record, err);
		case RECORD_MESSAGE: return take_note(session, record, err);
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
	atomic_store(&session->writer->stats.behind, true);
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
			if (!apply_current(session, err))
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
		return apply_current(session, err);
	if (session->flying != NULL)
		return settle(session, err);
	atomic_store(&session->writer->stats.behind, session->in_transaction);
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
	if ((session->current->transactions > 0 && !apply_current(session, err)) ||
		!settle(session, err))
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
	for (int i = 0; i < BATCHES; i++)
	{
		session->batches[i].maximum_rows = settings->batch_rows;
		session->batches[i].maximum_bytes = settings->batch_bytes;
	}
}

static SessionEnd
run_rounds(Session *session, SluiceError *err)
{
	for (;;)
	{
		if (writer_poll(session->writer))
			return drain(session, err) ? SESSION_DRAINED : SESSION_FAILED;
		adopt_settings(session);
		if (!take_turn(session, err))
			return SESSION_FAILED;
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
		.synchronous = writer->settings.synchronous,
		.log = writer->service->log,
		.stats = &writer->stats,
		.go_on = go_on,
		.context = writer,
	};
	session->target = target_open(&session->target_settings, err);
	return session->target != NULL &&
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
	char position[CHANGE_ID_TEXT];
	JetStreamInfo info;
	uint64_t first;

	if (!jetstream_info(&session->nats, session->writer->settings.stream, &info, err))
		return false;
	first = first_message(session, &info);
	session->first_read = first;
	session->first_available = info.first_sequence;
	session->stream_created = info.created;
	session->target->stream_created = info.created;
	log_event(
		session->writer->service->log, LOG_INFO, "applying",
		(LogField[]){LOG_INTEGER("epoch", session->progress.epoch),
					 LOG_TEXT("position", change_id_format(&session->progress.position, position)),
					 LOG_UNSIGNED("sequence", first), LOG_END});
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
	if (session->target != NULL)
		session->target->ops->close(session->target);
	nats_session_close(&session->nats);
}

/* The source may make the stream later than the writer is started. */
static bool
await_stream(Session *session, SluiceError *err)
{
	Writer *writer = session->writer;
	bool told = false;
	JetStreamInfo info;

	while (!jetstream_info(&session->nats, writer->settings.stream, &info, err))
	{
		if (err->code != SLUICE_ERROR_NOT_FOUND)
			return false;
		if (!told)
			log_failure(writer->service->log, LOG_INFO, "waiting for the stream to be made", err,
						NULL);
		told = true;
		health_set_reason(&writer->service->health, NULL);
		nats_Sleep(STREAM_WAIT_MS);
		if (writer_poll(writer) || !beacon_held(writer->beacon))
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "gave up waiting for the stream");
	}
	return true;
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
	stats_set_state(&writer->stats, WRITER_CONNECTING);
	if (nats_session_open(&session->nats, &writer->settings.nats, err) &&
		await_stream(session, err) && open_target(session, err) && open_reader(session, err) &&
		report_start(session, err))
	{
		stats_set_state(&writer->stats, WRITER_APPLYING);
		health_set_reason(&writer->service->health, NULL);
		end = run_rounds(session, err);
	}
	session_close(session);
	free(session);
	return end;
}
