/*
 * hold.c - standing still while source and target are compared (hold.h).
 */
#include "hold.h"

#include <time.h>

#define LOOK_MS 20 /* between looks at the row while standing */

static const HoldOps *
ops_of(const Hold *hold)
{
	return hold->target->hold;
}

void
hold_init(Hold *hold, Target *target, Log *log, uint64_t position, bool (*go_on)(void *context),
		  void *context)
{
	*hold = (Hold){
		.target = target, .log = log, .go_on = go_on, .context = context, .position = position};
}

bool
hold_open(Hold *hold, SluiceError *err)
{
	hold->news = true;
	return ops_of(hold)->watch(hold->target, err);
}

void
hold_listen(Hold *hold)
{
	hold->news |= ops_of(hold)->news(hold->target);
}

bool
hold_is_due(const Hold *hold, uint64_t commit)
{
	return hold->news || (hold->until != 0 && commit > hold->until);
}

/* Whether the writer stands because of the row, for a transaction that ends at `commit`. */
static bool
stands(const HoldRow *row, uint64_t commit)
{
	return row->there && (row->until == 0 || commit > row->until);
}

static bool
stand_a_moment(Hold *hold, SluiceError *err)
{
	const struct timespec moment = {0, LOOK_MS * 1000000L};

	(void) nanosleep(&moment, NULL);
	hold->gave_up = !hold->go_on(hold->context);
	return !hold->gave_up ||
		   sluice_fail(err, SLUICE_ERROR_CONFLICT, "the lease was lost while the stream was held");
}

/* The row as it counts: one that is expired is gone. */
static bool
look(Hold *hold, HoldRow *row, SluiceError *err)
{
	do
	{
		if (!ops_of(hold)->look(hold->target, row, err) ||
			(row->expired && !ops_of(hold)->remove(hold->target, row, err)))
			return false;
		if (row->expired)
			log_event(hold->log, LOG_WARNING, "a hold of the stream expired",
					  (LogField[]){LOG_TEXT("hold", row->id), LOG_END});
	} while (row->expired);
	hold->until = row->until;
	return true;
}

bool
hold_wait(Hold *hold, uint64_t commit, SluiceError *err)
{
	HoldRow row;
	bool stood = false, reached = false;

	hold->news = false;
	if (!look(hold, &row, err))
		return false;
	while (stands(&row, commit))
	{
		bool beyond = row.until != 0;

		if ((!stood || reached != beyond) &&
			!ops_of(hold)->answer(hold->target, &row, hold->position, beyond, err))
			return false;
		stood = true;
		reached = beyond;
		if (!stand_a_moment(hold, err) || !look(hold, &row, err))
			return false;
	}
	return true;
}
