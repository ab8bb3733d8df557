/*
 * pg_array.c - the head of an array, then its elements in row-major order.
 */
#include "pg_array.h"

#include "bytebuf.h"

#define HEAD_SIZE	   12
#define DIMENSION_SIZE 8
#define LENGTH_SIZE	   4

/* Sets count and spans; there are no more elements than lengths of them in the bytes left. */
static bool
count_elements(PgArray *array)
{
	uint64_t count = array->dimensions > 0;
	uint64_t most = (uint64_t) (array->end - array->at) / LENGTH_SIZE;

	for (unsigned i = array->dimensions; i-- > 0;)
	{
		count *= (uint32_t) array->lengths[i];
		if (array->lengths[i] < 0 || count > most)
			return false;
		array->spans[i] = (uint32_t) count;
	}
	array->count = (uint32_t) count;
	return true;
}

bool
pg_array_open(PgArray *array, const uint8_t *data, uint32_t length)
{
	memset(array, 0, sizeof(*array));
	if (length < HEAD_SIZE || load_u32(data) > PG_ARRAY_DIMENSIONS)
		return false;
	array->dimensions = load_u32(data);
	array->type = load_u32(data + 8);
	array->end = data + length;
	array->at = data + HEAD_SIZE;
	if (length - HEAD_SIZE < DIMENSION_SIZE * array->dimensions)
		return false;
	for (unsigned i = 0; i < array->dimensions; i++, array->at += DIMENSION_SIZE)
	{
		array->lengths[i] = (int32_t) load_u32(array->at);
		array->bounds[i] = (int32_t) load_u32(array->at + 4);
	}
	if (!count_elements(array))
		return false;
	if (array->count == 0)
		array->dimensions = 0;
	return true;
}

static void
find_edges(const PgArray *array, PgElement *element)
{
	element->opens = 0;
	element->closes = 0;
	for (unsigned i = 0; i < array->dimensions; i++)
	{
		element->opens += array->index % array->spans[i] == 0;
		element->closes += (array->index + 1) % array->spans[i] == 0;
	}
	element->last = array->index + 1 == array->count;
}

bool
pg_array_next(PgArray *array, PgElement *element)
{
	if (array->malformed || array->index == array->count)
		return false;
	array->malformed = true; /* until it is seen not to be */
	if (array->end - array->at < LENGTH_SIZE)
		return false;
	element->length = (int32_t) load_u32(array->at);
	array->at += LENGTH_SIZE;
	element->data = array->at;
	if (element->length < -1 || element->length > array->end - array->at)
		return false;
	if (element->length > 0)
		array->at += element->length;
	find_edges(array, element);
	array->index++;
	array->malformed = false;
	return true;
}

bool
pg_array_closed(const PgArray *array)
{
	return !array->malformed && array->index == array->count && array->at == array->end;
}
