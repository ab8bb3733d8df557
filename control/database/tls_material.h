/*
 * tls_material.h - a connection's certificates and key: checked, and handed to client libraries as files that are in no
 * folder.
 *
 * Texts are those of the connection's secrets by EndpointSecret, NULL where there is none.
 */
#ifndef SLUICE_CONTROL_TLS_MATERIAL_H
#define SLUICE_CONTROL_TLS_MATERIAL_H

#include <stdint.h>

#include "common/control/endpoint.h"
#include "common/control/memory_file.h"

#define TLS_PEM_MAXIMUM (64 << 10) /* bytes of one text */

/*
 * Looks at PEM texts: the authority's certificates, the client's own with those between it and its authority, its key,
 * not encrypted.  ARGUMENT when one is none, has expired, or the key is not the certificate's; *part says which.
 * *expires_ms becomes when the client's certificate expires, since 1970; 0: there is none.
 */
extern bool tls_pem_check(const char *const pem[ENDPOINT_SECRETS], int64_t now_ms,
						  int64_t *expires_ms, EndpointSecret *part,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* The texts as anonymous files. */
typedef struct TlsMaterial
{
	int descriptors[ENDPOINT_SECRETS]; /* -1: none */
	char texts[ENDPOINT_SECRETS][MEMORY_FILE_PATH];
	EndpointFiles files; /* paths in this process */
} TlsMaterial;

/* Must be closed in any case. */
extern bool tls_material_open(TlsMaterial *material, const char *const pem[ENDPOINT_SECRETS],
							  SluiceError *err) SLUICE_MUST_CHECK;
extern void tls_material_close(TlsMaterial *material);

#endif
