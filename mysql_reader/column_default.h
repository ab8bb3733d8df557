/*
 * column_default.h - DEFAULT of a column, from the way information_schema of either server shows it.
 *
 * MySQL shows literals without quotes and says of expressions that they are; MariaDB shows SQL text.
 */
#ifndef SLUICE_MYSQL_READER_COLUMN_DEFAULT_H
#define SLUICE_MYSQL_READER_COLUMN_DEFAULT_H

#include "common/core/bytebuf.h"
#include "common/core/schema_document.h"

typedef struct ColumnDefault
{
	SchemaDefaultKind kind;
	ByteBuf sql;	 /* text for a DEFAULT clause; MySQL's expressions in brackets */
	ByteBuf literal; /* of a literal: its plain text; bits as digits; no end character either */
} ColumnDefault;

/* Both buffers are given back by column_default_free() in any case. */
extern bool column_default_read(ColumnDefault *result, bool mariadb, const char *column_type,
								const char *shown, const char *extra,
								SluiceError *err) SLUICE_MUST_CHECK;

/* A literal of BINARY and VARBINARY is not shown whole: `bytes` are what it stands for. */
extern bool column_default_bytes(ColumnDefault *result, const ByteBuf *bytes,
								 SluiceError *err) SLUICE_MUST_CHECK;
extern void column_default_free(ColumnDefault *result);

/* What stands behind "on update " in EXTRA, with its length; NULL without it. */
extern const char *column_on_update(const char *extra, size_t *length);

#endif
