/*
 * nats_options.h - the options by which a program finds its NATS server and logs in: rows for a table
 * of options, the same in every program, and reading them.
 */
#ifndef SLUICE_DAEMON_NATS_OPTIONS_H
#define SLUICE_DAEMON_NATS_OPTIONS_H

#include "common/nats/connection.h"
#include "options.h"

/* The rows, in a program's own group of options. */
#define NATS_OPTIONS(with_group)                                                                   \
	{.name = "nats",                                                                               \
	 .type = OPTION_URL,                                                                           \
	 .default_value = "nats://127.0.0.1:4222",                                                     \
	 .environment = "NATS_URL",                                                                    \
	 .group = (with_group),                                                                        \
	 .help = "NATS servers, several with commas."},                                                \
		{.name = "nats-creds",                                                                     \
		 .type = OPTION_STRING,                                                                    \
		 .environment = "NATS_CREDS",                                                              \
		 .placeholder = "FILE",                                                                    \
		 .group = (with_group),                                                                    \
		 .help = "File with a user's JWT and seed."},                                              \
		{.name = "nats-nkey",                                                                      \
		 .type = OPTION_STRING,                                                                    \
		 .environment = "NATS_NKEY",                                                               \
		 .placeholder = "FILE",                                                                    \
		 .group = (with_group),                                                                    \
		 .help = "File with a user's nkey seed."},                                                 \
		{.name = "nats-user",                                                                      \
		 .type = OPTION_STRING,                                                                    \
		 .environment = "NATS_USER",                                                               \
		 .placeholder = "NAME",                                                                    \
		 .group = (with_group),                                                                    \
		 .help = "User name."},                                                                    \
		{.name = "nats-password",                                                                  \
		 .type = OPTION_SECRET,                                                                    \
		 .environment = "NATS_PASSWORD",                                                           \
		 .group = (with_group),                                                                    \
		 .help = "The user's password."},                                                          \
		{.name = "nats-token",                                                                     \
		 .type = OPTION_SECRET,                                                                    \
		 .environment = "NATS_TOKEN",                                                              \
		 .group = (with_group),                                                                    \
		 .help = "Token, where the server asks for one."},                                         \
		{.name = "nats-tls",                                                                       \
		 .type = OPTION_BOOL,                                                                      \
		 .default_value = "off",                                                                   \
		 .group = (with_group),                                                                    \
		 .help = "Insists on TLS; also implied by tls:// and the files below."},                   \
		{.name = "nats-tls-ca",                                                                    \
		 .type = OPTION_STRING,                                                                    \
		 .environment = "NATS_CA",                                                                 \
		 .placeholder = "FILE",                                                                    \
		 .group = (with_group),                                                                    \
		 .help = "Certificate authorities the server's certificate is held against."},             \
		{.name = "nats-tls-cert",                                                                  \
		 .type = OPTION_STRING,                                                                    \
		 .environment = "NATS_CERT",                                                               \
		 .placeholder = "FILE",                                                                    \
		 .group = (with_group),                                                                    \
		 .help = "Our certificate."},                                                              \
	{                                                                                              \
		.name = "nats-tls-key", .type = OPTION_STRING, .environment = "NATS_KEY",                  \
		.placeholder = "FILE", .group = (with_group), .help = "Its key."                           \
	}

/*
 * What they say; `name` is shown by the server for the connection.  The texts are those of the options: valid until the
 * next options_reload() or options_free().  ARGUMENT, with "--nats" before it, when they cannot be right.
 */
extern bool nats_options_read(NatsSettings *nats, const Options *from, const char *name,
							  SluiceError *err) SLUICE_MUST_CHECK;

#endif
