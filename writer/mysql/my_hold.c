/*
 * my_hold.c - no holds (my_hold.h).
 */
#include "my_hold.h"

static bool
watch(Target *target, SluiceError *err)
{
	(void) target;
	(void) err;
	return true;
}

static bool
news(Target *target)
{
	(void) target;
	return false;
}

static bool
look(Target *target, HoldRow *row, SluiceError *err)
{
	(void) target;
	(void) err;
	*row = (HoldRow){0};
	return true;
}

static bool
fail(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_STATE, "a MySQL or MariaDB target has no holds");
}

static bool
answer(Target *target, const HoldRow *row, uint64_t position, bool reached, SluiceError *err)
{
	(void) target;
	(void) row;
	(void) position;
	(void) reached;
	return fail(err);
}

static bool
remove_expired(Target *target, const HoldRow *row, SluiceError *err)
{
	(void) target;
	(void) row;
	return fail(err);
}

const HoldOps my_hold_ops = {
	.watch = watch,
	.news = news,
	.look = look,
	.answer = answer,
	.remove = remove_expired,
};
