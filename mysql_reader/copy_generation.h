/*
 * copy_generation.h - what one generation of a copy leaves to the next.  Pure:
 * documents in, the "load" of a document out.
 *
 * docs/convert.md: a table of which everything is read keeps all of it; of one
 * that was under way the rest is read, under the new snapshot, and the changes
 * bring both together (catch_up); what the changes cannot bring together starts
 * over (restart).
 */
#ifndef SLUICE_MYSQL_READER_COPY_GENERATION_H
#define SLUICE_MYSQL_READER_COPY_GENERATION_H

#include "common/core/schema_document.h"

/* The generation before, as it was published, and which of its chunks are in
 * JetStream. */
typedef struct CopyBefore
{
	const SchemaDocument *document; /* NULL: there is none */
	const bool *done;				/* per chunk */
	uint32_t chunks;				/* of `done` and `complete` */
	const bool *complete; /* per chunk, when rows were lost: whether every consumer has it */
	bool no_changes;	  /* nothing follows the copy: two snapshots cannot be brought
                      together */
	bool partial_rows;	  /* the log has parts of rows only: the same */
	bool lenient;		  /* this generation's snapshot is not of one moment: tables with
                   a key catch up */
} CopyBefore;

/*
 * Makes document->load: its tables in the order of their size, modes, what is
 * kept, and bounds of the chunks that are left of tables under way; `chunks` -1
 * where a table is to be cut anew.
 */
extern bool copy_generation_make(SchemaDocument *document, const CopyBefore *before,
								 uint32_t generation, uint64_t position, uint64_t incarnation,
								 SluiceError *err) SLUICE_MUST_CHECK;

/* Numbers the chunks when all tables are cut; LIMIT for too many. */
extern bool copy_generation_number(SchemaDocument *document, SluiceError *err) SLUICE_MUST_CHECK;

/* The table that has the chunk; NULL when there is none. */
extern const SchemaLoadTable *copy_generation_table(const SchemaDocument *document, uint32_t chunk);

#endif
