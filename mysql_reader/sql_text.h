/*
 * sql_text.h - SQL as the servers themselves write it: in information_schema and SHOW CREATE TABLE.
 *
 * Not a parser: literals and names are passed whole, and of a table's statement only what
 * information_schema does not say is looked for.
 */
#ifndef SLUICE_MYSQL_READER_SQL_TEXT_H
#define SLUICE_MYSQL_READER_SQL_TEXT_H

#include "common/core/bytebuf.h"

/*
 * Appends the content of the literal that begins at `text` with its quote: doubled quotes and
 * backslashes are undone.  Gives what is behind it; NULL and DATA where it is not closed.
 */
extern const char *sql_text_read(const char *text, ByteBuf *out, SluiceError *err);

/* Behind the quoted text or name that begins at `text`; the end of the text where it is not closed. */
extern const char *sql_text_skip(const char *text);

/* Undoes what MySQL's information_schema does to expressions: quotes and backslashes have a backslash. */
extern bool sql_text_unescape(const char *text, ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

/* What stands behind PARTITION BY in a SHOW CREATE TABLE, without the comment around it; NULL and a
 * *length of 0 where nothing does. */
extern const char *show_create_partitioning(const char *statement, size_t *length);

/*
 * Appends the bytes that a column's literal DEFAULT stands for, 'ab\0' or 0x6100; *found is false, and
 * nothing appended, where the column has none.
 */
extern bool show_create_default(const char *statement, const char *column, ByteBuf *out,
								bool *found, SluiceError *err) SLUICE_MUST_CHECK;

/* What stands behind ON UPDATE or ON DELETE (`event`) of a foreign key; NULL where nothing does. */
extern const char *show_create_rule(const char *statement, const char *key, const char *event);

#endif
