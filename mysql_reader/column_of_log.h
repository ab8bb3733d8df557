/*
 * column_of_log.h - a column as a table map with names describes it, for the schema document: the way
 * back from log_column.h.
 */
#ifndef SLUICE_MYSQL_READER_COLUMN_OF_LOG_H
#define SLUICE_MYSQL_READER_COLUMN_OF_LOG_H

#include "binlog/column.h"
#include "charsets.h"
#include "column_canon.h"
#include "common/core/schema_document.h"

/* What the column's texts lie in. */
typedef struct LogColumnText
{
	char *name;
	ByteBuf type;
	char type_name[COLUMN_TYPE_NAME];
	ByteBuf sql, literal; /* its DEFAULT */
} LogColumnText;

/*
 * Fills *to, which points into *text.  `value`: what stands behind DEFAULT in the statement that made it,
 * NULL for nothing.  UUID, INET and JSON of MariaDB cannot be told from bytes and texts: they are such
 * then.  column_of_log_free() in any case.
 */
extern bool column_of_log(const LogColumn *column, const char *value, Charsets *charsets,
						  LogColumnText *text, SchemaColumn *to,
						  SluiceError *err) SLUICE_MUST_CHECK;
extern void column_of_log_free(LogColumnText *text);

#endif
