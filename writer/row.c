/*
 * row.c - looking into rows (row.h).
 */
#include "row.h"

RowField
row_field(const BundleRow *row, uint16_t place)
{
	const uint8_t *at = row->data + 2;
	RowField field = {NULL, FIELD_NULL};

	for (uint16_t i = 0; i <= place; i++)
		field.data = bundle_row_field(&at, &field.length);
	return field;
}

void
row_fields(const BundleRow *row, RowField *out)
{
	const uint8_t *at = row->data + 2;

	for (uint16_t i = 0; i < row->fields; i++)
		out[i].data = bundle_row_field(&at, &out[i].length);
}

bool
row_field_equal(const RowField *a, const RowField *b)
{
	return a->length == b->length &&
		   (a->length <= 0 || memcmp(a->data, b->data, (size_t) a->length) == 0);
}

size_t
row_length(const RowField *fields, uint16_t count)
{
	size_t length = 2;

	for (uint16_t i = 0; i < count; i++)
		length += 4 + (fields[i].length > 0 ? (size_t) fields[i].length : 0);
	return length;
}

BundleRow
row_build(const RowField *fields, uint16_t count, uint8_t *out)
{
	BundleRow row = {.data = out, .fields = count};

	store_u16(out, count);
	out += 2;
	for (uint16_t i = 0; i < count; i++)
	{
		store_u32(out, (uint32_t) fields[i].length);
		out += 4;
		row.unchanged |= fields[i].length == FIELD_UNCHANGED;
		if (fields[i].length > 0)
		{
			memcpy(out, fields[i].data, (size_t) fields[i].length);
			out += fields[i].length;
		}
	}
	row.length = (size_t) (out - row.data);
	return row;
}
