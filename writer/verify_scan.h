/*
 * verify_scan.h - reading one range of a table's rows at one side.
 *
 * Rows come by COPY BINARY.  A scan for the sum hashes each tuple as it is; a scan for differences
 * also reads the key as text, and arrays as text, whose binary form may differ where values do not.
 */
#ifndef SLUICE_WRITER_VERIFY_SCAN_H
#define SLUICE_WRITER_VERIFY_SCAN_H

#include "verify_table.h"

typedef enum VerifySide
{
	VERIFY_SOURCE,
	VERIFY_TARGET
} VerifySide;

/* Texts are SQL, "(1, 'a')"; NULL: no bound at that end. */
typedef struct VerifyRange
{
	VerifyTable *table;
	char *from, *to;
} VerifyRange;

/* Sends the query; the rows are to be taken by verify_scan_sum(). */
extern bool verify_scan_send(PgConnection *c, const VerifyRange *range, VerifySide side,
							 bool detail, SluiceError *err) SLUICE_MUST_CHECK;

extern bool verify_scan_sum(PgConnection *c, RowSum *sum, SluiceError *err) SLUICE_MUST_CHECK;

/* Takes the rows of a scan with detail; the callback's image is gone when it returns. */
typedef bool (*VerifyTakeRow)(void *context, const RowImage *row, SluiceError *err);
extern bool verify_scan_rows(PgConnection *c, const VerifyTable *table, VerifyTakeRow take,
							 void *context, SluiceError *err) SLUICE_MUST_CHECK;

/* Where the range that begins at `from` ends when it has so many rows; *to is NULL at the table's end. */
extern bool verify_scan_bound(PgConnection *source, const VerifyTable *table, const char *from,
							  int64_t rows, char **to, SluiceError *err) SLUICE_MUST_CHECK;

/* A key of a RowImage as SQL, "('1', 'a')", or with `plain` for people; to be freed, NULL without memory. */
extern char *verify_key_text(PgConnection *c, const uint8_t *key, size_t length, bool plain);

#endif
