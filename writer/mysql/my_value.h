/*
 * my_value.h - one value of the stream for one column of a MySQL or MariaDB target: as an SQL
 * literal and as a field of LOAD DATA.
 *
 * A converter is chosen once per column, from what the source sends and what the target has.  It
 * gives the value exactly or, when the column cannot hold it, does what the loss policy says; it
 * never lets the server round, cut or wrap.  One thread uses a converter at a time; nothing is
 * allocated per value once its buffers have grown.
 */
#ifndef SLUICE_WRITER_MY_VALUE_H
#define SLUICE_WRITER_MY_VALUE_H

#include "common/core/type_map.h"
#include "my_catalog.h"
#include "writer/row.h"

typedef struct MyConverter MyConverter;

/*
 * The converter of a column, to be given to my_converter_free(); texts of `source` and `column` are
 * copied.  What identifies rows is neither clamped nor left NULL, whatever the policy: rows would
 * become one.  NULL on error: ARGUMENT with a hint when values of the one cannot go to the other at
 * all.
 */
extern MyConverter *my_converter_choose(const BundleColumn *source, const MyColumn *column,
										LossPolicy policy, SluiceError *err);
extern void my_converter_free(MyConverter *converter);

/*
 * Appends a literal that compares with the column by its index: numbers bare, DATE '..', x'..' for
 * bytes.  NULL for FIELD_NULL; never FIELD_UNCHANGED.  A value the column cannot hold is DATA: the
 * message names the column, the value and why, the hint what can be done.
 */
extern bool my_value_literal(MyConverter *converter, const RowField *field, ByteBuf *out,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* The same as a field of MY_LOAD_FORMAT, without what ends it; \N for FIELD_NULL. */
extern bool my_value_load_field(MyConverter *converter, const RowField *field, ByteBuf *out,
								SluiceError *err) SLUICE_MUST_CHECK;

/*
 * How the field gets into the column: NULL when as it is, else an expression with one %s for the
 * user variable that takes it: "CONVERT(%s USING utf8mb4)".
 */
extern const char *my_value_load_set(const MyConverter *converter);

#endif
