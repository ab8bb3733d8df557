/*
 * traffic.c - the log line and the histogram of a request.
 */
#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct Traffic
{
	Log *log;
	Metrics *metrics;
	Gauge *in_flight;
};

Traffic *
traffic_new(Log *log, Metrics *metrics, SluiceError *err)
{
	Traffic *traffic = calloc(1, sizeof(*traffic));

	if (traffic == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making the listener");
	else
	{
		traffic->log = log;
		traffic->metrics = metrics;
		traffic->in_flight = metrics_gauge(metrics, "sluice_control_http_requests_in_flight",
										   "Requests that are being answered.", NULL, err);
	}
	if (traffic != NULL && traffic->in_flight != NULL)
		return traffic;
	traffic_free(traffic);
	return NULL;
}

void
traffic_free(Traffic *traffic)
{
	free(traffic);
}

int64_t
traffic_now_us(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
traffic_begin(Traffic *traffic)
{
	gauge_add(traffic->in_flight, 1);
}

static void
measure(const Traffic *traffic, const char *method, const char *route, int status, int64_t took_us)
{
	char code[8];
	SluiceError err;
	Histogram *histogram;

	(void) snprintf(code, sizeof(code), "%d", status);
	histogram = metrics_histogram(
		traffic->metrics, "sluice_control_http_request_duration_seconds",
		"Time from a request's last byte to its answer.",
		(MetricLabel[]){{"route", route}, {"method", method}, {"code", code}, {NULL, NULL}},
		metrics_second_bounds, metrics_second_bound_count, &err);
	if (histogram != NULL)
		histogram_observe(histogram, (double) took_us / 1e6);
}

/* What changed something or went wrong is told; reading is not, nor what was refused because it was too much. */
static LogLevel
level_of(const Request *request, int status)
{
	if (status >= 500 && status != 503)
		return LOG_ERROR;
	if (status == 429)
		return LOG_DEBUG;
	if (status >= 400)
		return LOG_INFO;
	return request->method == HTTP_GET ? LOG_DEBUG : LOG_INFO;
}

void
traffic_end(Traffic *traffic, const Request *request, const char *method, const char *route,
			int status, int64_t began_us)
{
	int64_t took_us = traffic_now_us() - began_us;
	const Caller *caller = &request->caller;
	LogLevel level = level_of(request, status);

	gauge_add(traffic->in_flight, -1);
	measure(traffic, method, route, status, took_us);
	if (log_wants(traffic->log, level))
		log_event(
			traffic->log, level, "request",
			(LogField[]){LOG_TEXT("method", method), LOG_TEXT("route", route),
						 LOG_TEXT("path", request->path), LOG_INTEGER("status", status),
						 LOG_REAL("ms", (double) took_us / 1000),
						 LOG_TEXT("request_id", request->id), LOG_TEXT("address", caller->address),
						 LOG_TEXT("tenant", caller->tenant[0] != '\0' ? caller->tenant : NULL),
						 LOG_TEXT("caller", caller->key_id[0] != '\0' ? caller->key_id : NULL),
						 LOG_END});
}
