/*
 * verify_report.h - what a comparison found, as lines for people or as one JSON object.
 */
#ifndef SLUICE_WRITER_VERIFY_REPORT_H
#define SLUICE_WRITER_VERIFY_REPORT_H

#include <stdio.h>

#include "verify_table.h"

typedef struct VerifyReport
{
	const char *stream, *consumer;
	uint64_t position; /* of the last comparison */
	const VerifyTables *tables;
	PgConnection *connection; /* of any side: for making texts */
} VerifyReport;

/* True when all tables are equal. */
extern bool verify_report_equal(const VerifyTables *tables);

extern bool verify_report_text(const VerifyReport *report, FILE *out,
							   SluiceError *err) SLUICE_MUST_CHECK;
extern bool verify_report_json(const VerifyReport *report, FILE *out,
							   SluiceError *err) SLUICE_MUST_CHECK;

#endif
