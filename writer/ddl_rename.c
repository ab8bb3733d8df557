/*
 * ddl_rename.c - whether two definitions differ by nothing but the change's renames.
 *
 * Both are read word by word, as PostgreSQL or MySQL write them; validating is no other definition.  A
 * name of a column stands for the column of that position after the change; of a foreign key, behind
 * REFERENCES, in the other table.  Names of tables, schemas, types and sequences may become what the
 * change makes of them.
 */
#include <string.h>

#include "ddl_parts.h"

typedef struct Word
{
	const char *at;
	size_t length; /* 0 at the end */
	bool is_name;
	bool may_be_column; /* no type, no function, and nothing qualified */
} Word;

/* ---- words ---- */

static bool
begins_name(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}

static bool
continues_name(char c)
{
	return begins_name(c) || c == '$' || (c >= '0' && c <= '9');
}

/* With its quotes; one in the text is there twice. */
static size_t
quoted_length(const char *at)
{
	size_t length = 1;

	while (at[length] != '\0' && (at[length] != *at || at[length + 1] == *at))
		length += at[length] == *at ? 2 : 1;
	return at[length] == '\0' ? length : length + 1;
}

static size_t
word_length(const char *at)
{
	size_t length = 0;

	if (*at == '"' || *at == '`' || *at == '\'')
		return quoted_length(at);
	while (continues_name(at[length]))
		length++;
	return length == 0 && *at != '\0' ? 1 : length;
}

/* The word that follows `before`, which is the text's begin at first. */
static Word
next_word(const char *text, const Word *before)
{
	const char *at = before->at + before->length;
	Word word = {.at = at + strspn(at, " \n\t")};
	char next;

	word.length = word_length(word.at);
	next = word.length > 0 ? word.at[word.length] : '\0';
	word.is_name = begins_name(*word.at) || *word.at == '"' || *word.at == '`';
	word.may_be_column = word.is_name && next != '(' && next != '.' &&
						 (word.at == text || (word.at[-1] != ':' && word.at[-1] != '.'));
	return word;
}

static bool
same_word(const Word *a, const Word *b)
{
	return a->length == b->length && memcmp(a->at, b->at, a->length) == 0;
}

static bool
is_word(const Word *word, const char *text)
{
	return strlen(text) == word->length && memcmp(word->at, text, word->length) == 0;
}

/* Whether the word, quoted or not, is that name. */
static bool
names(const Word *word, const char *name)
{
	const char *at = word->at + 1, *end = word->at + word->length - 1;

	if (*word->at != '"' && *word->at != '`')
		return is_word(word, name);
	for (; at < end && *name == *at; name++, at++)
		at += *at == *word->at;
	return at == end && *name == '\0';
}

/* ---- what the change renames ---- */

static bool
becomes(const Word *old, const Word *new, const char *from, const char *to)
{
	return names(old, from) && names(new, to);
}

/* As a table, a schema, a type or a sequence. */
static bool
is_renamed(const DdlChange *ddl, const Word *old, const Word *new)
{
	for (size_t i = 0; i < ddl->change->after.table_count; i++)
	{
		const TablePair pair = ddl_pair(ddl, i);

		if (pair.old != NULL && (becomes(old, new, pair.old->name, pair.new->name) ||
								 becomes(old, new, pair.old->schema, pair.new->schema)))
			return true;
	}
	for (size_t i = 0; i < ddl->change->renamed_count; i++)
	{
		const SchemaName *from = &ddl->change->renamed[i].from, *to = &ddl->change->renamed[i].to;

		if (becomes(old, new, from->name, to->name) || becomes(old, new, from->schema, to->schema))
			return true;
	}
	return false;
}

static const SchemaColumn *
named_column(const SchemaTable *table, const Word *name)
{
	for (size_t i = 0; table != NULL && i < table->column_count; i++)
	{
		if (names(name, table->columns[i].name))
			return &table->columns[i];
	}
	return NULL;
}

/* A column's old name that stays is something else's, unless another column has it now. */
static bool
same_meaning(const DdlChange *ddl, const TablePair *pair, const Word *old, const Word *new)
{
	const SchemaColumn *was, *is;

	if (!old->is_name || !new->is_name)
		return same_word(old, new);
	was = old->may_be_column ? named_column(pair->old, old) : NULL;
	is = new->may_be_column ? named_column(pair->new, new) : NULL;
	if (was != NULL && is != NULL)
		return was->position == is->position;
	return same_word(old, new) || is_renamed(ddl, old, new);
}

/* ---- definitions ---- */

/* The table of before that is called so, and what became of it. */
static TablePair
pair_named(const DdlChange *ddl, const SchemaName *name)
{
	TablePair pair = {NULL, NULL};

	if (name != NULL)
		pair.old = schema_document_table_named(&ddl->change->before, name->schema, name->name);
	if (pair.old != NULL)
		pair.new = schema_document_table(&ddl->change->after, pair.old->id);
	return pair;
}

static bool
ends(const Word *word)
{
	return word->length == 0 || strcmp(word->at, "NOT VALID") == 0;
}

bool
ddl_same_but_names(const DdlChange *ddl, const TablePair *pair, const SchemaName *to,
				   const char *old, const char *new)
{
	const TablePair other = pair_named(ddl, to);
	Word a = {.at = old}, b = {.at = new};

	do
	{
		a = next_word(old, &a);
		b = next_word(new, &b);
		if (ends(&a) && ends(&b))
			return true;
		if (!same_meaning(ddl, pair, &a, &b))
			return false;
		if (to != NULL && is_word(&a, "REFERENCES"))
			pair = &other;
	} while (a.length > 0);
	return false;
}
