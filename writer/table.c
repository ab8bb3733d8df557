/*
 * table.c - the source's tables (table.h).
 *
 * Invariant: a slot chain holds at most one table that is not retired per relation id, and probing
 * from the id's slot meets it before the first empty slot.
 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_SLOTS 64

static void table_free(TableMap *map, Table *table);

void
tables_init(TableMap *map)
{
	*map = (TableMap){0};
}

void
tables_free(TableMap *map)
{
	while (map->first != NULL)
	{
		Table *table = map->first;

		map->first = table->next;
		table_free(map, table);
	}
	free(map->slots);
	*map = (TableMap){0};
}

static void
table_free(TableMap *map, Table *table)
{
	if (map->forget != NULL)
		map->forget(map->context, table);
	bundle_relation_free(table->relation, &allocator_malloc);
	free(table->encoded);
	free(table->key);
	free((char *) table->name);
	free(table);
}

/* Identity full or nothing name no key columns of their own: the primary key serves. */
static uint8_t
key_flag(const BundleRelation *relation)
{
	return relation->identity == IDENTITY_FULL || relation->identity == IDENTITY_NOTHING
			   ? COLUMN_PRIMARY
			   : COLUMN_KEY;
}

static bool
find_key(Table *table)
{
	const BundleRelation *relation = table->relation;
	uint8_t flag = key_flag(relation);
	uint16_t place = 0;

	table->key = malloc(2 * sizeof(*table->key) * ((size_t) relation->column_count + 1));
	if (table->key == NULL)
		return false;
	table->key_place = table->key + relation->column_count + 1;
	for (uint16_t i = 0; i < relation->column_count; i++)
	{
		if ((relation->columns[i].flags & flag) != 0)
		{
			table->key[table->key_count] = i;
			table->key_place[table->key_count++] = place;
		}
		if ((relation->columns[i].flags & COLUMN_KEY) != 0)
			place++;
	}
	return true;
}

static char *
full_name(const BundleRelation *relation)
{
	char *name = NULL;

	return asprintf(&name, "%s.%s", relation->schema, relation->name) < 0 ? NULL : name;
}

static Table *
table_new(const BundleRelation *relation, const SchemaNames *names, SluiceError *err)
{
	Table *table = calloc(1, sizeof(*table));

	if (table != NULL)
		table->encoded = malloc(relation->encoded_length);
	if (table == NULL || table->encoded == NULL)
	{
		free(table);
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
		return NULL;
	}
	memcpy(table->encoded, relation->encoded, relation->encoded_length);
	table->relation =
		bundle_relation_read(table->encoded, relation->encoded_length, &allocator_malloc, err);
	if (table->relation != NULL)
		table->relation->schema = schema_names_target(names, table->relation->schema);
	if (table->relation != NULL && (table->name = full_name(table->relation)) != NULL &&
		find_key(table))
		return table;
	if (table->relation != NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
	bundle_relation_free(table->relation, &allocator_malloc);
	free((char *) table->name);
	free(table->encoded);
	free(table);
	return NULL;
}

static uint32_t
slot_of(const TableMap *map, uint32_t id)
{
	return (id * UINT32_C(2654435761)) & (map->slot_count - 1);
}

Table *
tables_find(const TableMap *map, uint32_t id)
{
	if (map->slot_count == 0)
		return NULL;
	for (uint32_t i = slot_of(map, id); map->slots[i] != NULL; i = (i + 1) & (map->slot_count - 1))
	{
		if (map->slots[i]->relation->id == id)
			return map->slots[i];
	}
	return NULL;
}

static void
put_in_slot(TableMap *map, Table *table)
{
	uint32_t i = slot_of(map, table->relation->id);

	while (map->slots[i] != NULL && map->slots[i]->relation->id != table->relation->id)
		i = (i + 1) & (map->slot_count - 1);
	map->slots[i] = table;
}

static bool
make_slots(TableMap *map, SluiceError *err)
{
	uint32_t count = map->slot_count == 0 ? FIRST_SLOTS : map->slot_count * 2;
	Table **slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %u tables", count);
	free(map->slots);
	map->slots = slots;
	map->slot_count = count;
	for (Table *table = map->first; table != NULL; table = table->next)
	{
		if (!table->retired)
			put_in_slot(map, table);
	}
	return true;
}

Table *
tables_intern(TableMap *map, const BundleRelation *relation, SluiceError *err)
{
	Table *found = tables_find(map, relation->id);
	Table *table;

	if (found != NULL && found->relation->encoded_length == relation->encoded_length &&
		memcmp(found->encoded, relation->encoded, relation->encoded_length) == 0)
		return found;
	if (map->count >= TABLES_MAXIMUM)
	{
		(void) sluice_fail(err, SLUICE_ERROR_LIMIT, "more than %u tables in one stream",
						   TABLES_MAXIMUM);
		return NULL;
	}
	if (map->count * 2 >= map->slot_count && !make_slots(map, err))
		return NULL;
	if ((table = table_new(relation, map->names, err)) == NULL)
		return NULL;
	if (found != NULL)
		found->retired = true;
	table->next = map->first;
	map->first = table;
	map->count++;
	put_in_slot(map, table);
	return table;
}

void
tables_sweep(TableMap *map)
{
	for (Table **link = &map->first; *link != NULL;)
	{
		Table *table = *link;

		if (!table->retired)
		{
			link = &table->next;
			continue;
		}
		*link = table->next;
		map->count--;
		table_free(map, table);
	}
}

void
tables_forget(TableMap *map)
{
	for (Table *table = map->first; table != NULL; table = table->next)
	{
		if (map->forget != NULL)
			map->forget(map->context, table);
	}
}
