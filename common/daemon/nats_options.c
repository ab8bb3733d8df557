/*
 * nats_options.c - what a program's options say of NATS (nats_options.h).
 */
#include "nats_options.h"

bool
nats_options_read(NatsSettings *nats, const Options *from, const char *name, SluiceError *err)
{
	*nats = (NatsSettings){
		.urls = options_string(from, "nats"),
		.creds_file = options_string(from, "nats-creds"),
		.nkey_file = options_string(from, "nats-nkey"),
		.user = options_string(from, "nats-user"),
		.password = options_string(from, "nats-password"),
		.token = options_string(from, "nats-token"),
		.tls_ca_file = options_string(from, "nats-tls-ca"),
		.tls_cert_file = options_string(from, "nats-tls-cert"),
		.tls_key_file = options_string(from, "nats-tls-key"),
		.tls_required = options_bool(from, "nats-tls"),
		.name = name,
	};
	return nats_settings_check(nats, err) || sluice_prefix(err, "--nats");
}
