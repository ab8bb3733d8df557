/*
 * pg_convert_test.c - each pair of a canonical type and a PostgreSQL type: what is sent, its bytes, and
 * what becomes of values that do not fit.
 */
#include "writer/pg/pg_convert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "writer/pg/pg_type_oid.h"

#define MAXIMUM 4096

/* Bytes as hexadecimal digits, with blanks between at will. */
static uint32_t
read_hex(const char *text, uint8_t *bytes)
{
	uint32_t length = 0;
	unsigned value;

	for (; *text != '\0'; text += *text != '\0')
	{
		text += strspn(text, " ");
		if (*text == '\0' || sscanf(text, "%2x", &value) != 1)
			break;
		bytes[length++] = (uint8_t) value;
		text++;
	}
	return length;
}

/* What comes of a value: hexadecimal bytes, "NULL", or the error's message. */
static const char *
converted(CanonType canon, Oid to, const char *name, LossPolicy policy, const char *hex)
{
	static char text[MAXIMUM];
	uint8_t bytes[MAXIMUM];
	RowField field = {bytes, (int32_t) read_hex(hex, bytes)};
	PgConvert convert;
	SluiceError err = {0};
	ByteBuf out;
	bool null = false;
	size_t at = 0;

	assert_true(pg_convert_find(canon, to, name, &convert));
	pg_convert_judge(&convert, policy);
	bytebuf_init(&out, &allocator_malloc, MAXIMUM);
	if (convert.write == NULL)
		(void) snprintf(text, sizeof(text), "as it is");
	else if (!pg_convert_value(&convert, &field, &out, &null, &err))
	{
		assert_int_equal(err.code, SLUICE_ERROR_DATA);
		assert_int_equal(out.length, 0);
		(void) snprintf(text, sizeof(text), "%s", err.message);
	}
	else if (null)
		(void) snprintf(text, sizeof(text), "NULL");
	else
		for (text[0] = '\0'; at < out.length; at++)
			(void) snprintf(text + 2 * at, sizeof(text) - 2 * at, "%02x", out.data[at]);
	bytebuf_free(&out);
	return text;
}

static Oid
sent(CanonType canon, Oid to, const char *name)
{
	PgConvert convert;

	assert_true(pg_convert_find(canon, to, name, &convert));
	return convert.sent;
}

typedef struct Case
{
	CanonType canon;
	Oid to;
	const char *value, *made;
} Case;

static void
check(const Case *cases, size_t count, LossPolicy policy)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(converted(cases[i].canon, cases[i].to, "", policy, cases[i].value),
							cases[i].made);
}

#define CHECK(cases, policy) check(cases, sizeof(cases) / sizeof((cases)[0]), policy)

static void
values_of_the_same_type_stay_as_they_are(void **state)
{
	static const struct
	{
		CanonType canon;
		Oid to;
	} same[] = {
		{CANON_INT16, PG_OID_INT2},
		{CANON_INT32, PG_OID_INT4},
		{CANON_INT64, PG_OID_INT8},
		{CANON_FLOAT32, PG_OID_FLOAT4},
		{CANON_FLOAT64, PG_OID_FLOAT8},
		{CANON_DECIMAL, PG_OID_NUMERIC},
		{CANON_TEXT, PG_OID_TEXT},
		{CANON_TEXT, PG_OID_VARCHAR},
		{CANON_BYTES, PG_OID_BYTEA},
		{CANON_DATE, PG_OID_DATE},
		{CANON_TIMESTAMP, PG_OID_TIMESTAMP},
		{CANON_TIMESTAMPTZ, PG_OID_TIMESTAMPTZ},
		{CANON_TIMESTAMP, PG_OID_TIMESTAMPTZ},
		{CANON_TIMESTAMPTZ, PG_OID_TIMESTAMP},
		{CANON_INTERVAL, PG_OID_INTERVAL},
		{CANON_UUID, PG_OID_UUID},
		{CANON_UUID, PG_OID_BYTEA},
		{CANON_JSON, PG_OID_JSON},
		{CANON_JSON, PG_OID_TEXT},
		{CANON_BITS, PG_OID_BIT},
		{CANON_BITS, PG_OID_VARBIT},
		{CANON_ENUM, PG_OID_TEXT},
		{CANON_SET, PG_OID_TEXT},
		{CANON_GEOMETRY, PG_OID_BYTEA},
		{CANON_NETWORK, PG_OID_INET},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_string_equal(converted(same[i].canon, same[i].to, "", LOSS_ERROR, "00"), "as it is");
	assert_int_equal(sent(CANON_GEOMETRY, 70001, "geometry"), 70001);
	assert_int_equal(sent(CANON_BYTES, 70002, "vector"), 70002);
	assert_int_equal(sent(CANON_TEXT, 70003, "citext"), PG_OID_TEXT);
	assert_int_equal(sent(CANON_TIMESTAMP, PG_OID_DATE, "date"), PG_OID_TIMESTAMP);
}

static void
whole_numbers_become_wider_and_narrower_ones(void **state)
{
	static const Case cases[] = {
		{CANON_INT16, PG_OID_INT4, "fffe", "fffffffe"},
		{CANON_INT16, PG_OID_INT8, "8000", "ffffffffffff8000"},
		{CANON_INT32, PG_OID_INT8, "7fffffff", "000000007fffffff"},
		{CANON_INT32, PG_OID_INT2, "00007fff", "7fff"},
		{CANON_INT32, PG_OID_INT2, "ffff8000", "8000"},
		{CANON_INT32, PG_OID_INT2, "00008000", "32768 is beyond what the target's column can have"},
		{CANON_INT32, PG_OID_INT2, "ffff7fff",
		 "-32769 is beyond what the target's column can have"},
		{CANON_INT64, PG_OID_INT4, "8000000000000000",
		 "-9223372036854775808 is beyond what the target's column can have"},
		{CANON_UINT64, PG_OID_INT8, "7fffffffffffffff", "7fffffffffffffff"},
		{CANON_UINT64, PG_OID_INT8, "8000000000000000",
		 "9223372036854775808 is beyond what the target's column can have"},
		{CANON_UINT64, PG_OID_NUMERIC, "0000000000000000", "0000000000000000"},
		{CANON_UINT64, PG_OID_NUMERIC, "0000000000002710", "00010001000000000001"},
		{CANON_UINT64, PG_OID_NUMERIC, "ffffffffffffffff", "000500040000000007341a5802e103bb064f"},
		{CANON_INT16, PG_OID_NUMERIC, "ffff", "00010000400000000001"},
		{CANON_UINT64, PG_OID_TEXT, "ffffffffffffffff", "3138343436373434303733373039353531363135"},
		{CANON_INT16, PG_OID_BOOL, "0001", "01"},
		{CANON_INT16, PG_OID_BOOL, "0000", "00"},
		{CANON_INT16, PG_OID_BOOL, "0002", "2 is neither true (1) nor false (0)"},
		{CANON_INT16, PG_OID_BOOL, "ffff", "-1 is neither true (1) nor false (0)"},
	};
	static const Case clamped[] = {
		{CANON_UINT64, PG_OID_INT8, "ffffffffffffffff", "7fffffffffffffff"},
		{CANON_INT64, PG_OID_INT2, "8000000000000000", "8000"},
		{CANON_INT16, PG_OID_BOOL, "0002", "2 is neither true (1) nor false (0)"},
	};
	static const Case nulled[] = {
		{CANON_UINT64, PG_OID_INT8, "ffffffffffffffff", "NULL"},
		{CANON_INT16, PG_OID_BOOL, "0002", "NULL"},
		{CANON_INT16, PG_OID_BOOL, "0001", "01"},
	};

	(void) state;
	CHECK(cases, LOSS_ERROR);
	CHECK(clamped, LOSS_CLAMP);
	CHECK(nulled, LOSS_NULL);
}

static void
bits_become_numbers_and_truth(void **state)
{
	static const Case cases[] = {
		{CANON_BITS, PG_OID_BOOL, "00000001 80", "01"},
		{CANON_BITS, PG_OID_BOOL, "00000001 00", "00"},
		{CANON_BITS, PG_OID_BOOL, "00000008 02", "2 is neither true (1) nor false (0)"},
		{CANON_BITS, PG_OID_INT4, "00000003 a0", "00000005"},
		{CANON_BITS, PG_OID_INT8, "00000040 0102030405060708", "0102030405060708"},
		{CANON_BITS, PG_OID_INT8, "00000041 010203040506070800", "65 bits, which are no number"},
		{CANON_BITS, PG_OID_TEXT, "00000003 a0", "313031"},
	};

	(void) state;
	CHECK(cases, LOSS_ERROR);
}

static void
times_of_a_day_become_times(void **state)
{
	static const char day[] = "000000141dd76000 00000000 00000000";
	static const Case cases[] = {
		{CANON_INTERVAL, PG_OID_TIME, "0000000000000000 00000000 00000000", "0000000000000000"},
		{CANON_INTERVAL, PG_OID_TIME, day, "000000141dd76000"},
		{CANON_INTERVAL, PG_OID_TIME, "000000141dd76001 00000000 00000000",
		 "a time that is not between 00:00:00 and 24:00:00"},
		{CANON_INTERVAL, PG_OID_TIME, "ffffffffffffffff 00000000 00000000",
		 "a time that is not between 00:00:00 and 24:00:00"},
		{CANON_INTERVAL, PG_OID_TEXT, day, "32343a30303a3030"},
	};
	static const Case clamped[] = {
		{CANON_INTERVAL, PG_OID_TIME, "000000141dd76001 00000000 00000000", "000000141dd76000"},
		{CANON_INTERVAL, PG_OID_TIME, "ffffffffffffffff 00000000 00000000", "0000000000000000"},
	};

	(void) state;
	CHECK(cases, LOSS_ERROR);
	CHECK(clamped, LOSS_CLAMP);
}

static void
lists_and_documents_get_their_frames(void **state)
{
	static const Case cases[] = {
		{CANON_SET, PG_OID_TEXTS, "",
		 "00000000"
		 "00000000"
		 "00000019"},
		{CANON_SET, PG_OID_TEXTS, "61 2c 6263",
		 "00000001"
		 "00000000"
		 "00000019"
		 "00000002"
		 "00000001"
		 "00000001"
		 "61"
		 "00000002"
		 "6263"},
		{CANON_SET, PG_OID_VARCHARS, "61",
		 "00000001"
		 "00000000"
		 "00000413"
		 "00000001"
		 "00000001"
		 "00000001"
		 "61"},
		{CANON_JSON, PG_OID_JSONB, "7b7d", "017b7d"},
		{CANON_TEXT, PG_OID_JSONB, "31", "0131"},
		{CANON_BYTES, PG_OID_UUID, "000102030405060708090a0b0c0d0e0f",
		 "000102030405060708090a0b0c0d0e0f"},
		{CANON_BYTES, PG_OID_UUID, "00", "1 bytes, where a uuid has 16"},
		{CANON_BYTES, PG_OID_FLOAT4S, "",
		 "00000000"
		 "00000000"
		 "000002bc"},
		{CANON_BYTES, PG_OID_FLOAT4S, "6666863f",
		 "00000001"
		 "00000000"
		 "000002bc"
		 "00000001"
		 "00000001"
		 "00000004"
		 "3f866666"},
		{CANON_BYTES, PG_OID_FLOAT4S, "66668600 00", "5 bytes, which are no list of floats"},
		{CANON_FLOAT32, PG_OID_FLOAT8, "3f866666", "3ff0ccccc0000000"},
	};

	(void) state;
	CHECK(cases, LOSS_ERROR);
	assert_string_equal(converted(CANON_BYTES, 70002, "vector", LOSS_ERROR, "6666863f 0000803f"),
						"00020000"
						"3f866666"
						"3f800000");
}

static void
points_lose_what_is_around_them(void **state)
{
	static const Case cases[] = {
		/* little-endian with SRID 4326, big-endian without */
		{CANON_GEOMETRY, PG_OID_POINT, "01 01000020 e6100000 000000000000f03f 0000000000000040",
		 "3ff0000000000000"
		 "4000000000000000"},
		{CANON_GEOMETRY, PG_OID_POINT, "00 00000001 3ff0000000000000 4000000000000000",
		 "3ff0000000000000"
		 "4000000000000000"},
		{CANON_GEOMETRY, PG_OID_POINT, "01 02000000 00000000", "a geometry that is no point"},
		{CANON_GEOMETRY, PG_OID_POINT, "", "a geometry that is no point"},
	};

	(void) state;
	CHECK(cases, LOSS_ERROR);
}

static void
texts_with_nul_bytes_are_refused_clearly(void **state)
{
	static const uint8_t bytes[] = {'a', 0, 'b'};
	const RowField whole = {bytes, 3}, first = {bytes, 1}, none = {NULL, -1};
	SluiceError err = {0};

	(void) state;
	assert_true(pg_check_text(&first, &err));
	assert_true(pg_check_text(&none, &err));
	assert_false(pg_check_text(&whole, &err));
	assert_non_null(strstr(err.message, "NUL byte"));
	assert_non_null(strstr(err.hint, "--types"));
	assert_string_equal(converted(CANON_TEXT, PG_OID_TEXT, "", LOSS_CLAMP, "61 00 62 00"), "6162");
	assert_string_equal(converted(CANON_TEXT, PG_OID_TEXT, "", LOSS_NULL, "61 00 62"), "NULL");
	assert_string_equal(converted(CANON_TEXT, PG_OID_TEXT, "", LOSS_NULL, "61 62"), "6162");
	assert_string_equal(converted(CANON_TEXT, PG_OID_TEXT, "", LOSS_NULL, ""), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_the_same_type_stay_as_they_are),
		cmocka_unit_test(whole_numbers_become_wider_and_narrower_ones),
		cmocka_unit_test(bits_become_numbers_and_truth),
		cmocka_unit_test(times_of_a_day_become_times),
		cmocka_unit_test(lists_and_documents_get_their_frames),
		cmocka_unit_test(points_lose_what_is_around_them),
		cmocka_unit_test(texts_with_nul_bytes_are_refused_clearly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
