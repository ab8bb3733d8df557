/*
 * type_rules.c - reading and matching what users say of types (type_rules.h).
 *
 * A rule's parts lie in one copy of the option's text, which the rules own.
 */
#include "type_rules.h"

#include "pg_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MAXIMUM 3 /* schema, table, column */
#define RULE_SHOWN	  128

const char *const loss_policy_names[] = {"error", "clamp", "null", "text", "auto", NULL};

typedef struct TypeRule
{
	const char *parts[PARTS_MAXIMUM];
	int part_count;
	bool quoted;  /* the last part was */
	SqlType name; /* of a rule with one part */
	bool typed, judged;
	const char *said; /* the type's text */
	ColumnType type;
	LossPolicy policy;
	char text[RULE_SHOWN]; /* for people */
} TypeRule;

struct TypeRules
{
	const Allocator *allocator;
	char *text;
	TypeRule *rules;
	size_t count;
	bool postgresql; /* the types said are PostgreSQL's */
};

/* ---- PostgreSQL's types ---- */

static const struct
{
	const char *written, *name;
} aliases[] = {
	{"bigint", "int8"},
	{"bit varying", "varbit"},
	{"boolean", "bool"},
	{"char", "bpchar"},
	{"character", "bpchar"},
	{"character varying", "varchar"},
	{"decimal", "numeric"},
	{"double precision", "float8"},
	{"int", "int4"},
	{"integer", "int4"},
	{"real", "float4"},
	{"smallint", "int2"},
	{"time with time zone", "timetz"},
	{"time without time zone", "time"},
	{"timestamp with time zone", "timestamptz"},
	{"timestamp without time zone", "timestamp"},
	{"\"char\"", "char"},
};

static void
use_alias(SqlType *type)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
	{
		if (strcasecmp(aliases[i].written, type->name) == 0)
		{
			(void) snprintf(type->name, sizeof(type->name), "%s", aliases[i].name);
			return;
		}
	}
}

/* "(10,2)" at *at, up to behind it; anything else in brackets counts as no modifier. */
static void
take_modifiers(const char **at, SqlType *type)
{
	const char *from = *at + 1;
	size_t length = strcspn(from, ")");
	char *end;

	*at = from + length + (from[length] == ')');
	while (type->modifiers < 2)
	{
		long value = strtol(from, &end, 10);

		if (end == from)
			return;
		type->modifier[type->modifiers++] = (int) value;
		if (*end != ',')
			return;
		from = end + 1;
	}
}

void
sql_type_read(const char *text, SqlType *type)
{
	static const char interval[] = "interval";
	size_t length = 0;
	bool quoted = false;

	*type = (SqlType){.array = false};
	for (const char *at = text; *at != '\0' && length + 1 < sizeof(type->name);)
	{
		quoted ^= *at == '"';
		if (!quoted && *at == '(')
		{
			take_modifiers(&at, type);
			continue;
		}
		type->array |= !quoted && *at == '[';
		type->qualified |= !quoted && *at == '.';
		if (quoted || (*at != '[' && *at != ']'))
			type->name[length++] = *at;
		at++;
	}
	type->name[length] = '\0';
	if (type->qualified)
		return;
	/* "interval day to second" */
	if (strncmp(type->name, interval, sizeof(interval) - 1) == 0 &&
		(type->name[sizeof(interval) - 1] == ' '))
		type->name[sizeof(interval) - 1] = '\0';
	use_alias(type);
}

/* ---- reading rules ---- */

static bool
fail_rule(const char *rule, const char *what, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "type rule \"%.80s\" %s", rule, what);
	return sluice_hint(err, "a rule is like numeric=decimal(38,10):null, schema.table.column="
							"varchar(200) or date:clamp, with commas between");
}

/* Ends the text at the first of `marks` outside of quotes and brackets; gives what is behind it. */
static char *
cut(char *text, const char *marks, char *mark)
{
	int depth = 0;
	bool quoted = false;

	*mark = '\0';
	for (; *text != '\0'; text++)
	{
		quoted ^= *text == '"';
		if (quoted)
			continue;
		depth += (*text == '(') - (*text == ')');
		if (depth <= 0 && strchr(marks, *text) != NULL)
		{
			*mark = *text;
			*text = '\0';
			return text + 1;
		}
	}
	return text;
}

static char *
trim(char *text)
{
	size_t length;

	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* Takes the quotes off a name, doubled ones inside become one. */
static bool
unquote(char *name)
{
	char *to = name;

	if (*name != '"')
		return false;
	for (const char *from = name + 1; *from != '\0'; from++)
	{
		if (*from == '"' && from[1] != '"')
			break;
		from += *from == '"';
		*to++ = *from;
	}
	*to = '\0';
	return true;
}

/* PostgreSQL's types with a length are meant without: the source's is another for each column. */
static bool
has_no_length(const TypeRule *rule)
{
	return rule->name.modifiers == 0 || !pg_type_is_named(rule->name.name);
}

static bool
read_what(TypeRule *rule, char *text, bool postgresql, const char *whole, SluiceError *err)
{
	char mark = '.';

	sql_type_read(text, &rule->name);
	while (mark == '.' && rule->part_count < PARTS_MAXIMUM)
	{
		char *rest = cut(text, ".", &mark);
		char *part = trim(text);

		rule->quoted = unquote(part);
		if (*part == '\0')
			return fail_rule(whole, "names nothing", err);
		rule->parts[rule->part_count++] = part;
		text = rest;
	}
	if (mark == '.')
		return fail_rule(whole, "has more than a schema, a table and a column", err);
	if (rule->part_count == 1 && !postgresql && !has_no_length(rule))
		return fail_rule(whole, "says of a type how long it is, which is left out there", err);
	return true;
}

static bool
read_policy(TypeRule *rule, const char *word, const char *whole, SluiceError *err)
{
	for (int i = 0; loss_policy_names[i] != NULL; i++)
	{
		if (strcasecmp(loss_policy_names[i], word) == 0)
		{
			rule->policy = (LossPolicy) i;
			rule->judged = true;
			return true;
		}
	}
	return fail_rule(whole, "has another policy than error, clamp, null, text or auto", err);
}

/* Whether a text can be a type at all, and nothing else. */
static bool
may_be_type(const char *text)
{
	return *text != '\0' && strcspn(text, "();'\\-") > 0 && strpbrk(text, ";'\\-") == NULL;
}

static bool
read_type(TypeRule *rule, char *said, bool postgresql, SluiceError *err)
{
	const char *why;

	rule->said = trim(said);
	rule->typed = true;
	if (postgresql ? !may_be_type(rule->said) : !column_type_read(rule->said, &rule->type))
		return fail_rule(rule->text, "has a target type that is not known", err);
	why = postgresql ? NULL : column_type_refused(&rule->type);
	return why == NULL || fail_rule(rule->text, why, err);
}

static bool
read_rule(TypeRule *rule, char *text, bool postgresql, SluiceError *err)
{
	const char *whole = rule->text;
	char mark, second;
	char *said = cut(text, "=:", &mark);
	char *policy = mark == '=' ? cut(said, ":", &second) : said;

	if (mark == '=')
		mark = second;
	else
		said = NULL;
	if (said == NULL && mark != ':')
		return fail_rule(whole, "says nothing: = and a type, or : and a policy are missing", err);
	if (said != NULL && !read_type(rule, said, postgresql, err))
		return false;
	return (mark != ':' || read_policy(rule, trim(policy), whole, err)) &&
		   read_what(rule, trim(text), postgresql, whole, err);
}

static size_t
count_commas(const char *text)
{
	size_t count = 1;

	for (; *text != '\0'; text++)
		count += *text == ',';
	return count;
}

static bool
read_all(TypeRules *rules, SluiceError *err)
{
	char *text = rules->text, mark = ',';

	while (mark == ',')
	{
		char *rest = cut(text, ",", &mark);
		char *rule = trim(text);

		text = rest;
		if (*rule == '\0')
			continue;
		(void) snprintf(rules->rules[rules->count].text, RULE_SHOWN, "%s", rule);
		if (!read_rule(&rules->rules[rules->count++], rule, rules->postgresql, err))
			return false;
	}
	return true;
}

static TypeRules *
read_rules(const char *text, bool postgresql, const Allocator *allocator, SluiceError *err)
{
	size_t length = strlen(text) + 1, room = count_commas(text) * sizeof(TypeRule);
	TypeRules *rules = allocator->get(allocator->context, sizeof(*rules));

	if (rules != NULL)
		*rules = (TypeRules){.allocator = allocator,
							 .postgresql = postgresql,
							 .text = allocator->get(allocator->context, length),
							 .rules = allocator->get(allocator->context, room)};
	if (rules == NULL || rules->text == NULL || rules->rules == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for type rules");
		type_rules_free(rules);
		return NULL;
	}
	memcpy(rules->text, text, length);
	memset(rules->rules, 0, room);
	if (read_all(rules, err))
		return rules;
	type_rules_free(rules);
	return NULL;
}

TypeRules *
type_rules_read(const char *text, const Allocator *allocator, SluiceError *err)
{
	return read_rules(text, false, allocator, err);
}

TypeRules *
type_rules_read_postgresql(const char *text, const Allocator *allocator, SluiceError *err)
{
	return read_rules(text, true, allocator, err);
}

void
type_rules_free(TypeRules *rules)
{
	const Allocator *allocator;

	if (rules == NULL)
		return;
	allocator = rules->allocator;
	allocator->put(allocator->context, rules->rules);
	allocator->put(allocator->context, rules->text);
	allocator->put(allocator->context, rules);
}

void
type_rules_rename(TypeRules *rules, const char *(*rename)(const void *context, const char *schema),
				  const void *context)
{
	for (size_t i = 0; i < rules->count; i++)
	{
		TypeRule *rule = &rules->rules[i];

		if (rule->part_count == PARTS_MAXIMUM)
			rule->parts[0] = rename(context, rule->parts[0]);
	}
}

/* ---- matching ---- */

/* How near a rule is to a column; 0: it is not about it. */
typedef enum Nearness
{
	NOT_ABOUT,
	ABOUT_ALL,
	ABOUT_CANON,
	ABOUT_BASE,
	ABOUT_LENGTH,
	ABOUT_TYPE,
	ABOUT_COLUMN
} Nearness;

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Whether "schema.name" is the rule's type. */
static bool
is_users_type(const TypeRule *rule, const char *type_name)
{
	size_t length = strlen(rule->parts[0]);

	return type_name != NULL && strncmp(type_name, rule->parts[0], length) == 0 &&
		   type_name[length] == '.' && strcmp(type_name + length + 1, rule->parts[1]) == 0;
}

static bool
same_lengths(const SqlType *a, const SqlType *b)
{
	if (a->modifiers != b->modifiers)
		return false;
	for (int i = 0; i < a->modifiers; i++)
	{
		if (a->modifier[i] != b->modifier[i])
			return false;
	}
	return true;
}

static Nearness
base_nearness(const TypeRule *rule, const TypeColumn *column)
{
	const SqlType *name = &rule->name;
	SqlType base;

	if (column->type == NULL)
		return !name->array && same(column->type_name, name->name) ? ABOUT_BASE : NOT_ABOUT;
	sql_type_read(column->type, &base);
	if (base.qualified || strcasecmp(base.name, name->name) != 0 || base.array != name->array)
		return NOT_ABOUT;
	if (name->modifiers == 0)
		return ABOUT_BASE;
	return same_lengths(name, &base) ? ABOUT_LENGTH : NOT_ABOUT;
}

static Nearness
nearness(const TypeRule *rule, const TypeColumn *column)
{
	const char *canon = canon_name(column->canon);

	if (rule->part_count == 3)
		return same(column->schema, rule->parts[0]) && same(column->table, rule->parts[1]) &&
					   same(column->name, rule->parts[2])
				   ? ABOUT_COLUMN
				   : NOT_ABOUT;
	if (rule->part_count == 2)
		return is_users_type(rule, column->type_name) ? ABOUT_TYPE : NOT_ABOUT;
	if (!rule->quoted && strcmp(rule->parts[0], "*") == 0)
		return ABOUT_ALL;
	if (base_nearness(rule, column) != NOT_ABOUT)
		return base_nearness(rule, column);
	return canon != NULL && strcasecmp(rule->parts[0], canon) == 0 ? ABOUT_CANON : NOT_ABOUT;
}

size_t
type_rules_count(const TypeRules *rules)
{
	return rules != NULL ? rules->count : 0;
}

const char *
type_rule_text(const TypeRules *rules, size_t rule)
{
	return rules->rules[rule].text;
}

bool
type_rule_is_about(const TypeRules *rules, size_t rule, const TypeColumn *column)
{
	return nearness(&rules->rules[rule], column) != NOT_ABOUT;
}

bool
type_rule_is_general(const TypeRules *rules, size_t rule)
{
	const TypeRule *one = &rules->rules[rule];

	if (one->part_count != 1)
		return false;
	for (unsigned type = 1; type <= CANON_LAST; type++)
	{
		if (strcasecmp(one->parts[0], canon_name(type)) == 0)
			return true;
	}
	return (!one->quoted && strcmp(one->parts[0], "*") == 0) || pg_type_is_named(one->name.name);
}

/* Type and policy may come from different rules. */
TypeSaid
type_rules_said(const TypeRules *rules, const TypeColumn *column)
{
	TypeSaid said = {.type = NULL, .policy = LOSS_ERROR};
	Nearness typed = NOT_ABOUT, judged = NOT_ABOUT;

	for (size_t i = 0; rules != NULL && i < rules->count; i++)
	{
		const TypeRule *rule = &rules->rules[i];
		Nearness near = nearness(rule, column);

		if (rule->typed && near > typed)
		{
			said.type = &rule->type;
			said.text = rule->said;
			typed = near;
		}
		if (rule->judged && near > judged)
		{
			said.policy = rule->policy;
			judged = near;
		}
	}
	return said;
}

LossPolicy
type_rules_policy(const TypeRules *rules, const TypeColumn *column)
{
	LossPolicy policy = type_rules_said(rules, column).policy;

	return policy == LOSS_AUTO ? LOSS_ERROR : policy;
}
