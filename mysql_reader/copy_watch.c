/*
 * copy_watch.c - a look every second (copy_watch.h).
 */
#include "copy_watch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/nats/kv.h"

#define LOOK_MS 1000
#define LOST_MS 15000 /* of lacking chunks with nothing left to take, and nothing moving */

static int64_t
now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
copy_watch_init(CopyWatch *watch, const StreamSettings *settings, CopyProgress *progress)
{
	*watch = (CopyWatch){.settings = settings, .progress = progress, .phase = LOAD_STRUCTURE};
}

void
copy_watch_free(CopyWatch *watch)
{
	nats_session_close(&watch->session);
	free(watch->parts_purged);
	free(watch->complete);
	*watch = (CopyWatch){0};
}

bool
copy_watch_connect(CopyWatch *watch, SluiceError *err)
{
	NatsSettings nats = watch->settings->nats;

	if (watch->session.connection != NULL && nats_session_alive(&watch->session))
		return true;
	nats_session_close(&watch->session);
	nats.name = "sluice copy";
	return nats_session_open(&watch->session, &nats, err) &&
		   kv_ensure(&watch->session, watch->settings->replicas, err);
}

bool
copy_watch_begin(CopyWatch *watch, uint64_t incarnation, uint32_t generation, uint32_t chunks,
				 SluiceError *err)
{
	free(watch->parts_purged);
	free(watch->complete);
	watch->parts_purged = calloc((size_t) chunks + 1, sizeof(bool));
	watch->complete = calloc((size_t) chunks + 1, sizeof(bool));
	if (watch->parts_purged == NULL || watch->complete == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the chunks of a copy");
	watch->incarnation = incarnation;
	watch->generation = generation;
	watch->chunks = chunks;
	watch->phase = LOAD_STRUCTURE;
	watch->former_purged = watch->read_out = watch->rows_missing = false;
	watch->lacking_ms = 0;
	return true;
}

/* ---- consumers ---- */

static bool
read_report(CopyWatch *watch, const char *consumer, LoadReport *report, SluiceError *err)
{
	char key[SUBJECT_TEXT];
	KvEntry entry;

	*report = (LoadReport){.phase = LOAD_STRUCTURE};
	if (kv_get(&watch->session, load_report_key(key, watch->settings->stream, consumer), &entry,
			   err))
		return load_report_parse(entry.value, report, err);
	return err->code == SLUICE_ERROR_NOT_FOUND;
}

/* All rows are in; of which snapshot does not matter, as a later one is nothing to that consumer. */
static bool
is_whole(const LoadReport *report)
{
	return report->phase == LOAD_INDEXING || report->phase == LOAD_DONE;
}

static bool
has_chunk(const LoadReport *report, uint32_t chunk)
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

/* What all consumers together have. */
typedef struct Look
{
	LoadPhase phase;
	uint64_t acked;
	uint64_t chunks; /* counted by each, those of earlier generations too */
	bool all;		 /* every message is taken */
	bool lacking;	 /* some consumer does not have all rows, and no message to get them from */
} Look;

/* A report that is left of another copy, or of an earlier generation, tells nothing. */
static bool
is_of_this_copy(const CopyWatch *watch, const LoadReport *report)
{
	return report->incarnation == watch->incarnation &&
		   (report->generation == watch->generation || is_whole(report));
}

static bool
look_at(CopyWatch *watch, const char *consumer, Look *look, SluiceError *err)
{
	LoadReport report;
	LoadTaken taken;

	if (!read_report(watch, consumer, &report, err) ||
		!load_stream_taken(&watch->session, watch->settings->stream, consumer, &taken, err))
		return false;
	if (!is_of_this_copy(watch, &report))
		report = (LoadReport){.phase = LOAD_STRUCTURE};
	if (report.phase == LOAD_FAILED)
		return sluice_fail(err, SLUICE_ERROR_TIMEOUT,
						   "consumer \"%s\" reports that its load has failed: its log says why",
						   consumer);
	look->lacking |= taken.all && report.phase == LOAD_LOADING && report.chunks < report.of;
	look->chunks += report.chunks;
	look->phase = report.phase < look->phase ? report.phase : look->phase;
	look->acked = taken.acked < look->acked ? taken.acked : look->acked;
	look->all = look->all && taken.all;
	for (uint32_t chunk = 0; chunk < watch->chunks; chunk++)
		watch->complete[chunk] = watch->complete[chunk] && has_chunk(&report, chunk);
	return true;
}

/* ---- purging ---- */

static bool
purge_parts(CopyWatch *watch, SluiceError *err)
{
	for (uint32_t chunk = 0; watch->long_bundles && chunk < watch->chunks; chunk++)
	{
		if (!watch->complete[chunk] || watch->parts_purged[chunk])
			continue;
		if (!load_stream_purge_parts(&watch->session, watch->settings->stream, watch->generation,
									 chunk, err))
			return false;
		watch->parts_purged[chunk] = true;
	}
	return true;
}

/* Whoever published them is gone since before this generation. */
static bool
purge_former_parts(CopyWatch *watch, const Look *look, SluiceError *err)
{
	if (watch->former_purged || !look->all)
		return true;
	for (uint32_t generation = 1; generation < watch->generation; generation++)
	{
		if (!load_stream_purge_generation(&watch->session, watch->settings->stream, generation,
										  err))
			return false;
	}
	watch->former_purged = true;
	return true;
}

static bool
purge_taken(CopyWatch *watch, const Look *look, SluiceError *err)
{
	if (look->acked > watch->purged)
	{
		if (!load_stream_purge(&watch->session, watch->settings->stream, look->acked, err))
			return false;
		watch->purged = look->acked;
	}
	return purge_former_parts(watch, look, err) && purge_parts(watch, err);
}

static bool
purge(CopyWatch *watch, const Look *look, SluiceError *err)
{
	JetStreamInfo info;
	bool good = look->phase >= LOAD_INDEXING
					? load_stream_clear(&watch->session, watch->settings->stream, err)
					: purge_taken(watch, look, err);

	if (!good || !load_stream_info(&watch->session, watch->settings->stream, &info, err))
		return false;
	copy_progress_stored(watch->progress, info.messages, info.bytes);
	return true;
}

/* ---- what is lost ---- */

/* With everything published and taken, and no chunk more for a while, what lacks does not come. */
static void
note_lacking(CopyWatch *watch, const Look *look)
{
	if (!watch->read_out || !look->lacking)
		watch->lacking_ms = 0;
	else if (watch->lacking_ms == 0 || look->chunks != watch->lacking_chunks)
	{
		watch->lacking_ms = now_ms();
		watch->lacking_chunks = look->chunks;
	}
	else
		watch->rows_missing = now_ms() - watch->lacking_ms >= LOST_MS;
}

/* ---- looking ---- */

static bool
look_and_purge(CopyWatch *watch, SluiceError *err)
{
	Look look = {.phase = LOAD_DONE, .acked = UINT64_MAX, .all = true};

	if (!copy_watch_connect(watch, err))
		return false;
	memset(watch->complete, true, watch->chunks);
	for (char *const *consumer = watch->settings->consumers; *consumer != NULL; consumer++)
	{
		if (!look_at(watch, *consumer, &look, err))
			return false;
	}
	if (!purge(watch, &look, err))
		return false;
	note_lacking(watch, &look);
	watch->phase = look.phase;
	return true;
}

bool
copy_watch_look(CopyWatch *watch, SluiceError *err)
{
	if (watch->generation == 0 || now_ms() - watch->looked_ms < LOOK_MS)
		return true;
	watch->looked_ms = now_ms();
	return look_and_purge(watch, err);
}
