/*
 * schema_flatten.c - partitions leave a document, their rows' table stays (schema_flatten.h).
 *
 * `goes` says by number which tables leave; the lists are then closed up in place.  New entries of
 * not_carried are written to a list that has room for all there can be.
 */
#include "schema_flatten.h"

#include <stdio.h>
#include <string.h>

#include "schema_shape.h"

static const char reason[] = "it is of a partition alone, and partitions become one table";

typedef struct Flattening
{
	SchemaDocument *document;
	const SchemaTable **home; /* by table: the plain one that its rows are in; NULL: it stays */
	SluiceError *err;
	bool good;
} Flattening;

/* ---- which tables ---- */

static const SchemaTable *
parent_of(const SchemaDocument *document, const SchemaTable *table)
{
	const SchemaPartitionOf *of = table->partition_of;

	return of == NULL ? NULL : schema_document_table_named(document, of->schema, of->name);
}

/* The partitioned table that a partition is of at last; NULL for what is no partition. */
static const SchemaTable *
root_of(const SchemaDocument *document, const SchemaTable *table)
{
	const SchemaTable *root = NULL;

	/* As many steps as there are tables: a document may go round in circles. */
	for (size_t i = 0; i < document->table_count && (table = parent_of(document, table)) != NULL;
		 i++)
		root = table;
	return root;
}

static void
find_homes(Flattening *flattening)
{
	const SchemaDocument *document = flattening->document;

	for (size_t i = 0; i < document->table_count; i++)
		flattening->home[i] = root_of(document, &document->tables[i]);
}

/* Whether a partition of the table is published by itself. */
static bool
is_published_apart(const Flattening *flattening, const SchemaTable *root)
{
	const SchemaDocument *document = flattening->document;

	for (size_t i = 0; document->load != NULL && i < document->load->table_count; i++)
	{
		const SchemaLoadTable *read = &document->load->tables[i];
		const SchemaTable *table = schema_document_table_named(document, read->schema, read->name);

		if (table != NULL && flattening->home[table - document->tables] == root &&
			read->id != root->id)
			return true;
	}
	return false;
}

static void
keep_apart(Flattening *flattening)
{
	const SchemaDocument *document = flattening->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *root = &document->tables[i];

		if (root->kind != SCHEMA_TABLE_PARTITIONED || flattening->home[i] != NULL ||
			!is_published_apart(flattening, root))
			continue;
		for (size_t k = 0; k < document->table_count; k++)
		{
			if (flattening->home[k] == root)
				flattening->home[k] = NULL;
		}
	}
}

/* The table of that name if it goes, else NULL. */
static const SchemaTable *
going(const Flattening *flattening, const char *schema, const char *name)
{
	const SchemaDocument *document = flattening->document;
	const SchemaTable *table = schema_document_table_named(document, schema, name);

	return table != NULL && flattening->home[table - document->tables] != NULL ? table : NULL;
}

/* ---- what is named ---- */

static const char *
name_on(Flattening *flattening, const char *name, const char *table)
{
	size_t size = strlen(name) + strlen(" on ") + strlen(table) + 1;
	char *text = schema_document_room(flattening->document, size, flattening->err);

	if (text != NULL)
		(void) snprintf(text, size, "%s on %s", name, table);
	else
		flattening->good = false;
	return text;
}

static void
leave(Flattening *flattening, const char *kind, const char *schema, const char *name,
	  const char *table, const char *definition)
{
	SchemaDocument *document = flattening->document;

	document->not_carried[document->not_carried_count++] = (SchemaNotCarried){
		.kind = kind,
		.schema = schema,
		.name = table != NULL ? name_on(flattening, name, table) : name,
		.reason = reason,
		.definition = definition,
	};
}

static void
leave_parts(Flattening *flattening, const SchemaTable *table)
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (table->indexes[i].parent == NULL)
			leave(flattening, "index", table->schema, table->indexes[i].name, table->name,
				  table->indexes[i].definition);
	}
	for (size_t i = 0; i < table->check_count; i++)
	{
		if (!table->checks[i].inherited)
			leave(flattening, "check", table->schema, table->checks[i].name, table->name,
				  table->checks[i].definition);
	}
	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		if (!table->foreign_keys[i].inherited)
			leave(flattening, "foreign key", table->schema, table->foreign_keys[i].name,
				  table->name, table->foreign_keys[i].definition);
	}
}

/* How many more entries not_carried may get. */
static size_t
count_parts(const SchemaDocument *document)
{
	size_t count = document->carried_count;

	for (size_t i = 0; i < document->table_count; i++)
		count += document->tables[i].index_count + document->tables[i].check_count +
				 document->tables[i].foreign_key_count;
	return count;
}

static bool
make_room(Flattening *flattening)
{
	SchemaDocument *document = flattening->document;
	size_t count = document->not_carried_count + count_parts(document) + 1;
	SchemaNotCarried *left = schema_document_room(document, count * sizeof(*left), flattening->err);

	flattening->home = schema_document_room(
		document, (document->table_count + 1) * sizeof(*flattening->home), flattening->err);
	if (left == NULL || flattening->home == NULL)
		return false;
	if (document->not_carried_count > 0)
		memcpy(left, document->not_carried, document->not_carried_count * sizeof(*left));
	document->not_carried = left;
	return true;
}

/* ---- what goes ---- */

/* Foreign keys of a table that stays to a partition. */
static void
drop_keys(Flattening *flattening, SchemaTable *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		const SchemaForeignKey *key = &table->foreign_keys[i];

		if (going(flattening, key->schema, key->table) != NULL)
			leave(flattening, "foreign key", table->schema, key->name, table->name,
				  key->definition);
		else
			table->foreign_keys[count++] = *key;
	}
	table->foreign_key_count = count;
}

static void
drop_triggers(Flattening *flattening)
{
	SchemaDocument *document = flattening->document;
	size_t count = 0;

	for (size_t i = 0; i < document->carried_count; i++)
	{
		const SchemaCarried *carried = &document->carried[i];

		if (carried->kind == SCHEMA_CARRIED_TRIGGER && carried->table != NULL &&
			going(flattening, carried->schema, carried->table) != NULL)
			leave(flattening, "trigger", carried->schema, carried->name, NULL, carried->definition);
		else
			document->carried[count++] = *carried;
	}
	document->carried_count = count;
}

/* A partition's own sequence goes with the table its rows are in; that of an identity is not made. */
static void
move_sequences(Flattening *flattening)
{
	SchemaDocument *document = flattening->document;
	size_t count = 0;

	for (size_t i = 0; i < document->sequence_count; i++)
	{
		SchemaSequence *sequence = &document->sequences[i];
		SchemaSequenceOwner *owner = sequence->owner;
		const SchemaTable *table =
			owner == NULL ? NULL : going(flattening, owner->schema, owner->table);

		if (table != NULL && sequence->identity)
			continue;
		if (table != NULL)
		{
			owner->schema = flattening->home[table - document->tables]->schema;
			owner->table = flattening->home[table - document->tables]->name;
		}
		document->sequences[count++] = *sequence;
	}
	document->sequence_count = count;
}

/* A partitioned table that loses all its partitions, or has none, is a plain one. */
static bool
keeps_partitions(const Flattening *flattening, const SchemaTable *table)
{
	const SchemaDocument *document = flattening->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		if (flattening->home[i] == NULL && parent_of(document, &document->tables[i]) == table)
			return true;
	}
	return false;
}

/* Behind a name, quoted or not. */
static const char *
skip_name(const char *at)
{
	if (*at != '"')
		return at + strcspn(at, " ");
	for (at++; *at != '\0' && (*at != '"' || at[1] == '"'); at++)
		at += *at == '"';
	return *at == '"' ? at + 1 : at;
}

/* "CREATE INDEX name ON ONLY ...", as partitioned tables have it, without the ONLY. */
static void
make_index_plain(Flattening *flattening, SchemaIndex *index)
{
	static const char word[] = "INDEX ", only[] = " ON ONLY ", on[] = " ON ";
	const char *name = strstr(index->definition, word), *end;
	size_t size = strlen(index->definition) + 1;
	char *text;

	end = name != NULL ? skip_name(name + strlen(word)) : NULL;
	if (end == NULL || strncmp(end, only, strlen(only)) != 0)
		return;
	text = schema_document_room(flattening->document, size, flattening->err);
	if (text != NULL)
		(void) snprintf(text, size, "%.*s%s%s", (int) (end - index->definition), index->definition,
						on, end + strlen(only));
	else
		flattening->good = false;
	index->definition = text;
}

static void
make_plain(Flattening *flattening)
{
	SchemaDocument *document = flattening->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		SchemaTable *table = &document->tables[i];

		if (flattening->home[i] != NULL || table->kind != SCHEMA_TABLE_PARTITIONED ||
			keeps_partitions(flattening, table))
			continue;
		table->kind = SCHEMA_TABLE_PLAIN;
		table->partition = NULL;
		for (size_t k = 0; k < table->index_count; k++)
			make_index_plain(flattening, &table->indexes[k]);
	}
}

static void
close_up(Flattening *flattening)
{
	SchemaDocument *document = flattening->document;
	size_t count = 0;

	for (size_t i = 0; i < document->table_count; i++)
	{
		if (flattening->home[i] == NULL)
			document->tables[count++] = document->tables[i];
	}
	document->table_count = count;
}

bool
schema_document_flatten(SchemaDocument *document, SluiceError *err)
{
	Flattening flattening = {.document = document, .err = err, .good = true};

	if (!make_room(&flattening))
		return false;
	find_homes(&flattening);
	keep_apart(&flattening);
	for (size_t i = 0; i < document->table_count; i++)
	{
		if (flattening.home[i] != NULL)
			leave_parts(&flattening, &document->tables[i]);
		else
			drop_keys(&flattening, &document->tables[i]);
	}
	drop_triggers(&flattening);
	move_sequences(&flattening);
	make_plain(&flattening);
	close_up(&flattening);
	return flattening.good;
}
