/*
 * durable_test.c - the text of a durable mark, there and back, and what is no mark.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/nats/durable.h"
#include "common/nats/jetstream.h"

static void
round_trip(uint64_t incarnation, uint64_t commit, uint64_t index, uint64_t sequence,
		   int64_t created)
{
	const DurableMark mark = {
		.id = {incarnation, commit, index}, .sequence = sequence, .stream_created = created};
	DurableMark back;
	char text[KV_VALUE_MAXIMUM];
	SluiceError err;

	assert_true(durable_parse(durable_format(&mark, text), &back, &err));
	assert_int_equal(change_id_compare(&back.id, &mark.id), 0);
	assert_true(back.id.incarnation == incarnation);
	assert_true(back.sequence == sequence);
	assert_true(back.stream_created == created);
}

static void
marks_come_back(void **state)
{
	(void) state;
	round_trip(0, 0, 0, 0, 0);
	round_trip(0x1234, 0x16B3748, CHANGE_INDEX_COMMIT, 17, INT64_C(1700000000123456789));
	round_trip(UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, INT64_MAX);
	round_trip(1, 2, 3, 4, 5);
}

static void
text_is_readable(void **state)
{
	const DurableMark mark = {
		.id = {0xa, 0xb, CHANGE_INDEX_COMMIT}, .sequence = 7, .stream_created = 9};
	char text[KV_VALUE_MAXIMUM];

	(void) state;
	assert_string_equal(durable_format(&mark, text), "id=a:b:commit sequence=7 created=9");
}

static void
other_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"id=",
		"id=a:b:commit",
		"id=a:b:commit sequence=7",
		"id=a:b:commit sequence= created=9",
		"id=a:b:commit sequence=7 created=",
		"id=a:b:commit sequence=7 created=9 ",
		"id=a:b:commit sequence=-7 created=9",
		"id=a:b:commit sequence=18446744073709551616 created=9",
		"id=a:b:commit sequence=7 created=9223372036854775808",
		"id=a:b:commit  sequence=7 created=9",
		"id=a:b sequence=7 created=9",
		"id=a:b:x sequence=7 created=9",
		"sequence=7 id=a:b:commit created=9",
		"id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa s=7 c=9",
	};
	DurableMark mark;

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		SluiceError err;

		if (durable_parse(texts[i], &mark, &err))
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	}
}

static void
key_names_stream_and_consumer(void **state)
{
	char text[SUBJECT_TEXT];

	(void) state;
	assert_string_equal(durable_key(text, "orders", CONSUMER_DEFAULT), "durable.orders.writer");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_come_back),
		cmocka_unit_test(text_is_readable),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(key_names_stream_and_consumer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
