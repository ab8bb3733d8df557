/*
 * address.h - where connections that users ask for may go (SSRF): names are resolved once, every address is held against
 * lists of networks, and whoever connects takes the addresses that were checked.
 *
 * Of the networks that have an address, the longest decides; of equals a denied one.  One that
 * is in none is denied when there is a list of those that are allowed.  Denied from the start
 * are those where no database or webhook is: link-local (169.254.169.254 among them), multicast, unspecified,
 * broadcast, clouds' metadata.  An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is judged as what it is.
 */
#ifndef SLUICE_CONTROL_ADDRESS_H
#define SLUICE_CONTROL_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

#include "host_lookup.h"

#define ADDRESS_TEXT	  64
#define ADDRESSES_MAXIMUM 16

typedef struct AddressRules AddressRules;

/* Lists of "10.0.0.0/8", "fd00::/8", "192.0.2.1"; ARGUMENT names the one that is none. */
extern AddressRules *address_rules_new(char *const *allow, size_t allow_count, char *const *deny,
									   size_t deny_count, SluiceError *err);
extern void address_rules_free(AddressRules *rules);

/* Whether one may be connected to; `network` (may be NULL) becomes the one that decided, "" for none. */
extern bool address_allowed(const AddressRules *rules, const struct sockaddr *address,
							char network[ADDRESS_TEXT]);

typedef struct Address
{
	struct sockaddr_storage socket;
	socklen_t length;
	char text[ADDRESS_TEXT]; /* numeric, without the port */
} Address;

typedef struct AddressList
{
	Address items[ADDRESSES_MAXIMUM];
	size_t count;
} AddressList;

/* Whether it is a host name or an address at all, and no path, socket or list; ARGUMENT says what is wrong. */
extern bool host_check(const char *host, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * All addresses of a host.  ARGUMENT: no host; NOT_FOUND: no such name; TIMEOUT; DENIED: one of its addresses may not
 * be connected to.
 */
extern bool address_resolve(const AddressRules *rules, const char *host, unsigned port,
							int timeout_ms, AddressList *list, SluiceError *err) SLUICE_MUST_CHECK;

#endif
