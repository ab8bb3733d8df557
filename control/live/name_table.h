/*
 * name_table.h - items in the order of their names, found by halving.  Pure; not thread-safe.
 *
 * An item's first member is `const char *name`.  Items belong to whoever added them.
 */
#ifndef SLUICE_CONTROL_LIVE_NAME_TABLE_H
#define SLUICE_CONTROL_LIVE_NAME_TABLE_H

#include <stddef.h>

#include "common/core/error.h"

/* A table of zeroes but for `maximum` is an empty one. */
typedef struct NameTable
{
	void **items;
	size_t count, capacity;
	size_t maximum; /* of items */
} NameTable;

/* NULL when there is none. */
extern void *name_table_find(const NameTable *table, const char *name);

/* The first item whose name is not below `name`: its place, `count` when there is none. */
extern size_t name_table_place(const NameTable *table, const char *name);

/* Adds an item whose name is not there; LIMIT at the maximum, MEMORY. */
extern bool name_table_add(NameTable *table, void *item, SluiceError *err) SLUICE_MUST_CHECK;

/* Takes one out; NULL when there is none. */
extern void *name_table_remove(NameTable *table, const char *name);

/* Takes out those that `over` says true of, which frees them too; a NULL `context` is fine. */
extern void name_table_sweep(NameTable *table, bool (*over)(void *context, void *item),
							 void *context);

/* The table itself; not its items. */
extern void name_table_free(NameTable *table);

#endif
