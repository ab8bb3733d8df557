/*
 * metrics.h - counters, gauges and histograms, and their Prometheus text exposition.
 *
 * Series are made at start (or when a table is first seen) under a lock; from then on a hot path
 * holds a pointer and pays one relaxed atomic add.  Series live as long as their registry.
 *
 * Names follow Prometheus: sluice_writer_rows_applied_total, sluice_writer_lag_seconds,
 * base units (seconds, bytes), counters end in _total.
 */
#ifndef SLUICE_DAEMON_METRICS_H
#define SLUICE_DAEMON_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/bytebuf.h"
#include "common/core/error.h"

typedef struct Metrics Metrics;

/* An array of these ends with a NULL name; NULL stands for no labels. */
typedef struct MetricLabel
{
	const char *name;
	const char *value;
} MetricLabel;

typedef struct Counter
{
	_Atomic uint64_t value;
} Counter;

/* A double, kept as its bits so that setting one is a plain atomic store. */
typedef struct Gauge
{
	_Atomic uint64_t bits;
} Gauge;

typedef struct Histogram Histogram;

static inline void
counter_add(Counter *counter, uint64_t more)
{
	atomic_fetch_add_explicit(&counter->value, more, memory_order_relaxed);
}

static inline void
gauge_set(Gauge *gauge, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	atomic_store_explicit(&gauge->bits, bits, memory_order_relaxed);
}

static inline double
gauge_value(const Gauge *gauge)
{
	uint64_t bits = atomic_load_explicit(&gauge->bits, memory_order_relaxed);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

extern void gauge_add(Gauge *gauge, double more);

extern void histogram_observe(Histogram *histogram, double value);

/* A registry for at most `maximum` series (a histogram is one). */
extern Metrics *metrics_new(size_t maximum, SluiceError *err) SLUICE_MUST_CHECK;
extern void metrics_free(Metrics *metrics);

/*
 * Finds or makes a series; all texts are copied.  The same name and labels give the same series
 * again; a name already used by another type, a malformed name or label is SLUICE_ERROR_ARGUMENT,
 * a full registry SLUICE_ERROR_LIMIT.
 */
extern Counter *metrics_counter(Metrics *metrics, const char *name, const char *help,
								const MetricLabel *labels, SluiceError *err) SLUICE_MUST_CHECK;
extern Gauge *metrics_gauge(Metrics *metrics, const char *name, const char *help,
							const MetricLabel *labels, SluiceError *err) SLUICE_MUST_CHECK;

/* `bounds` are the upper ends of the buckets, ascending, at most METRICS_BUCKETS; +Inf is added. */
extern Histogram *metrics_histogram(Metrics *metrics, const char *name, const char *help,
									const MetricLabel *labels, const double *bounds, size_t count,
									SluiceError *err) SLUICE_MUST_CHECK;

#define METRICS_BUCKETS 32

/* 100 us to 60 s: for durations in seconds. */
extern const double metrics_second_bounds[];
extern const size_t metrics_second_bound_count;

/* Called at the start of each metrics_write(), from its thread, to set gauges that are only worth computing then. */
typedef void (*MetricsCollect)(void *context);

extern bool metrics_on_collect(Metrics *metrics, MetricsCollect collect, void *context,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* Appends the exposition (text format 0.0.4): families and series in the order they were made. */
extern bool metrics_write(Metrics *metrics, ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

#endif
