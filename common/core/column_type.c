/*
 * column_type.c - a row per kind of column: its name, what its numbers mean, how large it is.
 */
#include "column_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UTF8_BYTES		 4	/* of a character */
#define POINTER_BYTES	 12 /* what a row has of a value that is kept apart */
#define DIGITS_PER_GROUP 9	/* of DECIMAL; each takes 4 bytes */
#define DECIMAL_LENGTH	 10 /* of DECIMAL without numbers */

/* What stands in brackets. */
typedef enum Numbers
{
	NO_NUMBERS,
	DISPLAY_WIDTH, /* means nothing */
	ONE_NUMBER,
	TWO_NUMBERS,
	LABELS
} Numbers;

typedef enum Family
{
	FAMILY_PLAIN,
	FAMILY_TEXT,
	FAMILY_BYTES
} Family;

static const struct
{
	const char *name;
	Numbers numbers;
	Family family;
	bool apart; /* kept apart from the row, and no key without a prefix */
	int bytes;	/* fixed ones; of text and bytes those beside the characters */
} kinds[KINDS] = {
	[KIND_NONE] = {"", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_SOURCE] = {"", NO_NUMBERS, FAMILY_PLAIN, false, 0},
	[KIND_TINYINT] = {"tinyint", DISPLAY_WIDTH, FAMILY_PLAIN, false, 1},
	[KIND_SMALLINT] = {"smallint", DISPLAY_WIDTH, FAMILY_PLAIN, false, 2},
	[KIND_MEDIUMINT] = {"mediumint", DISPLAY_WIDTH, FAMILY_PLAIN, false, 3},
	[KIND_INT] = {"int", DISPLAY_WIDTH, FAMILY_PLAIN, false, 4},
	[KIND_BIGINT] = {"bigint", DISPLAY_WIDTH, FAMILY_PLAIN, false, 8},
	[KIND_FLOAT] = {"float", TWO_NUMBERS, FAMILY_PLAIN, false, 4},
	[KIND_DOUBLE] = {"double", TWO_NUMBERS, FAMILY_PLAIN, false, 8},
	[KIND_DECIMAL] = {"decimal", TWO_NUMBERS, FAMILY_PLAIN, false, 0},
	[KIND_BIT] = {"bit", ONE_NUMBER, FAMILY_PLAIN, false, 8},
	[KIND_DATE] = {"date", NO_NUMBERS, FAMILY_PLAIN, false, 3},
	[KIND_TIME] = {"time", ONE_NUMBER, FAMILY_PLAIN, false, 6},
	[KIND_DATETIME] = {"datetime", ONE_NUMBER, FAMILY_PLAIN, false, 8},
	[KIND_TIMESTAMP] = {"timestamp", ONE_NUMBER, FAMILY_PLAIN, false, 7},
	[KIND_YEAR] = {"year", DISPLAY_WIDTH, FAMILY_PLAIN, false, 1},
	[KIND_CHAR] = {"char", ONE_NUMBER, FAMILY_TEXT, false, 0},
	[KIND_VARCHAR] = {"varchar", ONE_NUMBER, FAMILY_TEXT, false, 2},
	[KIND_TINYTEXT] = {"tinytext", NO_NUMBERS, FAMILY_TEXT, true, 0},
	[KIND_TEXT] = {"text", NO_NUMBERS, FAMILY_TEXT, true, 0},
	[KIND_MEDIUMTEXT] = {"mediumtext", NO_NUMBERS, FAMILY_TEXT, true, 0},
	[KIND_LONGTEXT] = {"longtext", NO_NUMBERS, FAMILY_TEXT, true, 0},
	[KIND_BINARY] = {"binary", ONE_NUMBER, FAMILY_BYTES, false, 0},
	[KIND_VARBINARY] = {"varbinary", ONE_NUMBER, FAMILY_BYTES, false, 2},
	[KIND_TINYBLOB] = {"tinyblob", NO_NUMBERS, FAMILY_BYTES, true, 0},
	[KIND_BLOB] = {"blob", NO_NUMBERS, FAMILY_BYTES, true, 0},
	[KIND_MEDIUMBLOB] = {"mediumblob", NO_NUMBERS, FAMILY_BYTES, true, 0},
	[KIND_LONGBLOB] = {"longblob", NO_NUMBERS, FAMILY_BYTES, true, 0},
	[KIND_ENUM] = {"enum", LABELS, FAMILY_PLAIN, false, 2},
	[KIND_SET] = {"set", LABELS, FAMILY_PLAIN, false, 8},
	[KIND_JSON] = {"json", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_UUID] = {"uuid", NO_NUMBERS, FAMILY_PLAIN, false, 16},
	[KIND_INET4] = {"inet4", NO_NUMBERS, FAMILY_PLAIN, false, 4},
	[KIND_INET6] = {"inet6", NO_NUMBERS, FAMILY_PLAIN, false, 16},
	[KIND_GEOMETRY] = {"geometry", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_POINT] = {"point", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_LINESTRING] = {"linestring", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_POLYGON] = {"polygon", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_MULTIPOINT] = {"multipoint", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_MULTILINESTRING] = {"multilinestring", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_MULTIPOLYGON] = {"multipolygon", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_GEOMETRYCOLLECTION] = {"geometrycollection", NO_NUMBERS, FAMILY_PLAIN, true, 0},
	[KIND_VECTOR] = {"vector", ONE_NUMBER, FAMILY_PLAIN, true, 0},
};

/* ---- reading ---- */

static const struct
{
	const char *name;
	ColumnKind kind;
} other_names[] = {
	{"integer", KIND_INT},
	{"numeric", KIND_DECIMAL},
	{"dec", KIND_DECIMAL},
	{"fixed", KIND_DECIMAL},
	{"boolean", KIND_TINYINT},
	{"bool", KIND_TINYINT},
	{"real", KIND_DOUBLE},
	{"double precision", KIND_DOUBLE},
	{"character varying", KIND_VARCHAR},
	{"character", KIND_CHAR},
	{"geomcollection", KIND_GEOMETRYCOLLECTION},
};

static ColumnKind
find_kind(const char *name, size_t length)
{
	for (int kind = KIND_TINYINT; kind < KINDS; kind++)
	{
		if (strncasecmp(kinds[kind].name, name, length) == 0 && kinds[kind].name[length] == '\0')
			return (ColumnKind) kind;
	}
	for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++)
	{
		if (strncasecmp(other_names[i].name, name, length) == 0 &&
			other_names[i].name[length] == '\0')
			return other_names[i].kind;
	}
	return KIND_NONE;
}

/* A number of 1 to 9 digits; moves *at behind it and blanks. */
static bool
take_number(const char **at, int *number)
{
	char *end;
	long value;

	*at += strspn(*at, " ");
	value = strtol(*at, &end, 10);
	if (end == *at || end - *at > 9 || value < 0)
		return false;
	*at = end + strspn(end, " ");
	*number = (int) value;
	return true;
}

/* Behind the labels' closing bracket; NULL when there is none. */
static const char *
skip_labels(const char *at)
{
	bool quoted = false;

	for (; *at != '\0' && (quoted || *at != ')'); at++)
		quoted ^= *at == '\'';
	return *at == ')' ? at + 1 : NULL;
}

/* What stands in brackets, from behind the opening one; gives what is behind the closing one. */
static const char *
read_numbers(const char *at, ColumnType *type)
{
	Numbers numbers = kinds[type->kind].numbers;

	if (numbers == LABELS)
		return skip_labels(at);
	if (numbers == NO_NUMBERS || !take_number(&at, &type->length))
		return NULL;
	if (numbers == TWO_NUMBERS && *at == ',')
	{
		at++;
		if (!take_number(&at, &type->scale))
			return NULL;
	}
	if (numbers == DISPLAY_WIDTH)
		type->length = -1;
	return *at == ')' ? at + 1 : NULL;
}

bool
column_type_read(const char *text, ColumnType *type)
{
	size_t length = strcspn(text, "(");
	const char *unsigned_at = strcasestr(text, " unsigned");
	const char *rest;

	*type = (ColumnType){.length = -1, .scale = -1};
	rest = text + length;
	if (unsigned_at != NULL && unsigned_at < rest)
		length = (size_t) (unsigned_at - text);
	while (length > 0 && text[length - 1] == ' ')
		length--;
	type->kind = find_kind(text, length);
	/* MariaDB puts comments behind types of old formats. */
	if (type->kind == KIND_NONE)
		type->kind = find_kind(text, strcspn(text, " ("));
	if (type->kind != KIND_NONE && *rest == '(')
		rest = read_numbers(rest + 1, type);
	if (type->kind == KIND_NONE || rest == NULL)
	{
		*type = (ColumnType){.length = -1, .scale = -1};
		return false;
	}
	type->is_unsigned =
		kinds[type->kind].numbers != LABELS && strcasestr(text, " unsigned") != NULL;
	return true;
}

/* ---- limits ---- */

#define DECIMAL_SCALE_MOST 30

static const struct
{
	ColumnKind kind;
	int least, most; /* of the first number */
	const char *why;
} limits[] = {
	{KIND_FLOAT, 0, -1, "float with numbers makes the server round"},
	{KIND_DOUBLE, 0, -1, "double with numbers makes the server round"},
	{KIND_DECIMAL, 1, 65, "decimal has 1 to 65 digits, at most 30 of them behind the point"},
	{KIND_BIT, 1, 64, "bit has 1 to 64 bits"},
	{KIND_TIME, 0, 6, "time has 0 to 6 digits of seconds"},
	{KIND_DATETIME, 0, 6, "datetime has 0 to 6 digits of seconds"},
	{KIND_TIMESTAMP, 0, 6, "timestamp has 0 to 6 digits of seconds"},
	{KIND_CHAR, 1, 255, "char has 1 to 255 characters"},
	{KIND_VARCHAR, 1, 16383, "varchar has 1 to 16383 characters"},
	{KIND_BINARY, 1, 255, "binary has 1 to 255 bytes"},
	{KIND_VARBINARY, 1, 65532, "varbinary has 1 to 65532 bytes"},
	{KIND_VECTOR, 1, 16383, "vector has 1 to 16383 dimensions"},
};

const char *
column_type_refused(const ColumnType *type)
{
	if (type->is_unsigned && (type->kind < KIND_TINYINT || type->kind > KIND_DECIMAL))
		return "only numbers are unsigned";
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
	{
		if (limits[i].kind == type->kind && type->length >= 0 &&
			(type->length < limits[i].least || type->length > limits[i].most ||
			 type->scale > DECIMAL_SCALE_MOST || type->scale > type->length))
			return limits[i].why;
	}
	return NULL;
}

/* ---- writing ---- */

void
column_type_write(const ColumnType *type, char text[COLUMN_TYPE_SIZE])
{
	char numbers[32] = "";

	if (type->length >= 0 && type->scale >= 0)
		(void) snprintf(numbers, sizeof(numbers), "(%d,%d)", type->length, type->scale);
	else if (type->length >= 0)
		(void) snprintf(numbers, sizeof(numbers), "(%d)", type->length);
	(void) snprintf(text, COLUMN_TYPE_SIZE, "%s%s%s", kinds[type->kind].name, numbers,
					type->is_unsigned ? " unsigned" : "");
}

/* ---- what kinds are ---- */

bool
column_kind_is_text(ColumnKind kind)
{
	return kinds[kind].family == FAMILY_TEXT;
}

bool
column_kind_is_bytes(ColumnKind kind)
{
	return kinds[kind].family == FAMILY_BYTES;
}

bool
column_kind_is_geometry(ColumnKind kind)
{
	return kind >= KIND_GEOMETRY && kind <= KIND_GEOMETRYCOLLECTION;
}

bool
column_kind_can_be_key(ColumnKind kind)
{
	return !kinds[kind].apart;
}

/* Each side of the point is packed by itself. */
static int
decimal_bytes(const ColumnType *type)
{
	static const int rest[] = {0, 1, 1, 2, 2, 3, 3, 4, 4};
	int scale = type->scale > 0 ? type->scale : 0;
	int whole = (type->length >= 0 ? type->length : DECIMAL_LENGTH) - scale;

	return 4 * (whole / DIGITS_PER_GROUP + scale / DIGITS_PER_GROUP) +
		   rest[whole % DIGITS_PER_GROUP] + rest[scale % DIGITS_PER_GROUP];
}

static int
value_bytes(const ColumnType *type, bool ascii)
{
	int length = type->length >= 0 ? type->length : 1;

	switch (kinds[type->kind].family)
	{
		case FAMILY_TEXT: return length * (ascii ? 1 : UTF8_BYTES);
		case FAMILY_BYTES: return length;
		default: return type->kind == KIND_DECIMAL ? decimal_bytes(type) : kinds[type->kind].bytes;
	}
}

int
column_type_key_bytes(const ColumnType *type, bool ascii)
{
	return value_bytes(type, ascii);
}

int
column_type_row_bytes(const ColumnType *type, bool ascii)
{
	if (kinds[type->kind].apart)
		return POINTER_BYTES;
	return value_bytes(type, ascii) +
		   (kinds[type->kind].family == FAMILY_PLAIN ? 0 : kinds[type->kind].bytes);
}
