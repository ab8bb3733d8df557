/*
 * load_tally.h - which chunks of a plan are in at the target, and how many rows of each table.
 */
#ifndef SLUICE_WRITER_LOAD_TALLY_H
#define SLUICE_WRITER_LOAD_TALLY_H

#include "common/nats/load_report.h"
#include "load_plan.h"

typedef struct LoadTableTally
{
	uint32_t chunks, complete;
	uint64_t rows, bytes;			/* of complete chunks */
	uint64_t more_rows, more_bytes; /* of the others */
} LoadTableTally;

typedef struct LoadTally
{
	const LoadPlan *plan;
	LoadTableTally *tables; /* as load->tables */
	uint8_t *done;			/* by the chunk's number in the plan */
	uint32_t complete;
} LoadTally;

extern bool load_tally_init(LoadTally *tally, const LoadPlan *plan,
							SluiceError *err) SLUICE_MUST_CHECK;
extern void load_tally_free(LoadTally *tally);

/* A chunk is complete; what is told twice or does not count is passed over. */
extern void load_tally_complete(LoadTally *tally, uint32_t generation, uint32_t chunk,
								uint64_t rows, uint64_t bytes);

/* What is in of chunks that are not: first forget, then tell each. */
extern void load_tally_forget_more(LoadTally *tally);
extern void load_tally_more(LoadTally *tally, uint32_t generation, uint32_t chunk, uint64_t rows,
							uint64_t bytes);

extern bool load_tally_table_whole(const LoadTally *tally, size_t table);
extern bool load_tally_whole(const LoadTally *tally);

/* Fills all but the phase. */
extern void load_tally_report(const LoadTally *tally, LoadReport *report);

#endif
