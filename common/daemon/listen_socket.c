/*
 * listen_socket.c - resolving, binding, listening.
 */
#include "listen_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"

/* A bound and listening socket for one resolved address, or -1 with errno. */
static int
listen_on(const struct addrinfo *info, int backlog)
{
	const int on = 1;
	const int off = 0;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (info->ai_family == AF_INET6)
		(void) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, backlog) == 0)
		return fd;
	(void) close(fd);
	return -1;
}

/* A listening socket on the first of the host's addresses that takes one, or -1 with the reason. */
static int
listen_host(const char *host, const char *port, int backlog, const char **reason)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int failure = getaddrinfo(host, port, &wanted, &found);
	int fd = -1;

	if (failure != 0)
	{
		*reason = gai_strerror(failure);
		return -1;
	}
	for (const struct addrinfo *at = found; fd < 0 && at != NULL; at = at->ai_next)
		fd = listen_on(at, backlog);
	*reason = strerror(errno);
	freeaddrinfo(found);
	return fd;
}

int
listen_socket_open(const char *address, int backlog, SluiceError *err)
{
	char host[256], port[8];
	const char *reason;
	int fd;

	if (!http_split_address(address, host, sizeof(host), port, sizeof(port), err))
		return -1;
	fd = listen_host(*host != '\0' ? host : "::", port, backlog, &reason);
	if (fd < 0 && *host == '\0')
		fd = listen_host("0.0.0.0", port, backlog, &reason);
	if (fd < 0)
		(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot listen on %.100s: %s", address, reason);
	return fd;
}

unsigned
listen_socket_port(int fd)
{
	struct sockaddr_storage bound = {0};
	socklen_t length = sizeof(bound);

	if (getsockname(fd, (struct sockaddr *) &bound, &length) != 0)
		return 0;
	if (bound.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *) &bound)->sin6_port);
	return ntohs(((const struct sockaddr_in *) &bound)->sin_port);
}

bool
listen_socket_is_loopback(int fd)
{
	struct sockaddr_storage bound = {0};
	socklen_t length = sizeof(bound);

	if (getsockname(fd, (struct sockaddr *) &bound, &length) != 0)
		return false;
	if (bound.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *) &bound)->sin6_addr);
	return bound.ss_family == AF_INET &&
		   ntohl(((const struct sockaddr_in *) &bound)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}
