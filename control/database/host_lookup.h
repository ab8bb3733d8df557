/*
 * host_lookup.h - addresses of a host by the system's resolver, in a bounded time.
 */
#ifndef SLUICE_CONTROL_HOST_LOOKUP_H
#define SLUICE_CONTROL_HOST_LOOKUP_H

#include <netdb.h>

#include "common/core/error.h"

#define HOST_MAXIMUM 255

/*
 * *found is to be given to freeaddrinfo().  NOT_FOUND: there is no such name; IO: the resolver has trouble; TIMEOUT.  A
 * number is never asked for.
 */
extern bool host_lookup(const char *host, unsigned port, int timeout_ms, struct addrinfo **found,
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
