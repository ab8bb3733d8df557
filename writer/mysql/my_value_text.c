/*
 * my_value_text.c - text and bytes: as they are, or as the source prints a value.
 */
#include "my_value_parts.h"

/* Characters of UTF-8: bytes that do not go on with one. */
static uint64_t
count_characters(const uint8_t *text, uint32_t length)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < length; i++)
		count += (text[i] & 0xC0) != 0x80;
	return count;
}

/* Bytes of the longest beginning that the column takes, whole characters only. */
static uint32_t
length_that_fits(const MyConverter *c, const uint8_t *text, uint32_t length)
{
	uint64_t characters = 0;
	uint32_t at = 0;

	while (at < length)
	{
		uint32_t next = at + 1;

		while (next < length && (text[next] & 0xC0) == 0x80)
			next++;
		if ((c->most_bytes != 0 && next > c->most_bytes) ||
			(c->most_characters != 0 && ++characters > c->most_characters))
			break;
		at = next;
	}
	return at;
}

static bool
fits(const MyConverter *c, const uint8_t *text, uint32_t length)
{
	return (c->most_bytes == 0 || length <= c->most_bytes) &&
		   (c->most_characters == 0 || length <= c->most_characters ||
			count_characters(text, length) <= c->most_characters);
}

/* CHAR gives no blanks back from its end. */
static bool
loses_blanks(const MyConverter *c, const uint8_t *text, uint32_t length)
{
	return c->target.kind == KIND_CHAR && length > 0 && text[length - 1] == ' ';
}

/* `field` is the value that an error shows. */
static bool
give_text(MyConverter *c, const uint8_t *text, uint32_t length, const RowField *field,
		  MyValue *value, SluiceError *err)
{
	const char *why = NULL;

	if (c->target.kind == KIND_JSON)
		return my_give_json(c, text, length, field, value, err);
	if (!fits(c, text, length))
		why = "it is longer";
	else if (loses_blanks(c, text, length))
		why = "blanks at its end would be lost";
	else if (c->target.kind == KIND_BINARY && length != c->most_bytes)
		why = "it is shorter";
	if (why != NULL && c->policy != LOSS_CLAMP)
		return my_lose(c, field->data, (uint32_t) field->length, why, value, err);
	if (why != NULL)
		length = length_that_fits(c, text, length);
	*value = (MyValue){column_kind_is_bytes(c->target.kind) ? MY_BYTES : MY_TEXT, text, length};
	return true;
}

bool
my_encode_text(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
			   SluiceError *err)
{
	RowField field = {data, (int32_t) length};

	while (c->strip_blanks && length > 0 && data[length - 1] == ' ')
		length--;
	return give_text(c, data, length, &field, value, err);
}

/* The empty text is what ENUM has in place of a value that was none of its labels. */
bool
my_encode_label(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				SluiceError *err)
{
	if (length == 0 && c->no_empty)
		return my_lose(c, data, length, "it is none of the labels", value, err);
	return my_encode_text(c, data, length, value, err);
}

/* A version, then the text. */
bool
my_encode_jsonb(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				SluiceError *err)
{
	RowField field = {data, (int32_t) length};

	if (length < 1 || data[0] != 1)
		return my_malformed(c, err);
	return give_text(c, data + 1, length - 1, &field, value, err);
}

bool
my_encode_printed(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				  SluiceError *err)
{
	RowField field = {data, (int32_t) length};

	c->scratch.length = 0;
	if (!pg_text(&c->type, data, length, &c->scratch, err))
		return sluice_prefix(err, "column %s", c->column);
	return give_text(c, c->scratch.data, (uint32_t) c->scratch.length, &field, value, err);
}

bool
my_encode_interval(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				   SluiceError *err)
{
	PgInterval interval = pg_load_interval(data);
	RowField field = {data, (int32_t) length};
	char *end = c->native ? my_put_duration(interval.microseconds, c->small)
						  : pg_put_interval_iso(&interval, c->small);

	return give_text(c, (const uint8_t *) c->small, (uint32_t) (end - c->small), &field, value,
					 err);
}

bool
my_encode_bytes(MyConverter *c, const uint8_t *data, uint32_t length, MyValue *value,
				SluiceError *err)
{
	const char *why = NULL;

	if (c->most_bytes != 0 && length > c->most_bytes)
		why = "it is longer";
	else if (c->target.kind == KIND_BINARY && length < c->most_bytes)
		why = "the column would add zeros to it";
	if (why != NULL && c->policy != LOSS_CLAMP)
		return my_lose(c, data, length, why, value, err);
	if (c->most_bytes != 0 && length > c->most_bytes)
		length = (uint32_t) c->most_bytes;
	*value = (MyValue){MY_BYTES, data, length};
	return true;
}
