/*
 * metrics_text.c - the Prometheus text exposition.
 */
#include "metrics_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "utf8.h"

bool
metrics_put_string(ByteBuf *out, const char *text, SluiceError *err)
{
	return bytebuf_put(out, text, strlen(text), err);
}

/* A scraper refuses the whole page for one byte that is not UTF-8, and names come from databases. */
bool
metrics_put_escaped(ByteBuf *out, const char *text, bool quote, SluiceError *err)
{
	bool good = true;

	while (good && *text != '\0')
	{
		size_t length = utf8_sequence(text, strnlen(text, 4));

		if (length == 0)
			good = metrics_put_string(out, UTF8_REPLACEMENT, err);
		else if (*text == '\n')
			good = metrics_put_string(out, "\\n", err);
		else if (*text == '\\' || (quote && *text == '"'))
			good = bytebuf_put_u8(out, '\\', err) && bytebuf_put_u8(out, (uint8_t) *text, err);
		else
			good = bytebuf_put(out, text, length, err);
		text += length == 0 ? 1 : length;
	}
	return good;
}

/* The shortest decimal form that reads back as the same double, in Prometheus' spelling. */
static void
format_real(double value, char *out, size_t size)
{
	if (isnan(value) || isinf(value))
	{
		(void) snprintf(out, size, "%s", isnan(value) ? "NaN" : (value > 0 ? "+Inf" : "-Inf"));
		return;
	}
	(void) snprintf(out, size, "%.15g", value);
	if (strtod(out, NULL) != value)
		(void) snprintf(out, size, "%.17g", value);
}

/* One sample line; `bound` is the le label of a bucket, or NULL. */
static bool
put_sample(ByteBuf *out, const Family *family, const char *suffix, const Series *series,
		   const char *bound, const char *value, SluiceError *err)
{
	bool labels = *series->labels != '\0';
	bool good = metrics_put_string(out, family->name, err) && metrics_put_string(out, suffix, err);

	if (good && (labels || bound != NULL))
		good = metrics_put_string(out, "{", err) && metrics_put_string(out, series->labels, err) &&
			   (bound == NULL ||
				(metrics_put_string(out, labels ? ",le=\"" : "le=\"", err) &&
				 metrics_put_string(out, bound, err) && metrics_put_string(out, "\"", err))) &&
			   metrics_put_string(out, "}", err);
	return good && metrics_put_string(out, " ", err) && metrics_put_string(out, value, err) &&
		   metrics_put_string(out, "\n", err);
}

static bool
put_histogram(ByteBuf *out, const Family *family, const Series *series, SluiceError *err)
{
	const Histogram *histogram = &series->value.histogram;
	uint64_t total = 0;
	char text[40], bound[40];
	bool good = true;

	for (size_t i = 0; good && i <= histogram->count; i++)
	{
		total += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
		format_real(i < histogram->count ? histogram->bounds[i] : INFINITY, bound, sizeof(bound));
		(void) snprintf(text, sizeof(text), "%" PRIu64, total);
		good = put_sample(out, family, "_bucket", series, bound, text, err);
	}
	format_real(gauge_value(&histogram->sum), bound, sizeof(bound));
	return good && put_sample(out, family, "_sum", series, NULL, bound, err) &&
		   put_sample(out, family, "_count", series, NULL, text, err);
}

static bool
put_series(ByteBuf *out, const Family *family, const Series *series, SluiceError *err)
{
	char text[40];

	switch (family->type)
	{
		case METRIC_COUNTER:
			(void) snprintf(
				text, sizeof(text), "%" PRIu64,
				atomic_load_explicit(&series->value.counter.value, memory_order_relaxed));
			return put_sample(out, family, "", series, NULL, text, err);
		case METRIC_GAUGE:
			format_real(gauge_value(&series->value.gauge), text, sizeof(text));
			return put_sample(out, family, "", series, NULL, text, err);
		case METRIC_HISTOGRAM: return put_histogram(out, family, series, err);
	}
	return false;
}

static bool
put_family(ByteBuf *out, const Family *family, SluiceError *err)
{
	bool good = metrics_put_string(out, "# HELP ", err) &&
				metrics_put_string(out, family->name, err) && metrics_put_string(out, " ", err) &&
				metrics_put_escaped(out, family->help, false, err) &&
				metrics_put_string(out, "\n# TYPE ", err) &&
				metrics_put_string(out, family->name, err) && metrics_put_string(out, " ", err) &&
				metrics_put_string(out, metric_type_names[family->type], err) &&
				metrics_put_string(out, "\n", err);

	for (const Series *series = family->first; good && series != NULL; series = series->next)
		good = put_series(out, family, series, err);
	return good;
}

bool
metrics_write(Metrics *metrics, ByteBuf *out, SluiceError *err)
{
	size_t collectors;
	bool good = true;

	/* Outside the lock, so that a collector may make series. */
	(void) pthread_mutex_lock(&metrics->lock);
	collectors = metrics->collector_count;
	(void) pthread_mutex_unlock(&metrics->lock);
	for (size_t i = 0; i < collectors; i++)
		metrics->collectors[i].collect(metrics->collectors[i].context);
	(void) pthread_mutex_lock(&metrics->lock);
	for (const Family *family = metrics->first; good && family != NULL; family = family->next)
		good = put_family(out, family, err);
	(void) pthread_mutex_unlock(&metrics->lock);
	return good;
}
