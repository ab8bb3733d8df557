/*
 * settings.c - the reader's options table (settings.h).
 */
#include "settings.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/daemon/nats_options.h"
#include "common/nats/durable.h"
#include "stream_settings.h"

#define GROUP_STREAM  "Stream"
#define GROUP_SOURCE  "Source"
#define GROUP_VALUES  "Values"
#define GROUP_PUBLISH "Publishing"
#define GROUP_COPY	  "Copying"
#define GROUP_NATS	  "NATS"
#define GROUP_COMMAND "Instead of reading"

static const char *const compression_names[] = {"none", "lz4", "zstd", NULL};

static const Option options[] = {
	{.name = "stream",
	 .type = OPTION_STRING,
	 .placeholder = "NAME",
	 .group = GROUP_STREAM,
	 .help = "Publishes this stream. Readers of the same stream share the work: one reads, the "
			 "others stand by."},
	{.name = "streams",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_STREAM,
	 .help = "Takes streams from the bucket SLUICE instead: each key stream.NAME has the options "
			 "of one, a line \"name = value\" for each; what is not there comes from this "
			 "program's options. Streams are shared among all readers that are started so."},
	{.name = "mode",
	 .type = OPTION_ENUM,
	 .default_value = "cdc",
	 .allowed = stream_mode_names,
	 .placeholder = "MODE",
	 .group = GROUP_STREAM,
	 .help = "cdc: changes from now on; convert+cdc: a copy of the tables first, then every change "
			 "since; convert: the copy alone, after which the program ends.",
	 .reloadable = true},
	{.name = "tables",
	 .type = OPTION_STRING,
	 .placeholder = "PATTERNS",
	 .group = GROUP_STREAM,
	 .help = "Tables of the stream, as in \"shop.*,crm.orders,!shop.tmp_*\": * and ? stand for "
			 "characters, ! takes away, backticks quote. Without it all of the database of the "
			 "source's URI, or of all databases.",
	 .reloadable = true},
	{.name = "consumers",
	 .type = OPTION_STRING,
	 .default_value = CONSUMER_DEFAULT,
	 .placeholder = "NAMES",
	 .group = GROUP_STREAM,
	 .help = "Targets of the stream, with commas: JetStream keeps what one of them has not applied "
			 "yet, and a copy is whole when all have it.",
	 .reloadable = true},
	{.name = "source",
	 .type = OPTION_URL,
	 .placeholder = "URI",
	 .group = GROUP_SOURCE,
	 .help = "The source server: mysql:// or mariadb://user@host:port/, with ssl-mode, ssl-ca, "
			 "ssl-cert, ssl-key, address, socket, connect-timeout behind a \"?\"; what is left out "
			 "comes from "
			 "MYSQL_HOST and the like.",
	 .reloadable = true},
	{.name = "source-password",
	 .type = OPTION_SECRET,
	 .group = GROUP_SOURCE,
	 .help = "Password for the source. Without it that of the URI counts, then MYSQL_PWD.",
	 .reloadable = true},
	{.name = "position",
	 .type = OPTION_ENUM,
	 .default_value = "auto",
	 .allowed = position_choice_names,
	 .placeholder = "HOW",
	 .group = GROUP_SOURCE,
	 .help = "How places in the source's log are named when the stream begins: by GTID, which "
			 "allows to go on at another server of the same set, or by file and offset; auto takes "
			 "GTIDs where the server has them. A stream that has begun keeps to what it has.",
	 .reloadable = true},
	{.name = "server-id",
	 .type = OPTION_INTEGER,
	 .default_value = "0",
	 .minimum = 0,
	 .maximum = UINT32_MAX,
	 .placeholder = "N",
	 .group = GROUP_SOURCE,
	 .help =
		 "The number by which the source knows this reader among its replicas; 0 takes one that "
		 "follows from the stream's name and that no replica has.",
	 .reloadable = true},
	{.name = "heartbeat",
	 .type = OPTION_DURATION,
	 .default_value = "5s",
	 .minimum = 1000,
	 .maximum = 600000,
	 .group = GROUP_SOURCE,
	 .help = "A source with nothing to say says so this often; after three times that in silence "
			 "it is connected to anew.",
	 .reloadable = true},
	{.name = "event-maximum",
	 .type = OPTION_SIZE,
	 .default_value = "1GB",
	 .minimum = 1 << 20,
	 .maximum = INT64_C(4) << 30,
	 .group = GROUP_SOURCE,
	 .help = "Largest event of the log that is taken, unpacked: at least the source's "
			 "max_allowed_packet.",
	 .reloadable = true},
	{.name = "zero-dates",
	 .type = OPTION_ENUM,
	 .default_value = "auto",
	 .allowed = zero_date_names,
	 .placeholder = "POLICY",
	 .group = GROUP_VALUES,
	 .help = "What becomes of dates like 0000-00-00 and 2026-02-00: auto makes them NULL where the "
			 "column may be, else the stream stops; infinity makes them -infinity, which MySQL and "
			 "MariaDB targets turn into 0000-00-00 again.",
	 .reloadable = true},
	{.name = "bad-text",
	 .type = OPTION_ENUM,
	 .default_value = "error",
	 .allowed = bad_text_names,
	 .placeholder = "POLICY",
	 .group = GROUP_VALUES,
	 .help = "What becomes of bytes that are no text in their column's character set: the stream "
			 "stops, or U+FFFD takes their place.",
	 .reloadable = true},
	{.name = "bundle-rows",
	 .type = OPTION_INTEGER,
	 .default_value = "500",
	 .minimum = 1,
	 .maximum = 1000000,
	 .placeholder = "N",
	 .group = GROUP_PUBLISH,
	 .help = "A bundle is sent when it has so many changes, or nothing more is there.",
	 .reloadable = true},
	{.name = "bundle-bytes",
	 .type = OPTION_SIZE,
	 .default_value = "512kB",
	 .minimum = 4096,
	 .maximum = 64 << 20,
	 .group = GROUP_PUBLISH,
	 .help = "A bundle is sent when it is so long.",
	 .reloadable = true},
	{.name = "window-bytes",
	 .type = OPTION_SIZE,
	 .default_value = "32MB",
	 .minimum = 1 << 20,
	 .maximum = INT64_C(4) << 30,
	 .group = GROUP_PUBLISH,
	 .help = "Most bytes of bundles that JetStream has not acknowledged; reading waits then. It "
			 "bounds what a stream needs of memory.",
	 .reloadable = true},
	{.name = "compression",
	 .type = OPTION_ENUM,
	 .default_value = "none",
	 .allowed = compression_names,
	 .placeholder = "HOW",
	 .group = GROUP_PUBLISH,
	 .help = "Compresses bundles.",
	 .reloadable = true},
	{.name = "max-bytes",
	 .type = OPTION_SIZE,
	 .default_value = "4GB",
	 .minimum = 1 << 20,
	 .maximum = INT64_MAX,
	 .group = GROUP_PUBLISH,
	 .help = "Most that JetStream keeps of the changes; then reading waits. JetStream reserves as "
			 "much when the stream is made, and once more for a copy: its storage (max_file_store, "
			 "the account's limit) must have room for both.",
	 .reloadable = true},
	{.name = "replicas",
	 .type = OPTION_INTEGER,
	 .default_value = "1",
	 .minimum = 1,
	 .maximum = 5,
	 .placeholder = "N",
	 .group = GROUP_PUBLISH,
	 .help = "Replicas of the JetStream streams when they are made.",
	 .reloadable = true},
	{.name = "replay-window",
	 .type = OPTION_DURATION,
	 .default_value = "0",
	 .maximum = INT64_C(31536000000),
	 .group = GROUP_PUBLISH,
	 .help = "How long JetStream keeps what every consumer has applied.",
	 .reloadable = true},
	{.name = "copy-workers",
	 .type = OPTION_INTEGER,
	 .default_value = "2",
	 .minimum = 1,
	 .maximum = 64,
	 .placeholder = "N",
	 .group = GROUP_COPY,
	 .help = "Connections that read tables for a copy at once.",
	 .reloadable = true},
	{.name = "scan",
	 .type = OPTION_ENUM,
	 .default_value = "auto",
	 .allowed = scan_choice_names,
	 .placeholder = "WHEN",
	 .group = GROUP_COPY,
	 .help =
		 "Before a copy reads the values of columns whose type says too little: TINYINT(1), which "
		 "is boolean where there is only 0 and 1, TIME, and texts that an index has a part of. Off "
		 "spares one pass over the tables that have such.",
	 .reloadable = true},
	{.name = "chunk-bytes",
	 .type = OPTION_SIZE,
	 .default_value = "64MB",
	 .minimum = 64 << 10,
	 .maximum = INT64_C(1) << 40,
	 .group = GROUP_COPY,
	 .help = "About so many bytes of a table are one chunk: what is read at once, and read again "
			 "after trouble.",
	 .reloadable = true},
	NATS_OPTIONS(GROUP_NATS),
	{.name = "check",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COMMAND,
	 .help = "Looks at every setting and privilege that the stream needs at its source, and says "
			 "with which SQL to mend what is wrong. Exit status 1 when something fails."},
	{.name = "json",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COMMAND,
	 .help = "With --check: as JSON."},
	{.name = "schema",
	 .type = OPTION_BOOL,
	 .default_value = "off",
	 .group = GROUP_COMMAND,
	 .help = "Prints the schema document of the stream's tables (docs/schema-document.md)."},
};

static const OptionExample examples[] = {
	{"Publish all tables of the database shop as the stream shop",
	 "sluice-mysql-reader --nats nats://127.0.0.1:4222 --stream shop "
	 "--source mysql://sluice@db1/shop"},
	{"See first whether the source is set up for it",
	 "sluice-mysql-reader --stream shop --source mysql://sluice@db1/shop --mode convert+cdc "
	 "--check"},
	{"Copy some tables and go on with their changes; the password in a file, metrics on port 9187",
	 "sluice-mysql-reader --stream shop --mode convert+cdc \\\n"
	 "  --source 'mysql://sluice@db1/?ssl-mode=verify-identity&ssl-ca=/etc/sluice/ca.pem' \\\n"
	 "  --source-password-file /etc/sluice/db1.password \\\n"
	 "  --tables 'shop.*,crm.orders,!shop.tmp_*' --http 127.0.0.1:9187"},
	{"Read whatever streams the bucket names, on any number of machines",
	 "nats kv put SLUICE stream.shop \"$(printf '%s\\n' 'source = mysql://sluice@db1/shop' "
	 "'mode = convert+cdc')\"\n"
	 "sluice-mysql-reader --streams --source-password-file /etc/sluice/source.password"},
	{"Remove what a stream has left in JetStream and the bucket",
	 "sluice-mysql-reader drop --stream shop"},
	{NULL, NULL},
};

static const char *const log_fields[] = {NULL};

const Program reader_program = {
	.name = "sluice-mysql-reader",
	.version = SLUICE_VERSION,
	.summary = "Publishes the changes of a MySQL or MariaDB server's tables to NATS JetStream, "
			   "with a copy "
			   "of the tables before them when it is asked for: what sluice-writer applies to its "
			   "targets.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.examples = examples,
	.log_fields = log_fields,
};

void
settings_name_owner(char *owner, size_t size)
{
	char host[64] = "unknown";
	uint32_t number = 0;

	(void) gethostname(host, sizeof(host) - 1);
	(void) !getrandom(&number, sizeof(number), 0);
	(void) snprintf(owner, size, "%s-%d-%08x", host, (int) getpid(), number);
}
