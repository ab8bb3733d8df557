/*
 * report.h - what a reader or writer says of itself once a second, read out of its JSON.  Pure.
 */
#ifndef SLUICE_CONTROL_LIVE_REPORT_H
#define SLUICE_CONTROL_LIVE_REPORT_H

#include <jansson.h>
#include <stdint.h>

#include "common/core/error.h"

#define REPORT_CONSUMER_MAXIMUM 64 /* with the NUL */

typedef enum ReportRole
{
	REPORT_READER,
	REPORT_WRITER,
	REPORT_ROLES
} ReportRole;

/* False for a word that is none. */
extern bool report_role_parse(const char *name, ReportRole *role);

/* Numbers are NAN when they are not told. */
typedef struct Report
{
	ReportRole role;
	int64_t time_ms;						/* of its own clock, since 1970 */
	bool standby;							/* another is at work */
	char consumer[REPORT_CONSUMER_MAXIMUM]; /* of a writer, else "" */
	double rows, bytes;						/* since its process began, those of a copy too */
	double lag_seconds, lag_bytes, kept_bytes, pending_messages;
	json_t *document; /* without tables; owned */
	json_t *tables;	  /* array or NULL; owned */
} Report;

/* CORRUPT when it is none. */
extern bool report_parse(ReportRole role, const char *text, size_t length, Report *report,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* May be called again. */
extern void report_free(Report *report);

/* A number of an object, NAN when it is not there or no number that makes sense. */
extern double report_number(const json_t *object, const char *name);

#endif
