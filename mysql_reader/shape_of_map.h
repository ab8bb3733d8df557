/*
 * shape_of_map.h - a table as a table map with names says it was, where the catalog is newer.
 *
 * What a map does not say (defaults, the exact type, indexes) comes from what the table was before and
 * what it is now, where these agree with the map; of a column that came and went meanwhile from the
 * map's own description and the DEFAULT of the statement that added it.
 */
#ifndef SLUICE_MYSQL_READER_SHAPE_OF_MAP_H
#define SLUICE_MYSQL_READER_SHAPE_OF_MAP_H

#include "binlog/table_map.h"
#include "charsets.h"
#include "common/core/schema_document.h"

typedef struct ShapeSources
{
	const SchemaTable *before, *now; /* either may be NULL */
	const struct AddedColumn *added; /* columns that statements added meanwhile */
	size_t added_count;
	Charsets *charsets;
	bool mariadb;
} ShapeSources;

/* A document with that table alone, which says of the source what `one` does.  NULL on error. */
extern SchemaDocument *shape_of_map(const TableMap *map, const SchemaDocument *one,
									const ShapeSources *sources, SluiceError *err);

#endif
