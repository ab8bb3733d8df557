/*
 * words.h - the words of a statement, one after the other.
 *
 * Comments are passed like blanks, and those that MySQL or MariaDB execute are read like other text.
 */
#ifndef SLUICE_MYSQL_READER_WORDS_H
#define SLUICE_MYSQL_READER_WORDS_H

#include "query.h"

typedef struct Words
{
	const char *at, *end;
	bool ansi_quotes; /* names may stand between double quotes */
} Words;

/* A part of the query's text. */
extern Words words_of(const QueryEvent *query, const char *at, size_t length);

extern void words_skip_space(Words *words);

/* Passes the word, in any case of letters, if it is this one; nothing otherwise. */
extern bool words_take(Words *words, const char *word);

/* All of the words, which are separated by one space, or nothing. */
extern bool words_take_all(Words *words, const char *list);

/* What stands between the quotes that begin here. */
extern bool words_take_quoted(Words *words, StatementName *name);

/* A name, with quotes taken off; "name" or "schema.name". */
extern bool words_take_name(Words *words, StatementName *name);
extern bool words_take_table(Words *words, StatementName *schema, StatementName *name);

/* Whether it may stand in a name without quotes. */
extern bool word_character(char c);

#endif
