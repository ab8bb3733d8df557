/*
 * column_canon.c - a row per type that the servers have: its canonical type, and what of its text is
 * part of its plain name.
 */
#include "column_canon.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What of the numbers in brackets means something. */
typedef enum Brackets
{
	BRACKETS_KEPT,
	BRACKETS_WIDTH, /* a display width: only that of tinyint(1) does */
	BRACKETS_LABELS /* too long for a name */
} Brackets;

static const struct
{
	const char *name;
	CanonType canon, unsigned_canon; /* the second of numbers only */
	Brackets brackets;
} rows[] = {
	{"tinyint", CANON_INT16, CANON_INT16, BRACKETS_WIDTH},
	{"smallint", CANON_INT16, CANON_INT32, BRACKETS_WIDTH},
	{"mediumint", CANON_INT32, CANON_INT32, BRACKETS_WIDTH},
	{"int", CANON_INT32, CANON_INT64, BRACKETS_WIDTH},
	{"bigint", CANON_INT64, CANON_UINT64, BRACKETS_WIDTH},
	{"year", CANON_INT16, CANON_INT16, BRACKETS_WIDTH},
	{"float", CANON_FLOAT32, CANON_FLOAT32, BRACKETS_KEPT},
	{"double", CANON_FLOAT64, CANON_FLOAT64, BRACKETS_KEPT},
	{"decimal", CANON_DECIMAL, CANON_DECIMAL, BRACKETS_KEPT},
	{"bit", CANON_BITS, 0, BRACKETS_KEPT},
	{"char", CANON_TEXT, 0, BRACKETS_KEPT},
	{"varchar", CANON_TEXT, 0, BRACKETS_KEPT},
	{"tinytext", CANON_TEXT, 0, BRACKETS_KEPT},
	{"text", CANON_TEXT, 0, BRACKETS_KEPT},
	{"mediumtext", CANON_TEXT, 0, BRACKETS_KEPT},
	{"longtext", CANON_TEXT, 0, BRACKETS_KEPT},
	{"binary", CANON_BYTES, 0, BRACKETS_KEPT},
	{"varbinary", CANON_BYTES, 0, BRACKETS_KEPT},
	{"tinyblob", CANON_BYTES, 0, BRACKETS_KEPT},
	{"blob", CANON_BYTES, 0, BRACKETS_KEPT},
	{"mediumblob", CANON_BYTES, 0, BRACKETS_KEPT},
	{"longblob", CANON_BYTES, 0, BRACKETS_KEPT},
	{"date", CANON_DATE, 0, BRACKETS_KEPT},
	{"datetime", CANON_TIMESTAMP, 0, BRACKETS_KEPT},
	{"timestamp", CANON_TIMESTAMPTZ, 0, BRACKETS_KEPT},
	{"time", CANON_INTERVAL, 0, BRACKETS_KEPT},
	{"enum", CANON_ENUM, 0, BRACKETS_LABELS},
	{"set", CANON_SET, 0, BRACKETS_LABELS},
	{"json", CANON_JSON, 0, BRACKETS_KEPT},
	{"uuid", CANON_UUID, 0, BRACKETS_KEPT},
	{"inet4", CANON_NETWORK, 0, BRACKETS_KEPT},
	{"inet6", CANON_NETWORK, 0, BRACKETS_KEPT},
	{"geometry", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"point", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"linestring", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"polygon", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"multipoint", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"multilinestring", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"multipolygon", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"geometrycollection", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"geomcollection", CANON_GEOMETRY, 0, BRACKETS_KEPT},
	{"vector", CANON_BYTES, 0, BRACKETS_KEPT},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static size_t
kind_length(const char *type)
{
	return strcspn(type, "( ");
}

/* ROWS for one that is not known. */
static size_t
find_row(const char *type)
{
	size_t length = kind_length(type), i = 0;

	while (i < ROWS &&
		   (strlen(rows[i].name) != length || strncasecmp(type, rows[i].name, length) != 0))
		i++;
	return i;
}

CanonType
column_canon(const char *type, bool json)
{
	size_t row = find_row(type);

	if (json)
		return CANON_JSON;
	if (row == ROWS)
		return CANON_OTHER;
	return rows[row].unsigned_canon != 0 && strcasestr(type, " unsigned") != NULL
			   ? rows[row].unsigned_canon
			   : rows[row].canon;
}

/* Bytes of "(10,2)" behind the kind, 0 where there is none or it means nothing. */
static size_t
brackets_length(const char *type, size_t row)
{
	const char *open = type + kind_length(type);
	Brackets brackets = row < ROWS ? rows[row].brackets : BRACKETS_LABELS;
	const char *close = *open == '(' ? strchr(open, ')') : NULL;

	if (close == NULL || brackets == BRACKETS_LABELS)
		return 0;
	if (brackets == BRACKETS_WIDTH && strncasecmp(type, "tinyint(1)", strlen("tinyint(1)")) != 0)
		return 0;
	return (size_t) (close + 1 - open);
}

void
column_type_name(const char *type, bool json, char name[COLUMN_TYPE_NAME])
{
	size_t row = find_row(type), kind = kind_length(type), length = kind;

	if (json)
		type = "json", kind = length = strlen("json");
	else
		length += brackets_length(type, row);
	if (length >= COLUMN_TYPE_NAME - sizeof(" unsigned"))
		length = kind;
	(void) snprintf(name, COLUMN_TYPE_NAME, "%.*s", (int) length, type);
	for (char *at = name; *at != '\0'; at++)
		*at = (char) tolower((unsigned char) *at);
	if (row < ROWS && rows[row].unsigned_canon != 0 && !json &&
		strcasestr(type, " unsigned") != NULL)
		(void) strncat(name, " unsigned", COLUMN_TYPE_NAME - strlen(name) - 1);
}
