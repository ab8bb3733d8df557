/*
 * webhook_test.c - signatures of webhooks against those of other implementations, secrets and URLs that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/meter/webhook.h"

/* The example of Standard Webhooks, and one computed by Python's hmac. */
static void
signatures_are_those_of_others(void **state)
{
	char signature[WEBHOOK_SIGNATURE_TEXT];

	(void) state;
	assert_true(webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
							 "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
							 signature));
	assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	assert_true(webhook_sign("a plain text of 16+", "msg_1", 1, "{}", signature));
	assert_string_equal(signature, "v1,7ZOWrhN0Z/0mppaoeOlhielYiaAj2r1plRl32XFXiCU=");
}

static void
secrets_that_are_none_are_refused(void **state)
{
	static const char *const secrets[] = {
		"",
		"short",
		"whsec_",
		"whsec_MfKQ9r8G",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\xc3",
	};
	char signature[WEBHOOK_SIGNATURE_TEXT], longest[300];
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
	{
		assert_false(webhook_secret_check(secrets[i], &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		assert_false(webhook_sign(secrets[i], "msg", 1, "{}", signature));
	}
	memset(longest, 'x', sizeof(longest));
	longest[256] = '\0';
	assert_true(webhook_secret_check(longest, &err));
	longest[256] = 'x';
	longest[257] = '\0';
	assert_false(webhook_secret_check(longest, &err));
}

static void
urls_that_may_not_be_called_are_refused(void **state)
{
	static const struct
	{
		const char *url;
		bool good, plain;
	} urls[] = {
		{"https://hooks.example.com/a?b=c", true, true},
		{"https://192.0.2.1:8443/", true, true},
		{"https://[2001:db8::1]/x", true, true},
		{"http://hooks.example.com/", false, true},
		{"ftp://hooks.example.com/", false, false},
		{"file:///etc/passwd", false, false},
		{"gopher://hooks.example.com/", false, false},
		{"https://user@hooks.example.com/", false, false},
		{"https://user:pass@hooks.example.com/", false, false},
		{"https://hooks.example.com/#f", false, false},
		{"https://", false, false},
		{"hooks.example.com", false, false},
		{"", false, false},
		{"https://a b/", false, false},
		{"https://h/\r\nx: y", false, false},
	};
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
	{
		assert_int_equal(webhook_url_check(urls[i].url, false, &err), urls[i].good);
		assert_int_equal(webhook_url_check(urls[i].url, true, &err), urls[i].plain);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_those_of_others),
		cmocka_unit_test(secrets_that_are_none_are_refused),
		cmocka_unit_test(urls_that_may_not_be_called_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
