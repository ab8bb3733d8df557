/*
 * http_test.c - the monitoring listener, asked over raw sockets.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/daemon/health.h"
#include "common/daemon/http.h"

typedef struct Fixture
{
	Metrics *metrics;
	Counter *rows;
	Health health;
	HttpListener *http;
	char answer[8192];
} Fixture;

static int
start(void **state)
{
	Fixture *fixture = calloc(1, sizeof(*fixture));
	SluiceError err;

	assert_non_null(fixture);
	health_init(&fixture->health, 3600000);
	fixture->metrics = metrics_new(10, &err);
	assert_non_null(fixture->metrics);
	fixture->rows = metrics_counter(fixture->metrics, "rows_total", "Rows.", NULL, &err);
	assert_non_null(fixture->rows);
	fixture->http = http_start(&(HttpSettings){.address = "127.0.0.1:0",
											   .metrics = fixture->metrics,
											   .live = health_live,
											   .ready = health_ready,
											   .context = &fixture->health},
							   &err);
	assert_non_null(fixture->http);
	*state = fixture;
	return 0;
}

static int
stop(void **state)
{
	Fixture *fixture = *state;

	http_stop(fixture->http);
	metrics_free(fixture->metrics);
	health_free(&fixture->health);
	free(fixture);
	return 0;
}

static int
connect_to(unsigned port)
{
	const struct timeval patience = {.tv_sec = 20};
	const struct sockaddr_in address = {.sin_family = AF_INET,
										.sin_port = htons((uint16_t) port),
										.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	(void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
	return fd;
}

/* Sends a request line with "Connection: close" and gives all that comes back. */
static const char *
ask(Fixture *fixture, const char *request)
{
	char text[512];
	size_t used = 0;
	ssize_t got;
	int fd = connect_to(http_port(fixture->http));
	int length = snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
						  request);

	assert_int_equal(send(fd, text, (size_t) length, MSG_NOSIGNAL), length);
	while ((got = read(fd, fixture->answer + used, sizeof(fixture->answer) - 1 - used)) > 0)
		used += (size_t) got;
	(void) close(fd);
	fixture->answer[used] = '\0';
	return fixture->answer;
}

static const char *
body(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static void
assert_status(const char *answer, const char *status)
{
	assert_memory_equal(answer, "HTTP/1.1 ", 9);
	assert_memory_equal(answer + 9, status, strlen(status));
}

static void
metrics_page(void **state)
{
	Fixture *fixture = *state;
	const char *answer;

	counter_add(fixture->rows, 3);
	answer = ask(fixture, "GET /metrics");
	assert_status(answer, "200");
	assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	assert_string_equal(body(answer),
						"# HELP rows_total Rows.\n# TYPE rows_total counter\nrows_total 3\n");
	counter_add(fixture->rows, 1);
	assert_non_null(strstr(ask(fixture, "GET /metrics?x=y"), "\nrows_total 4\n"));
}

static void
ready_page(void **state)
{
	Fixture *fixture = *state;
	const char *answer = ask(fixture, "GET /readyz");

	assert_status(answer, "503");
	assert_string_equal(body(answer), "starting\n");
	health_set_reason(&fixture->health, NULL);
	answer = ask(fixture, "GET /readyz");
	assert_status(answer, "200");
	assert_string_equal(body(answer), "ok\n");
	health_set_reason(&fixture->health, "waiting for the lease of lane 0");
	answer = ask(fixture, "GET /readyz");
	assert_status(answer, "503");
	assert_string_equal(body(answer), "waiting for the lease of lane 0\n");
}

static void
live_page(void **state)
{
	Fixture *fixture = *state;
	const char *answer = ask(fixture, "GET /livez");

	assert_status(answer, "200");
	assert_string_equal(body(answer), "ok\n");

	/* As if the last tick was an hour and a second ago. */
	atomic_fetch_sub(&fixture->health.ticked, 3601000);
	answer = ask(fixture, "GET /livez");
	assert_status(answer, "503");
	assert_non_null(strstr(body(answer), "the main loop has not moved for 3601"));
	health_tick(&fixture->health);
	assert_status(ask(fixture, "GET /livez"), "200");
}

static void
head_has_no_body(void **state)
{
	const char *answer = ask(*state, "HEAD /livez");

	assert_status(answer, "200");
	assert_non_null(strstr(answer, "Content-Length: 3\r\n"));
	assert_string_equal(body(answer), "");
}

static void
other_methods_and_paths(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"};
	char request[64];

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
	{
		const char *answer;

		(void) snprintf(request, sizeof(request), "%s /metrics", methods[i]);
		answer = ask(*state, request);
		assert_status(answer, "405");
		assert_non_null(strstr(answer, "Allow: GET, HEAD\r\n"));
	}
	assert_status(ask(*state, "GET /"), "404");
	assert_status(ask(*state, "GET /metrics/"), "404");
	assert_status(ask(*state, "GET /../etc/passwd"), "404");
}

static void
garbage_is_survived(void **state)
{
	Fixture *fixture = *state;
	char noise[4096];
	int fd = connect_to(http_port(fixture->http));

	memset(noise, 0xFF, sizeof(noise));
	for (int i = 0; i < 64 && send(fd, noise, sizeof(noise), MSG_NOSIGNAL) > 0; i++)
		;
	(void) close(fd);
	(void) close(connect_to(http_port(fixture->http)));
	assert_status(ask(fixture, "GET /livez"), "200");
}

/* Silent connections take all places; one more is answered as soon as one of them goes. */
static void
connections_are_bounded(void **state)
{
	static const char request[] = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	Fixture *fixture = *state;
	char byte;
	int fds[16], late;

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = connect_to(http_port(fixture->http));
	late = connect_to(http_port(fixture->http));
	assert_int_equal(send(late, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	(void) close(fds[0]);
	assert_int_equal(recv(late, &byte, 1, 0), 1);
	assert_int_equal(byte, 'H');
	(void) close(late);
	for (size_t i = 1; i < sizeof(fds) / sizeof(fds[0]); i++)
		(void) close(fds[i]);
}

static void
addresses(void **state)
{
	static const struct
	{
		const char *address;
		const char *host;
		const char *port;
	} good[] = {
		{"127.0.0.1:9187", "127.0.0.1", "9187"},
		{"localhost:0", "localhost", "0"},
		{"[::1]:65535", "::1", "65535"},
		{":80", "", "80"},
	};
	static const char *const bad[] = {
		"",		"9187",	  "localhost", "localhost:", "h:65536", "h:x",
		"h:-1", "::1:80", "[]:80",	   "[::1]",		 "h:1 ",	"h:000000001"};
	char host[64], port[8];
	SluiceError err;

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		assert_true(
			http_split_address(good[i].address, host, sizeof(host), port, sizeof(port), &err));
		assert_string_equal(host, good[i].host);
		assert_string_equal(port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_false(http_split_address(bad[i], host, sizeof(host), port, sizeof(port), &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
	}
}

static void
taken_port_is_named(void **state)
{
	Fixture *fixture = *state;
	char address[64];
	HttpSettings settings = {.address = address,
							 .metrics = fixture->metrics,
							 .live = health_live,
							 .ready = health_ready,
							 .context = &fixture->health};
	SluiceError err;

	(void) snprintf(address, sizeof(address), "127.0.0.1:%u", http_port(fixture->http));
	assert_null(http_start(&settings, &err));
	assert_int_equal(err.code, SLUICE_ERROR_IO);
	assert_non_null(strstr(err.message, address));
	assert_non_null(strstr(err.message, "Address already in use"));
	settings.address = "no-such-host.invalid:1";
	assert_null(http_start(&settings, &err));
	assert_int_equal(err.code, SLUICE_ERROR_IO);
	settings.address = "nonsense";
	assert_null(http_start(&settings, &err));
	assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
}

static void
every_interface(void **state)
{
	Fixture *fixture = *state;
	HttpSettings settings = {.address = ":0",
							 .metrics = fixture->metrics,
							 .live = health_live,
							 .ready = health_ready,
							 .context = &fixture->health};
	SluiceError err;
	HttpListener *second = http_start(&settings, &err);

	assert_non_null(second);
	(void) close(connect_to(http_port(second)));
	http_stop(second);
}

#define http_test(f) cmocka_unit_test_setup_teardown(f, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		http_test(metrics_page),
		http_test(ready_page),
		http_test(live_page),
		http_test(head_has_no_body),
		http_test(other_methods_and_paths),
		http_test(garbage_is_survived),
		http_test(connections_are_bounded),
		cmocka_unit_test(addresses),
		http_test(taken_port_is_named),
		http_test(every_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
