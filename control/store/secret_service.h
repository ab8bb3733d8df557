/*
 * secret_service.h - answers workers that ask for secrets (common/control/secret_request.h).
 *
 * A thread of its own, with a connection of its own.  Any of the servers answers.  A secret is given when the token is an
 * API key with scope worker, the run is one of the tenant asked for and names the connection, and somebody holds
 * the lease of the run's job.
 */
#ifndef SLUICE_CONTROL_SECRET_SERVICE_H
#define SLUICE_CONTROL_SECRET_SERVICE_H

#include "common/control/secret_request.h"
#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "common/nats/connection.h"
#include "identity.h"
#include "secret_keeper.h"
#include "store.h"

typedef struct SecretService SecretService;

/* Starts it; does not wait for NATS.  Metrics may be NULL; strings of settings outlive it.  NULL on error. */
extern SecretService *secret_service_start(const NatsSettings *settings, Store *store,
										   SecretKeeper *keeper, Identity *identity, Log *log,
										   Metrics *metrics, SluiceError *err);
extern void secret_service_stop(SecretService *service);

#endif
