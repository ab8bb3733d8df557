/*
 * store_nats.h - the store in NATS: buckets SLUICE_CONFIG, SLUICE_STATE and SLUICE_ONCE (common/control/layout.h).
 */
#ifndef SLUICE_CONTROL_STORE_NATS_H
#define SLUICE_CONTROL_STORE_NATS_H

#include "common/daemon/log.h"
#include "common/nats/connection.h"
#include "store.h"

/*
 * Starts following the buckets, in threads of its own, and makes them where they are not there.  Does not wait for
 * NATS: store_ready() says when the copy is there.  Strings of settings outlive it.  NULL with MEMORY or ARGUMENT.
 */
extern Store *store_nats_new(const NatsSettings *settings, int replicas, Log *log,
							 SluiceError *err) SLUICE_MUST_CHECK;

#endif
