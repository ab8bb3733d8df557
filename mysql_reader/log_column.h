/*
 * log_column.h - a column of the catalog as a table map with binlog_row_metadata=FULL would have it.
 *
 * For reads of tables, whose values the readers of the log's values (binlog/value.h) then take, and
 * for holding a table map against the catalog (table_match.h).
 */
#ifndef SLUICE_MYSQL_READER_LOG_COLUMN_H
#define SLUICE_MYSQL_READER_LOG_COLUMN_H

#include "binlog/value.h"
#include "common/core/schema_document.h"

/*
 * Fills *column; its name points into `of`.  Labels of ENUM and SET are packed in UTF-8 into `labels`,
 * which is appended to and must stay as it is as long as *column is used (one ByteBuf per column, or
 * reserved before).  UNSUPPORTED types (of a newer server) are DATA, with the column's name.
 */
extern bool log_column_of(const SchemaColumn *of, bool mariadb, LogColumn *column, ByteBuf *labels,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* The most bytes of a character of the character set; NULL: 1. */
extern uint32_t charset_character_bytes(const char *charset);

/* What the catalog knows of it and a log does not. */
extern ColumnSpecial column_special(const SchemaColumn *of);

#endif
