/*
 * pg_values.c - rows as parameters (pg_values.h).
 */
#include "pg_values.h"

#include <stdlib.h>

#define ARRAY_MAXIMUM ((size_t) 1 << 30) /* of one parameter; batches are far smaller */
#define ARRAY_KEPT	  ((size_t) 1 << 20) /* room kept for the next statement */

void
pg_values_init(PgValues *values)
{
	*values = (PgValues){0};
	for (int i = 0; i < PG_PARAMETERS; i++)
		values->formats[i] = 1;
}

void
pg_values_free(PgValues *values)
{
	for (int i = 0; i < values->array_count; i++)
		bytebuf_free(&values->arrays[i]);
	free(values->arrays);
	values->arrays = NULL;
	values->array_count = 0;
}

/* The field of a parameter once the rows were taken apart. */
static const RowField *
parameter_field(const PgValues *values, const PgParameter *parameter, bool only_key)
{
	if (!parameter->from_key)
		return &values->image[parameter->column];
	return &values->key[only_key ? parameter->key_place : parameter->column];
}

void
pg_values_row(PgValues *values, const Table *table, const PgStatement *statement,
			  const BundleRow *key, const BundleRow *image)
{
	bool only_key = key != NULL && row_is_key(table, key);

	if (key != NULL)
		row_fields(key, values->key);
	if (image != NULL)
		row_fields(image, values->image);
	values->count = statement->parameter_count;
	values->bytes = (key != NULL ? key->length : 0) + (image != NULL ? image->length : 0);
	for (int i = 0; i < values->count; i++)
	{
		const RowField *field = parameter_field(values, &statement->parameters[i], only_key);

		values->values[i] = field->length >= 0 ? (const char *) field->data : NULL;
		values->lengths[i] = field->length >= 0 ? field->length : 0;
	}
}

/* ---- arrays ---- */

static bool
make_arrays(PgValues *values, int count, SluiceError *err)
{
	ByteBuf *arrays;

	if (count <= values->array_count)
		return true;
	arrays = realloc(values->arrays, (size_t) count * sizeof(*arrays));
	if (arrays == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %d arrays", count);
	values->arrays = arrays;
	for (int i = values->array_count; i < count; i++)
		bytebuf_init(&arrays[i], &allocator_malloc, ARRAY_MAXIMUM);
	values->array_count = count;
	return true;
}

/* array_recv()'s head; whether there are NULLs is known when the elements are there. */
static bool
start_array(ByteBuf *array, uint32_t count, SluiceError *err)
{
	if (array->capacity > ARRAY_KEPT)
		bytebuf_free(array);
	array->length = 0;
	return bytebuf_put_u32(array, 1, err) && bytebuf_put_u32(array, 0, err) &&
		   bytebuf_put_u32(array, 0, err) && bytebuf_put_u32(array, count, err) &&
		   bytebuf_put_u32(array, 1, err);
}

static bool
put_element(ByteBuf *array, const RowField *field, SluiceError *err)
{
	size_t length = field->length > 0 ? (size_t) field->length : 0;

	if (!bytebuf_reserve(array, length + 4, err))
		return false;
	store_u32(array->data + array->length, (uint32_t) field->length);
	if (length > 0)
		memcpy(array->data + array->length + 4, field->data, length);
	array->length += length + 4;
	if (field->length < 0)
		store_u32(array->data + 4, 1);
	return true;
}

static bool
put_row(PgValues *values, const Table *table, const PgStatement *statement, const PlanRow *row,
		int arrays, SluiceError *err)
{
	bool only_key = row_is_key(table, &row->key);

	row_fields(&row->key, values->key);
	if (row->image.fields > 0)
		row_fields(&row->image, values->image);
	for (int i = 0; i < arrays; i++)
	{
		const RowField *field = parameter_field(values, &statement->parameters[i], only_key);

		if (!put_element(&values->arrays[i], field, err))
			return false;
	}
	return true;
}

/* The element type stands in the array's head too. */
static void
set_element_type(ByteBuf *array, const Table *table, uint16_t column)
{
	const PgTable *at_target = table->at_target;

	store_u32(array->data + 8, at_target->columns[column].sent);
}

bool
pg_values_rows(PgValues *values, const Table *table, const PgStatement *statement,
			   const PlanRow *rows, uint32_t count, SluiceError *err)
{
	int arrays = statement->parameter_count - (statement->asserted ? 1 : 0);

	if (!make_arrays(values, arrays, err))
		return false;
	for (int i = 0; i < arrays; i++)
	{
		if (!start_array(&values->arrays[i], count, err))
			return false;
		set_element_type(&values->arrays[i], table, statement->parameters[i].column);
	}
	for (uint32_t i = 0; i < count; i++)
	{
		if (!put_row(values, table, statement, &rows[i], arrays, err))
			return false;
	}
	values->count = statement->parameter_count;
	values->bytes = 0;
	for (int i = 0; i < arrays; i++)
	{
		values->values[i] = (const char *) values->arrays[i].data;
		values->lengths[i] = (int) values->arrays[i].length;
		values->bytes += values->arrays[i].length;
	}
	if (!statement->asserted)
		return true;
	store_u64(values->row_count, count);
	values->values[arrays] = (const char *) values->row_count;
	values->lengths[arrays] = sizeof(values->row_count);
	return true;
}
