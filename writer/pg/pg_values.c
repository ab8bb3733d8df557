/*
 * pg_values.c - rows as parameters (pg_values.h).
 */
#include "pg_values.h"

#include <stdlib.h>

#define ARRAY_MAXIMUM ((size_t) 1 << 30) /* of one parameter; batches are far smaller */
#define IN_ROW		  SIZE_MAX			 /* a value that stands in the row */
#define ARRAY_KEPT	  ((size_t) 1 << 20) /* room kept for the next statement */

void
pg_values_init(PgValues *values)
{
	*values = (PgValues){0};
	for (int i = 0; i < PG_PARAMETERS; i++)
		values->formats[i] = 1;
	bytebuf_init(&values->converted, &allocator_malloc, ARRAY_MAXIMUM);
}

void
pg_values_free(PgValues *values)
{
	for (int i = 0; i < values->array_count; i++)
		bytebuf_free(&values->arrays[i]);
	free(values->arrays);
	bytebuf_free(&values->converted);
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

/* ---- conversion ---- */

/* Appends length and bytes of a field whose column has a conversion. */
static bool
put_converted(ByteBuf *out, const Table *table, uint16_t column, const RowField *field,
			  SluiceError *err)
{
	const PgTable *at_target = table->at_target;
	size_t at = out->length;
	bool null = field->length < 0;

	if (!bytebuf_put_u32(out, (uint32_t) FIELD_NULL, err))
		return false;
	if (!null && !pg_convert_value(&at_target->columns[column].convert, field, out, &null, err))
		return sluice_prefix(err, "column %s", table->relation->columns[column].name);
	if (!null)
		store_u32(out->data + at, (uint32_t) (out->length - at - 4));
	return true;
}

/* Keeps room for the next row, but not what a large one took. */
static void
empty_converted(PgValues *values)
{
	if (values->converted.capacity > ARRAY_KEPT)
		bytebuf_free(&values->converted);
	values->converted.length = 0;
}

bool
pg_values_field(PgValues *values, const Table *table, uint16_t column, const RowField *field,
				SluiceError *err)
{
	empty_converted(values);
	return put_converted(&values->converted, table, column, field, err);
}

/* ---- single rows ---- */

/* What there is to point to: the field itself, or length and bytes at *at of what it is converted to. */
static bool
make_parameter(PgValues *values, const Table *table, uint16_t column, const RowField *field,
			   size_t *at, SluiceError *err)
{
	const PgColumn *sent = &((const PgTable *) table->at_target)->columns[column];

	*at = IN_ROW;
	if (sent->convert.write != NULL && field->length >= 0)
	{
		*at = values->converted.length;
		return put_converted(&values->converted, table, column, field, err);
	}
	return !sent->guarded || pg_check_text(field, err) ||
		   sluice_prefix(err, "column %s", table->relation->columns[column].name);
}

bool
pg_values_row(PgValues *values, const Table *table, const PgStatement *statement,
			  const BundleRow *key, const BundleRow *image, SluiceError *err)
{
	bool only_key = key != NULL && row_is_key(table, key);
	size_t at[PG_PARAMETERS];

	if (key != NULL)
		row_fields(key, values->key);
	if (image != NULL)
		row_fields(image, values->image);
	values->count = statement->parameter_count;
	values->bytes = (key != NULL ? key->length : 0) + (image != NULL ? image->length : 0);
	empty_converted(values);
	for (int i = 0; i < values->count; i++)
	{
		const PgParameter *parameter = &statement->parameters[i];
		RowField field = *parameter_field(values, parameter, only_key);

		if (!make_parameter(values, table, parameter->column, &field, &at[i], err))
			return false;
		values->values[i] = field.length >= 0 ? (const char *) field.data : NULL;
		values->lengths[i] = field.length >= 0 ? field.length : 0;
	}
	/* The buffer stays where it is from here on. */
	for (int i = 0; i < values->count; i++)
	{
		const uint8_t *made = at[i] == IN_ROW ? NULL : values->converted.data + at[i];
		int32_t length = made == NULL ? 0 : (int32_t) load_u32(made);

		if (made == NULL)
			continue;
		values->values[i] = length >= 0 ? (const char *) made + 4 : NULL;
		values->lengths[i] = length >= 0 ? length : 0;
	}
	return true;
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
put_parameter(ByteBuf *array, const Table *table, uint16_t column, const RowField *field,
			  SluiceError *err)
{
	const PgColumn *sent = &((const PgTable *) table->at_target)->columns[column];
	size_t at = array->length;

	if (sent->convert.write == NULL)
		return put_element(array, field, err);
	if (!put_converted(array, table, column, field, err))
		return false;
	if ((int32_t) load_u32(array->data + at) < 0)
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
		const PgParameter *parameter = &statement->parameters[i];

		if (!put_parameter(&values->arrays[i], table, parameter->column,
						   parameter_field(values, parameter, only_key), err))
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
