/*
 * settings.c - the writer's options table and reading it (settings.h).
 */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/daemon/nats_options.h"
#include "common/nats/durable.h"
#include "common/nats/jetstream.h"
#include "common/mysql/my_uri.h"

static const char *const start_names[] = {"beginning", "available", NULL};
static const char *const error_policy_names[] = {"stop", NULL};
static const char *const partition_names[] = {"keep", "flatten", NULL};

#define GROUP_STREAM "Stream"
#define GROUP_TARGET "Target"
#define GROUP_APPLY	 "Applying"
#define GROUP_COPY	 "Copying"
#define GROUP_NATS	 "NATS"

static const Option options[] = {
	{.name = "stream",
	 .type = OPTION_STRING,
	 .placeholder = "NAME",
	 .group = GROUP_STREAM,
	 .help = "Applies this stream.",
	 .required = true},
	{.name = "consumer",
	 .type = OPTION_STRING,
	 .default_value = CONSUMER_DEFAULT,
	 .placeholder = "NAME",
	 .group = GROUP_STREAM,
	 .help = "Name of this target among those the stream is applied to. Writers of the same name "
			 "share the work: one applies, the others stand by."},
	{.name = "start",
	 .type = OPTION_ENUM,
	 .default_value = "beginning",
	 .allowed = start_names,
	 .placeholder = "WHERE",
	 .group = GROUP_STREAM,
	 .help = "Where a target that has nothing yet starts: at the beginning of the stream, or, when "
			 "the stream's beginning is gone, with what is still available. The latter is for a "
			 "target that already holds all that came before."},
	{.name = "target",
	 .type = OPTION_URL,
	 .placeholder = "URI",
	 .group = GROUP_TARGET,
	 .help =
		 "The target database: postgresql:// or key=value conninfo for PostgreSQL, mysql:// or "
		 "mariadb:// for MySQL and MariaDB; what is left out comes from PGHOST, MYSQL_HOST and the "
		 "like.",
	 .required = true},
	{.name = "target-password",
	 .type = OPTION_SECRET,
	 .group = GROUP_TARGET,
	 .help = "Password for the target. Without it that of the URI counts, then PGPASSWORD or "
			 "MYSQL_PWD."},
	{.name = "target-sync",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_TARGET,
	 .help =
		 "Makes each commit wait until it is on the target's disk. Without it positions are "
		 "reported as durable only once the target has flushed them, which is as safe and faster. "
		 "MySQL and MariaDB do so by their own settings only."},
	{.name = "types",
	 .type = OPTION_STRING,
	 .placeholder = "RULES",
	 .group = GROUP_TARGET,
	 .help =
		 "Unless source and target both are PostgreSQL: which column types are made otherwise than "
		 "docs/mysql-types.md and docs/mysql-source-types.md say, and what happens with values "
		 "that do not fit: error, clamp, null, text or auto, as in \"numeric=decimal(38,10):null, "
		 "public.orders.note=varchar(200), date:clamp\"."},
	{.name = "schemas",
	 .type = OPTION_STRING,
	 .placeholder = "NAMES",
	 .group = GROUP_TARGET,
	 .help =
		 "Schemas of the source, databases of MySQL, that have another name at the target, as in "
		 "\"shop=sales, log=audit\". Everything else said of them goes by their new names, but "
		 "for --types."},
	{.name = "on-conflict",
	 .type = OPTION_ENUM,
	 .default_value = "upsert",
	 .allowed = conflict_policy_names,
	 .placeholder = "POLICY",
	 .group = GROUP_APPLY,
	 .help = "What to do when an insert meets an existing row, or an update or delete meets none: "
			 "make the row as it should be and count it, stop, or leave the row and count it.",
	 .reloadable = true},
	{.name = "on-error",
	 .type = OPTION_ENUM,
	 .default_value = "stop",
	 .allowed = error_policy_names,
	 .placeholder = "POLICY",
	 .group = GROUP_APPLY,
	 .help = "What to do with a change that the target refuses: stop, and go on when the cause is "
			 "mended."},
	{.name = "on-ddl",
	 .type = OPTION_ENUM,
	 .default_value = "apply",
	 .allowed = ddl_policy_names,
	 .placeholder = "POLICY",
	 .group = GROUP_APPLY,
	 .help =
		 "What to do when tables of the stream were changed, made or dropped at the source: the "
		 "same at the target, stop until somebody has done it there, or log it and go on as long "
		 "as rows fit. What --create leaves out is not made.",
	 .reloadable = true},
	{.name = "batch-rows",
	 .type = OPTION_INTEGER,
	 .default_value = "10000",
	 .minimum = 1,
	 .maximum = 1000000,
	 .placeholder = "N",
	 .group = GROUP_APPLY,
	 .help = "Most changes in one target transaction, unless a source transaction has more.",
	 .reloadable = true},
	{.name = "batch-bytes",
	 .type = OPTION_SIZE,
	 .default_value = "4MB",
	 .minimum = 4096,
	 .maximum = 256 << 20,
	 .group = GROUP_APPLY,
	 .help = "Most bytes of changes in one target transaction, likewise.",
	 .reloadable = true},
	{.name = "create",
	 .type = OPTION_LIST,
	 .default_value = "tables,indexes,foreign_keys",
	 .placeholder = "WHAT",
	 .group = GROUP_COPY,
	 .help =
		 "What a copy makes at the target: tables (with schemas, types and sequences), indexes, "
		 "foreign_keys; or none."},
	{.name = "schema-policy",
	 .type = OPTION_ENUM,
	 .default_value = "create_missing",
	 .allowed = schema_policy_names,
	 .placeholder = "POLICY",
	 .group = GROUP_COPY,
	 .help =
		 "What a copy does with tables that are at the target: refuse to begin, insist that all "
		 "are there and fit, make those that are missing, or drop and make them anew."},
	{.name = "write-mode",
	 .type = OPTION_ENUM,
	 .default_value = "fail_if_not_empty",
	 .allowed = write_mode_names,
	 .placeholder = "MODE",
	 .group = GROUP_COPY,
	 .help = "What a copy does with rows that are at the target: refuse to begin, add to them, "
			 "remove them first, or let rows of the same key take their place."},
	{.name = "partitions",
	 .type = OPTION_ENUM,
	 .default_value = "keep",
	 .allowed = partition_names,
	 .placeholder = "HOW",
	 .group = GROUP_COPY,
	 .help =
		 "What a copy makes of partitioned tables: the same at the target, or flattened into one "
		 "plain table each, which needs a publication with publish_via_partition_root."},
	{.name = "load-unlogged",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COPY,
	 .help = "Makes tables unlogged for the time of the load, which is faster; a crash of the "
			 "target then empties them and the copy must begin anew."},
	{.name = "strict",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COPY,
	 .help = "Stops at functions, views, triggers and foreign keys that cannot be made or do not "
			 "hold at the target, instead of warning of them."},
	{.name = "plan",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COPY,
	 .help = "Shows what a copy would make at the target, as SQL, with all that is in its way, and "
			 "ends; nothing is changed. Exit status 3 when something is in the way."},
	{.name = "plan-document",
	 .type = OPTION_STRING,
	 .placeholder = "FILE",
	 .group = GROUP_COPY,
	 .help = "With --plan: a file with the schema document, instead of the stream's newest."},
	{.name = "load-connections",
	 .type = OPTION_INTEGER,
	 .default_value = "2",
	 .minimum = 1,
	 .maximum = 64,
	 .placeholder = "N",
	 .group = GROUP_COPY,
	 .help = "Connections that load rows of a copy, in each writer, also in those that stand by."},
	{.name = "index-connections",
	 .type = OPTION_INTEGER,
	 .default_value = "2",
	 .minimum = 1,
	 .maximum = 64,
	 .placeholder = "N",
	 .group = GROUP_COPY,
	 .help = "Connections that make indexes behind it."},
	{.name = "progress",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COPY,
	 .help = "Shows on stderr how far a copy is: a table on a terminal, else a line now and then."},
	NATS_OPTIONS(GROUP_NATS),
};

static const OptionExample examples[] = {
	{"Apply the stream shop to a database",
	 "sluice-writer --nats nats://127.0.0.1:4222 --stream shop "
	 "--target postgresql://sluice@db2/shop"},
	{"The same with passwords in files and metrics on port 9187",
	 "sluice-writer --stream shop --nats tls://nats.internal:4222 --nats-creds "
	 "/etc/sluice/shop.creds \\\n"
	 "  --target 'host=db2 dbname=shop user=sluice' --target-password-file "
	 "/etc/sluice/db2.password \\\n"
	 "  --http 127.0.0.1:9187"},
	{"Take a copy with four connections and watch it",
	 "sluice-writer --stream shop --target postgresql://sluice@db2/shop --load-connections 4 "
	 "--progress"},
	{"A second target of the same stream",
	 "sluice-writer --stream shop --consumer reports --target postgresql://sluice@db3/reports"},
	{"A MariaDB or MySQL database as the target",
	 "sluice-writer --stream shop --target "
	 "'mysql://sluice@db4/shop?ssl-mode=verify-identity&ssl-ca=/etc/sluice/ca.pem' \\\n"
	 "  --target-password-file /etc/sluice/db4.password"},
	{"Compare source and target while the stream runs (sluice-writer verify --help)",
	 "sluice-writer verify --stream shop --source postgresql://sluice@db1/shop "
	 "--target postgresql://sluice@db2/shop"},
	{NULL, NULL},
};

static const char *const log_fields[] = {"stream", "consumer", NULL};

const Program writer_program = {
	.name = "sluice-writer",
	.version = SLUICE_VERSION,
	.summary =
		"Applies a change stream to a PostgreSQL, MySQL or MariaDB database: a copy of its tables "
		"first when the source makes one, then every change once, in the source's order.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.examples = examples,
	.log_fields = log_fields,
};

/* ---- reading ---- */

static const struct TextSetting
{
	const char *option;
	size_t at; /* of the char * in WriterSettings */
	bool secret;
} text_settings[] = {
	{"stream", offsetof(WriterSettings, stream), false},
	{"consumer", offsetof(WriterSettings, consumer), false},
	{"target", offsetof(WriterSettings, target), true},
	{"target-password", offsetof(WriterSettings, target_password), true},
	{"nats", offsetof(WriterSettings, nats.urls), true},
	{"nats-creds", offsetof(WriterSettings, nats.creds_file), false},
	{"nats-nkey", offsetof(WriterSettings, nats.nkey_file), false},
	{"nats-user", offsetof(WriterSettings, nats.user), false},
	{"nats-password", offsetof(WriterSettings, nats.password), true},
	{"nats-token", offsetof(WriterSettings, nats.token), true},
	{"nats-tls-ca", offsetof(WriterSettings, nats.tls_ca_file), false},
	{"nats-tls-cert", offsetof(WriterSettings, nats.tls_cert_file), false},
	{"nats-tls-key", offsetof(WriterSettings, nats.tls_key_file), false},
};

static char **
text_of(WriterSettings *settings, const struct TextSetting *setting)
{
	return (char **) (void *) ((char *) settings + setting->at);
}

/* "HOST-PID-RANDOM": no two processes have the same. */
static void
name_owner(WriterSettings *settings)
{
	char host[64] = "unknown";
	uint32_t number = 0;

	(void) gethostname(host, sizeof(host) - 1);
	(void) !getrandom(&number, sizeof(number), 0);
	(void) snprintf(settings->owner, sizeof(settings->owner), "%s-%d-%08x", host, (int) getpid(),
					number);
}

static bool
copy_texts(WriterSettings *settings, const Options *from, SluiceError *err)
{
	for (size_t i = 0; i < sizeof(text_settings) / sizeof(text_settings[0]); i++)
	{
		const char *text = options_string(from, text_settings[i].option);
		char **copy = text_of(settings, &text_settings[i]);

		if (text != NULL && (*copy = strdup(text)) == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for settings");
	}
	return true;
}

void
settings_reload(WriterSettings *settings, const Options *from)
{
	settings->conflicts = (ConflictPolicy) options_choice(from, "on-conflict");
	settings->on_ddl = (DdlPolicy) options_choice(from, "on-ddl");
	settings->batch_rows = (size_t) options_integer(from, "batch-rows");
	settings->batch_bytes = (size_t) options_size(from, "batch-bytes");
}

static bool
read_structure(StructureSettings *settings, const Options *from, SluiceError *err)
{
	char *const *words;
	size_t count = options_list(from, "create", &words);

	settings->policy = (SchemaPolicy) options_choice(from, "schema-policy");
	settings->mode = (WriteMode) options_choice(from, "write-mode");
	settings->flatten = options_choice(from, "partitions") == 1;
	settings->unlogged = options_bool(from, "load-unlogged");
	settings->strict = options_bool(from, "strict");
	return (structure_create_parse(words, count, &settings->create, err) ||
			sluice_prefix(err, "--create")) &&
		   structure_settings_check(settings, err);
}

static const char *
rename_schema(const void *context, const char *schema)
{
	return schema_names_target(context, schema);
}

bool
settings_init(WriterSettings *settings, const Options *from, SluiceError *err)
{
	const char *types = options_string(from, "types"), *names = options_string(from, "schemas");

	*settings = (WriterSettings){0};
	if (!copy_texts(settings, from, err))
		return false;
	if (!stream_name_check(settings->stream, err))
		return sluice_prefix(err, "--stream");
	if (!stream_name_check(settings->consumer, err))
		return sluice_prefix(err, "--consumer");
	settings->nats.name = "sluice-writer";
	settings->nats.tls_required = options_bool(from, "nats-tls");
	if (!nats_settings_check(&settings->nats, err))
		return sluice_prefix(err, "--nats");
	if (!target_check(settings->target, err))
		return sluice_prefix(err, "--target");
	types = types != NULL ? types : "";
	settings->types = target_is_postgresql(settings->target)
						  ? type_rules_read_postgresql(types, &allocator_malloc, err)
						  : type_rules_read(types, &allocator_malloc, err);
	if (settings->types == NULL)
		return sluice_prefix(err, "--types");
	settings->start_available = options_choice(from, "start") == 1;
	settings->synchronous = options_bool(from, "target-sync");
	settings->load_connections = (int) options_integer(from, "load-connections");
	settings->index_connections = (int) options_integer(from, "index-connections");
	settings->progress = options_bool(from, "progress");
	if (!read_structure(&settings->structure, from, err))
		return false;
	settings->schemas = names != NULL ? schema_names_read(names, err) : NULL;
	if (names != NULL && settings->schemas == NULL)
		return sluice_prefix(err, "--schemas");
	type_rules_rename(settings->types, rename_schema, settings->schemas);
	/* A table with partitions there needs its key in each unique one, which tables here need not have. */
	settings->structure.flatten |= my_uri_is(settings->target);
	settings->view = (DocumentView){.flatten = settings->structure.flatten,
									.postgresql = target_is_postgresql(settings->target),
									.schemas = settings->schemas,
									.types = settings->types};
	settings_reload(settings, from);
	name_owner(settings);
	return true;
}

void
settings_free(WriterSettings *settings)
{
	for (size_t i = 0; i < sizeof(text_settings) / sizeof(text_settings[0]); i++)
	{
		char *text = *text_of(settings, &text_settings[i]);

		if (text != NULL && text_settings[i].secret)
			explicit_bzero(text, strlen(text));
		free(text);
	}
	type_rules_free(settings->types);
	schema_names_free(settings->schemas);
	*settings = (WriterSettings){0};
}
