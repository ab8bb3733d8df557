/*
 * charsets.h - the character sets of one server: which a collation's number means, and how the server
 * itself turns the bytes of single-byte ones into UTF-8.
 *
 * One per thread: conversions keep state.
 */
#ifndef SLUICE_MYSQL_READER_CHARSETS_H
#define SLUICE_MYSQL_READER_CHARSETS_H

#include "binlog/charset.h"
#include "common/mysql/my_connection.h"

typedef struct Charsets Charsets;

/* Asks the server for its collations and its single-byte character sets; NULL on error. */
extern Charsets *charsets_read(MyConnection *c, SluiceError *err);

/* Those that are known without a server; collations are to be told. */
extern Charsets *charsets_new(SluiceError *err);
extern bool charsets_tell(Charsets *charsets, uint32_t collation, const char *charset,
						  SluiceError *err) SLUICE_MUST_CHECK;
extern void charsets_free(Charsets *charsets);

/* By the server's name ("latin1"); stays as long as `charsets`.  NULL on error. */
extern Charset *charsets_by_name(Charsets *charsets, const char *name, SluiceError *err);

/* By a collation's number, as table maps have it. */
extern Charset *charsets_by_collation(Charsets *charsets, uint32_t collation, SluiceError *err);

#endif
