/*
 * query.c - QUERY events and the first words of statements (query.h).
 *
 * Comments are passed, and those that MySQL or MariaDB execute are read like other text.  Where the
 * words are not what a table expects the kind is OTHER, which is always right, if slower.
 */
#include "query.h"

#include "unpack.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- the event ---- */

#define FIXED_SIZE 13

/* Status variables of a known size, by their code; the others are read below. */
static const uint8_t variable_sizes[] = {
	[0] = 4,  [1] = 8,	[3] = 4,  [4] = 6,	[7] = 2,  [8] = 2,	[9] = 8,  [10] = 4,
	[13] = 3, [16] = 1, [17] = 8, [18] = 2, [19] = 1, [20] = 1, [21] = 1,
};

enum
{
	VARIABLE_SQL_MODE = 1,
	VARIABLE_CATALOG_OLD = 2,
	VARIABLE_CHARSET = 4,
	VARIABLE_TIME_ZONE = 5,
	VARIABLE_CATALOG = 6,
	VARIABLE_INVOKER = 11,
	VARIABLE_SCHEMAS = 12,
	VARIABLE_DDL_XID = 17,
	VARIABLE_HRNOW = 128,
	VARIABLE_XID = 129
};

static bool
skip_texts(ByteCursor *variables, int texts, unsigned extra)
{
	while (texts-- > 0)
	{
		size_t length;

		if (variables->at == variables->end)
			return false;
		length = *variables->at + 1u + extra;
		if (length > little_left(variables))
			return false;
		variables->at += length;
	}
	return true;
}

static bool
skip_schemas(ByteCursor *variables)
{
	unsigned count;

	if (variables->at == variables->end)
		return false;
	count = *variables->at++;
	for (; count > 0 && count < 254; count--)
	{
		const uint8_t *end = memchr(variables->at, 0, little_left(variables));

		if (end == NULL)
			return false;
		variables->at = end + 1;
	}
	return true;
}

static bool
skip_variable(uint8_t code, ByteCursor *variables)
{
	size_t size;

	switch (code)
	{
		case VARIABLE_CATALOG_OLD: return skip_texts(variables, 1, 1);
		case VARIABLE_TIME_ZONE:
		case VARIABLE_CATALOG: return skip_texts(variables, 1, 0);
		case VARIABLE_INVOKER: return skip_texts(variables, 2, 0);
		case VARIABLE_SCHEMAS: return skip_schemas(variables);
		default:
			size = code == VARIABLE_HRNOW ? 3 : code == VARIABLE_XID ? 8 : 0;
			if (code < sizeof(variable_sizes))
				size = variable_sizes[code];
			if (size == 0 || size > little_left(variables))
				return false;
			variables->at += size;
			return true;
	}
}

/* One of an unknown code ends it: their lengths cannot be known. */
static void
read_variables(ByteCursor variables, QueryEvent *query)
{
	while (variables.at < variables.end)
	{
		uint8_t code = *variables.at++;
		const uint8_t *value = variables.at;

		if (!skip_variable(code, &variables))
			return;
		if (code == VARIABLE_SQL_MODE)
			query->sql_mode = little_load(value, 8);
		else if (code == VARIABLE_CHARSET)
			query->collation = (uint16_t) little_load(value, 2);
		else if (code == VARIABLE_DDL_XID)
			query->atomic_ddl = true;
	}
}

bool
query_event_read(const Event *event, QueryEvent *query, ByteBuf *unpacked, SluiceError *err)
{
	ByteCursor body = event->body, variables, schema;
	const uint8_t *fixed;
	uint8_t end;

	*query = (QueryEvent){0};
	if (!cursor_take(&body, FIXED_SIZE, &fixed, err) ||
		!little_part(&body, little_load(fixed + 11, 2), &variables, err) ||
		!little_part(&body, fixed[8], &schema, err) || !little_u8(&body, &end, err))
		return false;
	query->error = (uint16_t) little_load(fixed + 9, 2);
	query->schema = (const char *) schema.at;
	query->schema_length = little_left(&schema);
	read_variables(variables, query);
	if (event->header.type == EVENT_QUERY_COMPRESSED)
	{
		if (!unpack_event(body, unpacked, err))
			return false;
		body = (ByteCursor){unpacked->data, unpacked->data + unpacked->length};
	}
	query->text = (const char *) body.at;
	query->text_length = little_left(&body);
	return true;
}

/* ---- words ---- */

typedef struct Words
{
	const char *at, *end;
	bool ansi_quotes;
} Words;

/* Behind a comment that begins here; executable ones only lose their marks. */
static const char *
skip_comment(const Words *words)
{
	const char *at = words->at, *close;

	if (words->end - at >= 3 && at[0] == '/' && at[1] == '*' &&
		(at[2] == '!' || (words->end - at >= 4 && at[2] == 'M' && at[3] == '!')))
	{
		at += at[2] == '!' ? 3 : 4;
		while (at < words->end && isdigit((unsigned char) *at))
			at++;
		return at;
	}
	if (words->end - at >= 2 && at[0] == '/' && at[1] == '*')
	{
		close = memmem(at + 2, (size_t) (words->end - at - 2), "*/", 2);
		return close != NULL ? close + 2 : words->end;
	}
	if (words->end - at >= 2 && at[0] == '*' && at[1] == '/')
		return at + 2; /* the end of an executable one */
	if (*at == '#' ||
		(words->end - at >= 3 && at[0] == '-' && at[1] == '-' && isspace((unsigned char) at[2])))
	{
		close = memchr(at, '\n', (size_t) (words->end - at));
		return close != NULL ? close + 1 : words->end;
	}
	return at;
}

static void
skip_space(Words *words)
{
	const char *before;

	do
	{
		before = words->at;
		while (words->at < words->end && isspace((unsigned char) *words->at))
			words->at++;
		if (words->at < words->end)
			words->at = skip_comment(words);
	} while (words->at != before);
}

static bool
is_name_character(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' || (c & 0x80) != 0;
}

/* Passes the word if it is this one. */
static bool
take_word(Words *words, const char *word)
{
	size_t length = strlen(word);

	skip_space(words);
	if ((size_t) (words->end - words->at) < length || strncasecmp(words->at, word, length) != 0 ||
		((size_t) (words->end - words->at) > length && is_name_character(words->at[length]) &&
		 is_name_character(word[length - 1])))
		return false;
	words->at += length;
	return true;
}

/* All of the words, which are separated by one space, or nothing. */
static bool
take_words(Words *words, const char *list)
{
	Words before = *words;
	char word[32];

	while (*list != '\0')
	{
		size_t length = strcspn(list, " ");

		memcpy(word, list, length);
		word[length] = '\0';
		if (!take_word(words, word))
		{
			*words = before;
			return false;
		}
		list += length + (list[length] == ' ');
	}
	return true;
}

static bool
add_character(StatementName *name, size_t *length, char c)
{
	if (*length + 1 >= sizeof(name->text))
		return false;
	name->text[(*length)++] = c;
	return true;
}

static bool
take_quoted(Words *words, StatementName *name)
{
	char quote = *words->at++;
	size_t length = 0;

	while (words->at < words->end)
	{
		char c = *words->at++;

		if (c == quote)
		{
			if (words->at == words->end || *words->at != quote)
			{
				name->text[length] = '\0';
				return true;
			}
			words->at++;
		}
		if (!add_character(name, &length, c))
			return false;
	}
	return false;
}

static bool
take_name(Words *words, StatementName *name)
{
	size_t length = 0;

	name->text[0] = '\0';
	skip_space(words);
	if (words->at == words->end)
		return false;
	if (*words->at == '`' || (*words->at == '"' && words->ansi_quotes))
		return take_quoted(words, name);
	while (words->at < words->end && is_name_character(*words->at))
	{
		if (!add_character(name, &length, *words->at++))
			return false;
	}
	name->text[length] = '\0';
	return length > 0;
}

/* "name" or "schema.name". */
static bool
take_table(Words *words, StatementName *schema, StatementName *name)
{
	schema->text[0] = '\0';
	if (!take_name(words, name))
		return false;
	skip_space(words);
	if (words->at == words->end || *words->at != '.')
		return true;
	words->at++;
	*schema = *name;
	return take_name(words, name);
}

/* ---- statements ---- */

/* Behind MariaDB's "SET STATEMENT a = b, ... FOR" stands what is executed. */
static void
skip_set_statement(Words *words)
{
	Words at = *words;

	if (!take_words(&at, "set statement"))
		return;
	while (at.at < at.end)
	{
		StatementName ignored;

		if (take_word(&at, "for"))
		{
			*words = at;
			return;
		}
		skip_space(&at);
		if (at.at < at.end && (*at.at == '\'' || *at.at == '"' || *at.at == '`'))
			(void) take_quoted(&at, &ignored);
		else if (at.at < at.end && is_name_character(*at.at))
			(void) take_name(&at, &ignored);
		else if (at.at < at.end)
			at.at++;
	}
}

/* What a statement's name stands behind. */
typedef enum NameForm
{
	NAME_NONE,
	NAME_SAVEPOINT,
	NAME_TABLE,
	NAME_AFTER_ON /* of an index */
} NameForm;

/* The first that fits counts, so longer ones come before shorter ones with the same beginning. */
static const struct
{
	const char *words;
	StatementKind kind;
	NameForm name;
	bool temporary;
} statements[] = {
	{"begin", STATEMENT_BEGIN, NAME_NONE, false},
	{"start transaction", STATEMENT_BEGIN, NAME_NONE, false},
	{"commit", STATEMENT_COMMIT, NAME_NONE, false},
	{"rollback to savepoint", STATEMENT_ROLLBACK_TO, NAME_SAVEPOINT, false},
	{"rollback work to savepoint", STATEMENT_ROLLBACK_TO, NAME_SAVEPOINT, false},
	{"rollback to", STATEMENT_ROLLBACK_TO, NAME_SAVEPOINT, false},
	{"rollback work to", STATEMENT_ROLLBACK_TO, NAME_SAVEPOINT, false},
	{"rollback", STATEMENT_ROLLBACK, NAME_NONE, false},
	{"savepoint", STATEMENT_SAVEPOINT, NAME_SAVEPOINT, false},
	{"release savepoint", STATEMENT_RELEASE, NAME_SAVEPOINT, false},
	{"xa start", STATEMENT_XA_START, NAME_NONE, false},
	{"xa begin", STATEMENT_XA_START, NAME_NONE, false},
	{"xa end", STATEMENT_XA_END, NAME_NONE, false},
	{"xa commit", STATEMENT_XA_COMMIT, NAME_NONE, false},
	{"xa rollback", STATEMENT_XA_ROLLBACK, NAME_NONE, false},
	{"truncate table", STATEMENT_TRUNCATE, NAME_TABLE, false},
	{"truncate", STATEMENT_TRUNCATE, NAME_TABLE, false},
	{"create or replace temporary table", STATEMENT_CREATE_TABLE, NAME_TABLE, true},
	{"create or replace table", STATEMENT_CREATE_TABLE, NAME_TABLE, false},
	{"create temporary table", STATEMENT_CREATE_TABLE, NAME_TABLE, true},
	{"create table", STATEMENT_CREATE_TABLE, NAME_TABLE, false},
	{"alter online ignore table", STATEMENT_ALTER_TABLE, NAME_TABLE, false},
	{"alter online table", STATEMENT_ALTER_TABLE, NAME_TABLE, false},
	{"alter ignore table", STATEMENT_ALTER_TABLE, NAME_TABLE, false},
	{"alter table", STATEMENT_ALTER_TABLE, NAME_TABLE, false},
	{"drop temporary table", STATEMENT_DROP_TABLE, NAME_TABLE, true},
	{"drop table", STATEMENT_DROP_TABLE, NAME_TABLE, false},
	{"drop tables", STATEMENT_DROP_TABLE, NAME_TABLE, false},
	{"rename tables", STATEMENT_RENAME_TABLE, NAME_TABLE, false},
	{"rename table", STATEMENT_RENAME_TABLE, NAME_TABLE, false},
	{"create index", STATEMENT_CREATE_INDEX, NAME_AFTER_ON, false},
	{"create or replace index", STATEMENT_CREATE_INDEX, NAME_AFTER_ON, false},
	{"create unique index", STATEMENT_CREATE_INDEX, NAME_AFTER_ON, false},
	{"create or replace unique index", STATEMENT_CREATE_INDEX, NAME_AFTER_ON, false},
	{"create fulltext index", STATEMENT_CREATE_INDEX, NAME_AFTER_ON, false},
	{"create spatial index", STATEMENT_CREATE_INDEX, NAME_AFTER_ON, false},
	{"drop index", STATEMENT_DROP_INDEX, NAME_AFTER_ON, false},
	{"insert", STATEMENT_ROWS, NAME_NONE, false},
	{"update", STATEMENT_ROWS, NAME_NONE, false},
	{"delete", STATEMENT_ROWS, NAME_NONE, false},
	{"replace", STATEMENT_ROWS, NAME_NONE, false},
	{"load data", STATEMENT_ROWS, NAME_NONE, false},
	{"load xml", STATEMENT_ROWS, NAME_NONE, false},
	{"grant", STATEMENT_UNRELATED, NAME_NONE, false},
	{"revoke", STATEMENT_UNRELATED, NAME_NONE, false},
	{"flush", STATEMENT_UNRELATED, NAME_NONE, false},
	{"analyze", STATEMENT_UNRELATED, NAME_NONE, false},
	{"optimize", STATEMENT_UNRELATED, NAME_NONE, false},
	{"set password", STATEMENT_UNRELATED, NAME_NONE, false},
	{"create user", STATEMENT_UNRELATED, NAME_NONE, false},
	{"alter user", STATEMENT_UNRELATED, NAME_NONE, false},
	{"drop user", STATEMENT_UNRELATED, NAME_NONE, false},
	{"create role", STATEMENT_UNRELATED, NAME_NONE, false},
	{"drop role", STATEMENT_UNRELATED, NAME_NONE, false},
};

static void
take_statement_name(NameForm form, Words *words, Statement *statement)
{
	StatementName index;

	(void) (take_words(words, "if not exists") || take_words(words, "if exists"));
	if (form == NAME_SAVEPOINT)
		(void) take_name(words, &statement->name);
	else if (form == NAME_TABLE)
		(void) take_table(words, &statement->schema, &statement->name);
	else if (form == NAME_AFTER_ON && take_name(words, &index) && take_word(words, "on"))
		(void) take_table(words, &statement->schema, &statement->name);
}

static Words
words_of(const QueryEvent *query, const char *at, size_t length)
{
	return (Words){at, at + length, (query->sql_mode & SQL_MODE_ANSI_QUOTES) != 0};
}

void
statement_read(const QueryEvent *query, Statement *statement)
{
	Words words = words_of(query, query->text, query->text_length);

	*statement = (Statement){.kind = STATEMENT_OTHER};
	skip_set_statement(&words);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
	{
		if (!take_words(&words, statements[i].words))
			continue;
		statement->kind = statements[i].kind;
		statement->temporary = statements[i].temporary;
		if (statements[i].name != NAME_NONE)
			take_statement_name(statements[i].name, &words, statement);
		break;
	}
	statement->rest = words.at;
	statement->rest_length = (size_t) (words.end - words.at);
}

bool
statement_next_table(const QueryEvent *query, Statement *statement, StatementName *new_schema,
					 StatementName *new_name)
{
	Words words = words_of(query, statement->rest, statement->rest_length);
	bool renames = statement->kind == STATEMENT_RENAME_TABLE, there;

	new_schema->text[0] = new_name->text[0] = '\0';
	if (statement->name.text[0] == '\0')
	{
		if (!take_word(&words, ",") || !take_table(&words, &statement->schema, &statement->name))
			return false;
	}
	there = !renames || (take_word(&words, "to") && take_table(&words, new_schema, new_name));
	statement->rest = words.at;
	statement->rest_length = (size_t) (words.end - words.at);
	return there;
}
