/*
 * schema_to_pg_expression.c - expressions as MySQL and MariaDB show them, in PostgreSQL's words
 * (schema_to_pg_parts.h).
 *
 * A recursive descent that knows only what means the same at both: each rule gives the text of its part
 * and what it is.  What is not known, or means another thing there (division, comparing texts without
 * case), makes all of it fail; a part that failed has no text.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "schema_to_pg_parts.h"

#define DEPTH_MAXIMUM 100
#define WORD_SIZE	  64
#define ARGUMENTS	  8

/* A part, and what must be known to compare it. */
typedef struct Part
{
	PgClass is;
	const char *sql; /* NULL: failed */
	bool literal;	 /* a text as it stands, which takes the type of what it is compared with */
	bool inexact;	 /* a text that other texts may be equal to */
} Part;

typedef struct Parser
{
	ToPg *t;
	const SchemaTable *table;
	const char *at;
	int depth;
	bool varies;
} Parser;

static const Part failed = {PG_CLASS_NONE, NULL, false, false};

static Part parse_or(Parser *p);
static Part parse_operand(Parser *p);

static Part
part(PgClass is, const char *sql)
{
	return (Part){is, sql, false, false};
}

/* ---- tokens ---- */

static void
skip_blanks(Parser *p)
{
	p->at += strspn(p->at, " \t\r\n");
}

static bool
is_word_character(char c)
{
	return isalnum((unsigned char) c) != 0 || c == '_';
}

/* A symbol that is not the beginning of a longer one, or a word in any case. */
static bool
take(Parser *p, const char *symbol)
{
	size_t length = strlen(symbol);

	skip_blanks(p);
	if (strncasecmp(p->at, symbol, length) != 0)
		return false;
	if (is_word_character(*symbol) ? is_word_character(p->at[length])
								   : strchr("<>=!&|", *symbol) != NULL && p->at[length] != '\0' &&
										 strchr("<>=&|", p->at[length]) != NULL)
		return false;
	p->at += length;
	return true;
}

static bool
take_word(Parser *p, char word[WORD_SIZE])
{
	size_t length = 0;

	skip_blanks(p);
	if (isdigit((unsigned char) *p->at) != 0)
		return false;
	while (is_word_character(p->at[length]) && length + 1 < WORD_SIZE)
	{
		word[length] = (char) tolower((unsigned char) p->at[length]);
		length++;
	}
	word[length] = '\0';
	p->at += length;
	return length > 0;
}

/* Behind the quote at *at: what stands in it, with doubled ones once. */
static const char *
take_quoted(Parser *p, bool escapes)
{
	char quote = *p->at, *made = to_pg_room(p->t, strlen(p->at) + 1), *to = made;

	if (made == NULL)
		return NULL;
	for (p->at++; *p->at != '\0'; p->at++)
	{
		if (*p->at == quote && p->at[1] != quote)
			break;
		if (*p->at == quote)
			p->at++;
		else if (escapes && *p->at == '\\')
			return NULL;
		*to++ = *p->at;
	}
	if (*p->at != quote)
		return NULL;
	p->at++;
	return made;
}

/* ---- what expressions are made of ---- */

static Part
parse_number(Parser *p)
{
	const char *from = p->at;
	bool point = false;

	while (isdigit((unsigned char) *p->at) != 0 || *p->at == '.')
		point |= *p->at++ == '.';
	if (is_word_character(*p->at))
		return failed;
	return part(point ? PG_CLASS_DECIMAL : PG_CLASS_WHOLE,
				to_pg_text(p->t, "%.*s", (int) (p->at - from), from));
}

static Part
parse_text(Parser *p)
{
	const char *text = take_quoted(p, true);

	if (text == NULL)
		return failed;
	return (Part){PG_CLASS_TEXT, to_pg_literal(p->t, text), true, false};
}

static Part
parse_column(Parser *p)
{
	const char *name = take_quoted(p, false);
	const SchemaColumn *column = name != NULL ? schema_table_column(p->table, name) : NULL;
	const ToPgColumn *known;

	skip_blanks(p);
	if (column == NULL || *p->at == '.')
		return failed;
	known = &p->t->columns[p->table - p->t->document->tables][column - p->table->columns];
	if (known->generated || known->is == PG_CLASS_NONE)
		return failed;
	return (Part){known->is, to_pg_quoted(p->t, to_pg_fitted(p->t, column->name)), false,
				  known->is == PG_CLASS_TEXT && !known->exact};
}

/* ---- functions ---- */

/* What functions take and give; PG_CLASS_NONE: whatever it is, of one class. */
static const struct
{
	const char *name, *made;
	int least, most;
	PgClass takes, gives;
} functions[] = {
	{"abs", "abs", 1, 1, PG_CLASS_WHOLE, PG_CLASS_WHOLE},
	{"char_length", "char_length", 1, 1, PG_CLASS_TEXT, PG_CLASS_WHOLE},
	{"character_length", "char_length", 1, 1, PG_CLASS_TEXT, PG_CLASS_WHOLE},
	{"coalesce", "coalesce", 1, ARGUMENTS, PG_CLASS_NONE, PG_CLASS_NONE},
	{"ifnull", "coalesce", 2, 2, PG_CLASS_NONE, PG_CLASS_NONE},
	{"lcase", "lower", 1, 1, PG_CLASS_TEXT, PG_CLASS_TEXT},
	{"lower", "lower", 1, 1, PG_CLASS_TEXT, PG_CLASS_TEXT},
	{"ucase", "upper", 1, 1, PG_CLASS_TEXT, PG_CLASS_TEXT},
	{"upper", "upper", 1, 1, PG_CLASS_TEXT, PG_CLASS_TEXT},
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* Up to the closing bracket; -1 when one failed. */
static int
parse_arguments(Parser *p, Part arguments[ARGUMENTS])
{
	int count = 0;

	if (take(p, ")"))
		return 0;
	do
	{
		if (count == ARGUMENTS)
			return -1;
		arguments[count] = parse_or(p);
		if (arguments[count++].sql == NULL)
			return -1;
	} while (take(p, ","));
	return take(p, ")") ? count : -1;
}

static const char *
join(Parser *p, const Part *arguments, int count, const char *separator)
{
	const char *text = "";

	for (int i = 0; i < count; i++)
		text = to_pg_text(p->t, "%s%s%s", text, i > 0 ? separator : "", arguments[i].sql);
	return text;
}

static bool
all_are(const Part *arguments, int count, PgClass is)
{
	for (int i = 0; i < count; i++)
	{
		if (arguments[i].is != is)
			return false;
	}
	return count > 0;
}

static bool
any_inexact(const Part *arguments, int count)
{
	bool inexact = false;

	for (int i = 0; i < count; i++)
		inexact |= arguments[i].inexact;
	return inexact;
}

/* NULL when one of them is, as MySQL's is: || and not concat(). */
static Part
call_concat(Parser *p, const Part *arguments, int count)
{
	if (!all_are(arguments, count, PG_CLASS_TEXT))
		return failed;
	return (Part){PG_CLASS_TEXT, to_pg_text(p->t, "(%s)", join(p, arguments, count, " || ")), false,
				  any_inexact(arguments, count)};
}

static Part
call_if(Parser *p, const Part *arguments, int count)
{
	if (count != 3 || arguments[0].is != PG_CLASS_BOOL || arguments[1].is != arguments[2].is)
		return failed;
	return (Part){arguments[1].is,
				  to_pg_text(p->t, "CASE WHEN %s THEN %s ELSE %s END", arguments[0].sql,
							 arguments[1].sql, arguments[2].sql),
				  false, any_inexact(arguments, count)};
}

static Part
call(Parser *p, const char *name, const Part *arguments, int count)
{
	PgClass is = count > 0 ? arguments[0].is : PG_CLASS_NONE;
	size_t i = 0;

	while (i < FUNCTIONS && strcmp(functions[i].name, name) != 0)
		i++;
	if (i == FUNCTIONS || count < functions[i].least || count > functions[i].most ||
		!all_are(arguments, count, is) ||
		(functions[i].takes != PG_CLASS_NONE && functions[i].takes != is))
		return failed;
	if (functions[i].gives != PG_CLASS_NONE)
		is = functions[i].gives;
	return (Part){is,
				  to_pg_text(p->t, "%s(%s)", functions[i].made, join(p, arguments, count, ", ")),
				  false, is == PG_CLASS_TEXT && any_inexact(arguments, count)};
}

/* What is another value each time: "current_timestamp(3)", "now()", "uuid()". */
static const struct
{
	const char *name;
	PgClass gives;
	const char *made; /* %s: the digits of seconds in brackets */
} clocks[] = {
	{"current_timestamp", PG_CLASS_MOMENT, "CURRENT_TIMESTAMP%s"},
	{"localtime", PG_CLASS_MOMENT, "CURRENT_TIMESTAMP%s"},
	{"localtimestamp", PG_CLASS_MOMENT, "CURRENT_TIMESTAMP%s"},
	{"now", PG_CLASS_MOMENT, "CURRENT_TIMESTAMP%s"},
	{"curdate", PG_CLASS_DATE, "CURRENT_DATE"},
	{"current_date", PG_CLASS_DATE, "CURRENT_DATE"},
	{"uuid", PG_CLASS_TEXT, "(gen_random_uuid())::text"},
};

#define UUIDS_SINCE 130000

static bool
is_clock(const char *name)
{
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
	{
		if (strcmp(clocks[i].name, name) == 0)
			return true;
	}
	return false;
}

static Part
parse_clock(Parser *p, const char *name)
{
	const char *digits = "", *mark;
	size_t i = 0;

	while (strcmp(clocks[i].name, name) != 0)
		i++;
	if (take(p, "("))
	{
		skip_blanks(p);
		if (*p->at >= '1' && *p->at <= '6')
			digits = to_pg_text(p->t, "(%c)", *p->at);
		p->at += isdigit((unsigned char) *p->at) != 0;
		if (!take(p, ")"))
			return failed;
	}
	if (!p->varies || (clocks[i].gives == PG_CLASS_TEXT && !to_pg_since(p->t, UUIDS_SINCE)))
		return failed;
	mark = strstr(clocks[i].made, "%s");
	if (mark == NULL)
		return part(clocks[i].gives, clocks[i].made);
	return part(clocks[i].gives, to_pg_text(p->t, "%.*s%s", (int) (mark - clocks[i].made),
											clocks[i].made, *digits != '\0' ? digits : "(0)"));
}

/* ---- CASE ---- */

static Part
parse_case(Parser *p)
{
	const char *text = "CASE";
	Part result = failed;

	while (take(p, "when"))
	{
		Part condition = parse_or(p), value;

		if (condition.is != PG_CLASS_BOOL || !take(p, "then"))
			return failed;
		value = parse_or(p);
		if (value.sql == NULL || (result.sql != NULL && value.is != result.is))
			return failed;
		text = to_pg_text(p->t, "%s WHEN %s THEN %s", text, condition.sql, value.sql);
		result = (Part){value.is, text, false, value.inexact || result.inexact};
	}
	if (result.sql != NULL && take(p, "else"))
	{
		Part value = parse_or(p);

		if (value.sql == NULL || (value.is != result.is && value.is != PG_CLASS_NULL))
			return failed;
		text = to_pg_text(p->t, "%s ELSE %s", text, value.sql);
		result.inexact |= value.inexact;
	}
	if (result.sql == NULL || !take(p, "end"))
		return failed;
	result.sql = to_pg_text(p->t, "%s END", text);
	return result;
}

/* ---- operands ---- */

static Part
parse_named(Parser *p)
{
	char word[WORD_SIZE];
	Part arguments[ARGUMENTS];
	int count;

	if (!take_word(p, word))
		return failed;
	if (strcmp(word, "null") == 0)
		return part(PG_CLASS_NULL, "NULL");
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return part(PG_CLASS_BOOL, *word == 't' ? "true" : "false");
	if (strcmp(word, "case") == 0)
		return parse_case(p);
	if (is_clock(word))
		return parse_clock(p, word);
	/* "_utf8mb4'text'" */
	if (*word == '_' && strncmp(word, "_utf8", 5) == 0 && *p->at == '\'')
		return parse_text(p);
	if (!take(p, "(") || (count = parse_arguments(p, arguments)) < 0)
		return failed;
	if (strcmp(word, "concat") == 0)
		return call_concat(p, arguments, count);
	if (strcmp(word, "if") == 0)
		return call_if(p, arguments, count);
	return call(p, word, arguments, count);
}

static Part
parse_whole_operand(Parser *p)
{
	skip_blanks(p);
	if (*p->at == '`')
		return parse_column(p);
	if (*p->at == '\'')
		return parse_text(p);
	if (isdigit((unsigned char) *p->at) != 0)
		return parse_number(p);
	if (take(p, "("))
	{
		Part inner = parse_or(p);

		/* What is made of several parts has its brackets. */
		return inner.sql != NULL && take(p, ")") ? inner : failed;
	}
	if (take(p, "-"))
	{
		Part inner = parse_operand(p);

		if (inner.is != PG_CLASS_WHOLE && inner.is != PG_CLASS_DECIMAL)
			return failed;
		inner.sql = to_pg_text(p->t, "(- %s)", inner.sql);
		return inner;
	}
	return parse_named(p);
}

static Part
parse_operand(Parser *p)
{
	Part operand = failed;

	if (++p->depth <= DEPTH_MAXIMUM)
		operand = parse_whole_operand(p);
	p->depth--;
	return operand;
}

/* ---- arithmetic ---- */

/* In whole numbers as wide as MySQL's, or in decimals. */
static Part
calculate(Parser *p, const Part *a, const char *operator, const Part * b)
{
	bool whole = a->is == PG_CLASS_WHOLE && b->is == PG_CLASS_WHOLE;

	if ((a->is != PG_CLASS_WHOLE && a->is != PG_CLASS_DECIMAL) ||
		(b->is != PG_CLASS_WHOLE && b->is != PG_CLASS_DECIMAL) || (*operator== '%' && !whole))
		return failed;
	return part(whole ? PG_CLASS_WHOLE : PG_CLASS_DECIMAL,
				to_pg_text(p->t, "((%s)::%s %s %s)", a->sql, whole ? "bigint" : "numeric", operator,
						   b->sql));
}

static Part
parse_product(Parser *p)
{
	Part left = parse_operand(p);

	while (left.sql != NULL)
	{
		const char *operator= take(p, "*") ? "*" : take(p, "%") || take(p, "mod") ? "%" : NULL;
		Part right;

		if (operator== NULL)
			return left;
		right = parse_operand(p);
		left = calculate(p, &left, operator, & right);
	}
	return failed;
}

static Part
parse_sum(Parser *p)
{
	Part left = parse_product(p);

	while (left.sql != NULL)
	{
		const char *operator= take(p, "+") ? "+" : take(p, "-") ? "-" : NULL;
		Part right;

		if (operator== NULL)
			return left;
		right = parse_product(p);
		left = calculate(p, &left, operator, & right);
	}
	return failed;
}

/* ---- comparisons ---- */

static bool
is_number(const Part *a)
{
	return a->is == PG_CLASS_WHOLE || a->is == PG_CLASS_DECIMAL;
}

/* A column that has become a boolean is compared with one: 1 is true. */
static void
make_boolean(Part *value)
{
	if (value->is == PG_CLASS_WHOLE &&
		(strcmp(value->sql, "1") == 0 || strcmp(value->sql, "0") == 0))
		*value = part(PG_CLASS_BOOL, *value->sql == '1' ? "true" : "false");
}

static bool
comparable(Part *a, Part *b)
{
	if (a->sql == NULL || b->sql == NULL || a->inexact || b->inexact)
		return false;
	if (a->is == PG_CLASS_BOOL)
		make_boolean(b);
	if (b->is == PG_CLASS_BOOL)
		make_boolean(a);
	if (is_number(a) && is_number(b))
		return true;
	/* A date in quotes is a date where it stands beside one. */
	if ((a->is == PG_CLASS_DATE && b->literal) || (b->is == PG_CLASS_DATE && a->literal))
		return true;
	return a->is == b->is && a->is != PG_CLASS_NULL && a->is != PG_CLASS_NONE;
}

static Part
parse_list(Parser *p, Part *left, bool not )
{
	const char *text = "";

	if (!take(p, "("))
		return failed;
	do
	{
		Part value = parse_or(p);

		if (!comparable(left, &value))
			return failed;
		text = to_pg_text(p->t, "%s%s%s", text, *text != '\0' ? ", " : "", value.sql);
	} while (take(p, ","));
	if (!take(p, ")"))
		return failed;
	return part(PG_CLASS_BOOL,
				to_pg_text(p->t, "(%s %sIN (%s))", left->sql, not ? "NOT " : "", text));
}

static Part
parse_between(Parser *p, Part *left, bool not )
{
	Part from = parse_sum(p), to;

	if (!take(p, "and"))
		return failed;
	to = parse_sum(p);
	if (!comparable(left, &from) || !comparable(left, &to))
		return failed;
	return part(PG_CLASS_BOOL, to_pg_text(p->t, "(%s %sBETWEEN %s AND %s)", left->sql,
										  not ? "NOT " : "", from.sql, to.sql));
}

static Part
parse_like(Parser *p, Part *left, bool not )
{
	Part pattern = parse_sum(p);

	if (left->is != PG_CLASS_TEXT || !pattern.literal || !comparable(left, &pattern))
		return failed;
	return part(PG_CLASS_BOOL,
				to_pg_text(p->t, "(%s %sLIKE %s)", left->sql, not ? "NOT " : "", pattern.sql));
}

static Part
parse_is(Parser *p, const Part *left)
{
	bool not = take(p, "not");

	if (!take(p, "null"))
		return failed;
	return part(PG_CLASS_BOOL, to_pg_text(p->t, "(%s IS %sNULL)", left->sql, not ? "NOT " : ""));
}

static Part
parse_comparison(Parser *p)
{
	static const char *const operators[] = {"=", "<>", "!=", "<=", ">=", "<", ">"};
	Part left = parse_sum(p), right;
	bool not ;

	if (left.sql == NULL)
		return failed;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
	{
		if (!take(p, operators[i]))
			continue;
		right = parse_sum(p);
		if (!comparable(&left, &right))
			return failed;
		return part(PG_CLASS_BOOL,
					to_pg_text(p->t, "(%s %s %s)", left.sql, operators[i], right.sql));
	}
	if (take(p, "is"))
		return parse_is(p, &left);
	not = take(p, "not");
	if (take(p, "in"))
		return parse_list(p, &left, not );
	if (take(p, "between"))
		return parse_between(p, &left, not );
	if (take(p, "like"))
		return parse_like(p, &left, not );
	return not ? failed : left;
}

/* ---- logic ---- */

static Part
parse_not(Parser *p)
{
	Part inner = failed;

	if (!take(p, "not") && !take(p, "!"))
		return parse_comparison(p);
	if (++p->depth <= DEPTH_MAXIMUM)
		inner = parse_not(p);
	p->depth--;
	return inner.is == PG_CLASS_BOOL ? part(PG_CLASS_BOOL, to_pg_text(p->t, "(NOT %s)", inner.sql))
									 : failed;
}

static Part
combine(Parser *p, const Part *left, const char *word, const Part *right)
{
	if (left->is != PG_CLASS_BOOL || right->is != PG_CLASS_BOOL)
		return failed;
	return part(PG_CLASS_BOOL, to_pg_text(p->t, "(%s %s %s)", left->sql, word, right->sql));
}

static Part
parse_and(Parser *p)
{
	Part left = parse_not(p);

	while (left.sql != NULL && (take(p, "and") || take(p, "&&")))
	{
		Part right = parse_not(p);

		left = combine(p, &left, "AND", &right);
	}
	return left;
}

static Part
parse_or(Parser *p)
{
	Part left = parse_and(p);

	while (left.sql != NULL && take(p, "or"))
	{
		Part right = parse_and(p);

		left = combine(p, &left, "OR", &right);
	}
	return left;
}

PgExpression
to_pg_expression(ToPg *t, const SchemaTable *table, const char *text, bool varies)
{
	Parser parser = {.t = t, .table = table, .at = text, .varies = varies};
	Part whole;

	if (text == NULL)
		return (PgExpression){PG_CLASS_NONE, NULL};
	whole = parse_or(&parser);
	skip_blanks(&parser);
	if (whole.sql == NULL || *parser.at != '\0')
		return (PgExpression){PG_CLASS_NONE, NULL};
	return (PgExpression){whole.is, whole.sql};
}
