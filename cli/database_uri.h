/*
 * database_uri.h - a database's URI taken apart into the fields that a connection has.
 *
 *     postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=ca.pem
 *     mysql://user@host/database?ssl-mode=verify-identity&ssl-ca=ca.pem        mariadb:// likewise
 *
 * %XX stand for special characters.  Pure: nothing is read but the text, and no message quotes any of it but names of
 * parameters: a password whose special characters are not escaped could have landed anywhere.
 */
#ifndef SLUICE_CLI_DATABASE_URI_H
#define SLUICE_CLI_DATABASE_URI_H

#include "common/core/error.h"

typedef struct DatabaseUri
{
	const char *type;						 /* "postgresql", "mysql", "mariadb" */
	char *user, *password, *host, *database; /* NULL where none is given */
	char *ca_file, *certificate_file, *key_file;
	const char *tls_mode;	  /* "disable", "prefer", ...; NULL where none is given */
	unsigned port;			  /* 0: the usual one */
	unsigned connect_timeout; /* seconds; 0: the usual one */
} DatabaseUri;

/* The modes of TLS that a connection may have; ends with NULL. */
extern const char *const tls_mode_names[];
extern const char *const database_type_names[];

/* Whether a text begins like one. */
extern bool database_uri_is(const char *text);

/* ARGUMENT.  Free in any case. */
extern bool database_uri_parse(DatabaseUri *uri, const char *text,
							   SluiceError *err) SLUICE_MUST_CHECK;
extern void database_uri_free(DatabaseUri *uri);

#endif
