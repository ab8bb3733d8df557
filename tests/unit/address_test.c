/*
 * address_test.c - which addresses may be connected to, and what is a host.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/database/address.h"

static struct sockaddr_storage
address_of(const char *text)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in *v4 = (void *) &storage;
	struct sockaddr_in6 *v6 = (void *) &storage;

	storage.ss_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	assert_int_equal(
		inet_pton(storage.ss_family, text,
				  storage.ss_family == AF_INET ? (void *) &v4->sin_addr : (void *) &v6->sin6_addr),
		1);
	return storage;
}

static bool
allowed(const AddressRules *rules, const char *text, char network[ADDRESS_TEXT])
{
	struct sockaddr_storage storage = address_of(text);

	return address_allowed(rules, (struct sockaddr *) &storage, network);
}

static AddressRules *
rules_of(char *const *allow, size_t allow_count, char *const *deny, size_t deny_count)
{
	SluiceError err = {0};
	AddressRules *rules = address_rules_new(allow, allow_count, deny, deny_count, &err);

	if (rules == NULL)
		fail_msg("%s", err.message);
	return rules;
}

static void
without_lists_some_networks_are_denied(void **state)
{
	static const char *const denied[] = {
		"0.0.0.0",			 "0.1.2.3",
		"169.254.169.254",	 "169.254.0.1",
		"224.0.0.1",		 "239.1.1.1",
		"255.255.255.255",	 "::",
		"fe80::1",			 "febf::1",
		"ff02::1",			 "::ffff:169.254.169.254",
		"::169.254.169.254", "64:ff9b::a9fe:a9fe",
		"2002:a9fe:a9fe::1", "fd00:ec2::254",
		"fec0::1",			 "64:ff9b:1::a9fe:a9fe",
		"100.100.100.200",	 "::ffff:100.100.100.200",
		"168.63.129.16",	 "2002:a83f:8110::1",
		"192.0.0.192",		 "64:ff9b::192.0.0.192",
	};
	static const char *const good[] = {
		"127.0.0.1",	   "10.0.0.1",		  "192.168.1.1",	 "8.8.8.8",			"::1",
		"fd00::1",		   "2001:db8::1",	  "::ffff:10.0.0.1", "169.253.255.255", "169.255.0.1",
		"223.255.255.255", "100.100.100.201", "168.63.129.17",	 "192.0.0.191",		"fd00:ec2::253",
	};
	AddressRules *rules = rules_of(NULL, 0, NULL, 0);
	char network[ADDRESS_TEXT];

	(void) state;
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
	{
		if (allowed(rules, denied[i], network))
			fail_msg("%s is allowed", denied[i]);
		assert_string_not_equal(network, "");
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		if (!allowed(rules, good[i], network))
			fail_msg("%s is denied by %s", good[i], network);
	}
	address_rules_free(rules);
}

static void
the_longest_network_decides(void **state)
{
	char *allow[] = {"10.1.0.0/16", "169.254.169.254", "fe80::/64", "0.0.0.0/0"};
	char *deny[] = {"10.0.0.0/8", "10.1.2.0/24", "127.0.0.1", "10.1.0.0/16", "192.168.0.0/17"};
	static const struct
	{
		const char *address;
		bool allowed;
		const char *network;
	} cases[] = {
		{"10.2.0.1", false, "10.0.0.0/8"},
		{"10.1.2.3", false, "10.1.2.0/24"},
		{"10.1.3.3", false, "10.1.0.0/16"},
		{"127.0.0.1", false, "127.0.0.1"},
		{"127.0.0.2", true, "0.0.0.0/0"},
		{"169.254.169.254", true, "169.254.169.254"},
		{"169.254.169.253", false, "169.254.0.0/16"},
		{"fe80::5", true, "fe80::/64"},
		{"fe80:0:0:1::5", false, "fe80::/10"},
		{"::ffff:10.2.0.1", false, "10.0.0.0/8"},
		{"192.168.127.1", false, "192.168.0.0/17"},
		{"192.168.128.1", true, "0.0.0.0/0"},
	};
	AddressRules *rules = rules_of(allow, 4, deny, 5);
	char network[ADDRESS_TEXT];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_int_equal(allowed(rules, cases[i].address, network), cases[i].allowed);
		assert_string_equal(network, cases[i].network);
	}
	address_rules_free(rules);
}

/* Who allows some networks by name means those alone. */
static void
a_list_of_allowed_networks_closes_the_others(void **state)
{
	char *allow[] = {"10.1.0.0/16", "2001:db8::/32", "100.64.0.0/10"};
	char *deny[] = {"10.1.9.0/24"};
	static const char *const good[] = {"10.1.0.1", "::ffff:10.1.0.1", "2001:db8::1", "100.64.0.1"};
	static const char *const denied[] = {
		"10.2.0.1", "8.8.8.8", "::1", "127.0.0.1", "2001:db9::1", "10.1.9.1", "100.100.100.200"};
	AddressRules *rules = rules_of(allow, 3, deny, 1);
	char network[ADDRESS_TEXT];

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(allowed(rules, good[i], network));
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
	{
		if (allowed(rules, denied[i], network))
			fail_msg("%s is allowed by %s", denied[i], network);
	}
	assert_false(allowed(rules, "8.8.8.8", network));
	assert_string_equal(network, "no network that is allowed");
	address_rules_free(rules);
}

static void
what_is_no_network_is_named(void **state)
{
	static const char *const bad[] = {
		"",
		"/8",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/",
		"10.0.0/8",
		"::/129",
		"host",
		"10.0.0.0/8x",
		"::1::",
		"1234567890123456789012345678901234567890123456789012345678901234567890"};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		char *list[] = {(char *) (uintptr_t) bad[i]};
		SluiceError err = {0};

		assert_null(address_rules_new(list, 1, NULL, 0, &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		assert_non_null(strstr(err.message, "is no network"));
	}
}

static void
hosts_are_names_or_addresses(void **state)
{
	static const char *const good[] = {
		"localhost", "db-1.example.com", "10.0.0.1", "::1", "fd00::1", "a_b", "datenbank.ö", "DB"};
	static const char *const bad[] = {"",	  "/tmp",  "@x",  "-x",			  "a b",  "a,b",
									  "a:1",  "a/b",   "a=b", "a'b",		  "a\\b", "a\nb",
									  "a%41", "[::1]", "a@b", "fe80::1%eth0", "a?b"};
	char longest[HOST_MAXIMUM + 2];
	SluiceError err = {0};

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		if (!host_check(good[i], &err))
			fail_msg("%s is refused", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		if (host_check(bad[i], &err))
			fail_msg("\"%s\" is taken", bad[i]);
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(host_check(longest, &err));
	assert_true(host_check(longest + 1, &err));
}

static void
hosts_are_resolved_and_held_against_the_lists(void **state)
{
	char *deny[] = {"127.0.0.0/8", "::1"};
	AddressRules *open = rules_of(NULL, 0, NULL, 0), *closed = rules_of(NULL, 0, deny, 2);
	AddressList list;
	SluiceError err = {0};

	(void) state;
	assert_true(address_resolve(open, "127.0.0.1", 5432, 5000, &list, &err));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].text, "127.0.0.1");
	assert_int_equal(ntohs(((struct sockaddr_in *) (void *) &list.items[0].socket)->sin_port),
					 5432);
	assert_true(address_resolve(open, "localhost", 1, 5000, &list, &err));
	assert_true(list.count >= 1);
	assert_false(address_resolve(closed, "localhost", 1, 5000, &list, &err));
	assert_int_equal(err.code, SLUICE_ERROR_DENIED);
	/* As old as numbers go: 127.1 and 0x7f000001 are 127.0.0.1. */
	assert_false(address_resolve(closed, "127.1", 1, 5000, &list, &err));
	assert_false(address_resolve(closed, "0x7f000001", 1, 5000, &list, &err));
	assert_false(address_resolve(open, "no.such.host.invalid", 1, 5000, &list, &err));
	assert_false(address_resolve(open, "/tmp/socket", 1, 5000, &list, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	address_rules_free(open);
	address_rules_free(closed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_lists_some_networks_are_denied),
		cmocka_unit_test(the_longest_network_decides),
		cmocka_unit_test(a_list_of_allowed_networks_closes_the_others),
		cmocka_unit_test(what_is_no_network_is_named),
		cmocka_unit_test(hosts_are_names_or_addresses),
		cmocka_unit_test(hosts_are_resolved_and_held_against_the_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
