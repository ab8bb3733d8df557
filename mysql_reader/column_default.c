/*
 * column_default.c - literals and expressions told apart (column_default.h).
 */
#include "column_default.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/core/column_type.h"
#include "common/mysql/my_sql.h"
#include "sql_text.h"

#define DEFAULT_MAXIMUM ((size_t) 1 << 20)

static bool
put_text(ByteBuf *out, const char *text, SluiceError *err)
{
	return bytebuf_put(out, text, strlen(text), err);
}

/* ---- bits ---- */

/* b'101' as many digits as the column has bits. */
static bool
put_bits(ByteBuf *out, const char *shown, int bits, SluiceError *err)
{
	const char *digits = shown + 2;
	int count = (int) strspn(digits, "01");

	for (int i = count; i < bits; i++)
	{
		if (!bytebuf_put_u8(out, '0', err))
			return false;
	}
	return bytebuf_put(out, digits, (size_t) count, err);
}

static bool
take_bits(ColumnDefault *result, const char *shown, const ColumnType *type, SluiceError *err)
{
	result->kind = SCHEMA_DEFAULT_LITERAL;
	return put_text(&result->sql, shown, err) &&
		   put_bits(&result->literal, shown, type->length > 0 ? type->length : 1, err);
}

/* ---- MySQL ---- */

static bool
is_number_kind(ColumnKind kind)
{
	return (kind >= KIND_TINYINT && kind <= KIND_DECIMAL) || kind == KIND_YEAR;
}

/* The servers know this one without brackets. */
static bool
is_now(const char *expression)
{
	return strncasecmp(expression, "CURRENT_TIMESTAMP", strlen("CURRENT_TIMESTAMP")) == 0;
}

static bool
read_mysql(ColumnDefault *result, const ColumnType *type, const char *shown, const char *extra,
		   SluiceError *err)
{
	if (strstr(extra, "DEFAULT_GENERATED") != NULL)
	{
		result->kind = SCHEMA_DEFAULT_EXPRESSION;
		if (is_now(shown))
			return put_text(&result->sql, shown, err);
		return put_text(&result->sql, "(", err) && sql_text_unescape(shown, &result->sql, err) &&
			   put_text(&result->sql, ")", err);
	}
	result->kind = SCHEMA_DEFAULT_LITERAL;
	return put_text(&result->literal, shown, err) &&
		   (is_number_kind(type->kind) ? put_text(&result->sql, shown, err)
									   : my_put_text(&result->sql, shown, strlen(shown), err));
}

/* ---- MariaDB ---- */

static bool
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789.eE+-")] == '\0';
}

static bool
read_mariadb(ColumnDefault *result, const char *shown, SluiceError *err)
{
	if (strcmp(shown, "NULL") == 0)
		return true;
	result->kind = SCHEMA_DEFAULT_LITERAL;
	if (!put_text(&result->sql, shown, err))
		return false;
	if (is_number(shown))
		return put_text(&result->literal, shown, err);
	if (shown[0] == '\'')
	{
		const char *end = sql_text_read(shown, &result->literal, err);

		if (end == NULL || *end == '\0')
			return end != NULL;
		result->literal.length = 0;
	}
	result->kind = SCHEMA_DEFAULT_EXPRESSION;
	return true;
}

/* ---- either ---- */

bool
column_default_read(ColumnDefault *result, bool mariadb, const char *column_type, const char *shown,
					const char *extra, SluiceError *err)
{
	ColumnType type;

	*result = (ColumnDefault){0};
	bytebuf_init(&result->sql, &allocator_malloc, DEFAULT_MAXIMUM);
	bytebuf_init(&result->literal, &allocator_malloc, DEFAULT_MAXIMUM);
	if (shown == NULL)
		return true;
	(void) column_type_read(column_type, &type);
	if (type.kind == KIND_BIT && strncmp(shown, "b'", 2) == 0)
		return take_bits(result, shown, &type, err);
	return mariadb ? read_mariadb(result, shown, err)
				   : read_mysql(result, &type, shown, extra, err);
}

bool
column_default_bytes(ColumnDefault *result, const ByteBuf *bytes, SluiceError *err)
{
	char digits[3];

	result->sql.length = result->literal.length = 0;
	if (!put_text(&result->literal, "0x", err))
		return false;
	for (size_t i = 0; i < bytes->length; i++)
	{
		(void) snprintf(digits, sizeof(digits), "%02x", bytes->data[i]);
		if (!put_text(&result->literal, digits, err))
			return false;
	}
	/* 0x alone is no literal. */
	return bytes->length == 0
			   ? put_text(&result->sql, "''", err)
			   : bytebuf_put(&result->sql, result->literal.data, result->literal.length, err);
}

void
column_default_free(ColumnDefault *result)
{
	bytebuf_free(&result->sql);
	bytebuf_free(&result->literal);
}

const char *
column_on_update(const char *extra, size_t *length)
{
	static const char words[] = "on update ";
	const char *at = strcasestr(extra, words);

	*length = 0;
	if (at == NULL)
		return NULL;
	at += sizeof(words) - 1;
	*length = strcspn(at, ", ");
	return at;
}
