/*
 * json_scan.h - picks single values out of the short JSON texts JetStream answers with.
 *
 * Not a parser: it finds the first key of a name at any depth, never inside a string.
 */
#ifndef SLUICE_NATS_JSON_SCAN_H
#define SLUICE_NATS_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern bool json_scan_has(const char *text, size_t length, const char *key);

/* False when the key is missing or its value is no unsigned integer. */
extern bool json_scan_unsigned(const char *text, size_t length, const char *key, uint64_t *out);
extern bool json_scan_flag(const char *text, size_t length, const char *key);

/* The value of a text as it stands, escapes included, cut to size; false when missing. */
extern bool json_scan_text(const char *text, size_t length, const char *key, char *out,
						   size_t size);

#endif
