/*
 * change_row.h - the images of a changed row as the body of a bundle's record.
 *
 * Images may be partial (binlog_row_image other than FULL): a new row takes from the one before what
 * it does not have, and what neither has is unchanged.  What would leave a row without what tells it
 * from others, or an insert without a value that only the server knows, is STATE with what to do.
 */
#ifndef SLUICE_MYSQL_READER_CHANGE_ROW_H
#define SLUICE_MYSQL_READER_CHANGE_ROW_H

#include "binlog/rows.h"
#include "relation.h"

typedef struct RowRecord
{
	RecordType type;
	uint8_t flags;
} RowRecord;

/*
 * What the row that was read becomes, and whether it has an old key or an old row; false when it is
 * nothing: a versioned table's row of the past.  (Of such a table a row is deleted by giving it an end.)
 */
extern bool change_row_record(const TableRelation *relation, const RowsReader *rows,
							  RowRecord *record);

/* Appends the record's body; what is wrong with a value names table and column. */
extern bool change_row_put(TableRelation *relation, const RowsReader *rows, const RowRecord *record,
						   ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

#endif
