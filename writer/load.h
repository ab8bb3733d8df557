/*
 * load.h - the conduct of a copy by the writer that holds the lease: structure, the wait for the rows
 * that all crews load, indexes and keys, and then how the changes behind it are applied.
 *
 * Where it stands is in the target (load_target.h), so any writer goes on with it at any point.
 */
#ifndef SLUICE_WRITER_LOAD_H
#define SLUICE_WRITER_LOAD_H

#include "bell.h"
#include "load_display.h"
#include "load_finish.h"
#include "progress.h"

/* What a session that met something it must not apply yet wants of the next one's load_run(). */
typedef struct LoadWish
{
	uint64_t position; /* a copy as of there or later is to come, and awaited */
	bool whole;		   /* tables that join are waited for */
	uint64_t reached;  /* all changes up to there are applied */
} LoadWish;

typedef struct LoadSettings
{
	const char *stream;
	const char *consumer;
	TargetSettings finish; /* for connections that make indexes */
	int index_connections;
	const StructureSettings *structure;
	LoadWish wish;
	Log *log;
	LoadDisplay *display;
	Bell *moved;  /* rung with each phase */
	Bell *loaded; /* heard, and rung by its own threads: rows or an index came in */
	/* Called several times a second; a false ends load_run() as LOAD_STOPPED. */
	bool (*go_on)(void *context);
	/* What is going on, with the error that stands in the way, or NULL. */
	void (*tell)(void *context, LoadPhase phase, const SluiceError *err);
	void *context;
} LoadSettings;

typedef struct Load
{
	LoadSettings settings;
	NatsSession *nats;
	Target *target;
	Progress *progress; /* of the session; set back when another incarnation begins */
	LoadState state;
	LoadPlan *plan; /* NULL: no copy */
	LoadTally tally;
	LoadFinish *finish;
	uint32_t looked_at; /* newest document seen */
	int64_t counted_ms, looked_ms, reported_ms;
} Load;

typedef enum LoadOutcome
{
	LOAD_BROKEN,  /* *err says why */
	LOAD_STOPPED, /* go_on() said so */
	LOAD_CHANGES, /* what follows are changes, with load_rule() for each table */
	LOAD_FINISHED /* nothing follows */
} LoadOutcome;

extern void load_init(Load *load, const LoadSettings *settings);
extern void load_free(Load *load);

/* Brings the copy, if there is one, as far as it goes without changes. */
extern LoadOutcome load_run(Load *load, NatsSession *nats, Target *target, Progress *progress,
							SluiceError *err);

/* How changes to a relation are applied. */
extern LoadRule load_rule(const Load *load, uint32_t relation);

/* Whether a copy is as of a position or later; also when there is none. */
extern bool load_has(const Load *load, uint64_t position);

/* Whether the rows of tables that join are still coming in. */
extern bool load_is_joining(const Load *load);

/* What a look at them found: WHOLE and NEWS want another session. */
typedef enum LoadLook
{
	LOAD_LOOK_SAME,
	LOAD_LOOK_WHOLE, /* its wish is all of them */
	LOAD_LOOK_NEWS	 /* another copy takes the place of this one */
} LoadLook;

/* Looks when it is time to, with nothing outstanding at the target. */
extern bool load_look(Load *load, LoadLook *look, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether, with changes applied up to a commit, load_complete() is due. */
extern bool load_is_due(const Load *load, uint64_t commit);

/* The rest: what waited until the tables had caught up. */
extern bool load_complete(Load *load, SluiceError *err) SLUICE_MUST_CHECK;

#endif
