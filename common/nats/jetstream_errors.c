/*
 * jetstream_errors.c - the tables of error codes, and filling a SluiceError from them.
 */
#include "jetstream_errors.h"

#include <stdio.h>
#include <string.h>

#include "nats_internal.h"
#include "redact.h"

#define HINT_NOT_ENABLED                                                                           \
	"Start the server with JetStream (nats-server -js, or a jetstream block in its "               \
	"configuration) "                                                                              \
	"and enable it for the account"
#define HINT_FENCED                                                                                \
	"Only one publisher may write to a stream: look for a second one, or for somebody who "        \
	"publishes to sluice.> by hand"
#define HINT_RESERVED                                                                              \
	"A stream reserves its max_bytes when it is made, and that of a copy once more: lower "        \
	"max_bytes (--max-bytes of a MySQL reader), or raise the server's or account's JetStream "     \
	"limits"
#define HINT_RESOURCES                                                                             \
	"Raise the server's or account's JetStream limits, free disk space, or let a writer catch up"

static const ErrorMeaning jetstream_codes[] = {
	{10002, SLUICE_ERROR_FULL, "the account's JetStream limits are used up", HINT_RESOURCES},
	{10003, SLUICE_ERROR_ARGUMENT, "the server did not understand the request", NULL},
	{10005, SLUICE_ERROR_STATE, "no servers to place the stream's replicas on",
	 "Ask for fewer replicas, or add servers to the cluster"},
	{10008, SLUICE_ERROR_IO, "JetStream is unavailable for the moment", NULL},
	{10009, SLUICE_ERROR_IO, "this server cannot handle the request for the cluster", NULL},
	{10013, SLUICE_ERROR_CONFLICT, "a consumer of that name exists", NULL},
	{10014, SLUICE_ERROR_NOT_FOUND, "the consumer is not there (any more)", NULL},
	{10023, SLUICE_ERROR_FULL, "the server is at its JetStream limits", HINT_RESOURCES},
	{10025, SLUICE_ERROR_VERSION, "the server did not understand the request",
	 "Check the server's version against the documentation"},
	{10026, SLUICE_ERROR_FULL, "the account has as many consumers as it may",
	 "Raise the account's max_consumers"},
	{10027, SLUICE_ERROR_FULL, "the account has as many streams as it may",
	 "Raise the account's max_streams"},
	{10028, SLUICE_ERROR_FULL, "JetStream's memory is used up", HINT_RESOURCES},
	{10035, SLUICE_ERROR_DENIED, "the account is not known to the server", NULL},
	{10037, SLUICE_ERROR_NOT_FOUND, "there is no such message", NULL},
	{10039, SLUICE_ERROR_STATE, "JetStream is not enabled for this account", HINT_NOT_ENABLED},
	{10047, SLUICE_ERROR_FULL, "JetStream's storage is used up or reserved", HINT_RESERVED},
	{10052, SLUICE_ERROR_ARGUMENT, "the server does not accept the stream's configuration", NULL},
	{10053, SLUICE_ERROR_FULL, "a limit for streams is reached", HINT_RESOURCES},
	{10054, SLUICE_ERROR_LIMIT, "the message is larger than the stream takes",
	 "Remove or raise max_msg_size of the stream"},
	{10058, SLUICE_ERROR_STATE, "a stream of that name exists with another configuration", NULL},
	{10059, SLUICE_ERROR_NOT_FOUND, "the JetStream stream is not there (any more)", NULL},
	{10060, SLUICE_ERROR_STATE, "another stream answers for the subject",
	 "Look which stream holds the sluice subjects: nats stream find --subject"},
	{10065, SLUICE_ERROR_STATE, "another stream holds subjects of this one",
	 "Remove the sluice subjects from the other stream, or choose another stream name"},
	{10070, SLUICE_ERROR_CONFLICT, "somebody else wrote to the stream", HINT_FENCED},
	{10071, SLUICE_ERROR_CONFLICT, "somebody else wrote first", HINT_FENCED},
	{10074, SLUICE_ERROR_ARGUMENT, "replicas need a cluster", "Set replicas to 1"},
	{10076, SLUICE_ERROR_STATE, "JetStream is not enabled", HINT_NOT_ENABLED},
	{10077, SLUICE_ERROR_FULL, "the stream refuses to store more",
	 "Let a writer catch up, raise the stream's max_bytes, and look at the server's disk and log"},
	{10109, SLUICE_ERROR_STATE, "the stream is sealed",
	 "A sealed stream cannot be opened again: "
	 "delete it"},
	{10113, SLUICE_ERROR_ARGUMENT, "the account wants streams to have a size limit", NULL},
	{10118, SLUICE_ERROR_IO, "the stream is offline", "Look at the servers that hold its replicas"},
	{10122, SLUICE_ERROR_ARGUMENT, "the stream would be larger than the account allows",
	 "Lower the stream's max_bytes, or raise the account's limit"},
	{10158, SLUICE_ERROR_TIMEOUT, "the same message is still being stored", NULL},
	{10167, SLUICE_ERROR_FULL, "the server takes no more messages for the moment", NULL},
};

static const ErrorMeaning statuses[] = {
	{NATS_NO_SERVER, SLUICE_ERROR_IO, NULL, "Check the address, and that the server runs"},
	{NATS_SECURE_CONNECTION_WANTED, SLUICE_ERROR_ARGUMENT, NULL,
	 "The server does not offer TLS: use a nats:// URL without TLS files, or configure TLS there"},
	{NATS_SECURE_CONNECTION_REQUIRED, SLUICE_ERROR_ARGUMENT, NULL,
	 "The server insists on TLS: use a tls:// URL"},
	{NATS_CONNECTION_AUTH_FAILED, SLUICE_ERROR_DENIED, NULL,
	 "Check user and password, token, nkey or creds file against the server's configuration"},
	{NATS_NOT_PERMITTED, SLUICE_ERROR_DENIED, NULL, "Grant the NATS user this subject"},
	{NATS_NOT_FOUND, SLUICE_ERROR_NOT_FOUND, NULL, NULL},
	{NATS_ADDRESS_MISSING, SLUICE_ERROR_ARGUMENT, NULL, NULL},
	{NATS_INVALID_SUBJECT, SLUICE_ERROR_ARGUMENT, NULL, NULL},
	{NATS_INVALID_ARG, SLUICE_ERROR_ARGUMENT, NULL, NULL},
	{NATS_MAX_PAYLOAD, SLUICE_ERROR_LIMIT, NULL, "Raise max_payload of the server"},
	{NATS_NO_MEMORY, SLUICE_ERROR_MEMORY, NULL, NULL},
	{NATS_TIMEOUT, SLUICE_ERROR_TIMEOUT, NULL, NULL},
	{NATS_SSL_ERROR, SLUICE_ERROR_DENIED, NULL,
	 "Check that the CA file signed the server's certificate, that the certificate names the host "
	 "in the URL, and the client certificate if the server wants one"},
	{NATS_NO_SERVER_SUPPORT, SLUICE_ERROR_VERSION, NULL, "Use nats-server 2.9 or newer"},
	{NATS_NO_RESPONDERS, SLUICE_ERROR_IO, "nobody answers: status 503",
	 "JetStream is disabled, still starting or without a leader, or no stream holds the subject"},
};

static const ErrorMeaning status_other = {0, SLUICE_ERROR_IO, NULL, NULL};

static const ErrorMeaning *
find(const ErrorMeaning *table, size_t count, int number)
{
	for (size_t i = 0; i < count; i++)
	{
		if (table[i].number == number)
			return &table[i];
	}
	return NULL;
}

const ErrorMeaning *
jetstream_error_meaning(int jetstream_code)
{
	return find(jetstream_codes, sizeof(jetstream_codes) / sizeof(jetstream_codes[0]),
				jetstream_code);
}

const ErrorMeaning *
nats_status_meaning(natsStatus status)
{
	const ErrorMeaning *found =
		find(statuses, sizeof(statuses) / sizeof(statuses[0]), (int) status);

	return found != NULL ? found : &status_other;
}

/* "CONTEXT: TEXT (JetStream error CODE: MEANING)". */
static bool
fill(SluiceError *err, const ErrorMeaning *meaning, int jetstream_code, const char *context,
	 const char *text)
{
	char detail[160] = "";

	if (jetstream_code != 0)
		(void) snprintf(detail, sizeof(detail), " (JetStream error %d%s%s)", jetstream_code,
						meaning->meaning != NULL ? ": " : "",
						meaning->meaning != NULL ? meaning->meaning : "");
	else if (meaning->meaning != NULL)
		(void) snprintf(detail, sizeof(detail), " (%s)", meaning->meaning);
	(void) sluice_fail(err, meaning->code, "%s: %s%s", context, text, detail);
	if (meaning->hint != NULL)
		(void) sluice_hint(err, "%s", meaning->hint);
	return false;
}

/* libnats' own words for the status, when its last error in this thread is about it; they begin with
 * "(FILE:LINE): " of its source. */
static void
status_text(natsStatus status, char *text, size_t size)
{
	natsStatus last = NATS_OK;
	const char *words = nats_GetLastError(&last);
	const char *place;

	if (words == NULL || words[0] == '\0' || last != status)
		words = natsStatus_GetText(status);
	place = words[0] == '(' ? strstr(words, "): ") : NULL;
	if (place != NULL)
		words = place + 3;
	(void) snprintf(text, size, "%s", words);
	redact_userinfo(text);
}

bool
nats_fail_status(SluiceError *err, natsStatus status, int jetstream_code, const char *format,
				 va_list args)
{
	const ErrorMeaning *meaning = NULL;
	char context[256];
	char text[256];

	(void) vsnprintf(context, sizeof(context), format, args);
	status_text(status, text, sizeof(text));
	if (status == NATS_NO_RESPONDERS) /* libnats makes "not enabled" of it, but it may pass */
		jetstream_code = 0;
	if (jetstream_code != 0)
		meaning = jetstream_error_meaning(jetstream_code);
	if (meaning == NULL)
		meaning = nats_status_meaning(status);
	return fill(err, meaning, jetstream_code, context, text);
}

bool
nats_fail(SluiceError *err, natsStatus status, int jetstream_code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void) nats_fail_status(err, status, jetstream_code, format, args);
	va_end(args);
	return false;
}

bool
nats_fail_text(SluiceError *err, int jetstream_code, const char *text, const char *format, ...)
{
	const ErrorMeaning *meaning = jetstream_error_meaning(jetstream_code);
	char context[256];
	va_list args;

	va_start(args, format);
	(void) vsnprintf(context, sizeof(context), format, args);
	va_end(args);
	return fill(err, meaning != NULL ? meaning : &status_other, jetstream_code, context, text);
}
