/*
 * metrics_internal.h - the registry as metrics.c fills it and metrics_text.c writes it out.
 *
 * 1. A family is one name with one type and help; its series differ in labels.  Families and series
 *    are linked lists that only ever grow at their end.
 * 2. The lock guards the lists and collectors; values are atomics beside it.
 * 3. A series' labels are kept as they are exposed, so equal texts mean equal series.
 */
#ifndef SLUICE_DAEMON_METRICS_INTERNAL_H
#define SLUICE_DAEMON_METRICS_INTERNAL_H

#include <pthread.h>

#include "metrics.h"

#define COLLECTORS_MAXIMUM 8

typedef enum MetricType
{
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM
} MetricType;

extern const char *const metric_type_names[];

struct Histogram
{
	size_t count;
	double bounds[METRICS_BUCKETS];
	_Atomic uint64_t buckets[METRICS_BUCKETS + 1]; /* not cumulative; the last is +Inf */
	Gauge sum;
};

typedef struct Series
{
	struct Series *next;
	char *labels; /* a="1",b="2"; empty for none */
	union
	{
		Counter counter;
		Gauge gauge;
		Histogram histogram;
	} value;
} Series;

typedef struct Family
{
	struct Family *next;
	MetricType type;
	char *name;
	char *help;
	Series *first;
	Series **last;
} Family;

struct Metrics
{
	pthread_mutex_t lock;
	Family *first;
	Family **last;
	size_t count;
	size_t maximum;
	size_t collector_count;
	struct
	{
		MetricsCollect collect;
		void *context;
	} collectors[COLLECTORS_MAXIMUM];
};

/* Appends a text as it is, or with backslash, newline and, in label values, the quote escaped. */
extern bool metrics_put_string(ByteBuf *out, const char *text, SluiceError *err) SLUICE_MUST_CHECK;
extern bool metrics_put_escaped(ByteBuf *out, const char *text, bool quote,
								SluiceError *err) SLUICE_MUST_CHECK;

#endif
