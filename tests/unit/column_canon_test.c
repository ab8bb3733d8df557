/*
 * column_canon_test.c - canonical types and plain names of columns, and what a table map would say of
 * them.
 */
#include "mysql_reader/column_canon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mysql_reader/log_column.h"

typedef struct Type
{
	const char *type;
	CanonType canon;
	const char *name;
	uint8_t kind; /* LogKind; 0: not asked */
	uint32_t length;
	const char *charset;
} Type;

static const Type types[] = {
	{"tinyint(1)", CANON_INT16, "tinyint(1)", COLUMN_TINY, 0, NULL},
	{"tinyint(4)", CANON_INT16, "tinyint", COLUMN_TINY, 0, NULL},
	{"tinyint(3) unsigned zerofill", CANON_INT16, "tinyint unsigned", COLUMN_TINY, 0, NULL},
	{"smallint", CANON_INT16, "smallint", COLUMN_SHORT, 0, NULL},
	{"smallint(5) unsigned", CANON_INT32, "smallint unsigned", COLUMN_SHORT, 0, NULL},
	{"mediumint unsigned", CANON_INT32, "mediumint unsigned", COLUMN_INT24, 0, NULL},
	{"int(11)", CANON_INT32, "int", COLUMN_LONG, 0, NULL},
	{"int unsigned", CANON_INT64, "int unsigned", COLUMN_LONG, 0, NULL},
	{"bigint", CANON_INT64, "bigint", COLUMN_LONGLONG, 0, NULL},
	{"bigint(20) unsigned", CANON_UINT64, "bigint unsigned", COLUMN_LONGLONG, 0, NULL},
	{"year(4)", CANON_INT16, "year", COLUMN_YEAR, 0, NULL},
	{"float unsigned", CANON_FLOAT32, "float unsigned", COLUMN_FLOAT, 4, NULL},
	{"double(10,2)", CANON_FLOAT64, "double(10,2)", COLUMN_DOUBLE, 8, NULL},
	{"decimal(10,2) unsigned", CANON_DECIMAL, "decimal(10,2) unsigned", COLUMN_DECIMAL, 0, NULL},
	{"bit(12)", CANON_BITS, "bit(12)", COLUMN_BIT, 12, NULL},
	{"char(5)", CANON_TEXT, "char(5)", COLUMN_STRING, 20, "utf8mb4"},
	{"varchar(300)", CANON_TEXT, "varchar(300)", COLUMN_VARCHAR, 300, "latin1"},
	{"varchar(500) /*M!100301 COMPRESSED*/", CANON_TEXT, "varchar(500)", 0, 0, "utf8mb3"},
	{"mediumtext", CANON_TEXT, "mediumtext", COLUMN_BLOB, 3, "utf8mb4"},
	{"binary(16)", CANON_BYTES, "binary(16)", COLUMN_STRING, 16, NULL},
	{"varbinary(9)", CANON_BYTES, "varbinary(9)", COLUMN_VARCHAR, 9, NULL},
	{"longblob", CANON_BYTES, "longblob", COLUMN_BLOB, 4, NULL},
	{"date", CANON_DATE, "date", COLUMN_DATE, 0, NULL},
	{"datetime(6)", CANON_TIMESTAMP, "datetime(6)", COLUMN_DATETIME, 0, NULL},
	{"timestamp", CANON_TIMESTAMPTZ, "timestamp", COLUMN_TIMESTAMP, 0, NULL},
	{"time(3)", CANON_INTERVAL, "time(3)", COLUMN_TIME, 0, NULL},
	{"enum('a','unsigned','it''s)')", CANON_ENUM, "enum", COLUMN_ENUM, 1, "utf8mb4"},
	{"set('a','b','c','d','e','f','g','h','i')", CANON_SET, "set", COLUMN_SET, 2, "utf8mb4"},
	{"json", CANON_JSON, "json", COLUMN_JSON, 4, NULL},
	{"uuid", CANON_UUID, "uuid", COLUMN_STRING, 16, NULL},
	{"inet4", CANON_NETWORK, "inet4", COLUMN_STRING, 4, NULL},
	{"inet6", CANON_NETWORK, "inet6", COLUMN_STRING, 16, NULL},
	{"point", CANON_GEOMETRY, "point", COLUMN_GEOMETRY, 4, NULL},
	{"geomcollection", CANON_GEOMETRY, "geomcollection", COLUMN_GEOMETRY, 4, NULL},
	{"vector(3)", CANON_BYTES, "vector(3)", COLUMN_VECTOR, 4, NULL},
	{"xmltype", CANON_OTHER, "xmltype", 0, 0, NULL},
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static void
each_type_has_its_canonical_one(void **state)
{
	char name[COLUMN_TYPE_NAME];

	(void) state;
	for (size_t i = 0; i < TYPES; i++)
	{
		assert_int_equal(column_canon(types[i].type, false), types[i].canon);
		column_type_name(types[i].type, false, name);
		assert_string_equal(name, types[i].name);
	}
	assert_int_equal(column_canon("longtext", true), CANON_JSON);
	column_type_name("longtext", true, name);
	assert_string_equal(name, "json");
}

static SchemaColumn
column_of(const Type *type)
{
	return (SchemaColumn){.name = "c",
						  .type = type->type,
						  .type_name = type->name,
						  .canon = type->canon,
						  .charset = type->charset,
						  .srid = -1};
}

static void
a_map_would_say_the_same(void **state)
{
	(void) state;
	for (size_t i = 0; i < TYPES; i++)
	{
		SchemaColumn column = column_of(&types[i]);
		LogColumn log;
		ByteBuf labels;
		SluiceError err;

		bytebuf_init(&labels, &allocator_malloc, 1000);
		assert_int_equal(log_column_of(&column, false, &log, &labels, &err),
						 types[i].canon != CANON_OTHER);
		if (types[i].kind != 0)
		{
			assert_int_equal(log.kind, types[i].kind);
			assert_int_equal(log.length, types[i].length);
			assert_true(log.nullable);
		}
		bytebuf_free(&labels);
	}
}

static LogColumn
read_column(const char *type, bool mariadb, ByteBuf *labels)
{
	const Type described = {type, column_canon(type, false), "", 0, 0, "utf8mb4"};
	SchemaColumn column = column_of(&described);
	LogColumn log;
	SluiceError err;

	assert_true(log_column_of(&column, mariadb, &log, labels, &err));
	return log;
}

static void
labels_are_packed(void **state)
{
	static const char packed[] = "\x01"
								 "a"
								 "\x04it's"
								 "\x03"
								 "d,\\";
	ByteBuf labels;
	LogColumn log;

	(void) state;
	bytebuf_init(&labels, &allocator_malloc, 1000);
	log = read_column("enum('a','it''s','d,\\\\')", false, &labels);
	assert_int_equal(log.label_count, 3);
	assert_int_equal(log.labels.end - log.labels.at, sizeof(packed) - 1);
	assert_memory_equal(log.labels.at, packed, sizeof(packed) - 1);
	bytebuf_free(&labels);
}

static void
servers_differ(void **state)
{
	ByteBuf labels;
	LogColumn log;

	(void) state;
	bytebuf_init(&labels, &allocator_malloc, 1000);
	log = read_column("vector(3)", true, &labels);
	assert_int_equal(log.kind, COLUMN_VARCHAR);
	assert_int_equal(log.length, 12);
	log = read_column("varchar(500) /*M!100301 COMPRESSED*/", true, &labels);
	assert_int_equal(log.kind, COLUMN_VARCHAR_COMPRESSED);
	bytebuf_free(&labels);
}

static void
numbers_of_a_type_are_told(void **state)
{
	ByteBuf labels;
	LogColumn log;

	(void) state;
	bytebuf_init(&labels, &allocator_malloc, 1000);
	log = read_column("decimal(10,2) unsigned", false, &labels);
	assert_int_equal(log.precision, 10);
	assert_int_equal(log.scale, 2);
	assert_true(log.is_unsigned);
	log = read_column("time(3)", false, &labels);
	assert_int_equal(log.scale, 3);
	bytebuf_free(&labels);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_has_its_canonical_one),
		cmocka_unit_test(a_map_would_say_the_same),
		cmocka_unit_test(labels_are_packed),
		cmocka_unit_test(servers_differ),
		cmocka_unit_test(numbers_of_a_type_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
