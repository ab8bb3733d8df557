/*
 * json_value.h - how MySQL's binary JSON lies: values, and what objects and arrays have in them.
 *
 * Format: https://dev.mysql.com/doc/dev/mysql-server/latest/json__binary_8h.html
 *
 * Invariants: values are always found by their offsets, since changes in place leave holes and
 * another order; every offset and length is held against the container it lies in, and what is
 * nested lies in what nests it, so that nothing takes longer than its size allows.
 */
#ifndef SLUICE_MYSQL_READER_JSON_VALUE_H
#define SLUICE_MYSQL_READER_JSON_VALUE_H

#include "little_cursor.h"

#define JSON_DEPTH_MAXIMUM 100 /* what the servers allow */

typedef enum JsonType
{
	JSON_SMALL_OBJECT,
	JSON_LARGE_OBJECT,
	JSON_SMALL_ARRAY,
	JSON_LARGE_ARRAY,
	JSON_LITERAL,
	JSON_INT16,
	JSON_UINT16,
	JSON_INT32,
	JSON_UINT32,
	JSON_INT64,
	JSON_UINT64,
	JSON_DOUBLE,
	JSON_STRING,
	JSON_OPAQUE = 0x0f
} JsonType;

/* A value: its type, and the bytes from its beginning to the end of what it lies in. */
typedef struct JsonValue
{
	uint8_t type; /* JsonType, or one that is not known */
	ByteCursor bytes;
} JsonValue;

/* A whole document; one without bytes is null. */
extern bool json_open(const uint8_t *data, size_t length, JsonValue *value,
					  SluiceError *err) SLUICE_MUST_CHECK;

extern bool json_is_container(uint8_t type);

/* An object or an array. */
typedef struct JsonContainer
{
	ByteCursor whole; /* from the count on, as long as it says it is */
	unsigned size;	  /* of a count and an offset: 2 or 4 bytes */
	bool object;
	uint64_t count;
} JsonContainer;

extern bool json_container(const JsonValue *value, JsonContainer *container,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* The name of an object's i-th member; names are in the order of their lengths, then bytes. */
extern bool json_key(const JsonContainer *container, uint64_t i, ByteCursor *key,
					 SluiceError *err) SLUICE_MUST_CHECK;

/* The value of the i-th member or element. */
extern bool json_member(const JsonContainer *container, uint64_t i, JsonValue *value,
						SluiceError *err) SLUICE_MUST_CHECK;

/* A length of strings and opaque values: seven bits a byte, the lowest first. */
extern bool json_length(ByteCursor *cursor, uint64_t *length, SluiceError *err) SLUICE_MUST_CHECK;

#endif
