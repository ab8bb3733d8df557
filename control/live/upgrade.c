/*
 * upgrade.c - GET /events: from a request to a client that stays (http/upgrade.h).
 *
 * Of ulfius only the WebSocket's handshake is used.  Its own reading and writing bounds neither a message's length nor
 * what it keeps of them, cuts frames off when a client is slow, and takes three threads; and its list of open WebSockets is
 * changed outside the list's lock, so that two that are opened at the same time break the heap.  It has no way to do without
 * them, but calls two functions of its own by their names, as of any shared library: those here come first.  So ulfius keeps
 * no list, starts no thread, and the socket goes to sockets_take() at once.
 */
#include "control/http/upgrade.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <ulfius.h>

#include "control/settings.h"
#include "control/store/identity.h"
#include "control/store/once.h"
#include "control/store/store.h"
#include "live_internal.h"

#define STREAM_BLOCK 16384

/* ---- who ---- */

/* "http://host:port" of the server itself, as the client sees it. */
static bool
is_own_origin(const Request *request, const char *origin)
{
	const char *host = request_header(request, "host");
	const char *at = strstr(origin, "://");

	return host != NULL && at != NULL && strcasecmp(at + strlen("://"), host) == 0;
}

static bool
is_listed(const TextList *list, const char *origin)
{
	for (size_t i = 0; i < list->count; i++)
	{
		if (strcasecmp(list->items[i], origin) == 0)
			return true;
	}
	return false;
}

/* Browsers say where the page is from; others need not. */
static bool
check_origin(const Control *control, const Request *request, Response *response)
{
	const char *origin = request_header(request, "origin");

	if (origin == NULL || is_own_origin(request, origin) ||
		is_listed(&control->settings->allowed_origins, origin))
		return true;
	return response_fail(response, PROBLEM_FORBIDDEN,
						 "pages of this origin may not open an event stream: --allowed-origins of "
						 "the server names those that may");
}

static bool
take_ticket(Control *control, const char *ticket, Caller *caller, Response *response)
{
	json_t *holder = NULL;
	SluiceError err = {0};

	if (!ticket_take(control->store, ticket, &holder, &err))
		return err.code == SLUICE_ERROR_DENIED
				   ? response_fail(response, PROBLEM_UNAUTHENTICATED, "%s", err.message)
				   : response_error(response, &err);
	(void) snprintf(caller->tenant, sizeof(caller->tenant), "%s",
					json_string_value(json_object_get(holder, "tenant")));
	(void) snprintf(caller->key_id, sizeof(caller->key_id), "%s",
					json_string_value(json_object_get(holder, "key_id")));
	caller->scopes = (uint64_t) json_integer_value(json_object_get(holder, "scopes"));
	json_decref(holder);
	return true;
}

static bool
check_key(Control *control, const char *authorization, Caller *caller, Response *response)
{
	static const char bearer[] = "Bearer ";
	SluiceError err = {0};

	if (strncasecmp(authorization, bearer, strlen(bearer)) != 0)
		return response_fail(response, PROBLEM_UNAUTHENTICATED,
							 "Authorization must be \"Bearer\" and an API key");
	if (identity_check(control->identity, authorization + strlen(bearer), caller, &err))
		return true;
	return err.code == SLUICE_ERROR_DENIED
			   ? response_fail(response, PROBLEM_UNAUTHENTICATED, "%s", err.message)
			   : response_error(response, &err);
}

/* By a ticket, or, of event streams, by an API key. */
static bool
find_caller(Control *control, const Request *request, bool websocket, Caller *caller,
			Response *response)
{
	const char *ticket = request_query(request, "ticket");
	const char *authorization = request_header(request, "authorization");

	*caller = request->caller;
	if (ticket != NULL)
		return take_ticket(control, ticket, caller, response);
	if (!websocket && authorization != NULL)
		return check_key(control, authorization, caller, response);
	return response_fail(response, PROBLEM_UNAUTHENTICATED,
						 websocket ? "a WebSocket needs ?ticket= of POST /api/v1/events/tickets"
								   : "an API key or ?ticket= is needed");
}

/* ---- what is asked for ---- */

static bool
read_topics(const char *list, TopicSet *topics, SluiceError *err)
{
	char text[TOPIC_TEXT];

	while (*list != '\0')
	{
		size_t length = strcspn(list, ",");
		Topic topic;

		if (length >= sizeof(text))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a topic is too long");
		memcpy(text, list, length);
		text[length] = '\0';
		if (!topic_parse(text, &topic, err) || !topic_set_add(topics, &topic, err))
			return false;
		list += length + (list[length] == ',');
	}
	return true;
}

static void
read_since(const char *text, ClientMessage *message)
{
	char *end;
	unsigned long long since = strtoull(text, &end, 10);

	message->resumes = *text >= '0' && *text <= '9' && *end == '\0' && since <= LLONG_MAX;
	message->since = message->resumes ? since : 0;
}

/* The query's topics, rate_ms and since, and Last-Event-ID; without topics *any is false. */
static bool
read_first(const Request *request, ClientMessage *message, bool *any, Response *response)
{
	const char *topics = request_query(request, "topics");
	const char *rate = request_query(request, "rate_ms");
	const char *since = request_query(request, "since");
	SluiceError err = {0};

	*message = (ClientMessage){.subscribe = true, .rate_ms = rate != NULL ? atoi(rate) : 0};
	if (since == NULL)
		since = request_header(request, "last-event-id");
	if (since != NULL)
		read_since(since, message);
	*any = topics != NULL;
	if (topics == NULL || read_topics(topics, &message->topics, &err))
		return true;
	return response_fail(response, PROBLEM_BAD_REQUEST, "topics: %s", err.message);
}

/* What feed_take() and the limits of clients say. */
static bool
refuse(Response *response, const SluiceError *err)
{
	static const struct
	{
		SluiceErrorCode code;
		ProblemType type;
	} problems[] = {
		{SLUICE_ERROR_DENIED, PROBLEM_FORBIDDEN},
		{SLUICE_ERROR_NOT_FOUND, PROBLEM_NOT_FOUND},
		{SLUICE_ERROR_LIMIT, PROBLEM_RATE_LIMITED},
	};

	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
	{
		if (problems[i].code == err->code)
			return response_fail(response, problems[i].type, "%s", err->message);
	}
	return response_error(response, err);
}

/* ---- WebSocket ---- */

/* Of ulfius' private header: what frees a WebSocket, and two that are replaced here. */
extern int ulfius_clear_websocket(struct _websocket *websocket);
extern int ulfius_instance_add_websocket_active(struct _u_instance *instance,
												struct _websocket *websocket)
	__attribute__((visibility("default")));
extern void ulfius_start_websocket_cb(void *context, struct MHD_Connection *connection, void *state,
									  const char *extra, size_t extra_length, MHD_socket fd,
									  struct MHD_UpgradeResponseHandle *handle)
	__attribute__((visibility("default")));

/*
 * The WebSocket whose handshake this connection's thread is at: libmicrohttpd tells nobody of an upgrade that was not
 * to be, for the client is gone.
 */
static _Thread_local struct _websocket *unanswered;

void
live_upgrade_forget(void)
{
	if (unanswered != NULL)
		(void) ulfius_clear_websocket(unanswered);
	unanswered = NULL;
}

/* Before the handshake is answered; the list stays empty. */
int
ulfius_instance_add_websocket_active(struct _u_instance *instance, struct _websocket *websocket)
{
	(void) instance;
	unanswered = websocket;
	return U_OK;
}

/*
 * An upgraded connection of libmicrohttpd.  MHD_upgrade_action() first marks it as closed and then writes to it once more,
 * while another thread may free what is marked (0.9.75): only the join of the connection's own thread stands before
 * that.  So that thread stays until the action is done.
 */
typedef struct Upgraded
{
	struct MHD_UpgradeResponseHandle *handle;
	sem_t closed;
} Upgraded;

static pthread_key_t upgraded_key;
static pthread_once_t upgraded_once = PTHREAD_ONCE_INIT;

/* At the end of the connection's thread. */
static void
await_close(void *value)
{
	Upgraded *upgraded = value;

	while (sem_wait(&upgraded->closed) != 0 && errno == EINTR)
		;
	(void) sem_destroy(&upgraded->closed);
	free(upgraded);
}

static void
make_key(void)
{
	if (pthread_key_create(&upgraded_key, await_close) != 0)
		abort();
}

/* In the connection's own thread; NULL without memory. */
static Upgraded *
upgraded_new(struct MHD_UpgradeResponseHandle *handle)
{
	Upgraded *upgraded = calloc(1, sizeof(*upgraded));

	(void) pthread_once(&upgraded_once, make_key);
	if (upgraded == NULL)
		return NULL;
	upgraded->handle = handle;
	(void) sem_init(&upgraded->closed, 0, 0);
	if (pthread_setspecific(upgraded_key, upgraded) == 0)
		return upgraded;
	(void) sem_destroy(&upgraded->closed);
	free(upgraded);
	return NULL;
}

static void
close_connection(void *connection)
{
	Upgraded *upgraded = connection;

	(void) MHD_upgrade_action(upgraded->handle, MHD_UPGRADE_ACTION_CLOSE);
	(void) sem_post(&upgraded->closed);
}

/* MHD_UpgradeHandler: the handshake is answered.  Who sent more before is cut off: that was no WebSocket's client. */
void
ulfius_start_websocket_cb(void *context, struct MHD_Connection *connection, void *state,
						  const char *extra, size_t extra_length, MHD_socket fd,
						  struct MHD_UpgradeResponseHandle *handle)
{
	const struct _websocket *websocket = context;
	Sockets *sockets = websocket->websocket_manager_user_data;
	uint64_t number = (uintptr_t) websocket->websocket_incoming_user_data;
	Upgraded *upgraded = upgraded_new(handle);

	(void) connection;
	(void) state;
	(void) extra;
	if (upgraded == NULL)
		(void) MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
	else if (extra_length > 0 || !sockets_take(sockets, number, fd, close_connection, upgraded))
		close_connection(upgraded);
	live_upgrade_forget();
}

/* Tells ulfius that it is a WebSocket; never called. */
static void
serve(const struct _u_request *request, struct _websocket_manager *manager, void *context)
{
	(void) request;
	(void) manager;
	(void) context;
}

static bool
has_word(const char *list, const char *word)
{
	while (list != NULL && *list != '\0')
	{
		size_t length;

		list += strspn(list, " \t,");
		length = strcspn(list, " \t,");
		if (length == strlen(word) && strncasecmp(list, word, length) == 0)
			return true;
		list += length;
	}
	return false;
}

/* What would make ulfius refuse the handshake, so that nothing is begun for it. */
static bool
check_handshake(const Request *request, Response *response)
{
	const char *key = request_header(request, "sec-websocket-key");
	const char *version = request_header(request, "sec-websocket-version");

	return (has_word(request_header(request, "connection"), "upgrade") && key != NULL &&
			strlen(key) == 24 && version != NULL && strcmp(version, "13") == 0) ||
		   response_fail(response, PROBLEM_BAD_REQUEST,
						 "the WebSocket handshake needs Connection: Upgrade, Sec-WebSocket-Key and "
						 "Sec-WebSocket-Version: 13");
}

static bool
open_websocket(Live *live, const Caller *caller, const ClientMessage *first, struct _u_response *to,
			   Response *response)
{
	SluiceError err = {0};
	uint64_t number = sockets_expect(live->sockets, caller, first, &err);

	if (number == 0)
		return refuse(response, &err);
	if (ulfius_set_websocket_response(to, NULL, NULL, serve, live->sockets, NULL,
									  (void *) (uintptr_t) number, NULL, NULL) == U_OK)
		return true;
	return response_fail(response, PROBLEM_INTERNAL, "the WebSocket cannot be opened");
}

/* ---- server-sent events ---- */

static ssize_t
read_stream(void *context, uint64_t offset, char *to, size_t size)
{
	long length = event_stream_read(context, to, size);

	(void) offset;
	return length < 0 ? (ssize_t) U_STREAM_END : (ssize_t) length;
}

static void
close_stream(void *context)
{
	event_stream_close(context);
}

static bool
open_stream(Live *live, const Caller *caller, const ClientMessage *first, struct _u_response *to,
			Response *response)
{
	SluiceError err = {0};
	EventStream *stream = event_stream_open(live->sockets, caller, first, &err);

	if (stream == NULL)
		return refuse(response, &err);
	if (ulfius_set_stream_response(to, 200, read_stream, close_stream, U_STREAM_SIZE_UNKNOWN,
								   STREAM_BLOCK, stream) != U_OK)
	{
		event_stream_close(stream);
		return response_fail(response, PROBLEM_INTERNAL, "the event stream cannot be opened");
	}
	response_header(response, "Content-Type", "text/event-stream");
	response_header(response, "Cache-Control", "no-store");
	response_header(response, "X-Accel-Buffering", "no");
	return true;
}

/* ---- both ---- */

bool
live_upgrade(Control *control, const Request *request, const struct _u_request *from,
			 struct _u_response *to, Response *response)
{
	const char *accept = request_header(request, "accept");
	bool websocket = has_word(request_header(request, "upgrade"), "websocket");
	ClientMessage first;
	Caller caller;
	bool any;

	(void) from;
	if (!websocket && (accept == NULL || strstr(accept, "text/event-stream") == NULL))
		return response_fail(response, PROBLEM_NOT_ACCEPTABLE,
							 "ask for a WebSocket, or for Accept: text/event-stream");
	if ((websocket && !check_handshake(request, response)) ||
		!check_origin(control, request, response) || !read_first(request, &first, &any, response))
		return false;
	if (!websocket && !any)
		return response_fail(response, PROBLEM_BAD_REQUEST, "topics is missing");
	if (!find_caller(control, request, websocket, &caller, response))
		return false;
	return websocket ? open_websocket(control->live, &caller, any ? &first : NULL, to, response)
					 : open_stream(control->live, &caller, &first, to, response);
}
