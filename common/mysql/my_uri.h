/*
 * my_uri.h - connection URIs of MySQL and MariaDB servers:
 *
 *   mysql://user:password@host:port/database?ssl-mode=verify-identity&ssl-ca=/etc/ca.pem
 *
 * mariadb:// means the same.  Special characters are written as %XX.  Parameters: ssl-mode,
 * ssl-ca, ssl-cert, ssl-key, address, socket, connect-timeout.  What the URI leaves out comes from
 * MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_UNIX_PORT, MYSQL_PWD and USER.  With an address, a number, the host
 * is not resolved: it is the name that certificates are held against.
 */
#ifndef SLUICE_MYSQL_MY_URI_H
#define SLUICE_MYSQL_MY_URI_H

#include "common/core/error.h"

/* How much of TLS there must be; the words are those of the mysql client, in lower case. */
typedef enum MySslMode
{
	MY_SSL_DISABLED,
	MY_SSL_PREFERRED, /* where the server has it, whoever it is */
	MY_SSL_REQUIRED,
	MY_SSL_VERIFY_CA,
	MY_SSL_VERIFY_IDENTITY /* and the certificate is of that host */
} MySslMode;

extern const char *const my_ssl_mode_names[];

typedef struct MyUri
{
	char *user, *password; /* password is NULL where none is given */
	char *host;			   /* NULL: a socket */
	char *address;		   /* where it is; NULL: the host is resolved */
	char *socket;		   /* NULL: host and port */
	char *database;		   /* NULL where none is named; never empty */
	char *ssl_ca, *ssl_cert, *ssl_key;
	unsigned port;
	unsigned connect_timeout; /* seconds */
	MySslMode ssl_mode;
} MyUri;

/* Whether a URI is of this kind at all, by its scheme. */
extern bool my_uri_is(const char *uri);

/*
 * ARGUMENT, with no part of the text in the message, also when a database must be named and is not;
 * the environment fills what is left out.  Free in any case.
 */
extern bool my_uri_parse(const char *uri, bool database_needed, MyUri *parsed,
						 SluiceError *err) SLUICE_MUST_CHECK;
extern void my_uri_free(MyUri *uri);

/* Whether my_uri_parse() would read it. */
extern bool my_uri_check(const char *uri, bool database_needed, SluiceError *err) SLUICE_MUST_CHECK;

#endif
