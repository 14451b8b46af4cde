/* io/webhook_address: which addresses are public. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "io/webhook/webhook_address.h"

static bool is_public(const char *text)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	if (inet_pton(AF_INET, text, &in4.sin_addr) == 1)
		return voc_address_is_public((const struct sockaddr *)&in4);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return voc_address_is_public((const struct sockaddr *)&in6);
}

static void test_public_addresses(void **state)
{
	(void)state;
	static const char *const addresses[] = {
		"1.1.1.1",         "9.255.255.255",  "11.0.0.0",         "100.63.255.255",  "100.128.0.0",
		"126.255.255.255", "128.0.0.0",      "172.15.0.1",       "172.32.0.0",      "192.167.1.1",
		"192.169.0.0",     "198.17.0.1",     "198.20.0.0",       "223.255.255.255", "2606:4700::1111",
		"::ffff:1.1.1.1",  "2002:101:101::", "64:ff9b::808:808",
	};
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		if (!is_public(addresses[i]))
			fail_msg("%s", addresses[i]);
}

static void test_all_others(void **state)
{
	(void)state;
	static const char *const addresses[] = {
		"0.0.0.0",
		"10.0.0.1",
		"10.255.255.255",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.1",
		"192.0.2.1",
		"192.168.1.1",
		"198.18.0.1",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.7",
		"224.0.0.1",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"fe80::1",
		"fc00::1",
		"fdff::1",
		"fec0::1",
		"ff02::1",
		"2001:db8::1",
		"2001::1",
		"::ffff:127.0.0.1",
		"::ffff:10.0.0.1",
		"::ffff:169.254.169.254",
		"::7f00:1",
		"64:ff9b::a00:1",
		"2002:a00:1::",
		"2002:7f00:1::",
		"100::1",
		"4000::1",
	};
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		if (is_public(addresses[i]))
			fail_msg("%s", addresses[i]);
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	assert_false(voc_address_is_public((const struct sockaddr *)&local));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public_addresses),
		cmocka_unit_test(test_all_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
