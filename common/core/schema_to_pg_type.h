/*
 * schema_to_pg_type.h - the one table of which PostgreSQL type each type of MySQL and MariaDB becomes.
 *
 * Structure, plan and documentation (docs/mysql-source-types.md) read it.
 */
#ifndef SLUICE_CORE_SCHEMA_TO_PG_TYPE_H
#define SLUICE_CORE_SCHEMA_TO_PG_TYPE_H

#include "column_type.h"
#include "schema_to_pg.h"

/* Which columns of a kind a row is about. */
typedef enum ToPgNeeds
{
	TO_PG_ANY,
	TO_PG_UNSIGNED,
	TO_PG_BOOLEAN, /* tinyint(1) of which a scan found nothing but 0 and 1 */
	TO_PG_COUNTER, /* unsigned and AUTO_INCREMENT, or what a foreign key refers to it with */
	TO_PG_ONE_BIT,
	TO_PG_DAY,		/* a scan found times between 00:00 and 24:00 only */
	TO_PG_POSTGIS,	/* the target has the extension */
	TO_PG_PGVECTOR, /* the same */
	TO_PG_NEEDS
} ToPgNeeds;

/* Which of the source's numbers stand behind the type. */
typedef enum ToPgNumbers
{
	TO_PG_NONE,
	TO_PG_LENGTH,	/* (n) */
	TO_PG_DIGITS,	/* (p,s) */
	TO_PG_FRACTION, /* (n), 0 where the source has none */
} ToPgNumbers;

typedef struct ToPgRow
{
	ColumnKind kind;
	ToPgNeeds needs;
	const char *type; /* as format_type() writes it, with %s for the numbers */
	const char *name; /* in pg_type, of the type that has the source's values as they are */
	ToPgNumbers numbers;
	int rank; /* of numbers: the wider wins where a foreign key joins them; 0: no number */
	const char *remark; /* for people; NULL for none */
} ToPgRow;

extern const ToPgRow to_pg_rows[];
extern const size_t to_pg_row_count;

#endif
