/*
 * traffic.h - what is told of every request: a log line and a measured time.
 *
 *     sluice_control_http_request_duration_seconds{route, method, code}
 *     sluice_control_http_requests_in_flight
 */
#ifndef SLUICE_CONTROL_TRAFFIC_H
#define SLUICE_CONTROL_TRAFFIC_H

#include "common/daemon/log.h"
#include "common/daemon/metrics.h"
#include "request.h"

typedef struct Traffic Traffic;

extern Traffic *traffic_new(Log *log, Metrics *metrics, SluiceError *err) SLUICE_MUST_CHECK;
extern void traffic_free(Traffic *traffic);

/* Microseconds, for durations. */
extern int64_t traffic_now_us(void);

extern void traffic_begin(Traffic *traffic);

/* `route` is the path as the table has it, "" when there was none: never what came. */
extern void traffic_end(Traffic *traffic, const Request *request, const char *method,
						const char *route, int status, int64_t began_us);

#endif
