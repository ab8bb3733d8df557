/*
 * sorted_map.h - keys in order, each with a document: the store's copy in memory.
 *
 * A skip list: finding, adding and removing take as long as the logarithm of its size.  Not thread-safe.
 */
#ifndef SLUICE_CONTROL_SORTED_MAP_H
#define SLUICE_CONTROL_SORTED_MAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct SortedMap SortedMap;

typedef struct SortedNode
{
	json_t *value; /* the map's reference; NULL: removed, and kept for its revision */
	uint64_t revision;
	int64_t written_ms;
	uint64_t generation; /* the owner's to use, as are the next */
	bool told;
	const char *key;
	struct SortedNode *next[]; /* of each level */
} SortedNode;

/* NULL without memory. */
extern SortedMap *sorted_map_new(void);
extern void sorted_map_free(SortedMap *map);

/* NULL when it is not there. */
extern SortedNode *sorted_map_find(SortedMap *map, const char *key);

/* Finds it or adds it, empty; NULL without memory. */
extern SortedNode *sorted_map_add(SortedMap *map, const char *key);
extern void sorted_map_remove(SortedMap *map, const char *key);

/* The first key that is not below `key` (or, with `beyond`, above it); the next is node->next[0]. */
extern SortedNode *sorted_map_seek(SortedMap *map, const char *key, bool beyond);

#endif
