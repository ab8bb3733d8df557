/*
 * pg_copy.c - the inserts of a plan by COPY (pg_copy_stream.h).
 */
#include "pg_copy_stream.h"

#include <stdlib.h>

#define COPY_MINIMUM_ROWS  20		   /* fewer go faster as single statements in a pipeline */
#define COPY_MINIMUM_BYTES (64 * 1024) /* but not when they are long */

bool
pg_step_copies(const Plan *plan, const Step *step)
{
	const PgTable *table;
	size_t bytes = 0;

	if (step->kind != STEP_INSERT)
		return false;
	table = step->table->at_target;
	if (!table->copyable)
		return false;
	if (step->count >= COPY_MINIMUM_ROWS)
		return true;
	for (uint32_t i = 0; i < step->count; i++)
		bytes += plan->rows[step->first + i].image.length;
	return bytes >= COPY_MINIMUM_BYTES;
}

/* How many of the rows lie one behind the other in memory; *length is theirs together. */
static uint32_t
adjacent_rows(const PlanRow *rows, uint32_t count, size_t *length)
{
	uint32_t i = 1;

	*length = rows[0].image.length;
	while (i < count && rows[i].image.data == rows[0].image.data + *length)
		*length += rows[i++].image.length;
	return i;
}

static bool
put_rows(PgTarget *target, const Step *step, const PlanRow *rows, SluiceError *err)
{
	const PgTable *table = step->table->at_target;
	uint32_t count = step->count;
	bool good = true;

	for (uint32_t i = 0; good && i < count;)
	{
		size_t length;
		uint32_t run = table->verbatim ? adjacent_rows(rows + i, count - i, &length) : 1;

		good = table->verbatim ? pg_copy_bytes(target, rows[i].image.data, length, err)
							   : pg_copy_row(target, step->table, &rows[i].image, err);
		i += run;
	}
	return good;
}

static char *
copy_sql(const Step *steps, uint32_t count, const char *head, const char *tail)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	(void) fputs(head, out);
	for (uint32_t i = 0; i < count; i++)
		pg_copy_put_sql(out, steps[i].table);
	(void) fputs(tail, out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

static bool
stream_step(PgTarget *target, const Plan *plan, const Step *step, SluiceError *err)
{
	return pg_copy_open(target, err) &&
		   (put_rows(target, step, plan->rows + step->first, err) || pg_copy_give_up(target)) &&
		   pg_copy_close(target, err);
}

bool
pg_copy_steps(PgTarget *target, const Plan *plan, const Step *steps, uint32_t count,
			  const char *head, const char *tail, SluiceError *err)
{
	char *sql;
	bool sent;

	for (uint32_t i = 0; i < count; i++)
	{
		if (!pg_copy_prepare(target, steps[i].table, err))
			return false;
	}
	if ((sql = copy_sql(steps, count, head, tail)) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a statement");
	sent = pg_copy_query(target, sql, err);
	free(sql);
	if (!sent)
		return false;
	for (uint32_t i = 0; i < count; i++)
	{
		if (!stream_step(target, plan, &steps[i], err))
			return sluice_prefix(err, "table %s", steps[i].table->name);
	}
	return true;
}
