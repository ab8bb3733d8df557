/*
 * listener.c - ulfius with libmicrohttpd's own options: limits, deadlines, TLS 1.2 and newer.
 *
 * ulfius reads a body to its end before anyone is asked, and keeps body_maximum + 1 bytes of it.  libmicrohttpd tells of
 * a connection in its own callbacks, in the connection's thread, and ulfius' endpoint runs in the same one: what it
 * needs of the connection is in thread-local `current`.
 */
#include "listener.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <ulfius.h>
#include <unistd.h>

#include "common/daemon/file.h"
#include "common/daemon/listen_socket.h"
#include "connections.h"
#include "control/settings.h"
#include "upgrade.h"

#define BACKLOG			  128
#define IDLE_SECONDS	  30 /* without a byte */
#define CONNECTION_MEMORY (64 * 1024)
#define THREAD_STACK	  (1024 * 1024)
#define PEM_MAXIMUM		  (256 * 1024)
#define PRIORITIES		  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define OPTIONS_MAXIMUM	  16
#define MESSAGE_SIZE	  200

struct Listener
{
	Api *api;
	Log *log;
	Connections *connections;
	Gauge *open; /* how many there are */
	struct _u_instance instance;
	bool initialised;
	bool started;
	int fd; /* -1 once it is the library's */
	unsigned port;
	char message[MESSAGE_SIZE]; /* what the library said while it started */
};

/* The connection whose request this thread is at. */
static _Thread_local struct MHD_Connection *current;

/* ---- what libmicrohttpd tells ---- */

static ConnectionEntry *
entry_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* MHD_NotifyConnectionCallback */
static void
note_connection(void *context, struct MHD_Connection *connection, void **socket_context,
				enum MHD_ConnectionNotificationCode what)
{
	Listener *listener = context;
	const union MHD_ConnectionInfo *info;

	gauge_add(listener->open, what == MHD_CONNECTION_NOTIFY_CLOSED ? -1 : 1);
	if (what == MHD_CONNECTION_NOTIFY_CLOSED)
	{
		connections_remove(listener->connections, *socket_context);
		*socket_context = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info != NULL)
		*socket_context = connections_add(listener->connections, info->connect_fd);
}

/* Of MHD_OPTION_URI_LOG_CALLBACK: a request's first line is in. */
static void *
note_request(void *context, const char *uri, struct MHD_Connection *connection)
{
	const Listener *listener = context;

	current = connection;
	connection_reading(listener->connections, entry_of(connection));
	return ulfius_uri_logger(NULL, uri);
}

/* MHD_RequestCompletedCallback */
static void
note_completed(void *context, struct MHD_Connection *connection, void **state,
			   enum MHD_RequestTerminationCode why)
{
	const Listener *listener = context;

	mhd_request_completed(NULL, connection, state, why);
	live_upgrade_forget();
	connection_reading(listener->connections, entry_of(connection));
}

/* MHD_LogCallback: what it says of requests is no event of ours, but why it cannot start is. */
static void __attribute__((format(printf, 2, 0)))
note_message(void *context, const char *format, va_list args)
{
	Listener *listener = context;

	if (!listener->started)
		(void) vsnprintf(listener->message, sizeof(listener->message), format, args);
}

/* ---- a request ---- */

typedef struct Headers
{
	NamedText list[HEADERS_MAXIMUM];
	size_t count;
	size_t bytes;
	char names[HEADER_BYTES_MAXIMUM];
	size_t used;
} Headers;

/* MHD_KeyValueIterator */
static enum MHD_Result
take_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	Headers *headers = context;
	size_t length = strlen(name) + 1;
	char *copy = headers->names + headers->used;

	(void) kind;
	headers->bytes += length + (value != NULL ? strlen(value) : 0) + 3;
	if (headers->bytes > sizeof(headers->names) || headers->count == HEADERS_MAXIMUM)
		return MHD_YES;
	for (size_t i = 0; i < length; i++)
		copy[i] = (char) tolower((unsigned char) name[i]);
	headers->used += length;
	headers->list[headers->count++] = (NamedText){copy, value != NULL ? value : ""};
	return MHD_YES;
}

/* Numeric; `network` is the /64 of an IPv6 address, for that is what one customer has, else the address. */
static void
address_of(struct MHD_Connection *connection, char address[INET6_ADDRSTRLEN],
		   char network[INET6_ADDRSTRLEN])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *from = info != NULL ? info->client_addr : NULL;
	struct in6_addr long_one;

	strcpy(address, "unknown");
	if (from != NULL && from->sa_family == AF_INET)
		(void) inet_ntop(AF_INET, &((const struct sockaddr_in *) (const void *) from)->sin_addr,
						 address, INET6_ADDRSTRLEN);
	strcpy(network, address);
	if (from == NULL || from->sa_family != AF_INET6)
		return;
	long_one = ((const struct sockaddr_in6 *) (const void *) from)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(&long_one))
	{
		(void) inet_ntop(AF_INET, long_one.s6_addr + 12, address, INET6_ADDRSTRLEN);
		strcpy(network, address);
		return;
	}
	(void) inet_ntop(AF_INET6, &long_one, address, INET6_ADDRSTRLEN);
	memset(long_one.s6_addr + 8, 0, 8);
	(void) inet_ntop(AF_INET6, &long_one, network, INET6_ADDRSTRLEN);
}

/* The answer goes over to ulfius, its body included. */
static void
hand_over(Outgoing *outgoing, struct _u_response *to)
{
	for (size_t i = 0; i < outgoing->header_count; i++)
		(void) u_map_put(to->map_header, outgoing->headers[i].name, outgoing->headers[i].value);
	if (outgoing->upgraded)
		return;
	to->status = outgoing->status;
	to->binary_body = outgoing->body;
	to->binary_body_length = outgoing->length;
	outgoing->body = NULL;
}

/* ulfius' callback of the one endpoint. */
static int
answer(const struct _u_request *request, struct _u_response *response, void *context)
{
	const Listener *listener = context;
	struct MHD_Connection *connection = current;
	Headers *headers = calloc(1, sizeof(*headers));
	char address[INET6_ADDRSTRLEN], network[INET6_ADDRSTRLEN];
	Outgoing outgoing;
	Incoming incoming;

	if (headers == NULL || connection == NULL)
	{
		free(headers);
		return U_CALLBACK_ERROR;
	}
	connection_working(listener->connections, entry_of(connection));
	(void) MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, headers);
	address_of(connection, address, network);
	incoming = (Incoming){
		.method = request->http_verb,
		.target = request->http_url,
		.headers = headers->list,
		.header_count = headers->count,
		.header_bytes = headers->bytes,
		.body = request->binary_body,
		.body_length = request->binary_body_length,
		.address = address,
		.network = network,
		.raw = request,
	};
	api_answer(listener->api, &incoming, &outgoing, response);
	if (outgoing.upgraded && response->stream_callback == NULL)
		connection_upgraded(listener->connections, entry_of(connection));
	hand_over(&outgoing, response);
	outgoing_free(&outgoing);
	free(headers);
	return U_CALLBACK_COMPLETE;
}

/* ---- start and end ---- */

static bool
open_socket(Listener *listener, const ControlSettings *settings, SluiceError *err)
{
	listener->fd = listen_socket_open(settings->listen, BACKLOG, err);
	if (listener->fd < 0)
		return sluice_prefix(err, "--listen");
	listener->port = listen_socket_port(listener->fd);
	if (settings->tls_certificate == NULL && !settings->insecure_listen &&
		!listen_socket_is_loopback(listener->fd))
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "--listen %.100s is reached from other machines, and without TLS "
						   "everyone between would read the API keys",
						   settings->listen);
		return sluice_hint(err, "give --tls-cert and --tls-key, or --insecure-listen when TLS ends "
								"in front of this server");
	}
	return true;
}

static struct MHD_OptionItem
item(enum MHD_OPTION option, intptr_t value, void *pointer)
{
	return (struct MHD_OptionItem){option, value, pointer};
}

/* The library keeps nothing of key and certificate, which are freed behind this. */
static bool
start_daemon(Listener *listener, const ControlSettings *settings, char *certificate, char *key,
			 SluiceError *err)
{
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
					 MHD_USE_POLL | MHD_USE_ERROR_LOG | MHD_ALLOW_UPGRADE;
	struct MHD_OptionItem options[OPTIONS_MAXIMUM] = {
		item(MHD_OPTION_EXTERNAL_LOGGER, (intptr_t) note_message, listener),
		item(MHD_OPTION_LISTEN_SOCKET, listener->fd, NULL),
		item(MHD_OPTION_NOTIFY_CONNECTION, (intptr_t) note_connection, listener),
		item(MHD_OPTION_URI_LOG_CALLBACK, (intptr_t) note_request, listener),
		item(MHD_OPTION_NOTIFY_COMPLETED, (intptr_t) note_completed, listener),
		item(MHD_OPTION_CONNECTION_LIMIT, (intptr_t) settings->connections_maximum, NULL),
		item(MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL),
		item(MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL),
		item(MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK, NULL),
		item(MHD_OPTION_END, 0, NULL),
	};
	size_t count = 9;

	if (certificate != NULL)
	{
		flags |= MHD_USE_TLS;
		options[count++] = item(MHD_OPTION_HTTPS_MEM_CERT, 0, certificate);
		options[count++] = item(MHD_OPTION_HTTPS_MEM_KEY, 0, key);
		options[count++] = item(MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) (uintptr_t) PRIORITIES);
		options[count] = item(MHD_OPTION_END, 0, NULL);
	}
	listener->started =
		ulfius_start_framework_with_mhd_options(&listener->instance, flags, options) == U_OK;
	listener->fd = -1;
	return listener->started ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT, "cannot start the listener on %.100s: %s",
					   settings->listen, listener->message);
}

static bool
start_ulfius(Listener *listener, const ControlSettings *settings, SluiceError *err)
{
	char *certificate = NULL;
	char *key = NULL;
	bool good = ulfius_init_instance(&listener->instance, listener->port, NULL, NULL) == U_OK;

	listener->initialised = good;
	if (!good)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making the listener");
	listener->instance.max_post_body_size = settings->body_maximum + 1;
	listener->instance.allowed_post_processor = U_POST_PROCESS_NONE;
	listener->instance.check_utf8 = 0;
	(void) ulfius_set_default_endpoint(&listener->instance, answer, listener);
	if (settings->tls_certificate != NULL)
		good = ((certificate = file_read(settings->tls_certificate, PEM_MAXIMUM, err)) != NULL ||
				sluice_prefix(err, "--tls-cert")) &&
			   ((key = file_read(settings->tls_key, PEM_MAXIMUM, err)) != NULL ||
				sluice_prefix(err, "--tls-key"));
	good = good && start_daemon(listener, settings, certificate, key, err);
	file_free(certificate);
	file_free(key);
	return good;
}

Listener *
listener_start(Api *api, const Control *control, SluiceError *err)
{
	const ControlSettings *settings = control->settings;
	Listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making the listener");
		return NULL;
	}
	listener->api = api;
	listener->log = control->log;
	listener->fd = -1;
	listener->connections =
		connections_new(settings->connections_maximum, settings->request_ms, err);
	listener->open = metrics_gauge(control->metrics, "sluice_control_http_connections",
								   "Connections that are open.", NULL, err);
	if (listener->connections != NULL && listener->open != NULL &&
		open_socket(listener, settings, err) && start_ulfius(listener, settings, err))
		return listener;
	listener_stop(listener);
	return NULL;
}

unsigned
listener_port(const Listener *listener)
{
	return listener->port;
}

void
listener_stop(Listener *listener)
{
	if (listener == NULL)
		return;
	if (listener->started)
		(void) ulfius_stop_framework(&listener->instance);
	if (listener->initialised)
		ulfius_clean_instance(&listener->instance);
	if (listener->fd >= 0)
		(void) close(listener->fd);
	connections_free(listener->connections);
	free(listener);
}
