/*
 * my_value_test.c - values into columns of MySQL: exact, or by the loss policy.
 */
#include "writer/mysql/my_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/mysql/my_sql.h"

#define ROOM (1 << 20)

/* A column of the source and one of the target. */
typedef struct Pair
{
	CanonType canon;
	uint32_t oid;
	const char *target; /* COLUMN_TYPE; "json!" is MariaDB's JSON */
	LossPolicy policy;
} Pair;

static MyConverter *
choose_of(const Pair *pair, bool nullable, bool identifies, SluiceError *err)
{
	BundleColumn source = {.name = "c",
						   .type_name = "type",
						   .type_oid = pair->oid,
						   .typmod = -1,
						   .canon = (uint8_t) pair->canon};
	bool maria_json = strcmp(pair->target, "json!") == 0;
	bool text = strstr(pair->target, "char") != NULL || strstr(pair->target, "text") != NULL ||
				strstr(pair->target, "enum") != NULL;
	char type[64];
	MyColumn column = {.name = "`c`",
					   .type = type,
					   .full_type = (char *) (maria_json ? "longtext" : pair->target),
					   .charset = text ? "utf8mb4" : "",
					   .collation = "",
					   .nullable = nullable,
					   .identifies = identifies,
					   .json = strncmp(pair->target, "json", 4) == 0};

	(void) snprintf(type, sizeof(type), "%.*s", (int) strcspn(column.full_type, "( "),
					column.full_type);
	return my_converter_choose(&source, &column, pair->policy, err);
}

static MyConverter *
choose(const Pair *pair, bool nullable, SluiceError *err)
{
	return choose_of(pair, nullable, false, err);
}

static MyConverter *
must_choose(Pair pair, bool nullable)
{
	SluiceError err = {0};
	MyConverter *converter = choose(&pair, nullable, &err);

	if (converter == NULL)
		fail_msg("%s", err.message);
	return converter;
}

/* Bytes of hexadecimal text, blanks left out. */
static int32_t
from_hex(const char *hex, uint8_t *out)
{
	int32_t length = 0;

	while (*hex != '\0')
	{
		unsigned byte;

		if (*hex == ' ')
		{
			hex++;
			continue;
		}
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[length++] = (uint8_t) byte;
		hex += 2;
	}
	return length;
}

typedef bool (*Write)(MyConverter *converter, const RowField *field, ByteBuf *out,
					  SluiceError *err);

/* What is written of a value, "! message" when it is refused; to be freed. */
static char *
written(MyConverter *converter, Write write, const uint8_t *data, int32_t length)
{
	/* In a block of its own size, so that a sanitizer sees reads beyond. */
	uint8_t *copy = malloc(length > 0 ? (size_t) length : 1);
	RowField field = {copy, length};
	SluiceError err = {0};
	ByteBuf out;
	char *text = NULL;

	bytebuf_init(&out, &allocator_malloc, ROOM);
	if (length > 0)
		memcpy(copy, data, (size_t) length);
	if (write(converter, &field, &out, &err))
		text = strndup((const char *) out.data, out.length);
	else if (asprintf(&text, "! %s", err.message) < 0)
		text = NULL;
	assert_non_null(text);
	bytebuf_free(&out);
	free(copy);
	return text;
}

static void
check_bytes(Pair pair, const uint8_t *data, int32_t length, const char *literal, const char *field)
{
	MyConverter *converter = must_choose(pair, true);
	char *text = written(converter, my_value_literal, data, length);

	assert_string_equal(text, literal);
	free(text);
	if (field != NULL)
	{
		text = written(converter, my_value_load_field, data, length);
		assert_string_equal(text, field);
		free(text);
	}
	my_converter_free(converter);
}

static void
check(Pair pair, const char *hex, const char *literal, const char *field)
{
	uint8_t data[512];

	check_bytes(pair, data, from_hex(hex, data), literal, field);
}

/* A text of the source. */
static void
check_text(Pair pair, const char *value, const char *literal, const char *field)
{
	check_bytes(pair, (const uint8_t *) value, (int32_t) strlen(value), literal, field);
}

/* The value is refused and the message has this part. */
static void
check_refused(Pair pair, bool nullable, const char *hex, const char *part)
{
	MyConverter *converter = must_choose(pair, nullable);
	uint8_t data[512];
	int32_t length = from_hex(hex, data);
	char *text = written(converter, my_value_literal, data, length);

	if (text[0] != '!' || strstr(text, part) == NULL)
		fail_msg("%s, not %s", text, part);
	free(text);
	my_converter_free(converter);
}

static void
check_no_way(Pair pair)
{
	SluiceError err = {0};

	assert_null(choose(&pair, true, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	assert_true(err.hint[0] != '\0');
	assert_non_null(strstr(err.message, "`c`"));
}

/* Three policies beside LOSS_TEXT, which is LOSS_ERROR in a column that is no text. */
static void
check_lossy(CanonType canon, uint32_t oid, const char *target, const char *hex, const char *part,
			const char *clamped)
{
	check_refused((Pair){canon, oid, target, LOSS_ERROR}, true, hex, part);
	check_refused((Pair){canon, oid, target, LOSS_TEXT}, true, hex, part);
	check((Pair){canon, oid, target, LOSS_NULL}, hex, "NULL", "\\N");
	check_refused((Pair){canon, oid, target, LOSS_NULL}, false, hex, part);
	if (clamped != NULL)
		check((Pair){canon, oid, target, LOSS_CLAMP}, hex, clamped, NULL);
	else
		check_refused((Pair){canon, oid, target, LOSS_CLAMP}, true, hex, part);
}

#define EXACT(canon, oid, target)                                                                  \
	(Pair)                                                                                         \
	{                                                                                              \
		canon, oid, target, LOSS_ERROR                                                             \
	}

/* ---- the tests ---- */

static void
null_is_null(void **state)
{
	MyConverter *converter = must_choose(EXACT(CANON_INT32, 23, "int"), false);
	char *text = written(converter, my_value_literal, NULL, FIELD_NULL);

	(void) state;
	assert_string_equal(text, "NULL");
	free(text);
	text = written(converter, my_value_load_field, NULL, FIELD_NULL);
	assert_string_equal(text, "\\N");
	free(text);
	my_converter_free(converter);
}

static void
whole_numbers_are_exact(void **state)
{
	(void) state;
	check(EXACT(CANON_BOOL, 16, "tinyint(1)"), "01", "1", "1");
	check(EXACT(CANON_BOOL, 16, "tinyint(1)"), "00", "0", "0");
	check(EXACT(CANON_BOOL, 16, "bit(1)"), "01", "1", "1");
	check(EXACT(CANON_INT16, 21, "smallint"), "8000", "-32768", "-32768");
	check(EXACT(CANON_INT16, 21, "smallint(6)"), "7fff", "32767", "32767");
	check(EXACT(CANON_INT32, 23, "int(11)"), "80000000", "-2147483648", "-2147483648");
	check(EXACT(CANON_INT32, 23, "bigint"), "7fffffff", "2147483647", NULL);
	check(EXACT(CANON_INT32, 23, "decimal(10,0)"), "ffffffff", "-1", NULL);
	check(EXACT(CANON_INT32, 23, "double"), "ffffffff", "-1", NULL);
	check(EXACT(CANON_INT64, 20, "bigint(20)"), "8000000000000000", "-9223372036854775808",
		  "-9223372036854775808");
	check(EXACT(CANON_INT64, 20, "decimal(20,0)"), "8000000000000000", "-9223372036854775808",
		  NULL);
	check(EXACT(CANON_UINT64, 0, "bigint(20) unsigned"), "ffffffffffffffff", "18446744073709551615",
		  "18446744073709551615");
	check(EXACT(CANON_BUILTIN, 26, "int(10) unsigned"), "ffffffff", "4294967295", "4294967295");
	check(EXACT(CANON_BUILTIN, 5069, "bigint unsigned"), "ffffffffffffffff", "18446744073709551615",
		  NULL);
	check(EXACT(CANON_INT32, 23, "varchar(11)"), "80000000", "'-2147483648'", "-2147483648");
	check(EXACT(CANON_BOOL, 16, "varchar(1)"), "01", "'t'", "t");
}

static void
whole_numbers_out_of_range_are_lost_by_policy(void **state)
{
	(void) state;
	check_lossy(CANON_INT32, 23, "smallint", "00008000", "32768: it is out of the column's range",
				"32767");
	check_lossy(CANON_INT32, 23, "tinyint", "ffffff7f", "-129", "-128");
	check_lossy(CANON_INT32, 23, "mediumint unsigned", "ffffffff", "-1", "0");
	check_lossy(CANON_INT32, 23, "mediumint", "00800000", "8388608", "8388607");
	check_lossy(CANON_INT64, 20, "int unsigned", "0000000100000000", "4294967296", "4294967295");
	check_lossy(CANON_INT64, 20, "bigint unsigned", "ffffffffffffffff", "-1", "0");
	check_lossy(CANON_INT64, 20, "decimal(5,2)", "00000000000003e8", "1000", "999");
	check_lossy(CANON_INT64, 20, "decimal(5,2) unsigned", "ffffffffffffffff", "-1", "0");
	check_lossy(CANON_INT64, 20, "double", "0020000000000001", "9007199254740993",
				"9007199254740992");
	check_lossy(CANON_UINT64, 0, "bigint", "ffffffffffffffff", "18446744073709551615",
				"9223372036854775807");
	check_lossy(CANON_INT32, 23, "bit(3)", "00000008", "8", "7");
}

static void
decimals_are_exact(void **state)
{
	(void) state;
	/* 1.10, -12345678.00000001, 0, -0.000, 10000 */
	check(EXACT(CANON_DECIMAL, 1700, "decimal(10,2)"), "0002 0000 0000 0002 0001 03e8", "1.1",
		  "1.1");
	check(EXACT(CANON_DECIMAL, 1700, "decimal(16,8)"), "0004 0001 4000 0008 04d2 162e 0000 0001",
		  "-12345678.00000001", NULL);
	check(EXACT(CANON_DECIMAL, 1700, "decimal(5,0)"), "0000 0000 0000 0000", "0", "0");
	check(EXACT(CANON_DECIMAL, 1700, "decimal(5,4)"), "0000 0000 0000 0003", "0", "0");
	check(EXACT(CANON_DECIMAL, 1700, "decimal(5,0)"), "0001 0001 0000 0000 0001", "10000", NULL);
	check(EXACT(CANON_DECIMAL, 1700, "longtext"), "0002 0000 0000 0002 0001 03e8", "'1.10'",
		  "1.10");
	check(EXACT(CANON_DECIMAL, 1700, "longtext"), "0000 0000 c000 0000", "'NaN'", "NaN");
	check(EXACT(CANON_DECIMAL, 1700, "bigint"), "0001 0000 4000 0000 0007", "-7", NULL);
	check(EXACT(CANON_DECIMAL, 1700, "double"), "0002 0000 0000 0002 0001 03e8", "1.1e0", "1.1e0");
	check(EXACT(CANON_BUILTIN, 790, "decimal(19,2)"), "8000000000000000", "-92233720368547758.08",
		  "-92233720368547758.08");
	check(EXACT(CANON_BUILTIN, 790, "decimal(19,2)"), "0000000000000005", "0.05", NULL);
	check(EXACT(CANON_BUILTIN, 790, "varchar(30)"), "0000000007bfa480", "'$1,300,000.00'", NULL);
}

static void
decimals_out_of_range_are_lost_by_policy(void **state)
{
	(void) state;
	check_lossy(CANON_DECIMAL, 1700, "decimal(5,2)", "0001 0000 0000 0000 03e8",
				"1000: it is out of", "0999.99");
	check_lossy(CANON_DECIMAL, 1700, "decimal(5,2)", "0001 0000 4000 0000 03e8", "-1000",
				"-0999.99");
	/* 0.005, -9.995, 999.995 */
	check_lossy(CANON_DECIMAL, 1700, "decimal(5,2)", "0001 ffff 0000 0003 0032",
				"0.005: it has more decimals", "0.01");
	check_lossy(CANON_DECIMAL, 1700, "decimal(5,2)", "0002 0000 4000 0003 0009 26de", "-9.995",
				"-10");
	check_lossy(CANON_DECIMAL, 1700, "decimal(5,2)", "0002 0000 0000 0003 03e7 26de", "999.995",
				"0999.99");
	check_lossy(CANON_DECIMAL, 1700, "decimal(3,0)", "0002 0000 0000 0001 0009 1388", "9.5", "10");
	check_lossy(CANON_DECIMAL, 1700, "decimal(3,0)", "0002 0000 0000 0001 0009 0fa0", "9.4", "9");
	check_lossy(CANON_DECIMAL, 1700, "decimal(65,30)", "0000 0000 c000 0000", "NaN", NULL);
	check_lossy(CANON_DECIMAL, 1700, "decimal(3,1)", "0000 0000 d000 0000", "Infinity", "099.9");
	check_lossy(CANON_DECIMAL, 1700, "decimal(3,1)", "0000 0000 f000 0000", "-Infinity", "-099.9");
	check_lossy(CANON_DECIMAL, 1700, "decimal(3,1) unsigned", "0000 0000 f000 0000", "-Infinity",
				"0");
	check_lossy(CANON_DECIMAL, 1700, "tinyint unsigned", "0001 0000 0000 0000 0100", "256", "255");
	check_lossy(CANON_DECIMAL, 1700, "tinyint unsigned", "0001 0000 4000 0000 0001", "-1", "0");
	check_lossy(CANON_DECIMAL, 1700, "int", "0001 7fff 0000 0000 0001", "1000000", "2147483647");
	check_lossy(CANON_DECIMAL, 1700, "int", "0000 0000 f000 0000", "-Infinity", "-2147483648");
	check_lossy(CANON_BUILTIN, 790, "decimal(19,1)", "0000000000000005", "$0.05", "0.1");
	/* 1234567890123456.7, 1e400 */
	check_lossy(CANON_DECIMAL, 1700, "double", "0005 0003 0000 0001 04d2 162e 2334 0d80 1b58",
				"it has more digits", "1234567890123456.7e0");
	check_lossy(CANON_DECIMAL, 1700, "double", "0001 0064 0000 0000 0001", "1000",
				"1.7976931348623157e+308");
}

static void
floats_are_exact(void **state)
{
	(void) state;
	check(EXACT(CANON_FLOAT64, 701, "double"), "3fb999999999999a", "0.1e0", "0.1e0");
	check(EXACT(CANON_FLOAT64, 701, "double"), "8000000000000000", "-0e0", "-0e0");
	check(EXACT(CANON_FLOAT64, 701, "double"), "0000000000000001", "5e-324", "5e-324");
	check(EXACT(CANON_FLOAT64, 701, "double"), "7fefffffffffffff", "1.7976931348623157e+308", NULL);
	check(EXACT(CANON_FLOAT64, 701, "float"), "3fe0000000000000", "0.5e0", NULL);
	check(EXACT(CANON_FLOAT32, 700, "float"), "3dcccccd", "0.10000000149011612e0",
		  "0.10000000149011612e0");
	check(EXACT(CANON_FLOAT32, 700, "float"), "00000001", "1.401298464324817e-45", NULL);
	check(EXACT(CANON_FLOAT32, 700, "double"), "3dcccccd", "0.10000000149011612e0", NULL);
	check(EXACT(CANON_FLOAT32, 700, "varchar(20)"), "3dcccccd", "'0.1'", "0.1");
	check(EXACT(CANON_FLOAT64, 701, "decimal(10,2)"), "c004000000000000", "-2.5", NULL);
	check(EXACT(CANON_FLOAT64, 701, "decimal(30,10)"), "3e112e0be826d695", "0.000000001", NULL);
	check(EXACT(CANON_FLOAT64, 701, "decimal(30,2)"), "4450000000000000", "1180591620717411300000",
		  NULL);
	check(EXACT(CANON_FLOAT64, 701, "decimal(30,2)"), "c3abc16d674ec800", "-1000000000000000000",
		  NULL);
	check(EXACT(CANON_FLOAT64, 701, "decimal(30,2)"), "4345ee2a2eb59cd8", "12345678901230000",
		  NULL);
}

static void
floats_that_are_no_numbers_are_lost_by_policy(void **state)
{
	(void) state;
	check_lossy(CANON_FLOAT64, 701, "double", "7ff8000000000000", "NaN", NULL);
	check_lossy(CANON_FLOAT64, 701, "double", "7ff0000000000000", "Infinity",
				"1.7976931348623157e+308");
	check_lossy(CANON_FLOAT64, 701, "double", "fff0000000000000", "-Infinity",
				"-1.7976931348623157e+308");
	check_lossy(CANON_FLOAT32, 700, "float", "7f800000", "Infinity", "3.4028234663852886e+38");
	check_lossy(CANON_FLOAT64, 701, "float", "3fb999999999999a", "0.1: it has more digits",
				"0.1e0");
	check_lossy(CANON_FLOAT64, 701, "float", "7fefffffffffffff", "1.797", "3.4028234663852886e+38");
	check_lossy(CANON_FLOAT64, 701, "decimal(3,1)", "3fb47ae147ae147b", "0.08", "0.1");
	check_no_way(EXACT(CANON_FLOAT64, 701, "double(10,2)"));
	check_no_way(EXACT(CANON_FLOAT64, 701, "int"));
}

static void
texts_are_escaped(void **state)
{
	static const char text[] = "it's\\\t\n\r\032\"x";

	(void) state;
	check_text(EXACT(CANON_TEXT, 25, "longtext"), text, "'it\\'s\\\\\t\\n\\r\\Z\"x'",
			   "it's\\\\\\t\\n\\r\032\"x");
	check_text(EXACT(CANON_TEXT, 25, "longtext"), "", "''", "");
	check_text(EXACT(CANON_TEXT, 25, "longtext"), "\\N", "'\\\\N'", "\\\\N");
	check(EXACT(CANON_TEXT, 25, "longtext"), "610062", "'a\\0b'", "a\\0b");
	check_text(EXACT(CANON_TEXT, 1043, "varchar(3)"), "ü漢🐘", "'ü漢🐘'", "ü漢🐘");
	check_text(EXACT(CANON_TEXT, 1042, "char(5)"), "ab   ", "'ab'", "ab");
	check_text(EXACT(CANON_TEXT, 1042, "longtext"), "     ", "''", "");
	check_text(EXACT(CANON_TEXT, 25, "longtext"), "a ", "'a '", "a ");
	check_text(EXACT(CANON_ENUM, 0, "enum('sad','it''s ok')"), "it's ok", "'it\\'s ok'", "it's ok");
	check_text(EXACT(CANON_OTHER, 0, "longtext"), "(1,\"a\")", "'(1,\"a\")'", "(1,\"a\")");
	check_text(EXACT(CANON_TEXT, 25, "varbinary(9)"), "ab", "x'6162'", "ab");
	check(EXACT(CANON_BUILTIN, 18, "varchar(4)"), "ff", "'\\\\377'", "\\\\377");
	check(EXACT(CANON_BUILTIN, 18, "varchar(4)"), "00", "''", "");
	check_no_way(EXACT(CANON_TEXT, 25, "int"));
	check_no_way(EXACT(CANON_TEXT, 25, "geometry"));
	check_no_way(EXACT(CANON_TEXT, 25, "nonsense"));
}

static void
texts_too_long_are_lost_by_policy(void **state)
{
	char tiny[260];

	(void) state;
	/* ü漢🐘x */
	check_lossy(CANON_TEXT, 25, "varchar(3)", "c3bc e6bca2 f09f9098 78", "it is longer", "'ü漢🐘'");
	check_lossy(CANON_TEXT, 25, "char(3)", "612020 20 62", "it is longer", "'a  '");
	check_lossy(CANON_TEXT, 25, "char(3)", "6120", "blanks at its end", "'a '");
	memset(tiny, 'x', sizeof(tiny));
	memcpy(tiny + 254, "ü", 3); /* 256 bytes */
	check_text((Pair){CANON_TEXT, 25, "tinytext", LOSS_NULL}, tiny, "NULL", "\\N");
	check_text((Pair){CANON_TEXT, 25, "tinytext", LOSS_NULL}, tiny + 250, "'xxxxü'", "xxxxü");
}

static void
bytes_are_exact(void **state)
{
	(void) state;
	check(EXACT(CANON_BYTES, 17, "longblob"), "00ff5c0a09", "x'00ff5c0a09'", NULL);
	check(EXACT(CANON_BYTES, 17, "longblob"), "5c0a0961", "x'5c0a0961'", "\\\\\\n\\ta");
	check(EXACT(CANON_BYTES, 17, "longblob"), "", "x''", "");
	check(EXACT(CANON_BYTES, 17, "longtext"), "00ff", "'\\\\x00ff'", "\\\\x00ff");
	check(EXACT(CANON_UUID, 2950, "binary(16)"), "00112233445566778899aabbccddeeff",
		  "x'00112233445566778899aabbccddeeff'", NULL);
	check(EXACT(CANON_UUID, 2950, "char(36)"), "00112233445566778899aabbccddeeff",
		  "'00112233-4455-6677-8899-aabbccddeeff'", "00112233-4455-6677-8899-aabbccddeeff");
	check(EXACT(CANON_UUID, 2950, "uuid"), "00112233445566778899aabbccddeeff",
		  "'00112233-4455-6677-8899-aabbccddeeff'", "00112233-4455-6677-8899-aabbccddeeff");
	check_lossy(CANON_BYTES, 17, "varbinary(2)", "616263", "it is longer", "x'6162'");
	check_lossy(CANON_BYTES, 17, "binary(2)", "61", "add zeros", "x'61'");
}

static void
bits_are_exact(void **state)
{
	(void) state;
	check(EXACT(CANON_BITS, 1560, "bit(13)"), "0000000d aaa8", "5461", "5461");
	check(EXACT(CANON_BITS, 1560, "bit(64)"), "00000040 ffffffffffffffff", "18446744073709551615",
		  NULL);
	check(EXACT(CANON_BITS, 1562, "longtext"), "0000000d aaa8", "'1010101010101'", NULL);
	check(EXACT(CANON_BITS, 1562, "longtext"), "00000000", "''", "");
	check_lossy(CANON_BITS, 1560, "bit(3)", "00000004 f0", "1111: it has more bits", NULL);
	check_refused(EXACT(CANON_BITS, 1560, "bit(64)"), true, "00000040 ff", "no value of");
}

/* int32 days, int64 microseconds since 2000-01-01 */
static void
dates_and_times_are_exact(void **state)
{
	(void) state;
	check(EXACT(CANON_DATE, 1082, "date"), "00000000", "DATE'2000-01-01'", "2000-01-01");
	check(EXACT(CANON_DATE, 1082, "date"), "fff4dbf9", "DATE'0001-01-01'", "0001-01-01");
	check(EXACT(CANON_DATE, 1082, "date"), "002c95d3", "DATE'9999-12-31'", "9999-12-31");
	check(EXACT(CANON_DATE, 1082, "datetime"), "00000001", "TIMESTAMP'2000-01-02 00:00:00'",
		  "2000-01-02 00:00:00");
	check(EXACT(CANON_DATE, 1082, "varchar(13)"), "7fffffff", "'infinity'", "infinity");
	check(EXACT(CANON_TIMESTAMP, 1114, "datetime(6)"), "ffffffffffffffff",
		  "TIMESTAMP'1999-12-31 23:59:59.999999'", "1999-12-31 23:59:59.999999");
	check(EXACT(CANON_TIMESTAMPTZ, 1184, "datetime(3)"), "000000000007a120",
		  "TIMESTAMP'2000-01-01 00:00:00.5'", "2000-01-01 00:00:00.5");
	check(EXACT(CANON_TIMESTAMPTZ, 1184, "timestamp(6)"), "0000000000000001",
		  "TIMESTAMP'2000-01-01 00:00:00.000001'", NULL);
	check(EXACT(CANON_TIMESTAMPTZ, 1184, "longtext"), "0000000000000001",
		  "'2000-01-01 00:00:00.000001+00'", NULL);
	check(EXACT(CANON_TIME, 1083, "time(6)"), "000000141dd76000", "TIME'24:00:00'", "24:00:00");
	check(EXACT(CANON_TIME, 1083, "time(6)"), "000000141dd75fff", "TIME'23:59:59.999999'", NULL);
	check(EXACT(CANON_TIMETZ, 1266, "varchar(21)"), "000000141dd76000 ffff8f80", "'24:00:00+08'",
		  NULL);
	check(EXACT(CANON_INTERVAL, 1186, "varchar(64)"), "0000000000000000 00000002 00000001",
		  "'P1M2D'", "P1M2D");
	check(EXACT(CANON_INTERVAL, 1186, "varchar(64)"), "fffffffffff0bdc0 00000000 fffffff3",
		  "'P-1Y-1MT-1S'", NULL);
	check(EXACT(CANON_INTERVAL, 1186, "varchar(64)"), "0000000000000000 00000000 00000000",
		  "'PT0S'", NULL);
	check(EXACT(CANON_INTERVAL, 1186, "varchar(64)"), "8000000000000000 80000000 80000000",
		  "'-infinity'", NULL);
	check_no_way(EXACT(CANON_TIME, 1083, "date"));
}

static void
dates_and_times_that_do_not_fit_are_lost_by_policy(void **state)
{
	(void) state;
	check_lossy(CANON_DATE, 1082, "date", "7fffffff", "infinity: it is out of", "DATE'9999-12-31'");
	check_lossy(CANON_DATE, 1082, "date", "80000000", "-infinity", "DATE'0001-01-01'");
	check_lossy(CANON_DATE, 1082, "date", "fff4dbf8", "0001-12-31 BC", "DATE'0001-01-01'");
	check_lossy(CANON_DATE, 1082, "date", "7fda970c", "5874897-", "DATE'9999-12-31'");
	check_lossy(CANON_TIMESTAMP, 1114, "datetime", "7fffffffffffffff", "infinity",
				"TIMESTAMP'9999-12-31 23:59:59'");
	check_lossy(CANON_TIMESTAMP, 1114, "datetime(6)", "7fffffffffffffff", "infinity",
				"TIMESTAMP'9999-12-31 23:59:59.999999'");
	check_lossy(CANON_TIMESTAMP, 1114, "datetime(3)", "00000000000001f4", ".0005: it is finer than",
				"TIMESTAMP'2000-01-01 00:00:00.001'");
	check_lossy(CANON_TIMESTAMP, 1114, "datetime", "fffffffffff85ee0", "finer",
				"TIMESTAMP'2000-01-01 00:00:00'");
	check_lossy(CANON_TIMESTAMP, 1114, "date", "0000000000000001", "finer", "DATE'2000-01-01'");
	check_lossy(CANON_TIMESTAMPTZ, 1184, "timestamp", "8000000000000000", "-infinity",
				"TIMESTAMP'1970-01-01 00:00:01'");
	check_lossy(CANON_TIME, 1083, "time", "000000141dd75fff", "finer", "TIME'24:00:00'");
	check_refused(EXACT(CANON_TIME, 1083, "time"), true, "ffffffffffffffff", "no value of");
}

static void
documents_stay_as_they_are(void **state)
{
	static const char json[] = " {\"a\":  \"it's\\n\", \"a\": 2}";

	(void) state;
	check_text(EXACT(CANON_JSON, 114, "longtext"), json, "' {\"a\":  \"it\\'s\\\\n\", \"a\": 2}'",
			   " {\"a\":  \"it's\\\\n\", \"a\": 2}");
	check_text(EXACT(CANON_JSON, 114, "json"), "{}", "CAST('{}' AS JSON)", "{}");
	check_text(EXACT(CANON_JSONB, 3802, "json"), "\1{}", "CAST('{}' AS JSON)", "{}");
	check_text(EXACT(CANON_JSONB, 3802, "json!"), "\1[1]", "'[1]'", "[1]");
	check_refused(EXACT(CANON_JSONB, 3802, "json"), true, "027b7d", "no value of");
}

static void
numbers_in_json_are_doubles_or_integers(void **state)
{
	static const struct
	{
		const char *json, *nearest; /* NULL: kept as it is */
	} cases[] = {
		{"[1, -2.50, 1e5, 0, 0.0, -0.000001]", NULL},
		{"18446744073709551615", NULL},
		{"-9223372036854775808", NULL},
		{"0.12345678901234568", NULL},
		{"1.7976931348623157e308", NULL},
		{"5e-324", NULL},
		{"100000000000000000000", NULL},
		{"{\"1e400\": \"9e999\"}", NULL},
		{"1e400", "1.7976931348623157e+308"},
		{"[-1e400,1]", "[-1.7976931348623157e+308,1]"},
		{"{\"a\": 18446744073709551617}", "{\"a\": 1.8446744073709552e+19}"},
		{"-9223372036854775809", "-9.223372036854776e+18"},
		{"[0.1234567890123456789, 2]", "[0.12345678901234568, 2]"},
		{"1e-400", "0"},
		{"9007199254740993.0", "9.007199254740992e+15"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *json = cases[i].json;
		const char *nearest = cases[i].nearest != NULL ? cases[i].nearest : json;
		MyConverter *strict = must_choose(EXACT(CANON_JSON, 114, "json"), true);
		MyConverter *clamp = must_choose((Pair){CANON_JSON, 114, "json", LOSS_CLAMP}, true);
		int32_t length = (int32_t) strlen(json);
		char *text = written(strict, my_value_load_field, (const uint8_t *) json, length);

		assert_int_equal(text[0] == '!', cases[i].nearest != NULL);
		free(text);
		text = written(clamp, my_value_literal, (const uint8_t *) json, length);
		assert_memory_equal(text, "CAST('", 6);
		assert_memory_equal(text + 6, nearest, strlen(nearest));
		assert_string_equal(text + 6 + strlen(nearest), "' AS JSON)");
		free(text);
		my_converter_free(clamp);
		my_converter_free(strict);
	}
	check_text(EXACT(CANON_JSON, 114, "longtext"), "1e400", "'1e400'", NULL);
}

static void
arrays_become_json(void **state)
{
	(void) state;
	check(
		EXACT(CANON_ARRAY, 1007, "json!"),
		"00000001 00000001 00000017 00000003 00000005 00000004 00000001 ffffffff 00000004 80000000",
		"'[1,null,-2147483648]'", "[1,null,-2147483648]");
	check(
		EXACT(CANON_ARRAY, 1007, "longtext"),
		"00000001 00000001 00000017 00000003 00000005 00000004 00000001 ffffffff 00000004 80000000",
		"'[5:7]={1,NULL,-2147483648}'", NULL);
	check(EXACT(CANON_ARRAY, 1007, "json"), "00000000 00000000 00000017", "CAST('[]' AS JSON)",
		  "[]");
	check(EXACT(CANON_ARRAY, 1009, "json!"),
		  "00000002 00000000 00000019 00000002 00000001 00000001 00000001 00000002 220a 00000000",
		  "'[[\"\\\\\"\\\\u000a\"],[\"\"]]'", "[[\"\\\\\"\\\\u000a\"],[\"\"]]");
	check(EXACT(CANON_ARRAY, 1000, "json!"),
		  "00000001 00000000 00000010 00000002 00000001 00000001 01 00000001 00", "'[true,false]'",
		  NULL);
	check(EXACT(CANON_ARRAY, 1016, "json!"),
		  "00000001 00000000 00000014 00000002 00000001 00000008 0020000000000000 00000008 "
		  "0020000000000001",
		  "'[9007199254740992,\"9007199254740993\"]'", NULL);
	check(EXACT(CANON_ARRAY, 1022, "json!"),
		  "00000001 00000000 000002bd 00000002 00000001 00000008 7ff8000000000000 00000008 "
		  "3fb999999999999a",
		  "'[\"NaN\",0.1]'", NULL);
	check(EXACT(CANON_ARRAY, 1231, "json!"),
		  "00000001 00000000 000006a4 00000002 00000001 0000000c 0002000000000002000103e8 0000000a "
		  "00010000000000000007",
		  "'[\"1.10\",7]'", NULL);
	check(EXACT(CANON_ARRAY, 3807, "json!"),
		  "00000001 00000000 00000eda 00000001 00000001 00000003 017b7d", "'[{}]'", NULL);
	check_refused(EXACT(CANON_ARRAY, 1007, "json!"), true,
				  "00000001 00000001 00000017 00000003 00000001 00000004 00000001", "no value of");
}

static void
shapes_become_geometry(void **state)
{
	(void) state;
	check(EXACT(CANON_BUILTIN, 600, "point"), "3ff0000000000000 c000000000000000",
		  "x'000000000101000000000000000000f03f00000000000000c0'", NULL);
	check(EXACT(CANON_BUILTIN, 600, "varchar(50)"), "3ff0000000000000 c000000000000000", "'(1,-2)'",
		  "(1,-2)");
	check_lossy(CANON_BUILTIN, 600, "point", "7ff8000000000000 c000000000000000", "(NaN,-2)", NULL);
	check(EXACT(CANON_GEOMETRY, 0, "geometry"),
		  "01 01000020 e6100000 000000000000f03f 00000000000000c0",
		  "x'e61000000101000000000000000000f03f00000000000000c0'", NULL);
	check(EXACT(CANON_GEOMETRY, 0, "geometry"), "01 01000000 000000000000f03f 00000000000000c0",
		  "x'000000000101000000000000000000f03f00000000000000c0'", NULL);
	check_text(EXACT(CANON_OTHER, 0, "geometry"),
			   "0101000020E6100000000000000000F03F00000000000000C0",
			   "x'e61000000101000000000000000000f03f00000000000000c0'", NULL);
	check_lossy(CANON_GEOMETRY, 0, "geometry", "01 01000080 0000", "dimensions", NULL);
	check_refused(EXACT(CANON_OTHER, 0, "geometry"), true, "7a7a", "no value of");
	check_refused(EXACT(CANON_GEOMETRY, 0, "geometry"), true, "01 01000020 0000", "no value of");
}

static void
the_rest_is_printed(void **state)
{
	(void) state;
	check(EXACT(CANON_NETWORK, 869, "varchar(43)"), "02 18 00 04 c0a80105", "'192.168.1.5/24'",
		  NULL);
	check(EXACT(CANON_NETWORK, 869, "inet6"), "03 80 00 10 00000000000000000000000000000001",
		  "'::1'", "::1");
	check(EXACT(CANON_BUILTIN, 3904, "varchar(255)"), "02 00000004 00000001 00000004 00000005",
		  "'[1,5)'", NULL);
	check(EXACT(CANON_BUILTIN, 3220, "varchar(17)"), "00000001 0000000f", "'1/F'", NULL);
	check(EXACT(CANON_BUILTIN, 3220, "bigint unsigned"), "00000001 0000000f", "4294967311", NULL);
	check_refused(EXACT(CANON_BUILTIN, 3904, "varchar(255)"), true, "02 00000004", "no value of");
	check_no_way(EXACT(CANON_BUILTIN, 999999, "longtext"));
}

static void
fixed_lengths_are_held(void **state)
{
	(void) state;
	check_refused(EXACT(CANON_INT32, 23, "int"), true, "0000", "no value of");
	check_refused(EXACT(CANON_UUID, 2950, "uuid"), true, "00", "no value of");
	check_refused(EXACT(CANON_BUILTIN, 26, "int unsigned"), true, "", "no value of");
	check_refused(EXACT(CANON_BOOL, 16, "tinyint"), true, "02", "no value of");
}

static void
how_a_field_gets_into_its_column(void **state)
{
	static const struct
	{
		Pair pair;
		const char *set;
	} cases[] = {
		{{CANON_INT32, 23, "int", LOSS_ERROR}, NULL},
		{{CANON_BYTES, 17, "longblob", LOSS_ERROR}, NULL},
		{{CANON_TEXT, 25, "longtext", LOSS_ERROR}, NULL},
		{{CANON_BITS, 1560, "bit(5)", LOSS_ERROR}, "CAST(%s AS UNSIGNED)"},
		{{CANON_JSONB, 3802, "json", LOSS_ERROR}, "CONVERT(%s USING utf8mb4)"},
		{{CANON_JSONB, 3802, "json!", LOSS_ERROR}, NULL},
		{{CANON_UUID, 2950, "uuid", LOSS_ERROR}, "CONVERT(%s USING utf8mb4)"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		MyConverter *converter = must_choose(cases[i].pair, true);
		const char *set = my_value_load_set(converter);

		if (cases[i].set == NULL)
			assert_null(set);
		else
			assert_string_equal(set, cases[i].set);
		my_converter_free(converter);
	}
}

/* Two keys that become the same would make one row of two. */
static void
keys_are_lost_by_no_policy(void **state)
{
	static const LossPolicy policies[] = {LOSS_ERROR, LOSS_CLAMP, LOSS_NULL};
	static const Pair pairs[] = {
		{.canon = CANON_TEXT, .target = "varchar(3)"},
		{.canon = CANON_BYTES, .target = "varbinary(3)"},
		{.canon = CANON_INT32, .target = "tinyint"},
		{.canon = CANON_DATE, .target = "date"},
	};
	static const uint8_t value[] = {0x7F, 0x65, 0x66, 0x67}; /* beyond each */
	RowField field = {value, sizeof(value)};

	(void) state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		for (size_t k = 0; k < sizeof(policies) / sizeof(policies[0]); k++)
		{
			Pair pair = pairs[i];
			MyConverter *converter;
			SluiceError err = {0};
			ByteBuf out;

			pair.policy = policies[k];
			converter = choose_of(&pair, true, true, &err);
			assert_non_null(converter);
			bytebuf_init(&out, &allocator_malloc, ROOM);
			assert_false(my_value_literal(converter, &field, &out, &err));
			assert_int_equal(err.code, SLUICE_ERROR_DATA);
			assert_null(strstr(err.hint, "clamp"));
			assert_non_null(strstr(err.hint, "key"));
			bytebuf_free(&out);
			my_converter_free(converter);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_is_null),
		cmocka_unit_test(whole_numbers_are_exact),
		cmocka_unit_test(whole_numbers_out_of_range_are_lost_by_policy),
		cmocka_unit_test(decimals_are_exact),
		cmocka_unit_test(decimals_out_of_range_are_lost_by_policy),
		cmocka_unit_test(floats_are_exact),
		cmocka_unit_test(floats_that_are_no_numbers_are_lost_by_policy),
		cmocka_unit_test(texts_are_escaped),
		cmocka_unit_test(texts_too_long_are_lost_by_policy),
		cmocka_unit_test(bytes_are_exact),
		cmocka_unit_test(bits_are_exact),
		cmocka_unit_test(dates_and_times_are_exact),
		cmocka_unit_test(dates_and_times_that_do_not_fit_are_lost_by_policy),
		cmocka_unit_test(documents_stay_as_they_are),
		cmocka_unit_test(numbers_in_json_are_doubles_or_integers),
		cmocka_unit_test(arrays_become_json),
		cmocka_unit_test(shapes_become_geometry),
		cmocka_unit_test(the_rest_is_printed),
		cmocka_unit_test(fixed_lengths_are_held),
		cmocka_unit_test(how_a_field_gets_into_its_column),
		cmocka_unit_test(keys_are_lost_by_no_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
