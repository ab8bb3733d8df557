/*
 * stream_state_test.c - names, and that the table of moves leads somewhere from everywhere.
 */
#include "common/core/stream_state.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
names_are_their_own_and_parse(void **state)
{
	StreamState parsed;
	SluiceError err;

	(void) state;
	for (unsigned i = 0; i < STREAM_STATES; i++)
	{
		assert_true(stream_state_parse(stream_state_name((StreamState) i), &parsed, &err));
		assert_int_equal(parsed, i);
	}
	assert_false(stream_state_parse("", &parsed, &err));
	assert_false(stream_state_parse("Streaming", &parsed, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

/* Bits of the states that can be reached from one, itself included. */
static unsigned
reachable(StreamState from)
{
	unsigned seen = 1u << from;
	unsigned before;

	do
	{
		before = seen;
		for (unsigned a = 0; a < STREAM_STATES; a++)
		{
			for (unsigned b = 0; (seen & (1u << a)) != 0 && b < STREAM_STATES; b++)
			{
				if (stream_state_can_move((StreamState) a, (StreamState) b))
					seen |= 1u << b;
			}
		}
	} while (seen != before);
	return seen;
}

static void
every_state_leads_somewhere(void **state)
{
	(void) state;
	assert_int_equal(reachable(STREAM_CREATED), (1u << STREAM_STATES) - 1);
	for (unsigned i = 0; i < STREAM_STATES; i++)
	{
		assert_true((reachable((StreamState) i) & (1u << STREAM_DROPPING)) != 0);
		assert_false(stream_state_can_move((StreamState) i, (StreamState) i));
		assert_false(stream_state_can_move((StreamState) i, STREAM_CREATED));
		assert_false(stream_state_can_move(STREAM_DROPPING, (StreamState) i));
	}
}

static void
a_stopped_stream_only_starts_or_goes(void **state)
{
	(void) state;
	for (unsigned i = 0; i < STREAM_STATES; i++)
		assert_int_equal(stream_state_can_move(STREAM_STOPPED, (StreamState) i),
						 i == STREAM_STARTING || i == STREAM_DROPPING);
	assert_true(stream_state_can_move(STREAM_PAUSED, STREAM_STARTING));
	assert_false(stream_state_can_move(STREAM_PAUSED, STREAM_STREAMING));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_their_own_and_parse),
		cmocka_unit_test(every_state_leads_somewhere),
		cmocka_unit_test(a_stopped_stream_only_starts_or_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
