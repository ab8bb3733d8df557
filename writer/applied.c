/*
 * applied.c - adding up what a target took (applied.h).
 */
#include "applied.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

static Amount
sum(Amount a, Amount b)
{
	return (Amount){a.rows + b.rows, a.bytes + b.bytes};
}

uint64_t
applied_new_book(void)
{
	uint64_t book = 0;

	while (book == 0)
	{
		if (getrandom(&book, sizeof(book), 0) != sizeof(book))
			abort(); /* so few bytes always come */
		book >>= 1;
	}
	return book;
}

void
applied_tell_missing(Log *log, const char *table, const SluiceError *denied)
{
	static atomic_bool told;

	if (log != NULL && !atomic_exchange(&told, true))
		log_failure(log, LOG_WARNING,
					"no total of applied rows and bytes is kept: the table has no columns for it, "
					"and they may not be added; add book, rows_applied and bytes_applied by hand",
					denied, (LogField[]){LOG_TEXT("table", table), LOG_END});
}

void
applied_begin(Applied *applied, const Batch *batch)
{
	Amount amount = {0};

	for (size_t i = 0; applied->total.kept && i < batch->count; i++)
	{
		const Change *change = &batch->changes[i];

		if (change->action == CHANGE_TRUNCATE)
			continue;
		amount.rows++;
		amount.bytes += change->old_row.length + change->new_row.length;
	}
	applied->batch = amount;
}

Amount
applied_due(const Applied *applied)
{
	return sum(applied->open, applied->batch);
}

void
applied_end(Applied *applied, bool committed)
{
	Amount due = applied_due(applied);

	applied->batch = applied->open = (Amount){0};
	if (committed)
		applied_add(applied, due);
	else
		applied->open = due;
}

void
applied_add(Applied *applied, Amount amount)
{
	applied->total.sum = sum(applied->total.sum, amount);
}
