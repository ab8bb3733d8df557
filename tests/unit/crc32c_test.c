/*
 * crc32c_test.c - the published check values, and the processor's form against the portable one.
 */
#include "common/core/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "support/random.h"

/* RFC 3720, B.4, and the value every CRC catalogue gives for "123456789". */
static void
known_values(void **state)
{
	uint8_t bytes[32];

	(void) state;
	assert_int_equal(crc32c(0, "", 0), 0);
	assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x8A9136AA);
	memset(bytes, 0xFF, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x62A8AB43);
	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x46DD794E);
	assert_int_equal(crc32c_portable(0, bytes, sizeof(bytes)), 0x46DD794E);
}

static void
both_forms_agree(void **state)
{
	Random random = random_start();
	uint8_t bytes[300];

	(void) state;
	random_fill(&random, bytes, sizeof(bytes));
	for (size_t from = 0; from < 9; from++)
	{
		for (size_t length = 0; from + length <= sizeof(bytes); length++)
			assert_int_equal(crc32c(7, bytes + from, length),
							 crc32c_portable(7, bytes + from, length));
	}
}

static void
a_checksum_goes_on(void **state)
{
	Random random = random_start();
	uint8_t bytes[100];

	(void) state;
	random_fill(&random, bytes, sizeof(bytes));
	for (size_t at = 0; at <= sizeof(bytes); at++)
		assert_int_equal(crc32c(crc32c(0, bytes, at), bytes + at, sizeof(bytes) - at),
						 crc32c(0, bytes, sizeof(bytes)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(both_forms_agree),
		cmocka_unit_test(a_checksum_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
