/*
 * verify.c - the course of a comparison: position, snapshots, tables, perhaps repair (verify.h).
 */
#include "verify.h"

#include <stdatomic.h>
#include <string.h>

#include "verify_crew.h"
#include "verify_repair.h"
#include "verify_report.h"
#include "verify_settings.h"

#include "common/daemon/service.h"

typedef struct Verify
{
	Service service;
	VerifySettings settings;
	VerifyEnds ends;
	TargetSettings writing; /* of a connection that repairs */
	VerifyPosition position;
	VerifyTables tables;
	atomic_bool stop;
} Verify;

static const PgRole source_role = {"source", "sluice-verify", true, false};
static const PgRole replication_role = {"source", "sluice-verify", true, true};
static const PgRole target_role = {"target", "sluice-verify", true, false};
static const PgRole repair_role = {"target", "sluice-verify", false, false};

/* Of connections, in any thread. */
static bool
go_on(void *context)
{
	Verify *verify = context;

	return !atomic_load(&verify->stop);
}

/* Of the main thread: takes signals. */
static bool
poll_signals(void *context)
{
	Verify *verify = context;

	if ((service_poll(&verify->service) & SERVICE_DRAIN) != 0)
		atomic_store(&verify->stop, true);
	return go_on(verify);
}

static TargetSettings
side(Verify *verify, const PgRole *role, const char *uri, const char *password,
	 bool (*keep)(void *context))
{
	return (TargetSettings){
		.uri = uri,
		.password = password,
		.stream = verify->settings.stream,
		.consumer = verify->settings.consumer,
		.owner = "verify",
		.log = verify->service.log,
		.go_on = keep,
		.context = verify,
		.role = role,
	};
}

/* The position's connections are the main thread's, the crew's of its threads. */
static void
set_ends(Verify *verify, VerifyEnds *ends, bool (*keep)(void *context))
{
	const VerifySettings *settings = &verify->settings;

	*ends = (VerifyEnds){
		.source = side(verify, &source_role, settings->source, settings->source_password, keep),
		.target = side(verify, &target_role, settings->target, settings->target_password, keep),
		.replication =
			side(verify, &replication_role, settings->source, settings->source_password, keep),
		.deadline = verify_clock() + settings->timeout_ms,
	};
}

/* ---- steps ---- */

static bool
describe(Verify *verify, SluiceError *err)
{
	VerifyPosition *position = &verify->position;

	if (!verify_tables_read(&verify->tables, &position->source_control, verify->settings.tables,
							verify->settings.table_count, err))
		return false;
	for (size_t i = 0; i < verify->tables.count; i++)
	{
		if (!verify_table_describe(&verify->tables.items[i], &position->source_control,
								   &position->target_control, err))
			return false;
	}
	return true;
}

static bool
take_position(Verify *verify, SluiceError *err)
{
	verify->ends.deadline = verify_clock() + verify->settings.timeout_ms;
	return verify_position_take(&verify->position, err);
}

static bool
compare(Verify *verify, bool repaired, SluiceError *err)
{
	VerifyEnds ends;
	const VerifyCrewSettings crew = {
		.position = &verify->position,
		.ends = &ends,
		.range_rows = verify->settings.range_rows,
		.jobs = verify->settings.jobs,
		.go_on = poll_signals,
		.context = verify,
	};

	set_ends(verify, &ends, go_on);
	if (!take_position(verify, err) || !verify_position_release(&verify->position, err))
		return false;
	log_event(verify->service.log, LOG_INFO, repaired ? "comparing again" : "comparing",
			  (LogField[]){LOG_UNSIGNED("tables", verify->tables.count), LOG_END});
	return verify_crew_run(&crew, &verify->tables, repaired, err);
}

/* Puts right what can be, and looks at it again. */
static bool
repair(Verify *verify, SluiceError *err)
{
	bool any = false;

	for (size_t i = 0; i < verify->tables.count; i++)
		any |= verify_can_repair(&verify->tables.items[i]);
	if (!any)
		return true;
	if (!take_position(verify, err) ||
		!verify_repair(&verify->position, &verify->writing, &verify->tables, err) ||
		!verify_position_release(&verify->position, err))
		return false;
	for (size_t i = 0; i < verify->tables.count; i++)
	{
		if (verify->tables.items[i].repaired > 0)
			verify_table_reset(&verify->tables.items[i]);
	}
	return compare(verify, true, err);
}

static bool
report(Verify *verify, SluiceError *err)
{
	const VerifyReport report = {
		.stream = verify->settings.stream,
		.consumer = verify->settings.consumer,
		.position = verify->position.position,
		.tables = &verify->tables,
		.connection = &verify->position.target_control,
	};

	return verify->settings.json ? verify_report_json(&report, stdout, err)
								 : verify_report_text(&report, stdout, err);
}

static bool
run(Verify *verify, SluiceError *err)
{
	set_ends(verify, &verify->ends, poll_signals);
	verify->writing = side(verify, &repair_role, verify->settings.target,
						   verify->settings.target_password, poll_signals);
	return verify_position_open(&verify->position, &verify->ends, err) && describe(verify, err) &&
		   compare(verify, false, err) && (!verify->settings.repair || repair(verify, err)) &&
		   report(verify, err);
}

int
verify_main(int argc, char **argv)
{
	static Verify verify;
	SluiceError err = {0};
	int status;

	if (!service_start(&verify.service, &verify_program, argc, argv, &status))
		return status;
	if (verify_settings_read(&verify.settings, verify.service.options, &err) && run(&verify, &err))
		status = verify_report_equal(&verify.tables) ? SERVICE_OK : SERVICE_FAILURE;
	else
	{
		log_failure(verify.service.log, LOG_ERROR, "cannot compare", &err, NULL);
		status = (int) service_status(&err);
	}
	verify_position_close(&verify.position);
	verify_tables_free(&verify.tables);
	return service_stop(&verify.service, status);
}
