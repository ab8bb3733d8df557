/*
 * load_tally.c - counting chunks (load_tally.h).
 */
#include "load_tally.h"

#include <stdlib.h>

bool
load_tally_init(LoadTally *tally, const LoadPlan *plan, SluiceError *err)
{
	*tally = (LoadTally){.plan = plan};
	tally->tables = calloc(plan->load->table_count + 1, sizeof(*tally->tables));
	tally->done = calloc((size_t) plan->chunks + 1, 1);
	if (tally->tables == NULL || tally->done == NULL)
	{
		load_tally_free(tally);
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %u chunks", plan->chunks);
	}
	for (uint32_t i = 0; i < plan->range_count; i++)
		tally->tables[plan->ranges[i].table].chunks +=
			plan->ranges[i].last - plan->ranges[i].first + 1;
	return true;
}

void
load_tally_free(LoadTally *tally)
{
	free(tally->tables);
	free(tally->done);
	*tally = (LoadTally){0};
}

/* What was counted of a chunk before is not counted twice. */
static void
take_from(uint64_t *more, uint64_t counted)
{
	*more -= counted < *more ? counted : *more;
}

void
load_tally_complete(LoadTally *tally, uint32_t generation, uint32_t chunk, uint64_t rows,
					uint64_t bytes)
{
	uint32_t table, number = load_plan_chunk(tally->plan, generation, chunk, &table);

	if (number == LOAD_NO_CHUNK || tally->done[number] != 0)
		return;
	tally->done[number] = 1;
	tally->complete++;
	tally->tables[table].complete++;
	tally->tables[table].rows += rows;
	tally->tables[table].bytes += bytes;
	take_from(&tally->tables[table].more_rows, rows);
	take_from(&tally->tables[table].more_bytes, bytes);
}

void
load_tally_forget_more(LoadTally *tally)
{
	for (size_t i = 0; i < tally->plan->load->table_count; i++)
		tally->tables[i].more_rows = tally->tables[i].more_bytes = 0;
}

void
load_tally_more(LoadTally *tally, uint32_t generation, uint32_t chunk, uint64_t rows,
				uint64_t bytes)
{
	uint32_t table, number = load_plan_chunk(tally->plan, generation, chunk, &table);

	if (number == LOAD_NO_CHUNK || tally->done[number] != 0)
		return;
	tally->tables[table].more_rows += rows;
	tally->tables[table].more_bytes += bytes;
}

bool
load_tally_table_whole(const LoadTally *tally, size_t table)
{
	return tally->tables[table].complete == tally->tables[table].chunks;
}

bool
load_tally_whole(const LoadTally *tally)
{
	return tally->complete == tally->plan->chunks;
}

static bool
is_done(const LoadTally *tally, uint32_t chunk)
{
	uint32_t number = load_plan_chunk(tally->plan, tally->plan->generation, chunk, NULL);

	return number != LOAD_NO_CHUNK && tally->done[number] != 0;
}

/* The list of complete chunks names those of this generation. */
void
load_tally_report(const LoadTally *tally, LoadReport *report)
{
	uint32_t chunks = (uint32_t) tally->plan->load->chunks;

	report->incarnation = tally->plan->load->incarnation;
	report->generation = tally->plan->generation;
	report->chunks = tally->complete;
	report->of = tally->plan->chunks;
	report->range_count = 0;
	for (uint32_t chunk = 0; chunk < chunks && report->range_count < LOAD_RANGES_MAXIMUM; chunk++)
	{
		ChunkRange *range = &report->ranges[report->range_count];

		if (!is_done(tally, chunk))
			continue;
		range->first = range->last = chunk;
		while (range->last + 1 < chunks && is_done(tally, range->last + 1))
			range->last++;
		chunk = range->last;
		report->range_count++;
	}
}
