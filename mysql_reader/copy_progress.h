/*
 * copy_progress.h - how far a copy is, table by table: written by its threads,
 * read by whoever shows it.
 */
#ifndef SLUICE_MYSQL_READER_COPY_PROGRESS_H
#define SLUICE_MYSQL_READER_COPY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/schema_document.h"

typedef enum CopyPhase
{
	COPY_PHASE_NONE,	 /* no copy is under way */
	COPY_PHASE_PLANNING, /* snapshot, catalog, chunks */
	COPY_PHASE_LOADING,
	COPY_PHASE_INDEXING, /* all rows are at every consumer */
	COPY_PHASE_DONE
} CopyPhase;

/* "none", "planning", ... */
extern const char *copy_phase_name(CopyPhase phase);

typedef struct CopyTableProgress
{
	const char *schema, *name;
	uint64_t estimated_rows;
	uint64_t rows, bytes;		  /* read so far, in this generation */
	uint32_t chunks, chunks_done; /* of this generation */
} CopyTableProgress;

typedef struct CopySummary
{
	CopyPhase phase;
	uint32_t generation;
	uint64_t rows, bytes;
	uint32_t chunks, chunks_done;
	uint64_t stored_messages, stored_bytes; /* of the copy, in JetStream */
} CopySummary;

typedef struct CopyProgress CopyProgress;

/* NULL without memory. */
extern CopyProgress *copy_progress_new(void);
extern void copy_progress_free(CopyProgress *progress);

/* ---- whoever shows it, any thread ---- */

extern void copy_progress_summary(CopyProgress *progress, CopySummary *summary);

/* Calls visit() for each table; its texts are there during the call only. */
extern void copy_progress_each(CopyProgress *progress,
							   void (*visit)(void *context, const CopyTableProgress *table),
							   void *context);

/* ---- the copy, any thread ---- */

extern void copy_progress_phase(CopyProgress *progress, CopyPhase phase);

/* The tables of a generation's document, whose "load" is whole; false without
 * memory. */
extern bool copy_progress_begin(CopyProgress *progress, const SchemaDocument *document);

/* Adds to the table that is the i-th of document->load. */
extern void copy_progress_rows(CopyProgress *progress, size_t table, int64_t rows, int64_t bytes);
extern void copy_progress_chunk(CopyProgress *progress, size_t table);
extern void copy_progress_stored(CopyProgress *progress, uint64_t messages, uint64_t bytes);

#endif
