/*
 * durability.c - which of the committed positions is on the target's disk (durability.h).
 */
#include "durability.h"

void
durability_reset(Durability *durability)
{
	*durability = (Durability){0};
}

void
durability_add(Durability *durability, const DurableMark *mark, uint64_t at)
{
	if (!durability->has_waiting)
	{
		durability->waiting = *mark;
		durability->waiting_at = at;
		durability->has_waiting = true;
		return;
	}
	durability->newest = *mark;
	durability->newest_at = at;
	durability->has_newest = true;
}

bool
durability_flushed(Durability *durability, uint64_t at, DurableMark *mark)
{
	bool found = false;

	while (durability->has_waiting && durability->waiting_at <= at)
	{
		*mark = durability->waiting;
		found = true;
		durability->waiting = durability->newest;
		durability->waiting_at = durability->newest_at;
		durability->has_waiting = durability->has_newest;
		durability->has_newest = false;
	}
	return found;
}

bool
durability_pending(const Durability *durability)
{
	return durability->has_waiting;
}
