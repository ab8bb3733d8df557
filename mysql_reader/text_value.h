/*
 * text_value.h - a column's value as the answer to a query has it, to its canonical form.
 *
 * The values of copies go through the readers of the log's values (binlog/value.h), so that both ways
 * give the same bytes.  What a query prints in another form than a log has it is put into that form
 * first; what print would bend (FLOAT, labels) is asked for by an expression.
 *
 * The query's session has character_set_results = NULL and time_zone = '+00:00': texts come as they are
 * stored.
 */
#ifndef SLUICE_MYSQL_READER_TEXT_VALUE_H
#define SLUICE_MYSQL_READER_TEXT_VALUE_H

#include "binlog/value.h"

/* The session's settings that values are read with, a statement. */
#define TEXT_VALUE_SESSION                                                                         \
	"SET SESSION character_set_results = NULL, time_zone = '+00:00', sql_mode = ''"

/* Appends what the column is asked for by, `name` being its quoted name. */
extern bool text_value_select(const LogColumn *column, const char *name, ByteBuf *sql,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* As value_append(), for a text that is not NULL; CORRUPT when it is none of the column's type. */
extern bool text_value_append(ValueReader *reader, const char *text, size_t length, ByteBuf *out,
							  bool *null, SluiceError *err) SLUICE_MUST_CHECK;

#endif
