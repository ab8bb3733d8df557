/*
 * main.c - sluice-mysql-reader: streams until the end is asked for, or one command.
 *
 * This thread only takes signals and tells whether all is well; streams have threads of their own
 * (stream_set.h, stream.h).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_command.h"
#include "common/daemon/nats_options.h"
#include "common/daemon/service.h"
#include "drop_command.h"
#include "schema_command.h"
#include "settings.h"
#include "stream_set.h"

#define LOOK_MS 100

static int
fail(const Service *service, const SluiceError *err)
{
	log_failure(service->log, LOG_ERROR, "cannot start", err, NULL);
	return (int) service_status(err);
}

/* ---- streams ---- */

/* Settings of the one stream, again after a reload; what makes no sense leaves it as it is. */
static void
reload(Service *service, StreamSet *set)
{
	StreamSettings only;
	SluiceError err = {0};

	stream_set_log_level(set, (LogLevel) options_choice(service->options, "log-level"));
	if (options_bool(service->options, "streams"))
		return;
	if (stream_settings_read(&only, service->options, &err))
		stream_set_change(set, &only);
	else
		log_failure(service->log, LOG_ERROR, "the stream stays as it was", &err, NULL);
	stream_settings_free(&only);
}

static int
watch(Service *service, StreamSet *set)
{
	char reason[HEALTH_REASON_SIZE];

	for (;;)
	{
		unsigned found = service_poll(service);

		if ((found & SERVICE_DRAIN) != 0)
			return SERVICE_OK;
		if ((found & SERVICE_RELOADED) != 0)
			reload(service, set);
		health_set_reason(&service->health,
						  stream_set_ready(set, reason, sizeof(reason)) ? NULL : reason);
		if (stream_set_finished(set))
		{
			log_event(service->log, LOG_INFO, "finished", NULL);
			return SERVICE_OK;
		}
		(void) usleep(LOOK_MS * 1000);
	}
}

static int
run_streams(Service *service)
{
	StreamSettings only = {0};
	StreamSetSettings settings = {
		.options = service->options,
		.bucket = options_bool(service->options, "streams"),
		.log = service->log,
		.host = {.metrics = service->metrics,
				 .log_format = (LogFormat) options_choice(service->options, "log-format"),
				 .log_level = (LogLevel) options_choice(service->options, "log-level")},
	};
	SluiceError err = {0};
	StreamSet *set = NULL;
	int status;

	if (nats_options_read(&settings.nats, service->options, reader_program.name, &err) &&
		(settings.bucket || stream_settings_read(&only, service->options, &err)))
		set = stream_set_start(&settings, &only, &err);
	if (set == NULL)
		status = fail(service, &err);
	else
		status = watch(service, set);
	stream_set_stop(set);
	stream_settings_free(&only);
	return status;
}

/* ---- commands ---- */

static int
print_schema(Service *service)
{
	StreamSettings settings = {0};
	SluiceError err = {0};
	int status = SERVICE_OK;

	if (stream_settings_read(&settings, service->options, &err))
	{
		const MySettings source = stream_settings_source(&settings);
		const SchemaCommand command = {.stream = settings.stream,
									   .tables = settings.tables,
									   .scan = settings.scan != SCAN_OFF};

		if (!schema_command(&source, &command, stdout, &err))
			status = fail(service, &err);
	}
	else
		status = fail(service, &err);
	stream_settings_free(&settings);
	return status;
}

/* 1 when something is missing. */
static int
check(Service *service)
{
	StreamSettings settings = {0};
	Findings findings = {0};
	SluiceError err = {0};
	int status = SERVICE_OK;

	if (!stream_settings_read(&settings, service->options, &err))
		status = fail(service, &err);
	else
	{
		check_command(&settings, &findings);
		if (!findings_print(&findings, options_bool(service->options, "json"), stdout, &err))
			status = fail(service, &err);
		else if (findings_worst(&findings) == FINDING_FAILED)
			status = SERVICE_FAILURE;
	}
	findings_free(&findings);
	stream_settings_free(&settings);
	return status;
}

static int
drop(Service *service)
{
	const char *stream = options_string(service->options, "stream");
	NatsSettings nats;
	SluiceError err = {0};

	if (stream == NULL)
		(void) sluice_fail(&err, SLUICE_ERROR_ARGUMENT, "option --stream is required");
	else if (nats_options_read(&nats, service->options, reader_program.name, &err) &&
			 drop_command(&nats, stream, &err))
	{
		log_event(service->log, LOG_INFO, "dropped",
				  (LogField[]){LOG_TEXT("stream", stream), LOG_END});
		return SERVICE_OK;
	}
	log_failure(service->log, LOG_ERROR, "cannot drop the stream", &err, NULL);
	return (int) service_status(&err);
}

int
main(int argc, char **argv)
{
	static Service service;
	bool dropping = argc > 1 && strcmp(argv[1], "drop") == 0;
	int status;

	if (!service_start(&service, &reader_program, argc - dropping, argv + dropping, &status))
		return status;
	if (dropping)
		status = drop(&service);
	else if (options_bool(service.options, "check"))
		status = check(&service);
	else if (options_bool(service.options, "schema"))
		status = print_schema(&service);
	else
		status = run_streams(&service);
	status = service_stop(&service, status);
	/* Without exit()'s destructors: threads of libnats that are just ending may still use what those
	 * take away.  Everything of ours is written and closed. */
	(void) fflush(stdout);
	_exit(status);
}
