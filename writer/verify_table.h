/*
 * verify_table.h - a table to be compared: its columns and key as both sides can read them, and what
 * was found.
 */
#ifndef SLUICE_WRITER_VERIFY_TABLE_H
#define SLUICE_WRITER_VERIFY_TABLE_H

#include "pg/pg_connection.h"
#include "row_set.h"
#include "row_sum.h"

/* Most differences of a table that are remembered one by one, and so can be repaired. */
#define VERIFY_KEPT 100000

typedef struct VerifyColumn
{
	char *name;	  /* quoted */
	char *source; /* expressions whose COPY BINARY fields are the same when the values are */
	char *target;
	char *type; /* at the source */
	bool array; /* fields may differ in their header though the values are the same */
	bool key;
} VerifyColumn;

typedef enum VerifyVerdict
{
	VERIFY_EQUAL,
	VERIFY_DIFFERS,
	VERIFY_CHANGED, /* it was truncated or rewritten meanwhile */
	VERIFY_BROKEN	/* it cannot be compared: `trouble` says why */
} VerifyVerdict;

typedef struct VerifyTable
{
	char *name;		   /* schema.name, quoted where SQL wants it */
	char *plain;	   /* the same without quotes */
	char *from_source; /* what stands behind FROM */
	char *from_target;
	char source_oid[16], target_oid[16];
	char *columns_listed; /* as an array literal; NULL: all */
	char *filter;		  /* of rows at the source; NULL: none */
	VerifyColumn *columns;
	uint16_t column_count;
	uint16_t *key;					 /* columns, in the order of the source's index */
	uint16_t key_count;				 /* 0: no key */
	char *key_list;					 /* with commas between */
	bool walked;					 /* in ranges of the key */
	char *source_file, *target_file; /* where the rows are: another one when rewritten */

	/* Kept by the crew. */
	bool begun, ended;
	char *bound; /* where the next range begins, as SQL; NULL: at the beginning */
	uint64_t ranges;

	/* What was found. */
	VerifyVerdict verdict;
	RowSum source, target;
	RowDifferences differences;
	char *trouble; /* what is in the way of comparing, or of repairing; NULL: nothing */
	uint64_t repaired;
	bool repair; /* asked for, and possible */
} VerifyTable;

typedef struct VerifyTables
{
	VerifyTable *items;
	size_t count;
} VerifyTables;

/* The tables of the connection's stream; with `count` names only those, ARGUMENT when one is none. */
extern bool verify_tables_read(VerifyTables *tables, PgConnection *source, char *const *names,
							   size_t count, SluiceError *err) SLUICE_MUST_CHECK;

/* Reads both catalogs; what is in the way of comparing becomes the table's trouble. */
extern bool verify_table_describe(VerifyTable *table, PgConnection *source, PgConnection *target,
								  SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Whether a failure is one table's own (a right, a value), and not that of the run; noting it as the
 * table's trouble, and with break also that it cannot be compared.
 */
extern bool verify_table_failed(const SluiceError *err);
extern void verify_table_note(VerifyTable *table, const SluiceError *err);
extern void verify_table_break(VerifyTable *table, const SluiceError *err);

/* Whether the table's rows were moved to other files since it was described. */
extern bool verify_table_rewritten(const VerifyTable *table, PgConnection *source,
								   PgConnection *target, bool *rewritten,
								   SluiceError *err) SLUICE_MUST_CHECK;

/* Ready to be compared (again): what was found goes. */
extern void verify_table_reset(VerifyTable *table);

extern void verify_tables_free(VerifyTables *tables);

#endif
