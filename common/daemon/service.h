/*
 * service.h - what the main() of every daemon has in common.
 *
 *     int
 *     main(int argc, char **argv)
 *     {
 *         Service service;
 *         int status;
 *
 *         if (!service_start(&service, &program, argc, argv, &status))
 *             return status;
 *         ... until done or (service_poll(&service) & SERVICE_DRAIN) ...
 *         return service_stop(&service, status);
 *     }
 *
 * Before the log exists (bad options), errors are plain text on stderr; afterwards log lines.  Core
 * dumps and debuggers are shut out (PR_SET_DUMPABLE 0), because the memory holds passwords and rows.
 *
 * Options that all daemons share, behind the program's own: config, log-level, log-format, http,
 * live-within.
 */
#ifndef SLUICE_DAEMON_SERVICE_H
#define SLUICE_DAEMON_SERVICE_H

#include "health.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "options.h"
#include "process_metrics.h"
#include "signals.h"

/* Exit statuses. */
typedef enum ServiceStatus
{
	SERVICE_OK = 0,		 /* done, drained, or help printed */
	SERVICE_FAILURE = 1, /* something failed; starting again may help */
	SERVICE_USAGE = 2,	 /* options that make no sense; starting again will not help */
	SERVICE_REFUSED = 3	 /* the state forbids it (a gap, a foreign stream): somebody must look */
} ServiceStatus;

/* What service_poll() found, as a set of bits. */
enum
{
	SERVICE_DRAIN = 1,	 /* finish what is begun, then stop; stays set */
	SERVICE_RELOADED = 2 /* read reloadable options again */
};

typedef struct Service
{
	const Program *program;
	Options *options;
	Log *log;
	Metrics *metrics;
	HttpListener *http; /* NULL when it is off */
	Signals signals;	/* signals.fd belongs into the main loop's poll set */
	Health health;		/* starts as not ready */
	ProcessMetrics process;
	bool draining;
} Service;

/*
 * Makes all of it.  False when the program is to end at once, with *status as main()'s result: an
 * error, told on stderr, or help or version printed.  Must come before any thread is made.
 */
extern bool service_start(Service *service, const Program *program, int argc, char *const *argv,
						  int *status) SLUICE_MUST_CHECK;

/*
 * To be called on each round of the main loop, at least as often as live-within: ticks for /livez,
 * takes signals, reloads options and logs what changed.  Never waits.
 */
extern unsigned service_poll(Service *service);

/* The exit status for an error that ends the program. */
extern ServiceStatus service_status(const SluiceError *err);

/* Logs the end, frees everything and returns the status for main(). */
extern int service_stop(Service *service, int status);

#endif
