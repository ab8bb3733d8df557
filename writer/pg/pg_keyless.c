/*
 * pg_keyless.c - how many changes of a table without a key can be made at once (pg_target.h).
 *
 * One statement looks for all rows of a run in one pass over the table, where single statements
 * would each pass over it.  It finds rows as they are before it, so a run ends before an update or
 * delete of a row that an update of the same run has made.
 */
#include "pg_target.h"

#include "common/core/crc32c.h"

#define RUN_MINIMUM                                                                                \
	32 /* rows; fewer are found faster one by one, as most differ in a column or two */
#define RUN_ROWS  4096
#define RUN_BYTES ((size_t) 4 << 20)
#define SLOTS	  (2 * RUN_ROWS) /* a power of two */

/* Checksums of the rows that updates have made; 0 is an empty slot. */
typedef struct RowSet
{
	uint32_t slots[SLOTS];
} RowSet;

static uint32_t
checksum(const BundleRow *row)
{
	uint32_t sum = crc32c(0, row->data, row->length);

	return sum != 0 ? sum : 1;
}

/* The slot of a checksum, or the empty one that waits for it. */
static uint32_t *
find_slot(RowSet *set, uint32_t sum)
{
	uint32_t at = sum & (SLOTS - 1);

	while (set->slots[at] != 0 && set->slots[at] != sum)
		at = (at + 1) & (SLOTS - 1);
	return &set->slots[at];
}

/* Whether all of the change is known: the whole old row and, of an update, the whole new one. */
static bool
is_whole(const Change *change)
{
	return (change->action == CHANGE_DELETE ||
			(change->action == CHANGE_UPDATE && !change->new_row.unchanged)) &&
		   change->old_row.fields > 0 && !change->old_row.unchanged;
}

static bool
can_run(const PgTarget *target, const Change *change)
{
	const Table *table = change->table;
	const PgTable *at_target;

	/* Before PostgreSQL 12 no join goes by the place of a row. */
	if (target->c.version < 120000 || change->action == CHANGE_TRUNCATE || table->key_count > 0 ||
		table->lenient || !is_whole(change) || (table->fixed && change->action == CHANGE_UPDATE))
		return false;
	at_target = table->at_target;
	return !at_target->partitioned && at_target->written > 0 &&
		   pg_can_array(table, change->action == CHANGE_UPDATE ? &change->new_row : NULL);
}

uint32_t
pg_keyless_run(const PgTarget *target, const Change *const *changes, uint32_t count)
{
	const Change *first = changes[0];
	RowSet made;
	size_t bytes = 0;
	uint32_t run = 0;

	if (!can_run(target, first))
		return 0;
	memset(&made, 0, sizeof(made));
	while (run < count && run < RUN_ROWS && bytes < RUN_BYTES)
	{
		const Change *change = changes[run];

		if (change->table != first->table || change->action != first->action || !is_whole(change) ||
			*find_slot(&made, checksum(&change->old_row)) != 0)
			break;
		bytes += change->old_row.length;
		if (change->action == CHANGE_UPDATE)
		{
			uint32_t sum = checksum(&change->new_row);

			*find_slot(&made, sum) = sum;
			bytes += change->new_row.length;
		}
		run++;
	}
	return run >= RUN_MINIMUM ? run : 0;
}
