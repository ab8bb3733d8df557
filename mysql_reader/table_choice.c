/*
 * table_choice.c - patterns of tables: reading them, matching names (table_choice.h).
 *
 * A pattern keeps its characters as they are to be compared, and one byte beside each that says whether
 * it is a wildcard, so that any character may stand in a name.
 */
#include "table_choice.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANY	 '*'
#define ONE	 '?'
#define SELF 0

typedef struct NamePattern
{
	char *characters;
	char *wild; /* of each character: ANY, ONE or SELF */
	size_t length;
	bool exact; /* no wildcards */
} NamePattern;

typedef struct ChoiceItem
{
	bool excludes;
	NamePattern schema, name;
	char *text; /* as it is written, without space around it */
} ChoiceItem;

struct TableChoice
{
	ChoiceItem *items;
	size_t item_count;
	bool fold;
	bool includes; /* an item does */
};

static const char *const system_schemas[] = {"mysql", "information_schema", "performance_schema",
											 "sys"};
static const char *const tool_suffixes[] = {"_gho", "_ghc", "_del", "_new", "_old"};

/* Of writers to MySQL and MariaDB. */
static const char *const own_tables[] = {"sluice_progress", "sluice_load", "sluice_load_document",
										 "sluice_load_chunk", "sluice_load_bundle"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- reading ---- */

typedef struct Text
{
	const char *at, *end;
} Text;

static void
skip_space(Text *text)
{
	while (text->at < text->end && isspace((unsigned char) *text->at))
		text->at++;
}

static bool
ends_part(const char *at, const Text *text)
{
	return at == text->end || *at == '.' || *at == ',' || isspace((unsigned char) *at);
}

static void
add_character(NamePattern *pattern, char character, char wild, bool fold)
{
	pattern->characters[pattern->length] =
		fold ? (char) tolower((unsigned char) character) : character;
	pattern->wild[pattern->length++] = wild;
	pattern->exact = pattern->exact && wild == SELF;
}

/* Between backticks, from behind the first; a doubled one is itself. */
static bool
take_quoted(Text *text, NamePattern *pattern, bool fold)
{
	while (text->at < text->end)
	{
		char c = *text->at++;

		if (c == '`')
		{
			if (text->at == text->end || *text->at != '`')
				return true;
			text->at++;
		}
		add_character(pattern, c, SELF, fold);
	}
	return false;
}

/* One part of an item; false with `why` when it is none. */
static bool
take_part(Text *text, NamePattern *pattern, bool fold, const char **why)
{
	size_t room = (size_t) (text->end - text->at) + 1;

	pattern->characters = malloc(room);
	pattern->wild = malloc(room);
	pattern->exact = true;
	*why = "out of memory";
	if (pattern->characters == NULL || pattern->wild == NULL)
		return false;
	*why = "a backtick is not closed";
	while (!ends_part(text->at, text))
	{
		char c = *text->at++;

		if (c != '`')
			add_character(pattern, c, c == ANY || c == ONE ? c : SELF, fold);
		else if (!take_quoted(text, pattern, fold))
			return false;
	}
	*why = "a name is missing";
	return pattern->length > 0;
}

static bool
take_item(Text *text, ChoiceItem *item, bool fold, const char **why)
{
	const char *start, *behind;

	skip_space(text);
	start = text->at;
	item->excludes = text->at < text->end && *text->at == '!';
	if (item->excludes)
		text->at++;
	if (!take_part(text, &item->schema, fold, why))
		return false;
	*why = "it is not database.table";
	if (text->at == text->end || *text->at++ != '.' || !take_part(text, &item->name, fold, why))
		return false;
	*why = "something stands behind its table";
	behind = text->at;
	skip_space(text);
	if (text->at < text->end && *text->at != ',')
		return false;
	*why = "out of memory";
	item->text = strndup(start, (size_t) (behind - start));
	return item->text != NULL;
}

static bool
fail_item(const char *item, const Text *text, const char *why, SluiceError *err)
{
	int length = (int) strnlen(item, 100);

	if (text->at > item && text->at < text->end && text->at - item < length)
		length = (int) (text->at - item);
	sluice_error_fill(err, SLUICE_ERROR_ARGUMENT, "tables: \"%.*s\" cannot be read: %s", length,
					  item, why);
	return sluice_hint(err, "Write database.table, with commas between several: 'shop.*', "
							"'shop.orders,!shop.tmp_*'; odd names between backticks.");
}

static ChoiceItem *
add_item(TableChoice *choice)
{
	ChoiceItem *items = realloc(choice->items, (choice->item_count + 1) * sizeof(*choice->items));

	if (items == NULL)
		return NULL;
	choice->items = items;
	items[choice->item_count] = (ChoiceItem){0};
	return &items[choice->item_count++];
}

static bool
take_items(TableChoice *choice, Text *text, SluiceError *err)
{
	for (;;)
	{
		ChoiceItem *item = add_item(choice);
		const char *start, *why = "out of memory";

		skip_space(text);
		start = text->at;
		if (item == NULL || !take_item(text, item, choice->fold, &why))
			return fail_item(start, text, why, err);
		choice->includes = choice->includes || !item->excludes;
		if (text->at == text->end)
			return true;
		text->at++; /* the comma */
	}
}

TableChoice *
table_choice_parse(const char *text, bool fold, SluiceError *err)
{
	Text rest = {text, text + strlen(text)};
	TableChoice *choice = calloc(1, sizeof(*choice));

	if (choice == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for the choice of tables");
		return NULL;
	}
	choice->fold = fold;
	if (take_items(choice, &rest, err))
		return choice;
	table_choice_free(choice);
	return NULL;
}

static void
free_pattern(NamePattern *pattern)
{
	free(pattern->characters);
	free(pattern->wild);
}

void
table_choice_free(TableChoice *choice)
{
	if (choice == NULL)
		return;
	for (size_t i = 0; i < choice->item_count; i++)
	{
		free_pattern(&choice->items[i].schema);
		free_pattern(&choice->items[i].name);
		free(choice->items[i].text);
	}
	free(choice->items);
	free(choice);
}

bool
table_choice_check(const char *text, SluiceError *err)
{
	TableChoice *choice = table_choice_parse(text, false, err);

	table_choice_free(choice);
	return choice != NULL;
}

/* ---- matching ---- */

/* Bytes of the UTF-8 character at `at`. */
static size_t
character_length(const char *at)
{
	size_t length = 1;

	while (((unsigned char) at[length] & 0xC0) == 0x80)
		length++;
	return length;
}

static bool
same_character(char wanted, char found, bool fold)
{
	return wanted == (fold ? (char) tolower((unsigned char) found) : found);
}

/* Goes back to the last * only, which is enough: what an earlier one might take, it may too. */
static bool
pattern_fits(const NamePattern *pattern, const char *name, bool fold)
{
	size_t at = 0, behind_any = 0;
	const char *resume = NULL;

	while (*name != '\0')
	{
		char wild = at < pattern->length ? pattern->wild[at] : SELF;

		if (wild == ANY)
		{
			behind_any = ++at;
			resume = name;
		}
		else if (wild == ONE)
		{
			at++;
			name += character_length(name);
		}
		else if (at < pattern->length && same_character(pattern->characters[at], *name, fold))
		{
			at++;
			name++;
		}
		else if (resume != NULL)
		{
			at = behind_any;
			resume += character_length(resume);
			name = resume;
		}
		else
			return false;
	}
	while (at < pattern->length && pattern->wild[at] == ANY)
		at++;
	return at == pattern->length;
}

bool
table_schema_is_system(const char *schema)
{
	for (size_t i = 0; i < COUNT(system_schemas); i++)
	{
		if (strcasecmp(schema, system_schemas[i]) == 0)
			return true;
	}
	return false;
}

bool
table_name_is_tool(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < COUNT(tool_suffixes); i++)
	{
		size_t suffix = strlen(tool_suffixes[i]);

		if (name[0] == '_' && length > suffix + 1 &&
			strcmp(name + length - suffix, tool_suffixes[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_own(const char *name)
{
	for (size_t i = 0; i < COUNT(own_tables); i++)
	{
		if (strcasecmp(name, own_tables[i]) == 0)
			return true;
	}
	return false;
}

static bool
item_fits(const TableChoice *choice, const ChoiceItem *item, const char *schema, const char *name)
{
	return pattern_fits(&item->schema, schema, choice->fold) &&
		   pattern_fits(&item->name, name, choice->fold);
}

/* Whether a table is chosen; *by_name when by an item without wildcards. */
static bool
is_chosen(const TableChoice *choice, const char *schema, const char *name, bool *by_name)
{
	bool chosen = !choice->includes;

	*by_name = false;
	if (table_schema_is_system(schema))
		return false;
	for (size_t i = 0; i < choice->item_count; i++)
	{
		const ChoiceItem *item = &choice->items[i];

		if (!item_fits(choice, item, schema, name))
			continue;
		if (item->excludes)
			return false;
		chosen = true;
		*by_name = *by_name || item->name.exact;
	}
	return chosen;
}

bool
table_choice_has(const TableChoice *choice, const char *schema, const char *name)
{
	bool by_name;

	return is_chosen(choice, schema, name, &by_name) &&
		   (by_name || (!table_name_is_tool(name) && !is_own(name)));
}

bool
table_choice_skips_tool(const TableChoice *choice, const char *schema, const char *name)
{
	bool by_name;

	return is_chosen(choice, schema, name, &by_name) && !by_name && table_name_is_tool(name);
}

bool
table_choice_has_schema(const TableChoice *choice, const char *schema)
{
	if (table_schema_is_system(schema))
		return false;
	for (size_t i = 0; i < choice->item_count; i++)
	{
		if (!choice->items[i].excludes &&
			pattern_fits(&choice->items[i].schema, schema, choice->fold))
			return true;
	}
	return !choice->includes;
}

const char *
table_choice_wish(const TableChoice *choice, size_t number)
{
	for (size_t i = 0; i < choice->item_count; i++)
	{
		if (!choice->items[i].excludes && number-- == 0)
			return choice->items[i].text;
	}
	return NULL;
}

bool
table_choice_wish_fits(const TableChoice *choice, const char *wish, const char *schema,
					   const char *name)
{
	for (size_t i = 0; i < choice->item_count; i++)
	{
		if (choice->items[i].text == wish)
			return item_fits(choice, &choice->items[i], schema, name);
	}
	return false;
}
