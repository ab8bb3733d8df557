/*
 * copy_output.h - the rows of a chunk to load bundles, and these to JetStream.
 *
 * What a bundle of a chunk holds depends on the chunk's rows alone, so that a chunk that is read again
 * under the same snapshot gives the same bundles, and one that a target has already does no harm.
 *
 * One output per process.  Everything raises an ERROR when it cannot go on, and serves interrupts where
 * it waits.
 */
#ifndef SLUICE_COPY_OUTPUT_H
#define SLUICE_COPY_OUTPUT_H

#include "postgres.h"

#include "common/core/bundle.h"
#include "pg_ext/copy_catalog.h"

/* For copying.row, with the NATS settings as of now; `workers` share the stream's memory. */
extern void copy_output_start(int workers);
extern void copy_output_stop(void);

extern void copy_output_chunk(const CopyChunk *chunk);

/* A row record is open in the writer returned, after a relation record where one is due; the caller
 * adds the fields, as many as said, and closes it. */
extern BundleWriter *copy_output_row(const BundleRelation *relation, uint16 fields);
extern void copy_output_row_end(void);

/* Ends the chunk and waits until JetStream has all of it. */
extern void copy_output_chunk_end(CopyTotals *totals);

/* Publishes a schema document and waits until JetStream has it. */
extern void copy_output_document(uint32 generation, const char *text);

#endif
