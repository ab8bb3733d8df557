/*
 * findings.c - the list of findings (findings.h).
 */
#include "findings.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARNING] = "warning",
	[FINDING_FAILED] = "failed",
};

const char *
finding_status_name(FindingStatus status)
{
	return status_names[status];
}

static Finding *
add(Findings *findings)
{
	if (findings->count == findings->room)
	{
		size_t room = findings->room * 2 + 16;
		Finding *list = realloc(findings->list, room * sizeof(Finding));

		if (list == NULL)
		{
			findings->out_of_memory = true;
			return NULL;
		}
		findings->list = list;
		findings->room = room;
	}
	return &findings->list[findings->count++];
}

void
findings_add(Findings *findings, FindingStatus status, const char *check, const char *hint,
			 const char *format, ...)
{
	Finding *finding = add(findings);
	va_list arguments;

	if (finding == NULL)
		return;
	*finding = (Finding){.status = status};
	(void) snprintf(finding->check, sizeof(finding->check), "%s", check);
	(void) snprintf(finding->hint, sizeof(finding->hint), "%s", hint != NULL ? hint : "");
	va_start(arguments, format);
	(void) vsnprintf(finding->detail, sizeof(finding->detail), format, arguments);
	va_end(arguments);
}

void
findings_add_error(Findings *findings, FindingStatus status, const char *check,
				   const SluiceError *err)
{
	findings_add(findings, status, check, err->hint, "%s", err->message);
}

FindingStatus
findings_worst(const Findings *findings)
{
	FindingStatus worst = findings->out_of_memory ? FINDING_FAILED : FINDING_OK;

	for (size_t i = 0; i < findings->count; i++)
	{
		if (findings->list[i].status > worst)
			worst = findings->list[i].status;
	}
	return worst;
}

/* ---- printing ---- */

static bool
print_text(const Findings *findings, FILE *out)
{
	for (size_t i = 0; i < findings->count; i++)
	{
		const Finding *finding = &findings->list[i];

		if (fprintf(out, "%-8s %-28s %s\n", status_names[finding->status], finding->check,
					finding->detail) < 0 ||
			(finding->hint[0] != '\0' &&
			 fprintf(out, "%-8s %-28s   %s\n", "", "", finding->hint) < 0))
			return false;
	}
	return true;
}

static bool
print_json(const Findings *findings, FILE *out)
{
	json_t *list = json_array();
	bool good = list != NULL;

	for (size_t i = 0; good && i < findings->count; i++)
	{
		const Finding *finding = &findings->list[i];

		good = json_array_append_new(
				   list, json_pack("{s:s, s:s, s:s, s:s?}", "check", finding->check, "status",
								   status_names[finding->status], "detail", finding->detail, "hint",
								   finding->hint[0] != '\0' ? finding->hint : NULL)) == 0;
	}
	good = good && json_dumpf(list, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF;
	json_decref(list);
	return good;
}

bool
findings_print(const Findings *findings, bool json, FILE *out, SluiceError *err)
{
	if (findings->out_of_memory)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for findings");
	return (json ? print_json(findings, out) : print_text(findings, out)) ||
		   sluice_fail(err, SLUICE_ERROR_IO, "cannot write what was found: %m");
}

void
findings_free(Findings *findings)
{
	free(findings->list);
	*findings = (Findings){0};
}
