/*
 * pg_float.h - floats as PostgreSQL prints them: the shortest digits that lie nearer to this number
 * than to any other, as extra_float_digits 1 to 3 give them: "0.1", "1e+15", "-0", "NaN",
 * "-Infinity".
 */
#ifndef SLUICE_CORE_PG_FLOAT_H
#define SLUICE_CORE_PG_FLOAT_H

#include <stdint.h>

#define PG_FLOAT_SIZE 32 /* room that every float fits */

/* Writes there and returns the end, without a NUL. */
extern char *pg_put_float32(float value, char *at);
extern char *pg_put_float64(double value, char *at);

/* IEEE 754 in network byte order. */
extern float pg_load_float32(const uint8_t *data);
extern double pg_load_float64(const uint8_t *data);

#endif
