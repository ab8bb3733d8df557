/*
 * fuzz.h - the one function of a fuzz target, called by libFuzzer or by replay.c.
 */
#ifndef SLUICE_TESTS_FUZZ_H
#define SLUICE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process when something that must hold does not. */
#define FUZZ_ASSERT(condition)                                                                     \
	do                                                                                             \
	{                                                                                              \
		if (!(condition))                                                                          \
			abort();                                                                               \
	} while (0)

#endif
