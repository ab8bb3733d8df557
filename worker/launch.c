/*
 * launch.c - a job's program and its configuration (launch.h).
 */
#include "launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/control/child_config.h"
#include "common/control/memory_file.h"
#include "common/control/program_path.h"
#include "secret_desk.h"

#define SIDES_MAXIMUM 2
#define LIST_MAXIMUM  65536

/* One database of a configuration, as it goes into it. */
typedef struct Side
{
	const char *option; /* "source" or "target" */
	Endpoint endpoint;
	Secrets secrets;
	SecretFiles files;
} Side;

typedef struct Launch
{
	const JobFacts *job;
	const json_t *target; /* of what writes or compares */
	const Tools *tools;
	Side sides[SIDES_MAXIMUM];
	size_t side_count;
	ByteBuf config;
	ChildSettings child;
	char path[PROGRAM_PATH_MAXIMUM];
} Launch;

/* ---- which program ---- */

static bool lines_of_reader(Launch *launch, SluiceError *err);
static bool lines_of_writer(Launch *launch, SluiceError *err);
static bool lines_of_drop(Launch *launch, SluiceError *err);
static bool lines_of_verification(Launch *launch, SluiceError *err);
static bool lines_of_forget(Launch *launch, SluiceError *err);

static const struct JobProgram
{
	const char *executable, *command;
	bool source, target; /* which databases it is told of */
	bool output;		 /* what it prints is its result */
	bool (*lines)(Launch *launch, SluiceError *err);
} job_programs[JOB_KINDS] = {
	[JOB_READER] = {"sluice-mysql-reader", NULL, true, false, false, lines_of_reader},
	[JOB_WRITER] = {"sluice-writer", NULL, false, true, false, lines_of_writer},
	[JOB_DROP] = {"sluice-mysql-reader", "drop", false, false, false, lines_of_drop},
	[JOB_VERIFICATION] = {"sluice-writer", "verify", true, true, true, lines_of_verification},
};

static const struct JobProgram forget_program = {"sluice-writer", "forget",		  false, true,
												 false,			  lines_of_forget};

/* ---- databases ---- */

static bool
add_side(Launch *launch, const char *option, const json_t *connection, SluiceError *err)
{
	Side *side = &launch->sides[launch->side_count++];

	side->option = option;
	return endpoint_read(&side->endpoint, connection, err);
}

static bool
add_sides(Launch *launch, const struct JobProgram *program, SluiceError *err)
{
	const json_t *source = json_object_get(launch->job->spec, "source");

	return (!program->source ||
			add_side(launch, "source", json_object_get(source, "connection"), err)) &&
		   (!program->target ||
			add_side(launch, "target", json_object_get(launch->target, "connection"), err));
}

static bool
fetch_secrets(Launch *launch, SluiceError *err)
{
	const Endpoint *endpoints[SIDES_MAXIMUM];
	Secrets sets[SIDES_MAXIMUM];
	bool good;

	for (size_t i = 0; i < launch->side_count; i++)
		endpoints[i] = &launch->sides[i].endpoint;
	good = secret_desk_fetch(launch->tools->secrets, launch->job, endpoints, launch->side_count,
							 sets, err);
	for (size_t i = 0; i < launch->side_count; i++)
		launch->sides[i].secrets = sets[i];
	for (size_t i = 0; good && i < launch->side_count; i++)
		good = secret_files_make(&launch->sides[i].files, &sets[i], err);
	return good;
}

/* Gives the child a descriptor; what it is there. */
static int
add_file(Launch *launch, int fd)
{
	launch->child.files[launch->child.file_count] = fd;
	return CHILD_FIRST_FD + (int) launch->child.file_count++;
}

/* URI and password of a database. */
static bool
lines_of_side(Launch *launch, Side *side, SluiceError *err)
{
	char paths[ENDPOINT_SECRETS][MEMORY_FILE_PATH];
	EndpointFiles files = {{NULL}};
	char password[32];
	ByteBuf uri;
	bool good;

	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		if (side->files.fds[i] >= 0)
			files.paths[i] = memory_file_path(add_file(launch, side->files.fds[i]), paths[i]);
	}
	(void) snprintf(password, sizeof(password), "%s-password", side->option);
	bytebuf_init(&uri, &allocator_malloc, ENDPOINT_URI_MAXIMUM);
	good =
		endpoint_uri(&side->endpoint, &files, &uri, err) &&
		child_config_line(&launch->config, side->option, (const char *) uri.data, err) &&
		child_config_line(&launch->config, password, side->secrets.values[ENDPOINT_PASSWORD], err);
	bytebuf_free(&uri);
	return good;
}

/* ---- lines ---- */

static bool
line(Launch *launch, const char *name, const char *value, SluiceError *err)
{
	return child_config_line(&launch->config, name, value, err);
}

static bool
lines_of_nats(Launch *launch, SluiceError *err)
{
	return child_config_nats(&launch->config, launch->tools->nats, err);
}

/* Texts of an array, or of a member of its objects, with commas between. */
static bool
list_line(Launch *launch, const char *name, const json_t *array, const char *member,
		  SluiceError *err)
{
	char *text = calloc(1, LIST_MAXIMUM);
	size_t used = 0, i;
	json_t *each;
	bool good = text != NULL;

	json_array_foreach(array, i, each)
	{
		const char *word = json_string_value(member != NULL ? json_object_get(each, member) : each);

		if (good && word != NULL)
			used += (size_t) snprintf(text + used, LIST_MAXIMUM - used, "%s%s", used > 0 ? "," : "",
									  word);
		good = good && used < LIST_MAXIMUM;
	}
	if (text != NULL && !good)
		(void) sluice_fail(err, SLUICE_ERROR_LIMIT, "%s: the list is longer than %d bytes", name,
						   LIST_MAXIMUM);
	else if (text == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a list");
	good = good && (used == 0 || line(launch, name, text, err));
	free(text);
	return good;
}

static bool
lines_of_reader(Launch *launch, SluiceError *err)
{
	const json_t *spec = launch->job->spec, *source = json_object_get(spec, "source");

	return line(launch, "mode", run_text(spec, "mode"), err) &&
		   list_line(launch, "tables", json_object_get(source, "tables"), NULL, err) &&
		   list_line(launch, "consumers", json_object_get(spec, "targets"), "name", err) &&
		   child_config_options(&launch->config, JOB_SOURCE_MYSQL,
								json_object_get(source, "options"), err) &&
		   lines_of_nats(launch, err);
}

static bool
lines_of_writer(Launch *launch, SluiceError *err)
{
	const json_t *target = launch->target;

	return line(launch, "consumer", run_text(target, "name"), err) &&
		   child_config_options(&launch->config, JOB_TARGET, json_object_get(target, "options"),
								err) &&
		   lines_of_nats(launch, err);
}

static bool
lines_of_drop(Launch *launch, SluiceError *err)
{
	return lines_of_nats(launch, err);
}

static bool
lines_of_forget(Launch *launch, SluiceError *err)
{
	return line(launch, "consumer", run_text(launch->target, "name"), err);
}

/* What is said of a verification besides id and target are options of it. */
static bool
lines_of_verification(Launch *launch, SluiceError *err)
{
	const json_t *verification = launch->job->verification;
	json_t *options = json_object();
	size_t count;
	const JobOption *known = job_options(JOB_VERIFY, &count);
	bool good;

	for (size_t i = 0; i < count; i++)
	{
		json_t *value = json_object_get(verification, known[i].name);

		if (value != NULL && !json_is_null(value))
			(void) json_object_set(options, known[i].name, value);
	}
	good = line(launch, "consumer", run_text(launch->target, "name"), err) &&
		   line(launch, "json", "on", err) &&
		   child_config_options(&launch->config, JOB_VERIFY, options, err);
	json_decref(options);
	return good;
}

static bool
write_lines(Launch *launch, const struct JobProgram *program, SluiceError *err)
{
	bool good = line(launch, "stream", launch->job->stream, err) &&
				line(launch, "log-format", "json", err) &&
				line(launch, "log-level", launch->tools->log_level, err);

	for (size_t i = 0; good && i < launch->side_count; i++)
		good = lines_of_side(launch, &launch->sides[i], err);
	return good && program->lines(launch, err);
}

/* ---- all of it ---- */

static bool
find_program(Launch *launch, const char *executable, SluiceError *err)
{
	return program_path(launch->tools->folder, executable, launch->path, err) ||
		   sluice_hint(err, "start the worker with --programs FOLDER");
}

static bool
start_child(Launch *launch, const struct JobProgram *program, Child *child, SluiceError *err)
{
	char config_path[MEMORY_FILE_PATH];
	size_t at = 0;
	int config;
	bool good;

	launch->child.program = launch->path;
	launch->child.keeps_output = program->output;
	if (program->command != NULL)
		launch->child.arguments[at++] = program->command;
	launch->child.arguments[at++] = "--config";
	launch->child.arguments[at] = memory_file_path(CHILD_FIRST_FD, config_path);
	config = memory_file("sluice-config", launch->config.data, launch->config.length, err);
	launch->child.files[0] = config;
	good = config >= 0 && child_start(child, &launch->child, err);
	if (config >= 0)
		(void) close(config);
	return good;
}

static bool
launch(Job *job, const struct JobProgram *program, const json_t *target, Child *child,
	   SluiceError *err)
{
	/* The first descriptor is the configuration's. */
	Launch it = {.job = job_facts(job),
				 .target = target,
				 .tools = job_tools(job),
				 .child = {.file_count = 1}};
	bool good;

	for (size_t i = 0; i < SIDES_MAXIMUM; i++)
		memset(it.sides[i].files.fds, -1, sizeof(it.sides[i].files.fds));
	good = find_program(&it, program->executable, err) && add_sides(&it, program, err) &&
		   fetch_secrets(&it, err) && child_config_init(&it.config, err) &&
		   write_lines(&it, program, err) && start_child(&it, program, child, err);
	for (size_t i = 0; i < it.side_count; i++)
	{
		secret_files_close(&it.sides[i].files);
		secrets_free(&it.sides[i].secrets);
	}
	child_config_free(&it.config);
	return good;
}

bool
launch_program(Job *job, Child *child, SluiceError *err)
{
	const JobFacts *facts = job_facts(job);

	return launch(job, &job_programs[facts->kind], facts->target, child, err);
}

bool
launch_forget(Job *job, const json_t *target, Child *child, SluiceError *err)
{
	return launch(job, &forget_program, target, child, err);
}
