/*
 * table.h - the source's tables as the writer remembers them from one bundle to the next.
 *
 * Every bundle describes its relations anew; the map compares the description with the one it has
 * and hands out the same Table as long as nothing changed.  A changed description gives a new
 * Table; the old one lives on, because batches not yet applied refer to it, until tables_sweep().
 */
#ifndef SLUICE_WRITER_TABLE_H
#define SLUICE_WRITER_TABLE_H

#include "common/core/bundle_relation.h"
#include "common/daemon/metrics.h"
#include "schema_names.h"

/* What happened to rows and how they met the target; the index of Table.counters. */
typedef enum TableCount
{
	COUNT_INSERT,
	COUNT_UPDATE,
	COUNT_DELETE,
	COUNT_TRUNCATE,
	COUNT_INSERT_EXISTS,  /* an insert met a row with its key */
	COUNT_UPDATE_MISSING, /* an update met no row */
	COUNT_DELETE_MISSING, /* a delete met no row */
	COUNT_KINDS
} TableCount;

typedef struct Table
{
	BundleRelation *relation;
	uint8_t *encoded; /* what the relation's texts live in */
	const char *name; /* "schema.name" as messages show it */

	/* How a row is found: the replica identity, or the primary key where there is none of columns. */
	uint16_t key_count;
	uint16_t *key;		 /* places in a whole row */
	uint16_t *key_place; /* places in an old key */

	bool keyed;	  /* set by the target: it has a unique key of the same columns */
	bool fixed;	  /* set by the target: it has a column beside the key that no update can set */
	bool lenient; /* what is there of it may be older or newer than its changes: they make it so */
	void *at_target;	/* what the target knows of it */
	struct Table *next; /* of all tables, retired ones too */
	bool retired;
	Counter *counters[COUNT_KINDS]; /* NULL until stats_table() */

	uint64_t skip_until, lenient_until; /* commits whose changes of it are in its copy, or may be */
	bool joins; /* changes that are not wait: its rows are still coming in */

	uint64_t uncommitted[COUNT_KINDS]; /* what the open target transaction did */
	struct Table *next_touched;		   /* of the tables with such counts */
	bool touched;

	uint32_t scratch; /* of whoever is at work on one batch; not used otherwise */
} Table;

typedef struct TableMap
{
	Table *first;
	uint32_t count;
	Table **slots; /* by relation id; a power of two */
	uint32_t slot_count;
	const SchemaNames *names;					 /* of schemas at the target; may be NULL */
	void (*forget)(void *context, Table *table); /* before one is freed; may be NULL */
	void *context;
} TableMap;

/* Most tables one stream may touch. */
#define TABLES_MAXIMUM 100000

extern void tables_init(TableMap *map);
extern void tables_free(TableMap *map);

/* The table of this description; NULL on error. */
extern Table *tables_intern(TableMap *map, const BundleRelation *relation, SluiceError *err);

/* The current table of a relation id that was interned before; NULL when there is none. */
extern Table *tables_find(const TableMap *map, uint32_t id);

/* Frees retired tables; only when nothing refers to them any more. */
extern void tables_sweep(TableMap *map);

/* Drops what the target knows of every table, as when its connection is closed. */
extern void tables_forget(TableMap *map);

#endif
