/*
 * rows.h - row events: the images of inserted, changed and deleted rows.
 *
 * An image has the columns that the event says are present; of each the bytes of its value lie in the
 * event (or in what was unpacked of it) and stay there until the next event is opened.
 */
#ifndef SLUICE_MYSQL_READER_ROWS_H
#define SLUICE_MYSQL_READER_ROWS_H

#include "table_map.h"

typedef enum RowsAction
{
	ROWS_WRITE,
	ROWS_UPDATE,
	ROWS_DELETE
} RowsAction;

#define ROWS_STATEMENT_END 0x0001 /* flag: no more events for the maps before */

typedef enum FieldState
{
	LOG_FIELD_ABSENT, /* the image does not have the column */
	LOG_FIELD_NULL,
	LOG_FIELD_VALUE,
	LOG_FIELD_DIFF /* of a JSON column: changes of what was before */
} FieldState;

typedef struct RowField
{
	FieldState state;
	const uint8_t *data;
	size_t length;
} RowField;

typedef struct RowsReader
{
	TableMap *map;
	RowsAction action;
	uint16_t flags;
	ByteCursor rows;		   /* those not read yet */
	const uint8_t *present[2]; /* a bit per column, before and after; [1] only of updates */
	uint32_t present_count[2];
	bool partial; /* images after a change may have diffs */
	uint32_t json_columns;
	ByteBuf unpacked;		  /* of a compressed event; kept for the next */
	RowField *before, *after; /* an array each, as long as the widest map so far */
	uint32_t room;
} RowsReader;

/* `maximum`: bytes of a compressed event, unpacked. */
extern void rows_reader_init(RowsReader *reader, size_t maximum);
extern void rows_reader_free(RowsReader *reader);

/* What kind of row event a type is; false when it is none. */
extern bool rows_event_action(uint8_t type, RowsAction *action);

/* The table id of a row event. */
extern bool rows_event_table(const EventFormat *format, const Event *event, uint64_t *id,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* The map must be that of the event's table, and stay. */
extern bool rows_open(RowsReader *reader, const EventFormat *format, const Event *event,
					  TableMap *map, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * The next row; *end when there is none.  reader->before is set for updates and deletes,
 * reader->after for inserts and updates: a field for each column of the map.
 */
extern bool rows_next(RowsReader *reader, bool *end, SluiceError *err) SLUICE_MUST_CHECK;

#endif
