/*
 * left_out.h - the value of a column that an insert did not name, where the log leaves it out too
 * (binlog_row_image = MINIMAL): NULL, or a default that is a literal; of a column
 * that is computed NULL too, as targets compute it themselves.
 */
#ifndef SLUICE_MYSQL_READER_LEFT_OUT_H
#define SLUICE_MYSQL_READER_LEFT_OUT_H

#include "binlog/value.h"
#include "common/core/schema_document.h"

/*
 * Appends the value as a field of a bundle; nothing when only the server knows it.  Fails with MEMORY
 * alone.
 */
extern bool left_out_value(const SchemaColumn *column, ValueReader *reader, ByteBuf *field,
						   SluiceError *err) SLUICE_MUST_CHECK;

#endif
