/*
 * metrics_page.c - reading a page of metrics (metrics_page.h).
 */
#include "metrics_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Behind the brace that ends the labels: one in quotes does not. */
static const char *
labels_end(const char *at)
{
	bool quoted = false;

	for (; *at != '\0' && *at != '\n' && (quoted || *at != '}'); at++)
	{
		if (quoted && *at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	return at;
}

static bool
read_line(const char *at, MetricLine *line)
{
	char *end;

	*line = (MetricLine){.name = at, .name_length = strcspn(at, "{ \n")};
	at += line->name_length;
	if (*at == '{')
	{
		line->labels = at + 1;
		at = labels_end(at + 1);
		line->labels_length = (size_t) (at - line->labels);
		at += *at == '}';
	}
	line->value = strtod(at, &end);
	return line->name_length > 0 && *line->name != '#' && end != at;
}

bool
metrics_page_next(const char **page, MetricLine *line)
{
	while (**page != '\0')
	{
		const char *at = *page;

		*page += strcspn(*page, "\n");
		*page += **page == '\n';
		if (read_line(at, line))
			return true;
	}
	return false;
}

bool
metric_is(const MetricLine *line, const char *name)
{
	return strlen(name) == line->name_length && memcmp(name, line->name, line->name_length) == 0;
}

/* Copies a quoted value; false when it does not end or does not fit. */
static bool
unescape(const char *at, const char *end, char *value, size_t size)
{
	size_t used = 0;

	for (; at < end && *at != '"' && used + 1 < size; at++)
	{
		if (*at == '\\' && at + 1 < end)
			at++;
		value[used++] = at[-1] == '\\' && *at == 'n' ? '\n' : *at;
	}
	value[used] = '\0';
	return at < end && *at == '"';
}

bool
metric_label(const MetricLine *line, const char *label, char *value, size_t size)
{
	size_t length = strlen(label);
	const char *at = line->labels, *end = line->labels + line->labels_length;

	while (at != NULL && at < end)
	{
		const char *equals = memchr(at, '=', (size_t) (end - at));

		if (equals == NULL || equals + 1 >= end)
			return false;
		if ((size_t) (equals - at) == length && memcmp(at, label, length) == 0)
			return unescape(equals + 2, end, value, size);
		/* Behind the value that is another label's. */
		for (at = equals + 2; at < end && *at != '"'; at++)
			at += *at == '\\';
		at += 1;
		at += at < end && *at == ',';
	}
	return false;
}

double
metrics_page_value(const char *page, const char *name)
{
	MetricLine line;

	while (metrics_page_next(&page, &line))
		if (metric_is(&line, name))
			return line.value;
	return NAN;
}

bool
metrics_page_one(const char *page, const char *name, const char *label, char *value, size_t size)
{
	MetricLine line;

	while (metrics_page_next(&page, &line))
		if (metric_is(&line, name) && line.value == 1 && metric_label(&line, label, value, size))
			return true;
	return false;
}
