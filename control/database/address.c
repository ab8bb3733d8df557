/*
 * address.c - networks, addresses and names (address.h).
 *
 * Inside, every address is 16 bytes: an IPv4 one as ::ffff:a.b.c.d, so that one comparison does for both.
 */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_lookup.h"

#define V4_PREFIX 96 /* bits before an IPv4 address */
#define ALL_BITS  128
#define UNLISTED  "no network that is allowed"

typedef struct Network
{
	uint8_t bytes[16];
	unsigned bits;
	bool denied;
	char text[ADDRESS_TEXT];
} Network;

struct AddressRules
{
	Network *networks;
	size_t count;
	bool closed; /* somewhere is allowed by name: elsewhere is denied */
};

/* Where nobody's database or webhook is. */
static const char *const denied_networks[] = {
	"0.0.0.0/8",
	"169.254.0.0/16",
	"224.0.0.0/4",
	"255.255.255.255",
	"::",
	"fe80::/10",
	"ff00::/8",
	"fec0::/10",
	/* metadata of clouds, beside those at 169.254.0.0/16 */
	"fd00:ec2::254",
	"100.100.100.200",
	"168.63.129.16",
	"192.0.0.192",
};

#define DENIED_NETWORKS (sizeof(denied_networks) / sizeof(denied_networks[0]))

/* ---- bytes ---- */

static void
map_v4(const uint8_t v4[4], uint8_t bytes[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(bytes, prefix, 12);
	memcpy(bytes + 12, v4, 4);
}

/* Networks of IPv6 whose addresses lead to an IPv4 one, and where in them it stands. */
static const struct Embedding
{
	uint8_t prefix[12];
	unsigned length; /* bytes of the prefix */
	unsigned at;
} embeddings[] = {
	{{0}, 12, 12},								   /* ::a.b.c.d */
	{{0x00, 0x64, 0xff, 0x9b}, 12, 12},			   /* 64:ff9b::/96, NAT64 */
	{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 6, 12}, /* 64:ff9b:1::/48, NAT64 of a site */
	{{0x20, 0x02}, 2, 2},						   /* 2002::/16, 6to4 */
};

/* ::1 and :: look like the first of them, and are not. */
static bool
is_special(const uint8_t bytes[16])
{
	static const uint8_t zeros[15];

	return memcmp(bytes, zeros, 15) == 0 && bytes[15] <= 1;
}

static void
unwrap(uint8_t bytes[16])
{
	for (size_t i = 0; i < sizeof(embeddings) / sizeof(embeddings[0]); i++)
	{
		const struct Embedding *in = &embeddings[i];

		if (memcmp(bytes, in->prefix, in->length) == 0 && !is_special(bytes))
		{
			uint8_t v4[4];

			memcpy(v4, bytes + in->at, 4);
			map_v4(v4, bytes);
			return;
		}
	}
}

/* False for another family. */
static bool
bytes_of(const struct sockaddr *address, uint8_t bytes[16])
{
	if (address->sa_family == AF_INET)
	{
		const struct sockaddr_in *in = (const void *) address;

		map_v4((const uint8_t *) &in->sin_addr, bytes);
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(bytes, &((const struct sockaddr_in6 *) (const void *) address)->sin6_addr, 16);
	unwrap(bytes);
	return true;
}

static bool
network_has(const Network *network, const uint8_t bytes[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	return memcmp(network->bytes, bytes, whole) == 0 &&
		   (rest == 0 || (network->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

/* ---- rules ---- */

static bool
read_bits(const char *text, unsigned most, unsigned *bits)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*bits = (unsigned) number;
	return *text >= '0' && *text <= '9' && *end == '\0' && number <= most;
}

static bool
read_network(const char *text, bool denied, Network *network, SluiceError *err)
{
	char address[ADDRESS_TEXT];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t) (slash - text) : strlen(text);
	unsigned bits = ALL_BITS;
	uint8_t v4[4];
	bool good = length > 0 && length < sizeof(address) && strlen(text) < ADDRESS_TEXT;

	*network = (Network){.denied = denied};
	if (good)
	{
		memcpy(address, text, length);
		address[length] = '\0';
		(void) snprintf(network->text, sizeof(network->text), "%s", text);
		if (inet_pton(AF_INET, address, v4) == 1)
		{
			map_v4(v4, network->bytes);
			good = slash == NULL || read_bits(slash + 1, 32, &bits);
			bits += slash != NULL ? V4_PREFIX : 0;
		}
		else
			good = inet_pton(AF_INET6, address, network->bytes) == 1 &&
				   (slash == NULL || read_bits(slash + 1, ALL_BITS, &bits));
	}
	network->bits = bits;
	if (good)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.80s\" is no network", text);
	return sluice_hint(err, "write 10.0.0.0/8, fd00::/8 or a single address");
}

AddressRules *
address_rules_new(char *const *allow, size_t allow_count, char *const *deny, size_t deny_count,
				  SluiceError *err)
{
	AddressRules *rules = calloc(1, sizeof(AddressRules));
	size_t count = DENIED_NETWORKS + allow_count + deny_count;
	bool good = rules != NULL && (rules->networks = calloc(count, sizeof(Network))) != NULL;

	if (!good)
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for lists of addresses");
	else
		rules->closed = allow_count > 0;
	for (size_t i = 0; good && i < count; i++)
	{
		size_t given = i - DENIED_NETWORKS;
		bool allowed = i >= DENIED_NETWORKS && given < allow_count;
		const char *text = i < DENIED_NETWORKS ? denied_networks[i]
						   : allowed		   ? allow[given]
											   : deny[given - allow_count];

		good = read_network(text, !allowed, &rules->networks[rules->count++], err);
	}
	if (good)
		return rules;
	address_rules_free(rules);
	return NULL;
}

void
address_rules_free(AddressRules *rules)
{
	if (rules == NULL)
		return;
	free(rules->networks);
	free(rules);
}

/* What was denied from the start stands first, so that a network of the settings of the same length wins. */
bool
address_allowed(const AddressRules *rules, const struct sockaddr *address,
				char network[ADDRESS_TEXT])
{
	const Network *decides = NULL;
	uint8_t bytes[16];

	if (network != NULL)
		network[0] = '\0';
	if (!bytes_of(address, bytes))
		return false;
	for (size_t i = 0; i < rules->count; i++)
	{
		const Network *one = &rules->networks[i];

		if (network_has(one, bytes) && (decides == NULL || one->bits >= decides->bits))
			decides = one;
	}
	if (network != NULL && (decides != NULL || rules->closed))
		(void) snprintf(network, ADDRESS_TEXT, "%s", decides != NULL ? decides->text : UNLISTED);
	return decides != NULL ? !decides->denied : !rules->closed;
}

/* ---- names ---- */

static bool
is_host_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		   c == '_' || c == '.' || (c & 0x80) != 0;
}

bool
host_check(const char *host, SluiceError *err)
{
	struct in6_addr v6;
	bool good = *host != '\0' && strlen(host) <= HOST_MAXIMUM && *host != '-';

	if (inet_pton(AF_INET6, host, &v6) == 1)
		return true;
	for (const char *at = host; good && *at != '\0'; at++)
		good = is_host_character(*at);
	if (good)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "this is no host name or address");
	return sluice_hint(err, "one host by name or address: no path of a socket, no list, no port");
}

/* ---- both ---- */

static bool
take_address(const AddressRules *rules, const char *host, const struct addrinfo *found,
			 AddressList *list, SluiceError *err)
{
	Address *address = &list->items[list->count];
	char network[ADDRESS_TEXT];

	if (list->count == ADDRESSES_MAXIMUM || found->ai_addrlen > sizeof(address->socket))
		return true;
	memcpy(&address->socket, found->ai_addr, found->ai_addrlen);
	address->length = found->ai_addrlen;
	if (getnameinfo(found->ai_addr, found->ai_addrlen, address->text, sizeof(address->text), NULL,
					0, NI_NUMERICHOST) != 0)
		return true;
	if (address_allowed(rules, found->ai_addr, network))
	{
		list->count++;
		return true;
	}
	(void) sluice_fail(err, SLUICE_ERROR_DENIED,
					   "host \"%.200s\" has the address %s, which is in %s", host, address->text,
					   network);
	return sluice_hint(err, "connections to that network are denied; an administrator of "
							"sluice-control may allow it with --allow-addresses");
}

bool
address_resolve(const AddressRules *rules, const char *host, unsigned port, int timeout_ms,
				AddressList *list, SluiceError *err)
{
	struct addrinfo *found = NULL;
	bool good = true;

	list->count = 0;
	if (!host_check(host, err) || !host_lookup(host, port, timeout_ms, &found, err))
		return false;
	for (const struct addrinfo *one = found; good && one != NULL; one = one->ai_next)
		good = take_address(rules, host, one, list, err);
	freeaddrinfo(found);
	return good && (list->count > 0 || sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
												   "host \"%.200s\" has no address", host));
}
