/*
 * migration.h - a migration under way: its parts, and what a kind of source does for it.
 */
#ifndef SLUICE_CLI_MIGRATION_H
#define SLUICE_CLI_MIGRATION_H

#include "cli.h"
#include "display.h"
#include "migrate_side.h"
#include "migrate_state.h"
#include "private_nats.h"

#define MIGRATION_WORD 32

typedef struct Migration Migration;

/* What one kind of source does; each false with the error filled. */
typedef struct MigrationSource
{
	/* Looks whether it can be read, and finds `nats` where the source says which; before anything is started. */
	bool (*open)(Migration *migration, SluiceError *err);

	/* What is missing, as findings on standard error: DATA when something is. Once, before a new migration. */
	bool (*check)(Migration *migration, SluiceError *err);

	/* Begins to read, or goes on. */
	bool (*start)(Migration *migration, SluiceError *err);

	/* Takes in its state and figures; false when it has failed for good. */
	bool (*look)(Migration *migration, int64_t now_ms, SluiceError *err);

	/* From now on: *reached once all that was committed before the first call is at the target. */
	bool (*catch_up)(Migration *migration, bool *reached, SluiceError *err);

	/* Reads no more; what is read stays where it is. */
	void (*pause)(Migration *migration);

	/* Takes away what the stream has at its source and in NATS. */
	bool (*drop)(Migration *migration, SluiceError *err);

	void (*close)(Migration *migration);
} MigrationSource;

extern const MigrationSource migration_mysql, migration_postgresql;

struct Migration
{
	Cli *cli;
	const MigrationSource *from;
	MigrateSide source, target;
	MigrateState state;
	bool follows;	   /* mode convert+cdc */
	json_t *tables;	   /* patterns; NULL: all */
	NatsSettings nats; /* where both sides meet */
	PrivateNats own;   /* started unless --nats or the source names one */
	bool has_own;
	void *reading; /* what the source's side keeps */
	Member writer;

	bool needs_change; /* it ended with what only another command line, or somebody's work, mends */

	/* of now */
	char source_state[MIGRATION_WORD], writer_state[MIGRATION_WORD], phase[MIGRATION_WORD];
	double source_lag, target_lag, pending, applied, rows_per_second; /* NAN: unknown */
	char error[MEMBER_TEXT];
	Progress progress;
	Display display;
};

/* "convert", "convert+cdc" */
extern const char *migration_mode(const Migration *migration);

/* member_fail() of a reader or the writer, with hints that speak of this program's flags; always false. */
extern bool migration_fail(Migration *migration, const Member *member, SluiceError *err);

/* Shows a finding of a check on standard error. */
extern void migration_find(const Migration *migration, const char *status, const char *check,
						   const char *detail, const char *hint);

#endif
