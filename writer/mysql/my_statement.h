/*
 * my_statement.h - the SQL of changes: statements for one row and for many, appended to a ByteBuf
 * without what ends them.
 *
 * A row is found by its key; where the table has none, by all its columns, one of several that are
 * alike.  Fields the source did not log (FIELD_UNCHANGED) stay as they are.
 */
#ifndef SLUICE_WRITER_MY_STATEMENT_H
#define SLUICE_WRITER_MY_STATEMENT_H

#include "my_target.h"

/* Whether statements of many rows serve for updates with that image, or (NULL) for deletes. */
extern bool my_can_join(const Table *table, const BundleRow *image);

/* INSERT INTO t (..) VALUES, and a row of it. */
extern bool my_put_insert_head(ByteBuf *out, const Table *table,
							   SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_put_insert_row(ByteBuf *out, const Table *table, const BundleRow *image,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* UPDATE of the row that `key` names; with `move` its key is set too. */
extern bool my_put_update(ByteBuf *out, const Table *table, const BundleRow *key,
						  const BundleRow *image, bool move, SluiceError *err) SLUICE_MUST_CHECK;

extern bool my_put_delete(ByteBuf *out, const Table *table, const BundleRow *key,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* All rows go: TRUNCATE would commit. */
extern bool my_put_empty(ByteBuf *out, const Table *table, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Updates (images have the same unchanged fields) or, with image NULL, deletes of many rows by key:
 * a head, any number of rows, a tail.
 */
extern bool my_put_join_head(ByteBuf *out, const Table *table, const BundleRow *image,
							 SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_put_join_row(ByteBuf *out, const MyTarget *target, const Table *table,
							const PlanRow *row, bool is_update, bool is_first,
							SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_put_join_tail(ByteBuf *out, const Table *table, const BundleRow *image,
							 SluiceError *err) SLUICE_MUST_CHECK;

#endif
