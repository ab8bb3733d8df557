/*
 * server_info.c - reading a server's greeting from a connection of its own.
 *
 * libnats 3.4 keeps the greeting to itself.  A server greets at once and in clear, before any TLS,
 * so a TCP connection and one line are enough; both have a deadline.
 */
#include "server_info.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "json_scan.h"
#include "nats_internal.h"

#define GREETING_BYTES	 8192
#define GREETING_WAIT_MS 1000
#define PORT_DEFAULT	 "4222"

int
server_version_parse(const char *greeting)
{
	char text[32];
	int major, minor, patch;

	if (!json_text(greeting, strlen(greeting), "version", text, sizeof(text)) ||
		sscanf(text, "%3d.%3d.%3d", &major, &minor, &patch) != 3)
		return 0;
	return major * 1000000 + minor * 1000 + patch;
}

static int64_t
clock_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd item = {.fd = fd, .events = events};

	for (;;)
	{
		int64_t left = deadline - clock_ms();
		int ready = left > 0 ? poll(&item, 1, (int) left) : 0;

		if (ready >= 0 || errno != EINTR)
			return ready > 0;
	}
}

static int
connect_address(const struct addrinfo *address, int64_t deadline)
{
	int problem = 0;
	socklen_t length = sizeof(problem);
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
		(errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline) &&
		 getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &length) == 0 && problem == 0))
		return fd;
	(void) close(fd);
	return -1;
}

static int
connect_host(const char *host, const char *port, int64_t deadline)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
	struct addrinfo *found;
	int fd = -1;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return -1;
	for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next)
		fd = connect_address(at, deadline);
	freeaddrinfo(found);
	return fd;
}

static void
read_line(int fd, char *line, size_t size, int64_t deadline)
{
	size_t length = 0;

	while (length < size - 1 && memchr(line, '\n', length) == NULL &&
		   wait_for(fd, POLLIN, deadline))
	{
		ssize_t got = recv(fd, line + length, size - 1 - length, 0);

		if (got <= 0)
			break;
		length += (size_t) got;
	}
	line[length] = '\0';
}

static void
server_port(const char *url, char *port, size_t size)
{
	const char *colon = strrchr(url, ':');
	size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;

	if (digits == 0)
		(void) snprintf(port, size, "%s", PORT_DEFAULT);
	else
		(void) snprintf(port, size, "%.*s", (int) digits, colon + 1);
}

int
server_version(const char *url)
{
	char host[NATS_URL_MAXIMUM];
	char port[16];
	char greeting[GREETING_BYTES];
	int64_t deadline = clock_ms() + GREETING_WAIT_MS;
	int fd;

	server_host(url, host, sizeof(host));
	server_port(url, port, sizeof(port));
	fd = connect_host(host, port, deadline);
	if (fd < 0)
		return 0;
	read_line(fd, greeting, sizeof(greeting), deadline);
	(void) close(fd);
	return server_version_parse(greeting);
}
