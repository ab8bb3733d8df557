/*
 * log_column.c - a row per type that the servers have: how a table map describes its columns.
 */
#include "log_column.h"

#include "common/core/column_type.h"
#include "sql_text.h"

#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What LogColumn.length is made of. */
typedef enum LengthForm
{
	LENGTH_FIXED,	   /* the row's number */
	LENGTH_CHARACTERS, /* those of the type, in bytes */
	LENGTH_BYTES,	   /* those of the type */
	LENGTH_BITS,
	LENGTH_LABELS, /* bytes that a label's number takes */
	LENGTH_MEMBERS /* bytes that a bit per label takes */
} LengthForm;

typedef struct TypeRow
{
	ColumnKind type;
	LogKind kind;
	LengthForm form;
	uint8_t length;
} TypeRow;

static const TypeRow rows[] = {
	{KIND_TINYINT, COLUMN_TINY, LENGTH_FIXED, 0},
	{KIND_SMALLINT, COLUMN_SHORT, LENGTH_FIXED, 0},
	{KIND_MEDIUMINT, COLUMN_INT24, LENGTH_FIXED, 0},
	{KIND_INT, COLUMN_LONG, LENGTH_FIXED, 0},
	{KIND_BIGINT, COLUMN_LONGLONG, LENGTH_FIXED, 0},
	{KIND_FLOAT, COLUMN_FLOAT, LENGTH_FIXED, 4},
	{KIND_DOUBLE, COLUMN_DOUBLE, LENGTH_FIXED, 8},
	{KIND_DECIMAL, COLUMN_DECIMAL, LENGTH_FIXED, 0},
	{KIND_BIT, COLUMN_BIT, LENGTH_BITS, 0},
	{KIND_DATE, COLUMN_DATE, LENGTH_FIXED, 0},
	{KIND_TIME, COLUMN_TIME, LENGTH_FIXED, 0},
	{KIND_DATETIME, COLUMN_DATETIME, LENGTH_FIXED, 0},
	{KIND_TIMESTAMP, COLUMN_TIMESTAMP, LENGTH_FIXED, 0},
	{KIND_YEAR, COLUMN_YEAR, LENGTH_FIXED, 0},
	{KIND_CHAR, COLUMN_STRING, LENGTH_CHARACTERS, 0},
	{KIND_VARCHAR, COLUMN_VARCHAR, LENGTH_CHARACTERS, 0},
	{KIND_TINYTEXT, COLUMN_BLOB, LENGTH_FIXED, 1},
	{KIND_TEXT, COLUMN_BLOB, LENGTH_FIXED, 2},
	{KIND_MEDIUMTEXT, COLUMN_BLOB, LENGTH_FIXED, 3},
	{KIND_LONGTEXT, COLUMN_BLOB, LENGTH_FIXED, 4},
	{KIND_BINARY, COLUMN_STRING, LENGTH_BYTES, 0},
	{KIND_VARBINARY, COLUMN_VARCHAR, LENGTH_BYTES, 0},
	{KIND_TINYBLOB, COLUMN_BLOB, LENGTH_FIXED, 1},
	{KIND_BLOB, COLUMN_BLOB, LENGTH_FIXED, 2},
	{KIND_MEDIUMBLOB, COLUMN_BLOB, LENGTH_FIXED, 3},
	{KIND_LONGBLOB, COLUMN_BLOB, LENGTH_FIXED, 4},
	{KIND_ENUM, COLUMN_ENUM, LENGTH_LABELS, 0},
	{KIND_SET, COLUMN_SET, LENGTH_MEMBERS, 0},
	{KIND_JSON, COLUMN_JSON, LENGTH_FIXED, 4},
	{KIND_UUID, COLUMN_STRING, LENGTH_FIXED, 16},
	{KIND_INET4, COLUMN_STRING, LENGTH_FIXED, 4},
	{KIND_INET6, COLUMN_STRING, LENGTH_FIXED, 16},
	{KIND_VECTOR, COLUMN_VECTOR, LENGTH_FIXED, 4},
};

/* All kinds of them alike. */
static const TypeRow geometry = {KIND_GEOMETRY, COLUMN_GEOMETRY, LENGTH_FIXED, 4};

/* ---- bytes of characters ---- */

/* Character sets of more than a byte. */
static const struct
{
	const char *name;
	uint8_t bytes;
} wide_charsets[] = {
	{"utf8mb4", 4}, {"utf8mb3", 3}, {"utf8", 3},	{"utf16", 4},	{"utf16le", 4}, {"utf32", 4},
	{"ucs2", 2},	{"gbk", 2},		{"gb2312", 2},	{"gb18030", 4}, {"big5", 2},	{"sjis", 2},
	{"cp932", 2},	{"ujis", 3},	{"eucjpms", 3}, {"euckr", 2},
};

uint32_t
charset_character_bytes(const char *charset)
{
	for (size_t i = 0; charset != NULL && i < COUNT(wide_charsets); i++)
	{
		if (strcmp(charset, wide_charsets[i].name) == 0)
			return wide_charsets[i].bytes;
	}
	return 1;
}

/* ---- labels ---- */

#define PACKED_ONE_BYTE 250 /* the longest that is its own length */
#define PACKED_TWO		0xFC

static bool
put_label(ByteBuf *labels, const uint8_t *label, size_t length, SluiceError *err)
{
	const uint8_t two[] = {PACKED_TWO, (uint8_t) length, (uint8_t) (length >> 8)};

	return (length <= PACKED_ONE_BYTE ? bytebuf_put_u8(labels, (uint8_t) length, err)
									  : bytebuf_put(labels, two, sizeof(two), err)) &&
		   bytebuf_put(labels, label, length, err);
}

/* "enum('a','b')" */
static bool
read_labels(const char *type, LogColumn *column, ByteBuf *labels, SluiceError *err)
{
	const size_t start = labels->length;
	const char *at = strchr(type, '(');
	ByteBuf label;
	bool good = true;

	bytebuf_init(&label, labels->allocator, labels->maximum);
	while (good && at != NULL && (*at == '(' || *at == ',') && at[1] == '\'')
	{
		label.length = 0;
		at = sql_text_read(at + 1, &label, err);
		good = at != NULL && put_label(labels, label.data, label.length, err);
		column->label_count++;
	}
	bytebuf_free(&label);
	column->labels = (ByteCursor){labels->data + start, labels->data + labels->length};
	return good;
}

static uint32_t
bytes_of_members(uint32_t members)
{
	uint32_t bytes = (members + 7) / 8;

	return bytes > 4 ? 8 : bytes;
}

/* ---- the column ---- */

static const TypeRow *
find_row(ColumnKind type)
{
	for (size_t i = 0; i < COUNT(rows); i++)
	{
		if (rows[i].type == type)
			return &rows[i];
	}
	return NULL;
}

static uint32_t
length_of(const TypeRow *row, const ColumnType *type, const SchemaColumn *of,
		  const LogColumn *column)
{
	uint32_t length = type->length >= 0 ? (uint32_t) type->length : 1;

	switch (row->form)
	{
		case LENGTH_CHARACTERS: return length * charset_character_bytes(of->charset);
		case LENGTH_BYTES:
		case LENGTH_BITS: return length;
		case LENGTH_LABELS: return column->label_count > 255 ? 2 : 1;
		case LENGTH_MEMBERS: return bytes_of_members(column->label_count);
		case LENGTH_FIXED: break;
	}
	return row->length;
}

/* Kinds that servers have under another name than their type's. */
static void
adapt_to_server(const SchemaColumn *of, const ColumnType *type, bool mariadb, LogColumn *column)
{
	bool compressed = mariadb && strstr(of->type, " COMPRESSED") != NULL;

	if (compressed && column->kind == COLUMN_VARCHAR)
		column->kind = COLUMN_VARCHAR_COMPRESSED;
	else if (compressed && column->kind == COLUMN_BLOB)
		column->kind = COLUMN_BLOB_COMPRESSED;
	else if (mariadb && type->kind == KIND_VECTOR)
	{
		column->kind = COLUMN_VARCHAR;
		column->length = column->dimensions * (uint32_t) sizeof(float);
	}
}

static bool
fill(const SchemaColumn *of, const ColumnType *type, bool mariadb, LogColumn *column,
	 ByteBuf *labels, SluiceError *err)
{
	const TypeRow *row = of->canon == CANON_GEOMETRY ? &geometry : find_row(type->kind);

	if (row == NULL)
		return sluice_fail(err, SLUICE_ERROR_DATA, "the type \"%.60s\" is not known", of->type);
	column->kind = row->kind;
	if ((row->form == LENGTH_LABELS || row->form == LENGTH_MEMBERS) &&
		!read_labels(of->type, column, labels, err))
		return false;
	column->length = length_of(row, type, of, column);
	if (type->kind == KIND_DECIMAL)
	{
		column->precision = (uint8_t) (type->length >= 0 ? type->length : 10);
		column->scale = (uint8_t) (type->scale >= 0 ? type->scale : 0);
	}
	else if (type->kind == KIND_TIME || type->kind == KIND_DATETIME || type->kind == KIND_TIMESTAMP)
		column->scale = (uint8_t) (type->length >= 0 ? type->length : 0);
	else if (type->kind == KIND_VECTOR)
		column->dimensions = (uint32_t) type->length;
	adapt_to_server(of, type, mariadb, column);
	return true;
}

bool
log_column_of(const SchemaColumn *of, bool mariadb, LogColumn *column, ByteBuf *labels,
			  SluiceError *err)
{
	ColumnType type;

	(void) column_type_read(of->type, &type);
	*column = (LogColumn){
		.nullable = !of->not_null,
		.is_unsigned = type.is_unsigned,
		.visible = !of->invisible,
		.collation = of->charset == NULL ? COLLATION_BINARY : 0,
		.name = (const uint8_t *) of->name,
		.name_length = strlen(of->name),
	};
	return fill(of, &type, mariadb, column, labels, err) ||
		   sluice_prefix(err, "column \"%s\"", of->name);
}

ColumnSpecial
column_special(const SchemaColumn *of)
{
	if (of->canon == CANON_UUID)
		return SPECIAL_UUID;
	if (of->canon == CANON_NETWORK)
		return strcmp(of->type_name, "inet4") == 0 ? SPECIAL_INET4 : SPECIAL_INET6;
	/* MySQL's own JSON is known by its kind. */
	return of->canon == CANON_JSON && strncmp(of->type, "json", 4) != 0 ? SPECIAL_JSON
																		: SPECIAL_NONE;
}
