/*
 * bundle_walk.h - uses everything a reader says of a bundle, the way a writer would, whatever the
 * bytes were: for tests that only want to see that nothing breaks.
 */
#ifndef SLUICE_TESTS_BUNDLE_WALK_H
#define SLUICE_TESTS_BUNDLE_WALK_H

#include "common/core/bundle.h"

/* Opens a message and reads to its end or to the first error; returns the number of records read. */
extern uint32_t bundle_walk(BundleReader *reader, const uint8_t *data, size_t length);

#endif
