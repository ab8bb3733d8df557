/*
 * table_change.h - how one table changed, as a message sluice.ddl has it (docs/ddl.md).
 *
 * Pure.  MySQL's tables and columns have no numbers of their own, so the message gives them some: the
 * table has the number of its new name on both sides, a column keeps its place of before, and new ones
 * come behind.  Which column became which is told by `renames`, that is by the statements' own words.
 */
#ifndef SLUICE_MYSQL_READER_TABLE_CHANGE_H
#define SLUICE_MYSQL_READER_TABLE_CHANGE_H

#include "common/core/schema_change.h"

typedef struct ColumnRename
{
	char *from, *to;
} ColumnRename;

typedef struct TableChange
{
	const char *command;		 /* "ALTER TABLE": for people */
	const SchemaDocument *one;	 /* any document of the stream: who it is, of which source */
	const SchemaTable *old;		 /* NULL: there was none */
	const SchemaTable *new;		 /* NULL: it is gone */
	const ColumnRename *renames; /* one after the other */
	size_t rename_count;
	const char *rows_unknown; /* why rows may have come that the log does not tell; or NULL */
	uint32_t timestamp;		  /* of the statement, seconds since 1970; 0: not known */
	bool utc;				  /* its session was in UTC */
	const SchemaTable *const *around; /* what foreign keys of it name, and whose name it */
	size_t around_count;
} TableChange;

/* Whether both are the same table for who follows: estimates and next values do not count. */
extern bool table_change_none(const SchemaTable *old, const SchemaTable *new);

/* Appends the message's content. */
extern bool table_change_write(const TableChange *change, ByteBuf *out,
							   SluiceError *err) SLUICE_MUST_CHECK;

#endif
