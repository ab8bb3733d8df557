/*
 * nats_internal.h - what the files of this folder share and nobody else includes.
 */
#ifndef SLUICE_NATS_INTERNAL_H
#define SLUICE_NATS_INTERNAL_H

#include "connection.h"
#include "server_info.h"

/* nats_fail() with the arguments in a list. */
extern bool nats_fail_status(SluiceError *err, natsStatus status, int jetstream_code,
							 const char *format, va_list args) SLUICE_PRINTF(4, 0);

/* For a server that is connected and leaves a request or a message without an answer. */
#define HINT_SILENT                                                                                \
	"Look at the NATS server's log and at the disk of its JetStream store: a full or broken one "  \
	"is "                                                                                          \
	"not told to clients"

#define NATS_SERVERS_MAXIMUM SERVER_INFO_MAXIMUM
#define NATS_URL_MAXIMUM	 SERVER_INFO_URL

typedef struct ServerList
{
	char urls[NATS_SERVERS_MAXIMUM][NATS_URL_MAXIMUM];
	int count;
} ServerList;

/* Splits and checks settings->urls; ARGUMENT. */
extern bool server_list_parse(const char *urls, ServerList *list,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* The host in a URL, without brackets, credentials and port. */
extern void server_host(const char *url, char *host, size_t size);

/* The port in a URL, "4222" when it has none. */
#define PORT_TEXT 16
extern void server_port(const char *url, char *port, size_t size);

/* How long each step of connecting may take, in milliseconds. */
extern int settings_connect_timeout(const NatsSettings *settings);

/* Files that are there and settings that go together; ARGUMENT, with the file's name. */
extern bool settings_check(const NatsSettings *settings, SluiceError *err) SLUICE_MUST_CHECK;

/* Options to connect to one server of the list; the caller adds the callbacks and destroys them. */
extern bool settings_options(const NatsSettings *settings, const char *url, natsOptions **options,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* Takes the settings' secrets and any URL's credentials out of an error's texts. */
extern void settings_redact(const NatsSettings *settings, SluiceError *err);

/* A user's public nkey ("U...", NKEY_TEXT bytes with its end) from a file that holds the seed. */
#define NKEY_TEXT 57
extern bool nkey_public(const char *seed_file, char text[NKEY_TEXT],
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
