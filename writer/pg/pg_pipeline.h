/*
 * pg_pipeline.h - statements sent one behind the other without waiting, and their results in order.
 *
 * The first failure ends the pipeline: what was sent behind it is not done.  The server then also
 * has not prepared what was to be prepared behind it, which is kept account of.
 */
#ifndef SLUICE_WRITER_PG_PIPELINE_H
#define SLUICE_WRITER_PG_PIPELINE_H

#include "pg_values.h"

/* Statements under way at most; then the oldest results are waited for. */
#define PG_PIPELINE_ROOM 512

typedef enum PgItemKind
{
	PG_ITEM_PREPARE,
	PG_ITEM_CHANGE,	 /* a statement that changes rows */
	PG_ITEM_CONTROL, /* BEGIN and the like */
	PG_ITEM_FENCE,	 /* the progress row */
	PG_ITEM_LOG		 /* tells where the target's log stands */
} PgItemKind;

typedef struct PgItem
{
	PgItemKind kind;
	PgStatement *statement; /* of PREPARE */
} PgItem;

typedef struct PgPipeline
{
	PgConnection *c;
	PgItem items[PG_PIPELINE_ROOM];
	uint32_t first, count;
	size_t unsent; /* bytes queued since the last flush, about */
	bool active;
	bool synced;
	bool failed; /* err of the first failure was given out or is in `failure` */
	PgItemKind failed_kind;
	SluiceError failure;
	char sqlstate[SQLSTATE_SIZE];
	TargetMark written, flushed; /* what PG_ITEM_LOG told */
} PgPipeline;

extern bool pg_pipeline_start(PgPipeline *pipeline, PgConnection *c,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Queues a statement of a table with the values set, preparing it first when it must be. */
extern bool pg_pipeline_change(PgPipeline *pipeline, PgStatement *statement, const PgValues *values,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* The same with text parameters, for statements that are no changes. */
extern bool pg_pipeline_control(PgPipeline *pipeline, PgItemKind kind, PgStatement *statement,
								const char *const *values, SluiceError *err) SLUICE_MUST_CHECK;

/* Queues a statement given as text, without parameters. */
extern bool pg_pipeline_text(PgPipeline *pipeline, PgItemKind kind, const char *sql,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* Ends the sending and gives all to the kernel. */
extern bool pg_pipeline_sync(PgPipeline *pipeline, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Takes all results and leaves pipeline mode (sending the sync when it was not).  False when a
 * statement failed or the connection is lost; failed_kind says which kind.
 */
extern bool pg_pipeline_finish(PgPipeline *pipeline, SluiceError *err) SLUICE_MUST_CHECK;

/* Reads the two log positions of a row "written, flushed" into *written and *flushed. */
extern void pg_read_marks(const PGresult *result, TargetMark *written, TargetMark *flushed);

#endif
