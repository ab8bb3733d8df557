/*
 * usage_report.h - what a tenant used in a span of days, summed by day or by stream.
 */
#ifndef SLUICE_CONTROL_METER_USAGE_REPORT_H
#define SLUICE_CONTROL_METER_USAGE_REPORT_H

#include "control/control.h"
#include "usage.h"

/* Days of one report at most. */
#define USAGE_DAYS_MAXIMUM 400

typedef enum UsageBy
{
	USAGE_BY_DAY,
	USAGE_BY_STREAM
} UsageBy;

/* What a line is of: a day as in DAY_TEXT, or a stream's id. */
#define USAGE_LABEL 36

typedef struct UsageLine
{
	char label[USAGE_LABEL];
	UsageSum sum;
} UsageLine;

typedef struct UsageReport
{
	UsageLine *lines; /* by label */
	size_t count, size;
	UsageSum total;
} UsageReport;

/* Days as in DAY_TEXT, both inclusive.  To be freed in any case. */
extern bool usage_report(UsageReport *report, Control *control, const char *tenant,
						 const char *from, const char *to, UsageBy by,
						 SluiceError *err) SLUICE_MUST_CHECK;
extern void usage_report_free(UsageReport *report);

#endif
