/*
 * exchange_key.h - the pair of keys to which workers seal their requests for secrets.
 *
 * It is made at the first start and sealed in the store, so that it is the same for all servers and stays when the
 * master key changes: workers' tokens, which have the public key, go on counting.
 */
#ifndef SLUICE_CONTROL_EXCHANGE_KEY_H
#define SLUICE_CONTROL_EXCHANGE_KEY_H

#include "common/control/secret_request.h"
#include "secret_keeper.h"
#include "store.h"

/* IO while the store is not ready; private_key may be NULL and is to be wiped. */
extern bool exchange_key_get(Store *store, SecretKeeper *keeper,
							 uint8_t public_key[EXCHANGE_KEY_BYTES],
							 uint8_t private_key[EXCHANGE_KEY_BYTES],
							 SluiceError *err) SLUICE_MUST_CHECK;

#endif
