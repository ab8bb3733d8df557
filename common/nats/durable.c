/*
 * durable.c - the key and the text of a durable mark; writing and reading stand side by side.
 */
#include "durable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jetstream.h"

#define FORMAT_WRITE "id=%s sequence=%" PRIu64 " created=%" PRId64

const char *
durable_key(char *text, const char *stream, const char *consumer)
{
	(void) snprintf(text, SUBJECT_TEXT, "durable.%.*s.%.*s", STREAM_NAME_MAXIMUM, stream,
					CONSUMER_NAME_MAXIMUM, consumer);
	return text;
}

const char *
applied_key(char *text, const char *stream, const char *consumer)
{
	(void) snprintf(text, SUBJECT_TEXT, "applied.%.*s.%.*s", STREAM_NAME_MAXIMUM, stream,
					CONSUMER_NAME_MAXIMUM, consumer);
	return text;
}

const char *
durable_format(const DurableMark *mark, char text[KV_VALUE_MAXIMUM])
{
	char id[CHANGE_ID_TEXT];

	(void) snprintf(text, KV_VALUE_MAXIMUM, FORMAT_WRITE, change_id_format(&mark->id, id),
					mark->sequence, mark->stream_created);
	return text;
}

/* " NAME=DIGITS" at *text; moves it behind. */
static bool
parse_number(const char **text, const char *name, uint64_t maximum, uint64_t *out)
{
	size_t length = strlen(name);
	size_t digits;
	uint64_t value = 0;

	if (strncmp(*text, name, length) != 0)
		return false;
	*text += length;
	digits = strspn(*text, "0123456789");
	for (size_t i = 0; i < digits; i++)
	{
		if (__builtin_mul_overflow(value, (uint64_t) 10, &value) ||
			__builtin_add_overflow(value, (uint64_t) ((*text)[i] - '0'), &value))
			return false;
	}
	*text += digits;
	*out = value;
	return digits > 0 && value <= maximum;
}

bool
durable_parse(const char *text, DurableMark *mark, SluiceError *err)
{
	char id[CHANGE_ID_TEXT];
	const char *at = text;
	uint64_t created;
	size_t length;

	if (strncmp(at, "id=", 3) == 0)
	{
		at += 3;
		length = strcspn(at, " ");
		(void) snprintf(id, sizeof(id), "%.*s", (int) (length < sizeof(id) ? length : 0), at);
		at += length;
		if (change_id_parse(id, &mark->id, NULL) &&
			parse_number(&at, " sequence=", UINT64_MAX, &mark->sequence) &&
			parse_number(&at, " created=", INT64_MAX, &created) && *at == '\0')
		{
			mark->stream_created = (int64_t) created;
			return true;
		}
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%.100s\" is no durable mark", text);
}
