/*
 * relation.h - a table as bundles have it, and how its values are read: of a table map of the log, or
 * of the catalog for reads of the table itself.
 *
 * Both ways give the same columns, types and flags for the same table.  Columns that the server hides
 * are left out.  Identity: the primary key, else the first unique key that a row cannot lack; a table
 * without either has replica identity full.
 */
#ifndef SLUICE_MYSQL_READER_RELATION_H
#define SLUICE_MYSQL_READER_RELATION_H

#include "binlog/table_map.h"
#include "binlog/value.h"
#include "charsets.h"
#include "common/core/schema_document.h"
#include "value_policy.h"

typedef struct TableRelation
{
	BundleRelation *relation;
	ByteBuf encoded; /* body of its relation record, which `relation` points into */

	/* For each column of `relation`: */
	ValueReader *readers;
	uint32_t *places; /* its place among the table's columns in the log, from 0 */
	ByteBuf *
		left_out; /* field of an insert that the log leaves it out of (left_out.h); empty: unknown */

	LogColumn *log_columns; /* what the readers read by */
	uint32_t made;			/* columns that are filled in */
	bool keyed;				/* old keys tell rows apart; else whole old rows do */

	/* Of MariaDB's versioned tables: whose value says whether a row is one of now; else -1. */
	int32_t row_end;

	/* For who writes bundles. */
	uint64_t bundle;	  /* the last one that it was told in, */
	uint16_t number;	  /* as this */
	uint64_t hold;		  /* the last RowHold that it was told in, */
	uint16_t hold_number; /* as this */
} TableRelation;

/*
 * Of a table map.  `table` is what the catalog says (NULL: nothing is known): it must agree with the
 * map, except that a map which tells names (binlog_row_metadata=FULL) counts more than a catalog which
 * is newer.  STATE where names are needed and nobody tells them.  NULL on error.
 */
extern TableRelation *relation_of_map(const TableMap *map, const SchemaTable *table, bool mariadb,
									  const ValuePolicy *policy, Charsets *charsets,
									  SluiceError *err);

/* Of the catalog: readers[i] takes values as a log would have them, but unpacked. */
extern TableRelation *relation_of_table(const SchemaTable *table, bool mariadb,
										const ValuePolicy *policy, Charsets *charsets,
										SluiceError *err);
extern void relation_free(TableRelation *relation);

/* Says which option lets a value pass that column `i` cannot take (DATA); false. */
extern bool relation_hint_value(const TableRelation *relation, uint16_t i, SluiceError *err);

#endif
