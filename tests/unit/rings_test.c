/*
 * rings_test.c - what is kept of figures: steps, gaps, ages, and the message that carries them.
 */
#include "control/live/points_message.h"
#include "control/live/rings.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stddef.h>
#include <cmocka.h>

#define STREAM "str_aaaaaaaaaaaaaaaaaaaa"
#define START  INT64_C(1800000000) /* a multiple of every step */

static LivePoint
point_with(float rows)
{
	LivePoint point;

	point_clear(&point);
	point.values[SERIES_ROWS_READ] = rows;
	return point;
}

static void
put(Rings *rings, const char *stream, RingStep step, int64_t time_s, float rows)
{
	LivePoint point = point_with(rows);
	SluiceError err;

	assert_true(rings_put(rings, stream, step, time_s, &point, &err));
}

static float
value(const Rings *rings, const char *stream, RingStep step, int64_t time_s)
{
	float got;

	rings_read(rings, stream, step, time_s, SERIES_ROWS_READ, &got, 1);
	return got;
}

static void
gaps_are_gaps(void **state)
{
	Rings *rings = rings_new(10);
	float values[5], lag;

	(void) state;
	put(rings, STREAM, STEP_SECOND, START, 0);
	put(rings, STREAM, STEP_SECOND, START + 3, 7);
	rings_read(rings, STREAM, STEP_SECOND, START, SERIES_ROWS_READ, values, 5);
	assert_true(values[0] == 0 && isnan(values[1]) && isnan(values[2]) && values[3] == 7);
	assert_true(isnan(values[4]));
	rings_read(rings, STREAM, STEP_SECOND, START, SERIES_LAG_SECONDS, &lag, 1);
	assert_true(isnan(lag));
	assert_true(isnan(value(rings, "str_of_nobody", STEP_SECOND, START)));
	rings_free(rings);
}

static void
every_step_keeps_what_it_promises_and_no_more(void **state)
{
	(void) state;
	for (int step = 0; step < RING_STEPS; step++)
	{
		Rings *rings = rings_new(1);
		int64_t seconds = ring_sizes[step].seconds;
		int64_t count = 2 * (int64_t) ring_sizes[step].points;

		for (int64_t i = 0; i < count; i++)
			put(rings, STREAM, (RingStep) step, START + i * seconds, (float) i);
		for (int64_t i = count - (int64_t) ring_sizes[step].points; i < count; i++)
			assert_true(value(rings, STREAM, (RingStep) step, START + i * seconds) == (float) i);
		assert_true(isnan(value(rings, STREAM, (RingStep) step, START)));
		rings_free(rings);
	}
}

static void
what_comes_late_does_not_push_out_what_is_newer(void **state)
{
	Rings *rings = rings_new(1);

	(void) state;
	put(rings, STREAM, STEP_SECOND, START + 1000, 1);
	put(rings, STREAM, STEP_SECOND, START, 2);
	put(rings, STREAM, STEP_SECOND, START + 999, 3);
	put(rings, STREAM, STEP_SECOND, START + 1000 - 360, 4);
	assert_true(value(rings, STREAM, STEP_SECOND, START + 1000) == 1);
	assert_true(value(rings, STREAM, STEP_SECOND, START + 999) == 3);
	rings_free(rings);
}

static void
old_streams_are_forgotten(void **state)
{
	Rings *rings = rings_new(2);
	LivePoint point = point_with(1);
	SluiceError err = {0};

	(void) state;
	put(rings, "str_a", STEP_SECOND, START, 1);
	put(rings, "str_b", STEP_MINUTE, START, 1);
	assert_false(rings_put(rings, "str_c", STEP_SECOND, START, &point, &err));
	assert_int_equal(err.code, SLUICE_ERROR_LIMIT);
	rings_purge(rings, START + 3600);
	assert_int_equal(rings_streams(rings), 1);
	assert_true(value(rings, "str_b", STEP_MINUTE, START) == 1);
	rings_purge(rings, START + INT64_C(8) * 86400);
	assert_int_equal(rings_streams(rings), 0);
	rings_free(rings);
}

static void
many_streams_are_kept_apart(void **state)
{
	Rings *rings = rings_new(500);
	char id[32];

	(void) state;
	for (int i = 499; i >= 0; i--)
	{
		(void) snprintf(id, sizeof(id), "str_%d", i * 7919 % 500);
		put(rings, id, STEP_SECOND, START, (float) (i * 7919 % 500));
	}
	for (int i = 0; i < 500; i++)
	{
		(void) snprintf(id, sizeof(id), "str_%d", i);
		assert_true(value(rings, id, STEP_SECOND, START) == (float) i);
	}
	rings_free(rings);
}

static void
a_message_carries_what_is_known(void **state)
{
	Rings *rings = rings_new(10);
	LivePoint point = point_with(12.5F), nothing;
	SluiceError err;
	ByteBuf message;

	(void) state;
	point_clear(&nothing);
	bytebuf_init(&message, &allocator_malloc, 1000);
	assert_true(points_begin(&message, STEP_MINUTE, START, &err));
	assert_true(points_add(&message, "str_a", &point, &err));
	assert_true(points_add(&message, "str_b", &nothing, &err));
	assert_true(points_take(message.data, message.length, rings, &err));
	assert_true(value(rings, "str_a", STEP_MINUTE, START) == 12.5F);
	assert_true(isnan(value(rings, "str_b", STEP_MINUTE, START)));
	bytebuf_free(&message);
	rings_free(rings);
}

static void
no_cut_message_is_taken(void **state)
{
	Rings *rings = rings_new(10);
	LivePoint point = point_with(1);
	SluiceError err;
	ByteBuf message;

	(void) state;
	bytebuf_init(&message, &allocator_malloc, 1000);
	assert_true(points_begin(&message, STEP_SECOND, START, &err));
	assert_true(points_add(&message, "str_a", &point, &err));
	for (size_t length = 0; length < message.length; length++)
		assert_false(points_take(message.data, length, rings, &err));
	message.data[1] = RING_STEPS;
	assert_false(points_take(message.data, message.length, rings, &err));
	assert_int_equal(err.code, SLUICE_ERROR_CORRUPT);
	message.data[0] = 99;
	assert_false(points_take(message.data, message.length, rings, &err));
	assert_int_equal(err.code, SLUICE_ERROR_VERSION);
	bytebuf_free(&message);
	rings_free(rings);
}

static void
a_fold_is_mean_of_rates_and_maximum_of_lags(void **state)
{
	PointFold fold = {0};
	LivePoint a = point_with(10), b = point_with(20), gap, folded;

	(void) state;
	point_clear(&gap);
	a.values[SERIES_LAG_SECONDS] = 3;
	b.values[SERIES_LAG_SECONDS] = 1;
	point_fold_add(&fold, &a);
	point_fold_add(&fold, &gap);
	point_fold_add(&fold, &b);
	folded = point_fold_take(&fold);
	assert_true(folded.values[SERIES_ROWS_READ] == 15);
	assert_true(folded.values[SERIES_LAG_SECONDS] == 3);
	assert_true(isnan(folded.values[SERIES_PENDING]));
	folded = point_fold_take(&fold);
	assert_false(point_known(&folded));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_gaps),
		cmocka_unit_test(every_step_keeps_what_it_promises_and_no_more),
		cmocka_unit_test(what_comes_late_does_not_push_out_what_is_newer),
		cmocka_unit_test(old_streams_are_forgotten),
		cmocka_unit_test(many_streams_are_kept_apart),
		cmocka_unit_test(a_message_carries_what_is_known),
		cmocka_unit_test(no_cut_message_is_taken),
		cmocka_unit_test(a_fold_is_mean_of_rates_and_maximum_of_lags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
