/*
 * secret_keeper_sealed.h - secrets sealed under a master key (common/control/seal.h), in the store.
 */
#ifndef SLUICE_CONTROL_SECRET_KEEPER_SEALED_H
#define SLUICE_CONTROL_SECRET_KEEPER_SEALED_H

#include "secret_keeper.h"
#include "store.h"

/*
 * Reads the master key, or makes it where it is not there (*made, may be NULL).  A file that holds another key later
 * (rotation) is read again as soon as a secret is met that the key does not open.  NULL on error.
 */
extern SecretKeeper *secret_keeper_sealed_new(Store *store, const char *master_key_file, bool *made,
											  SluiceError *err) SLUICE_MUST_CHECK;

/*
 * `sluice-control rotate-master-key`: seals the data keys of everything in the store under the key of another file (made
 * where it is not there).  May be repeated, also after it was broken off.  Waits for the store to be ready.
 */
extern bool secret_rotate(Store *store, const char *old_file, const char *new_file, size_t *count,
						  SluiceError *err) SLUICE_MUST_CHECK;

#endif
