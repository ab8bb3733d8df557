/*
 * job_report.c - reports of jobs (job_report.h).
 */
#include "job_report.h"

#include <stdio.h>
#include <string.h>

#include "clean_text.h"

static bool
same_error(const SluiceError *a, const SluiceError *b)
{
	if (a->code == SLUICE_OK || b->code == SLUICE_OK)
		return a->code == b->code;
	return a->code == b->code && strcmp(a->message, b->message) == 0 &&
		   strcmp(a->hint, b->hint) == 0;
}

bool
job_report_set(JobReport *report, const char *state, const SluiceError *error, int64_t now_ms)
{
	const SluiceError none = {.code = SLUICE_OK};
	bool moved = strcmp(report->state, state) != 0;
	bool other = !same_error(&report->error, error != NULL ? error : &none);

	if (moved)
	{
		(void) snprintf(report->state, sizeof(report->state), "%s", state);
		report->since_ms = now_ms;
	}
	if (other)
	{
		report->error = error != NULL ? *error : none;
		report->error_ms = now_ms;
	}
	return moved || other;
}

static json_t *
error_json(const JobReport *report)
{
	char at[TIMESTAMP_TEXT];

	if (report->error.code == SLUICE_OK)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:s}", "code", sluice_error_name(report->error.code),
					 "message", clean_text(report->error.message), "hint",
					 clean_text(report->error.hint), "at", timestamp_format(at, report->error_ms));
}

static json_t *
text_or_null(const char *text)
{
	return *text != '\0' ? json_string(text) : json_null();
}

json_t *
job_report_json(const JobReport *report, const JobIdentity *identity, int64_t now_ms)
{
	char since[TIMESTAMP_TEXT], at[TIMESTAMP_TEXT];

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:i, s:o, s:O?}",
					 "run_id", identity->run, "tenant", identity->tenant, "job", identity->job,
					 "role", identity->role, "worker_id", identity->worker, "state", report->state,
					 "phase", text_or_null(report->phase), "error", error_json(report), "since",
					 timestamp_format(since, report->since_ms), "at", timestamp_format(at, now_ms),
					 "pid", report->pid > 0 ? json_integer(report->pid) : json_null(), "restarts",
					 (int) report->restarts, "desired_at", text_or_null(report->acted_at), "result",
					 report->result);
}

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

void
job_report_take_over(JobReport *report, const json_t *written)
{
	(void) snprintf(report->acted_at, sizeof(report->acted_at), "%s",
					text_of(written, "desired_at"));
}

bool
job_state_is_final(const char *state)
{
	return strcmp(state, "finished") == 0 || strcmp(state, "failed") == 0;
}

bool
job_report_is_final(const json_t *written)
{
	return job_state_is_final(text_of(written, "state"));
}

void
job_report_free(JobReport *report)
{
	json_decref(report->result);
	*report = (JobReport){.restarts = 0};
}
