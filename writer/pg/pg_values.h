/*
 * pg_values.h - rows as parameters of statements: single values, and columns of rows as arrays.
 *
 * A row's fields already are binary values, so single parameters point into the row, and an array is
 * a head followed by (length, bytes) of each field as it stands in the row.  Only values of columns
 * that have a conversion (pg_convert.h) are made anew on the way.
 */
#ifndef SLUICE_WRITER_PG_VALUES_H
#define SLUICE_WRITER_PG_VALUES_H

#include "pg_sql.h"

#define PG_PARAMETERS (2 * BUNDLE_COLUMNS_MAXIMUM + 1)

typedef struct PgValues
{
	/* what PQsendQueryPrepared() takes */
	int count;
	const char *values[PG_PARAMETERS];
	int lengths[PG_PARAMETERS];
	int formats[PG_PARAMETERS]; /* all binary */
	size_t bytes;

	RowField key[BUNDLE_COLUMNS_MAXIMUM], image[BUNDLE_COLUMNS_MAXIMUM];
	ByteBuf *arrays; /* one per parameter, made when needed */
	int array_count;
	uint8_t row_count[8];
	ByteBuf converted; /* values of a single row that are not as they stand in it */
} PgValues;

extern void pg_values_init(PgValues *values);
extern void pg_values_free(PgValues *values);

/*
 * Sets the values of a single row's statement; `image` may be NULL where it has none.  DATA names the
 * column whose value the target cannot have.
 */
extern bool pg_values_row(PgValues *values, const Table *table, const PgStatement *statement,
						  const BundleRow *key, const BundleRow *image,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* A field of a column that has a conversion, as length and bytes, in values->converted. */
extern bool pg_values_field(PgValues *values, const Table *table, uint16_t column,
							const RowField *field, SluiceError *err) SLUICE_MUST_CHECK;

/* Sets the arrays of a many rows' statement. */
extern bool pg_values_rows(PgValues *values, const Table *table, const PgStatement *statement,
						   const PlanRow *rows, uint32_t count, SluiceError *err) SLUICE_MUST_CHECK;

#endif
