/*
 * copy_key.h - the columns that a table is cut into chunks by, and the words
 * for what lies between two cuts.  Pure: text in, text out.
 *
 * A chunk is "low;high", each a value per key column, separated by commas, or
 * nothing where it is open; it has the rows from low on and below high, in the
 * server's own order: no value is ever compared here.  A value is a number
 * (-12.5), a quoted word without escapes ('2024-01-31 00:00:00'), or bytes in
 * hexadecimal (x'6869'), of texts those of the column's character set.
 * Documents carry chunks from one generation to the next, so a chunk is checked
 * before it becomes SQL.
 */
#ifndef SLUICE_MYSQL_READER_COPY_KEY_H
#define SLUICE_MYSQL_READER_COPY_KEY_H

#include "common/core/bytebuf.h"
#include "common/core/schema_document.h"

#define COPY_KEY_COLUMNS 16	 /* what an index of InnoDB may have */
#define COPY_CHUNK_WHOLE ";" /* all of a table */

/* How values of a column are written. */
typedef enum KeyForm
{
	KEY_NONE, /* not to be cut by */
	KEY_INTEGER,
	KEY_NUMBER,
	KEY_QUOTED,
	KEY_BYTES,
	KEY_TEXT
} KeyForm;

typedef struct CopyKey
{
	const char *index; /* its name */
	const SchemaColumn *columns[COPY_KEY_COLUMNS];
	KeyForm forms[COPY_KEY_COLUMNS];
	size_t count; /* 0: the table is one chunk */
} CopyKey;

/* The leading columns of the table's key that rows can be told apart by
 * cheaply; points into the table. */
extern void copy_key_of(const SchemaTable *table, CopyKey *key);

/* Appends one column's value, as a query of TEXT_VALUE_SESSION gave it. */
extern bool copy_key_value(const CopyKey *key, size_t column, const char *text, size_t length,
						   ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

/* Appends a condition on the rows of a chunk, in brackets; CORRUPT for what is
 * no chunk of this key. */
extern bool copy_key_condition(const CopyKey *key, const char *chunk, ByteBuf *sql,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* Appends the names of the key's columns, separated by commas. */
extern bool copy_key_names(const CopyKey *key, ByteBuf *sql, SluiceError *err) SLUICE_MUST_CHECK;

/* 128 bits hold the whole range of BIGINT and BIGINT UNSIGNED, and any product
 * with a count. */
typedef __int128 KeyNumber;

/* False when the text is none. */
extern bool key_number_parse(const char *text, size_t length, KeyNumber *number);

/* Where the part `i` of `parts` of the numbers from `least` to `greatest`
 * begins. */
extern KeyNumber key_number_cut(KeyNumber least, KeyNumber greatest, uint32_t i, uint32_t parts);

/* As decimal digits, without a NUL; `at` has room for KEY_NUMBER_SIZE; the end
 * of it. */
#define KEY_NUMBER_SIZE 40
extern char *key_number_put(KeyNumber number, char *at);

#endif
