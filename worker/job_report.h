/*
 * job_report.h - what is told of a job: state, error, since when; and its JSON.  Pure.
 */
#ifndef SLUICE_WORKER_JOB_REPORT_H
#define SLUICE_WORKER_JOB_REPORT_H

#include <jansson.h>
#include <stdint.h>

#include "common/control/timestamp.h"
#include "common/core/error.h"

#define JOB_WORD 24

/* The most bytes of a result that is kept: longer ones are refused. */
#define JOB_RESULT_MAXIMUM (256 * 1024)

typedef struct JobReport
{
	char state[JOB_WORD]; /* words of stream_state.h, of a writer's state, or "running" */
	char phase[JOB_WORD]; /* of a copy; "": none */
	SluiceError error;	  /* code SLUICE_OK: none */
	int64_t error_ms;	  /* when it was first seen */
	int64_t since_ms;	  /* in this state since */
	int pid;			  /* 0: no child */
	unsigned restarts;	  /* of the child, not asked for */
	char acted_at[2 * TIMESTAMP_TEXT]; /* `desired_at` of the wish that was acted upon; "": none */
	json_t *result;					   /* owned; NULL: none */
} JobReport;

/* Sets state and error (NULL: none); true when anything but the time is new. */
extern bool job_report_set(JobReport *report, const char *state, const SluiceError *error,
						   int64_t now_ms);

/* Whose report it is. */
typedef struct JobIdentity
{
	const char *tenant, *run, *job, *role, *worker;
} JobIdentity;

/* A new document: what identifies the job and what the report says.  NULL without memory. */
extern json_t *job_report_json(const JobReport *report, const JobIdentity *identity,
							   int64_t now_ms);

/* What a report that was written says of the wish acted upon, and its result; wishes others would act on again. */
extern void job_report_take_over(JobReport *report, const json_t *written);

/* Whether a state is the end of a job that works once; and of a report that was written. */
extern bool job_state_is_final(const char *state);
extern bool job_report_is_final(const json_t *written);

extern void job_report_free(JobReport *report);

#endif
