/*
 * schema_change.h - a change of structure in a running stream, as docs/ddl.md has it: the content of
 * a message with the prefix SCHEMA_CHANGE_PREFIX.
 *
 * It says how tables, types and sequences looked before and look now.  Tables are known by id,
 * columns by position, types and sequences by their names, which `renamed` leads from old to new.
 * All of it lives until schema_change_free().
 */
#ifndef SLUICE_CORE_SCHEMA_CHANGE_H
#define SLUICE_CORE_SCHEMA_CHANGE_H

#include "schema_document.h"

#define SCHEMA_CHANGE_VERSION 1
#define SCHEMA_CHANGE_PREFIX  "sluice.ddl"

typedef enum SchemaRenamedKind
{
	SCHEMA_RENAMED_TYPE = 1,
	SCHEMA_RENAMED_SEQUENCE
} SchemaRenamedKind;

typedef struct SchemaRenamed
{
	SchemaRenamedKind kind;
	SchemaName from, to;
} SchemaRenamed;

typedef enum SchemaFillKind
{
	SCHEMA_FILL_CONSTANT = 1, /* `text` in all rows, NULL for NULL */
	SCHEMA_FILL_EXPRESSION,	  /* what `text` gives for each row */
	SCHEMA_FILL_UNKNOWN		  /* only the source knows; `text` says why */
} SchemaFillKind;

/* What rows that were there have in a column, where its definition does not tell. */
typedef struct SchemaFill
{
	uint32_t table;
	int64_t position; /* of the column; 0: whole rows */
	SchemaFillKind kind;
	const char *text;
} SchemaFill;

/* Of the session that made the change: expressions are to be understood under them. */
typedef struct SchemaSessionSettings
{
	const char *time_zone;
	const char *date_style;
	const char *interval_style;
} SchemaSessionSettings;

typedef struct SchemaChange
{
	const char *stream;
	const char *command; /* "ALTER TABLE": for people */
	SchemaDocument before, after;
	SchemaRenamed *renamed;
	size_t renamed_count;
	SchemaFill *fills;
	size_t fill_count;
	SchemaSessionSettings settings;

	SchemaDocument *home; /* whose memory all of it lives in */
} SchemaChange;

/* NULL on error, as schema_document_read(). */
extern SchemaChange *schema_change_read(const char *json, size_t length, const Allocator *allocator,
										SluiceError *err);
extern void schema_change_free(SchemaChange *change);

/* Appends it as JSON, in the order of docs/ddl.md; `home` does not count. */
extern bool schema_change_write(const SchemaChange *change, ByteBuf *out,
								SluiceError *err) SLUICE_MUST_CHECK;

/* How a column's old rows are filled; NULL when its definition tells. */
extern const SchemaFill *schema_change_fill(const SchemaChange *change, uint32_t table,
											int64_t position);

#endif
