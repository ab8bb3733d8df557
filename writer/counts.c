/*
 * counts.c - counts of the open transaction (counts.h).
 */
#include "counts.h"

void
counts_add(CountList *list, Table *table, TableCount kind, uint64_t more)
{
	if (!table->touched)
	{
		table->touched = true;
		table->next_touched = *list;
		*list = table;
	}
	table->uncommitted[kind] += more;
}

void
counts_add_batch(CountList *list, const Batch *batch)
{
	for (size_t i = 0; i < batch->count;)
	{
		const Change *change = &batch->changes[i];
		size_t first = i;

		while (i < batch->count && batch->changes[i].table == change->table &&
			   batch->changes[i].action == change->action)
			i++;
		if (change->table != NULL)
			counts_add(list, change->table, (TableCount) change->action, i - first);
	}
}

/* With stats they count. */
static void
take(CountList *list, Stats *stats)
{
	for (Table *table = *list; table != NULL; table = table->next_touched)
	{
		for (int i = 0; i < COUNT_KINDS; i++)
		{
			if (stats != NULL && table->uncommitted[i] > 0)
				stats_count(stats, table, (TableCount) i, table->uncommitted[i]);
			table->uncommitted[i] = 0;
		}
		table->touched = false;
	}
	*list = NULL;
}

void
counts_publish(CountList *list, Stats *stats)
{
	take(list, stats);
}

void
counts_forget(CountList *list)
{
	take(list, NULL);
}
