/*
 * store_copy.c - a sorted map under a lock, and the rules by which it goes forward (store_copy.h).
 *
 * Invariants:
 * 1. `met` is the highest revision the follower met since it began; all changes up to it are in the map.  So a
 *    write of this server that is not above it has been met already, and perhaps overtaken.
 * 2. A key this server removed stays, without a value, until the follower has met that; an older value
 *    that comes meanwhile finds the higher revision.
 * 3. Revisions are compared within a generation only: a bucket that was made anew counts from 1 again.
 */
#include "store_copy.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sorted_map.h"

struct StoreCopy
{
	pthread_rwlock_t lock;
	SortedMap *map;
	uint64_t generation;
	uint64_t met;
};

StoreCopy *
store_copy_new(void)
{
	StoreCopy *copy = calloc(1, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	copy->map = sorted_map_new();
	if (copy->map == NULL)
	{
		free(copy);
		return NULL;
	}
	(void) pthread_rwlock_init(&copy->lock, NULL);
	return copy;
}

void
store_copy_free(StoreCopy *copy)
{
	if (copy == NULL)
		return;
	sorted_map_free(copy->map);
	(void) pthread_rwlock_destroy(&copy->lock);
	free(copy);
}

/* ---- reading ---- */

static void
fill_entry(StoreEntry *entry, const SortedNode *node)
{
	(void) snprintf(entry->key, sizeof(entry->key), "%s", node->key);
	entry->value = json_incref(node->value);
	entry->revision = node->revision;
	entry->written_ms = node->written_ms;
}

bool
store_copy_get(StoreCopy *copy, const char *key, StoreEntry *entry)
{
	const SortedNode *node;
	bool found;

	(void) pthread_rwlock_rdlock(&copy->lock);
	node = sorted_map_find(copy->map, key);
	found = node != NULL && node->value != NULL;
	if (found)
		fill_entry(entry, node);
	(void) pthread_rwlock_unlock(&copy->lock);
	return found;
}

size_t
store_copy_list(StoreCopy *copy, const char *prefix, const char *after, StoreEntry *entries,
				size_t size)
{
	bool beyond = strcmp(after, prefix) >= 0;
	size_t length = strlen(prefix), count = 0;

	(void) pthread_rwlock_rdlock(&copy->lock);
	for (const SortedNode *node = sorted_map_seek(copy->map, beyond ? after : prefix, beyond);
		 node != NULL && count < size && strncmp(node->key, prefix, length) == 0;
		 node = node->next[0])
	{
		if (node->value != NULL)
			fill_entry(&entries[count++], node);
	}
	(void) pthread_rwlock_unlock(&copy->lock);
	return count;
}

/* ---- writing ---- */

/* Takes the reference to value. */
static void
set_node(const StoreCopy *copy, SortedNode *node, json_t *value, uint64_t revision,
		 int64_t written_ms)
{
	json_decref(node->value);
	node->value = value;
	node->revision = revision;
	node->written_ms = written_ms;
	node->generation = copy->generation;
}

/* Whether the node already is where a revision of this generation would bring it, or further. */
static bool
is_beyond(const StoreCopy *copy, const SortedNode *node, uint64_t revision)
{
	return node->generation == copy->generation && node->revision >= revision;
}

bool
store_copy_wrote(StoreCopy *copy, const char *key, json_t *value, uint64_t revision,
				 int64_t written_ms)
{
	SortedNode *node = NULL;
	bool news;

	(void) pthread_rwlock_wrlock(&copy->lock);
	news = revision > copy->met;
	if (news)
		node = sorted_map_add(copy->map, key);
	if (node != NULL && !is_beyond(copy, node, revision))
	{
		set_node(copy, node, value, revision, written_ms);
		node->told = false;
		value = NULL;
	}
	(void) pthread_rwlock_unlock(&copy->lock);
	json_decref(value);
	return !news || node != NULL;
}

void
store_copy_begin(StoreCopy *copy)
{
	(void) pthread_rwlock_wrlock(&copy->lock);
	copy->generation++;
	copy->met = 0;
	(void) pthread_rwlock_unlock(&copy->lock);
}

/* A removal; the key need not be known. */
static bool
meet_removal(StoreCopy *copy, const char *key, uint64_t revision)
{
	SortedNode *node = sorted_map_find(copy->map, key);
	bool news;

	if (node == NULL || (node->generation == copy->generation && node->revision > revision))
		return false;
	news = node->value != NULL || !node->told;
	sorted_map_remove(copy->map, key);
	return news;
}

/* A value; what this server wrote itself, or what was there before the follower began anew, stays as it is. */
static bool
meet_value(StoreCopy *copy, SortedNode *node, json_t *value, uint64_t revision, int64_t written_ms)
{
	bool same = node->revision == revision && node->value != NULL &&
				(node->generation == copy->generation || json_equal(node->value, value));
	bool news = !same || !node->told;

	if (!same && is_beyond(copy, node, revision))
	{
		json_decref(value);
		return false;
	}
	set_node(copy, node, value, revision, written_ms);
	node->told = true;
	return news;
}

bool
store_copy_met(StoreCopy *copy, const char *key, json_t *value, uint64_t revision,
			   int64_t written_ms, bool *news)
{
	SortedNode *node = NULL;

	*news = false;
	(void) pthread_rwlock_wrlock(&copy->lock);
	if (value == NULL)
		*news = meet_removal(copy, key, revision);
	else if ((node = sorted_map_add(copy->map, key)) != NULL)
		*news = meet_value(copy, node, value, revision, written_ms);
	if (revision > copy->met)
		copy->met = revision;
	(void) pthread_rwlock_unlock(&copy->lock);
	if (value != NULL && node == NULL)
		json_decref(value);
	return value == NULL || node != NULL;
}

bool
store_copy_unseen(StoreCopy *copy, const char *after, char key[STORE_KEY_MAXIMUM])
{
	const SortedNode *node;

	(void) pthread_rwlock_rdlock(&copy->lock);
	node = sorted_map_seek(copy->map, after, true);
	while (node != NULL && node->generation == copy->generation)
		node = node->next[0];
	if (node != NULL)
		(void) snprintf(key, STORE_KEY_MAXIMUM, "%s", node->key);
	(void) pthread_rwlock_unlock(&copy->lock);
	return node != NULL;
}

bool
store_copy_drop(StoreCopy *copy, const char *key)
{
	const SortedNode *node;
	bool had;

	(void) pthread_rwlock_wrlock(&copy->lock);
	node = sorted_map_find(copy->map, key);
	had = node != NULL && node->value != NULL;
	sorted_map_remove(copy->map, key);
	(void) pthread_rwlock_unlock(&copy->lock);
	return had;
}
