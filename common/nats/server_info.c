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

int
server_version_parse(const char *greeting)
{
	char text[32];
	int major, minor, patch;

	if (!json_scan_text(greeting, strlen(greeting), "version", text, sizeof(text)) ||
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

/* A connected socket; on failure -1 with the reason in errno. */
static int
connect_address(const struct addrinfo *address, int64_t deadline)
{
	int problem = 0;
	socklen_t length = sizeof(problem);
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return fd;
	problem = errno;
	if (problem == EINPROGRESS && !wait_for(fd, POLLOUT, deadline))
		problem = ETIMEDOUT;
	else if (problem == EINPROGRESS &&
			 getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &length) == 0 && problem == 0)
		return fd;
	(void) close(fd);
	errno = problem;
	return -1;
}

static int
connect_url(const char *url, int64_t deadline, SluiceError *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
	struct addrinfo *found;
	char host[NATS_URL_MAXIMUM];
	char port[PORT_TEXT];
	int problem;
	int fd = -1;

	server_host(url, host, sizeof(host));
	server_port(url, port, sizeof(port));
	problem = getaddrinfo(host, port, &hints, &found);
	if (problem != 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_IO, "%s", gai_strerror(problem));
		return -1;
	}
	for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next)
		fd = connect_address(at, deadline);
	if (fd < 0)
		(void) sluice_fail(err, SLUICE_ERROR_IO, "%s", strerror(errno));
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

static bool
read_greeting(const char *url, int wait_ms, char greeting[GREETING_BYTES], SluiceError *err)
{
	int64_t deadline = clock_ms() + wait_ms;
	int fd = connect_url(url, deadline, err);

	if (fd < 0)
		return false;
	read_line(fd, greeting, GREETING_BYTES, deadline);
	(void) close(fd);
	if (strncmp(greeting, "INFO ", 5) == 0)
		return true;
	return greeting[0] == '\0'
			   ? sluice_fail(err, SLUICE_ERROR_TIMEOUT, "it takes connections but says nothing")
			   : sluice_fail(err, SLUICE_ERROR_STATE, "what answers there is no NATS server");
}

int
server_version(const char *url)
{
	char greeting[GREETING_BYTES];
	SluiceError ignored;

	if (!read_greeting(url, GREETING_WAIT_MS, greeting, &ignored))
		return 0;
	return server_version_parse(greeting);
}

static void
ask(ServerInfo *server, int wait_ms)
{
	char greeting[GREETING_BYTES];

	if (!read_greeting(server->url, wait_ms, greeting, &server->error))
		return;
	(void) json_scan_text(greeting, strlen(greeting), "version", server->version,
						  sizeof(server->version));
	server->jetstream = json_scan_flag(greeting, strlen(greeting), "jetstream");
}

bool
server_info_ask(const char *urls, int wait_ms, ServerInfo servers[SERVER_INFO_MAXIMUM], int *count,
				SluiceError *err)
{
	int64_t deadline = clock_ms() + wait_ms;
	ServerList list;

	if (!server_list_parse(urls, &list, err))
		return false;
	*count = list.count;
	for (int i = 0; i < list.count; i++)
	{
		int64_t left = deadline - clock_ms();

		servers[i] = (ServerInfo){.error = {.code = SLUICE_OK}};
		(void) snprintf(servers[i].url, sizeof(servers[i].url), "%s", list.urls[i]);
		/* What one does not use is left to those behind it. */
		ask(&servers[i], left > 0 ? (int) (left / (list.count - i)) : 0);
	}
	return true;
}
