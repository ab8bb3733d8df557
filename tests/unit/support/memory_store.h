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

#endif
