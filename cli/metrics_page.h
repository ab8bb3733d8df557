/*
 * metrics_page.h - values out of a page of metrics, the text that Prometheus reads.  Pure.
 */
#ifndef SLUICE_CLI_METRICS_PAGE_H
#define SLUICE_CLI_METRICS_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/* A line: the page's own, not NUL-terminated. */
typedef struct MetricLine
{
	const char *name, *labels; /* labels: what stands between the braces */
	size_t name_length, labels_length;
	double value;
} MetricLine;

/* Moves *page behind the next line with a value; false at the end. */
extern bool metrics_page_next(const char **page, MetricLine *line);

extern bool metric_is(const MetricLine *line, const char *name);

/* The value of a label, unescaped; false when it has none, or it does not fit. */
extern bool metric_label(const MetricLine *line, const char *label, char *value, size_t size);

/* The first value of a name; NAN when there is none. */
extern double metrics_page_value(const char *page, const char *name);

/* The label of the first line of a name whose value is 1: "streaming" of {state="streaming"} 1; false when there is none. */
extern bool metrics_page_one(const char *page, const char *name, const char *label, char *value,
							 size_t size);

#endif
