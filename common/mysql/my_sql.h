/*
 * my_sql.h - SQL text for MySQL and MariaDB: names, literals, fields of LOAD DATA.
 *
 * Everything is appended to a ByteBuf, which has a maximum; a statement that would be longer fails
 * with LIMIT.  Literals suppose the session of my_connection.h: utf8mb4, backslashes escape.
 */
#ifndef SLUICE_MYSQL_MY_SQL_H
#define SLUICE_MYSQL_MY_SQL_H

#include "common/core/bytebuf.h"

/* What LOAD DATA statements of ours say of their text; my_put_field() writes it so. */
#define MY_LOAD_FORMAT                                                                             \
	" CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\'"                           \
	" LINES TERMINATED BY '\\n'"

/* As printf(). */
extern bool my_put(ByteBuf *out, SluiceError *err, const char *format, ...)
	SLUICE_PRINTF(3, 4) SLUICE_MUST_CHECK;

/* A text as it is. */
extern bool my_put_word(ByteBuf *out, const char *word, SluiceError *err) SLUICE_MUST_CHECK;

/* `name` with backticks; `database`.`name`. */
extern bool my_put_name(ByteBuf *out, const char *name, SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_put_table(ByteBuf *out, const char *database, const char *name,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* The same as a text of its own, to be freed; NULL without memory. */
extern char *my_name(const char *name);
extern char *my_table_name(const char *database, const char *name);

/* 'text', escaped; x'68657861'. */
extern bool my_put_text(ByteBuf *out, const void *data, size_t length,
						SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_put_hex(ByteBuf *out, const void *data, size_t length,
					   SluiceError *err) SLUICE_MUST_CHECK;

/* A field of LOAD DATA without what ends it: bytes as they are, special ones escaped. */
extern bool my_put_field(ByteBuf *out, const void *data, size_t length,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* The database that has the tables of a source's schema: that of the URI has those of "public". */
extern const char *my_database_of(const char *schema, const char *uri_database);

#endif
