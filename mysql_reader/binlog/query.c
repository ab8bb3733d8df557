/*
 * query.c - QUERY events and the first words of statements (query.h).
 *
 * Where the words are not what a table expects the kind is OTHER, which is always right, if slower.
 */
#include "query.h"

#include "unpack.h"
#include "words.h"

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

/* A length and the name of a time zone. */
static bool
is_utc(const uint8_t *value)
{
	static const char *const names[] = {"+00:00", "UTC"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (value[0] == strlen(names[i]) && memcmp(value + 1, names[i], value[0]) == 0)
			return true;
	}
	return false;
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
		else if (code == VARIABLE_TIME_ZONE)
			query->utc = is_utc(value);
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

/* ---- statements ---- */

/* Behind MariaDB's "SET STATEMENT a = b, ... FOR" stands what is executed. */
static void
skip_set_statement(Words *words)
{
	Words at = *words;

	if (!words_take_all(&at, "set statement"))
		return;
	while (at.at < at.end)
	{
		StatementName ignored;

		if (words_take(&at, "for"))
		{
			*words = at;
			return;
		}
		words_skip_space(&at);
		if (at.at < at.end && (*at.at == '\'' || *at.at == '"' || *at.at == '`'))
			(void) words_take_quoted(&at, &ignored);
		else if (at.at < at.end && word_character(*at.at))
			(void) words_take_name(&at, &ignored);
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

	(void) (words_take_all(words, "if not exists") || words_take_all(words, "if exists"));
	if (form == NAME_SAVEPOINT)
		(void) words_take_name(words, &statement->name);
	else if (form == NAME_TABLE)
		(void) words_take_table(words, &statement->schema, &statement->name);
	else if (form == NAME_AFTER_ON && words_take_name(words, &index) && words_take(words, "on"))
		(void) words_take_table(words, &statement->schema, &statement->name);
}

/*
 * A DELETE of all rows is as good as TRUNCATE.  Older servers log it so themselves, for tables in memory that
 * a restart has emptied.
 */
static void
read_delete(Words *words, Statement *statement)
{
	Words at = *words;

	if (!words_take(&at, "from") || !words_take_table(&at, &statement->schema, &statement->name))
		return;
	words_skip_space(&at);
	if (at.at < at.end && *at.at == ';')
		at.at++;
	words_skip_space(&at);
	if (at.at == at.end)
	{
		statement->kind = STATEMENT_TRUNCATE;
		*words = at;
		return;
	}
	statement->schema.text[0] = statement->name.text[0] = '\0';
}

void
statement_read(const QueryEvent *query, Statement *statement)
{
	Words words = words_of(query, query->text, query->text_length);

	*statement = (Statement){.kind = STATEMENT_OTHER};
	skip_set_statement(&words);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
	{
		if (!words_take_all(&words, statements[i].words))
			continue;
		statement->kind = statements[i].kind;
		statement->temporary = statements[i].temporary;
		if (statements[i].name != NAME_NONE)
			take_statement_name(statements[i].name, &words, statement);
		break;
	}
	if (statement->kind == STATEMENT_ROWS)
		read_delete(&words, statement);
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
		if (!words_take(&words, ",") ||
			!words_take_table(&words, &statement->schema, &statement->name))
			return false;
	}
	there =
		!renames || (words_take(&words, "to") && words_take_table(&words, new_schema, new_name));
	statement->rest = words.at;
	statement->rest_length = (size_t) (words.end - words.at);
	return there;
}
