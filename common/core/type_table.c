/*
 * type_table.c - the table of types: what each becomes at each kind of target (type_map.h).
 *
 * The first row that fits wins; rows of a type's name are looked at before those of its canonical type,
 * rows of "*" last.  A name behind "*." is that of an extension's type in any schema.
 */
#include "type_map.h"

#define PG		(1U << FLAVOUR_POSTGRESQL)
#define MYSQL	(1U << FLAVOUR_MYSQL)
#define MARIADB (1U << FLAVOUR_MARIADB)
#define BOTH	(MYSQL | MARIADB)

#define UCA1400_SINCE 101001 /* MariaDB's collations that tell accents apart but not case */

#define VARCHAR_LONGEST 16383 /* characters of 4 bytes in a row of 65535 bytes */
#define CHAR_LONGEST	255
#define BIT_LONGEST		64
#define FRACTION		6  /* digits of seconds that PostgreSQL keeps */
#define LABEL_LONGEST	63 /* of PostgreSQL's enums */

#define NO_LENGTH .length = -1, .scale = -1
#define SOURCES	  .length = LENGTH_SOURCE, .scale = -1
#define LONG(n)	  .length = (n), .scale = -1

/* Text as long as it comes; in keys as long as they allow. */
#define ANY_TEXT .kind = KIND_LONGTEXT, NO_LENGTH, .keyed = KIND_VARCHAR

const TypeRow type_rows[] = {
	{.source = "*", .flavours = PG, .kind = KIND_SOURCE, NO_LENGTH},

	/* numbers */
	{.source = "bool", .flavours = BOTH, .kind = KIND_TINYINT, LONG(1)},
	{.source = "int16", .flavours = BOTH, .kind = KIND_SMALLINT, NO_LENGTH},
	{.source = "int32", .flavours = BOTH, .kind = KIND_INT, NO_LENGTH},
	{.source = "int64", .flavours = BOTH, .kind = KIND_BIGINT, NO_LENGTH},
	{.source = "uint64", .flavours = BOTH, .kind = KIND_BIGINT, NO_LENGTH, .is_unsigned = true},
	{.source = "float32",
	 .flavours = BOTH,
	 .kind = KIND_FLOAT,
	 NO_LENGTH,
	 .loses = LOSES_NAN | LOSES_INFINITY},
	{.source = "float64",
	 .flavours = BOTH,
	 .kind = KIND_DOUBLE,
	 NO_LENGTH,
	 .loses = LOSES_NAN | LOSES_INFINITY},
	{.source = "decimal",
	 .flavours = BOTH,
	 .needs = NEEDS_DECIMAL,
	 .kind = KIND_DECIMAL,
	 .length = LENGTH_SOURCE,
	 .scale = LENGTH_SOURCE,
	 .loses = LOSES_NAN},
	{.source = "decimal",
	 .flavours = BOTH,
	 .needs = NEEDS_MODIFIER,
	 ANY_TEXT,
	 .form = FORM_PRINTED},
	{.source = "decimal",
	 .flavours = BOTH,
	 .kind = KIND_DECIMAL,
	 .length = 65,
	 .scale = 30,
	 .loses = LOSES_NAN | LOSES_INFINITY | LOSES_DIGITS},
	{.source = "money", .flavours = BOTH, .kind = KIND_DECIMAL, .length = 19, .scale = 2},

	/* text and bytes */
	{.source = "varchar",
	 .flavours = BOTH,
	 .needs = NEEDS_LENGTH,
	 .limit = VARCHAR_LONGEST,
	 .kind = KIND_VARCHAR,
	 SOURCES},
	{.source = "bpchar",
	 .flavours = BOTH,
	 .needs = NEEDS_LENGTH,
	 .limit = CHAR_LONGEST,
	 .kind = KIND_CHAR,
	 SOURCES},
	{.source = "bpchar",
	 .flavours = BOTH,
	 .needs = NEEDS_LENGTH,
	 .limit = VARCHAR_LONGEST,
	 .kind = KIND_VARCHAR,
	 SOURCES},
	{.source = "name", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(63)},
	{.source = "char", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(4), .form = FORM_PRINTED},
	{.source = "text", .flavours = BOTH, ANY_TEXT},
	{.source = "*.citext", .flavours = MYSQL, ANY_TEXT, .collation = "utf8mb4_0900_as_ci"},
	{.source = "*.citext",
	 .flavours = MARIADB,
	 .since = UCA1400_SINCE,
	 ANY_TEXT,
	 .collation = "utf8mb4_uca1400_nopad_as_ci"},
	{.source = "bytes",
	 .flavours = BOTH,
	 .kind = KIND_LONGBLOB,
	 NO_LENGTH,
	 .keyed = KIND_VARBINARY},
	{.source = "xml", .flavours = BOTH, ANY_TEXT, .form = FORM_PRINTED},

	/* times */
	{.source = "date",
	 .flavours = BOTH,
	 .kind = KIND_DATE,
	 NO_LENGTH,
	 .loses = LOSES_INFINITY | LOSES_RANGE},
	{.source = "time", .flavours = BOTH, .needs = NEEDS_MODIFIER, .kind = KIND_TIME, SOURCES},
	{.source = "time", .flavours = BOTH, .kind = KIND_TIME, LONG(FRACTION)},
	{.source = "timetz", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(21), .form = FORM_PRINTED},
	{.source = "timestamp",
	 .flavours = BOTH,
	 .needs = NEEDS_MODIFIER,
	 .kind = KIND_DATETIME,
	 SOURCES,
	 .loses = LOSES_INFINITY | LOSES_RANGE},
	{.source = "timestamp",
	 .flavours = BOTH,
	 .kind = KIND_DATETIME,
	 LONG(FRACTION),
	 .loses = LOSES_INFINITY | LOSES_RANGE},
	{.source = "timestamptz",
	 .flavours = BOTH,
	 .needs = NEEDS_MODIFIER,
	 .kind = KIND_DATETIME,
	 SOURCES,
	 .form = FORM_UTC,
	 .loses = LOSES_INFINITY | LOSES_RANGE | LOSES_ZONE},
	{.source = "timestamptz",
	 .flavours = BOTH,
	 .kind = KIND_DATETIME,
	 LONG(FRACTION),
	 .form = FORM_UTC,
	 .loses = LOSES_INFINITY | LOSES_RANGE | LOSES_ZONE},
	{.source = "interval", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(64), .form = FORM_ISO},

	/* identifiers, addresses, bits */
	{.source = "uuid", .flavours = BOTH, .kind = KIND_CHAR, LONG(36), .collation = "ascii_bin"},
	{.source = "network", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(43), .form = FORM_PRINTED},
	{.source = "macaddr", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(17), .form = FORM_PRINTED},
	{.source = "macaddr8", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(23), .form = FORM_PRINTED},
	{.source = "bit",
	 .flavours = BOTH,
	 .needs = NEEDS_LENGTH,
	 .limit = BIT_LONGEST,
	 .kind = KIND_BIT,
	 SOURCES,
	 .form = FORM_BITS},
	{.source = "bit",
	 .flavours = BOTH,
	 .needs = NEEDS_LENGTH,
	 .limit = VARCHAR_LONGEST,
	 .kind = KIND_VARCHAR,
	 SOURCES,
	 .form = FORM_PRINTED},
	{.source = "varbit",
	 .flavours = BOTH,
	 .needs = NEEDS_LENGTH,
	 .limit = VARCHAR_LONGEST,
	 .kind = KIND_VARCHAR,
	 SOURCES,
	 .form = FORM_PRINTED},
	{.source = "bits", .flavours = BOTH, ANY_TEXT, .form = FORM_PRINTED},

	/* documents, lists, labels */
	{.source = "json", .flavours = MARIADB, .kind = KIND_JSON, NO_LENGTH, .keyed = KIND_VARCHAR},
	{.source = "json", .flavours = MYSQL, ANY_TEXT},
	{.source = "jsonb", .flavours = MARIADB, .kind = KIND_JSON, NO_LENGTH, .keyed = KIND_VARCHAR},
	{.source = "jsonb",
	 .flavours = MYSQL,
	 .kind = KIND_JSON,
	 NO_LENGTH,
	 .keyed = KIND_VARCHAR,
	 .loses = LOSES_DIGITS},
	{.source = "array",
	 .flavours = BOTH,
	 .kind = KIND_JSON,
	 NO_LENGTH,
	 .keyed = KIND_VARCHAR,
	 .form = FORM_JSON,
	 .loses = LOSES_BOUNDS},
	{.source = "enum", .flavours = BOTH, .needs = NEEDS_LABELS, .kind = KIND_ENUM, NO_LENGTH},
	{.source = "enum", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(LABEL_LONGEST)},
	{.source = "set", .flavours = BOTH, ANY_TEXT},

	/* geometry */
	{.source = "geometry",
	 .flavours = BOTH,
	 .kind = KIND_GEOMETRY,
	 NO_LENGTH,
	 .form = FORM_GEOMETRY},
	{.source = "point",
	 .flavours = BOTH,
	 .kind = KIND_POINT,
	 NO_LENGTH,
	 .form = FORM_GEOMETRY,
	 .loses = LOSES_NAN | LOSES_INFINITY},
	{.source = "line", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(255), .form = FORM_PRINTED},
	{.source = "lseg", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(255), .form = FORM_PRINTED},
	{.source = "box", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(255), .form = FORM_PRINTED},
	{.source = "circle", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(255), .form = FORM_PRINTED},

	/* what only PostgreSQL has */
	{.source = "oid", .flavours = BOTH, .kind = KIND_INT, NO_LENGTH, .is_unsigned = true},
	{.source = "xid", .flavours = BOTH, .kind = KIND_INT, NO_LENGTH, .is_unsigned = true},
	{.source = "cid", .flavours = BOTH, .kind = KIND_INT, NO_LENGTH, .is_unsigned = true},
	{.source = "xid8", .flavours = BOTH, .kind = KIND_BIGINT, NO_LENGTH, .is_unsigned = true},
	{.source = "pg_lsn", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(17), .form = FORM_PRINTED},
	{.source = "tid", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(32), .form = FORM_PRINTED},
	{.source = "int4range",
	 .flavours = BOTH,
	 .kind = KIND_VARCHAR,
	 LONG(255),
	 .form = FORM_PRINTED},
	{.source = "int8range",
	 .flavours = BOTH,
	 .kind = KIND_VARCHAR,
	 LONG(255),
	 .form = FORM_PRINTED},
	{.source = "daterange",
	 .flavours = BOTH,
	 .kind = KIND_VARCHAR,
	 LONG(255),
	 .form = FORM_PRINTED},
	{.source = "tsrange", .flavours = BOTH, .kind = KIND_VARCHAR, LONG(255), .form = FORM_PRINTED},
	{.source = "tstzrange",
	 .flavours = BOTH,
	 .kind = KIND_VARCHAR,
	 LONG(255),
	 .form = FORM_PRINTED},
	{.source = "builtin", .flavours = BOTH, ANY_TEXT, .form = FORM_PRINTED},
	{.source = "*", .flavours = BOTH, ANY_TEXT, .form = FORM_PRINTED},
};

const size_t type_row_count = sizeof(type_rows) / sizeof(type_rows[0]);

const NativeRow native_rows[] = {
	{KIND_UUID, {KIND_CHAR, false, 36, -1}, "ascii_bin", FORM_PRINTED},
	{KIND_INET4, {KIND_VARCHAR, false, 15, -1}, "ascii_bin", FORM_PRINTED},
	{KIND_INET6, {KIND_VARCHAR, false, 45, -1}, "ascii_bin", FORM_PRINTED},
	{KIND_VECTOR, {KIND_BLOB, false, -1, -1}, NULL, FORM_SAME},
	{KIND_NONE, {KIND_LONGTEXT, false, -1, -1}, "utf8mb4_bin", FORM_PRINTED},
};

const size_t native_row_count = sizeof(native_rows) / sizeof(native_rows[0]);
