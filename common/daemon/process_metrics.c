/*
 * process_metrics.c - memory is read from /proc at each scrape; the rest never changes.
 */
#include "process_metrics.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* A MetricsCollect. */
static void
collect(void *context)
{
	ProcessMetrics *process = context;
	FILE *statm = fopen("/proc/self/statm", "re");
	unsigned long long pages;

	if (statm == NULL)
		return;
	if (fscanf(statm, "%*u %llu", &pages) == 1)
		gauge_set(process->resident, (double) pages * (double) sysconf(_SC_PAGESIZE));
	(void) fclose(statm);
}

bool
process_metrics_register(ProcessMetrics *process, Metrics *metrics, const char *program,
						 const char *version, SluiceError *err)
{
	const MetricLabel labels[] = {{"program", program}, {"version", version}, {NULL, NULL}};
	Gauge *build = metrics_gauge(metrics, "sluice_build_info",
								 "Always 1; the labels say what is running.", labels, err);
	Gauge *started =
		metrics_gauge(metrics, "process_start_time_seconds",
					  "Start time of the process since the Unix epoch in seconds.", NULL, err);

	process->resident = metrics_gauge(metrics, "process_resident_memory_bytes",
									  "Resident memory size in bytes.", NULL, err);
	if (build == NULL || started == NULL || process->resident == NULL)
		return false;
	gauge_set(build, 1);
	gauge_set(started, (double) time(NULL));
	return metrics_on_collect(metrics, collect, process, err);
}
