/*
 * memory_store.h - a store in memory, for tests of what stands on it: revisions and history as the real one's, every change told
 * before the call returns.
 */
#ifndef SLUICE_TEST_MEMORY_STORE_H
#define SLUICE_TEST_MEMORY_STORE_H

#include "control/store/store.h"

/* Freed by store_stop().  What cannot be done ends the test. */
extern Store *memory_store_new(void);

/* While `err` is not NULL, writes (and with `reads` also reads) fail with it, and the store is not ready. */
extern void memory_store_fail(Store *store, const SluiceError *err, bool reads);

/* Makes the key's value as old as if it had been written so much earlier. */
extern void memory_store_age(Store *store, StoreArea area, const char *key, int64_t ms);

/* The next write of the key fails, as if another had been faster. */
extern void memory_store_conflict(Store *store, const char *key);

#endif
