/*
 * settings.h - the options of sluice-control, read once.
 */
#ifndef SLUICE_CONTROL_SETTINGS_H
#define SLUICE_CONTROL_SETTINGS_H

#include "common/daemon/options.h"
#include "common/nats/connection.h"

extern const Program control_program;

/* Some texts; they are the options'. */
typedef struct TextList
{
	char *const *items;
	size_t count;
} TextList;

/* Texts are the options' and live as long as they. */
typedef struct ControlSettings
{
	const char *listen;			 /* HOST:PORT */
	const char *tls_certificate; /* files, PEM; both or none */
	const char *tls_key;
	bool insecure_listen;			 /* beyond loopback without TLS */
	const char *master_key_file;	 /* made when it is not there */
	const char *new_master_key_file; /* of rotate-master-key */
	TextList cors_origins;			 /* may read answers in a browser; exact */
	TextList allowed_origins;		 /* may open a WebSocket, besides the server's own */
	TextList allow_addresses;		 /* CIDR: databases and webhooks may be there even so */
	TextList deny_addresses;		 /* CIDR: and not there */
	bool webhook_http;				 /* webhooks may be http:// */
	unsigned rate_limit;			 /* requests a second of one API key; 0: any number */
	unsigned address_rate_limit;	 /* requests a second of one address, before its key is known */
	size_t body_maximum;			 /* bytes */
	int64_t request_ms;				 /* from a request's first byte to its last */
	unsigned connections_maximum;	 /* at once */
	const char *web_root;			 /* folder of the dashboard; NULL: none */
	int replicas;					 /* of buckets and streams when they are made */
	NatsSettings nats;
} ControlSettings;

extern bool control_settings_read(ControlSettings *settings, const Options *options,
								  SluiceError *err) SLUICE_MUST_CHECK;

#endif
