#include "io/webhook/webhook_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block4 {
	uint32_t network;
	unsigned bits;
};

#define IPV4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static const struct block4 special4[] = {
	{ IPV4(0, 0, 0, 0), 8 },       /* this network */
	{ IPV4(10, 0, 0, 0), 8 },      /* private */
	{ IPV4(100, 64, 0, 0), 10 },   /* carriers' NAT */
	{ IPV4(127, 0, 0, 0), 8 },     /* loopback */
	{ IPV4(169, 254, 0, 0), 16 },  /* link-local: clouds' metadata services */
	{ IPV4(172, 16, 0, 0), 12 },   /* private */
	{ IPV4(192, 0, 0, 0), 24 },    /* protocol assignments */
	{ IPV4(192, 0, 2, 0), 24 },    /* documentation */
	{ IPV4(192, 168, 0, 0), 16 },  /* private */
	{ IPV4(198, 18, 0, 0), 15 },   /* benchmarks */
	{ IPV4(198, 51, 100, 0), 24 }, /* documentation */
	{ IPV4(203, 0, 113, 0), 24 },  /* documentation */
	{ IPV4(224, 0, 0, 0), 3 },     /* multicast, reserved, broadcast */
};

static bool is_public4(uint32_t address)
{
	for (size_t i = 0; i < sizeof special4 / sizeof special4[0]; i++)
		if ((address ^ special4[i].network) >> (32 - special4[i].bits) == 0)
			return false;
	return true;
}

static uint32_t load32(const unsigned char *bytes)
{
	return IPV4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

static bool is_public6(const unsigned char *bytes)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const unsigned char compatible[12] = { 0 };
	static const unsigned char nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	if (memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, compatible, 12) == 0 || memcmp(bytes, nat64, 12) == 0)
		return is_public4(load32(bytes + 12));
	if (bytes[0] == 0x20 && bytes[1] == 0x02) /* 6to4 */
		return is_public4(load32(bytes + 2));
	if (load32(bytes) == 0x20010db8 || (load32(bytes) & 0xfffffe00) == 0x20010000) /* documentation; Teredo etc. */
		return false;
	return (bytes[0] & 0xe0) == 0x20; /* 2000::/3 is all of global unicast */
}

bool voc_address_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in4;
		memcpy(&in4, address, sizeof in4);
		return is_public4(ntohl(in4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, address, sizeof in6);
		return is_public6(in6.sin6_addr.s6_addr);
	}
	return false;
}
