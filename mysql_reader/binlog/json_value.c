/*
 * json_value.c - how binary JSON lies (json_value.h).
 */
#include "json_value.h"

bool
json_open(const uint8_t *data, size_t length, JsonValue *value, SluiceError *err)
{
	static const uint8_t null[] = {0};

	*value = (JsonValue){JSON_LITERAL, {null, null + sizeof(null)}};
	if (length == 0)
		return true;
	value->bytes = (ByteCursor){data, data + length};
	return little_u8(&value->bytes, &value->type, err);
}

bool
json_is_container(uint8_t type)
{
	return type <= JSON_LARGE_ARRAY;
}

bool
json_container(const JsonValue *value, JsonContainer *container, SluiceError *err)
{
	uint64_t length, entry;
	ByteCursor head = value->bytes, bytes = value->bytes;

	container->size = value->type == JSON_LARGE_OBJECT || value->type == JSON_LARGE_ARRAY ? 4 : 2;
	container->object = value->type == JSON_SMALL_OBJECT || value->type == JSON_LARGE_OBJECT;
	if (!little_unsigned(&head, container->size, &container->count, err) ||
		!little_unsigned(&head, container->size, &length, err) ||
		!little_part(&bytes, length, &container->whole, err))
		return false;
	entry = 1u + container->size + (container->object ? container->size + 2u : 0);
	if (length < 2u * container->size || container->count > (length - 2u * container->size) / entry)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "JSON with more members than it has room for");
	return true;
}

/* What lies at an offset of the container, to its end. */
static bool
locate(const JsonContainer *container, uint64_t offset, ByteCursor *value, SluiceError *err)
{
	if (offset < 2u * container->size || offset > little_left(&container->whole))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON with an offset beyond its ends");
	*value = (ByteCursor){container->whole.at + offset, container->whole.end};
	return true;
}

bool
json_key(const JsonContainer *container, uint64_t i, ByteCursor *key, SluiceError *err)
{
	const uint8_t *entry = container->whole.at + 2u * container->size + i * (container->size + 2u);
	ByteCursor text;

	return locate(container, little_load(entry, container->size), &text, err) &&
		   little_part(&text, little_load(entry + container->size, 2), key, err);
}

/* Whether a value lies in the entry itself, where others have their offset. */
static bool
is_inlined(const JsonContainer *container, uint8_t type)
{
	return type == JSON_LITERAL || type == JSON_INT16 || type == JSON_UINT16 ||
		   (container->size == 4 && (type == JSON_INT32 || type == JSON_UINT32));
}

bool
json_member(const JsonContainer *container, uint64_t i, JsonValue *value, SluiceError *err)
{
	const uint8_t *entry = container->whole.at + 2u * container->size +
						   (container->object ? container->count * (container->size + 2u) : 0) +
						   i * (container->size + 1u);

	value->type = *entry++;
	value->bytes = (ByteCursor){entry, entry + container->size};
	return is_inlined(container, value->type) ||
		   locate(container, little_load(entry, container->size), &value->bytes, err);
}

bool
json_length(ByteCursor *cursor, uint64_t *length, SluiceError *err)
{
	*length = 0;
	for (unsigned shift = 0; shift < 35; shift += 7)
	{
		uint8_t byte;

		if (!little_u8(cursor, &byte, err))
			return false;
		*length |= (uint64_t) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return true;
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "JSON with a length that does not end");
}
