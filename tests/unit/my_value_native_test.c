/*
 * my_value_native_test.c - values of MySQL and MariaDB sources into columns of MySQL: times beyond a
 * day, zero dates, years, shapes, texts of other character sets.
 */
#include "writer/mysql/my_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ROOM		(1 << 12)

/* A value of the source and what is written of it, "! why" when it is refused. */
typedef struct Case
{
	CanonType canon;
	const char *source; /* type name */
	uint32_t oid;		/* of PostgreSQL's, 0 of MySQL's */
	const char *target; /* COLUMN_TYPE */
	const char *charset;
	LossPolicy policy;
	const char *hex;
	const char *literal, *field; /* of LOAD DATA; NULL: not looked at */
} Case;

static int32_t
from_hex(const char *hex, uint8_t *out)
{
	int32_t length = 0;

	for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2)
	{
		unsigned byte;

		if (*hex != ' ' && sscanf(hex, "%2x", &byte) == 1)
			out[length++] = (uint8_t) byte;
	}
	return length;
}

static MyConverter *
choose(const Case *what, SluiceError *err)
{
	const BundleColumn source = {.name = "c",
								 .type_name = what->source != NULL ? what->source : "type",
								 .type_oid = what->oid,
								 .typmod = -1,
								 .canon = (uint8_t) what->canon};
	char type[64];
	const MyColumn column = {.name = "`c`",
							 .type = type,
							 .full_type = (char *) what->target,
							 .charset = (char *) (what->charset != NULL ? what->charset : ""),
							 .collation = "",
							 .nullable = true};

	(void) snprintf(type, sizeof(type), "%.*s", (int) strcspn(what->target, "( "), what->target);
	return my_converter_choose(&source, &column, what->policy, err);
}

typedef bool (*Write)(MyConverter *converter, const RowField *field, ByteBuf *out,
					  SluiceError *err);

static void
check_written(MyConverter *converter, Write write, const RowField *field, const char *wanted)
{
	SluiceError err = {0};
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, ROOM);
	if (!write(converter, field, &out, &err))
	{
		if (*wanted != '!' || strstr(err.message, wanted + 2) == NULL)
			fail_msg("%s, not %s", err.message, wanted);
	}
	else if (out.length != strlen(wanted) || memcmp(out.data, wanted, out.length) != 0)
		fail_msg("%.*s, not %s", (int) out.length, (const char *) out.data, wanted);
	bytebuf_free(&out);
}

static void
check(const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		uint8_t data[ROOM];
		const RowField field = {data, from_hex(cases[i].hex, data)};
		SluiceError err = {0};
		MyConverter *converter = choose(&cases[i], &err);

		if (converter == NULL)
			fail_msg("%s", err.message);
		check_written(converter, my_value_literal, &field, cases[i].literal);
		if (cases[i].field != NULL)
			check_written(converter, my_value_load_field, &field, cases[i].field);
		my_converter_free(converter);
	}
}

#define OF(c, o, t, h, l, f)                                                                       \
	{                                                                                              \
		.canon = (c), .oid = (o), .target = (t), .hex = (h), .literal = (l), .field = (f)          \
	}
#define CLAMPED(c, o, t, h, l)                                                                     \
	{                                                                                              \
		.canon = (c), .oid = (o), .target = (t), .hex = (h), .literal = (l), .policy = LOSS_CLAMP  \
	}

static void
times_are_longer_than_days(void **state)
{
	static const Case cases[] = {
		OF(CANON_INTERVAL, 0, "time(6)", "0000000000000000 00000000 00000000", "TIME'00:00:00'",
		   "00:00:00"),
		OF(CANON_INTERVAL, 0, "time", "fffffd40c230c640 00000000 00000000", "TIME'-838:59:59'",
		   "-838:59:59"),
		OF(CANON_INTERVAL, 0, "time(6)", "ffffffffffffffff 00000000 00000000",
		   "TIME'-00:00:00.000001'", "-00:00:00.000001"),
		OF(CANON_INTERVAL, 0, "time(2)", "00000053d1afe090 00000000 00000000", "TIME'100:00:00.25'",
		   "100:00:00.25"),
		OF(CANON_INTERVAL, 0, "varchar(20)", "00000053d1afe090 00000000 00000000", "'100:00:00.25'",
		   NULL),
		OF(CANON_INTERVAL, 1186, "time", "0000000000000000 00000002 00000000", "TIME'48:00:00'",
		   NULL),
		OF(CANON_INTERVAL, 0, "time", "000002bf3dd6dae0 00000000 00000000", "! finer", NULL),
		CLAMPED(CANON_INTERVAL, 0, "time", "000002bf3dd6dae0 00000000 00000000", "TIME'838:59:59'"),
		OF(CANON_INTERVAL, 1186, "time", "0000000000000000 00000040 00000000", "! out of", NULL),
		CLAMPED(CANON_INTERVAL, 1186, "time", "0000000000000000 ffffff00 00000000",
				"TIME'-838:59:59'"),
		CLAMPED(CANON_INTERVAL, 1186, "time", "0000000000000000 00000000 00000001", "! out of"),
	};

	(void) state;
	check(cases, COUNT(cases));
}

static void
zero_dates_come_back(void **state)
{
	static const Case cases[] = {
		OF(CANON_DATE, 0, "date", "80000000", "DATE'0000-00-00'", "0000-00-00"),
		OF(CANON_TIMESTAMP, 0, "datetime(3)", "8000000000000000", "TIMESTAMP'0000-00-00 00:00:00'",
		   "0000-00-00 00:00:00"),
		OF(CANON_TIMESTAMPTZ, 0, "timestamp", "8000000000000000", "TIMESTAMP'0000-00-00 00:00:00'",
		   NULL),
		OF(CANON_TIMESTAMP, 1114, "datetime", "8000000000000000", "! -infinity", NULL),
	};

	(void) state;
	check(cases, COUNT(cases));
}

static void
other_types_stay_as_they_are(void **state)
{
	static const Case cases[] = {
		OF(CANON_INT16, 0, "year", "0000", "'0000'", "0000"),
		OF(CANON_INT16, 0, "year(4)", "086b", "'2155'", NULL),
		OF(CANON_INT16, 0, "year", "076c", "! out of", NULL),
		CLAMPED(CANON_INT16, 0, "year", "076c", "'1901'"),
		OF(CANON_UINT64, 0, "bigint unsigned", "ffffffffffffffff", "18446744073709551615",
		   "18446744073709551615"),
		OF(CANON_BYTES, 0, "vector(2)", "0000803f 00000040", "x'0000803f00000040'", NULL),
		OF(CANON_GEOMETRY, 0, "geometrycollection", "01 07000020 e6100000 00000000",
		   "x'e6100000010700000000000000'", NULL),
		OF(CANON_NETWORK, 0, "inet6", "02200004 10203040", "'16.32.48.64'", NULL),
		OF(CANON_ENUM, 0, "enum('it''s','')", "", "''", ""),
		OF(CANON_ENUM, 0, "enum('it''s','a'',b')", "", "! it is none of the labels", NULL),
		OF(CANON_ENUM, 0, "enum('a''','b')", "", "! it is none of the labels", NULL),
		OF(CANON_ENUM, 0, "enum('a')", "61", "'a'", "a"),
		OF(CANON_SET, 0, "set('a','b')", "612c62", "'a,b'", "a,b"),
	};

	(void) state;
	check(cases, COUNT(cases));
}

/* A text counts as what its column's character set makes of it. */
static void
texts_count_in_their_own_characters(void **state)
{
	char hex[4 * 255 + 1], wanted[2 * 255 + 3];
	Case what = {.canon = CANON_TEXT,
				 .target = "tinytext",
				 .charset = "latin1",
				 .hex = hex,
				 .literal = wanted};

	(void) state;
	wanted[0] = wanted[2 * 255 + 1] = '\'';
	wanted[2 * 255 + 2] = '\0';
	for (size_t i = 0; i < 255; i++)
	{
		(void) snprintf(hex + 4 * i, 5, "c3a9");
		wanted[1 + 2 * i] = (char) 0xC3;
		wanted[2 + 2 * i] = (char) 0xA9;
	}
	check(&what, 1);
	what.charset = "utf8mb4";
	what.literal = "! it is longer";
	check(&what, 1);
}

/* FLOAT(M,D) rounds nothing that it rounded before. */
static void
floats_with_digits_come_from_such_alone(void **state)
{
	Case what = {.canon = CANON_FLOAT32,
				 .source = "float(7,3)",
				 .target = "float(7,3)",
				 .hex = "3fc00000",
				 .literal = "1.5e0"};
	SluiceError err = {0};

	(void) state;
	check(&what, 1);
	what.source = "float";
	assert_null(choose(&what, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_longer_than_days),
		cmocka_unit_test(zero_dates_come_back),
		cmocka_unit_test(other_types_stay_as_they_are),
		cmocka_unit_test(texts_count_in_their_own_characters),
		cmocka_unit_test(floats_with_digits_come_from_such_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
