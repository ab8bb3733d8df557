/*
 * secret_desk.h - where jobs get the secrets of their connections: from a server, by reference.
 *
 * Nothing is kept: each start of a child and each login asks anew, so that a secret that was changed counts at once.
 * Safe in any thread.
 */
#ifndef SLUICE_WORKER_SECRET_DESK_H
#define SLUICE_WORKER_SECRET_DESK_H

#include "common/control/endpoint.h"
#include "common/nats/connection.h"
#include "job.h"

typedef struct SecretDesk SecretDesk;

/* token is the text of the token's file, NULL: none is given.  Settings' texts must outlive the desk.  NULL on error. */
extern SecretDesk *secret_desk_open(const NatsSettings *nats, const char *token, SluiceError *err);
extern void secret_desk_close(SecretDesk *desk);

/* The secrets of an endpoint; NULL where it has none. */
typedef struct Secrets
{
	char *values[ENDPOINT_SECRETS];
} Secrets;

/*
 * Fetches those of up to two endpoints for a job whose lease is held: sets[i] of endpoints[i], to be wiped with
 * secrets_free() in any case.
 */
extern bool secret_desk_fetch(SecretDesk *desk, const JobFacts *job,
							  const Endpoint *const *endpoints, size_t count, Secrets *sets,
							  SluiceError *err) SLUICE_MUST_CHECK;
extern void secrets_free(Secrets *secrets);

/* Anonymous files of what is to be in files: fds are -1 where there is none. */
typedef struct SecretFiles
{
	int fds[ENDPOINT_SECRETS];
} SecretFiles;

extern bool secret_files_make(SecretFiles *files, const Secrets *secrets,
							  SluiceError *err) SLUICE_MUST_CHECK;
extern void secret_files_close(SecretFiles *files);

#endif
