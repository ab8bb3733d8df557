/*
 * endpoint.h - a database as a run's specification names it, and how programs and libpq are told of it.
 *
 * Pure: no server is asked.  Settings are fields, never a text that somebody wrote; a URI is made of them with every
 * special character escaped, and holds no secret.  Passwords go another way (a configuration line of its own), keys and
 * certificates as files whose paths the caller chooses.
 */
#ifndef SLUICE_CONTROL_ENDPOINT_H
#define SLUICE_CONTROL_ENDPOINT_H

#include <jansson.h>

#include "common/core/bytebuf.h"

/* The secrets that a connection may have. */
typedef enum EndpointSecret
{
	ENDPOINT_PASSWORD,
	ENDPOINT_CA,
	ENDPOINT_CERTIFICATE,
	ENDPOINT_KEY,
	ENDPOINT_SECRETS
} EndpointSecret;

/* As references name them (layout.h). */
extern const char *const endpoint_secret_fields[ENDPOINT_SECRETS];

typedef struct Endpoint
{
	const char *id, *type, *host, *database, *user; /* the document's; "" where it names none */
	const char *
		address; /* numeric: connect there, the host stays the name that certificates are held against; NULL:
							the host is looked up */
	int port;			 /* 0: the usual one */
	int connect_timeout; /* seconds; 0: the programs' own */
	int tls_mode;		 /* row of the table in endpoint.c */
	bool postgresql;
	bool has[ENDPOINT_SECRETS];
} Endpoint;

/* Texts are the document's, which must outlive the endpoint.  ARGUMENT for what cannot be used. */
extern bool endpoint_read(Endpoint *endpoint, const json_t *connection,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Paths of what is in files; NULL where there is none.  That of the password is not used. */
typedef struct EndpointFiles
{
	const char *paths[ENDPOINT_SECRETS];
} EndpointFiles;

#define ENDPOINT_URI_MAXIMUM 8192

/* "postgresql://..." or "mysql://...", NUL-terminated, appended to `out`. */
extern bool endpoint_uri(const Endpoint *endpoint, const EndpointFiles *files, ByteBuf *out,
						 SluiceError *err) SLUICE_MUST_CHECK;

#define ENDPOINT_KEYWORDS 20

/* For PQconnectdbParams(): explicit keywords, also where there is nothing, as libpq would else look into the user's home; with what `files` names; texts live as long as both and `port`. */
typedef struct EndpointKeywords
{
	const char *keys[ENDPOINT_KEYWORDS + 1], *values[ENDPOINT_KEYWORDS + 1];
	size_t count;
	char port[8], connect_timeout[16];
} EndpointKeywords;

extern void endpoint_keywords(const Endpoint *endpoint, const EndpointFiles *files,
							  const char *password, const char *application,
							  EndpointKeywords *keywords);

#endif
