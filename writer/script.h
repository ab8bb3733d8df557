/*
 * script.h - statements in the order they are to be run, and what was found wrong before.
 *
 * Both take what they are given without ever failing; when memory ran out, script_close() and
 * findings_good() say so.
 */
#ifndef SLUICE_WRITER_SCRIPT_H
#define SLUICE_WRITER_SCRIPT_H

#include <stddef.h>
#include <stdio.h>

#include "common/core/error.h"

/* What follows when a step fails. */
typedef enum StepFailure
{
	STEP_STOPS,	 /* the work ends there */
	STEP_WARNS,	 /* a warning; with strict the work ends */
	STEP_PASSES, /* nothing: it is tried again later */
} StepFailure;

typedef struct ScriptStep
{
	const char *kind; /* "table", "index", ...: for people; a constant */
	StepFailure failure;
	size_t name, sql; /* where the texts are in the script's */
} ScriptStep;

typedef struct Script
{
	FILE *out;
	char *text;
	size_t size;
	ScriptStep *steps;
	size_t count, room;
	bool failed;
} Script;

extern bool script_open(Script *script, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Begins a step about schema.name (schema may be NULL); its SQL is what is written to the stream
 * until the next step, without a semicolon at its end.
 */
extern FILE *script_step(Script *script, StepFailure failure, const char *kind, const char *schema,
						 const char *name);

/* No more steps: from here on their texts can be read. */
extern bool script_close(Script *script, SluiceError *err) SLUICE_MUST_CHECK;

extern const char *script_name(const Script *script, size_t step);
extern const char *script_sql(const Script *script, size_t step);

extern void script_free(Script *script);

typedef struct Finding
{
	bool problem; /* must be mended first; else a warning */
	char *text;
} Finding;

typedef struct Findings
{
	Finding *items;
	size_t count, room;
	size_t problems;
	bool failed;
} Findings;

extern void findings_problem(Findings *findings, const char *format, ...) SLUICE_PRINTF(2, 3);
extern void findings_warning(Findings *findings, const char *format, ...) SLUICE_PRINTF(2, 3);

/* False when there are problems: the error names as many as find room, and how many more there are. */
extern bool findings_good(const Findings *findings, const char *what,
						  SluiceError *err) SLUICE_MUST_CHECK;

extern void findings_free(Findings *findings);

#endif
