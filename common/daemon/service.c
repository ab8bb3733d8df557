/*
 * service.c - start, rounds and end of a daemon.
 */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define METRICS_MAXIMUM	   20000
#define LOG_FIELDS_MAXIMUM 8

static const Option shared_options[] = {
	{.name = "config",
	 .type = OPTION_STRING,
	 .placeholder = "FILE",
	 .group = "Operation",
	 .help = "Reads options from this file, one \"name = value\" per line."},
	{.name = "log-level",
	 .type = OPTION_ENUM,
	 .default_value = "info",
	 .allowed = log_level_names,
	 .placeholder = "LEVEL",
	 .group = "Operation",
	 .help = "Logs events of this level and the ones before it.",
	 .reloadable = true},
	{.name = "log-format",
	 .type = OPTION_ENUM,
	 .default_value = "logfmt",
	 .allowed = log_format_names,
	 .placeholder = "FORMAT",
	 .group = "Operation",
	 .help = "Form of the log lines on standard error."},
	{.name = "http",
	 .type = OPTION_STRING,
	 .placeholder = "HOST:PORT",
	 .group = "Operation",
	 .help =
		 "Serves /metrics, /livez and /readyz here, for example 127.0.0.1:9187. Off when empty; "
		 "port 0 takes a free one, which is logged.",
	 .may_be_empty = true},
	{.name = "live-within",
	 .type = OPTION_DURATION,
	 .default_value = "30s",
	 .minimum = 1000,
	 .maximum = 3600000,
	 .group = "Operation",
	 .help = "Answers 503 on /livez when the main loop has not moved for this long."},
};

/* A closed standard stream's number would be given to a socket, and log lines would go there. */
static void
keep_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void) close(fd);
}

static void
print_failure(const char *program, const SluiceError *err)
{
	(void) fprintf(stderr, "%s: %s\n", program, err->message);
	if (err->hint[0] != '\0')
		(void) fprintf(stderr, "%s: hint: %s\n", program, err->hint);
}

static bool
make_log(Service *service, SluiceError *err)
{
	const Program *program = service->program;
	LogField fields[LOG_FIELDS_MAXIMUM + 2] = {LOG_TEXT("program", program->name)};
	size_t count = 1;

	for (const char *const *name = program->log_fields;
		 name != NULL && *name != NULL && count <= LOG_FIELDS_MAXIMUM; name++)
		fields[count++] = (LogField) LOG_TEXT(*name, options_string(service->options, *name));
	fields[count] = (LogField) LOG_END;
	service->log =
		log_new(STDERR_FILENO, (LogFormat) options_choice(service->options, "log-format"),
				(LogLevel) options_choice(service->options, "log-level"), fields, err);
	return service->log != NULL;
}

static bool
make_metrics(Service *service, SluiceError *err)
{
	service->metrics = metrics_new(METRICS_MAXIMUM, err);
	return service->metrics != NULL &&
		   process_metrics_register(&service->process, service->metrics, service->program->name,
									service->program->version, err);
}

static bool
start_http(Service *service, SluiceError *err)
{
	const char *address = options_string(service->options, "http");
	const HttpSettings settings = {.address = address,
								   .metrics = service->metrics,
								   .live = health_live,
								   .ready = health_ready,
								   .context = &service->health};

	if (address == NULL || *address == '\0')
		return true;
	service->http = http_start(&settings, err);
	if (service->http == NULL)
		return sluice_prefix(err, "--http");
	log_event(service->log, LOG_INFO, "serving metrics and health",
			  (LogField[]){LOG_TEXT("address", address),
						   LOG_INTEGER("port", http_port(service->http)), LOG_END});
	return true;
}

static void
release(Service *service)
{
	http_stop(service->http);
	signals_close(&service->signals);
	metrics_free(service->metrics);
	log_free(service->log);
	options_free(service->options);
	health_free(&service->health);
}

/* All that follows the options; the log is made first, so that the others can use it. */
static bool
start_parts(Service *service, SluiceError *err)
{
	health_init(&service->health, options_duration(service->options, "live-within"));
	if (!make_log(service, err) || !signals_open(&service->signals, err) ||
		!make_metrics(service, err))
		return false;
	log_event(service->log, LOG_INFO, "starting",
			  (LogField[]){LOG_TEXT("version", service->program->version),
						   LOG_INTEGER("pid", getpid()), LOG_END});
	return start_http(service, err);
}

bool
service_start(Service *service, const Program *program, int argc, char *const *argv, int *status)
{
	SluiceError err;

	keep_standard_streams();
	(void) prctl(PR_SET_DUMPABLE, 0);
	*service = (Service){.program = program, .signals = {-1}};
	service->options =
		options_new(program, shared_options, sizeof(shared_options) / sizeof(shared_options[0]),
					argc, argv, &err);
	if (service->options == NULL)
	{
		print_failure(program->name, &err);
		*status = SERVICE_USAGE;
		return false;
	}
	if (options_action(service->options) != OPTIONS_RUN)
	{
		options_print(service->options, stdout);
		options_free(service->options);
		*status = fflush(stdout) == 0 ? SERVICE_OK : SERVICE_FAILURE;
		return false;
	}
	if (start_parts(service, &err))
		return true;
	*status = service_status(&err);
	if (service->log != NULL)
		log_failure(service->log, LOG_ERROR, "cannot start", &err, NULL);
	else
		print_failure(program->name, &err);
	release(service);
	return false;
}

/* An OptionChanged. */
static void
tell_change(void *context, const Option *option, bool applied)
{
	const LogField fields[] = {LOG_TEXT("option", option->name), LOG_END};

	if (applied)
		log_event(context, LOG_INFO, "option changed", fields);
	else
		log_event(context, LOG_WARNING, "option changed, but takes effect only after a restart",
				  fields);
}

static bool
reload(Service *service)
{
	SluiceError err;

	if (!options_reload(service->options, tell_change, service->log, &err))
	{
		log_failure(service->log, LOG_ERROR, "reload failed, all options stay as they were", &err,
					NULL);
		return false;
	}
	log_set_level(service->log, (LogLevel) options_choice(service->options, "log-level"));
	log_event(service->log, LOG_INFO, "reloaded", NULL);
	return true;
}

unsigned
service_poll(Service *service)
{
	unsigned signals = signals_take(&service->signals);
	unsigned found = 0;

	health_tick(&service->health);
	if ((signals & SIGNALS_RELOAD) != 0 && reload(service))
		found |= SERVICE_RELOADED;
	if ((signals & SIGNALS_DRAIN) != 0 && !service->draining)
	{
		service->draining = true;
		health_set_reason(&service->health, "draining");
		log_event(service->log, LOG_INFO, "draining, a second signal ends at once", NULL);
	}
	return found | (service->draining ? SERVICE_DRAIN : 0u);
}

ServiceStatus
service_status(const SluiceError *err)
{
	switch (err->code)
	{
		case SLUICE_OK: return SERVICE_OK;
		case SLUICE_ERROR_ARGUMENT: return SERVICE_USAGE;
		case SLUICE_ERROR_STATE: return SERVICE_REFUSED;
		default: return SERVICE_FAILURE;
	}
}

int
service_stop(Service *service, int status)
{
	log_event(service->log, LOG_INFO, "stopped",
			  (LogField[]){LOG_INTEGER("status", status), LOG_END});
	release(service);
	return status;
}
