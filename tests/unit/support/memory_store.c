/*
 * memory_store.c - all values that were ever written, in one array; the last one of a key counts.
 */
#include "memory_store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/store/store_ops.h"

#define LISTENERS 8

typedef struct Value
{
	StoreArea area;
	StoreEntry entry; /* value NULL: removed */
} Value;

typedef struct MemoryStore
{
	Store store;
	pthread_mutex_t lock;
	Value *values;
	size_t count;
	StoreChanged changed[LISTENERS];
	void *contexts[LISTENERS];
	size_t listener_count;
	SluiceError failure;
	bool fail_writes, fail_reads;
	char conflict[STORE_KEY_MAXIMUM]; /* the key whose next write fails */
} MemoryStore;

static bool
failing(MemoryStore *memory, bool failing_now, SluiceError *err)
{
	if (failing_now && err != NULL)
		*err = memory->failure;
	return failing_now;
}

static const Value *
last_of(const MemoryStore *memory, StoreArea area, const char *key)
{
	for (size_t i = memory->count; i > 0; i--)
	{
		const Value *value = &memory->values[i - 1];

		if (value->area == area && strcmp(value->entry.key, key) == 0)
			return value;
	}
	return NULL;
}

static void
give(const Value *value, StoreEntry *entry)
{
	*entry = value->entry;
	entry->value = json_incref(value->entry.value);
}

static bool
not_found(const char *key, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "no %s", key);
}

static bool
get(Store *store, StoreArea area, const char *key, StoreEntry *entry, SluiceError *err)
{
	MemoryStore *memory = (MemoryStore *) store;
	const Value *value;
	bool good;

	memset(entry, 0, sizeof(*entry));
	if (failing(memory, memory->fail_reads, err))
		return false;
	(void) pthread_mutex_lock(&memory->lock);
	value = last_of(memory, area, key);
	good = value != NULL && value->entry.value != NULL;
	if (good)
		give(value, entry);
	(void) pthread_mutex_unlock(&memory->lock);
	return good || not_found(key, err);
}

static bool
get_at(Store *store, StoreArea area, const char *key, uint64_t revision, StoreEntry *entry,
	   SluiceError *err)
{
	MemoryStore *memory = (MemoryStore *) store;
	bool good = false;

	memset(entry, 0, sizeof(*entry));
	(void) pthread_mutex_lock(&memory->lock);
	for (size_t i = 0; i < memory->count && !good; i++)
	{
		const Value *value = &memory->values[i];

		good = value->area == area && value->entry.revision == revision &&
			   value->entry.value != NULL && strcmp(value->entry.key, key) == 0;
		if (good)
			give(value, entry);
	}
	(void) pthread_mutex_unlock(&memory->lock);
	return good || not_found(key, err);
}

static void
append(MemoryStore *memory, StoreArea area, const char *key, const json_t *document)
{
	Value *value;

	memory->values = realloc(memory->values, (memory->count + 1) * sizeof(Value));
	if (memory->values == NULL)
		abort();
	value = &memory->values[memory->count++];
	memset(value, 0, sizeof(*value));
	value->area = area;
	(void) snprintf(value->entry.key, sizeof(value->entry.key), "%s", key);
	value->entry.value = document != NULL ? json_deep_copy(document) : NULL;
	value->entry.revision = memory->count;
	value->entry.written_ms = time(NULL) * INT64_C(1000);
}

static bool
write_value(Store *store, StoreArea area, const char *key, const json_t *document,
			uint64_t revision, uint64_t *new_revision, SluiceError *err)
{
	MemoryStore *memory = (MemoryStore *) store;
	StoreEntry entry;
	const Value *last;
	uint64_t at;
	bool good;

	if (failing(memory, memory->fail_writes, err))
		return false;
	if (key[0] == '\0')
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "no key");
	(void) pthread_mutex_lock(&memory->lock);
	last = last_of(memory, area, key);
	at = last != NULL && last->entry.value != NULL ? last->entry.revision : 0;
	good = (revision == STORE_ANY || revision == at) && strcmp(memory->conflict, key) != 0;
	memory->conflict[0] = '\0';
	if (good)
	{
		append(memory, area, key, document);
		give(&memory->values[memory->count - 1], &entry);
	}
	(void) pthread_mutex_unlock(&memory->lock);
	if (!good)
		return sluice_fail(err, SLUICE_ERROR_CONFLICT, "%s was changed", key);
	for (size_t i = 0; i < memory->listener_count; i++)
		memory->changed[i](memory->contexts[i], area, &entry);
	if (new_revision != NULL)
		*new_revision = entry.revision;
	store_entry_free(&entry);
	return true;
}

/* The lowest key above `after` with the prefix that has a value. */
static const Value *
next_of(const MemoryStore *memory, StoreArea area, const char *prefix, const char *after)
{
	const Value *next = NULL;

	for (size_t i = 0; i < memory->count; i++)
	{
		const char *key = memory->values[i].entry.key;

		if (memory->values[i].area == area && strncmp(key, prefix, strlen(prefix)) == 0 &&
			strcmp(key, after) > 0 && (next == NULL || strcmp(key, next->entry.key) < 0) &&
			last_of(memory, area, key)->entry.value != NULL)
			next = last_of(memory, area, key);
	}
	return next;
}

static bool
list(Store *store, StoreArea area, const char *prefix, const char *after, StoreEntry *entries,
	 size_t size, size_t *count, SluiceError *err)
{
	MemoryStore *memory = (MemoryStore *) store;
	const Value *value;

	*count = 0;
	if (failing(memory, memory->fail_reads, err))
		return false;
	(void) pthread_mutex_lock(&memory->lock);
	while (*count < size && (value = next_of(memory, area, prefix, after)) != NULL)
	{
		give(value, &entries[(*count)++]);
		after = value->entry.key;
	}
	(void) pthread_mutex_unlock(&memory->lock);
	return true;
}

static bool
history(Store *store, StoreArea area, const char *key, StoreEntry *entries, size_t size,
		size_t *count, SluiceError *err)
{
	MemoryStore *memory = (MemoryStore *) store;

	(void) err;
	*count = 0;
	(void) pthread_mutex_lock(&memory->lock);
	for (size_t i = memory->count; i > 0 && *count < size; i--)
	{
		const Value *value = &memory->values[i - 1];

		if (value->area != area || strcmp(value->entry.key, key) != 0)
			continue;
		if (value->entry.value == NULL)
			break; /* a removal forgets what was before */
		give(value, &entries[(*count)++]);
	}
	(void) pthread_mutex_unlock(&memory->lock);
	return true;
}

static bool
on_change(Store *store, StoreChanged changed, void *context, SluiceError *err)
{
	MemoryStore *memory = (MemoryStore *) store;

	if (memory->listener_count == LISTENERS)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "too many listeners");
	memory->changed[memory->listener_count] = changed;
	memory->contexts[memory->listener_count++] = context;
	return true;
}

static void
off_change(Store *store, StoreChanged changed, void *context)
{
	MemoryStore *memory = (MemoryStore *) store;
	size_t kept = 0;

	for (size_t i = 0; i < memory->listener_count; i++)
	{
		if (memory->changed[i] == changed && memory->contexts[i] == context)
			continue;
		memory->changed[kept] = memory->changed[i];
		memory->contexts[kept++] = memory->contexts[i];
	}
	memory->listener_count = kept;
}

static bool
ready(Store *store, SluiceError *err)
{
	MemoryStore *memory = (MemoryStore *) store;

	return !failing(memory, memory->fail_writes, err);
}

static void
stop(Store *store)
{
	MemoryStore *memory = (MemoryStore *) store;

	for (size_t i = 0; i < memory->count; i++)
		json_decref(memory->values[i].entry.value);
	free(memory->values);
	(void) pthread_mutex_destroy(&memory->lock);
	free(memory);
}

static const StoreOps memory_ops = {
	.get = get,
	.get_at = get_at,
	.write = write_value,
	.list = list,
	.history = history,
	.on_change = on_change,
	.off_change = off_change,
	.ready = ready,
	.stop = stop,
};

Store *
memory_store_new(void)
{
	MemoryStore *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		abort();
	memory->store.ops = &memory_ops;
	(void) pthread_mutex_init(&memory->lock, NULL);
	return &memory->store;
}

void
memory_store_fail(Store *store, const SluiceError *err, bool reads)
{
	MemoryStore *memory = (MemoryStore *) store;

	memory->fail_writes = err != NULL;
	memory->fail_reads = err != NULL && reads;
	if (err != NULL)
		memory->failure = *err;
}

void
memory_store_age(Store *store, StoreArea area, const char *key, int64_t ms)
{
	MemoryStore *memory = (MemoryStore *) store;

	(void) pthread_mutex_lock(&memory->lock);
	for (size_t i = memory->count; i > 0; i--)
	{
		Value *value = &memory->values[i - 1];

		if (value->area == area && strcmp(value->entry.key, key) == 0)
		{
			value->entry.written_ms -= ms;
			break;
		}
	}
	(void) pthread_mutex_unlock(&memory->lock);
}

void
memory_store_conflict(Store *store, const char *key)
{
	MemoryStore *memory = (MemoryStore *) store;

	(void) snprintf(memory->conflict, sizeof(memory->conflict), "%s", key);
}
