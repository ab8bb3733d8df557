/*
 * certificates.h - a throw-away certificate authority for tests, and what it signs.
 */
#ifndef SLUICE_TEST_CERTIFICATES_H
#define SLUICE_TEST_CERTIFICATES_H

#include "nats_server.h"

typedef struct Authority Authority;

typedef struct Certificate
{
	char cert[256]; /* names of PEM files in the server's folder */
	char key[256];
} Certificate;

/* The authority's own certificate goes to `file`; names of files are NAME.pem and NAME.key. */
extern Authority *authority_new(const NatsServer *server, const char *name, Certificate *file);
extern void authority_free(Authority *authority);

/* `names` as OpenSSL writes them: "IP:127.0.0.1,DNS:localhost". */
extern void authority_issue(Authority *authority, const NatsServer *server, const char *name,
							const char *names, Certificate *file);

#endif
