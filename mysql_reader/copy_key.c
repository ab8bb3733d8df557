/*
 * copy_key.c - keys of tables (copy_key.h).
 *
 * A condition on several columns is spelled out, "a > 1 OR (a = 1 AND b >= 2)":
 * the servers use an index for that, but not for the row form "(a, b) >= (1,
 * 2)".
 */
#include "copy_key.h"

#include <string.h>

#include "common/mysql/my_sql.h"
#include "table_match.h"

static const KeyForm forms[CANON_LAST + 1] = {
	[CANON_INT16] = KEY_INTEGER,	[CANON_INT32] = KEY_INTEGER,	  [CANON_INT64] = KEY_INTEGER,
	[CANON_UINT64] = KEY_INTEGER,	[CANON_DECIMAL] = KEY_NUMBER,	  [CANON_DATE] = KEY_QUOTED,
	[CANON_TIMESTAMP] = KEY_QUOTED, [CANON_TIMESTAMPTZ] = KEY_QUOTED, [CANON_INTERVAL] = KEY_QUOTED,
	[CANON_UUID] = KEY_QUOTED,		[CANON_NETWORK] = KEY_QUOTED,	  [CANON_TEXT] = KEY_TEXT,
	[CANON_BYTES] = KEY_BYTES,
};

/* Characters of a value, but for those of bytes. */
static const char *const characters[] = {
	[KEY_INTEGER] = "-0123456789",
	[KEY_NUMBER] = "-.0123456789",
	[KEY_QUOTED] = "-.: 0123456789abcdefABCDEF",
	[KEY_BYTES] = "0123456789abcdef",
	[KEY_TEXT] = "0123456789abcdef",
};

void
copy_key_of(const SchemaTable *table, CopyKey *key)
{
	const SchemaIndex *index = table_key(table);

	*key = (CopyKey){0};
	if (index == NULL)
		return;
	key->index = index->name;
	for (size_t i = 0; i < index->column_count && i < COPY_KEY_COLUMNS; i++)
	{
		const SchemaIndexColumn *of = &index->columns[i];
		const SchemaColumn *column = of->name != NULL ? schema_table_column(table, of->name) : NULL;

		if (column == NULL || of->length > 0 || forms[column->canon] == KEY_NONE)
			return;
		key->columns[key->count] = column;
		key->forms[key->count++] = forms[column->canon];
	}
}

/* ---- values ---- */

static bool
all_of(const char *text, size_t length, KeyForm form)
{
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '\0' || strchr(characters[form], text[i]) == NULL)
			return false;
	}
	return true;
}

bool
copy_key_value(const CopyKey *key, size_t column, const char *text, size_t length, ByteBuf *out,
			   SluiceError *err)
{
	KeyForm form = key->forms[column];

	if (form == KEY_BYTES || form == KEY_TEXT)
		return my_put_hex(out, text, length, err);
	if (length == 0 || !all_of(text, length, form))
		return sluice_fail(err, SLUICE_ERROR_DATA, "column %s: \"%.*s\" is no value of a key",
						   key->columns[column]->name, (int) (length < 80 ? length : 80), text);
	return form == KEY_QUOTED ? my_put(out, err, "'%.*s'", (int) length, text)
							  : bytebuf_put(out, text, length, err);
}

/* A value within a chunk's text. */
typedef struct KeyPart
{
	const char *text;
	size_t length;
} KeyPart;

/* Whether it is a value of that form, quotes and all. */
static bool
is_value(const KeyPart *part, KeyForm form)
{
	const char *text = part->text;
	size_t length = part->length;

	if (form == KEY_BYTES || form == KEY_TEXT)
	{
		if (length < 3 || *text++ != 'x' || length % 2 == 0)
			return false;
		length--;
	}
	if (form >= KEY_QUOTED)
		return length >= 2 && text[0] == '\'' && text[length - 1] == '\'' &&
			   all_of(text + 1, length - 2, form);
	return length > 0 && all_of(text, length, form);
}

/* The values of one end of a chunk: of the key's leading columns, or none. */
static bool
split(const CopyKey *key, const char *text, size_t length, KeyPart *parts, size_t *count)
{
	const char *end = text + length;

	*count = 0;
	while (text < end)
	{
		const char *comma = memchr(text, ',', (size_t) (end - text));
		KeyPart part = {text, (size_t) ((comma != NULL ? comma : end) - text)};

		if (*count >= key->count || !is_value(&part, key->forms[*count]) || comma == end - 1)
			return false;
		parts[(*count)++] = part;
		text = comma != NULL ? comma + 1 : end;
	}
	return true;
}

/* Texts are compared by the rules of their column. */
static bool
put_value(const CopyKey *key, size_t column, const KeyPart *part, ByteBuf *sql, SluiceError *err)
{
	const SchemaColumn *of = key->columns[column];

	if (key->forms[column] != KEY_TEXT)
		return bytebuf_put(sql, part->text, part->length, err);
	return my_put(sql, err, "_%s %.*s COLLATE %s", of->charset, (int) part->length, part->text,
				  of->collation);
}

static bool
put_comparison(const CopyKey *key, size_t column, const char *sign, const KeyPart *part,
			   ByteBuf *sql, SluiceError *err)
{
	return my_put_name(sql, key->columns[column]->name, err) && my_put_word(sql, sign, err) &&
		   put_value(key, column, part, sql, err);
}

/* ---- conditions ---- */

/* "a = 1 AND b > 2": those before `last` are equal. */
static bool
put_step(const CopyKey *key, const KeyPart *parts, size_t last, const char *sign, ByteBuf *sql,
		 SluiceError *err)
{
	for (size_t i = 0; i < last; i++)
	{
		if (!put_comparison(key, i, " = ", &parts[i], sql, err) || !my_put_word(sql, " AND ", err))
			return false;
	}
	return put_comparison(key, last, sign, &parts[last], sql, err);
}

/* How the columns before the last one compare, the last one, and the first one alone. */
typedef struct EndSigns
{
	const char *sign, *last, *first;
} EndSigns;

static const EndSigns low_signs = {" > ", " >= ", " >= "}, high_signs = {" < ", " < ", " <= "};

/* What the first column alone says is said too: it is what an index is entered by. */
static bool
put_end(const CopyKey *key, const KeyPart *parts, size_t count, const EndSigns *signs, ByteBuf *sql,
		SluiceError *err)
{
	if (count > 1 && (!put_comparison(key, 0, signs->first, &parts[0], sql, err) ||
					  !my_put_word(sql, " AND ", err)))
		return false;
	if (!my_put_word(sql, "(", err))
		return false;
	for (size_t i = 0; i < count; i++)
	{
		if ((i > 0 && !my_put_word(sql, " OR ", err)) || !my_put_word(sql, "(", err) ||
			!put_step(key, parts, i, i + 1 < count ? signs->sign : signs->last, sql, err) ||
			!my_put_word(sql, ")", err))
			return false;
	}
	return my_put_word(sql, ")", err);
}

bool
copy_key_condition(const CopyKey *key, const char *chunk, ByteBuf *sql, SluiceError *err)
{
	const char *middle = strchr(chunk, ';');
	KeyPart low[COPY_KEY_COLUMNS], high[COPY_KEY_COLUMNS];
	size_t low_count, high_count;

	if (middle == NULL || !split(key, chunk, (size_t) (middle - chunk), low, &low_count) ||
		!split(key, middle + 1, strlen(middle + 1), high, &high_count))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.80s\" is no chunk of that table", chunk);
	return my_put_word(sql, "(", err) &&
		   (low_count == 0 || put_end(key, low, low_count, &low_signs, sql, err)) &&
		   (low_count == 0 || high_count == 0 || my_put_word(sql, " AND ", err)) &&
		   (high_count == 0 || put_end(key, high, high_count, &high_signs, sql, err)) &&
		   (low_count + high_count > 0 || my_put_word(sql, "1 = 1", err)) &&
		   my_put_word(sql, ")", err);
}

bool
copy_key_names(const CopyKey *key, ByteBuf *sql, SluiceError *err)
{
	for (size_t i = 0; i < key->count; i++)
	{
		if ((i > 0 && !my_put_word(sql, ", ", err)) ||
			!my_put_name(sql, key->columns[i]->name, err))
			return false;
	}
	return true;
}

/* ---- numbers ---- */

bool
key_number_parse(const char *text, size_t length, KeyNumber *number)
{
	bool negative = length > 0 && text[0] == '-';

	*number = 0;
	if (length == (size_t) negative || length > 21)
		return false;
	for (size_t i = negative; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		*number = *number * 10 + (text[i] - '0');
	}
	if (negative)
		*number = -*number;
	return true;
}

KeyNumber
key_number_cut(KeyNumber least, KeyNumber greatest, uint32_t i, uint32_t parts)
{
	return least + (greatest - least + 1) * i / parts;
}

char *
key_number_put(KeyNumber number, char *at)
{
	char digits[KEY_NUMBER_SIZE];
	size_t count = 0;
	bool negative = number < 0;

	do
	{
		int digit = (int) (number % 10);

		digits[count++] = (char) ('0' + (digit < 0 ? -digit : digit));
		number /= 10;
	} while (number != 0);
	if (negative)
		*at++ = '-';
	while (count > 0)
		*at++ = digits[--count];
	return at;
}
