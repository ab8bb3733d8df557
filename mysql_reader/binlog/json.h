/*
 * json.h - MySQL's binary JSON as text.
 */
#ifndef SLUICE_MYSQL_READER_JSON_H
#define SLUICE_MYSQL_READER_JSON_H

#include "json_value.h"

/*
 * Appends the text of a binary document as the servers print it (CAST(... AS CHAR)): values that JSON
 * does not have are numbers (decimals), texts (dates and times), or "base64:type<n>:...".  A document
 * without bytes is null.
 */
extern bool json_binary_text(const uint8_t *data, size_t length, ByteBuf *out,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* The same of a value, which lies in `depth` objects and arrays already. */
extern bool json_value_text(const JsonValue *value, unsigned depth, ByteBuf *out,
							SluiceError *err) SLUICE_MUST_CHECK;

/* A string in quotation marks. */
extern bool json_string_text(const uint8_t *text, size_t length, ByteBuf *out,
							 SluiceError *err) SLUICE_MUST_CHECK;

#endif
