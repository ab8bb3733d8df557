/*
 * my_json_number.h - numbers in JSON text that MySQL's JSON would not keep: it has 64-bit integers
 * and doubles.
 */
#ifndef SLUICE_WRITER_MY_JSON_NUMBER_H
#define SLUICE_WRITER_MY_JSON_NUMBER_H

#include "common/core/bytebuf.h"

/* Whether all numbers of a JSON text come out of a JSON column as they went in. */
extern bool my_json_keeps_numbers(const uint8_t *json, size_t length);

/* Appends the text with the nearest double in the place of each number that would not. */
extern bool my_json_put_nearest(const uint8_t *json, size_t length, ByteBuf *out,
								SluiceError *err) SLUICE_MUST_CHECK;

#endif
