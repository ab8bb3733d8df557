/*
 * json_diff.h - the changes of a JSON document that PARTIAL_JSON logs instead of the document.
 *
 * Changes are what JSON_SET, JSON_REPLACE and JSON_REMOVE did, one after the other: an operation, a
 * path like $.a[2]."b c", and a value.  They mean something only with the document as it was before.
 */
#ifndef SLUICE_MYSQL_READER_JSON_DIFF_H
#define SLUICE_MYSQL_READER_JSON_DIFF_H

#include "json.h"

/*
 * Appends the text of the binary document `before` after the changes, as json_binary_text() would of the
 * document that they give.  CORRUPT when a change concerns what the document does not have.
 */
extern bool json_diff_text(const uint8_t *before, size_t before_length, const uint8_t *changes,
						   size_t changes_length, ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

#endif
