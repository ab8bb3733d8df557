/*
 * load_finish.h - makes indexes and keys of tables whose rows are in, on several connections.
 *
 * Tables are handed over as they become whole.  The first failure stops all of it: structure.h goes
 * on where it was when it is started anew.
 */
#ifndef SLUICE_WRITER_LOAD_FINISH_H
#define SLUICE_WRITER_LOAD_FINISH_H

#include "bell.h"
#include "load_target.h"
#include "structure.h"

typedef struct LoadFinishSettings
{
	TargetSettings target; /* go_on and context are its own; texts must outlive it */
	const SchemaDocument *document;
	const StructureSettings *structure;
	int connections;
	bool whole_tables; /* see LoadOps */
	Bell *changed;	   /* rung when an index or a table is done, and when something failed */
} LoadFinishSettings;

typedef struct LoadFinish LoadFinish;

/* Signals must be blocked before.  NULL on error. */
extern LoadFinish *load_finish_start(const LoadFinishSettings *settings, SluiceError *err);

/* Gives up what is under way, ends the threads; NULL is fine. */
extern void load_finish_stop(LoadFinish *finish);

/*
 * A table of the document, by its number; handed over twice it is done once.  `at_once`: it is small,
 * so one connection does all of it.
 */
extern void load_finish_add(LoadFinish *finish, size_t table, bool at_once);

extern bool load_finish_has(LoadFinish *finish, size_t table);	/* it was handed over */
extern bool load_finish_done(LoadFinish *finish, size_t table); /* and is finished */

/* *idle: all that was handed over is finished.  False after a failure, which *err tells. */
extern bool load_finish_check(LoadFinish *finish, bool *idle, SluiceError *err) SLUICE_MUST_CHECK;

#endif
