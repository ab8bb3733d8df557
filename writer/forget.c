/*
 * forget.c - deleting a stream's rows from tables of ours (forget.h).
 *
 * Names of streams and consumers are plain words, checked before, so they may stand in statements.
 */
#include "forget.h"

#include <stdio.h>

#include "common/daemon/service.h"
#include "common/mysql/my_connection.h"
#include "common/nats/durable.h"
#include "common/nats/jetstream.h"
#include "pg/pg_connection.h"
#include "target.h"

#define GROUP_STREAM "Stream"
#define GROUP_TARGET "Target"

static const Option options[] = {
	{.name = "stream",
	 .type = OPTION_STRING,
	 .placeholder = "NAME",
	 .group = GROUP_STREAM,
	 .help = "Forgets this stream.",
	 .required = true},
	{.name = "consumer",
	 .type = OPTION_STRING,
	 .default_value = CONSUMER_DEFAULT,
	 .placeholder = "NAME",
	 .group = GROUP_STREAM,
	 .help = "Name of the target among those the stream was applied to, as its writer had it."},
	{.name = "target",
	 .type = OPTION_URL,
	 .placeholder = "URI",
	 .group = GROUP_TARGET,
	 .help = "The target database, as its writer had it.",
	 .required = true},
	{.name = "target-password",
	 .type = OPTION_SECRET,
	 .group = GROUP_TARGET,
	 .help = "Password for the target."},
};

static const OptionExample examples[] = {
	{"Forget the stream shop, which was dropped at its source",
	 "sluice-writer forget --stream shop --target postgresql://sluice@db2/shop"},
	{NULL, NULL},
};

static const char *const log_fields[] = {"stream", "consumer", NULL};

static const Program forget_program = {
	.name = "sluice-writer forget",
	.version = SLUICE_VERSION,
	.summary = "Removes what writers noted of a stream at a target, so that a new stream may have "
			   "its name. Nothing else is changed there. No writer of the stream may run.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.examples = examples,
	.log_fields = log_fields,
};

/* Our tables at either kind of target; some may not be there. */
static const char *const pg_tables[] = {"progress", "load", "load_chunk", "load_bundle", "hold"};
static const char *const my_tables[] = {"sluice_progress", "sluice_load", "sluice_load_document",
										"sluice_load_chunk", "sluice_load_bundle"};

static const PgRole forget_role = {"target", "sluice-writer forget", true, false};

static bool
forget_at_postgresql(const TargetSettings *settings, SluiceError *err)
{
	PgConnection c = {.conn = NULL};
	bool good = pg_connect(&c, settings, err);

	for (size_t i = 0; good && i < sizeof(pg_tables) / sizeof(pg_tables[0]); i++)
	{
		PGresult *result = NULL;
		bool there;

		good =
			pg_query(&c, &result, err, "SELECT to_regclass('sluice.%s') IS NOT NULL", pg_tables[i]);
		there = good && PQgetvalue(result, 0, 0)[0] == 't';
		PQclear(result);
		good = good && (!there || pg_query(&c, NULL, err,
										   "DELETE FROM sluice.%s WHERE stream = '%s'"
										   " AND consumer = '%s'",
										   pg_tables[i], settings->stream, settings->consumer));
	}
	pg_disconnect(&c);
	return good;
}

static bool
my_table_is_there(MyConnection *c, const char *table, bool *there, SluiceError *err)
{
	MYSQL_RES *result;

	if (!my_query(c, &result, err,
				  "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE()"
				  " AND table_name = '%s'",
				  table))
		return false;
	*there = mysql_num_rows(result) > 0;
	mysql_free_result(result);
	return true;
}

static bool
forget_at_mysql(const TargetSettings *settings, SluiceError *err)
{
	const MySettings how = {.uri = settings->uri,
							.password = settings->password,
							.role = "target",
							.database_needed = true};
	MyConnection c = {.mysql = NULL};
	bool good = my_connect(&c, &how, err);

	for (size_t i = 0; good && i < sizeof(my_tables) / sizeof(my_tables[0]); i++)
	{
		bool there = false;

		good = my_table_is_there(&c, my_tables[i], &there, err) &&
			   (!there || my_exec(&c, err, "DELETE FROM %s WHERE stream = '%s' AND consumer = '%s'",
								  my_tables[i], settings->stream, settings->consumer));
	}
	my_disconnect(&c);
	return good;
}

static bool
forget(const Service *service, SluiceError *err)
{
	const TargetSettings settings = {
		.uri = options_string(service->options, "target"),
		.password = options_string(service->options, "target-password"),
		.stream = options_string(service->options, "stream"),
		.consumer = options_string(service->options, "consumer"),
		.log = service->log,
		.role = &forget_role,
	};

	if (!stream_name_check(settings.stream, err))
		return sluice_prefix(err, "--stream");
	if (!stream_name_check(settings.consumer, err))
		return sluice_prefix(err, "--consumer");
	if (!target_check(settings.uri, err))
		return sluice_prefix(err, "--target");
	return target_is_postgresql(settings.uri) ? forget_at_postgresql(&settings, err)
											  : forget_at_mysql(&settings, err);
}

int
forget_main(int argc, char **argv)
{
	static Service service;
	SluiceError err = {0};
	int status;

	if (!service_start(&service, &forget_program, argc, argv, &status))
		return status;
	status = SERVICE_OK;
	if (forget(&service, &err))
		log_event(service.log, LOG_INFO, "forgotten", NULL);
	else
	{
		log_failure(service.log, LOG_ERROR, "cannot forget the stream", &err, NULL);
		status = (int) service_status(&err);
	}
	return service_stop(&service, status);
}
