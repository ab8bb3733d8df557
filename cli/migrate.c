/*
 * migrate.c - sluice migrate: a whole migration in one command, without a server.
 *
 *     open      both URIs, the state folder, NATS: a private server unless there is one to use
 *     check     what the source lacks, before a new migration
 *     run       reader and writer, until the copy is whole; then changes, until the cut-over
 *     end       the stream is dropped, and the folder emptied
 *
 * Whatever ends it before that leaves the folder, with which the same command goes on.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"
#include "common/control/child_config.h"
#include "common/daemon/service.h"
#include "handlers.h"
#include "metrics_page.h"
#include "migration.h"
#include "options_document.h"
#include "secret.h"
#include "text.h"
#include "wait.h"

#define LOOK_MS	   300
#define END_MS	   30000
#define FAILED_MS  15000 /* what fails so long fails for good */
#define LEVEL_MS   2000	 /* so long the target must be level before the cut-over */
#define SHELL_FAIL 127

const char *
migration_mode(const Migration *migration)
{
	return migration->follows ? "convert+cdc" : "convert";
}

void
migration_find(const Migration *migration, const char *status, const char *check,
			   const char *detail, const char *hint)
{
	const Screen *screen = &migration->cli->terminal.err;

	(void) fprintf(screen->file, "%s%s%s: ", screen_color(screen, color_of_state(status)), status,
				   screen_color(screen, COLOR_PLAIN));
	text_put(screen->file, check != NULL ? check : "");
	(void) fputs(": ", screen->file);
	text_put(screen->file, detail != NULL ? detail : "");
	(void) fputc('\n', screen->file);
	if (hint != NULL && *hint != '\0')
	{
		(void) fputs("  ", screen->file);
		text_put(screen->file, hint);
		(void) fputc('\n', screen->file);
	}
}

/* ---- what ends it ---- */

/* Whether its hint names options of it: nothing but a command line with them helps.  Puts it as this program takes them. */
static bool
translate_hint(const Member *member, SluiceError *err)
{
	bool writes = strcmp(member->name, "sluice-writer") == 0;
	char hint[sizeof(((SluiceError *) 0)->hint)];
	bool any =
		options_hint(writes ? JOB_TARGET : JOB_SOURCE_MYSQL,
					 writes ? "target-option" : "source-option", member->hint, hint, sizeof(hint));

	if (any && err != NULL)
		(void) sluice_hint(err, "%s", hint);
	return any;
}

static bool
asks_for_option(const Member *writer)
{
	return translate_hint(writer, NULL);
}

bool
migration_fail(Migration *migration, const Member *member, SluiceError *err)
{
	int status = !member->running && WIFEXITED(member->status) ? WEXITSTATUS(member->status) : 0;

	(void) member_fail(member, err);
	migration->needs_change =
		translate_hint(member, err) || status == SERVICE_USAGE || status == SERVICE_REFUSED;
	return false;
}

/* ---- open ---- */

static json_t *
patterns_of(const Arguments *arguments)
{
	json_t *patterns = NULL;
	const char *text;

	for (size_t i = 0; (text = arguments_each(arguments, "tables", i)) != NULL; i++)
	{
		if (patterns == NULL)
			patterns = json_array();
		for (;;)
		{
			size_t length = strcspn(text, ",");

			if (length > 0)
				json_array_append_new(patterns, json_stringn(text, length));
			if (text[length] == '\0')
				break;
			text += length + 1;
		}
	}
	return patterns;
}

static bool
open_state(Migration *migration, SluiceError *err)
{
	const Arguments *arguments = &migration->cli->arguments;
	json_t *plan = json_pack("{s:s, s:s, s:s, s:O?}", "source", migration->source.uri, "target",
							 migration->target.uri, "mode", migration_mode(migration), "tables",
							 migration->tables);
	bool good =
		plan != NULL && migrate_state_open(&migration->state, arguments_text(arguments, "state"),
										   plan, arguments_text(arguments, "name"),
										   migration->source.endpoint.database, err);

	json_decref(plan);
	return good;
}

/* --nats with its login; otherwise the source's own, or a private one. */
static bool
find_nats(Migration *migration, SluiceError *err)
{
	char *password = NULL, *token = NULL;

	migration->nats =
		(NatsSettings){.urls = arguments_text(&migration->cli->arguments, "nats"),
					   .creds_file = arguments_text(&migration->cli->arguments, "nats-creds"),
					   .user = getenv("SLUICE_NATS_USER"),
					   .name = "sluice"};
	if (!secret_of_environment("SLUICE_NATS_PASSWORD", &password, err) ||
		!secret_of_environment("SLUICE_NATS_TOKEN", &token, err))
		return false;
	/* They live as long as this process. */
	migration->nats.password = password;
	migration->nats.token = token;
	return true;
}

static bool
open_nats(Migration *migration, SluiceError *err)
{
	if (migration->nats.urls != NULL)
		return nats_settings_check(&migration->nats, err) || sluice_prefix(err, "--nats");
	if (!private_nats_start(&migration->own, migration->state.folder, err))
		return false;
	migration->has_own = true;
	migration->nats = private_nats_settings(&migration->own);
	return true;
}

static bool
open_migration(Migration *migration, SluiceError *err)
{
	const Arguments *arguments = &migration->cli->arguments;

	migration->follows = strcmp(arguments_text(arguments, "mode"), "convert+cdc") == 0;
	migration->source_lag = migration->target_lag = migration->pending = NAN;
	migration->applied = migration->rows_per_second = NAN;
	if (!migration->follows && arguments_text(arguments, "cut-over-when") != NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--cut-over-when is of --mode convert+cdc");
	if (!migrate_side_read(&migration->source, "source", arguments, 0, err) ||
		!migrate_side_read(&migration->target, "target", arguments, 1, err))
		return false;
	if (*migration->target.endpoint.database == '\0' ||
		*migration->source.endpoint.database == '\0')
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "both URIs name a database, as in postgresql://app@db2/shop");
	migration->tables = patterns_of(arguments);
	migration->from =
		migration->source.endpoint.postgresql ? &migration_postgresql : &migration_mysql;
	if (!open_state(migration, err))
		return false;
	return find_nats(migration, err) && migration->from->open(migration, err) &&
		   open_nats(migration, err);
}

/* ---- the writer ---- */

static bool
start_writer(Migration *migration, SluiceError *err)
{
	SideFiles files = {.count = 0};
	ByteBuf config = {0};
	MemberSettings settings = {.name = "sluice-writer", .folder = migration->state.folder};
	bool good = child_config_init(&config, err) &&
				side_files_make(&files, &migration->target, CHILD_FIRST_FD + 1, err) &&
				child_config_nats(&config, &migration->nats, err) &&
				child_config_line(&config, "stream", migration->state.name, err) &&
				child_config_line(&config, "http", "127.0.0.1:0", err) &&
				child_config_line(&config, "log-format", "json", err) &&
				migrate_side_lines(&migration->target, &files, &config, err) &&
				child_config_options(&config, JOB_TARGET, migration->target.options, err);

	settings.config = &config;
	settings.files = files.fds;
	settings.file_count = files.count;
	good = good && member_start(&migration->writer, &settings, err);
	side_files_close(&files);
	child_config_free(&config);
	return good;
}

/* Takes in its figures; false when it has ended by itself for good. */
static bool
look_at_writer(Migration *migration, int64_t now_ms, SluiceError *err)
{
	char *page;
	static Meter applied;

	if (!member_look(&migration->writer))
	{
		(void) snprintf(migration->writer_state, sizeof(migration->writer_state), "finished");
		return member_is_good(&migration->writer) ||
			   migration_fail(migration, &migration->writer, err);
	}
	page = member_metrics(&migration->writer);
	if (page == NULL)
		return true;
	(void) metrics_page_one(page, "sluice_writer_state", "state", migration->writer_state,
							sizeof(migration->writer_state));
	if (!metrics_page_one(page, "sluice_writer_load_phase", "phase", migration->phase,
						  sizeof(migration->phase)))
		migration->phase[0] = '\0';
	migration->target_lag = metrics_page_value(page, "sluice_writer_lag_seconds");
	migration->pending = metrics_page_value(page, "sluice_writer_pending_messages");
	meter_take(&applied, metrics_page_value(page, "sluice_writer_applied_rows_total"), now_ms);
	migration->applied = applied.value;
	migration->rows_per_second = meter_rate(&applied, now_ms);
	free(page);
	return true;
}

/* ---- run ---- */

static void
show(Migration *migration, int64_t now_ms)
{
	double lag = migration->source_lag;
	bool failed = strcmp(migration->source_state, "failed") == 0;
	const char *error = failed ? migration->error : migration->writer.error;
	bool troubled = failed || strcmp(migration->writer_state, "stopped") == 0 ||
					strcmp(migration->writer_state, "retrying") == 0;
	DisplayView view;

	if (!isnan(migration->target_lag) && !(lag >= migration->target_lag))
		lag = migration->target_lag;
	view = (DisplayView){.name = migration->state.name,
						 .state = *migration->source_state != '\0' ? migration->source_state
																   : "starting",
						 .phase = *migration->phase != '\0' ? migration->phase : NULL,
						 .error = troubled && *error != '\0' ? error : NULL,
						 .rows_per_second = migration->rows_per_second,
						 .lag_seconds = lag,
						 .lag_bytes = -1,
						 .pending_messages = migration->pending};
	display_show(&migration->display, &view, &migration->progress, now_ms);
}

/* What does not mend itself: *since is when it began. */
static bool
is_failed(Migration *migration, int64_t now_ms, int64_t *since, SluiceError *err)
{
	bool source = strcmp(migration->source_state, "failed") == 0;
	bool target = strcmp(migration->writer_state, "stopped") == 0 ||
				  strcmp(migration->writer_state, "refused") == 0;

	if (!source && !target)
	{
		*since = 0;
		return false;
	}
	*since = *since == 0 ? now_ms : *since;
	/* What asks for another option does not pass. */
	if (now_ms - *since < FAILED_MS && (source || !asks_for_option(&migration->writer)))
		return false;
	if (source)
		(void) sluice_fail(err, SLUICE_ERROR_DATA, "the source: %s", migration->error);
	else
		(void) migration_fail(migration, &migration->writer, err);
	return true;
}

typedef enum Step
{
	STEP_COPY,	/* until the copy is whole */
	STEP_LEVEL, /* until the target is level */
	STEP_LAST,	/* until all that was committed then is there */
	STEP_DONE
} Step;

typedef struct Course
{
	Step step;
	int64_t level_since, failed_since;
	double level; /* seconds; < 0: never cuts over */
} Course;

static bool
run_command(const Migration *migration, SluiceError *err)
{
	const char *command = arguments_text(&migration->cli->arguments, "cut-over-command");
	int status;

	if (command == NULL)
		return true;
	cli_say(migration->cli, "the target is level: running the command of --cut-over-command");
	(void) fflush(NULL);
	status = system(command);
	if (status == 0)
		return true;
	return sluice_fail(err, SLUICE_ERROR_STATE,
					   "the command of --cut-over-command failed with status %d",
					   WIFEXITED(status) ? WEXITSTATUS(status) : SHELL_FAIL);
}

/* Whether the target has been no further behind than allowed for a while. */
static bool
is_level(const Migration *migration, Course *course, int64_t now_ms)
{
	bool level = course->level >= 0 && migration->target_lag <= course->level &&
				 !(migration->source_lag > course->level) &&
				 strcmp(migration->writer_state, "applying") == 0;

	if (!level)
		course->level_since = 0;
	else if (course->level_since == 0)
		course->level_since = now_ms;
	return level && now_ms - course->level_since >= LEVEL_MS;
}

/* One step further, where it is time to. */
static bool
advance(Migration *migration, Course *course, int64_t now_ms, SluiceError *err)
{
	bool reached = false;

	switch (course->step)
	{
		case STEP_COPY:
			if (!migration->follows && !migration->writer.running &&
				strcmp(migration->source_state, "finished") == 0)
				course->step = STEP_DONE;
			if (migration->follows && strcmp(migration->source_state, "streaming") == 0 &&
				strcmp(migration->writer_state, "applying") == 0 && *migration->phase == '\0')
			{
				display_leave(&migration->display);
				cli_say(migration->cli, "the copy is whole; every change follows%s",
						course->level >= 0 ? "" : " until Ctrl-C");
				course->step = STEP_LEVEL;
			}
			return true;
		case STEP_LEVEL:
			if (!is_level(migration, course, now_ms))
				return true;
			course->step = STEP_LAST;
			return run_command(migration, err);
		case STEP_LAST:
			if (!migration->from->catch_up(migration, &reached, err))
				return false;
			if (reached)
				course->step = STEP_DONE;
			return true;
		default: return true;
	}
}

/* STATUS_OK when all is at the target. */
static int
run(Migration *migration)
{
	int64_t level = arguments_number(&migration->cli->arguments, "cut-over-when", -1);
	Course course = {.level = level < 0 ? -1 : (double) level / 1000};
	SluiceError err = {0};

	while (course.step != STEP_DONE)
	{
		int64_t now = wait_clock();

		if (!migration->from->look(migration, now, &err) || !look_at_writer(migration, now, &err) ||
			(migration->has_own && !member_look(&migration->own.server) &&
			 !member_fail(&migration->own.server, &err)) ||
			is_failed(migration, now, &course.failed_since, &err) ||
			!advance(migration, &course, now, &err))
		{
			display_leave(&migration->display);
			return cli_fail(migration->cli, &err);
		}
		show(migration, now);
		if (course.step != STEP_DONE && !wait_ms(LOOK_MS))
			return STATUS_INTERRUPTED;
	}
	return STATUS_OK;
}

/* ---- the end ---- */

static void
tell_result(const Migration *migration)
{
	json_t *result =
		json_pack("{s:s, s:s, s:s, s:s, s:i, s:I}", "stream", migration->state.name, "source",
				  migration->source.uri, "target", migration->target.uri, "mode",
				  migration_mode(migration), "tables", (int) migration->progress.count,
				  "copied_rows", (json_int_t) migration->progress.rows.value);

	(void) cli_document(migration->cli, "stream", result);
	json_decref(result);
}

/* Everything is at the target: the writer ends, the stream goes. */
static int
finish(Migration *migration)
{
	SluiceError err = {0};

	if (migration->writer.running)
	{
		member_end(&migration->writer, END_MS);
		if (!member_is_good(&migration->writer))
		{
			(void) migration_fail(migration, &migration->writer, &err);
			return cli_fail(migration->cli, &err);
		}
	}
	if (!migration->from->drop(migration, &err))
		return cli_fail(migration->cli, &err);
	display_leave(&migration->display);
	tell_result(migration);
	return STATUS_OK;
}

/* Quotes a word for a shell. */
static void
put_word(FILE *out, const char *word)
{
	(void) fputc('\'', out);
	for (; *word != '\0'; word++)
		(void) fprintf(out, *word == '\'' ? "'\\''" : "%c", *word);
	(void) fputc('\'', out);
}

static void
tell_how_to_go_on(const Migration *migration)
{
	FILE *out = migration->cli->terminal.err.file;

	if (migration->cli->output.quiet)
		return;
	(void) fputs(migration->needs_change
					 ? "nothing is lost: with that changed, sluice migrate goes on where this one "
					   "ended, with --state "
					 : "nothing is lost: the same command goes on where this one ended, with "
					   "--state ",
				 out);
	put_word(out, migration->state.folder);
	(void) fputs(migration->source.endpoint.postgresql
					 ? "\nto give it up: SELECT sluice.drop_stream('"
					 : "\nto give it up: remove that folder",
				 out);
	if (migration->source.endpoint.postgresql)
		(void) fprintf(out, "%s') at the source, and remove that folder", migration->state.name);
	(void) fputc('\n', out);
}

static void
close_migration(Migration *migration, bool done)
{
	if (migration->from != NULL && migration->reading != NULL)
	{
		if (!done && *migration->state.folder != '\0')
			migration->from->pause(migration);
		migration->from->close(migration);
	}
	member_end(&migration->writer, END_MS);
	if (migration->has_own)
		private_nats_end(&migration->own);
	if (*migration->state.folder != '\0')
		migrate_state_close(&migration->state, done);
	secret_free((char *) (uintptr_t) (migration->has_own ? NULL : migration->nats.password));
	secret_free((char *) (uintptr_t) (migration->has_own ? NULL : migration->nats.token));
	migrate_side_free(&migration->source);
	migrate_side_free(&migration->target);
	json_decref(migration->tables);
	progress_free(&migration->progress);
}

/* *begun: there is something to go on with. */
static int
migrate(Migration *migration, bool *begun)
{
	SluiceError err = {0};
	int status;

	if (!open_migration(migration, &err) ||
		(!migration->state.resumed && !migration->from->check(migration, &err)))
		return cli_fail(migration->cli, &err);
	*begun = true;
	cli_say(migration->cli, "%s stream %s, state in %s",
			migration->state.resumed ? "going on with" : "beginning", migration->state.name,
			migration->state.folder);
	if (!migration->from->start(migration, &err) || !start_writer(migration, &err))
		status = cli_fail(migration->cli, &err);
	else
		status = run(migration);
	if (status == STATUS_OK)
		status = finish(migration);
	if (status != STATUS_OK)
	{
		display_leave(&migration->display);
		tell_how_to_go_on(migration);
	}
	return status;
}

int
migrate_run(Cli *cli)
{
	Migration *migration = calloc(1, sizeof(*migration));
	bool begun = false;
	SluiceError err;
	int status;

	if (migration == NULL)
	{
		(void) sluice_fail(&err, SLUICE_ERROR_MEMORY, "out of memory for a migration");
		return cli_fail(cli, &err);
	}
	migration->cli = cli;
	migration->state.lock = -1;
	display_init(&migration->display, &cli->terminal, cli->output.quiet);
	interrupt_catch();
	status = migrate(migration, &begun);
	close_migration(migration, status == STATUS_OK || (!begun && !migration->state.resumed));
	free(migration);
	return status;
}
