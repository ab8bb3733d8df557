/*
 * json.h - MySQL's binary JSON as text, and the changes of it that PARTIAL_JSON logs.
 *
 * Format: https://dev.mysql.com/doc/dev/mysql-server/latest/json__binary_8h.html
 */
#ifndef SLUICE_MYSQL_READER_JSON_H
#define SLUICE_MYSQL_READER_JSON_H

#include "little_cursor.h"

#define JSON_DEPTH_MAXIMUM 100 /* what the servers allow */

/*
 * Appends the text of a binary document as the servers print it, but for numbers, which are exact, and
 * values that JSON does not have: temporal ones as texts, others as "base64:type<n>:...".  A document
 * without bytes is null.
 */
extern bool json_text(const uint8_t *data, size_t length, ByteBuf *out,
					  SluiceError *err) SLUICE_MUST_CHECK;

#endif
