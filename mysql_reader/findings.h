/*
 * findings.h - what --check found: one entry per requirement, as text or JSON.
 */
#ifndef SLUICE_MYSQL_READER_FINDINGS_H
#define SLUICE_MYSQL_READER_FINDINGS_H

#include <stddef.h>
#include <stdio.h>

#include "common/core/error.h"

/* "ok", "warning", "failed". */
typedef enum FindingStatus
{
	FINDING_OK,
	FINDING_WARNING, /* works, but less well or not for everything */
	FINDING_FAILED	 /* does not work */
} FindingStatus;

typedef struct Finding
{
	FindingStatus status;
	char check[48];	  /* what was looked at: "binlog_format" */
	char detail[480]; /* what was found, and why it matters */
	char hint[480];	  /* the statement that mends it; "" for none */
} Finding;

typedef struct Findings
{
	Finding *list;
	size_t count, room;
	bool out_of_memory; /* something is missing from the list */
} Findings;

/* "hint" may be NULL. */
extern void findings_add(Findings *findings, FindingStatus status, const char *check,
						 const char *hint, const char *format, ...) SLUICE_PRINTF(5, 6);

/* An error as a finding. */
extern void findings_add_error(Findings *findings, FindingStatus status, const char *check,
							   const SluiceError *err);

extern FindingStatus findings_worst(const Findings *findings);
extern const char *finding_status_name(FindingStatus status);

/* One line each, hints below; or an array of objects check, status, detail, hint. */
extern bool findings_print(const Findings *findings, bool json, FILE *out,
						   SluiceError *err) SLUICE_MUST_CHECK;
extern void findings_free(Findings *findings);

#endif
