/*
 * table_match.h - whether the catalog's table is the one a table map is of.
 *
 * The catalog shows a table as it is now, the map as it was when its rows were written.  Number, order,
 * kinds, sizes and nullability of the columns always must agree; names, labels and signs where the map
 * tells them.
 */
#ifndef SLUICE_MYSQL_READER_TABLE_MATCH_H
#define SLUICE_MYSQL_READER_TABLE_MATCH_H

#include "binlog/table_map.h"
#include "common/core/schema_document.h"

/*
 * Fills columns[0 .. map->column_count - 1] with the table's column for each of the map's; NULL for one
 * that the server hides (of a functional index, row_start and row_end of MariaDB), whose values are to be
 * passed over.  STATE when they do not agree: the message says in what.
 */
extern bool table_match(const SchemaTable *table, bool mariadb, const TableMap *map,
						const SchemaColumn **columns, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether one column's definition agrees with a column of the map, but for its name. */
extern bool table_column_agrees(const SchemaColumn *column, bool mariadb, const TableMap *map,
								const LogColumn *found);

/* Whether a column that the catalog does not show is one that the server hides; its name is told. */
extern bool table_column_hidden(const SchemaTable *table, bool mariadb, const LogColumn *column);

/* The columns that tell rows apart: the primary key, else the first unique index of NOT NULL columns
 * without prefixes; NULL where there is none. */
extern const SchemaIndex *table_key(const SchemaTable *table);

#endif
