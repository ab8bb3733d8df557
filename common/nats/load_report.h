/*
 * load_report.h - how a source learns what of a copy is at a target.
 *
 * Each consumer of a copy has one key, load.<stream>.<consumer>, in the bucket of kv.h; the writer that
 * holds the lease rewrites it.  Nothing is decided by it but what the source shows and when it stops to
 * care: what is in at the target is known there.
 */
#ifndef SLUICE_NATS_LOAD_REPORT_H
#define SLUICE_NATS_LOAD_REPORT_H

#include "durable.h"

typedef enum LoadPhase
{
	LOAD_STRUCTURE, /* types and tables are made */
	LOAD_LOADING,	/* rows come in */
	LOAD_INDEXING,	/* indexes, keys, sequences, what is carried */
	LOAD_DONE,
	LOAD_FAILED,
	LOAD_PHASES
} LoadPhase;

typedef struct ChunkRange
{
	uint32_t first, last;
} ChunkRange;

#define LOAD_RANGES_MAXIMUM (KV_VALUE_MAXIMUM / 2) /* more find no room in a value */

typedef struct LoadReport
{
	uint64_t incarnation; /* of the copy, as in its bundles: a report may be left of another one */
	uint32_t generation;
	LoadPhase phase;
	uint32_t chunks; /* complete ones... */
	uint32_t of;	 /* ...of so many */
	int range_count; /* the complete ones by number, ascending; perhaps not all of them */
	ChunkRange ranges[LOAD_RANGES_MAXIMUM];
} LoadReport;

/* "structure", "loading", ... */
extern const char *load_phase_name(LoadPhase phase);
extern bool load_phase_parse(const char *name, LoadPhase *phase,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* "load.<stream>.<consumer>" into text of SUBJECT_TEXT bytes. */
extern const char *load_report_key(char *text, const char *stream, const char *consumer);

/* The value: one line of text; ranges that find no room in it are left out, the last ones first. */
extern const char *load_report_format(const LoadReport *report, char text[KV_VALUE_MAXIMUM]);
extern bool load_report_parse(const char *text, LoadReport *report,
							  SluiceError *err) SLUICE_MUST_CHECK;

#endif
