/*
 * verify_settings.c - the options table of `sluice-writer verify` (verify_settings.h).
 */
#include "verify_settings.h"

#include "common/nats/durable.h"
#include "common/nats/jetstream.h"
#include "target.h"

#define GROUP_STREAM  "Stream"
#define GROUP_SIDES	  "Source and target"
#define GROUP_COMPARE "Comparing"

static const Option options[] = {
	{.name = "stream",
	 .type = OPTION_STRING,
	 .placeholder = "NAME",
	 .group = GROUP_STREAM,
	 .help = "Compares what this stream carries.",
	 .required = true},
	{.name = "consumer",
	 .type = OPTION_STRING,
	 .default_value = CONSUMER_DEFAULT,
	 .placeholder = "NAME",
	 .group = GROUP_STREAM,
	 .help = "Name of the target among those the stream is applied to, as its writer has it."},
	{.name = "tables",
	 .type = OPTION_LIST,
	 .placeholder = "TABLES",
	 .group = GROUP_STREAM,
	 .help = "Only these tables, as schema.name; otherwise all that the stream publishes."},
	{.name = "source",
	 .type = OPTION_URL,
	 .placeholder = "URI",
	 .group = GROUP_SIDES,
	 .help =
		 "The source database, as postgresql:// URI or key=value conninfo; what is left out "
		 "comes from PGHOST and the like. The role must manage the stream there and may read its "
		 "tables."},
	{.name = "source-password",
	 .type = OPTION_SECRET,
	 .group = GROUP_SIDES,
	 .help = "Password for the source."},
	{.name = "target",
	 .type = OPTION_URL,
	 .placeholder = "URI",
	 .group = GROUP_SIDES,
	 .help = "The target database, as its writer has it.",
	 .required = true},
	{.name = "target-password",
	 .type = OPTION_SECRET,
	 .environment = "PGPASSWORD",
	 .group = GROUP_SIDES,
	 .help = "Password for the target."},
	{.name = "chunk-rows",
	 .type = OPTION_INTEGER,
	 .default_value = "100000",
	 .minimum = 1,
	 .maximum = 10000000,
	 .placeholder = "N",
	 .group = GROUP_COMPARE,
	 .help =
		 "Rows of a table that are compared at a time. A chunk that differs is held in memory by "
		 "its keys."},
	{.name = "jobs",
	 .type = OPTION_INTEGER,
	 .default_value = "2",
	 .minimum = 1,
	 .maximum = 64,
	 .placeholder = "N",
	 .group = GROUP_COMPARE,
	 .help = "Chunks that are compared at once, each with a connection to either side."},
	{.name = "repair",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COMPARE,
	 .help = "Puts the source's rows in the place of those that differ, in tables with a key, and "
			 "compares these tables again."},
	{.name = "json",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COMPARE,
	 .help = "Writes one JSON object instead of a line for each table."},
	{.name = "timeout",
	 .type = OPTION_DURATION,
	 .default_value = "2min",
	 .minimum = 1000,
	 .maximum = 86400000,
	 .group = GROUP_COMPARE,
	 .help = "Gives up when source and target cannot be brought to one position for so long. How "
			 "long comparing takes then is not limited."},
};

static const OptionExample examples[] = {
	{"Compare all tables of the stream shop",
	 "sluice-writer verify --stream shop --source postgresql://sluice@db1/shop "
	 "--target postgresql://sluice@db2/shop"},
	{"The same with passwords in files, result as JSON",
	 "sluice-writer verify --stream shop --source-file /etc/sluice/db1.uri \\\n"
	 "  --target 'host=db2 dbname=shop user=sluice' --target-password-file "
	 "/etc/sluice/db2.password --json"},
	{"Repair two tables",
	 "sluice-writer verify --stream shop --source postgresql://sluice@db1/shop \\\n"
	 "  --target postgresql://sluice@db2/shop --tables public.orders,public.items --repair"},
	{NULL, NULL},
};

static const char *const log_fields[] = {"stream", "consumer", NULL};

const Program verify_program = {
	.name = "sluice-writer verify",
	.version = SLUICE_VERSION,
	.summary = "Compares source and target of a running stream row by row, both at one and the "
			   "same position. "
			   "Exit status: 0 all tables are equal, 1 some differ or the comparison failed, 2 "
			   "options that "
			   "make no sense, 3 somebody must look.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.examples = examples,
	.log_fields = log_fields,
};

/* Both sides stand still by PostgreSQL's means, and its hashes are compared. */
static bool
check_side(const char *uri, SluiceError *err)
{
	if (target_is_postgresql(uri))
		return target_check(uri, err);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "verify compares PostgreSQL databases only, not MySQL or MariaDB");
	return sluice_hint(err, "compare counts and checksums by hand");
}

bool
verify_settings_read(VerifySettings *settings, const Options *from, SluiceError *err)
{
	*settings = (VerifySettings){
		.stream = options_string(from, "stream"),
		.consumer = options_string(from, "consumer"),
		.source = options_string(from, "source"),
		.source_password = options_string(from, "source-password"),
		.target = options_string(from, "target"),
		.target_password = options_string(from, "target-password"),
		.range_rows = options_integer(from, "chunk-rows"),
		.jobs = (int) options_integer(from, "jobs"),
		.repair = options_bool(from, "repair"),
		.json = options_bool(from, "json"),
		.timeout_ms = options_duration(from, "timeout"),
	};
	settings->table_count = options_list(from, "tables", &settings->tables);
	if (!stream_name_check(settings->stream, err))
		return sluice_prefix(err, "--stream");
	if (!stream_name_check(settings->consumer, err))
		return sluice_prefix(err, "--consumer");
	if (settings->source != NULL && !check_side(settings->source, err))
		return sluice_prefix(err, "--source");
	return check_side(settings->target, err) || sluice_prefix(err, "--target");
}
