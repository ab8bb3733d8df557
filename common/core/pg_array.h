/*
 * pg_array.h - reading an array in PostgreSQL's send format, element by element.
 *
 *     if (!pg_array_open(&array, data, length))
 *         malformed
 *     while (pg_array_next(&array, &element))
 *         use it
 *     if (!pg_array_closed(&array))
 *         malformed
 */
#ifndef SLUICE_CORE_PG_ARRAY_H
#define SLUICE_CORE_PG_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#define PG_ARRAY_DIMENSIONS 6

typedef struct PgArray
{
	unsigned dimensions; /* 0: an empty array */
	uint32_t type;		 /* oid of the elements */
	uint32_t count;
	uint32_t index; /* of the element that comes next */
	int32_t lengths[PG_ARRAY_DIMENSIONS];
	int32_t bounds[PG_ARRAY_DIMENSIONS]; /* lower ones */
	uint32_t spans[PG_ARRAY_DIMENSIONS]; /* elements that one value of a dimension's parent has */
	bool malformed;
	const uint8_t *at, *end;
} PgArray;

typedef struct PgElement
{
	const uint8_t *data;
	int32_t length; /* -1: NULL */
	unsigned opens; /* how many dimensions begin before it */
	unsigned closes;
	bool last;
} PgElement;

extern bool pg_array_open(PgArray *array, const uint8_t *data, uint32_t length);

/* False when there are no more, or its bytes are malformed. */
extern bool pg_array_next(PgArray *array, PgElement *element);

/* Whether all of it was read and was in order. */
extern bool pg_array_closed(const PgArray *array);

#endif
