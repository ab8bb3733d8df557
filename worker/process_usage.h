/*
 * process_usage.h - what processes use, of /proc.
 */
#ifndef SLUICE_WORKER_PROCESS_USAGE_H
#define SLUICE_WORKER_PROCESS_USAGE_H

#include <stdint.h>

typedef struct ProcessUsage
{
	double cpu_seconds;
	int64_t resident_bytes;
} ProcessUsage;

/* Adds that of a process; one that is gone adds nothing.  0 is this one, with its children that have ended. */
extern void process_usage_add(ProcessUsage *usage, int pid);

#endif
