/*
 * ddl_run.h - doing the parts of a DdlChange at a target: what is done already is passed over, what is
 * not to be done, or cannot be, is told to whoever has to do it.
 */
#ifndef SLUICE_WRITER_DDL_RUN_H
#define SLUICE_WRITER_DDL_RUN_H

#include "ddl_change.h"
#include "target.h"

typedef struct DdlRun DdlRun;

typedef struct DdlRunOps
{
	/* Asks the part's question. */
	bool (*is_needed)(DdlRun *run, const char *question, bool *needed, SluiceError *err);

	/* Called once, before the first statement; may be NULL. */
	bool (*begin)(DdlRun *run, SluiceError *err);

	/* Runs a statement of the part. */
	bool (*run)(DdlRun *run, const DdlPart *part, size_t step, SluiceError *err);
} DdlRunOps;

struct DdlRun
{
	const DdlRunOps *ops;
	void *context; /* of the operations */
	const TargetSettings *settings;
	const DdlChange *ddl;
	bool tell; /* what is done is logged */

	bool begun;
	FILE *told; /* the statements that were, or are to be, run */
	char *text;
	size_t size;
	size_t statements;
};

/* DATA when somebody has to do something by hand. */
extern bool ddl_run(DdlRun *run, SluiceError *err) SLUICE_MUST_CHECK;

#endif
