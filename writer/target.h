/*
 * target.h - what the writer needs of a database it applies changes to.
 *
 * One implementation per kind of database; target_open() chooses by the URI.  A target is one
 * connection and one life: after any error but those apply() settles itself it is closed and
 * another opened.  Error codes tell what to do then (session.c): IO, TIMEOUT pass by themselves;
 * CONFLICT is a newer owner; DATA, NOT_FOUND, DENIED, ARGUMENT need somebody to mend something at
 * the target, after which trying again succeeds.
 */
#ifndef SLUICE_WRITER_TARGET_H
#define SLUICE_WRITER_TARGET_H

#include "batch.h"
#include "progress.h"
#include "stats.h"

#include "common/core/schema_change.h"
#include "common/daemon/log.h"

/* What to do when a row is not as the change expects it (words: conflict_policy_names). */
typedef enum ConflictPolicy
{
	CONFLICT_UPSERT, /* make it so, where the change carries the whole row */
	CONFLICT_ERROR,
	CONFLICT_SKIP
} ConflictPolicy;

extern const char *const conflict_policy_names[];

/* What to do when the source changed its structure (words: ddl_policy_names). */
typedef enum DdlPolicy
{
	DDL_APPLY, /* the same at the target */
	DDL_STOP,  /* wait until somebody has done so */
	DDL_IGNORE
} DdlPolicy;

extern const char *const ddl_policy_names[];

typedef struct TargetSettings
{
	const char *uri;
	const char *password; /* NULL: from the URI or the environment */
	const char *stream;
	const char *consumer;
	int lane;
	const char *owner; /* this process, for people who read the progress row */
	ConflictPolicy conflicts;
	DdlPolicy on_ddl;
	unsigned create;  /* CREATE_ bits (structure.h): what changes of structure make */
	bool synchronous; /* each commit waits until it is on disk */
	bool look_only;	  /* nothing is changed through it, which the server sees to */
	Log *log;
	Stats *stats;
	/* Called at least every second while the target is waited for; false gives up. */
	bool (*go_on)(void *context);
	void *context;
	const struct TypeRules *types;	 /* of columns that are not PostgreSQL's; may be NULL */
	const struct DocumentView *view; /* how documents are to be read; may be NULL in tests */
	const struct PgRole *role;		 /* NULL: the writer's */
} TargetSettings;

typedef struct Target Target;

struct PgFacts; /* common/core/schema_to_pg.h */

/* Where a commit stands in the target's log; 0 is before everything. */
typedef uint64_t TargetMark;

typedef struct TargetOps
{
	void (*close)(Target *target);

	/*
	 * Makes this process the owner: makes the progress table and row where missing, raises the
	 * epoch, ends the session of the owner before.  Committed and durable on return.
	 */
	bool (*take_over)(Target *target, Progress *progress, SluiceError *err);

	/*
	 * Applies a batch; with `commit` also moves the progress row to batch->end and commits, else
	 * leaves the transaction open for the next batch to continue.  May return with the outcome
	 * outstanding (only with commit): the batch must then stay as it is until settle().
	 */
	bool (*apply)(Target *target, Batch *batch, bool commit, SluiceError *err);

	/*
	 * Does what the source did to its structure, at this place in the source's order: nothing is
	 * outstanding, and what was applied without a commit stays open.  So does this; what is
	  * remembered of tables must be forgotten then.  DATA when somebody has to do it by hand.  With
	 * `tell` what is done, or is to be done, is logged.
	 */
	bool (*alter)(Target *target, const SchemaChange *change, bool tell, SluiceError *err);

	/*
	 * Moves sequences on to where the source's are: a JSON array as sql/87-sequences.sql makes it.
	 * Between transactions, with nothing outstanding; done twice it is the same.  *left: those that
	 * stay behind, with the reasons, to be freed; NULL for none.  NULL where there are no sequences.
	 */
	bool (*set_sequences)(Target *target, const char *list, char **left, SluiceError *err);

	/* What documents of other sources must know of the target; NULL where that is nothing. */
	bool (*know)(Target *target, struct PgFacts *facts, SluiceError *err);

	/* Waits for the outcome of the last apply(); with none outstanding it does nothing. */
	bool (*settle)(Target *target, SluiceError *err);

	/* Looks how far the target's log is on disk; with `now`, brings it there first. */
	bool (*flush)(Target *target, bool now, SluiceError *err);

	/* What is remembered of a table goes. */
	void (*forget)(Target *target, Table *table);
} TargetOps;

struct Target
{
	const TargetOps *ops;
	const struct LoadOps *load;
	const struct HoldOps *hold;
	bool outstanding;	  /* a batch waits for settle() */
	bool worn;			  /* grew beyond its bounds: open another when nothing is under way */
	TargetMark committed; /* of the last transaction committed */
	TargetMark durable;	  /* on disk up to here, as far as is known */
	int64_t
		stream_created; /* of the JetStream stream whose sequences batches name; set by the user */
};

/* Whether a URI can be a target's at all; ARGUMENT, without any secret in the message.  Asks no server. */
extern bool target_check(const char *uri, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether it is PostgreSQL's, which some of our commands are for alone. */
extern bool target_is_postgresql(const char *uri);

/* Reads the definition of every table that a batch touches, unless it is known: one by one. */
typedef bool (*TargetDescribe)(Target *target, Table *table, SluiceError *err);
extern bool target_describe_batch(Target *target, const Batch *batch, TargetDescribe describe,
								  SluiceError *err) SLUICE_MUST_CHECK;

/* Connects; the settings must outlive the target.  NULL on error. */
extern Target *target_open(const TargetSettings *settings, SluiceError *err);

#endif
