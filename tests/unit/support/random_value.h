/*
 * random_value.h - random values of the canonical types, their extremes often.
 */
#ifndef SLUICE_TESTS_RANDOM_VALUE_H
#define SLUICE_TESTS_RANDOM_VALUE_H

#include "common/core/canon.h"
#include "random.h"

#define RANDOM_VALUE_MAXIMUM 4096 /* bytes of the longest */

/* Writes a value that canon_valid() takes to out, which has room for the longest; returns its length. */
extern uint32_t random_value(Random *random, CanonType type, uint8_t *out);

#endif
