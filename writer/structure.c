/*
 * structure.c - doing the work on a target's structure: in which order, with what failures
 * (structure.h).  What is chosen to be done is structure_choose.c's.
 */
#include "structure.h"

#include <stdlib.h>
#include <string.h>

void
structure_close(Structure *s)
{
	if (s != NULL)
		s->ops->close(s);
}

/* ---- running ---- */

static void
warn(Structure *s, const Script *script, size_t step, const SluiceError *err)
{
	log_failure(s->log, LOG_WARNING, "not made at the target", err,
				(LogField[]){LOG_TEXT("object", script->steps[step].kind),
							 LOG_TEXT("name", script_name(script, step)), LOG_END});
}

/* Whether a failure is the statement's own, so that others can be run. */
static bool
is_its_own(const SluiceError *err)
{
	return !sluice_error_transient(err->code) && err->code != SLUICE_ERROR_MEMORY;
}

/* Runs one step; true also when it failed in a way that may be. */
static bool
run_step(Structure *s, const Script *script, size_t i, RunMode mode, bool *done, SluiceError *err)
{
	const ScriptStep *step = &script->steps[i];
	SluiceError own = {0};

	if (mode == RUN_INSIDE && step->failure != STEP_STOPS)
		mode = RUN_GUARDED;
	*done = s->ops->run(s, script_sql(script, i), mode, &own);
	if (*done)
		return true;
	if (step->failure == STEP_PASSES && is_its_own(&own))
		return true;
	if (step->failure == STEP_WARNS && is_its_own(&own) && !s->settings->strict)
	{
		warn(s, script, i, &own);
		return true;
	}
	*err = own;
	return sluice_prefix(err, "%s %s", step->kind, script_name(script, i));
}

static bool
run_script(Structure *s, const Script *script, RunMode mode, SluiceError *err)
{
	bool done;

	for (size_t i = 0; i < script->count; i++)
	{
		if (!run_step(s, script, i, mode, &done, err))
			return false;
	}
	return true;
}

/* ---- before the rows ---- */

static void
tell(Structure *s, const Findings *findings)
{
	const SchemaDocument *document = s->document;

	for (size_t i = 0; i < findings->count; i++)
		log_event(s->log, LOG_WARNING, findings->items[i].text, NULL);
	for (size_t i = 0; i < document->not_carried_count; i++)
	{
		const SchemaNotCarried *left = &document->not_carried[i];

		log_event(s->log, LOG_WARNING, "not carried to the target",
				  (LogField[]){LOG_TEXT("object", left->kind), LOG_TEXT("schema", left->schema),
							   LOG_TEXT("name", left->name), LOG_TEXT("reason", left->reason),
							   LOG_END});
	}
}

static bool
run_chosen(Structure *s, const Chosen *chosen, SluiceError *err)
{
	Script script;
	bool good;

	if (!script_open(&script, err))
		return false;
	s->ops->write_chosen(s, chosen, &script);
	good = script_close(&script, err) &&
		   (s->ops->note_begun == NULL || s->ops->note_begun(s, err)) &&
		   run_script(s, &script, RUN_INSIDE, err);
	script_free(&script);
	return good;
}

bool
structure_prepare(Structure *s, SluiceError *err)
{
	Chosen chosen = {0};
	Findings findings = {0};
	char hint[sizeof(err->hint)] = "";
	bool good = structure_choose(s, &chosen, &findings, hint, sizeof(hint), err);

	if (good && !findings_good(&findings, "the target's structure cannot be made", err))
		good = sluice_hint(err, "%s", hint);
	good = good && run_chosen(s, &chosen, err);
	if (good)
		tell(s, &findings);
	findings_free(&findings);
	chosen_free(&chosen);
	return good;
}

/* ---- when the rows are in ---- */

static bool
run_table(Structure *s, size_t table, size_t index, SluiceError *err)
{
	Script script;
	bool good;

	if (!script_open(&script, err))
		return false;
	good = s->ops->write_table(s, table, index, &script, err) && script_close(&script, err) &&
		   run_script(s, &script, RUN_ALONE, err);
	script_free(&script);
	return good;
}

bool
structure_finish_index(Structure *s, size_t table, size_t index, SluiceError *err)
{
	return run_table(s, table, index, err);
}

bool
structure_finish_table(Structure *s, size_t table, SluiceError *err)
{
	return run_table(s, table, WHOLE_TABLE, err);
}

/* ---- at the end ---- */

static bool
run_keys(Structure *s, SluiceError *err)
{
	Script script;
	bool good;

	if (!script_open(&script, err))
		return false;
	good = s->ops->write_keys(s, &script, err) && script_close(&script, err) &&
		   run_script(s, &script, RUN_ALONE, err);
	script_free(&script);
	return good;
}

/*
 * One may need another that comes later: round by round, as long as each makes something.  What is
 * left then is warned of, or with strict the first of it is the error.
 */
static bool
run_rounds(Structure *s, Script *script, bool *made, SluiceError *err)
{
	bool going = true;

	while (going)
	{
		going = false;
		for (size_t i = 0; i < script->count; i++)
		{
			script->steps[i].failure = STEP_PASSES;
			if (made[i])
				continue;
			if (!run_step(s, script, i, RUN_ALONE, &made[i], err))
				return false;
			going |= made[i];
		}
	}
	for (size_t i = 0; i < script->count; i++)
	{
		script->steps[i].failure = STEP_WARNS;
		if (!made[i] && !run_step(s, script, i, RUN_ALONE, &made[i], err))
			return false;
	}
	return true;
}

static bool
run_carried(Structure *s, SluiceError *err)
{
	Script script;
	bool *made = NULL, good;

	if (!script_open(&script, err))
		return false;
	s->ops->write_carried(s, &script);
	good = script_close(&script, err);
	if (good && script.count > 0)
	{
		made = calloc(script.count, sizeof(*made));
		good = made != NULL ? run_rounds(s, &script, made, err)
							: sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory");
	}
	free(made);
	script_free(&script);
	return good;
}

bool
structure_finish_keys(Structure *s, SluiceError *err)
{
	return run_keys(s, err) && run_carried(s, err);
}
