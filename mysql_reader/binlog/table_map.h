/*
 * table_map.h - a TABLE_MAP event: which table the row events after it are of, and its columns.
 */
#ifndef SLUICE_MYSQL_READER_TABLE_MAP_H
#define SLUICE_MYSQL_READER_TABLE_MAP_H

#include "column.h"
#include "event.h"

#define TABLE_ID_DUMMY		  UINT64_C(0xffffff) /* rows of it mean nothing */
#define TABLE_COLUMNS_MAXIMUM 4096

/* What of the optional metadata was there. */
#define MAP_SIGNEDNESS	0x01
#define MAP_COLLATIONS	0x02
#define MAP_NAMES		0x04
#define MAP_LABELS		0x08 /* of all ENUM and SET columns */
#define MAP_PRIMARY_KEY 0x10
#define MAP_VISIBILITY	0x20

#define TABLE_GENERATED_KEY 0x04 /* flag: column 0 is a hidden my_row_id */

typedef struct TableMap
{
	uint64_t id;
	uint16_t flags;
	const char *schema, *name; /* terminated, in UTF-8 */
	uint32_t column_count;
	LogColumn *columns;
	unsigned told; /* MAP_ bits */
	uint8_t *data; /* a copy of the event's body, which all of this points into */
	size_t data_length;
	void *attached; /* what the reader's handler made of it (LogHandler.forget); NULL at first */
} TableMap;

/* Its own memory, to be freed; NULL on error. */
extern TableMap *table_map_read(const EventFormat *format, const Event *event, SluiceError *err);
extern void table_map_free(TableMap *map);

/* Only the id, as row events have it. */
extern bool table_id_read(const EventFormat *format, uint8_t type, ByteCursor *body, uint64_t *id,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Whether both say the same of the table but its id. */
extern bool table_map_same(const TableMap *a, const TableMap *b);

#endif
