/*
 * process_usage.c - reading /proc/PID/stat (process_usage.h).
 */
#include "process_usage.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double
seconds_of(const struct timeval *time)
{
	return (double) time->tv_sec + (double) time->tv_usec / 1e6;
}

void
process_usage_add(ProcessUsage *usage, int pid)
{
	char path[64] = "/proc/self/stat", text[1024] = "";
	unsigned long user = 0, system = 0;
	long pages = 0;
	const char *behind;
	FILE *file;

	if (pid > 0)
		(void) snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	(void) !fgets(text, sizeof(text), file);
	(void) fclose(file);
	/* The program's name may have blanks and brackets; what follows its last bracket has none. */
	behind = strrchr(text, ')');
	if (behind != NULL && sscanf(behind + 1,
								 " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d"
								 " %*d %*d %*d %*u %*u %ld",
								 &user, &system, &pages) == 3)
	{
		usage->cpu_seconds += (double) (user + system) / (double) sysconf(_SC_CLK_TCK);
		usage->resident_bytes += (int64_t) pages * sysconf(_SC_PAGESIZE);
	}
	if (pid == 0)
	{
		struct rusage ended;

		(void) getrusage(RUSAGE_CHILDREN, &ended);
		usage->cpu_seconds += seconds_of(&ended.ru_utime) + seconds_of(&ended.ru_stime);
	}
}
