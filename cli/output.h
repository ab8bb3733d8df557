/*
 * output.h - results on standard output, in the form that was asked for.
 *
 *     table   aligned columns, cut to the terminal's width where there is one
 *     json    the documents as the server gave them: a list is an array
 *     jsonl   one document a line
 *     csv     RFC 4180, values as they are
 *     plain   columns with tabs between and without a header, each a line whatever a value holds
 *
 * Whatever a value holds, nothing that commands a terminal is written but to a file as csv.
 */
#ifndef SLUICE_CLI_OUTPUT_H
#define SLUICE_CLI_OUTPUT_H

#include <jansson.h>

#include "common/core/error.h"
#include "terminal.h"

typedef enum OutputFormat
{
	OUTPUT_TABLE,
	OUTPUT_JSON,
	OUTPUT_JSONL,
	OUTPUT_CSV,
	OUTPUT_PLAIN
} OutputFormat;

extern const char *const output_format_names[];

typedef struct Output
{
	const Terminal *terminal;
	OutputFormat format;
	bool quiet; /* the ids alone */
	bool header;
	const char *columns; /* names or paths with commas; NULL: the listing's own */
} Output;

typedef enum ColumnKind
{
	COLUMN_TEXT,
	COLUMN_STATE,	/* in colour */
	COLUMN_NUMBER,	/* "1,234" */
	COLUMN_BYTES,	/* "1.5 MB" */
	COLUMN_SECONDS, /* "3.2 s" */
	COLUMN_PER_SECOND,
	COLUMN_PERCENT, /* of a part of 1 */
	COLUMN_TIME		/* local */
} ColumnKind;

/* A column: `path` leads to the value, members with dots between ("tls.mode"). */
typedef struct Column
{
	const char *name; /* as --columns has it; the header is this in capitals */
	const char *path;
	ColumnKind kind;
} Column;

typedef struct Listing
{
	const Column *columns; /* ends with a NULL name */
	const char *id;		   /* path of what -q shows */
	const char *
		empty; /* said on standard error when there is nothing, with the next step; NULL: nothing */
} Listing;

/* What stands at the end of a path; NULL when there is nothing. Borrowed. */
extern json_t *output_find(json_t *document, const char *path);

/* A value as tables have it; to be freed. Lists have their items with commas. */
extern char *output_text(const json_t *value, ColumnKind kind);

/* Writes documents; false when standard output does not take them, or a column is none. */
extern bool output_list(const Output *output, const Listing *listing, json_t *items,
						SluiceError *err) SLUICE_MUST_CHECK;

/* Writes one document of a stream of them at once: a line of each form; tables and csv without a header. */
extern bool output_one(const Output *output, const Listing *listing, json_t *item,
					   SluiceError *err) SLUICE_MUST_CHECK;

/* Writes one document: as a table, a line for each value with its path; `id` is what -q shows. */
extern bool output_document(const Output *output, const char *id, json_t *document,
							SluiceError *err) SLUICE_MUST_CHECK;

/* Writes JSON as it is, whatever the form: for exports. */
extern bool output_json(const Output *output, const json_t *document, bool compact,
						SluiceError *err) SLUICE_MUST_CHECK;

#endif
