/*
 * copy_run.c - the leader: generation after generation, then the wait until every consumer has all rows
 * (copy_run.h).
 *
 * Invariants:
 * 1. The stream of changes has begun at or before every snapshot: begin() is called with each, before
 *    a document tells of it.
 * 2. A chunk is noted as done after JetStream had all of it; a note that is lost costs reading it again.
 */
#include "copy_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog.h"
#include "common/nats/load_document.h"
#include "copy_generation.h"
#include "copy_plan.h"
#include "copy_snapshot.h"
#include "copy_watch.h"
#include "copy_worker.h"
#include "preflight.h"
#include "structure.h"
#include "text_value.h"

#define LOOK_MS			200
#define NOTE_MS			1000 /* between notes of what is done */
#define PAUSE_FIRST_MS	500
#define PAUSE_LAST_MS	30000
#define WORKERS_MAXIMUM 32

/* Nothing of a copy may time out: JetStream can be full for days. */
#define SESSION_SETTINGS                                                                           \
	"SET SESSION net_write_timeout = 31536000, net_read_timeout = 31536000, wait_timeout = "       \
	"31536000"

typedef struct Leader
{
	const StreamSettings *settings;
	const CopyHost *host;
	CopyProgress *progress;
	CopyWatch watch;
	CopyState state;		/* of the newest generation */
	SchemaDocument *newest; /* its document, or NULL */
	uint32_t generation;	/* its number */
	TableChoice *choice;
	MyConnection planner; /* outside of the snapshot: what it asks holds no table */
	MyConnection readers[WORKERS_MAXIMUM];
	size_t reader_count; /* connections open and not given to threads */
	CopySnapshot snapshot;
	SchemaDocument *tables; /* what the snapshot was taken for */
	bool in_trouble;
	bool rows_lost; /* of the newest generation, at a consumer */
	bool looked;	/* what was there at the start is known */
	bool told;		/* the stream of changes, that all rows are in JetStream */
} Leader;

/* ---- waiting, trouble ---- */

static int64_t
now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
go_on(void *context)
{
	const Leader *leader = context;

	return !leader->host->stopping(leader->host->context);
}

static void
pause_ms(Leader *leader, int64_t ms)
{
	const struct timespec tick = {0, LOOK_MS * INT64_C(1000000)};

	for (int64_t end = now_ms() + ms; go_on(leader) && now_ms() < end;)
		(void) nanosleep(&tick, NULL);
}

static void
show(Leader *leader, const SluiceError *err)
{
	if (err != NULL || leader->in_trouble)
		leader->host->trouble(leader->host->context, err);
	leader->in_trouble = err != NULL;
}

static void
show_trouble(void *context, const SluiceError *err)
{
	show(context, err);
}

/* ---- what there is ---- */

static bool
read_newest(Leader *leader, SluiceError *err)
{
	const char *stream = leader->settings->stream;
	NatsSession *session = &leader->watch.session;
	ByteBuf json;
	bool good;

	if (!load_document_newest(session, stream, &leader->generation, err))
		return false;
	if (leader->generation == 0)
		return true;
	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	good = load_document_fetch(session, stream, leader->generation, &json, err);
	if (good)
	{
		leader->newest =
			schema_document_read((const char *) json.data, json.length, &allocator_malloc, err);
		good = leader->newest != NULL && leader->newest->load != NULL;
	}
	else if (err->code == SLUICE_ERROR_NOT_FOUND)
		good = true; /* its publication was broken off: nobody could use it */
	bytebuf_free(&json);
	return good;
}

/* What is noted counts for the document it was noted of. */
static bool
is_state_of(const CopyState *state, const SchemaDocument *document)
{
	return document != NULL && state->generation == document->load->generation &&
		   state->incarnation == document->load->incarnation &&
		   state->chunks == document->load->chunks;
}

static bool
look_around(Leader *leader, SluiceError *err)
{
	const StreamSettings *settings = leader->settings;
	JetStreamInfo info;

	schema_document_free(leader->newest);
	leader->newest = NULL;
	return load_stream_ensure(&leader->watch.session, settings->stream, settings->max_bytes,
							  settings->replicas, &info, err) &&
		   copy_state_read(&leader->watch.session, settings->stream, &leader->state, err) &&
		   read_newest(leader, err);
}

/* ---- connections ---- */

static void
close_readers(Leader *leader)
{
	while (leader->reader_count > 0)
		my_disconnect(&leader->readers[--leader->reader_count]);
	if (leader->planner.mysql != NULL)
		my_disconnect(&leader->planner);
}

static MySettings
source_settings(Leader *leader)
{
	MySettings settings = stream_settings_source(leader->settings);

	settings.go_on = go_on;
	settings.context = leader;
	return settings;
}

static bool
open_readers(Leader *leader, SluiceError *err)
{
	const MySettings settings = source_settings(leader);
	const size_t count = leader->settings->copy_workers < WORKERS_MAXIMUM
							 ? (size_t) leader->settings->copy_workers
							 : WORKERS_MAXIMUM;

	if (!my_connect(&leader->planner, &settings, err))
		return false;
	while (leader->reader_count < count)
	{
		MyConnection *c = &leader->readers[leader->reader_count++];

		if (!my_connect(c, &settings, err) || !my_exec(c, err, "%s", SESSION_SETTINGS))
			return false;
	}
	/* Estimates of tables, as of now. */
	return leader->planner.flavour != MY_MYSQL ||
		   my_exec(&leader->planner, err, "SET SESSION information_schema_stats_expiry = 0");
}

static bool
read_choice(Leader *leader, SluiceError *err)
{
	bool folds;

	table_choice_free(leader->choice);
	leader->choice = NULL;
	if (!catalog_folds_names(&leader->planner, &folds, err))
		return false;
	leader->choice = table_choice_parse(leader->settings->tables, folds, err);
	return leader->choice != NULL;
}

static SchemaDocument *
read_catalog(Leader *leader, SluiceError *err)
{
	return catalog_read(&leader->planner, leader->settings->stream, leader->choice, err);
}

/* ---- a snapshot ---- */

static bool
take_snapshot(Leader *leader, SluiceError *err)
{
	leader->tables = read_catalog(leader, err);
	if (leader->tables == NULL)
		return false;
	leader->snapshot = (CopySnapshot){
		.settings = source_settings(leader),
		.readers = leader->readers,
		.count = leader->reader_count,
		.tables = leader->tables,
		.no_changes = leader->settings->mode == MODE_CONVERT,
		.log = leader->host->log,
	};
	if (!copy_snapshot_take(&leader->snapshot, err))
		return false;
	while (leader->reader_count > leader->snapshot.count)
		my_disconnect(&leader->readers[--leader->reader_count]);
	return true;
}

static void
end_snapshot(Leader *leader)
{
	copy_snapshot_end(&leader->snapshot);
	schema_document_free(leader->tables);
	leader->tables = NULL;
	close_readers(leader);
}

/* ---- a plan ---- */

/* Rows of the log that lack columns cannot bring two snapshots together. */
static bool
read_row_image(Leader *leader, bool *partial, SluiceError *err)
{
	MYSQL_RES *result;
	MYSQL_ROW row;

	if (!my_query(&leader->planner, &result, err, "SELECT @@GLOBAL.binlog_row_image"))
		return false;
	row = mysql_fetch_row(result);
	*partial = row == NULL || row[0] == NULL || strcmp(row[0], "FULL") != 0;
	mysql_free_result(result);
	return true;
}

static bool
make_load(Leader *leader, SchemaDocument *document, uint64_t incarnation, SluiceError *err)
{
	const bool same = leader->newest != NULL && leader->newest->load->incarnation == incarnation;
	CopyBefore before = {
		.document = same ? leader->newest : NULL,
		.done = is_state_of(&leader->state, leader->newest) ? leader->state.done : NULL,
		.chunks = leader->state.chunks,
		.complete = leader->rows_lost ? leader->watch.complete : NULL,
		.no_changes = leader->settings->mode == MODE_CONVERT,
		.lenient = leader->snapshot.lenient,
	};
	const uint64_t position = leader->host->number(leader->host->context, &leader->snapshot.until);

	return read_row_image(leader, &before.partial_rows, err) &&
		   copy_generation_make(document, &before, leader->generation, position, incarnation, err);
}

static bool
publish(Leader *leader, const SchemaDocument *document, SluiceError *err)
{
	CopyOutput output;
	ByteBuf json;
	bool good;

	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	good = schema_document_write(document, &json, err) && bytebuf_put_u8(&json, 0, err) &&
		   copy_output_init(&output, leader->settings, 1, go_on, show_trouble, leader, err);
	if (good)
	{
		good = copy_output_document(&output, leader->generation, (const char *) json.data, err);
		copy_output_free(&output);
	}
	bytebuf_free(&json);
	return good;
}

/* The catalog is read behind the snapshot: what changed between the two fails to be read. */
static bool
plan(Leader *leader, SluiceError *err)
{
	SchemaDocument *document = read_catalog(leader, err);
	uint64_t incarnation;
	bool good =
		document != NULL &&
		structure_keep_base(&leader->watch.session, leader->settings->stream,
							leader->settings->replicas, document, err) &&
		leader->host->begin(leader->host->context, &leader->snapshot.position, &incarnation, err) &&
		(leader->settings->scan == SCAN_OFF || preflight_scan(&leader->planner, document, err)) &&
		my_exec(&leader->planner, err, "%s", TEXT_VALUE_SESSION);

	leader->generation =
		(leader->generation > leader->state.generation ? leader->generation
													   : leader->state.generation) +
		1;
	good = good && make_load(leader, document, incarnation, err) &&
		   copy_plan_cut(&leader->planner, document, leader->settings->chunk_bytes, err) &&
		   publish(leader, document, err);
	if (!good)
	{
		leader->generation--;
		schema_document_free(document);
		return false;
	}
	schema_document_free(leader->newest);
	leader->newest = document;
	leader->rows_lost = false;
	return copy_state_begin(&leader->state, incarnation, leader->generation,
							(uint32_t) document->load->chunks, err) &&
		   copy_watch_begin(&leader->watch, incarnation, leader->generation, leader->state.chunks,
							err) &&
		   (copy_progress_begin(leader->progress, document) ||
			sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a copy"));
}

/* ---- reading ---- */

static bool
note(Leader *leader, SluiceError *err)
{
	return copy_watch_connect(&leader->watch, err) &&
		   copy_state_write(&leader->watch.session, leader->settings->stream, &leader->state, err);
}

/* Looks at the consumers and notes what is done; trouble with that holds nothing up. */
static void
attend(Leader *leader, CopyCrew *crew, int64_t *noted_ms)
{
	SluiceError err;
	bool good = true;

	(void) pthread_mutex_lock(&crew->lock);
	leader->watch.long_bundles |= crew->long_bundles;
	(void) pthread_mutex_unlock(&crew->lock);
	if (now_ms() - *noted_ms >= NOTE_MS)
	{
		good = note(leader, &err);
		*noted_ms = now_ms();
	}
	good = good && copy_watch_look(&leader->watch, &err);
	show(leader, good ? NULL : &err);
}

static void
wait_for_threads(CopyCrew *crew, bool *left)
{
	struct timespec until;

	(void) clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LOOK_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void) pthread_mutex_lock(&crew->lock);
	if (crew->threads > 0)
		(void) pthread_cond_timedwait(&crew->changed, &crew->lock, &until);
	*left = crew->threads > 0;
	(void) pthread_mutex_unlock(&crew->lock);
}

/* Gives the connections to threads. */
static bool
start_threads(Leader *leader, CopyCrew *crew, SluiceError *err)
{
	const size_t count = leader->reader_count;

	for (size_t i = 0; i < count; i++)
	{
		if (!copy_crew_add(crew, &leader->readers[i], count, err))
		{
			for (size_t k = i; k < count; k++)
				my_disconnect(&leader->readers[k]);
			leader->reader_count = 0;
			return false;
		}
	}
	leader->reader_count = 0;
	return true;
}

/* *done: all chunks are in JetStream; else another generation is to be made, for the reason in *err. */
static bool
read_chunks(Leader *leader, bool *done, SluiceError *err)
{
	CopyCrew crew;
	int64_t noted_ms = 0;
	bool left = true, good;

	good = copy_crew_init(&crew, leader->settings, leader->host, leader->progress, leader->newest,
						  &leader->state, err) &&
		   start_threads(leader, &crew, err);
	while (good && left)
	{
		wait_for_threads(&crew, &left);
		attend(leader, &crew, &noted_ms);
	}
	*done = good && crew.done == leader->state.chunks;
	if (good && !*done)
		*err = crew.error;
	good = good && crew.end != CREW_FAILED;
	copy_crew_free(&crew);
	return good;
}

/* Of tables that were to be locked, and were not to the end, nothing is known: it is read again. */
static bool
forget_unlocked(Leader *leader, SluiceError *err)
{
	const SchemaLoad *load = leader->newest->load;

	for (size_t i = 0; i < load->table_count; i++)
	{
		const SchemaLoadTable *of = &load->tables[i];
		const SchemaTable *table =
			schema_document_table_named(leader->newest, of->schema, of->name);

		if (!copy_engine_has_snapshots(table->engine))
			memset(leader->state.done + of->first_chunk, false, (size_t) of->chunks);
	}
	return sluice_fail(err, SLUICE_ERROR_IO, "the lock of tables without snapshots was lost");
}

static bool
finish_reading(Leader *leader, SluiceError *err)
{
	leader->state.stage = COPY_COPIED;
	return note(leader, err);
}

/* One generation; false with a transient error when another one may do better. */
static bool
make_generation(Leader *leader, SluiceError *err)
{
	bool done = false, good;

	copy_progress_phase(leader->progress, COPY_PHASE_PLANNING);
	good = open_readers(leader, err) && read_choice(leader, err) && take_snapshot(leader, err) &&
		   plan(leader, err);
	if (good)
	{
		log_event(leader->host->log, LOG_INFO, "copying",
				  (LogField[]){LOG_UNSIGNED("generation", leader->generation),
							   LOG_UNSIGNED("tables", leader->newest->load->table_count),
							   LOG_UNSIGNED("chunks", leader->state.chunks),
							   LOG_BOOL("locked", !leader->snapshot.lenient), LOG_END});
		show(leader, NULL);
		copy_progress_phase(leader->progress, COPY_PHASE_LOADING);
		good = read_chunks(leader, &done, err);
		if (!copy_snapshot_held(&leader->snapshot))
			good = forget_unlocked(leader, err);
	}
	end_snapshot(leader);
	if (!good)
		return false;
	if (done)
		return finish_reading(leader, err);
	if (!sluice_error_transient(err->code))
		err->code = SLUICE_ERROR_IO; /* the table was changed: it is read as it is now */
	return sluice_prefix(err, "another snapshot is taken");
}

/* ---- the end ---- */

static bool
end_copy(Leader *leader, SluiceError *err)
{
	leader->state.stage = COPY_FINISHED;
	if (!copy_watch_connect(&leader->watch, err) ||
		!load_stream_clear(&leader->watch.session, leader->settings->stream, err) ||
		!note(leader, err))
		return false;
	copy_progress_phase(leader->progress, COPY_PHASE_DONE);
	log_event(leader->host->log, LOG_INFO, "copied: every consumer has all rows",
			  (LogField[]){LOG_UNSIGNED("generation", leader->generation), LOG_END});
	return true;
}

/* Everything is in JetStream; *over when every consumer has it. */
static bool
await_consumers(Leader *leader, bool *over, SluiceError *err)
{
	leader->watch.read_out = true;
	if (!copy_watch_look(&leader->watch, err))
		return false;
	if (leader->watch.rows_missing)
	{
		leader->rows_lost = true;
		leader->state.stage = COPY_READING;
		return sluice_fail(
			err, SLUICE_ERROR_IO,
			"a consumer has taken all there is of the copy and lacks rows: they were "
			"lost in JetStream, and their tables start over");
	}
	copy_progress_phase(leader->progress, leader->watch.phase == LOAD_INDEXING
											  ? COPY_PHASE_INDEXING
											  : COPY_PHASE_LOADING);
	*over = leader->watch.phase == LOAD_DONE;
	return !*over || end_copy(leader, err);
}

/* After a restart: chunks are in JetStream, and nobody watches them. */
static bool
resume_watching(Leader *leader, SluiceError *err)
{
	return (leader->watch.generation == leader->generation ||
			copy_watch_begin(&leader->watch, leader->state.incarnation, leader->generation,
							 leader->state.chunks, err)) &&
		   (leader->told || leader->host->copied(leader->host->context, leader->generation, err));
}

/* The next thing to do; *over when nothing is left. */
static bool
step(Leader *leader, bool *over, SluiceError *err)
{
	if (!copy_watch_connect(&leader->watch, err) || (!leader->looked && !look_around(leader, err)))
		return false;
	leader->looked = true;
	if (leader->state.stage == COPY_FINISHED && is_state_of(&leader->state, leader->newest))
	{
		copy_progress_phase(leader->progress, COPY_PHASE_DONE);
		*over = true;
		return true;
	}
	if (leader->state.stage != COPY_COPIED || !is_state_of(&leader->state, leader->newest))
	{
		leader->told = false;
		return make_generation(leader, err);
	}
	if (!resume_watching(leader, err))
		return false;
	leader->told = true;
	if (!await_consumers(leader, over, err))
		return false;
	if (!*over)
		pause_ms(leader, LOOK_MS);
	return true;
}

bool
copy_run(const StreamSettings *settings, const CopyHost *host, CopyProgress *progress,
		 SluiceError *err)
{
	Leader leader = {.settings = settings, .host = host, .progress = progress};
	int64_t pause = PAUSE_FIRST_MS;
	bool over = false, good = true;

	copy_watch_init(&leader.watch, settings, progress);
	while (good && !over && go_on(&leader))
	{
		if (step(&leader, &over, err))
		{
			show(&leader, NULL);
			pause = PAUSE_FIRST_MS;
			continue;
		}
		if (!go_on(&leader))
			break;
		good = sluice_error_transient(err->code);
		if (!good)
			break;
		show(&leader, err);
		log_failure(host->log, LOG_WARNING, "the copy is held up", err, NULL);
		pause_ms(&leader, pause);
		pause = pause * 2 < PAUSE_LAST_MS ? pause * 2 : PAUSE_LAST_MS;
	}
	schema_document_free(leader.newest);
	table_choice_free(leader.choice);
	copy_state_free(&leader.state);
	copy_watch_free(&leader.watch);
	return good;
}

/* ---- removing ---- */

bool
copy_remove(const StreamSettings *settings, SluiceError *err)
{
	NatsSession session = {0};
	char key[SUBJECT_TEXT];
	bool good = nats_session_open(&session, &settings->nats, err) &&
				load_stream_delete(&session, settings->stream, err) &&
				copy_state_remove(&session, settings->stream, err);

	for (char *const *consumer = settings->consumers; good && *consumer != NULL; consumer++)
		good = kv_delete(&session, load_report_key(key, settings->stream, *consumer), err);
	nats_session_close(&session);
	return good;
}
