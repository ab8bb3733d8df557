/*
 * alter.c - the clauses of an ALTER TABLE that rename, and those that add columns (alter.h).
 */
#include "alter.h"

#include <string.h>
#include <strings.h>

#include "words.h"

/* Passes what stands in quotes or brackets, or one character. */
static void
skip_piece(Words *words, unsigned *depth)
{
	char c = *words->at;
	const char *close;

	if (c == '\'' || c == '"' || c == '`')
	{
		for (close = words->at + 1; close < words->end && *close != c; close++)
			close += *close == '\\' && c != '`' && close + 1 < words->end;
		words->at = close < words->end ? close + 1 : words->end;
		return;
	}
	*depth += c == '(';
	*depth -= c == ')' && *depth > 0;
	words->at++;
}

static bool
ends_clause(const Words *words, unsigned depth)
{
	return words->at == words->end || (depth == 0 && (*words->at == ',' || *words->at == ')'));
}

/* Behind the comma that ends the clause; false when the statement ends with it. */
static bool
next_clause(Words *words)
{
	unsigned depth = 0;

	for (words_skip_space(words); words->at < words->end && (*words->at != ',' || depth > 0);
		 words_skip_space(words))
		skip_piece(words, &depth);
	if (words->at == words->end)
		return false;
	words->at++;
	return true;
}

static bool
read_change(Words *words, AlterRename *rename)
{
	rename->column = true;
	(void) words_take(words, "column");
	(void) words_take_all(words, "if exists");
	return words_take_name(words, &rename->from) && words_take_name(words, &rename->to) &&
		   strcmp(rename->from.text, rename->to.text) != 0;
}

static bool
read_rename(Words *words, AlterRename *rename)
{
	if (words_take(words, "index") || words_take(words, "key"))
		return false;
	rename->column = words_take(words, "column");
	if (rename->column)
	{
		(void) words_take_all(words, "if exists");
		return words_take_name(words, &rename->from) && words_take(words, "to") &&
			   words_take_name(words, &rename->to);
	}
	(void) (words_take(words, "to") || words_take(words, "as") || words_take(words, "="));
	return words_take_table(words, &rename->schema, &rename->to);
}

bool
alter_next_rename(const QueryEvent *query, Statement *statement, AlterRename *rename)
{
	Words words = words_of(query, statement->rest, statement->rest_length);
	bool found = false, more = true;

	while (!found && more)
	{
		*rename = (AlterRename){0};
		found = words_take(&words, "change")   ? read_change(&words, rename)
				: words_take(&words, "rename") ? read_rename(&words, rename)
											   : false;
		more = next_clause(&words);
	}
	statement->rest = words.at;
	statement->rest_length = (size_t) (words.end - words.at);
	return found;
}

/* ---- rows that no event tells of ---- */

static bool
take_moving(Words *words)
{
	static const char *const clauses[] = {
		"truncate partition", "drop partition",	   "exchange partition",
		"discard partition",  "import partition",  "discard tablespace",
		"import tablespace",  "convert partition", "convert table",
	};

	for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++)
	{
		if (words_take_all(words, clauses[i]))
			return true;
	}
	return false;
}

bool
alter_moves_rows(const QueryEvent *query, const Statement *statement, StatementName *schema,
				 StatementName *name)
{
	Words words = words_of(query, statement->rest, statement->rest_length);
	StatementName partition;
	bool found = false, more = true;

	*schema = *name = (StatementName){""};
	while (!found && more)
	{
		found = take_moving(&words);
		more = !found && next_clause(&words);
	}
	if (found && words_take_name(&words, &partition) && words_take_all(&words, "with table") &&
		!words_take_table(&words, schema, name))
		*schema = *name = (StatementName){""};
	return found;
}

/* ---- new columns ---- */

/* What may be added besides columns; a column of such a name stands in quotes. */
static bool
is_no_column(const Words *words)
{
	static const char *const kinds[] = {"index",   "key",	 "unique",	"primary",	  "fulltext",
										"spatial", "check",	 "foreign", "constraint", "partition",
										"period",  "system", "vector"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		Words at = *words;

		if (words_take(&at, kinds[i]))
			return true;
	}
	return false;
}

/* The word, or the piece in quotes or brackets, that begins here. */
static void
skip_word(Words *words)
{
	unsigned depth = 0;

	if (!word_character(*words->at))
	{
		do
			skip_piece(words, &depth);
		while (depth > 0 && words->at < words->end);
		return;
	}
	while (words->at < words->end && word_character(*words->at))
		words->at++;
}

/* A literal with its sign or prefix, or a word with its brackets: CURRENT_TIMESTAMP(3). */
static void
take_value(Words *words, AlterAdded *added)
{
	words_skip_space(words);
	added->value = words->at;
	if (words->at < words->end && (*words->at == '-' || *words->at == '+'))
		words->at++;
	if (words->at < words->end)
		skip_word(words);
	if (words->at < words->end && *words->at == '.')
		words->at++, skip_word(words);
	if (words->at < words->end && (*words->at == '(' || *words->at == '\''))
		skip_word(words);
	added->length = (size_t) (words->at - added->value);
}

/* Up to the end of the column's clause. */
static void
read_column(Words *words, AlterAdded *added)
{
	for (words_skip_space(words); !ends_clause(words, 0); words_skip_space(words))
	{
		if (words_take(words, "default") && added->value == NULL)
			take_value(words, added);
		else if (!ends_clause(words, 0))
			skip_word(words);
	}
}

static bool
read_added(Words *words, AlterAdded *added)
{
	bool column = words_take(words, "column");

	if (!column && is_no_column(words))
		return false;
	(void) words_take_all(words, "if not exists");
	if (!words_take_name(words, &added->column))
		return false;
	read_column(words, added);
	return true;
}

bool
alter_next_added(const QueryEvent *query, Statement *statement, AlterAdded *added)
{
	Words words = words_of(query, statement->rest, statement->rest_length);
	bool found = false, more = true;

	while (!found && more)
	{
		*added = (AlterAdded){0};
		found = words_take(&words, "add") ? read_added(&words, added) : false;
		more = next_clause(&words);
	}
	statement->rest = words.at;
	statement->rest_length = (size_t) (words.end - words.at);
	return found;
}
