/*
 * metrics.c - making and finding series; metrics_internal.h has the structure and its invariants.
 */
#include "metrics_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAXIMUM 2048

const char *const metric_type_names[] = {"counter", "gauge", "histogram"};

const double metrics_second_bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
										0.01,	0.025,	 0.05,	 0.1,	0.25,	0.5,
										1,		2.5,	 5,		 10,	30,		60};
const size_t metrics_second_bound_count =
	sizeof(metrics_second_bounds) / sizeof(metrics_second_bounds[0]);

void
gauge_add(Gauge *gauge, double more)
{
	uint64_t old = atomic_load_explicit(&gauge->bits, memory_order_relaxed);
	uint64_t fresh;

	do
	{
		double value;

		memcpy(&value, &old, sizeof(value));
		value += more;
		memcpy(&fresh, &value, sizeof(fresh));
	} while (!atomic_compare_exchange_weak_explicit(&gauge->bits, &old, fresh, memory_order_relaxed,
													memory_order_relaxed));
}

void
histogram_observe(Histogram *histogram, double value)
{
	size_t bucket = 0;

	while (bucket < histogram->count && !(value <= histogram->bounds[bucket]))
		bucket++;
	atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
	gauge_add(&histogram->sum, value);
}

Metrics *
metrics_new(size_t maximum, SluiceError *err)
{
	Metrics *metrics = calloc(1, sizeof(*metrics));

	if (metrics == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making metrics");
		return NULL;
	}
	(void) pthread_mutex_init(&metrics->lock, NULL);
	metrics->last = &metrics->first;
	metrics->maximum = maximum;
	return metrics;
}

static void
free_series(Series *series)
{
	if (series != NULL)
		free(series->labels);
	free(series);
}

static void
free_family(Family *family)
{
	Series *next;

	for (Series *series = family->first; series != NULL; series = next)
	{
		next = series->next;
		free_series(series);
	}
	free(family->name);
	free(family->help);
	free(family);
}

void
metrics_free(Metrics *metrics)
{
	Family *next;

	if (metrics == NULL)
		return;
	for (Family *family = metrics->first; family != NULL; family = next)
	{
		next = family->next;
		free_family(family);
	}
	(void) pthread_mutex_destroy(&metrics->lock);
	free(metrics);
}

/* [a-zA-Z_][a-zA-Z0-9_]*, with the colon allowed in metric names. */
static bool
valid_name(const char *name, bool colon)
{
	if (isdigit((unsigned char) *name) || *name == '\0')
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char) *name) && *name != '_' && !(colon && *name == ':'))
			return false;
	return true;
}

static bool
put_label(ByteBuf *out, const MetricLabel *label, SluiceError *err)
{
	if (!valid_name(label->name, false) || strncmp(label->name, "__", 2) == 0 ||
		strcmp(label->name, "le") == 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%s\" is no label name", label->name);
	return (out->length == 0 || metrics_put_string(out, ",", err)) &&
		   metrics_put_string(out, label->name, err) && metrics_put_string(out, "=\"", err) &&
		   metrics_put_escaped(out, label->value, true, err) && metrics_put_string(out, "\"", err);
}

/* The labels as they are exposed, in memory the caller frees. */
static char *
render_labels(const MetricLabel *labels, SluiceError *err)
{
	ByteBuf text;
	char *copy = NULL;
	bool good = true;

	bytebuf_init(&text, &allocator_malloc, LABELS_MAXIMUM);
	for (; good && labels != NULL && labels->name != NULL; labels++)
		good = put_label(&text, labels, err);
	good = good && bytebuf_put_u8(&text, 0, err);
	if (good && (copy = strdup((const char *) text.data)) == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making a metric");
	bytebuf_free(&text);
	return copy;
}

static Family *
find_family(const Metrics *metrics, const char *name)
{
	for (Family *family = metrics->first; family != NULL; family = family->next)
		if (strcmp(family->name, name) == 0)
			return family;
	return NULL;
}

static Family *
make_family(Metrics *metrics, MetricType type, const char *name, const char *help)
{
	Family *family = calloc(1, sizeof(*family));

	if (family == NULL)
		return NULL;
	family->type = type;
	family->name = strdup(name);
	family->help = strdup(help);
	family->last = &family->first;
	if (family->name == NULL || family->help == NULL)
	{
		free_family(family);
		return NULL;
	}
	*metrics->last = family;
	metrics->last = &family->next;
	return family;
}

static Series *
find_series(const Family *family, const char *labels)
{
	for (Series *series = family->first; series != NULL; series = series->next)
		if (strcmp(series->labels, labels) == 0)
			return series;
	return NULL;
}

static Series *
make_series(Metrics *metrics, Family *family, const char *labels)
{
	Series *series = calloc(1, sizeof(*series));

	if (series == NULL || (series->labels = strdup(labels)) == NULL)
	{
		free(series);
		return NULL;
	}
	*family->last = series;
	family->last = &series->next;
	metrics->count++;
	return series;
}

static void
set_bounds(Series *series, const double *bounds, size_t count)
{
	series->value.histogram.count = count;
	if (count > 0)
		memcpy(series->value.histogram.bounds, bounds, count * sizeof(*bounds));
}

/* What a new series is to be. */
typedef struct Wanted
{
	MetricType type;
	const char *name;
	const char *help;
	const double *bounds;
	size_t bound_count;
} Wanted;

static bool
check_series(const Metrics *metrics, const Wanted *wanted, const Family *family,
			 const Series *series, SluiceError *err)
{
	if (family != NULL && family->type != wanted->type)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "metric %s is a %s already", wanted->name,
						   metric_type_names[family->type]);
	if (series == NULL && metrics->count >= metrics->maximum)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "more than %zu metric series",
						   metrics->maximum);
	return true;
}

/* Under the lock. */
static Series *
get_series(Metrics *metrics, const Wanted *wanted, const char *labels, SluiceError *err)
{
	Family *family = find_family(metrics, wanted->name);
	Series *series = family != NULL ? find_series(family, labels) : NULL;

	if (!check_series(metrics, wanted, family, series, err))
		return NULL;
	if (series != NULL)
		return series;
	if (family == NULL)
		family = make_family(metrics, wanted->type, wanted->name, wanted->help);
	if (family != NULL)
		series = make_series(metrics, family, labels);
	if (series != NULL)
		set_bounds(series, wanted->bounds, wanted->bound_count);
	else
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making a metric");
	return series;
}

static Series *
want_series(Metrics *metrics, const Wanted *wanted, const MetricLabel *labels, SluiceError *err)
{
	char *rendered;
	Series *series;

	if (!valid_name(wanted->name, true))
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%s\" is no metric name", wanted->name);
		return NULL;
	}
	rendered = render_labels(labels, err);
	if (rendered == NULL)
	{
		(void) sluice_prefix(err, "metric %s", wanted->name);
		return NULL;
	}
	(void) pthread_mutex_lock(&metrics->lock);
	series = get_series(metrics, wanted, rendered, err);
	(void) pthread_mutex_unlock(&metrics->lock);
	free(rendered);
	return series;
}

Counter *
metrics_counter(Metrics *metrics, const char *name, const char *help, const MetricLabel *labels,
				SluiceError *err)
{
	const Wanted wanted = {METRIC_COUNTER, name, help, NULL, 0};
	Series *series = want_series(metrics, &wanted, labels, err);

	return series != NULL ? &series->value.counter : NULL;
}

Gauge *
metrics_gauge(Metrics *metrics, const char *name, const char *help, const MetricLabel *labels,
			  SluiceError *err)
{
	const Wanted wanted = {METRIC_GAUGE, name, help, NULL, 0};
	Series *series = want_series(metrics, &wanted, labels, err);

	return series != NULL ? &series->value.gauge : NULL;
}

static bool
check_bounds(const char *name, const double *bounds, size_t count, SluiceError *err)
{
	bool good = count <= METRICS_BUCKETS;

	for (size_t i = 0; good && i < count; i++)
		good = isfinite(bounds[i]) && (i == 0 || bounds[i] > bounds[i - 1]);
	return good || sluice_fail(err, SLUICE_ERROR_ARGUMENT,
							   "the buckets of metric %s are too many or do not ascend", name);
}

Histogram *
metrics_histogram(Metrics *metrics, const char *name, const char *help, const MetricLabel *labels,
				  const double *bounds, size_t count, SluiceError *err)
{
	const Wanted wanted = {METRIC_HISTOGRAM, name, help, bounds, count};
	Series *series = NULL;

	if (check_bounds(name, bounds, count, err))
		series = want_series(metrics, &wanted, labels, err);
	return series != NULL ? &series->value.histogram : NULL;
}

bool
metrics_on_collect(Metrics *metrics, MetricsCollect collect, void *context, SluiceError *err)
{
	bool good;

	(void) pthread_mutex_lock(&metrics->lock);
	good = metrics->collector_count < COLLECTORS_MAXIMUM;
	if (good)
	{
		metrics->collectors[metrics->collector_count].collect = collect;
		metrics->collectors[metrics->collector_count++].context = context;
	}
	(void) pthread_mutex_unlock(&metrics->lock);
	return good || sluice_fail(err, SLUICE_ERROR_LIMIT, "more than %d metric collectors",
							   COLLECTORS_MAXIMUM);
}
