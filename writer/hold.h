/*
 * hold.h - a writer that stands still at a transaction boundary because somebody compares source and
 * target (docs/verify.md).
 *
 * A hold is a row at the target.  First it has no position: the writer stops where it is and says
 * where.  Then it has one: transactions that end there or before are applied, those behind wait.  It
 * is over when the row is gone; an expired row is removed before anything is applied beyond it.
 */
#ifndef SLUICE_WRITER_HOLD_H
#define SLUICE_WRITER_HOLD_H

#include "target.h"

#define HOLD_ID_SIZE 40

/* The row as it is now. */
typedef struct HoldRow
{
	bool there, expired;
	char id[HOLD_ID_SIZE];
	uint64_t until; /* 0: not known yet */
} HoldRow;

typedef struct HoldOps
{
	/* From here on news() learns of holds. */
	bool (*watch)(Target *target, SluiceError *err);

	/* Whether somebody made or changed a hold since the last call; asks no server. */
	bool (*news)(Target *target);

	/* Outside of transactions.  Where the table may not be used there is no row. */
	bool (*look)(Target *target, HoldRow *row, SluiceError *err);

	/* Says where the writer stands, and whether all up to the hold's position is applied. */
	bool (*answer)(Target *target, const HoldRow *row, uint64_t position, bool reached,
				   SluiceError *err);

	/* Removes a row that is expired still. */
	bool (*remove)(Target *target, const HoldRow *row, SluiceError *err);
} HoldOps;

typedef struct Hold
{
	Target *target; /* its outcome is settled whenever hold_wait() is called */
	Log *log;
	bool (*go_on)(void *context); /* false gives up */
	void *context;
	uint64_t position; /* end of what is committed at the target: kept by the user */
	uint64_t until;	   /* nothing that ends behind it may be applied; 0: no hold is known */
	bool news;
	bool gave_up;
} Hold;

/* `position` is that of the progress row; go_on() is false when standing is to end. */
extern void hold_init(Hold *hold, Target *target, Log *log, uint64_t position,
					  bool (*go_on)(void *context), void *context);

/* Looks for a hold that is there already. */
extern bool hold_open(Hold *hold, SluiceError *err) SLUICE_MUST_CHECK;

/* To be called now and then; never waits. */
extern void hold_listen(Hold *hold);

/* Whether hold_wait() is due before a transaction that ends at `commit`, or, with 0, between two. */
extern bool hold_is_due(const Hold *hold, uint64_t commit);

/* Waits until such a transaction may be applied; CONFLICT when go_on() gave up. */
extern bool hold_wait(Hold *hold, uint64_t commit, SluiceError *err) SLUICE_MUST_CHECK;

#endif
