/*
 * crc32c.h - the Castagnoli checksum (RFC 3720, appendix B.4), by the processor's instruction where
 * it has one.
 */
#ifndef SLUICE_CORE_CRC32C_H
#define SLUICE_CORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues a checksum over more bytes; start with 0.  crc32c(0, "123456789", 9) is 0xE3069283. */
extern uint32_t crc32c(uint32_t crc, const void *data, size_t length);

/* The table-driven form, for processors without the instruction and for tests to compare with. */
extern uint32_t crc32c_portable(uint32_t crc, const void *data, size_t length);

#endif
