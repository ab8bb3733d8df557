/*
 * secret_client.h - secrets for a worker, from whichever server answers (secret_request.h over NATS).
 */
#ifndef SLUICE_CONTROL_SECRET_CLIENT_H
#define SLUICE_CONTROL_SECRET_CLIENT_H

#include "common/nats/connection.h"
#include "secret_request.h"

/*
 * Asks for the secrets of a job whose lease the worker holds; values[i] is that of wish->references[i], NULL where the
 * connection has none; free each with secret_free() of seal.h.  DENIED: the token does not count (any more), or no such job.
 * IO, TIMEOUT: no server answers; try again.
 */
extern bool secret_fetch(NatsSession *session, const WorkerToken *token, const SecretWish *wish,
						 char **values, SluiceError *err) SLUICE_MUST_CHECK;

#endif
