/*
 * copy_watch.c - a look every second, request by request, with interrupts served between them.
 *
 * What is purged: load messages that every consumer has acknowledged; further parts of bundles when
 * every consumer has their chunk, or, of generations before this one, when every consumer has taken
 * all there was; everything when every consumer has all rows.
 *
 * What is lost: chunks that a consumer lacks though it has taken every message, all of which were stored.
 * Somebody purged the stream, or a server that died forgot a message it was to give again.
 */
#include "pg_ext/copy_watch.h"

#include <signal.h>

#include "nodes/bitmapset.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "common/nats/kv.h"
#include "common/nats/load_stream.h"
#include "pg_ext/copy_process.h"
#include "pg_ext/settings.h"

#define LOOK_MS	 1000
#define RETRY_MS 500
#define LOST_MS	 15000 /* of lacking chunks with nothing left to take, and nothing moving */

static NatsSession session;
static TimestampTz looked_at;
static uint64 purged;			/* load messages up to here are gone */
static Bitmapset *parts_purged; /* chunks whose parts are gone */
static bool former_purged;		/* those of earlier generations are */
static LoadPhase least = LOAD_STRUCTURE;
static bool in_trouble; /* it is our error that is shown */

/* A consumer lacks chunks and has nothing to take. */
static struct
{
	TimestampTz since; /* 0: it is not so */
	uint64 chunks;	   /* what all consumers had then */
	Bitmapset *complete;
} lacking;

static void
show(const SluiceError *err)
{
	if (err == NULL && !in_trouble)
		return;
	in_trouble = err != NULL;
	copy_note_error(err);
}

/* Threads of libnats must not take this process's signals. */
static bool
connect_nats(SluiceError *err)
{
	NatsSettings settings;
	sigset_t all;
	sigset_t before;
	bool good;

	if (session.connection != NULL && nats_session_alive(&session))
		return true;
	nats_session_close(&session);
	settings_nats(&settings);
	settings.name = "sluice copy leader";
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	good = nats_session_open(&session, &settings, err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return good;
}

void
copy_watch_start(void)
{
	JetStreamInfo info;
	SluiceError err;

	while (!connect_nats(&err) ||
		   !load_stream_ensure(&session, copying.row.name, copying.row.max_bytes,
							   copying.row.replicas, &info, &err))
	{
		if (err.code == SLUICE_ERROR_STATE || err.code == SLUICE_ERROR_ARGUMENT)
			copy_raise(&err);
		show(&err);
		copy_wait(RETRY_MS);
	}
	show(NULL);
}

void
copy_watch_stop(void)
{
	nats_session_close(&session);
}

/* ---- consumers ---- */

static bool
read_report(const char *consumer, LoadReport *report, SluiceError *err)
{
	char key[SUBJECT_TEXT];
	KvEntry entry;

	*report = (LoadReport){.phase = LOAD_STRUCTURE};
	if (kv_get(&session, load_report_key(key, copying.row.name, consumer), &entry, err))
		return load_report_parse(entry.value, report, err);
	return err->code == SLUICE_ERROR_NOT_FOUND;
}

/* A report that is left of another copy, or of one that was finished before this one, tells nothing. */
static bool
is_of_this_copy(const LoadReport *report)
{
	return report->incarnation == copying.copy->incarnation &&
		   report->generation > copying.row.copies_finished;
}

/* All rows are in; of which snapshot does not matter, as a later one is nothing to that consumer. */
static bool
is_whole(const LoadReport *report)
{
	return report->phase == LOAD_INDEXING || report->phase == LOAD_DONE;
}

static bool
has_chunk(const LoadReport *report, uint32 chunk)
{
	if (is_whole(report))
		return true;
	for (int i = 0; i < report->range_count; i++)
	{
		if (chunk >= report->ranges[i].first && chunk <= report->ranges[i].last)
			return true;
	}
	return false;
}

/* Takes the chunks that this consumer does not have whole out of `complete`. */
static void
keep_complete(const LoadReport *report, bool *complete)
{
	for (uint32 chunk = 0; chunk < copying.copy->chunks; chunk++)
		complete[chunk] = complete[chunk] && has_chunk(report, chunk);
}

/* What all consumers together have. */
typedef struct Look
{
	LoadPhase phase;
	uint64 acked;
	uint64 chunks;	/* counted by each, those of earlier generations too */
	bool lacking;	/* some consumer does not have all rows, and no message to get them from */
	bool all;		/* every message is taken */
	bool *complete; /* per chunk */
} Look;

static bool
look_at(const char *consumer, Look *look, SluiceError *err)
{
	LoadReport report;
	LoadTaken taken;

	copy_serve_interrupts();
	if (!read_report(consumer, &report, err) ||
		!load_stream_taken(&session, copying.row.name, consumer, &taken, err))
		return false;
	if (!is_of_this_copy(&report) ||
		(report.generation != copying.copy->generation && !is_whole(&report)))
		report = (LoadReport){.phase = LOAD_STRUCTURE};
	if (report.phase == LOAD_FAILED)
		return sluice_fail(err, SLUICE_ERROR_STATE,
						   "consumer \"%s\" reports that its load has failed: its log says why",
						   consumer);
	look->lacking =
		look->lacking || (taken.all && report.phase == LOAD_LOADING && report.chunks < report.of);
	look->chunks += report.chunks;
	look->phase = Min(look->phase, report.phase);
	look->acked = Min(look->acked, taken.acked);
	look->all = look->all && taken.all;
	keep_complete(&report, look->complete);
	return true;
}

/* ---- purging ---- */

static bool
purge_parts(const Look *look, SluiceError *err)
{
	MemoryContext old;

	if (pg_atomic_read_u32(&copying.copy->long_bundles) == 0)
		return true;
	for (uint32 chunk = 0; chunk < copying.copy->chunks; chunk++)
	{
		if (!look->complete[chunk] || bms_is_member((int) chunk, parts_purged))
			continue;
		copy_serve_interrupts();
		if (!load_stream_purge_parts(&session, copying.row.name, copying.copy->generation, chunk,
									 err))
			return false;
		old = MemoryContextSwitchTo(TopMemoryContext);
		parts_purged = bms_add_member(parts_purged, (int) chunk);
		MemoryContextSwitchTo(old);
	}
	return true;
}

/* Whoever published them is gone since before this generation. */
static bool
purge_former_parts(const Look *look, SluiceError *err)
{
	if (former_purged || !look->all)
		return true;
	for (uint32 generation = 1; generation < copying.copy->generation; generation++)
	{
		copy_serve_interrupts();
		if (!load_stream_purge_generation(&session, copying.row.name, generation, err))
			return false;
	}
	former_purged = true;
	return true;
}

static bool
purge_taken(const Look *look, SluiceError *err)
{
	if (look->acked > purged)
	{
		if (!load_stream_purge(&session, copying.row.name, look->acked, err))
			return false;
		purged = look->acked;
	}
	return purge_former_parts(look, err) && purge_parts(look, err);
}

static bool
purge(const Look *look, SluiceError *err)
{
	JetStreamInfo info;
	bool good = look->phase >= LOAD_INDEXING ? load_stream_clear(&session, copying.row.name, err)
											 : purge_taken(look, err);

	if (!good || !load_stream_info(&session, copying.row.name, &info, err))
		return false;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	copying.copy->stream_messages = info.messages;
	copying.copy->stream_bytes = info.bytes;
	LWLockRelease(shared->lock);
	return true;
}

/* ---- what is lost ---- */

static void
note_lacking(const Look *look)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	bool stored = pg_atomic_read_u32(&copying.copy->chunks_done) >= copying.copy->chunks;

	bms_free(lacking.complete);
	lacking.complete = NULL;
	for (uint32 chunk = 0; chunk < copying.copy->chunks; chunk++)
	{
		if (look->complete[chunk])
			lacking.complete = bms_add_member(lacking.complete, (int) chunk);
	}
	if (!stored || !look->lacking)
		lacking.since = 0;
	else if (lacking.since == 0 || lacking.chunks != look->chunks)
		lacking.since = GetCurrentTimestamp();
	lacking.chunks = look->chunks;
	MemoryContextSwitchTo(old);
}

bool
copy_watch_lost(const Bitmapset **complete)
{
	*complete = lacking.complete;
	return lacking.since != 0 &&
		   TimestampDifferenceExceeds(lacking.since, GetCurrentTimestamp(), LOST_MS);
}

static bool
look_and_purge(SluiceError *err)
{
	Look look = {.phase = LOAD_DONE, .acked = UINT64_MAX, .all = true};
	ListCell *cell;
	bool good = connect_nats(err);

	look.complete = palloc(copying.copy->chunks + 1);
	memset(look.complete, true, copying.copy->chunks + 1);
	foreach (cell, copying.row.consumers)
		good = good && look_at(lfirst(cell), &look, err);
	good = good && purge(&look, err);
	if (good)
		note_lacking(&look);
	else
		lacking.since = 0;
	pfree(look.complete);
	if (good)
		least = look.phase;
	return good;
}

void
copy_watch(void)
{
	TimestampTz now = GetCurrentTimestamp();
	SluiceError err;

	if (!TimestampDifferenceExceeds(looked_at, now, LOOK_MS))
		return;
	show(look_and_purge(&err) ? NULL : &err);
	looked_at = GetCurrentTimestamp();
}

LoadPhase
copy_watch_phase(void)
{
	return least;
}

void
copy_watch_clear(void)
{
	SluiceError ignored;

	/* What stays is only in the way of nobody. */
	if (connect_nats(&ignored) && load_stream_clear(&session, copying.row.name, &ignored))
		return;
}
