/*
 * row.h - looking into rows as a bundle carries them: fields, completeness, and laying one over
 * another.
 *
 * Rows were walked by bundle_next(), so their inner lengths can be trusted.
 */
#ifndef SLUICE_WRITER_ROW_H
#define SLUICE_WRITER_ROW_H

#include "common/core/bundle.h"

/* One field: length is FIELD_NULL, FIELD_UNCHANGED or that of the bytes at `data`. */
typedef struct RowField
{
	const uint8_t *data;
	int32_t length;
} RowField;

/* The field at a place of the row. */
extern RowField row_field(const BundleRow *row, uint16_t place);

/* All fields; `out` has room for row->fields. */
extern void row_fields(const BundleRow *row, RowField *out);

extern bool row_field_equal(const RowField *a, const RowField *b);

/* The field count, lengths and bytes of a row made of these fields: row_length() bytes at `out`. */
extern size_t row_length(const RowField *fields, uint16_t count);
extern BundleRow row_build(const RowField *fields, uint16_t count, uint8_t *out);

#endif
