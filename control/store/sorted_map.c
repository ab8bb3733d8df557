/*
 * sorted_map.c - the skip list (sorted_map.h).
 *
 * Invariant: the nodes of level n are among those of level n - 1, in the same order; the head has all levels.
 */
#include "sorted_map.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS 20 /* for a million keys and more */

struct SortedMap
{
	uint64_t random;
	SortedNode *head;
};

static SortedNode *
new_node(const char *key, int levels)
{
	size_t length = strlen(key) + 1;
	size_t links = sizeof(SortedNode) + (size_t) levels * sizeof(SortedNode *);
	SortedNode *node = calloc(1, links + length);

	if (node != NULL)
		node->key = memcpy((char *) node + links, key, length);
	return node;
}

static void
free_node(SortedNode *node)
{
	json_decref(node->value);
	free(node);
}

SortedMap *
sorted_map_new(void)
{
	SortedMap *map = calloc(1, sizeof(*map));

	if (map == NULL)
		return NULL;
	map->random = UINT64_C(0x9E3779B97F4A7C15);
	map->head = new_node("", LEVELS);
	if (map->head != NULL)
		return map;
	free(map);
	return NULL;
}

void
sorted_map_free(SortedMap *map)
{
	if (map == NULL)
		return;
	for (SortedNode *node = map->head, *next; node != NULL; node = next)
	{
		next = node->next[0];
		free_node(node);
	}
	free(map);
}

/* Each level has a quarter of the one below. */
static int
random_levels(SortedMap *map)
{
	int levels = 1;

	map->random ^= map->random << 13;
	map->random ^= map->random >> 7;
	map->random ^= map->random << 17;
	for (uint64_t bits = map->random; levels < LEVELS && (bits & 3) == 0; bits >>= 2)
		levels++;
	return levels;
}

/* The last node of each level whose key is below `key`, or with `beyond` not above it. */
static SortedNode *
search(SortedMap *map, const char *key, bool beyond, SortedNode *before[LEVELS])
{
	SortedNode *node = map->head;

	for (int level = LEVELS - 1; level >= 0; level--)
	{
		while (node->next[level] != NULL && strcmp(node->next[level]->key, key) < (beyond ? 1 : 0))
			node = node->next[level];
		before[level] = node;
	}
	return node->next[0];
}

SortedNode *
sorted_map_seek(SortedMap *map, const char *key, bool beyond)
{
	SortedNode *before[LEVELS];

	return search(map, key, beyond, before);
}

SortedNode *
sorted_map_find(SortedMap *map, const char *key)
{
	SortedNode *node = sorted_map_seek(map, key, false);

	return node != NULL && strcmp(node->key, key) == 0 ? node : NULL;
}

SortedNode *
sorted_map_add(SortedMap *map, const char *key)
{
	SortedNode *before[LEVELS];
	SortedNode *node = search(map, key, false, before);
	int levels;

	if (node != NULL && strcmp(node->key, key) == 0)
		return node;
	levels = random_levels(map);
	node = new_node(key, levels);
	for (int level = 0; node != NULL && level < levels; level++)
	{
		node->next[level] = before[level]->next[level];
		before[level]->next[level] = node;
	}
	return node;
}

void
sorted_map_remove(SortedMap *map, const char *key)
{
	SortedNode *before[LEVELS];
	SortedNode *node = search(map, key, false, before);

	if (node == NULL || strcmp(node->key, key) != 0)
		return;
	for (int level = 0; level < LEVELS && before[level]->next[level] == node; level++)
		before[level]->next[level] = node->next[level];
	free_node(node);
}
