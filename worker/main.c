/*
 * main.c - sluice-worker: takes jobs until the end is asked for, then hands them over.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

/* Databases are found by what a run says alone, not by what stands in the environment. */
static void
forget_environment(void)
{
	static const char *const prefixes[] = {"PG", "MYSQL_", "MARIADB_"};
	char name[64];

	for (char **each = environ; *each != NULL;)
	{
		size_t length = strcspn(*each, "=");
		bool found = false;

		for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
			found |= strncmp(*each, prefixes[i], strlen(prefixes[i])) == 0;
		if (!found || length >= sizeof(name))
		{
			each++;
			continue;
		}
		memcpy(name, *each, length);
		name[length] = '\0';
		(void) unsetenv(name); /* what follows moves up */
	}
}

int
main(int argc, char **argv)
{
	static Service service;
	static Worker worker;
	SluiceError err = {0};
	int status;

	forget_environment();
	if (!service_start(&service, &worker_program, argc, argv, &status))
		return status;
	if (worker_open(&worker, &service, &err))
	{
		worker_run(&worker);
		status = SERVICE_OK;
	}
	else
	{
		log_failure(service.log, LOG_ERROR, "cannot start", &err, NULL);
		status = (int) service_status(&err);
	}
	worker_close(&worker);
	status = service_stop(&service, status);
	/* Without exit()'s destructors: threads of libnats that are just ending may still use what those take away. */
	_exit(status);
}
