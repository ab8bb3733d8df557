/*
 * script.c - lists of statements and of findings (script.h).
 *
 * A script's texts stand one behind the other in one stream, each ended by a NUL: a name, its SQL,
 * the next name.
 */
#include "script.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16

/* Makes room for one more item; false without memory. */
static bool
grow(void **items, size_t size, size_t count, size_t *room)
{
	size_t wanted = *room == 0 ? FIRST_ROOM : 2 * *room;
	void *more;

	if (count < *room)
		return true;
	more = realloc(*items, wanted * size);
	if (more == NULL)
		return false;
	*items = more;
	*room = wanted;
	return true;
}

/* ---- scripts ---- */

bool
script_open(Script *script, SluiceError *err)
{
	*script = (Script){0};
	script->out = open_memstream(&script->text, &script->size);
	return script->out != NULL ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for statements");
}

FILE *
script_step(Script *script, StepFailure failure, const char *kind, const char *schema,
			const char *name)
{
	ScriptStep step = {.kind = kind, .failure = failure};
	void *steps = script->steps;

	if (script->count > 0)
		(void) fputc('\0', script->out);
	(void) fflush(script->out);
	step.name = script->size;
	(void) fprintf(script->out, "%s%s%s", schema != NULL ? schema : "", schema != NULL ? "." : "",
				   name);
	(void) fputc('\0', script->out);
	(void) fflush(script->out);
	step.sql = script->size;
	if (grow(&steps, sizeof(ScriptStep), script->count, &script->room))
	{
		script->steps = steps;
		script->steps[script->count++] = step;
	}
	else
		script->failed = true;
	return script->out;
}

bool
script_close(Script *script, SluiceError *err)
{
	bool failed = ferror(script->out) != 0 || script->failed;

	failed |= fclose(script->out) != 0;
	script->out = NULL;
	return !failed || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for statements");
}

const char *
script_name(const Script *script, size_t step)
{
	return script->text + script->steps[step].name;
}

const char *
script_sql(const Script *script, size_t step)
{
	return script->text + script->steps[step].sql;
}

void
script_free(Script *script)
{
	if (script->out != NULL)
		(void) fclose(script->out);
	free(script->text);
	free(script->steps);
	*script = (Script){0};
}

/* ---- findings ---- */

static void
add_finding(Findings *findings, bool problem, const char *format, va_list arguments)
{
	void *items = findings->items;
	Finding finding = {.problem = problem};

	if (vasprintf(&finding.text, format, arguments) < 0)
	{
		findings->failed = true;
		return;
	}
	if (!grow(&items, sizeof(finding), findings->count, &findings->room))
	{
		free(finding.text);
		findings->failed = true;
		return;
	}
	findings->items = items;
	findings->items[findings->count++] = finding;
	findings->problems += problem;
}

void
findings_problem(Findings *findings, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_finding(findings, true, format, arguments);
	va_end(arguments);
}

void
findings_warning(Findings *findings, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_finding(findings, false, format, arguments);
	va_end(arguments);
}

/* Appends to a text of `size` bytes unless it would need the `kept` last ones. */
static bool
append_whole(char *text, size_t size, size_t kept, const char *separator, const char *more)
{
	size_t length = strlen(text), needed = strlen(separator) + strlen(more);

	if (length + needed + kept >= size)
		return false;
	(void) snprintf(text + length, size - length, "%s%s", separator, more);
	return true;
}

bool
findings_good(const Findings *findings, const char *what, SluiceError *err)
{
	char text[sizeof(err->message) - 64] = "", more[32];
	size_t told = 0;

	if (findings->failed)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for problems");
	if (findings->problems == 0)
		return true;
	for (size_t i = 0; i < findings->count; i++)
	{
		const char *problem = findings->items[i].text;

		if (!findings->items[i].problem)
			continue;
		/* The first is told in any case, cut off where it must be. */
		if (told == 0)
			(void) snprintf(text, sizeof(text) - sizeof(more), "%s", problem);
		else if (!append_whole(text, sizeof(text), sizeof(more), "; ", problem))
			break;
		told++;
	}
	(void) snprintf(more, sizeof(more), "; and %zu more", findings->problems - told);
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s: %s%s", what, text,
					   told < findings->problems ? more : "");
}

void
findings_free(Findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free(findings->items[i].text);
	free(findings->items);
	*findings = (Findings){0};
}
