/*
 * copy_catalog.h - the tables of copies (sql/70-copy.sql) by SPI.
 *
 * As in catalog.h every call is one transaction of its own, but for those that say they are for inside
 * one.
 */
#ifndef SLUICE_COPY_CATALOG_H
#define SLUICE_COPY_CATALOG_H

#include "postgres.h"

#include "access/xlogdefs.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "storage/block.h"

/* The newest generation of a stream's copy. */
typedef struct CopyRow
{
	uint32 generation; /* 0: there is none */
	XLogRecPtr position;
	uint32 chunks;
	bool copied;   /* all chunks are in JetStream */
	bool finished; /* and at every consumer */
} CopyRow;

typedef enum ChunkKind
{
	CHUNK_BLOCKS, /* a range of a heap's blocks */
	CHUNK_TABLE,  /* all of a table, whatever its access method */
	CHUNK_MOVED,  /* rows of a heap that came since `threshold` */
	CHUNK_QUERY	  /* what a query gives, in the place of a table */
} ChunkKind;

typedef struct CopyChunk
{
	uint32 number;
	Oid relid, published;
	ChunkKind kind;
	BlockNumber first_block, blocks;
	TransactionId threshold;
	char *query; /* palloc'ed, NULL but for CHUNK_QUERY */
} CopyChunk;

/* What a chunk came to. */
typedef struct CopyTotals
{
	uint64 rows, bytes;
	uint32 bundles;
} CopyTotals;

extern void copy_catalog_read(const char *stream, CopyRow *row);

/* A new generation; its number. */
extern uint32 copy_catalog_begin(const char *stream);
extern void copy_catalog_copied(const char *stream, uint32 generation);
extern void copy_catalog_finished(const char *stream, uint32 generation);

/* Chunks but those in `complete` are in JetStream no more: their tables are to be read again, under
 * another generation.  How many tables. */
extern int copy_catalog_lost(const char *stream, uint32 generation, const Bitmapset *complete);

/* The tables to be read, oids in the current memory context. */
extern List *copy_catalog_tables(const char *stream);

/* False when the chunk is done already. */
extern bool copy_catalog_chunk(const char *stream, uint32 generation, uint32 number,
							   CopyChunk *chunk);

/* Inside a transaction of the snapshot, with an active snapshot: */

/* The same; plans, and gives the number of chunks, -1 when it takes another snapshot. */
extern List *copy_catalog_tables_inside(const char *stream);
extern int copy_catalog_plan(const char *stream, uint32 generation, XLogRecPtr position,
							 uint64 threshold, int64 chunk_bytes);

/* The schema document's text, in the current memory context. */
extern char *copy_catalog_document(const char *stream, uint32 generation, uint64 incarnation);
extern void copy_catalog_chunk_done(const char *stream, uint32 generation, const CopyChunk *chunk,
									const CopyTotals *totals);

#endif
