/*
 * my_native.c - what of one MySQL or MariaDB server another does not know (my_native.h).
 *
 * Expressions are the source server's own canonical text: names in backticks, literals in quotes.
 * Only words outside of both are looked at.
 */
#include "my_native.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "my_ddl.h"

#define COUNT(list)		   (sizeof(list) / sizeof((list)[0]))
#define EXPRESSIONS_SINCE  80013  /* of MySQL: indexes of expressions */
#define INVISIBLE_COLUMNS  80023  /* of MySQL */
#define INVISIBLE_INDEXES  80000  /* of MySQL */
#define IGNORED_INDEXES	   100600 /* of MariaDB */
#define SRID_SINCE		   80003  /* of MySQL */
#define VECTOR_INDEX_SINCE 110700 /* of MariaDB */
#define NAME_LONGEST	   256

bool
my_native(const MyDesign *design)
{
	return design->source != FLAVOUR_POSTGRESQL;
}

static bool
is_at(const MyDesign *design, TargetFlavour flavour, int since)
{
	return design->target.flavour == flavour && design->target.version >= since;
}

/* ---- types ---- */

static ColumnType
own_type(const SchemaColumn *column)
{
	ColumnType type;

	if (!column_type_read(column->type, &type))
		type.kind = KIND_NONE;
	/* MariaDB's JSON is shown as long text. */
	if (column->canon == CANON_JSON)
		type = (ColumnType){KIND_JSON, false, -1, -1};
	return type;
}

static bool
has_collation(ColumnKind kind)
{
	return column_kind_is_text(kind) || kind == KIND_ENUM || kind == KIND_SET;
}

bool
my_native_choose(const MyDesign *design, const TypeColumn *ruled, const SchemaColumn *column,
				 MyColumnDesign *made, SluiceError *err)
{
	const ColumnType own = own_type(column);
	TypeChoice *choice = &made->choice;

	if (!type_map_choose_native(&design->target, design->rules, ruled, &own, choice, err))
		return false;
	/* JSON and geometries are called otherwise by one of the two. */
	made->own_type = !choice->by_rule && choice->type.kind == own.kind && own.kind != KIND_JSON &&
							 !column_kind_is_geometry(own.kind)
						 ? column->type
						 : NULL;
	if (choice->collation != NULL || column->collation == NULL || !has_collation(choice->type.kind))
		return true;
	my_collation_at(&design->target, design->source, column->collation, made->collation);
	choice->collation = made->collation;
	return true;
}

/* ---- expressions ---- */

/* Functions that one of the two has alone; `since`: of the target that has it, too, 0 for none. */
static const struct
{
	const char *name;
	TargetFlavour lacking;
	int since;
} functions[] = {
	{"any_value", FLAVOUR_MARIADB, 0},
	{"bin_to_uuid", FLAVOUR_MARIADB, 0},
	{"is_uuid", FLAVOUR_MARIADB, 0},
	{"json_overlaps", FLAVOUR_MARIADB, 100900},
	{"json_schema_valid", FLAVOUR_MARIADB, 110100},
	{"json_schema_validation_report", FLAVOUR_MARIADB, 0},
	{"json_storage_size", FLAVOUR_MARIADB, 0},
	{"random_bytes", FLAVOUR_MARIADB, 101000},
	{"regexp_like", FLAVOUR_MARIADB, 0},
	{"st_geohash", FLAVOUR_MARIADB, 0},
	{"st_latitude", FLAVOUR_MARIADB, 0},
	{"st_longitude", FLAVOUR_MARIADB, 0},
	{"string_to_vector", FLAVOUR_MARIADB, 0},
	{"uuid_to_bin", FLAVOUR_MARIADB, 0},
	{"vector_dim", FLAVOUR_MARIADB, 0},
	{"chr", FLAVOUR_MYSQL, 0},
	{"crc32c", FLAVOUR_MYSQL, 0},
	{"json_compact", FLAVOUR_MYSQL, 0},
	{"json_detailed", FLAVOUR_MYSQL, 0},
	{"json_equals", FLAVOUR_MYSQL, 0},
	{"json_exists", FLAVOUR_MYSQL, 0},
	{"json_loose", FLAVOUR_MYSQL, 0},
	{"json_normalize", FLAVOUR_MYSQL, 0},
	{"json_query", FLAVOUR_MYSQL, 0},
	{"kdf", FLAVOUR_MYSQL, 0},
	{"natural_sort_key", FLAVOUR_MYSQL, 0},
	{"sformat", FLAVOUR_MYSQL, 0},
	{"sys_guid", FLAVOUR_MYSQL, 0},
	{"to_char", FLAVOUR_MYSQL, 0},
	{"uuid_v4", FLAVOUR_MYSQL, 0},
	{"uuid_v7", FLAVOUR_MYSQL, 0},
	{"vec_fromtext", FLAVOUR_MYSQL, 0},
	{"vec_totext", FLAVOUR_MYSQL, 0},
};

/* Of sequences, which are not made. */
static const char *const of_sequences[] = {"nextval", "lastval", "setval"};

static bool
knows_function(const MyDesign *design, const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT(of_sequences); i++)
	{
		if (strlen(of_sequences[i]) == length && strncasecmp(of_sequences[i], name, length) == 0)
			return false;
	}
	for (size_t i = 0; i < COUNT(functions); i++)
	{
		if (functions[i].lacking == design->target.flavour && strlen(functions[i].name) == length &&
			strncasecmp(functions[i].name, name, length) == 0)
			return functions[i].since > 0 && design->target.version >= functions[i].since;
	}
	return true;
}

/* Behind a quoted text. */
static const char *
skip_quoted(const char *at)
{
	char quote = *at++;

	for (; *at != '\0'; at++)
	{
		if (*at == '\\' && quote != '`' && at[1] != '\0')
			at++;
		else if (*at == quote && at[1] == quote)
			at++;
		else if (*at == quote)
			return at + 1;
	}
	return at;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char) c) != 0 || c == '_' || c == '$' || (c & 0x80) != 0;
}

static const char *
skip_word(const char *at)
{
	while (is_word(*at))
		at++;
	return at;
}

/* Of a name in backticks, from its opening one up to behind its closing one. */
static bool
is_forbidden(const char *from, const char *to, MyForbids forbids, const void *context)
{
	char name[NAME_LONGEST];
	size_t length = 0;

	if (forbids == NULL || to - from < 2)
		return false;
	for (const char *at = from + 1; at < to - 1 && length + 1 < sizeof(name); at++)
	{
		name[length++] = *at;
		at += *at == '`';
	}
	name[length] = '\0';
	return forbids(context, name);
}

static void
put_collation(const MyDesign *design, const char *from, const char *to, FILE *out)
{
	char own[MY_COLLATION_SIZE], name[MY_COLLATION_SIZE];

	(void) snprintf(own, sizeof(own), "%.*s", (int) (to - from), from);
	my_collation_at(&design->target, design->source, own, name);
	(void) fputs(name, out);
}

/* A word and whether the target knows it; *collates when it is COLLATE. */
static bool
put_word(const MyDesign *design, const char *from, const char *to, bool *collates, FILE *out)
{
	const size_t length = (size_t) (to - from);
	const char *next = to + strspn(to, " ");

	if (*next == '(' && !knows_function(design, from, length))
		return false;
	/* MySQL's casts to what MariaDB has no type for, and indexes of arrays. */
	if (design->target.flavour == FLAVOUR_MARIADB &&
		((length == 4 && strncasecmp(from, "json", 4) == 0 && *next != '(') ||
		 (length == 6 && strncasecmp(from, "member", 6) == 0) ||
		 (length == 5 && strncasecmp(from, "array", 5) == 0)))
		return false;
	if (*collates)
		put_collation(design, from, to, out);
	else
		(void) fwrite(from, 1, length, out);
	*collates = length == 7 && strncasecmp(from, "collate", 7) == 0;
	return true;
}

bool
my_native_expression(const MyDesign *design, const char *expression, MyForbids forbids,
					 const void *context, FILE *out)
{
	bool collates = false;

	for (const char *at = expression; *at != '\0';)
	{
		const char *from = at;

		if (*at == '\'' || *at == '"' || *at == '`')
		{
			at = skip_quoted(at);
			if (*from == '`' && is_forbidden(from, at, forbids, context))
				return false;
			(void) fwrite(from, 1, (size_t) (at - from), out);
		}
		else if (is_word(*at))
		{
			at = skip_word(at);
			if (!put_word(design, from, at, &collates, out))
				return false;
		}
		else
			(void) fputc(*at++, out);
	}
	return true;
}

/* ---- defaults ---- */

static bool
is_plain_number(const char *text)
{
	char *end;

	if (*text == '\0' || strspn(text, "+-0123456789.eE") != strlen(text))
		return false;
	(void) strtod(text, &end);
	return *end == '\0';
}

static void
write_literal(ColumnKind kind, const char *text, FILE *out)
{
	bool number = kind >= KIND_TINYINT && kind <= KIND_DECIMAL && is_plain_number(text);
	bool hexadecimal = (kind == KIND_BIT || column_kind_is_bytes(kind)) &&
					   strncmp(text, "0x", 2) == 0 && text[2] != '\0';
	/* Large values have no constant but an expression. */
	bool large = !column_kind_can_be_key(kind);

	(void) fputs(large ? "(" : "", out);
	if (number || hexadecimal)
		(void) fputs(text, out);
	else if (kind == KIND_BIT)
		(void) fprintf(out, "b'%s'", text);
	else
		my_write_literal(out, text);
	(void) fputs(large ? ")" : "", out);
}

/* The moment of the statement, which alone needs no brackets. */
static bool
is_now(const char *text)
{
	static const char *const words[] = {"current_timestamp", "now(", "localtime"};

	for (size_t i = 0; i < COUNT(words); i++)
	{
		if (strncasecmp(text, words[i], strlen(words[i])) == 0)
			return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
									 "_()0123456789")] == '\0';
	}
	return false;
}

bool
my_native_default(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
				  FILE *out)
{
	const ColumnKind kind = my_design_column(design, table, column->name)->choice.type.kind;
	bool bare, good;

	if (column->default_kind == SCHEMA_DEFAULT_LITERAL && column->default_literal != NULL)
	{
		write_literal(kind, column->default_literal, out);
		return true;
	}
	bare = is_now(column->default_value) && (kind == KIND_DATETIME || kind == KIND_TIMESTAMP);
	(void) fputs(bare ? "" : "(", out);
	good = my_native_expression(design, column->default_value, NULL, NULL, out);
	(void) fputs(bare ? "" : ")", out);
	return good;
}

/* ---- what else a column says ---- */

void
my_native_before(const MyDesign *design, const SchemaColumn *column, const MyColumnDesign *made,
				 FILE *out)
{
	if (column->srid >= 0 && column_kind_is_geometry(made->choice.type.kind) &&
		is_at(design, FLAVOUR_MYSQL, SRID_SINCE))
		(void) fprintf(out, " /*!80003 SRID %lld */", (long long) column->srid);
	/* Without it some servers make a TIMESTAMP that may not be null and sets itself. */
	if (!made->not_null && made->choice.type.kind == KIND_TIMESTAMP && made->computed == NULL)
		(void) fputs(" NULL", out);
}

/* MariaDB hides no column that it must be told a value of. */
bool
my_native_can_hide(const MyDesign *design, const SchemaColumn *column, const MyColumnDesign *made)
{
	if (design->target.flavour == FLAVOUR_MYSQL)
		return design->target.version >= INVISIBLE_COLUMNS;
	return !made->not_null || made->automatic || column->default_value != NULL;
}

void
my_native_behind(const MyDesign *design, const SchemaColumn *column, const MyColumnDesign *made,
				 FILE *out)
{
	const ColumnKind kind = made->choice.type.kind;

	if (column->on_update != NULL && (kind == KIND_DATETIME || kind == KIND_TIMESTAMP))
		(void) fprintf(out, " ON UPDATE %s", column->on_update);
	if (column->invisible && my_native_can_hide(design, column, made))
		(void) fputs(" INVISIBLE", out);
}

/* ---- indexes ---- */

static const struct
{
	const char *method, *word;
	bool alone; /* servers make but one such index in a statement */
} methods[] = {
	{"btree", "KEY ", false},
	{"hash", "KEY ", false},
	{"rtree", "SPATIAL KEY ", false},
	{"spatial", "SPATIAL KEY ", false},
	{"fulltext", "FULLTEXT KEY ", true},
	{"vector", "VECTOR KEY ", true},
};

static size_t
method_of(const SchemaIndex *index)
{
	size_t i = 0;

	while (i < COUNT(methods) && strcasecmp(methods[i].method, index->method) != 0)
		i++;
	return i;
}

static bool
has_whole_large(const MyDesign *design, const SchemaTable *table, const SchemaIndex *index)
{
	for (size_t i = 0; i < index->column_count; i++)
	{
		const SchemaIndexColumn *column = &index->columns[i];

		if (column->name != NULL && column->length == 0 &&
			!column_kind_can_be_key(
				my_design_column(design, table, column->name)->choice.type.kind))
			return true;
	}
	return false;
}

const char *
my_native_index_refused(const MyDesign *design, const SchemaTable *table, const SchemaIndex *index)
{
	const size_t method = method_of(index);

	if (method == COUNT(methods))
		return "the target has no such method";
	if (strcmp(methods[method].method, "vector") == 0 &&
		!is_at(design, FLAVOUR_MARIADB, VECTOR_INDEX_SINCE))
		return "the target has no indexes of vectors";
	for (size_t i = 0; i < index->column_count; i++)
	{
		const SchemaIndexColumn *part = &index->columns[i];
		const MyColumnDesign *column = my_design_column(design, table, part->name);

		if (part->name == NULL && !is_at(design, FLAVOUR_MYSQL, EXPRESSIONS_SINCE))
			return "it is of an expression, which the target has no indexes of";
		if (part->name != NULL && (column == NULL || column->left_out))
			return "a column of it is not there";
	}
	if (design->target.flavour == FLAVOUR_MYSQL && strcmp(methods[method].word, "KEY ") == 0 &&
		has_whole_large(design, table, index))
		return "it is of whole values that are too long for a key there";
	return NULL;
}

const char *
my_native_index_word(const SchemaIndex *index)
{
	return index->unique ? "UNIQUE KEY " : methods[method_of(index)].word;
}

const char *
my_native_index_end(const MyDesign *design, const SchemaIndex *index)
{
	if (!index->invisible || index->primary)
		return "";
	if (is_at(design, FLAVOUR_MYSQL, INVISIBLE_INDEXES))
		return " INVISIBLE";
	return is_at(design, FLAVOUR_MARIADB, IGNORED_INDEXES) ? " IGNORED" : "";
}

/* The two differ in what they let an index of computed values depend on: MariaDB not on CHAR, for one. */
bool
my_native_index_may_fail(const MyDesign *design, const SchemaTable *table, const SchemaIndex *index)
{
	for (size_t i = 0; i < index->column_count && design->source != design->target.flavour; i++)
	{
		const MyColumnDesign *column = my_design_column(design, table, index->columns[i].name);

		if (column == NULL || column->computed != NULL)
			return true;
	}
	return false;
}

bool
my_native_index_alone(const MyDesign *design, const SchemaTable *table, const SchemaIndex *index)
{
	const size_t method = method_of(index);

	return (method < COUNT(methods) && methods[method].alone) ||
		   my_native_index_may_fail(design, table, index);
}

/* ---- tables ---- */

void
my_native_table_collation(const MyDesign *design, const SchemaTable *table,
						  char name[MY_COLLATION_SIZE])
{
	*name = '\0';
	if (table->collation != NULL)
		my_collation_at(&design->target, design->source, table->collation, name);
}
