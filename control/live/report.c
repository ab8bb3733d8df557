/*
 * report.c - reading figures (report.h).
 */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const role_names[REPORT_ROLES] = {
	[REPORT_READER] = "reader",
	[REPORT_WRITER] = "writer",
};

/* Of each role: the counters of changes, and those of a copy, which add up. */
static const struct Counters
{
	const char *rows, *copied_rows, *bytes, *copied_bytes;
} counters[REPORT_ROLES] = {
	[REPORT_READER] = {"rows", "copied_rows", "bytes", "copied_bytes"},
	[REPORT_WRITER] = {"rows", "loaded_rows", "bytes", "loaded_bytes"},
};

bool
report_role_parse(const char *name, ReportRole *role)
{
	for (size_t i = 0; i < REPORT_ROLES; i++)
	{
		if (strcmp(role_names[i], name) == 0)
		{
			*role = (ReportRole) i;
			return true;
		}
	}
	return false;
}

double
report_number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	double number = json_is_number(value) ? json_number_value(value) : NAN;

	return number >= 0 && isfinite(number) ? number : NAN;
}

static double
sum_of(const json_t *document, const char *name, const char *other)
{
	double number = report_number(document, name);
	double more = report_number(document, other);

	if (isnan(number))
		return more;
	return isnan(more) ? number : number + more;
}

static bool
read_document(json_t *document, Report *report, SluiceError *err)
{
	const char *state = json_string_value(json_object_get(document, "state"));
	const char *consumer = json_string_value(json_object_get(document, "consumer"));
	double time_ms = report_number(document, "time_ms");

	if (state == NULL || isnan(time_ms) || time_ms > 9e15)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "figures lack state or time_ms");
	if (report->role == REPORT_WRITER &&
		(consumer == NULL || consumer[0] == '\0' || strlen(consumer) >= REPORT_CONSUMER_MAXIMUM))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "figures of a writer lack its consumer");
	report->time_ms = (int64_t) time_ms;
	report->standby = strcmp(state, "standby") == 0;
	if (report->role == REPORT_WRITER)
		(void) snprintf(report->consumer, sizeof(report->consumer), "%s", consumer);
	report->rows =
		sum_of(document, counters[report->role].rows, counters[report->role].copied_rows);
	report->bytes =
		sum_of(document, counters[report->role].bytes, counters[report->role].copied_bytes);
	report->lag_seconds = report_number(document, "lag_seconds");
	report->lag_bytes = report_number(document, "lag_bytes");
	report->kept_bytes = report_number(document, "kept_bytes");
	report->pending_messages = report_number(document, "pending_messages");
	return true;
}

bool
report_parse(ReportRole role, const char *text, size_t length, Report *report, SluiceError *err)
{
	json_error_t error;
	json_t *document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	json_t *tables;

	*report = (Report){.role = role};
	if (!json_is_object(document))
	{
		json_decref(document);
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "figures that are no JSON object");
	}
	if (!read_document(document, report, err))
	{
		json_decref(document);
		return false;
	}
	tables = json_object_get(document, "tables");
	report->tables = json_is_array(tables) ? json_incref(tables) : NULL;
	(void) json_object_del(document, "tables");
	report->document = document;
	return true;
}

void
report_free(Report *report)
{
	json_decref(report->document);
	json_decref(report->tables);
	report->document = report->tables = NULL;
}
