/*
 * my_expression.c - a recursive descent through PostgreSQL's deparsed expressions (my_expression.h).
 *
 * Deparsed expressions have all their brackets, so precedence matters little; each rule writes its
 * part as it goes.  `failed` once set stays: rules then write nonsense and end at the next token.
 */
#include "my_expression.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/type_rules.h"
#include "my_ddl.h"

#define NAME_SIZE	  256
#define LITERAL_SIZE  4096
#define DEPTH_MAXIMUM 200

typedef struct Translation
{
	const MyNames *names;
	FILE *out;
	const char *at;
	int depth;
	bool failed;
} Translation;

static MyClass translate_or(Translation *t);

static MyClass
fail(Translation *t)
{
	t->failed = true;
	return CLASS_NONE;
}

/* ---- tokens ---- */

static void
skip_blanks(Translation *t)
{
	t->at += strspn(t->at, " \t\r\n");
}

static bool
is_word_character(char c)
{
	return isalnum((unsigned char) c) != 0 || c == '_' || c == '$' || (c & 0x80) != 0;
}

/* Takes a symbol that is not the beginning of a longer operator. */
static bool
take(Translation *t, const char *symbol)
{
	size_t length = strlen(symbol);

	skip_blanks(t);
	if (strncmp(t->at, symbol, length) != 0)
		return false;
	if (is_word_character(symbol[0])
			? is_word_character(t->at[length])
			: (strchr("()[],", symbol[0]) == NULL && t->at[length] != '\0' &&
			   strchr("<>=~!*@#%^&|?/+", t->at[length]) != NULL))
		return false;
	t->at += length;
	return true;
}

/* A name: plain or quoted. */
static bool
take_name(Translation *t, char *name, bool *quoted)
{
	size_t length = 0;

	skip_blanks(t);
	*quoted = *t->at == '"';
	if (!*quoted && (isdigit((unsigned char) *t->at) != 0 || !is_word_character(*t->at)))
		return false;
	for (t->at += *quoted; length + 1 < NAME_SIZE; t->at++)
	{
		if (*quoted ? *t->at == '"' : !is_word_character(*t->at))
		{
			if (!*quoted || t->at[1] != '"')
				break;
			t->at++;
		}
		if (*t->at == '\0')
			break;
		name[length++] = *t->at;
	}
	name[length] = '\0';
	if (*quoted)
		t->at += *t->at == '"';
	return length > 0;
}

/* 'text'; E'' strings, which hold what MySQL would read otherwise, are not taken. */
static bool
take_text(Translation *t, char *text)
{
	size_t length = 0;

	skip_blanks(t);
	if (*t->at != '\'')
		return false;
	for (t->at++; *t->at != '\0' && length + 1 < LITERAL_SIZE; t->at++)
	{
		if (*t->at == '\'' && t->at[1] != '\'')
			break;
		t->at += *t->at == '\'';
		text[length++] = *t->at;
	}
	text[length] = '\0';
	if (*t->at != '\'')
		t->failed = true;
	else
		t->at++;
	return true;
}

/* ---- casts ---- */

static const struct
{
	const char *type;
	MyClass value;
	bool wide; /* every value of the class stays what it is */
} cast_types[] = {
	{"bool", CLASS_BOOL, true},		  {"bpchar", CLASS_TEXT, false},
	{"date", CLASS_TIME, false},	  {"float4", CLASS_NUMBER, false},
	{"float8", CLASS_NUMBER, false},  {"int2", CLASS_NUMBER, false},
	{"int4", CLASS_NUMBER, false},	  {"int8", CLASS_NUMBER, false},
	{"numeric", CLASS_NUMBER, true},  {"text", CLASS_TEXT, true},
	{"timestamp", CLASS_TIME, false}, {"uuid", CLASS_TEXT, false},
	{"varchar", CLASS_TEXT, true},
};

/* The text of a type behind "::", to the end of what can belong to it. */
static void
take_type(Translation *t, SqlType *type)
{
	char text[SQL_TYPE_SIZE];
	const char *from;
	size_t length;
	static const char *const tails[] = {" varying", " precision", " without time zone",
										" with time zone"};
	bool quoted = false;

	skip_blanks(t);
	from = t->at;
	while (*t->at != '\0' &&
		   (quoted || is_word_character(*t->at) || *t->at == '.' || *t->at == '"'))
	{
		quoted ^= *t->at == '"';
		t->at++;
	}
	for (int round = 0; round < 2; round++)
	{
		if (*t->at == '(')
			t->at += strcspn(t->at, ")") + (strchr(t->at, ')') != NULL);
		for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		{
			if (strncmp(t->at, tails[i], strlen(tails[i])) == 0)
				t->at += strlen(tails[i]);
		}
	}
	while (strncmp(t->at, "[]", 2) == 0)
		t->at += 2;
	length = (size_t) (t->at - from);
	if (length >= sizeof(text))
		length = sizeof(text) - 1;
	memcpy(text, from, length);
	text[length] = '\0';
	sql_type_read(text, type);
}

static bool
is_number(const char *text)
{
	char *end;

	if (*text == '\0' || strspn(text, "+-0123456789.eE") != strlen(text))
		return false;
	(void) strtod(text, &end);
	return *end == '\0';
}

/* A constant: 'text'::type. */
static MyClass
translate_constant(Translation *t)
{
	char text[LITERAL_SIZE];
	SqlType type = {.name = "text"};
	MyClass value = CLASS_NONE;

	(void) take_text(t, text);
	if (take(t, "::"))
		take_type(t, &type);
	if (type.qualified && !type.array) /* an enum's label */
		value = CLASS_LABEL;
	for (size_t i = 0; !type.qualified && i < sizeof(cast_types) / sizeof(cast_types[0]); i++)
	{
		if (strcmp(cast_types[i].type, type.name) == 0)
			value = cast_types[i].value;
	}
	if (type.array || value == CLASS_NONE || (value == CLASS_NUMBER && !is_number(text)) ||
		(value == CLASS_TIME && (strchr("0123456789", text[0]) == NULL || strlen(text) < 10 ||
								 text[4] != '-' || strpbrk(text, "BCbc") != NULL)))
		return fail(t);
	if (value == CLASS_NUMBER)
		(void) fputs(text, t->out);
	else if (value == CLASS_BOOL)
		(void) fputs(text[0] == 't' ? "1" : "0", t->out);
	else
	{
		if (value == CLASS_TIME)
			(void) fputs(strcmp(type.name, "date") == 0 ? "DATE" : "TIMESTAMP", t->out);
		my_write_literal(t->out, text);
	}
	return value;
}

/* Casts of what is no constant: those that change nothing. */
static MyClass
translate_casts(Translation *t, MyClass value)
{
	while (!t->failed && take(t, "::"))
	{
		bool fits = false;
		SqlType type;

		take_type(t, &type);
		if (type.array)
			return fail(t);
		for (size_t i = 0; i < sizeof(cast_types) / sizeof(cast_types[0]); i++)
			fits |= !type.qualified && strcmp(cast_types[i].type, type.name) == 0 &&
					cast_types[i].value == value && cast_types[i].wide && type.modifiers == 0;
		if (!fits && value != CLASS_NULL)
			return fail(t);
	}
	return value;
}

/* ---- values ---- */

static const struct
{
	const char *name, *here;
	int arguments; /* 0: one or more */
	MyClass argument, value;
} functions[] = {
	{"abs", "ABS", 1, CLASS_NUMBER, CLASS_NUMBER},
	{"char_length", "CHAR_LENGTH", 1, CLASS_TEXT, CLASS_NUMBER},
	{"character_length", "CHAR_LENGTH", 1, CLASS_TEXT, CLASS_NUMBER},
	{"length", "CHAR_LENGTH", 1, CLASS_TEXT, CLASS_NUMBER},
	{"lower", "LOWER", 1, CLASS_TEXT, CLASS_TEXT},
	{"octet_length", "OCTET_LENGTH", 1, CLASS_TEXT, CLASS_NUMBER},
	{"upper", "UPPER", 1, CLASS_TEXT, CLASS_TEXT},
	{"coalesce", "COALESCE", 0, CLASS_NONE, CLASS_NONE},
};

static MyClass
translate_function(Translation *t, const char *name)
{
	size_t i = 0, count = sizeof(functions) / sizeof(functions[0]);
	MyClass value = CLASS_NONE;
	int arguments = 0;

	while (i < count && strcasecmp(functions[i].name, name) != 0)
		i++;
	if (i == count)
		return fail(t);
	(void) fprintf(t->out, "%s(", functions[i].here);
	do
	{
		MyClass argument;

		if (arguments++ > 0)
			(void) fputs(", ", t->out);
		argument = translate_or(t);
		if (functions[i].argument != CLASS_NONE && argument != functions[i].argument)
			return fail(t);
		if (value == CLASS_NONE)
			value = argument;
		else if (value != argument)
			return fail(t);
	} while (!t->failed && take(t, ","));
	if (!take(t, ")") || (functions[i].arguments > 0 && arguments != functions[i].arguments))
		return fail(t);
	(void) fputc(')', t->out);
	return functions[i].value != CLASS_NONE ? functions[i].value : value;
}

static MyClass
translate_word(Translation *t)
{
	static const struct
	{
		const char *word, *here;
		MyClass value;
	} words[] = {
		{"true", "1", CLASS_BOOL}, {"false", "0", CLASS_BOOL}, {"null", "NULL", CLASS_NULL}};
	char name[NAME_SIZE];
	MyClass value;
	bool quoted;

	if (!take_name(t, name, &quoted))
		return fail(t);
	if (!quoted)
	{
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		{
			if (strcasecmp(words[i].word, name) != 0)
				continue;
			(void) fputs(words[i].here, t->out);
			return words[i].value;
		}
		if (t->names->value != NULL && strcmp(name, "VALUE") == 0)
			(void) snprintf(name, sizeof(name), "%s", t->names->value);
		else if (take(t, "("))
			return translate_function(t, name);
	}
	if (!t->names->column(t->names->context, name, &value))
		return fail(t);
	my_write_name(t->out, name);
	return value;
}

static MyClass
translate_number(Translation *t)
{
	size_t length = strspn(t->at, "0123456789.eE");

	(void) fwrite(t->at, 1, length, t->out);
	t->at += length;
	return CLASS_NUMBER;
}

static MyClass
translate_primary(Translation *t)
{
	MyClass value;

	skip_blanks(t);
	if (++t->depth > DEPTH_MAXIMUM)
		return fail(t);
	if (take(t, "("))
	{
		(void) fputc('(', t->out);
		value = translate_or(t);
		if (!take(t, ")"))
			return fail(t);
		(void) fputc(')', t->out);
	}
	else if (*t->at == '\'')
		value = translate_constant(t);
	else if (isdigit((unsigned char) *t->at) != 0 || *t->at == '.')
		value = translate_number(t);
	else if (*t->at == '-')
	{
		t->at++;
		(void) fputc('-', t->out);
		value = translate_primary(t);
		if (value != CLASS_NUMBER)
			return fail(t);
	}
	else
		value = translate_word(t);
	t->depth--;
	return t->failed ? CLASS_NONE : translate_casts(t, value);
}

/* + - *: of numbers alone; division differs. */
static MyClass
translate_sum(Translation *t)
{
	static const char *const operators[] = {"+", "-", "*"};
	MyClass value = translate_primary(t);
	bool going = true;

	while (going && !t->failed)
	{
		going = false;
		for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]) && !going; i++)
		{
			if (!take(t, operators[i]))
				continue;
			going = true;
			(void) fprintf(t->out, " %s ", operators[i]);
			if (value != CLASS_NUMBER || translate_primary(t) != CLASS_NUMBER)
				return fail(t);
		}
	}
	return value;
}

/* ---- conditions ---- */

/* (ARRAY['a'::text, 'b'::text]), perhaps cast as a whole: IN (...). */
static MyClass
translate_list(Translation *t, MyClass left, bool in)
{
	int brackets = 0;
	const char *separator = "";
	SqlType type;

	(void) fputs(in ? " IN (" : " NOT IN (", t->out);
	while (take(t, "("))
		brackets++;
	if (brackets == 0 || !take(t, "ARRAY") || !take(t, "["))
		return fail(t);
	do
	{
		(void) fputs(separator, t->out);
		separator = ", ";
		if (translate_primary(t) != left)
			return fail(t);
	} while (!t->failed && take(t, ","));
	if (!take(t, "]"))
		return fail(t);
	while (!t->failed && brackets > 0)
	{
		if (take(t, "::"))
			take_type(t, &type);
		if (!take(t, ")"))
			return fail(t);
		brackets--;
	}
	(void) fputc(')', t->out);
	return CLASS_BOOL;
}

/* Text has another order there. */
#define ORDERED (1U << CLASS_NUMBER | 1U << CLASS_TIME | 1U << CLASS_NULL)

static bool
comparable(MyClass left, MyClass right)
{
	return left != CLASS_NONE && (left == right || left == CLASS_NULL || right == CLASS_NULL);
}

static MyClass
translate_is(Translation *t, MyClass left)
{
	static const char *const states[] = {"NULL", "TRUE", "FALSE", "UNKNOWN"};
	bool no = take(t, "NOT");

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
	{
		if (!take(t, states[i]))
			continue;
		if (i > 0 && left != CLASS_BOOL)
			return fail(t);
		(void) fprintf(t->out, " IS %s%s", no ? "NOT " : "", states[i]);
		return CLASS_BOOL;
	}
	return fail(t);
}

static MyClass
translate_comparison(Translation *t)
{
	static const struct
	{
		const char *operator, * here;
		unsigned of; /* classes, as bits */
	} operators[] = {{"<>", "<>", ~0U},
					 {"<=", "<=", ORDERED},
					 {">=", ">=", ORDERED},
					 {"=", "=", ~0U},
					 {"<", "<", ORDERED},
					 {">", ">", ORDERED},
					 {"~~", "LIKE", 1U << CLASS_TEXT},
					 {"!~~", "NOT LIKE", 1U << CLASS_TEXT}};
	MyClass left = translate_sum(t);

	if (t->failed || take(t, "IS"))
		return t->failed ? CLASS_NONE : translate_is(t, left);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
	{
		if (!take(t, operators[i].operator))
			continue;
		if (take(t, "ANY"))
			return strcmp(operators[i].here, "=") == 0 ? translate_list(t, left, true) : fail(t);
		if (take(t, "ALL"))
			return strcmp(operators[i].here, "<>") == 0 ? translate_list(t, left, false) : fail(t);
		(void) fprintf(t->out, " %s ", operators[i].here);
		if (!comparable(left, translate_sum(t)) || (operators[i].of & 1U << left) == 0)
			return fail(t);
		return CLASS_BOOL;
	}
	return left;
}

static MyClass
translate_not(Translation *t)
{
	if (!take(t, "NOT"))
		return translate_comparison(t);
	(void) fputs("NOT ", t->out);
	return translate_not(t) == CLASS_BOOL ? CLASS_BOOL : fail(t);
}

/* Operands of a word between conditions. */
static MyClass
translate_chain(Translation *t, const char *word, MyClass (*operand)(Translation *t))
{
	MyClass value = operand(t);

	while (!t->failed && take(t, word))
	{
		(void) fprintf(t->out, " %s ", word);
		if (value != CLASS_BOOL || operand(t) != CLASS_BOOL)
			return fail(t);
	}
	return value;
}

static MyClass
translate_and(Translation *t)
{
	return translate_chain(t, "AND", translate_not);
}

static MyClass
translate_or(Translation *t)
{
	return translate_chain(t, "OR", translate_and);
}

bool
my_expression_write(const char *expression, const MyNames *names, FILE *out, MyClass *value)
{
	Translation t = {.names = names, .out = out, .at = expression};

	*value = translate_or(&t);
	skip_blanks(&t);
	return !t.failed && *t.at == '\0';
}
