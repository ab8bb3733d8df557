/*
 * copy_progress.c - figures behind one lock (copy_progress.h).
 */
#include "copy_progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct CopyProgress
{
	pthread_mutex_t lock;
	CopySummary summary; /* but for the sums over tables */
	CopyTableProgress *tables;
	size_t count;
};

const char *
copy_phase_name(CopyPhase phase)
{
	static const char *const names[] = {
		[COPY_PHASE_NONE] = "none",		  [COPY_PHASE_PLANNING] = "planning",
		[COPY_PHASE_LOADING] = "loading", [COPY_PHASE_INDEXING] = "indexing",
		[COPY_PHASE_DONE] = "done",
	};

	return names[phase];
}

CopyProgress *
copy_progress_new(void)
{
	CopyProgress *progress = calloc(1, sizeof(*progress));

	if (progress != NULL)
		(void) pthread_mutex_init(&progress->lock, NULL);
	return progress;
}

static void
forget_tables(CopyProgress *progress)
{
	for (size_t i = 0; i < progress->count; i++)
	{
		free((char *) progress->tables[i].schema);
		free((char *) progress->tables[i].name);
	}
	free(progress->tables);
	progress->tables = NULL;
	progress->count = 0;
}

void
copy_progress_free(CopyProgress *progress)
{
	if (progress == NULL)
		return;
	forget_tables(progress);
	(void) pthread_mutex_destroy(&progress->lock);
	free(progress);
}

/* ---- reading ---- */

void
copy_progress_summary(CopyProgress *progress, CopySummary *summary)
{
	(void) pthread_mutex_lock(&progress->lock);
	*summary = progress->summary;
	for (size_t i = 0; i < progress->count; i++)
	{
		summary->rows += progress->tables[i].rows;
		summary->bytes += progress->tables[i].bytes;
		summary->chunks += progress->tables[i].chunks;
		summary->chunks_done += progress->tables[i].chunks_done;
	}
	(void) pthread_mutex_unlock(&progress->lock);
}

void
copy_progress_each(CopyProgress *progress,
				   void (*visit)(void *context, const CopyTableProgress *table), void *context)
{
	(void) pthread_mutex_lock(&progress->lock);
	for (size_t i = 0; i < progress->count; i++)
		visit(context, &progress->tables[i]);
	(void) pthread_mutex_unlock(&progress->lock);
}

/* ---- writing ---- */

void
copy_progress_phase(CopyProgress *progress, CopyPhase phase)
{
	(void) pthread_mutex_lock(&progress->lock);
	progress->summary.phase = phase;
	(void) pthread_mutex_unlock(&progress->lock);
}

static bool
take_tables(CopyProgress *progress, const SchemaLoad *load)
{
	bool good = true;

	forget_tables(progress);
	progress->tables = calloc(load->table_count + 1, sizeof(*progress->tables));
	if (progress->tables == NULL)
		return false;
	for (size_t i = 0; i < load->table_count; i++)
	{
		CopyTableProgress *table = &progress->tables[progress->count++];

		*table = (CopyTableProgress){.schema = strdup(load->tables[i].schema),
									 .name = strdup(load->tables[i].name),
									 .estimated_rows = (uint64_t) load->tables[i].rows,
									 .chunks = (uint32_t) load->tables[i].chunks};
		good = good && table->schema != NULL && table->name != NULL;
	}
	return good;
}

bool
copy_progress_begin(CopyProgress *progress, const SchemaDocument *document)
{
	bool good;

	(void) pthread_mutex_lock(&progress->lock);
	good = take_tables(progress, document->load);
	if (!good)
		forget_tables(progress);
	progress->summary.generation = (uint32_t) document->load->generation;
	(void) pthread_mutex_unlock(&progress->lock);
	return good;
}

void
copy_progress_rows(CopyProgress *progress, size_t table, int64_t rows, int64_t bytes)
{
	(void) pthread_mutex_lock(&progress->lock);
	progress->tables[table].rows += (uint64_t) rows;
	progress->tables[table].bytes += (uint64_t) bytes;
	(void) pthread_mutex_unlock(&progress->lock);
}

void
copy_progress_chunk(CopyProgress *progress, size_t table)
{
	(void) pthread_mutex_lock(&progress->lock);
	progress->tables[table].chunks_done++;
	(void) pthread_mutex_unlock(&progress->lock);
}

void
copy_progress_stored(CopyProgress *progress, uint64_t messages, uint64_t bytes)
{
	(void) pthread_mutex_lock(&progress->lock);
	progress->summary.stored_messages = messages;
	progress->summary.stored_bytes = bytes;
	(void) pthread_mutex_unlock(&progress->lock);
}
