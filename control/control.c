/*
 * control.c - the parts of the server, made and ended in order.
 */
#include "control.h"

#include "control/database/databases.h"
#include "control/http/api.h"
#include "control/http/listener.h"
#include "control/live/leader.h"
#include "control/live/live.h"
#include "control/meter/alerts.h"
#include "control/meter/meter.h"
#include "control/routes.h"
#include "control/settings.h"
#include "control/store/audit.h"
#include "control/store/identity_keys.h"
#include "control/store/secret_keeper_sealed.h"
#include "control/store/secret_service.h"
#include "control/store/store_nats.h"

static bool
start_store(Control *control, SluiceError *err)
{
	control->store = store_nats_new(&control->nats, control->settings->replicas, control->log, err);
	return control->store != NULL;
}

static void
stop_store(Control *control)
{
	store_stop(control->store);
}

static bool
start_secrets(Control *control, SluiceError *err)
{
	const char *file = control->settings->master_key_file;
	bool made = false;

	control->secrets = secret_keeper_sealed_new(control->store, file, &made, err);
	if (control->secrets == NULL)
		return sluice_prefix(err, "--master-key-file");
	if (made)
		log_event(
			control->log, LOG_WARNING,
			"made a new master key: keep a copy of it, without it no secret can be opened again",
			(LogField[]){LOG_TEXT("file", file), LOG_END});
	return true;
}

static void
stop_secrets(Control *control)
{
	secret_keeper_stop(control->secrets);
}

static bool
start_identity(Control *control, SluiceError *err)
{
	control->identity = identity_keys_new(control->store, control->log, err);
	return control->identity != NULL;
}

static void
stop_identity(Control *control)
{
	identity_stop(control->identity);
}

static bool
start_audit(Control *control, SluiceError *err)
{
	control->audit = audit_new(&control->nats, control->settings->replicas, err);
	return control->audit != NULL;
}

static void
stop_audit(Control *control)
{
	audit_free(control->audit);
}

static bool
start_secret_service(Control *control, SluiceError *err)
{
	control->secret_service =
		secret_service_start(&control->nats, control->store, control->secrets, control->identity,
							 control->log, control->metrics, err);
	return control->secret_service != NULL;
}

static void
stop_secret_service(Control *control)
{
	secret_service_stop(control->secret_service);
}

static bool
start_databases(Control *control, SluiceError *err)
{
	control->databases = databases_open(control, err);
	return control->databases != NULL;
}

static void
stop_databases(Control *control)
{
	databases_close(control->databases);
}

static bool
start_live(Control *control, SluiceError *err)
{
	control->live = live_start(control, err);
	return control->live != NULL;
}

static void
stop_live(Control *control)
{
	live_stop(control->live);
}

static bool
start_meter(Control *control, SluiceError *err)
{
	control->meter = meter_open(control, err);
	return control->meter != NULL;
}

static void
stop_meter(Control *control)
{
	meter_close(control->meter);
}

static bool
start_alerts(Control *control, SluiceError *err)
{
	control->alerts = alerts_open(control, err);
	return control->alerts != NULL;
}

static void
stop_alerts(Control *control)
{
	alerts_close(control->alerts);
}

static bool
start_api(Control *control, SluiceError *err)
{
	control->api = api_new(control, control_routes, openapi_fragments, openapi_fragment_count, err);
	return control->api != NULL;
}

static void
stop_api(Control *control)
{
	api_free(control->api);
}

static bool
start_leader(Control *control, SluiceError *err)
{
	control->leader = leader_start(control, err);
	return control->leader != NULL;
}

static void
stop_leader(Control *control)
{
	leader_stop(control->leader);
}

static bool
start_listener(Control *control, SluiceError *err)
{
	control->listener = listener_start(control->api, control, err);
	if (control->listener == NULL)
		return false;
	log_event(control->log, LOG_INFO, "serving",
			  (LogField[]){LOG_TEXT("listen", control->settings->listen),
						   LOG_INTEGER("port", listener_port(control->listener)),
						   LOG_BOOL("tls", control->settings->tls_certificate != NULL), LOG_END});
	return true;
}

static void
stop_listener(Control *control)
{
	live_hang_up(control->live);
	listener_stop(control->listener);
}

/* Each may use those above it; they are ended from the last to the first. */
static const struct
{
	bool (*start)(Control *control, SluiceError *err);
	void (*stop)(Control *control);
} parts[CONTROL_PARTS] = {
	{start_store, stop_store},
	{start_secrets, stop_secrets},
	{start_identity, stop_identity},
	{start_audit, stop_audit},
	{start_secret_service, stop_secret_service},
	{start_databases, stop_databases},
	{start_live, stop_live},
	{start_meter, stop_meter},
	{start_alerts, stop_alerts},
	{start_api, stop_api},
	{start_leader, stop_leader},
	{start_listener, stop_listener},
};

bool
control_start(Control *control, SluiceError *err)
{
	while (control->started < CONTROL_PARTS)
	{
		if (!parts[control->started].start(control, err))
			return false;
		control->started++;
	}
	return true;
}

void
control_stop(Control *control)
{
	while (control->started > 0)
		parts[--control->started].stop(control);
}
