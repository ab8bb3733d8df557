/*
 * schema_to_pg_table.c - the table of types (schema_to_pg_type.h).  The first row that fits wins.
 */
#include "schema_to_pg_type.h"

const ToPgRow to_pg_rows[] = {
	/* numbers */
	{KIND_TINYINT, TO_PG_BOOLEAN, "boolean", "bool", TO_PG_NONE, 1,
	 "a 2 that comes later is refused, never true"},
	{KIND_TINYINT, TO_PG_ANY, "smallint", "int2", TO_PG_NONE, 2, NULL},
	{KIND_SMALLINT, TO_PG_UNSIGNED, "integer", "int4", TO_PG_NONE, 3, NULL},
	{KIND_SMALLINT, TO_PG_ANY, "smallint", "int2", TO_PG_NONE, 2, NULL},
	{KIND_MEDIUMINT, TO_PG_ANY, "integer", "int4", TO_PG_NONE, 3, NULL},
	{KIND_INT, TO_PG_UNSIGNED, "bigint", "int8", TO_PG_NONE, 5, NULL},
	{KIND_INT, TO_PG_ANY, "integer", "int4", TO_PG_NONE, 3, NULL},
	{KIND_BIGINT, TO_PG_COUNTER, "bigint", "int8", TO_PG_NONE, 5,
	 "beyond 9223372036854775807 a row is refused"},
	{KIND_BIGINT, TO_PG_UNSIGNED, "numeric(20,0)", "int8", TO_PG_NONE, 4, NULL},
	{KIND_BIGINT, TO_PG_ANY, "bigint", "int8", TO_PG_NONE, 5, NULL},
	{KIND_YEAR, TO_PG_ANY, "smallint", "int2", TO_PG_NONE, 2, "0000 is 0"},
	{KIND_FLOAT, TO_PG_ANY, "real", "float4", TO_PG_NONE, 0, "exactly"},
	{KIND_DOUBLE, TO_PG_ANY, "double precision", "float8", TO_PG_NONE, 0, NULL},
	{KIND_DECIMAL, TO_PG_ANY, "numeric%s", "numeric", TO_PG_DIGITS, 0, NULL},
	{KIND_BIT, TO_PG_ONE_BIT, "boolean", "bool", TO_PG_NONE, 0, NULL},
	{KIND_BIT, TO_PG_ANY, "bit%s", "bit", TO_PG_LENGTH, 0, NULL},

	/* times */
	{KIND_DATE, TO_PG_ANY, "date", "date", TO_PG_NONE, 0, "zero dates: by the reader's option"},
	{KIND_TIME, TO_PG_DAY, "time%s without time zone", "time", TO_PG_FRACTION, 0,
	 "others that come later are refused"},
	{KIND_TIME, TO_PG_ANY, "interval", "time", TO_PG_NONE, 0, "from -838:59:59 to 838:59:59"},
	{KIND_DATETIME, TO_PG_ANY, "timestamp%s without time zone", "timestamp", TO_PG_FRACTION, 0,
	 NULL},
	{KIND_TIMESTAMP, TO_PG_ANY, "timestamp%s with time zone", "timestamptz", TO_PG_FRACTION, 0,
	 NULL},

	/* text and bytes */
	{KIND_CHAR, TO_PG_ANY, "character varying%s", "varchar", TO_PG_LENGTH, 0,
	 "trailing blanks are no part of a CHAR"},
	{KIND_VARCHAR, TO_PG_ANY, "character varying%s", "varchar", TO_PG_LENGTH, 0, NULL},
	{KIND_TINYTEXT, TO_PG_ANY, "text", "text", TO_PG_NONE, 0, NULL},
	{KIND_TEXT, TO_PG_ANY, "text", "text", TO_PG_NONE, 0, NULL},
	{KIND_MEDIUMTEXT, TO_PG_ANY, "text", "text", TO_PG_NONE, 0, NULL},
	{KIND_LONGTEXT, TO_PG_ANY, "text", "text", TO_PG_NONE, 0, NULL},
	{KIND_BINARY, TO_PG_ANY, "bytea", "bytea", TO_PG_NONE, 0, "all n bytes"},
	{KIND_VARBINARY, TO_PG_ANY, "bytea", "bytea", TO_PG_NONE, 0, NULL},
	{KIND_TINYBLOB, TO_PG_ANY, "bytea", "bytea", TO_PG_NONE, 0, NULL},
	{KIND_BLOB, TO_PG_ANY, "bytea", "bytea", TO_PG_NONE, 0, NULL},
	{KIND_MEDIUMBLOB, TO_PG_ANY, "bytea", "bytea", TO_PG_NONE, 0, NULL},
	{KIND_LONGBLOB, TO_PG_ANY, "bytea", "bytea", TO_PG_NONE, 0, NULL},
	{KIND_ENUM, TO_PG_ANY, "text", "text", TO_PG_NONE, 0, "with a check"},
	{KIND_SET, TO_PG_ANY, "text[]", "_text", TO_PG_NONE, 0, "with a check"},
	{KIND_JSON, TO_PG_ANY, "jsonb", "jsonb", TO_PG_NONE, 0,
	 "`json` keeps repeated keys and \\u0000"},
	{KIND_UUID, TO_PG_ANY, "uuid", "uuid", TO_PG_NONE, 0, NULL},
	{KIND_INET4, TO_PG_ANY, "inet", "inet", TO_PG_NONE, 0, NULL},
	{KIND_INET6, TO_PG_ANY, "inet", "inet", TO_PG_NONE, 0, NULL},

	/* places and vectors */
	{KIND_GEOMETRY, TO_PG_POSTGIS, "%s", "geometry", TO_PG_NONE, 0, "with its SRID"},
	{KIND_GEOMETRY, TO_PG_ANY, "bytea", "bytea", TO_PG_NONE, 0,
	 "well-known binary with SRID (EWKB)"},
	{KIND_VECTOR, TO_PG_PGVECTOR, "%s", "vector", TO_PG_LENGTH, 0, NULL},
	{KIND_VECTOR, TO_PG_ANY, "real[]", "_float4", TO_PG_NONE, 0, NULL},

	/* what is not known */
	{KIND_NONE, TO_PG_ANY, "text", "text", TO_PG_NONE, 0, NULL},
};

const size_t to_pg_row_count = sizeof(to_pg_rows) / sizeof(to_pg_rows[0]);
