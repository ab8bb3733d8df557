/*
 * column_of_log.c - a row per kind: the type as SQL has it (column_of_log.h).
 */
#include "column_of_log.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "binlog/little_cursor.h"
#include "common/mysql/my_sql.h"
#include "log_column.h"
#include "sql_text.h"

#define TYPE_MAXIMUM ((size_t) 16 << 20)
#define COUNT(list)	 (sizeof(list) / sizeof((list)[0]))

/* What stands in brackets. */
typedef enum Brackets
{
	BRACKETS_NONE,
	BRACKETS_DECIMAL,
	BRACKETS_FRACTION, /* where there is one */
	BRACKETS_LENGTH,
	BRACKETS_CHARACTERS,
	BRACKETS_DIMENSIONS,
	BRACKETS_LABELS
} Brackets;

typedef struct KindRow
{
	uint8_t kind;
	Brackets brackets;
	const char *bytes, *text; /* the type without and with a character set */
} KindRow;

static const KindRow rows[] = {
	{COLUMN_TINY, BRACKETS_NONE, "tinyint", NULL},
	{COLUMN_SHORT, BRACKETS_NONE, "smallint", NULL},
	{COLUMN_INT24, BRACKETS_NONE, "mediumint", NULL},
	{COLUMN_LONG, BRACKETS_NONE, "int", NULL},
	{COLUMN_LONGLONG, BRACKETS_NONE, "bigint", NULL},
	{COLUMN_FLOAT, BRACKETS_NONE, "float", NULL},
	{COLUMN_DOUBLE, BRACKETS_NONE, "double", NULL},
	{COLUMN_DECIMAL, BRACKETS_DECIMAL, "decimal", NULL},
	{COLUMN_YEAR, BRACKETS_NONE, "year", NULL},
	{COLUMN_DATE, BRACKETS_NONE, "date", NULL},
	{COLUMN_NEWDATE, BRACKETS_NONE, "date", NULL},
	{COLUMN_TIME, BRACKETS_FRACTION, "time", NULL},
	{COLUMN_DATETIME, BRACKETS_FRACTION, "datetime", NULL},
	{COLUMN_TIMESTAMP, BRACKETS_FRACTION, "timestamp", NULL},
	{COLUMN_BIT, BRACKETS_LENGTH, "bit", NULL},
	{COLUMN_STRING, BRACKETS_CHARACTERS, "binary", "char"},
	{COLUMN_VARCHAR, BRACKETS_CHARACTERS, "varbinary", "varchar"},
	{COLUMN_VAR_STRING, BRACKETS_CHARACTERS, "varbinary", "varchar"},
	{COLUMN_ENUM, BRACKETS_LABELS, "enum", "enum"},
	{COLUMN_SET, BRACKETS_LABELS, "set", "set"},
	{COLUMN_BLOB, BRACKETS_NONE, "longblob", "longtext"},
	{COLUMN_VARCHAR_COMPRESSED, BRACKETS_NONE, "longblob", "longtext"},
	{COLUMN_BLOB_COMPRESSED, BRACKETS_NONE, "longblob", "longtext"},
	{COLUMN_JSON, BRACKETS_NONE, "json", "json"},
	{COLUMN_GEOMETRY, BRACKETS_NONE, "geometry", "geometry"},
	{COLUMN_VECTOR, BRACKETS_DIMENSIONS, "vector", "vector"},
};

static const KindRow *
find_row(uint8_t kind)
{
	for (size_t i = 0; i < COUNT(rows); i++)
	{
		if (rows[i].kind == kind)
			return &rows[i];
	}
	return NULL;
}

/* ---- the type ---- */

static bool
put_labels(ByteBuf *out, const LogColumn *column, Charset *charset, SluiceError *err)
{
	ByteCursor labels = column->labels;
	ByteBuf scratch;
	bool good = true;

	bytebuf_init(&scratch, &allocator_malloc, TYPE_MAXIMUM);
	for (uint32_t i = 0; good && i < column->label_count; i++)
	{
		const uint8_t *label, *utf8;
		size_t length, utf8_length;

		good = little_packed_bytes(&labels, &label, &length, err) &&
			   charset_read(charset, TEXT_REPLACE, label, length, &scratch, &utf8, &utf8_length,
							err) &&
			   my_put_word(out, i == 0 ? "(" : ",", err) &&
			   my_put_text(out, utf8, utf8_length, err);
	}
	bytebuf_free(&scratch);
	return good && my_put_word(out, ")", err);
}

static bool
put_brackets(ByteBuf *out, const KindRow *row, const LogColumn *column, Charset *charset,
			 SluiceError *err)
{
	uint32_t bytes = charset != NULL ? charset_character_bytes(charset_name(charset)) : 1;

	switch (row->brackets)
	{
		case BRACKETS_NONE: return true;
		case BRACKETS_DECIMAL: return my_put(out, err, "(%u,%u)", column->precision, column->scale);
		case BRACKETS_FRACTION:
			return column->scale == 0 || my_put(out, err, "(%u)", column->scale);
		case BRACKETS_LENGTH: return my_put(out, err, "(%u)", column->length);
		case BRACKETS_CHARACTERS: return my_put(out, err, "(%u)", column->length / bytes);
		case BRACKETS_DIMENSIONS: return my_put(out, err, "(%u)", column->dimensions);
		case BRACKETS_LABELS: return put_labels(out, column, charset, err);
	}
	return false;
}

/* NULL in *charset for bytes and what has none. */
static bool
find_charset(const LogColumn *column, const KindRow *row, Charsets *charsets, Charset **charset,
			 SluiceError *err)
{
	*charset = NULL;
	if (row->text == NULL || column->kind == COLUMN_JSON || column->kind == COLUMN_GEOMETRY ||
		column->kind == COLUMN_VECTOR || column->collation == COLLATION_BINARY)
		return true;
	*charset = column->collation != 0 ? charsets_by_collation(charsets, column->collation, err)
									  : charsets_by_name(charsets, "utf8mb4", err);
	return *charset != NULL;
}

static bool
put_type(const LogColumn *column, Charsets *charsets, LogColumnText *text, SchemaColumn *to,
		 SluiceError *err)
{
	const KindRow *row = find_row(column->kind);
	Charset *charset;

	if (row == NULL)
		return sluice_fail(err, SLUICE_ERROR_DATA, "a type that is not known");
	if (!find_charset(column, row, charsets, &charset, err) ||
		!my_put_word(&text->type, charset != NULL ? row->text : row->bytes, err) ||
		!put_brackets(&text->type, row, column, charset, err) ||
		(column->is_unsigned && column->kind != COLUMN_YEAR &&
		 !my_put_word(&text->type, " unsigned", err)) ||
		!bytebuf_put_u8(&text->type, '\0', err))
		return false;
	to->charset = charset != NULL ? charset_name(charset) : NULL;
	to->type = (const char *) text->type.data;
	return true;
}

/* ---- the default ---- */

static bool
is_number(const char *value)
{
	return value[0] != '\0' && value[strspn(value, "0123456789.+-")] == '\0';
}

/* A word as a literal: TRUE is 1. */
static const char *
plain_value(const char *value)
{
	return strcasecmp(value, "true") == 0 ? "1" : strcasecmp(value, "false") == 0 ? "0" : value;
}

static bool
put_default(const char *value, LogColumnText *text, SchemaColumn *to, SluiceError *err)
{
	const char *plain = value != NULL ? plain_value(value) : NULL;
	const char *end = NULL;

	if (value == NULL || strcasecmp(value, "null") == 0)
		return true;
	if (!my_put_word(&text->sql, value, err) || !bytebuf_put_u8(&text->sql, '\0', err))
		return false;
	to->default_value = (const char *) text->sql.data;
	to->default_kind = SCHEMA_DEFAULT_EXPRESSION;
	if (value[0] == '\'' || value[0] == '"')
	{
		end = sql_text_read(value, &text->literal, err);
		if (end == NULL || *end != '\0')
			return end != NULL;
	}
	else if (!is_number(plain))
		return true;
	else if (!my_put_word(&text->literal, plain, err))
		return false;
	to->default_kind = SCHEMA_DEFAULT_LITERAL;
	if (!bytebuf_put_u8(&text->literal, '\0', err))
		return false;
	to->default_literal = (const char *) text->literal.data;
	return true;
}

/* ---- the whole ---- */

bool
column_of_log(const LogColumn *column, const char *value, Charsets *charsets, LogColumnText *text,
			  SchemaColumn *to, SluiceError *err)
{
	*text = (LogColumnText){0};
	*to = (SchemaColumn){.typmod = -1, .srid = -1, .type_schema = ""};
	bytebuf_init(&text->type, &allocator_malloc, TYPE_MAXIMUM);
	bytebuf_init(&text->sql, &allocator_malloc, TYPE_MAXIMUM);
	bytebuf_init(&text->literal, &allocator_malloc, TYPE_MAXIMUM);
	text->name = strndup((const char *) column->name, column->name_length);
	if (text->name == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a column");
	if (!put_type(column, charsets, text, to, err) || !put_default(value, text, to, err))
		return sluice_prefix(err, "column \"%s\"", text->name);
	column_type_name(to->type, false, text->type_name);
	to->name = text->name;
	to->type_name = text->type_name;
	to->canon = column_canon(to->type, false);
	return true;
}

void
column_of_log_free(LogColumnText *text)
{
	free(text->name);
	bytebuf_free(&text->type);
	bytebuf_free(&text->sql);
	bytebuf_free(&text->literal);
}
