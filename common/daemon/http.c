/*
 * http.c - the monitoring listener on libmicrohttpd: a table of paths, and their answers.
 */
#include "http.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listen_socket.h"

#define CONNECTIONS_MAXIMUM	  16
#define IDLE_SECONDS		  10
#define CONNECTION_MEMORY	  (16 * 1024)
#define METRICS_BYTES_MAXIMUM (8 * 1024 * 1024)
#define REASON_SIZE			  1024

struct HttpListener
{
	HttpSettings settings;
	struct MHD_Daemon *daemon;
	unsigned port;
};

/* An answer in the making; `body` was made by malloc. */
typedef struct Answer
{
	unsigned status;
	const char *type;
	char *body;
	size_t length;
} Answer;

static const char plain_type[] = "text/plain; charset=utf-8";

static void
answer_text(Answer *answer, unsigned status, const char *text)
{
	answer->status = status;
	answer->type = plain_type;
	if (asprintf(&answer->body, "%s\n", text) < 0)
		answer->body = NULL;
	answer->length = answer->body != NULL ? strlen(answer->body) : 0;
}

static void
answer_metrics(const HttpSettings *settings, Answer *answer)
{
	SluiceError err;
	ByteBuf text;

	bytebuf_init(&text, &allocator_malloc, METRICS_BYTES_MAXIMUM);
	if (!metrics_write(settings->metrics, &text, &err))
	{
		bytebuf_free(&text);
		answer_text(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, err.message);
		return;
	}
	answer->status = MHD_HTTP_OK;
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
	answer->body = (char *) text.data; /* malloc's, as the allocator says */
	answer->length = text.length;
}

static void
answer_check(HttpCheck check, void *context, Answer *answer)
{
	char reason[REASON_SIZE] = "";

	if (check(context, reason, sizeof(reason)))
		answer_text(answer, MHD_HTTP_OK, "ok");
	else
		answer_text(answer, MHD_HTTP_SERVICE_UNAVAILABLE, reason);
}

static void
answer_live(const HttpSettings *settings, Answer *answer)
{
	answer_check(settings->live, settings->context, answer);
}

static void
answer_ready(const HttpSettings *settings, Answer *answer)
{
	answer_check(settings->ready, settings->context, answer);
}

static const struct
{
	const char *path;
	void (*answer)(const HttpSettings *settings, Answer *answer);
} pages[] = {
	{"/metrics", answer_metrics},
	{"/livez", answer_live},
	{"/readyz", answer_ready},
};

static void
answer_request(const HttpSettings *settings, const char *method, const char *path, Answer *answer)
{
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
	{
		answer_text(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
		return;
	}
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strcmp(path, pages[i].path) == 0)
		{
			pages[i].answer(settings, answer);
			return;
		}
	answer_text(answer, MHD_HTTP_NOT_FOUND, "there are /metrics, /livez and /readyz");
}

/* Hands the answer over, its body included. */
static enum MHD_Result
send_answer(struct MHD_Connection *connection, Answer *answer)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(answer->length, answer->body, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (response == NULL)
	{
		free(answer->body);
		return MHD_NO;
	}
	(void) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	(void) MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void) MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* MHD_AccessHandlerCallback: answers when the head is in, so a body is never read. */
static enum MHD_Result
handle_request(void *context, struct MHD_Connection *connection, const char *url,
			   const char *method, const char *version, const char *upload, size_t *upload_size,
			   void **state)
{
	const HttpListener *listener = context;
	Answer answer = {0};

	(void) version;
	(void) upload;
	(void) upload_size;
	(void) state;
	answer_request(&listener->settings, method, url, &answer);
	return send_answer(connection, &answer);
}

/* What the library says of malformed requests is no event of ours. */
static void
ignore_message(void *context, const char *format, va_list args)
{
	(void) context;
	(void) format;
	(void) args;
}

bool
http_split_address(const char *address, char *host, size_t host_size, char *port, size_t port_size,
				   SluiceError *err)
{
	const char *colon = strrchr(address, ':');
	size_t length = colon != NULL ? (size_t) (colon - address) : 0;
	bool good = colon != NULL && length < host_size && strlen(colon + 1) < port_size &&
				colon[1] != '\0' && strspn(colon + 1, "0123456789") == strlen(colon + 1) &&
				strtoul(colon + 1, NULL, 10) <= 65535;

	if (good && address[0] == '[' && length > 2 && address[length - 1] == ']')
	{
		address++;
		length -= 2;
	}
	else if (good)
		good = strcspn(address, ":[]") >= length;
	if (!good)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "\"%.64s\" is no address of the form HOST:PORT", address);
	memcpy(host, address, length);
	host[length] = '\0';
	memcpy(port, colon + 1, strlen(colon + 1) + 1);
	return true;
}

/* The socket belongs to the library from here on, also when it fails. */
static struct MHD_Daemon *
start_daemon(HttpListener *listener, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL,
							handle_request, listener, MHD_OPTION_EXTERNAL_LOGGER, ignore_message,
							NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
							(unsigned) CONNECTIONS_MAXIMUM, MHD_OPTION_CONNECTION_TIMEOUT,
							(unsigned) IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
							(size_t) CONNECTION_MEMORY, MHD_OPTION_END);
}

HttpListener *
http_start(const HttpSettings *settings, SluiceError *err)
{
	HttpListener *listener = calloc(1, sizeof(*listener));
	int fd = listen_socket_open(settings->address, CONNECTIONS_MAXIMUM, err);

	if (listener == NULL || fd < 0)
	{
		if (fd >= 0)
			(void) close(fd);
		if (listener == NULL)
			(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making the listener");
		free(listener);
		return NULL;
	}
	listener->settings = *settings;
	listener->port = listen_socket_port(fd);
	listener->daemon = start_daemon(listener, fd);
	if (listener->daemon != NULL)
		return listener;
	(void) sluice_fail(err, SLUICE_ERROR_IO, "cannot start a listener on %.100s",
					   settings->address);
	free(listener);
	return NULL;
}

unsigned
http_port(const HttpListener *listener)
{
	return listener->port;
}

void
http_stop(HttpListener *listener)
{
	if (listener == NULL)
		return;
	MHD_stop_daemon(listener->daemon);
	free(listener);
}
