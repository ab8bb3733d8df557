/*
 * connection.h - one life of a NATS connection.
 *
 * A connection here never reconnects by itself: whoever owns it must find out again where the
 * stream stands, so on any trouble it closes the connection and opens another, with retry's backoff
 * between.  Every thread libnats starts is started from the calling thread, so a caller that blocks
 * signals (a PostgreSQL worker must) passes that on.  Publishing sends at once instead of waking a
 * flusher.  A write that the server does not take within a second fails and may have gone out in
 * part, so after any publish that failed with something else than NATS_MAX_PAYLOAD the connection is
 * of no use and must be closed.
 */
#ifndef SLUICE_NATS_CONNECTION_H
#define SLUICE_NATS_CONNECTION_H

#include <nats/nats.h>
#include <stdint.h>

#include "common/core/error.h"

/* What is needed to connect; NULL or "" where a thing is not used.  Strings belong to the caller. */
typedef struct NatsSettings
{
	const char *urls; /* nats://host:port or tls://host:port, several with commas, tried in order */
	const char *user;
	const char *password;
	const char *token;
	const char *creds_file; /* a user's JWT and seed */
	const char *nkey_file;	/* a user's nkey seed */
	const char *tls_ca_file;
	const char *tls_cert_file;
	const char *tls_key_file;
	bool tls_required;		/* also implied by a tls:// URL and by any tls_ file */
	bool tls_skip_verify;	/* accept any certificate: for tests only */
	const char *name;		/* shown by the server for this connection */
	int connect_timeout_ms; /* 0: 2000 */
} NatsSettings;

/* What libnats' threads write to; it outlives the session until their last callback is done. */
typedef struct NatsWatch NatsWatch;

#define SESSION_RETIRED 8

typedef struct NatsSession
{
	natsConnection *connection; /* NULL when closed */
	jsCtx *jetstream;
	int64_t max_payload; /* bytes of one message, headers included */
	NatsWatch *watch;
	natsSubscription *retired[SESSION_RETIRED]; /* destroyed with the connection */
	int retired_count;
} NatsSession;

/* Whether settings can be right at all: URLs, files, what goes together; ARGUMENT.  Asks no server. */
extern bool nats_settings_check(const NatsSettings *settings, SluiceError *err) SLUICE_MUST_CHECK;

/* Opens, or fails with IO (not reachable), DENIED (credentials), ARGUMENT (settings).  The message
 * names the URLs without any password in them. */
extern bool nats_session_open(NatsSession *session, const NatsSettings *settings,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Closes what is open and waits for its threads; harmless on a zeroed or closed session. */
extern void nats_session_close(NatsSession *session);

/*
 * Takes a subscription that is not wanted any more.  libnats 3.4.1's reader uses a subscription that
 * is destroyed while messages for it arrive, so it stays until the connection is closed.
 */
extern void nats_session_retire(NatsSession *session, natsSubscription *subscription);

/*
 * The bytes of payload that a message with our headers may have, from the server's max_payload; LIMIT
 * when that is below PAYLOAD_MINIMUM, which leaves no room to work with.
 */
#define PAYLOAD_MINIMUM 4096
extern bool nats_session_room(const NatsSession *session, size_t *room,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* False once the connection is gone; then close it and open another. */
extern bool nats_session_alive(const NatsSession *session);

/* The server's version as 2009010 for 2.9.10, 0 when it cannot be told.  libnats keeps it to itself,
 * so this reads it from a short connection of its own: for the start, not for the way of the data. */
extern int nats_session_server_version(const NatsSession *session);

/*
 * Fills err from a libnats status and a JetStream error code (0 when there is none): "CONTEXT:
 * TEXT (JetStream error CODE: what that means)", the right SluiceErrorCode, and a hint for the codes
 * people meet.  Always false.
 */
extern bool nats_fail(SluiceError *err, natsStatus status, int jetstream_code, const char *format,
					  ...) SLUICE_PRINTF(4, 5);

/* The same for a request on a session: one that the server met with a permissions violation, which
 * libnats shows as a mere timeout, is DENIED and told in the server's words. */
extern bool nats_session_fail(NatsSession *session, SluiceError *err, natsStatus status,
							  int jetstream_code, const char *format, ...) SLUICE_PRINTF(5, 6);

/* DENIED in the server's words when it has refused a subject since the last call (or failed request):
 * it does so without an answer to what was refused.  False then, true when there was nothing. */
extern bool nats_session_permitted(NatsSession *session, SluiceError *err) SLUICE_MUST_CHECK;

/* The same for an error that came as text, as in a PubAck. */
extern bool nats_fail_text(SluiceError *err, int jetstream_code, const char *text,
						   const char *format, ...) SLUICE_PRINTF(4, 5);

#endif
