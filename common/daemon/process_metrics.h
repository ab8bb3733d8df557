/*
 * process_metrics.h - what every daemon exposes about itself, under the names Prometheus users know:
 * process_resident_memory_bytes, process_start_time_seconds, and sluice_build_info{program,version}.
 */
#ifndef SLUICE_DAEMON_PROCESS_METRICS_H
#define SLUICE_DAEMON_PROCESS_METRICS_H

#include "metrics.h"

typedef struct ProcessMetrics
{
	Gauge *resident;
} ProcessMetrics;

/* Registers them; *process must outlive the registry. */
extern bool process_metrics_register(ProcessMetrics *process, Metrics *metrics, const char *program,
									 const char *version, SluiceError *err) SLUICE_MUST_CHECK;

#endif
