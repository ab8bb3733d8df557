/*
 * column_type.h - column types as MySQL and MariaDB have them: a kind and its numbers, read from and
 * written as SQL text.
 */
#ifndef SLUICE_CORE_COLUMN_TYPE_H
#define SLUICE_CORE_COLUMN_TYPE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ColumnKind
{
	KIND_NONE,	 /* not one of these */
	KIND_SOURCE, /* the source's own type: PostgreSQL from PostgreSQL */
	KIND_TINYINT,
	KIND_SMALLINT,
	KIND_MEDIUMINT,
	KIND_INT,
	KIND_BIGINT,
	KIND_FLOAT,
	KIND_DOUBLE,
	KIND_DECIMAL,
	KIND_BIT,
	KIND_DATE,
	KIND_TIME,
	KIND_DATETIME,
	KIND_TIMESTAMP,
	KIND_YEAR,
	KIND_CHAR,
	KIND_VARCHAR,
	KIND_TINYTEXT,
	KIND_TEXT,
	KIND_MEDIUMTEXT,
	KIND_LONGTEXT,
	KIND_BINARY,
	KIND_VARBINARY,
	KIND_TINYBLOB,
	KIND_BLOB,
	KIND_MEDIUMBLOB,
	KIND_LONGBLOB,
	KIND_ENUM,
	KIND_SET,
	KIND_JSON, /* MariaDB shows it as longtext with a check json_valid(): the catalog has to tell */
	KIND_UUID,
	KIND_INET4,
	KIND_INET6,
	KIND_GEOMETRY,
	KIND_POINT,
	KIND_LINESTRING,
	KIND_POLYGON,
	KIND_MULTIPOINT,
	KIND_MULTILINESTRING,
	KIND_MULTIPOLYGON,
	KIND_GEOMETRYCOLLECTION,
	KIND_VECTOR,
	KINDS
} ColumnKind;

typedef struct ColumnType
{
	ColumnKind kind;
	bool is_unsigned;
	int length; /* characters of text, bytes of bytes, precision of numbers and of fractions of
				   seconds; -1 for none given */
	int scale;	/* -1 for none given */
} ColumnType;

/*
 * Reads a type as the servers show it in COLUMN_TYPE and people write it: "decimal(10,2) unsigned",
 * "int(11)", "enum('a','b')".  Display widths of integers are left out, what follows the brackets
 * too (unsigned is not).  KIND_NONE and false for what is not known.
 */
extern bool column_type_read(const char *text, ColumnType *type);

/* Why no server has such a type, as "decimal has ..."; NULL when it may have. */
extern const char *column_type_refused(const ColumnType *type);

#define COLUMN_TYPE_SIZE 64

/* Writes it as SQL has it, without labels of ENUM and SET. */
extern void column_type_write(const ColumnType *type, char text[COLUMN_TYPE_SIZE]);

/* Kinds that hold text: CHAR to LONGTEXT; and those that hold bytes. */
extern bool column_kind_is_text(ColumnKind kind);
extern bool column_kind_is_bytes(ColumnKind kind);

/* GEOMETRY to GEOMETRYCOLLECTION. */
extern bool column_kind_is_geometry(ColumnKind kind);

/* Whether a column can be a part of a key without a prefix, and how many bytes it takes there. */
extern bool column_kind_can_be_key(ColumnKind kind);
extern int column_type_key_bytes(const ColumnType *type, bool ascii);

/* Bytes it takes of the 65535 that a row may have; large texts and bytes are kept apart. */
extern int column_type_row_bytes(const ColumnType *type, bool ascii);

#endif
