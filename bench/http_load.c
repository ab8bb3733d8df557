/*
 * http_load.c - asks a server for one path again and again over kept connections, each with a thread, and prints a
 * line for each request: the microseconds it took.
 *
 *     http_load PORT CONNECTIONS SECONDS PATH KEY
 *
 * Any answer but 200 ends it with an error.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_MAXIMUM 1000000 /* of one connection */
#define HEAD_MAXIMUM	 8192

typedef struct Connection
{
	pthread_t thread;
	uint32_t *took;
	size_t count;
} Connection;

static const char *path, *key;
static int port;
static int64_t end_us;

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
give_up(const char *why)
{
	fprintf(stderr, "http_load: %s\n", why);
	exit(1);
}

static int
open_connection(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0)
		give_up("cannot connect");
	(void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* Reads an answer whole: head, then as many bytes as it says. */
static void
read_answer(int fd)
{
	char head[HEAD_MAXIMUM + 1], body[65536];
	size_t length = 0, left;
	char *end = NULL, *told;

	while (end == NULL && length < HEAD_MAXIMUM)
	{
		ssize_t got = recv(fd, head + length, HEAD_MAXIMUM - length, 0);

		if (got <= 0)
			give_up("the connection was closed");
		length += (size_t) got;
		head[length] = '\0';
		end = strstr(head, "\r\n\r\n");
	}
	told = strcasestr(head, "\r\ncontent-length:");
	if (end == NULL || told == NULL || strncmp(head, "HTTP/1.1 200", 12) != 0)
		give_up("an answer that is not 200 with its length");
	left = strtoul(told + strlen("\r\ncontent-length:"), NULL, 10);
	left -= (size_t) (head + length - end - 4);
	while (left > 0)
	{
		ssize_t got = recv(fd, body, left < sizeof(body) ? left : sizeof(body), 0);

		if (got <= 0)
			give_up("the connection was closed");
		left -= (size_t) got;
	}
}

static void *
ask(void *argument)
{
	Connection *connection = argument;
	char request[2048];
	int length = snprintf(request, sizeof(request),
						  "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
						  path, key);
	int fd = open_connection();

	while (now_us() < end_us && connection->count < REQUESTS_MAXIMUM)
	{
		int64_t began = now_us();

		if (send(fd, request, (size_t) length, MSG_NOSIGNAL) != length)
			give_up("the connection was closed");
		read_answer(fd);
		connection->took[connection->count++] = (uint32_t) (now_us() - began);
	}
	close(fd);
	return NULL;
}

int
main(int argc, char **argv)
{
	int count = argc == 6 ? atoi(argv[2]) : 0;
	Connection *connections = calloc((size_t) count + 1, sizeof(*connections));

	if (count <= 0 || connections == NULL)
		give_up("usage: http_load PORT CONNECTIONS SECONDS PATH KEY");
	port = atoi(argv[1]);
	path = argv[4];
	key = argv[5];
	end_us = now_us() + atoi(argv[3]) * INT64_C(1000000);
	for (int i = 0; i < count; i++)
	{
		connections[i].took = malloc(REQUESTS_MAXIMUM * sizeof(uint32_t));
		if (connections[i].took == NULL ||
			pthread_create(&connections[i].thread, NULL, ask, &connections[i]) != 0)
			give_up("out of memory");
	}
	for (int i = 0; i < count; i++)
	{
		(void) pthread_join(connections[i].thread, NULL);
		for (size_t j = 0; j < connections[i].count; j++)
			printf("%u\n", connections[i].took[j]);
	}
	return 0;
}
