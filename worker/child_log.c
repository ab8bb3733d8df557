/*
 * child_log.c - lines of a child's log (child_log.h).
 */
#include "child_log.h"

#include <stdio.h>
#include <string.h>

#include "clean_text.h"
#include "common/control/timestamp.h"

#define LINES_A_SECOND 20.0
#define LINES_AT_ONCE  100.0

/* What the programs write in front of an error that comes before their log (service.c). */
#define HINT_MARK ": hint: "

/* ---- lines ---- */

static void
give_line(ChildLines *lines, ChildLine each, void *context)
{
	lines->text[lines->length] = '\0';
	if (lines->length > 0)
		each(context, lines->text);
	lines->length = 0;
}

void
child_lines_add(ChildLines *lines, const char *data, size_t length, ChildLine each, void *context)
{
	for (size_t i = 0; i < length; i++)
	{
		if (data[i] == '\n')
		{
			if (!lines->skipping)
				give_line(lines, each, context);
			lines->skipping = false;
		}
		else if (!lines->skipping && data[i] != '\0')
		{
			lines->text[lines->length++] = data[i];
			if (lines->length == CHILD_LINE_MAXIMUM)
			{
				give_line(lines, each, context);
				lines->skipping = true;
			}
		}
	}
}

void
child_lines_end(ChildLines *lines, ChildLine each, void *context)
{
	if (!lines->skipping)
		give_line(lines, each, context);
	lines->skipping = false;
}

/* ---- entries ---- */

json_t *
child_log_entry(const char *line, int64_t now_ms)
{
	json_t *entry = *line == '{' ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
	char time[TIMESTAMP_TEXT];

	if (json_is_object(entry) && json_is_string(json_object_get(entry, "msg")))
		return entry;
	json_decref(entry);
	return json_pack("{s:s, s:s, s:o}", "time", timestamp_format(time, now_ms), "level", "error",
					 "msg", clean_text(line));
}

const char *
child_log_text(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text != NULL ? text : "";
}

LogLevel
child_log_level(const json_t *entry)
{
	const char *word = child_log_text(entry, "level");

	for (int level = LOG_ERROR; log_level_names[level] != NULL; level++)
	{
		if (strcmp(word, log_level_names[level]) == 0)
			return (LogLevel) level;
	}
	return LOG_INFO;
}

static SluiceErrorCode
code_of(const char *name)
{
	for (int code = SLUICE_ERROR_MEMORY; code <= SLUICE_ERROR_DATA; code++)
	{
		if (strcmp(name, sluice_error_name((SluiceErrorCode) code)) == 0)
			return (SluiceErrorCode) code;
	}
	return SLUICE_ERROR_STATE;
}

/* "program: what went wrong", or its hint behind "program: hint: ". */
static bool
plain_trouble(const char *text, SluiceError *trouble)
{
	const char *hint = strstr(text, HINT_MARK), *message = strstr(text, ": ");

	if (hint != NULL && trouble->code != SLUICE_OK)
	{
		(void) sluice_hint(trouble, "%s", hint + strlen(HINT_MARK));
		return true;
	}
	(void) sluice_fail(trouble, SLUICE_ERROR_ARGUMENT, "%s", message != NULL ? message + 2 : text);
	return true;
}

bool
child_log_trouble(const json_t *entry, SluiceError *trouble)
{
	const char *error = child_log_text(entry, "error"), *hint = child_log_text(entry, "hint");
	const char *message = child_log_text(entry, "msg");
	LogLevel level = child_log_level(entry);

	if (json_object_get(entry, "program") == NULL)
		return plain_trouble(message, trouble);
	if (level > LOG_WARNING || (*error == '\0' && level != LOG_ERROR))
		return false;
	sluice_error_clear(trouble);
	(void) sluice_fail(trouble, code_of(child_log_text(entry, "code")), "%s",
					   *error != '\0' ? error : message);
	if (*hint != '\0')
		(void) sluice_hint(trouble, "%s", hint);
	return true;
}

/* ---- how many ---- */

bool
child_log_passes(ChildLogRate *rate, int64_t now_ms)
{
	if (rate->at_ms == 0)
		rate->left = LINES_AT_ONCE;
	else
		rate->left += (double) (now_ms - rate->at_ms) / 1000 * LINES_A_SECOND;
	rate->at_ms = now_ms;
	if (rate->left > LINES_AT_ONCE)
		rate->left = LINES_AT_ONCE;
	if (rate->left < 1)
	{
		rate->left_out++;
		return false;
	}
	rate->left -= 1;
	return true;
}
