/*
 * commands.c - the table of commands (command.h).
 */
#include "command.h"

#include "completion.h"
#include "database_uri.h"
#include "handlers.h"
#include "watch.h"

/* ---- words that flags take ---- */

static const char *const roles[] = {"source", "target", NULL};
static const char *const modes[] = {"convert", "cdc", "convert+cdc", NULL};
static const char *const migrate_modes[] = {"convert", "convert+cdc", NULL};
static const char *const states[] = {
	"created",	"starting", "copying_schema", "loading", "indexing", "streaming", "paused",
	"stopping", "stopped",	"finished",		  "failed",	 "dropping", NULL};
static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const event_types[] = {"state", "error", "check",  "schema", "worker",
										  "quota", "alert", "verify", NULL};
static const char *const usage_by[] = {"day", "stream", NULL};
static const char *const alert_kinds[] = {"stream_failed",
										  "lag_seconds_over",
										  "lag_bytes_over",
										  "kept_bytes_over",
										  "worker_lost",
										  "quota_warning",
										  NULL};

/* ---- flags of several commands ---- */

const Flag common_flags[] = {
	{.name = "server", .placeholder = "URL", .help = "Address of the server."},
	{.name = "context", .placeholder = "NAME", .help = "Server and key of this context."},
	{.name = "key-file",
	 .placeholder = "FILE",
	 .help = "File with the API key; - is standard input."},
	{.name = "ca-file",
	 .placeholder = "FILE",
	 .help = "Authorities that the server's certificate is held against."},
	{.name = "timeout",
	 .type = OPTION_DURATION,
	 .placeholder = "TIME",
	 .minimum = 100,
	 .maximum = 365 * 86400000LL,
	 .help = "How long a request may take (1min unless said), and all the waiting of a command "
			 "that waits."},
	{.name = "output",
	 .letter = 'o',
	 .type = OPTION_ENUM,
	 .allowed = output_format_names,
	 .default_value = "table",
	 .placeholder = "FORMAT",
	 .help = "Form of results."},
	{.name = "quiet",
	 .letter = 'q',
	 .type = OPTION_BOOL,
	 .help = "Results are ids alone, and there is no talk."},
	{.name = "header",
	 .type = OPTION_BOOL,
	 .default_value = "on",
	 .help = "Leaves out the first line of tables and csv."},
	{.name = "columns",
	 .placeholder = "NAMES",
	 .help = "These columns, with commas; also paths into the documents, as tls.mode. One that is "
			 "not there is refused."},
	{.name = "color",
	 .type = OPTION_ENUM,
	 .allowed = color_when_names,
	 .default_value = "auto",
	 .placeholder = "WHEN",
	 .help = "Colours."},
	{.name = "trace", .type = OPTION_BOOL, .help = "Shows each request on standard error."},
	{.name = "help", .letter = 'h', .type = OPTION_BOOL, .help = "Shows help and ends."},
	{.name = "version", .letter = 'V', .type = OPTION_BOOL, .help = "Shows the version and ends."},
	{0}};

#define YES_FLAG                                                                                   \
	{                                                                                              \
		.name = "yes", .type = OPTION_BOOL, .help = "Asks nothing."                                \
	}
#define FILE_FLAG(text)                                                                            \
	{                                                                                              \
		.name = "file", .letter = 'f', .placeholder = "FILE", .help = text                         \
	}
#define QUERY_FLAG                                                                                 \
	{                                                                                              \
		.name = "query", .placeholder = "TEXT", .help = "Those with this in the name."             \
	}
#define STATE_FLAG                                                                                 \
	{                                                                                              \
		.name = "state", .type = OPTION_ENUM, .allowed = states, .placeholder = "STATE",           \
		.help = "Those in this state."                                                             \
	}
#define WAIT_FLAGS                                                                                 \
	{.name = "wait", .type = OPTION_BOOL, .help = "Waits until it is so; --timeout bounds it."},   \
	{                                                                                              \
		.name = "watch", .type = OPTION_BOOL,                                                      \
		.help = "Follows the run until it ends, as run watch does."                                \
	}
#define LAG_FLAG                                                                                   \
	{                                                                                              \
		.name = "lag", .type = OPTION_DURATION, .placeholder = "TIME", .default_value = "2s",      \
		.help = "What counts as level."                                                            \
	}
#define DATABASE_FLAG                                                                              \
	{                                                                                              \
		.name = "database", .placeholder = "NAME",                                                 \
		.help = "In this database, instead of the connection's."                                   \
	}
#define SCHEMA_FLAG                                                                                \
	{                                                                                              \
		.name = "schema", .placeholder = "NAME", .help = "Of this schema (database of MySQL)."     \
	}

static const Flag yes_flags[] = {YES_FLAG, {0}};
static const Flag wait_flags[] = {WAIT_FLAGS, {0}};
static const Flag check_flags[] = {FILE_FLAG("A stream's document instead; - is standard input."),
								   {0}};

#define CONNECTION_FLAGS                                                                           \
	{.name = "type",                                                                               \
	 .type = OPTION_ENUM,                                                                          \
	 .allowed = database_type_names,                                                               \
	 .placeholder = "TYPE",                                                                        \
	 .help = "Kind of server."},                                                                   \
		{.name = "host", .placeholder = "HOST", .help = "Its name or address."},                   \
		{.name = "port",                                                                           \
		 .type = OPTION_INTEGER,                                                                   \
		 .minimum = 1,                                                                             \
		 .maximum = 65535,                                                                         \
		 .placeholder = "N",                                                                       \
		 .help = "Its port."},                                                                     \
		{.name = "database", .placeholder = "NAME", .help = "Database."},                          \
		{.name = "user", .placeholder = "NAME", .help = "User."},                                  \
		{.name = "password-file",                                                                  \
		 .placeholder = "FILE",                                                                    \
		 .help = "File with the password; - is standard input. Or SLUICE_PASSWORD, "               \
				 "SLUICE_PASSWORD_FILE."},                                                         \
		{.name = "uri-file",                                                                       \
		 .placeholder = "FILE",                                                                    \
		 .help = "File with the URI, which may have a password in it; - is standard input."},      \
		{.name = "tls",                                                                            \
		 .type = OPTION_ENUM,                                                                      \
		 .allowed = tls_mode_names,                                                                \
		 .placeholder = "MODE",                                                                    \
		 .help = "How much of TLS there must be."},                                                \
		{.name = "tls-ca",                                                                         \
		 .placeholder = "FILE",                                                                    \
		 .help = "Authorities that the server's certificate is held against, PEM."},               \
		{.name = "tls-cert", .placeholder = "FILE", .help = "The client's certificate, PEM."},     \
		{.name = "tls-key", .placeholder = "FILE", .help = "Its key, PEM."},                       \
		{.name = "description", .placeholder = "TEXT", .help = "What people should know of it."},  \
	{                                                                                              \
		.name = "option", .placeholder = "NAME=VALUE", .repeated = true,                           \
		.help = "An option: connect_timeout, in seconds."                                          \
	}

#define STREAM_FLAGS                                                                               \
	{.name = "source",                                                                             \
	 .placeholder = "CONNECTION",                                                                  \
	 .help = "Connection, by name or id, that is read."},                                          \
		{.name = "target",                                                                         \
		 .placeholder = "[NAME=]CONNECTION",                                                       \
		 .repeated = true,                                                                         \
		 .help = "Connection that is written; with several each needs a name."},                   \
		{.name = "mode",                                                                           \
		 .type = OPTION_ENUM,                                                                      \
		 .allowed = modes,                                                                         \
		 .placeholder = "MODE",                                                                    \
		 .help = "A copy, changes from now on, or a copy and then every change."},                 \
		{.name = "tables",                                                                         \
		 .placeholder = "PATTERNS",                                                                \
		 .repeated = true,                                                                         \
		 .help = "Tables, as in 'shop.*,!shop.tmp_*'; without it all."},                           \
		{.name = "publication",                                                                    \
		 .placeholder = "NAME",                                                                    \
		 .help = "PostgreSQL: a publication in the place of tables."},                             \
		{.name = "source-option",                                                                  \
		 .placeholder = "NAME=VALUE",                                                              \
		 .repeated = true,                                                                         \
		 .help = "An option of the reader: copy_workers, chunk_bytes, ..."},                       \
		{.name = "target-option",                                                                  \
		 .placeholder = "NAME=VALUE",                                                              \
		 .repeated = true,                                                                         \
		 .help = "An option of every target's writer: schema_policy, write_mode, types, ..."},     \
		{.name = "writers",                                                                        \
		 .type = OPTION_INTEGER,                                                                   \
		 .minimum = 1,                                                                             \
		 .maximum = 16,                                                                            \
		 .placeholder = "N",                                                                       \
		 .help = "Writers of each target."},                                                       \
		{.name = "limit-rows",                                                                     \
		 .type = OPTION_INTEGER,                                                                   \
		 .minimum = 1,                                                                             \
		 .maximum = 1000000000000000,                                                              \
		 .placeholder = "N",                                                                       \
		 .help = "A run stops after so many rows."},                                               \
		{.name = "limit-time",                                                                     \
		 .type = OPTION_DURATION,                                                                  \
		 .minimum = 1000,                                                                          \
		 .maximum = 1000000000000,                                                                 \
		 .placeholder = "TIME",                                                                    \
		 .help = "A run stops after so long."},                                                    \
		{.name = "tag", .placeholder = "TAG", .repeated = true, .help = "A word to find it by."},  \
	{                                                                                              \
		.name = "description", .placeholder = "TEXT", .help = "What people should know of it."     \
	}

/* ---- examples ---- */

#define EXAMPLES(...)                                                                              \
	(const Example[])                                                                              \
	{                                                                                              \
		__VA_ARGS__,                                                                               \
		{                                                                                          \
			0                                                                                      \
		}                                                                                          \
	}
#define FLAGS(...)                                                                                 \
	(const Flag[])                                                                                 \
	{                                                                                              \
		__VA_ARGS__,                                                                               \
		{                                                                                          \
			0                                                                                      \
		}                                                                                          \
	}

const CommandGroup command_groups[] = {{"context", "servers and keys under names"},
									   {"connection", "databases that streams read and write"},
									   {"stream", "what is to go from where to where"},
									   {"run", "what streams did and do"},
									   {"workers", "programs that do the work"},
									   {"keys", "API keys"},
									   {"alerts", "who is told when something is wrong"},
									   {0}};

const Command commands[] = {
	/* ---- without a server ---- */
	{.words = "migrate",
	 .arguments = "SOURCE TARGET",
	 .summary = "a whole migration in one command, without a server",
	 .help = "SOURCE and TARGET are URIs: postgresql://, mysql:// or mariadb://. Tables are copied "
			 "with their structure, then "
			 "(--mode convert+cdc) every change since the copy's moment follows until "
			 "--cut-over-when, or Ctrl-C. "
			 "It starts what it needs: sluice-mysql-reader, sluice-writer and, unless --nats names "
			 "one, a nats-server of its own in the "
			 "state folder. A PostgreSQL source needs the extension sluice, and uses the NATS "
			 "server that its setting sluice.nats_url "
			 "names. Ctrl-C ends cleanly; the same command with the same --state goes on. "
			 "Passwords come from files or the environment, never from the "
			 "command line.",
	 .flags = FLAGS(
		 {.name = "mode",
		  .type = OPTION_ENUM,
		  .allowed = migrate_modes,
		  .default_value = "convert",
		  .placeholder = "MODE",
		  .help = "The copy alone, or the copy and then every change."},
		 {.name = "tables",
		  .placeholder = "PATTERNS",
		  .repeated = true,
		  .help = "Tables, as in 'shop.*,!shop.tmp_*'; without it all of the source's database."},
		 {.name = "cut-over-when",
		  .type = OPTION_DURATION,
		  .placeholder = "LAG",
		  .minimum = 0,
		  .maximum = 86400000,
		  .help = "With convert+cdc: once the target is no further behind than this, ends with "
				  "everything that is committed then at the target. Stop writing at the source "
				  "before, or with --cut-over-command."},
		 {.name = "cut-over-command",
		  .placeholder = "COMMAND",
		  .help = "Is run by sh at that moment, before the last changes are waited for: to make "
				  "the source read-only."},
		 {.name = "state",
		  .placeholder = "FOLDER",
		  .help = "Where what is needed to go on is kept; made where it is not there. Without it a "
				  "folder below ~/.local/state/sluice that follows from source and target."},
		 {.name = "name",
		  .placeholder = "NAME",
		  .help = "The stream's name; without it one that follows from the source's database."},
		 {.name = "nats",
		  .placeholder = "URL",
		  .help = "A NATS server that is there, in the place of a private one."},
		 {.name = "nats-creds",
		  .placeholder = "FILE",
		  .help = "Its credentials; or SLUICE_NATS_USER with SLUICE_NATS_PASSWORD_FILE."},
		 {.name = "source-password-file",
		  .placeholder = "FILE",
		  .help = "Password of the source; - is standard input."},
		 {.name = "target-password-file", .placeholder = "FILE", .help = "Password of the target."},
		 {.name = "source-option",
		  .placeholder = "NAME=VALUE",
		  .repeated = true,
		  .help = "An option of the reader: copy_workers, chunk_bytes, ..."},
		 {.name = "target-option",
		  .placeholder = "NAME=VALUE",
		  .repeated = true,
		  .help = "An option of the writer: schema_policy, write_mode, types, ..."}),
	 .examples = EXAMPLES({"copy a MySQL database to PostgreSQL",
						   "sluice migrate mysql://app@db1/shop postgresql://app@db2/shop "
						   "--source-password-file db1.pw --target-password-file db2.pw"},
						  {"copy, follow, and end once the target is level",
						   "sluice migrate mysql://app@db1/shop postgresql://app@db2/shop --mode "
						   "convert+cdc --cut-over-when 1s"}),
	 .run = migrate_run},
	{.words = "dev",
	 .arguments = "",
	 .summary = "a server with everything it needs on this machine",
	 .help = "Starts nats-server, sluice-control and sluice-worker, shows the address and the API "
			 "key, and ends all of them when it ends. "
			 "With --folder what there is stays for the next time; otherwise it is gone.",
	 .flags = FLAGS({.name = "folder",
					 .placeholder = "FOLDER",
					 .help = "Where everything is kept; made where it is not there."},
					{.name = "listen",
					 .placeholder = "HOST:PORT",
					 .default_value = "127.0.0.1:8800",
					 .help = "Where the server listens; port 0 takes a free one."},
					{.name = "nats",
					 .placeholder = "URL",
					 .help = "A NATS server that is there, in the place of a private one."}),
	 .examples = EXAMPLES({"try it, and leave nothing behind", "sluice dev"},
						  {"keep it", "sluice dev --folder ~/sluice"}),
	 .run = dev_run},

	/* ---- the usual way ---- */
	{.words = "check",
	 .arguments = "[STREAM]",
	 .summary = "look whether a stream can run: what was found, why it matters, what mends it",
	 .help = "Exit status 6 when a check fails.",
	 .flags = check_flags,
	 .examples = EXAMPLES({"before the first start", "sluice check shop"},
						  {"of a document that is not made yet", "sluice check -f shop.json"}),
	 .run = check_stream},
	{.words = "types",
	 .arguments = "[STREAM]",
	 .summary = "what each column becomes at the targets, and what gets lost",
	 .flags = check_flags,
	 .run = types_stream},
	{.words = "start",
	 .arguments = "STREAM",
	 .summary = "start a stream",
	 .flags = wait_flags,
	 .examples = EXAMPLES({"and see how it goes", "sluice start shop --watch"},
						  {"in a script", "sluice start shop --wait --timeout 5min -q"}),
	 .run = run_start},
	{.words = "pause",
	 .arguments = "STREAM",
	 .summary = "pause a stream; what was read goes on to the targets",
	 .flags = wait_flags,
	 .run = run_pause},
	{.words = "resume",
	 .arguments = "STREAM",
	 .summary = "go on with a stream that is paused, stopped by hand or failed",
	 .flags = wait_flags,
	 .run = run_resume},
	{.words = "stop",
	 .arguments = "STREAM",
	 .summary = "end a stream's run; the next one goes on where it stood",
	 .flags = FLAGS(WAIT_FLAGS, {.name = "now",
								 .type = OPTION_BOOL,
								 .help = "Does not wait until targets have what was read."}),
	 .run = run_stop},
	{.words = "tables",
	 .arguments = "STREAM",
	 .summary = "tables of a stream: copied rows, changes, states",
	 .flags = FLAGS({.name = "state", .placeholder = "STATE", .help = "Those in this state."},
					QUERY_FLAG),
	 .run = run_tables},
	{.words = "lag",
	 .arguments = "[STREAM]",
	 .summary = "how far targets are behind, the worst first",
	 .run = live_lag},
	{.words = "top",
	 .arguments = "",
	 .summary = "the same, again and again",
	 .flags = FLAGS({.name = "once", .type = OPTION_BOOL, .help = "Shows it once."},
					{.name = "every",
					 .type = OPTION_DURATION,
					 .placeholder = "TIME",
					 .default_value = "2s",
					 .minimum = 500,
					 .maximum = 3600000,
					 .help = "How often."}),
	 .run = live_top},
	{.words = "logs",
	 .arguments = "STREAM",
	 .summary = "log lines of a stream's readers and writers",
	 .flags = FLAGS(
		 {.name = "follow", .letter = 'f', .type = OPTION_BOOL, .help = "And those that come."},
		 {.name = "level",
		  .type = OPTION_ENUM,
		  .allowed = levels,
		  .placeholder = "LEVEL",
		  .help = "Lines of this level and the ones before it."},
		 {.name = "lines",
		  .letter = 'n',
		  .type = OPTION_INTEGER,
		  .placeholder = "N",
		  .default_value = "200",
		  .minimum = 1,
		  .maximum = 100000,
		  .help = "At most so many."}),
	 .run = live_logs},
	{.words = "errors",
	 .arguments = "STREAM",
	 .summary = "errors that a stream met, with what to do",
	 .run = run_errors},
	{.words = "events",
	 .arguments = "[STREAM]",
	 .summary = "what happened: states, errors, checks, changes of structure",
	 .flags = FLAGS({.name = "follow",
					 .letter = 'f',
					 .type = OPTION_BOOL,
					 .help = "What happens from now on."},
					{.name = "since",
					 .type = OPTION_INTEGER,
					 .placeholder = "SEQ",
					 .minimum = 0,
					 .maximum = INT64_MAX,
					 .help = "What came behind this one."},
					{.name = "type",
					 .type = OPTION_ENUM,
					 .allowed = event_types,
					 .placeholder = "TYPE",
					 .repeated = true,
					 .help = "Events of this kind."}),
	 .examples = EXAMPLES({"for another program", "sluice events -f -o jsonl"}),
	 .run = live_events},
	{.words = "verify",
	 .arguments = "STREAM",
	 .summary = "compare source and target, and wait for the result",
	 .help = "Exit status 6 when they differ.",
	 .flags = FLAGS(
		 {.name = "target", .placeholder = "NAME", .help = "This target of several."},
		 {.name = "table", .placeholder = "TABLE", .repeated = true, .help = "This table alone."}),
	 .run = run_verify},

	/* ---- context ---- */
	{.words = "context add",
	 .arguments = "NAME",
	 .summary = "remember a server and its key under a name, or change them",
	 .help = "The key comes from --key-file (- is standard input), SLUICE_API_KEY or "
			 "SLUICE_API_KEY_FILE. The file is readable for its owner alone.",
	 .flags = FLAGS({.name = "select",
					 .type = OPTION_BOOL,
					 .help = "Selects it as well; the first one is selected anyway."}),
	 .examples =
		 EXAMPLES({"with the key from standard input",
				   "sluice context add prod --server https://sluice.example:8800 --key-file -"}),
	 .run = context_add},
	{.words = "context select",
	 .arguments = "CONTEXT",
	 .summary = "use this server from now on",
	 .run = context_select},
	{.words = "context ls", .arguments = "", .summary = "list them", .run = context_ls},
	{.words = "context show",
	 .arguments = "[CONTEXT]",
	 .summary = "one of them, or which server a command would use now",
	 .run = context_show},
	{.words = "context rm",
	 .arguments = "CONTEXT",
	 .summary = "forget one",
	 .flags = yes_flags,
	 .run = context_rm},

	/* ---- connection ---- */
	{.words = "connection ls", .arguments = "", .summary = "list them", .run = connection_ls},
	{.words = "connection show",
	 .arguments = "CONNECTION",
	 .summary = "one of them",
	 .run = connection_show},
	{.words = "connection add",
	 .arguments = "NAME [URI]",
	 .summary = "add a database",
	 .help = "By a URI, by flags, or by both: flags count. Passwords and keys are sealed by the "
			 "server and never shown again.",
	 .flags = FLAGS(CONNECTION_FLAGS),
	 .examples = EXAMPLES(
		 {"by a URI",
		  "sluice connection add shop-mysql mysql://app@db1/shop --password-file db1.password"},
		 {"with certificates",
		  "sluice connection add shop-pg "
		  "'postgresql://app@db2/shop?sslmode=verify-full&sslrootcert=ca.pem' --password-file -"},
		 {"by fields", "sluice connection add old --type mariadb --host db3 --database shop --user "
					   "app --password-file db3.password"}),
	 .run = connection_add},
	{.words = "connection edit",
	 .arguments = "CONNECTION [URI]",
	 .summary = "change what the flags say",
	 .flags =
		 FLAGS({.name = "rename", .placeholder = "NAME", .help = "Its new name."},
			   {.name = "no-password", .type = OPTION_BOOL, .help = "Takes the password away."},
			   CONNECTION_FLAGS),
	 .examples = EXAMPLES(
		 {"another password", "sluice connection edit shop-pg --password-file new.password"}),
	 .run = connection_edit},
	{.words = "connection rm",
	 .arguments = "CONNECTION",
	 .summary = "remove one that no stream uses",
	 .flags = yes_flags,
	 .run = connection_rm},
	{.words = "connection test",
	 .arguments = "CONNECTION",
	 .summary = "try it step by step, with times",
	 .help = "Exit status 6 when a step fails.",
	 .flags = FLAGS({.name = "role",
					 .type = OPTION_ENUM,
					 .allowed = roles,
					 .placeholder = "ROLE",
					 .help = "What it is meant for: a source also needs its log to be set up. "
							 "Without it connecting alone counts."}),
	 .run = connection_test},
	{.words = "connection tables",
	 .arguments = "CONNECTION",
	 .summary = "tables that are there, with estimates",
	 .flags = FLAGS(SCHEMA_FLAG, QUERY_FLAG, DATABASE_FLAG),
	 .run = connection_tables},
	{.words = "connection columns",
	 .arguments = "CONNECTION TABLE",
	 .summary = "columns of a table",
	 .flags = FLAGS(SCHEMA_FLAG, DATABASE_FLAG),
	 .run = connection_columns},
	{.words = "connection databases",
	 .arguments = "CONNECTION",
	 .summary = "databases of its server",
	 .run = connection_databases},

	/* ---- stream ---- */
	{.words = "stream ls",
	 .arguments = "",
	 .summary = "list them",
	 .flags =
		 FLAGS(STATE_FLAG, {.name = "tag", .placeholder = "TAG", .help = "Those with this tag."},
			   QUERY_FLAG),
	 .run = stream_ls},
	{.words = "stream show", .arguments = "STREAM", .summary = "one of them", .run = stream_show},
	{.words = "stream create",
	 .arguments = "[NAME]",
	 .summary = "make a stream; nothing runs yet",
	 .help = "By flags, by a document, or by both: flags count.",
	 .flags = FLAGS(FILE_FLAG("The stream's document, JSON; - is standard input."), STREAM_FLAGS),
	 .examples = EXAMPLES(
		 {"by flags", "sluice stream create shop --source shop-mysql --target shop-pg --mode "
					  "convert+cdc --tables 'shop.*,!shop.tmp_*'"},
		 {"two targets",
		  "sluice stream create shop --source a --target main=b --target reports=c --mode cdc"},
		 {"by a document", "sluice stream create -f shop.json"}),
	 .run = stream_create},
	{.words = "stream edit",
	 .arguments = "STREAM",
	 .summary = "change it in an editor",
	 .run = stream_edit},
	{.words = "stream diff",
	 .arguments = "",
	 .summary = "what stream apply would change; exit status 1 when anything",
	 .flags = FLAGS(FILE_FLAG("One document, or an array of them.")),
	 .run = stream_diff},
	{.words = "stream apply",
	 .arguments = "",
	 .summary = "make or change streams so that they are as in a file",
	 .help = "What a document does not say stays as it is. Nothing is removed.",
	 .flags = FLAGS(FILE_FLAG("One document, or an array of them.")),
	 .examples = EXAMPLES(
		 {"from another server",
		  "sluice stream export shop --context test | sluice stream apply -f - --context prod"}),
	 .run = stream_apply},
	{.words = "stream export",
	 .arguments = "STREAM...",
	 .summary = "its document, for stream apply and stream create",
	 .run = stream_export},
	{.words = "stream clone",
	 .arguments = "STREAM NAME",
	 .summary = "make another like it",
	 .run = stream_clone},
	{.words = "stream rm",
	 .arguments = "STREAM",
	 .summary = "remove it, with what it has at its source and in NATS",
	 .flags = FLAGS(
		 YES_FLAG,
		 {.name = "force",
		  .type = OPTION_BOOL,
		  .help = "Forgets it even if its source cannot be reached: what it has there stays."},
		 {.name = "wait", .type = OPTION_BOOL, .help = "Waits until it is gone."}),
	 .run = stream_rm},
	{.words = "stream revisions",
	 .arguments = "STREAM [REVISION]",
	 .summary = "what it was before",
	 .run = stream_revisions},

	/* ---- run ---- */
	{.words = "run ls",
	 .arguments = "[STREAM]",
	 .summary = "list them, the newest first",
	 .flags = FLAGS(STATE_FLAG),
	 .run = run_ls},
	{.words = "run show",
	 .arguments = "STREAM",
	 .summary = "one of them, by its id; of a stream the newest",
	 .run = run_show},
	{.words = "run watch",
	 .arguments = "STREAM",
	 .summary = "follow one: bars, rates, lag, time to go, on standard error",
	 .help = "Without --until it ends with the run. Exit status 6 when the run fails or ends "
			 "otherwise, 124 after --timeout.",
	 .flags = FLAGS({.name = "until",
					 .type = OPTION_ENUM,
					 .allowed = watch_until_names,
					 .placeholder = "STATE",
					 .help = "Ends when the run is so; level: streaming, and targets no further "
							 "behind than --lag."},
					LAG_FLAG),
	 .examples = EXAMPLES(
		 {"until the copy is there and the target level", "sluice run watch shop --until level"}),
	 .run = run_watch},

	/* ---- the rest of the server ---- */
	{.words = "workers ls", .arguments = "", .summary = "list them", .run = workers_ls},
	{.words = "workers drain",
	 .arguments = "WORKER",
	 .summary = "give a worker no more work, and take what it has elsewhere",
	 .run = workers_drain},
	{.words = "workers undrain",
	 .arguments = "WORKER",
	 .summary = "let it work again",
	 .run = workers_undrain},
	{.words = "usage",
	 .arguments = "",
	 .summary = "rows, bytes and hours that were used",
	 .flags = FLAGS({.name = "from", .placeholder = "DAY", .help = "First day, as 2026-01-31."},
					{.name = "to", .placeholder = "DAY", .help = "Last day."},
					{.name = "by",
					 .type = OPTION_ENUM,
					 .allowed = usage_by,
					 .placeholder = "WHAT",
					 .help = "A line for each."},
					{.name = "tenant", .placeholder = "NAME", .help = "Of this tenant."}),
	 .run = usage_show},
	{.words = "quota",
	 .arguments = "",
	 .summary = "what may be used, and how much of it is",
	 .flags = FLAGS({.name = "tenant", .placeholder = "NAME", .help = "Of this tenant."}),
	 .run = quota_show},
	{.words = "keys ls",
	 .arguments = "",
	 .summary = "list them; the keys themselves nobody has",
	 .run = keys_ls},
	{.words = "keys create",
	 .arguments = "NAME",
	 .summary = "make one; it is shown this once",
	 .flags = FLAGS(
		 {.name = "scope",
		  .placeholder = "SCOPE",
		  .repeated = true,
		  .help = "What it may do: streams:read, runs:write, read:*, worker, ...; "
				  "without it everything but worker."},
		 {.name = "expires", .placeholder = "TIME", .help = "Until when, as 2027-01-31T00:00:00Z."},
		 {.name = "tenant", .placeholder = "NAME", .help = "Of this tenant."}),
	 .examples =
		 EXAMPLES({"for a worker", "sluice keys create worker-1 --scope worker -q > worker.token"}),
	 .run = keys_create},
	{.words = "keys rotate",
	 .arguments = "KEY",
	 .summary = "make it anew; the old one ends",
	 .run = keys_rotate},
	{.words = "keys rm",
	 .arguments = "KEY",
	 .summary = "end one",
	 .flags = yes_flags,
	 .run = keys_rm},
	{.words = "alerts ls", .arguments = "", .summary = "list them", .run = alerts_ls},
	{.words = "alerts add",
	 .arguments = "NAME",
	 .summary = "tell an address when something is wrong",
	 .flags = FLAGS(
		 {.name = "kind",
		  .type = OPTION_ENUM,
		  .allowed = alert_kinds,
		  .placeholder = "KIND",
		  .help = "What is wrong."},
		 {.name = "bound", .placeholder = "N", .help = "Above which number, of seconds or bytes."},
		 {.name = "for",
		  .type = OPTION_DURATION,
		  .placeholder = "TIME",
		  .minimum = 0,
		  .maximum = 86400000,
		  .help = "After it has been so for this long."},
		 {.name = "stream",
		  .placeholder = "STREAM",
		  .repeated = true,
		  .help = "Of this stream; without it of all."},
		 {.name = "url", .placeholder = "URL", .help = "The address, which gets a POST."},
		 {.name = "secret-file",
		  .placeholder = "FILE",
		  .help = "What the POST is signed with; - is standard input."},
		 FILE_FLAG("The alert's document, JSON; - is standard input.")),
	 .examples = EXAMPLES({"a target is a minute behind",
						   "sluice alerts add slow --kind lag_seconds_over --bound "
						   "60 --for 2min --url https://ops.example/hook"}),
	 .run = alerts_add},
	{.words = "alerts rm",
	 .arguments = "ALERT",
	 .summary = "remove one",
	 .flags = yes_flags,
	 .run = alerts_rm},
	{.words = "alerts test",
	 .arguments = "ALERT",
	 .summary = "send one to see whether it arrives",
	 .run = alerts_test},
	{.words = "audit",
	 .arguments = "",
	 .summary = "who did what, the newest first",
	 .flags = FLAGS(
		 {.name = "verify",
		  .type = OPTION_BOOL,
		  .help = "Looks whether anything was taken away or changed. Exit status 6 when it was."},
		 {.name = "lines",
		  .letter = 'n',
		  .type = OPTION_INTEGER,
		  .placeholder = "N",
		  .default_value = "100",
		  .minimum = 1,
		  .maximum = 100000,
		  .help = "At most so many."}),
	 .run = audit_ls},
	{.words = "status",
	 .arguments = "",
	 .summary = "whether the server and what it needs are well",
	 .run = system_status},
	{.words = "doctor",
	 .arguments = "",
	 .summary = "what is missing, from here to the databases, and what to do",
	 .help = "Exit status 6 when something is.",
	 .run = system_doctor},

	/* ---- itself ---- */
	{.words = "completion",
	 .arguments = "SHELL",
	 .summary = "what bash, zsh or fish completes with",
	 .examples = EXAMPLES({"in ~/.bashrc", "source <(sluice completion bash)"}),
	 .run = self_completion},
	{.words = "man",
	 .arguments = "",
	 .summary = "the manual page, in roff",
	 .flags = FLAGS({.name = "markdown", .type = OPTION_BOOL, .help = "As docs/cli.md."}),
	 .examples = EXAMPLES({"read it", "sluice man | man -l -"}),
	 .run = self_man},
	{.words = "version", .arguments = "", .summary = "the version", .run = self_version},
	{.words = "help",
	 .arguments = "[COMMAND] [WORD]",
	 .summary = "this, or the help of a command",
	 .run = self_help},
	{0}};
