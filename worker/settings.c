/*
 * settings.c - the worker's options table and reading it (settings.h).
 */
#include "settings.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/daemon/log.h"
#include "common/daemon/nats_options.h"
#include "run_jobs.h"

#define GROUP_WORK "Work"
#define GROUP_NATS "NATS"

static const Option options[] = {
	{.name = "roles",
	 .type = OPTION_LIST,
	 .default_value = "reader,writer",
	 .placeholder = "ROLES",
	 .group = GROUP_WORK,
	 .help = "What this worker does: reader (drives PostgreSQL sources, runs sluice-mysql-reader) "
			 "and writer (runs sluice-writer, and comparisons)."},
	{.name = "slots",
	 .type = OPTION_INTEGER,
	 .default_value = "16",
	 .minimum = 1,
	 .maximum = 1024,
	 .placeholder = "N",
	 .group = GROUP_WORK,
	 .help = "Most jobs at once. A job is one reader or one writer of a run; each but the reader "
			 "of a PostgreSQL source is a process."},
	{.name = "name",
	 .type = OPTION_STRING,
	 .placeholder = "NAME",
	 .group = GROUP_WORK,
	 .help = "What people call this worker; without it the host's name."},
	{.name = "token",
	 .type = OPTION_SECRET,
	 .group = GROUP_WORK,
	 .help =
		 "The worker's token, by which it gets the passwords and keys of connections from a "
		 "server: sluice keys create --scope worker makes one. Without it connections that have "
		 "none can be used."},
	{.name = "programs",
	 .type = OPTION_STRING,
	 .placeholder = "FOLDER",
	 .group = GROUP_WORK,
	 .help =
		 "Where sluice-writer and sluice-mysql-reader are; without it beside this program, else in "
		 "PATH."},
	{.name = "lease",
	 .type = OPTION_DURATION,
	 .default_value = "6s",
	 .minimum = 1000,
	 .maximum = 60000,
	 .group = GROUP_WORK,
	 .help = "After so long without a sign of it, others take a worker's jobs over. The same at "
			 "all workers."},
	{.name = "stop-within",
	 .type = OPTION_DURATION,
	 .default_value = "30s",
	 .minimum = 100,
	 .maximum = 600000,
	 .group = GROUP_WORK,
	 .help = "What a program has to finish what is begun when it is asked to end; then it is "
			 "killed, which loses nothing but time."},
	NATS_OPTIONS(GROUP_NATS),
};

static const OptionExample examples[] = {
	{"Take jobs of any kind",
	 "sluice-worker --nats nats://127.0.0.1:4222 --token-file /etc/sluice/worker.token"},
	{"Writers only, at most four, with metrics on port 9188",
	 "sluice-worker --nats tls://nats.internal:4222 --nats-creds /etc/sluice/worker.creds \\\n"
	 "  --token-file /etc/sluice/worker.token --roles writer --slots 4 --http 127.0.0.1:9188"},
	{NULL, NULL},
};

const Program worker_program = {
	.name = "sluice-worker",
	.version = SLUICE_VERSION,
	.summary =
		"Does the work of runs: takes readers and writers by lease, as many as it has slots, "
		"drives PostgreSQL sources and runs a program for each of the others. Any number of "
		"workers on any number of machines share the runs of a server.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.examples = examples,
};

/* ---- reading ---- */

static const struct
{
	const char *name;
	JobRole role;
} role_names[] = {{"reader", ROLE_READER}, {"writer", ROLE_WRITER}};

static bool
read_roles(WorkerSettings *settings, const Options *from, SluiceError *err)
{
	char *const *items;
	size_t count = options_list(from, "roles", &items);

	for (size_t i = 0; i < count; i++)
	{
		unsigned before = settings->roles;

		for (size_t k = 0; k < sizeof(role_names) / sizeof(role_names[0]); k++)
		{
			if (strcmp(items[i], role_names[k].name) == 0)
				settings->roles |= role_names[k].role;
		}
		if (settings->roles == before)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
							   "--roles: \"%.40s\" is neither reader nor writer, or named twice",
							   items[i]);
	}
	return settings->roles != 0 ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--roles: a worker needs a role");
}

/* "wrk_" and 20 characters of [a-z0-9]. */
static bool
draw_id(char *id, SluiceError *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const size_t count = sizeof(letters) - 1;
	size_t length = strlen(ID_WORKER);

	memcpy(id, ID_WORKER, length);
	while (length < strlen(ID_WORKER) + ID_RANDOM)
	{
		unsigned char byte;

		if (getrandom(&byte, 1, 0) != 1)
			return sluice_fail(err, SLUICE_ERROR_IO, "the system has no random numbers");
		if (byte < 256 / count * count)
			id[length++] = letters[byte % count];
	}
	id[length] = '\0';
	return true;
}

bool
worker_settings_read(WorkerSettings *settings, const Options *from, SluiceError *err)
{
	const char *name = options_string(from, "name");

	*settings = (WorkerSettings){
		.slots = (size_t) options_integer(from, "slots"),
		.token = options_string(from, "token"),
		.folder = options_string(from, "programs"),
		.lease_ms = options_duration(from, "lease"),
		.stop_ms = options_duration(from, "stop-within"),
		.log_level = options_choice(from, "log-level") == LOG_DEBUG ? "debug" : "info",
	};
	if (gethostname(settings->host, sizeof(settings->host) - 1) != 0)
		(void) snprintf(settings->host, sizeof(settings->host), "unknown");
	(void) snprintf(settings->name, sizeof(settings->name), "%s",
					name != NULL ? name : settings->host);
	return read_roles(settings, from, err) && draw_id(settings->id, err) &&
		   nats_options_read(&settings->nats, from, worker_program.name, err);
}
