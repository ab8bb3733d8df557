/*
 * plan_text.c - see plan_text.h.
 */
#include "plan_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARROW  " -> "
#define LOSSES " (without "

static const char *const words[PLAN_KINDS] = {
	[PLAN_PROBLEM] = "-- problem: ",		 [PLAN_WARNING] = "-- warning: ",
	[PLAN_NOT_CARRIED] = "-- not carried: ", [PLAN_TYPE] = "-- type: ",
	[PLAN_TO_DO] = "-- what to do: ",
};

static const char head_end[] = "-- before the rows";

static size_t
count_lines(const char *text)
{
	size_t count = 1;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

static void
take_line(PlanText *plan, char *line)
{
	for (int kind = 0; kind < PLAN_KINDS; kind++)
	{
		size_t length = strlen(words[kind]);

		if (strncmp(line, words[kind], length) != 0)
			continue;
		plan->lines[plan->count++] = (PlanLine){(PlanLineKind) kind, line + length};
		plan->counts[kind]++;
		return;
	}
}

bool
plan_text_read(const char *text, PlanText *plan, SluiceError *err)
{
	char *rest, *line;

	*plan = (PlanText){.copy = strdup(text)};
	if (plan->copy != NULL)
		plan->lines = calloc(count_lines(text), sizeof(PlanLine));
	if (plan->lines == NULL)
	{
		plan_text_free(plan);
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a plan");
	}
	rest = plan->copy;
	while ((line = strsep(&rest, "\n")) != NULL && strcmp(line, head_end) != 0)
		take_line(plan, line);
	return true;
}

void
plan_text_free(PlanText *plan)
{
	free(plan->lines);
	free(plan->copy);
	*plan = (PlanText){.lines = NULL};
}

const char *
plan_text_first(const PlanText *plan, PlanLineKind kind)
{
	for (size_t i = 0; i < plan->count; i++)
	{
		if (plan->lines[i].kind == kind)
			return plan->lines[i].text;
	}
	return NULL;
}

/* Behind the source's own type where that is found, else behind the last arrow. */
static const char *
behind_arrow(const char *line, const char *source_type)
{
	size_t length = strlen(source_type);
	const char *found = NULL;

	for (const char *at = strstr(line, ": "); at != NULL; at = strstr(at + 1, ": "))
	{
		if (strncmp(at + 2, source_type, length) == 0 &&
			strncmp(at + 2 + length, ARROW, strlen(ARROW)) == 0)
			return at + 2 + length + strlen(ARROW);
	}
	for (const char *at = strstr(line, ARROW); at != NULL; at = strstr(at + 1, ARROW))
		found = at + strlen(ARROW);
	return found;
}

bool
plan_type_of_line(const char *line, const char *source_type, char type[PLAN_TYPE_SIZE])
{
	const char *text = behind_arrow(line, source_type);
	char *losses;

	if (text == NULL || *text == '\0')
		return false;
	(void) snprintf(type, PLAN_TYPE_SIZE, "%s", text);
	losses = strstr(type, LOSSES);
	/* Labels may say anything. */
	if (losses != NULL && memchr(type, '\'', (size_t) (losses - type)) == NULL)
		*losses = '\0';
	return true;
}
