/*
 * main.c - sluice-control: serves until the end is asked for, or seals everything under another master key.
 *
 * This thread only takes signals and tells whether all is well.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/control/secret_request.h"
#include "common/daemon/service.h"
#include "control.h"
#include "control/database/databases.h"
#include "control/store/identity_keys.h"
#include "control/store/secret_keeper_sealed.h"
#include "control/store/store_nats.h"
#include "settings.h"

#define LOOK_MS		   100
#define ROTATE_COMMAND "rotate-master-key"

static int
fail(const Service *service, const char *what, const SluiceError *err)
{
	log_failure(service->log, LOG_ERROR, what, err, NULL);
	return (int) service_status(err);
}

/* ---- serving ---- */

/* Of a store without any key: an empty one, or one that was wiped or made anew while servers run. */
static void
print_first_key(const Service *service, Control *control)
{
	char text[API_KEY_TEXT] = "";
	SluiceError err;

	if (!identity_first_key(control->store, text, &err))
	{
		log_failure(service->log, LOG_WARNING, "cannot look for the first API key, will try again",
					&err, NULL);
		return;
	}
	if (text[0] != '\0')
	{
		(void) printf("API key, shown only now: %s\n", text);
		(void) fflush(stdout);
	}
	sodium_memzero(text, sizeof(text));
}

static void
watch(Service *service, Control *control)
{
	while ((service_poll(service) & SERVICE_DRAIN) == 0)
	{
		SluiceError err = {0};
		bool ready = store_ready(control->store, &err);

		if (ready)
			print_first_key(service, control);
		health_set_reason(&service->health, ready ? NULL : err.message);
		(void) usleep(LOOK_MS * 1000);
	}
}

static int
serve(Service *service, const ControlSettings *settings)
{
	static Control control;
	SluiceError err;
	int status = SERVICE_OK;

	control.settings = settings;
	control.nats = settings->nats;
	control.log = service->log;
	control.metrics = service->metrics;
	if (control_start(&control, &err))
		watch(service, &control);
	else
		status = fail(service, "cannot start", &err);
	control_stop(&control);
	return status;
}

/* ---- rotate-master-key ---- */

static int
rotate(Service *service, const ControlSettings *settings)
{
	SluiceError err = {0};
	size_t count = 0;
	Store *store = NULL;
	int status = SERVICE_OK;

	if (settings->new_master_key_file == NULL)
		(void) sluice_fail(&err, SLUICE_ERROR_ARGUMENT, "option --new-master-key-file is required");
	else
		store = store_nats_new(&settings->nats, settings->replicas, service->log, &err);
	if (store == NULL || !secret_rotate(store, settings->master_key_file,
										settings->new_master_key_file, &count, &err))
		status = fail(service, "cannot rotate the master key", &err);
	else
		log_event(service->log, LOG_INFO, "everything is sealed under the new master key",
				  (LogField[]){LOG_UNSIGNED("secrets", count),
							   LOG_TEXT("file", settings->new_master_key_file), LOG_END});
	if (store != NULL)
		store_stop(store);
	return status;
}

int
main(int argc, char **argv)
{
	static Service service;
	static ControlSettings settings;
	bool rotating = argc > 1 && strcmp(argv[1], ROTATE_COMMAND) == 0;
	SluiceError err;
	int status;

	databases_forget_environment();
	if (sodium_init() < 0)
		return SERVICE_FAILURE;
	if (!service_start(&service, &control_program, argc - rotating, argv + rotating, &status))
		return status;
	if (!control_settings_read(&settings, service.options, &err))
		status = fail(&service, "cannot start", &err);
	else if (rotating)
		status = rotate(&service, &settings);
	else
		status = serve(&service, &settings);
	status = service_stop(&service, status);
	/* Without exit()'s destructors: threads of libnats that are just ending may still use what those
	 * take away.  Everything of ours is written and closed. */
	(void) fflush(stdout);
	_exit(status);
}
