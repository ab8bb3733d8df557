/*
 * relation_cache.h - what the plugin knows of each table it met: whether and how it is published.
 *
 * An entry is built from the catalogs as they were at the change, and built anew after an
 * invalidation.  One cache per process: there is one decoding session at a time.
 */
#ifndef SLUICE_RELATION_CACHE_H
#define SLUICE_RELATION_CACHE_H

#include "postgres.h"

#include "access/attmap.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

#include "common/core/bundle.h"
#include "output_plugin/publication.h"
#include "output_plugin/row_filter.h"
#include "output_plugin/value_encoder.h"

typedef enum TableCount
{
	COUNT_INSERTS,
	COUNT_UPDATES,
	COUNT_DELETES,
	COUNT_TRUNCATES,
	COUNT_BYTES,
	TABLE_COUNTS
} TableCount;

typedef struct RelationEntry
{
	Oid relid; /* hash key */
	bool valid;
	bool published;		   /* any action at all */
	MemoryContext context; /* of everything below */
	PublishDecision decision;
	RowFilter *filter;					 /* NULL: none */
	AttrMap *attribute_map;				 /* partition to ancestor, NULL when the same */
	TupleTableSlot *old_slot, *new_slot; /* virtual, of the table published as */
	BundleRelation relation;
	BundleColumn *columns;		 /* relation.columns, writable */
	ValueEncoder *encoders;		 /* per published column */
	AttrNumber *attributes;		 /* per published column: its number in the slots' descriptor */
	uint64 bundle;				 /* serial of the bundle that has the relation record... */
	uint16_t number;			 /* ...under this number */
	uint64 counts[TABLE_COUNTS]; /* since the cache was made; survives rebuilding */
} RelationEntry;

/* Makes the cache in `context`, for the named publications. */
extern void relation_cache_start(MemoryContext context, List *publication_names);
extern void relation_cache_stop(void);

/* The valid entry of a table; inside a decoding callback only. */
extern RelationEntry *relation_cache_get(Relation relation);

/* Drops what is not valid (dropped tables, for one) when the cache has grown; between transactions. */
extern void relation_cache_trim(void);

typedef void (*RelationVisitor)(void *context, RelationEntry *entry);
extern void relation_cache_visit(RelationVisitor visitor, void *context);

#endif
