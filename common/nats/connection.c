/*
 * connection.c - opening and closing one connection, and what its threads report.
 *
 * Invariants:
 * 1. libnats' callbacks touch nothing but the NatsWatch, which has a reference for the session and
 *    one for the closed callback, the last that libnats makes.
 * 2. A server is tried by itself, so that each has its own TLS host name and its own error.
 * 3. No call waits without bound, whatever the server does (connect_guard.h).
 */
#include "connection.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect_guard.h"
#include "jetstream.h"
#include "jetstream_errors.h"
#include "nats_internal.h"
#include "server_info.h"

#define SIGNED_TRIES 3
#define HEADER_ROOM	 512 /* of a message's payload limit, for our NATS headers */

struct NatsWatch
{
	atomic_int references;
	atomic_bool lost;
	pthread_mutex_t lock;
	char violation[256]; /* the server's last word about a permission, until somebody took it */
};

static NatsWatch *
watch_new(void)
{
	NatsWatch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	atomic_init(&watch->references, 2);
	atomic_init(&watch->lost, false);
	(void) pthread_mutex_init(&watch->lock, NULL);
	return watch;
}

static void
watch_drop(NatsWatch *watch)
{
	if (watch == NULL || atomic_fetch_sub(&watch->references, 1) > 1)
		return;
	(void) pthread_mutex_destroy(&watch->lock);
	free(watch);
}

/* ---- callbacks, in libnats' threads ---- */

static void
on_disconnected(natsConnection *connection, void *closure)
{
	(void) connection;
	atomic_store(&((NatsWatch *) closure)->lost, true);
}

static void
on_closed(natsConnection *connection, void *closure)
{
	on_disconnected(connection, closure);
	watch_drop(closure);
}

static void
on_error(natsConnection *connection, natsSubscription *subscription, natsStatus status,
		 void *closure)
{
	NatsWatch *watch = closure;
	const char *text = nats_GetLastError(NULL);

	(void) connection;
	(void) subscription;
	if (status != NATS_NOT_PERMITTED || text == NULL)
		return;
	(void) pthread_mutex_lock(&watch->lock);
	(void) snprintf(watch->violation, sizeof(watch->violation), "%s", text);
	(void) pthread_mutex_unlock(&watch->lock);
}

/* ---- opening ---- */

static natsStatus
set_callbacks(natsOptions *options, NatsWatch *watch)
{
	natsStatus status = natsOptions_SetClosedCB(options, on_closed, watch);

	if (status == NATS_OK)
		status = natsOptions_SetDisconnectedCB(options, on_disconnected, watch);
	if (status == NATS_OK)
		status = natsOptions_SetErrorHandler(options, on_error, watch);
	return status;
}

/*
 * Names the server; secrets are taken out at the end.  A handshake that broke off may go well the
 * next time, unlike one whose certificate was refused, which libnats shows in its text.
 */
static bool
connect_failed(natsStatus status, const char *url, SluiceError *err)
{
	(void) nats_fail(err, status, 0, "cannot connect to %s", url);
	if (status == NATS_SSL_ERROR && strstr(err->message, "cert=") == NULL)
		err->code = SLUICE_ERROR_IO;
	return false;
}

/*
 * libnats 3.4 sends no signature when its first byte happens to be zero, which the server answers
 * like a wrong one.  The next connection signs another nonce.
 */
static natsStatus
connect_signed(natsConnection **connection, natsOptions *options, const NatsSettings *settings)
{
	bool with_key = (settings->nkey_file != NULL && settings->nkey_file[0] != '\0') ||
					(settings->creds_file != NULL && settings->creds_file[0] != '\0');
	int tries = with_key ? SIGNED_TRIES : 1;
	natsStatus status;

	do
		status = natsConnection_Connect(connection, options);
	while (status == NATS_CONNECTION_AUTH_FAILED && --tries > 0);
	return status;
}

/* The same within a few timeouts, which libnats alone does not promise. */
static bool
connect_guarded(NatsSession *session, natsOptions *options, const NatsSettings *settings,
				const char *url, SluiceError *err)
{
	char port[PORT_TEXT];
	ConnectGuard *guard;
	natsStatus status;

	server_port(url, port, sizeof(port));
	guard = connect_guard_start(port, settings_connect_timeout(settings), err);
	if (guard == NULL)
		return false;
	status = connect_signed(&session->connection, options, settings);
	if (connect_guard_end(guard) && status != NATS_OK)
		return sluice_fail(err, SLUICE_ERROR_TIMEOUT,
						   "cannot connect to %s: the server greets and then does not answer", url);
	return status == NATS_OK || connect_failed(status, url, err);
}

static bool
connect_one(NatsSession *session, const NatsSettings *settings, const char *url, SluiceError *err)
{
	natsOptions *options;
	natsStatus status;
	bool connected;

	if (!settings_options(settings, url, &options, err))
		return false;
	session->watch = watch_new();
	if (session->watch == NULL)
	{
		natsOptions_Destroy(options);
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a NATS connection");
	}
	status = set_callbacks(options, session->watch);
	connected = status == NATS_OK ? connect_guarded(session, options, settings, url, err)
								  : connect_failed(status, url, err);
	natsOptions_Destroy(options);
	if (connected)
		return true;
	watch_drop(session->watch); /* no closed callback comes after a failed connect */
	watch_drop(session->watch);
	session->watch = NULL;
	return false;
}

static bool
finish(NatsSession *session, SluiceError *err)
{
	jsOptions options;
	natsStatus status = jsOptions_Init(&options);

	options.Wait = JETSTREAM_TIMEOUT_MS;
	if (status == NATS_OK)
		status = natsConnection_JetStream(&session->jetstream, session->connection, &options);
	session->max_payload = natsConnection_GetMaxPayload(session->connection);
	if (status == NATS_OK)
		return true;
	(void) nats_fail(err, status, 0, "JetStream context");
	nats_session_close(session);
	return false;
}

/* With several servers the first error that says more than "not reachable" is the one to tell. */
static bool
connect_any(NatsSession *session, const NatsSettings *settings, const ServerList *list,
			SluiceError *err)
{
	SluiceError first = {.code = SLUICE_OK};

	for (int i = 0; i < list->count; i++)
	{
		SluiceError tried;

		if (connect_one(session, settings, list->urls[i], &tried))
			return finish(session, err);
		if (first.code == SLUICE_OK ||
			(sluice_error_transient(first.code) && !sluice_error_transient(tried.code)))
			first = tried;
	}
	settings_redact(settings, &first);
	if (list->count > 1)
		(void) sluice_prefix(&first, "none of %d NATS servers can be used", list->count);
	if (err != NULL)
		*err = first;
	return false;
}

bool
nats_session_open(NatsSession *session, const NatsSettings *settings, SluiceError *err)
{
	ServerList *list = malloc(sizeof(*list));
	bool opened;

	memset(session, 0, sizeof(*session));
	if (list == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a NATS connection");
	opened = server_list_parse(settings->urls, list, err) && settings_check(settings, err) &&
			 connect_any(session, settings, list, err);
	explicit_bzero(list, sizeof(*list));
	free(list);
	return opened;
}

/* ---- using and closing ---- */

void
nats_session_close(NatsSession *session)
{
	jsCtx_Destroy(session->jetstream);
	/* Closing waits for the reader's thread; only then subscriptions may go. */
	natsConnection_Close(session->connection);
	for (int i = 0; i < session->retired_count; i++)
		natsSubscription_Destroy(session->retired[i]);
	natsConnection_Destroy(session->connection);
	watch_drop(session->watch);
	memset(session, 0, sizeof(*session));
}

void
nats_session_retire(NatsSession *session, natsSubscription *subscription)
{
	if (subscription == NULL)
		return;
	if (session->retired_count < SESSION_RETIRED)
		session->retired[session->retired_count++] = subscription;
	else
		natsSubscription_Destroy(subscription);
}

bool
nats_session_room(const NatsSession *session, size_t *room, SluiceError *err)
{
	if (session->max_payload >= PAYLOAD_MINIMUM)
	{
		*room = (size_t) session->max_payload - HEADER_ROOM;
		return true;
	}
	(void) sluice_fail(err, SLUICE_ERROR_LIMIT,
					   "the NATS server takes messages of %" PRId64
					   " bytes, at least %d are needed",
					   session->max_payload, PAYLOAD_MINIMUM);
	return sluice_hint(err, "Raise max_payload of the server; 1 MB is its default");
}

bool
nats_session_alive(const NatsSession *session)
{
	return session->connection != NULL && !atomic_load(&session->watch->lost) &&
		   !natsConnection_IsClosed(session->connection);
}

int
nats_session_server_version(const NatsSession *session)
{
	char url[NATS_URL_MAXIMUM];

	if (session->connection == NULL ||
		natsConnection_GetConnectedUrl(session->connection, url, sizeof(url)) != NATS_OK)
		return 0;
	return server_version(url);
}

/* The permission the server refused since the last call; false when there was none. */
static bool
take_violation(NatsSession *session, char *text, size_t size)
{
	NatsWatch *watch = session->watch;

	text[0] = '\0';
	if (watch == NULL)
		return false;
	(void) pthread_mutex_lock(&watch->lock);
	(void) snprintf(text, size, "%s", watch->violation);
	watch->violation[0] = '\0';
	(void) pthread_mutex_unlock(&watch->lock);
	return text[0] != '\0';
}

static bool
fail_denied(SluiceError *err, const char *violation)
{
	err->code = SLUICE_ERROR_DENIED;
	(void) sluice_prefix(err, "%s", violation);
	return sluice_hint(err, "%s", nats_status_meaning(NATS_NOT_PERMITTED)->hint);
}

bool
nats_session_permitted(NatsSession *session, SluiceError *err)
{
	char violation[256];

	if (!take_violation(session, violation, sizeof(violation)))
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_DENIED, "the NATS server refuses it");
	return fail_denied(err, violation);
}

bool
nats_session_fail(NatsSession *session, SluiceError *err, natsStatus status, int jetstream_code,
				  const char *format, ...)
{
	char violation[256];
	va_list args;

	va_start(args, format);
	(void) nats_fail_status(err, status, jetstream_code, format, args);
	va_end(args);
	if (status != NATS_TIMEOUT || err == NULL)
		return false;
	if (take_violation(session, violation, sizeof(violation)))
		return fail_denied(err, violation);
	return sluice_hint(err, HINT_SILENT);
}
