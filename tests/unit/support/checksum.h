/*
 * checksum.h - sets the checksum of a message whose bytes were changed, so that reading gets past it.
 */
#ifndef SLUICE_TESTS_CHECKSUM_H
#define SLUICE_TESTS_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Nothing happens to fewer bytes than a head has. */
extern void checksum_mend(uint8_t *message, size_t length);

/* Also makes the head's sizes agree with the length, the body an uncompressed one. */
extern void checksum_mend_sizes(uint8_t *message, size_t length);

#endif
