/*
 * column.h - the types of columns as a binary log knows them.
 */
#ifndef SLUICE_MYSQL_READER_COLUMN_H
#define SLUICE_MYSQL_READER_COLUMN_H

#include "little_cursor.h"

typedef enum LogKind
{
	COLUMN_TINY = 1,
	COLUMN_SHORT = 2,
	COLUMN_LONG = 3,
	COLUMN_FLOAT = 4,
	COLUMN_DOUBLE = 5,
	COLUMN_TIMESTAMP_OLD = 7, /* of tables older than MySQL 5.6 */
	COLUMN_LONGLONG = 8,
	COLUMN_INT24 = 9,
	COLUMN_DATE = 10,
	COLUMN_TIME_OLD = 11,
	COLUMN_DATETIME_OLD = 12,
	COLUMN_YEAR = 13,
	COLUMN_NEWDATE = 14,
	COLUMN_VARCHAR = 15,
	COLUMN_BIT = 16,
	COLUMN_TIMESTAMP = 17,
	COLUMN_DATETIME = 18,
	COLUMN_TIME = 19,
	COLUMN_TYPED_ARRAY = 20,
	COLUMN_BLOB_COMPRESSED = 140,	 /* MariaDB */
	COLUMN_VARCHAR_COMPRESSED = 141, /* MariaDB */
	COLUMN_VECTOR = 242,
	COLUMN_JSON = 245,
	COLUMN_DECIMAL = 246,
	COLUMN_ENUM = 247, /* travels as STRING; told apart when read */
	COLUMN_SET = 248,  /* likewise */
	COLUMN_BLOB = 252,
	COLUMN_VAR_STRING = 253,
	COLUMN_STRING = 254,
	COLUMN_GEOMETRY = 255
} LogKind;

#define COLLATION_BINARY 63

/* One column of a table map. */
typedef struct LogColumn
{
	uint8_t kind; /* LogKind */
	bool nullable;
	bool is_unsigned;	 /* meaningful when the map has signedness */
	bool visible;		 /* meaningful when the map has visibility */
	uint32_t length;	 /* most bytes of a string; bytes of a length or of an index; bits */
	uint8_t precision;	 /* decimal digits */
	uint8_t scale;		 /* decimal digits behind the point, or those of a second */
	uint32_t collation;	 /* of characters, also of labels; 0: not told */
	const uint8_t *name; /* in UTF-8; NULL: not told */
	size_t name_length;
	ByteCursor labels; /* of ENUM and SET, each a packed length and bytes; empty: not told */
	uint32_t label_count;
	uint32_t geometry;	 /* 0 any, 1 point, 2 line, 3 polygon, 4 to 6 of several, 7 collection */
	uint32_t dimensions; /* of a vector */
	uint16_t key_place;	 /* place in the primary key, from 1; 0: not part of it, or not told */
	uint32_t key_prefix; /* characters of it that the key has; 0: all */
} LogColumn;

/* "varchar", ...: for messages. */
extern const char *column_kind_name(uint8_t kind);

/* Whether SIGNEDNESS has a bit for the kind. */
extern bool column_is_numeric(uint8_t kind);

/*
 * Reads what a table map says of a column beside its kind; may change the kind (ENUM and SET hide in
 * STRING).  CORRUPT for a kind that no server writes.
 */
extern bool column_meta_read(ByteCursor *meta, LogColumn *column,
							 SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Passes the column's value and gives its bytes, without the length before them.
 */
extern bool column_take(const LogColumn *column, ByteCursor *row, const uint8_t **value,
						size_t *length, SluiceError *err) SLUICE_MUST_CHECK;

#endif
