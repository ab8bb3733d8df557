/*
 * error_test.c - filling, hints, prefixes and texts too long for their place.
 */
#include "common/core/error.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void
fail_fills_and_is_false(void **state)
{
	SluiceError err;

	(void) state;
	memset(&err, 'x', sizeof(err));
	assert_false(sluice_fail(&err, SLUICE_ERROR_IO, "cannot reach \"%s\" (%d)", "here", 7));
	assert_int_equal(err.code, SLUICE_ERROR_IO);
	assert_string_equal(err.message, "cannot reach \"here\" (7)");
	assert_string_equal(err.hint, "");
	assert_false(sluice_hint(&err, "try %s", "later"));
	assert_string_equal(err.hint, "try later");
	assert_false(sluice_prefix(&err, "stream \"%s\"", "s"));
	assert_string_equal(err.message, "stream \"s\": cannot reach \"here\" (7)");
	assert_string_equal(err.hint, "try later");
	assert_int_equal(err.code, SLUICE_ERROR_IO);
}

static void
a_new_failure_has_no_old_hint(void **state)
{
	SluiceError err;

	(void) state;
	(void) sluice_fail(&err, SLUICE_ERROR_IO, "one");
	(void) sluice_hint(&err, "hint of one");
	(void) sluice_fail(&err, SLUICE_ERROR_LIMIT, "two");
	assert_string_equal(err.hint, "");
	sluice_error_clear(&err);
	assert_int_equal(err.code, SLUICE_OK);
	assert_string_equal(err.message, "");
}

static void
nobody_need_listen(void **state)
{
	(void) state;
	assert_false(sluice_fail(NULL, SLUICE_ERROR_IO, "x"));
	assert_false(sluice_hint(NULL, "x"));
	assert_false(sluice_prefix(NULL, "x"));
}

static void
long_texts_are_cut(void **state)
{
	SluiceError err;
	char text[2 * sizeof(err.message)];

	(void) state;
	memset(text, 'm', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	(void) sluice_fail(&err, SLUICE_ERROR_IO, "%s", text);
	(void) sluice_hint(&err, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
	(void) sluice_prefix(&err, "%s", "p");
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_memory_equal(err.message, "p: mmm", 6);
	(void) sluice_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	for (size_t room = sizeof(err.message) - 4; room < sizeof(err.message); room++)
	{
		(void) sluice_fail(&err, SLUICE_ERROR_IO, "old");
		(void) sluice_prefix(&err, "%.*s", (int) room, text);
		assert_int_equal(strlen(err.message),
						 room + 5 < sizeof(err.message) ? room + 5 : sizeof(err.message) - 1);
	}
}

static void
every_code_has_a_name_of_its_own(void **state)
{
	(void) state;
	for (int code = SLUICE_OK; code <= SLUICE_ERROR_DATA; code++)
	{
		assert_non_null(sluice_error_name((SluiceErrorCode) code));
		for (int other = SLUICE_OK; other < code; other++)
			assert_string_not_equal(sluice_error_name((SluiceErrorCode) code),
									sluice_error_name((SluiceErrorCode) other));
	}
}

static void
transient_is_what_passes_by_itself(void **state)
{
	(void) state;
	assert_true(sluice_error_transient(SLUICE_ERROR_IO));
	assert_true(sluice_error_transient(SLUICE_ERROR_TIMEOUT));
	assert_true(sluice_error_transient(SLUICE_ERROR_FULL));
	assert_true(sluice_error_transient(SLUICE_ERROR_CONFLICT));
	assert_false(sluice_error_transient(SLUICE_OK));
	assert_false(sluice_error_transient(SLUICE_ERROR_CORRUPT));
	assert_false(sluice_error_transient(SLUICE_ERROR_STATE));
	assert_false(sluice_error_transient(SLUICE_ERROR_DATA));
	assert_false(sluice_error_transient(SLUICE_ERROR_DENIED));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_fills_and_is_false),
		cmocka_unit_test(a_new_failure_has_no_old_hint),
		cmocka_unit_test(nobody_need_listen),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(every_code_has_a_name_of_its_own),
		cmocka_unit_test(transient_is_what_passes_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
