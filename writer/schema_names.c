/*
 * schema_names.c - renaming schemas on their way to the target (schema_names.h).
 *
 * Names inside of expressions and definitions stay: what is made from those must not be PostgreSQL's.
 */
#include "schema_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct Pair
{
	const char *from, *to;
} Pair;

struct SchemaNames
{
	char *text;
	Pair *pairs;
	size_t count;
};

/* ---- reading ---- */

static bool
fail_pair(const char *text, const char *why, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.80s\" %s", text, why);
	return sluice_hint(err,
					   "it is like shop=sales, log=audit: names of the source, and after the = "
					   "those at the target");
}

static char *
trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* Two of one name at the target could have tables of one name. */
static bool
add(SchemaNames *names, const char *from, const char *to, SluiceError *err)
{
	if (*from == '\0' || *to == '\0')
		return fail_pair(*from == '\0' ? to : from, "lacks a name", err);
	for (size_t i = 0; i < names->count; i++)
	{
		if (strcmp(names->pairs[i].from, from) == 0)
			return fail_pair(from, "is there twice", err);
		if (strcmp(names->pairs[i].to, to) == 0)
			return fail_pair(to, "is what two should become", err);
	}
	names->pairs[names->count++] = (Pair){from, to};
	return true;
}

static bool
read_pairs(SchemaNames *names, SluiceError *err)
{
	char *rest = names->text, *pair;

	while ((pair = strsep(&rest, ",")) != NULL)
	{
		char *equals = strchr(pair, '=');

		if (*trim(pair) == '\0')
			continue;
		if (equals == NULL)
			return fail_pair(pair, "has no =", err);
		*equals = '\0';
		if (!add(names, trim(pair), trim(equals + 1), err))
			return false;
	}
	return true;
}

SchemaNames *
schema_names_read(const char *text, SluiceError *err)
{
	SchemaNames *names = calloc(1, sizeof(*names));

	if (names != NULL)
	{
		names->text = strdup(text);
		names->pairs = calloc(strlen(text) + 1, sizeof(Pair));
	}
	if (names == NULL || names->text == NULL || names->pairs == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for names");
	else if (read_pairs(names, err))
		return names;
	schema_names_free(names);
	return NULL;
}

void
schema_names_free(SchemaNames *names)
{
	if (names == NULL)
		return;
	free(names->text);
	free(names->pairs);
	free(names);
}

/* ---- using ---- */

const char *
schema_names_target(const SchemaNames *names, const char *schema)
{
	for (size_t i = 0; names != NULL && i < names->count; i++)
	{
		if (strcmp(names->pairs[i].from, schema) == 0)
			return names->pairs[i].to;
	}
	return schema;
}

bool
schema_names_gives(const SchemaNames *names, const char *name)
{
	for (size_t i = 0; names != NULL && i < names->count; i++)
	{
		if (strcmp(names->pairs[i].to, name) == 0)
			return true;
	}
	return false;
}

static void
rename_table(const SchemaNames *names, SchemaTable *table)
{
	table->schema = schema_names_target(names, table->schema);
	for (size_t i = 0; i < table->inherits_count; i++)
		table->inherits[i].schema = schema_names_target(names, table->inherits[i].schema);
	if (table->partition_of != NULL)
		table->partition_of->schema = schema_names_target(names, table->partition_of->schema);
	for (size_t i = 0; i < table->foreign_key_count; i++)
		table->foreign_keys[i].schema = schema_names_target(names, table->foreign_keys[i].schema);
}

void
schema_names_apply(const SchemaNames *names, SchemaDocument *document)
{
	for (size_t i = 0; i < document->schema_count; i++)
		document->schemas[i].name = schema_names_target(names, document->schemas[i].name);
	for (size_t i = 0; i < document->table_count; i++)
		rename_table(names, &document->tables[i]);
	for (size_t i = 0; i < document->sequence_count; i++)
	{
		SchemaSequenceOwner *owner = document->sequences[i].owner;

		if (owner != NULL)
			owner->schema = schema_names_target(names, owner->schema);
	}
	for (size_t i = 0; document->load != NULL && i < document->load->table_count; i++)
		document->load->tables[i].schema =
			schema_names_target(names, document->load->tables[i].schema);
}
