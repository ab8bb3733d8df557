/*
 * stream_changes.c - sluice stream: making streams and changing them, by flags, files and an editor.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"
#include "handlers.h"
#include "problem.h"
#include "stream_document.h"
#include "text.h"

/* ---- create ---- */

int
stream_create(Cli *cli)
{
	static Url url;
	const char *path = arguments_text(&cli->arguments, "file");
	const char *name = arguments_word(&cli->arguments, 0);
	SluiceError err = {0};
	json_t *body = stream_document_of_flags(&cli->arguments, name, &err), *made = NULL, *file;
	int status;

	if (body == NULL)
		return cli_fail(cli, &err);
	if (path != NULL)
	{
		/* What the flags say counts before the file. */
		file = stream_document_read(path, false, &err);
		json_object_update_missing(body, file);
		json_decref(file);
		if (file == NULL)
		{
			json_decref(body);
			return cli_fail(cli, &err);
		}
	}
	url_begin(&url, api_path(API_STREAM));
	status = api_post(cli, &url, body, &made);
	if (status == STATUS_OK)
	{
		cli_say(cli,
				"stream %s is made; sluice check %s looks whether it can run, sluice start %s "
				"starts it",
				api_text(made, "name"), api_text(made, "name"), api_text(made, "name"));
		status = cli_document(cli, "id", made);
	}
	json_decref(body);
	json_decref(made);
	return status;
}

/* ---- the configuration of now ---- */

/* As exported, and the entity's tag; *document NULL when there is no such stream. */
static int
fetch(Cli *cli, const char *name, char id[API_ID_MAXIMUM], char *etag, json_t **document)
{
	static Url url;
	json_t *items = NULL, *item, *stream;
	size_t index;
	int status;

	*document = NULL;
	url_begin(&url, api_path(API_STREAM));
	url_query(&url, "name", name);
	status = api_list(cli, &url, SIZE_MAX, &items);
	*id = '\0';
	json_array_foreach(items, index, item) if (strcmp(api_text(item, "name"), name) == 0)(void)
		snprintf(id, API_ID_MAXIMUM, "%s", api_text(item, "id"));
	json_decref(items);
	if (status != STATUS_OK || *id == '\0')
		return status;
	/* The tag first: what changes between both requests is then noticed. */
	status = api_find(cli, API_STREAM, id, &stream, etag);
	json_decref(stream);
	if (status != STATUS_OK)
		return status;
	url_of(&url, api_path(API_STREAM), id, "/export");
	return api_get(cli, &url, document);
}

static int
replace(Cli *cli, const char *id, const char *etag, const json_t *body, json_t **changed)
{
	static Url url;
	Answer answer;
	int status;

	url_of(&url, api_path(API_STREAM), id, "");
	status = api_call(cli, "PUT", &url, body, etag, &answer);
	*changed = status == STATUS_OK ? json_incref(answer.body) : NULL;
	answer_free(&answer);
	return status;
}

/* ---- diff and apply ---- */

/* A document with what the configuration of now says where it says nothing: what would be after applying it. */
static json_t *
completed(const json_t *wanted, const json_t *now)
{
	json_t *all = json_deep_copy(wanted), *value;
	const char *name;
	size_t index;
	json_t *item;

	json_object_foreach((json_t *) (uintptr_t) now, name, value)
	{
		json_t *mine = json_object_get(all, name);

		if (mine == NULL)
			json_object_set(all, name, value);
		else if (json_is_object(mine) && json_is_object(value))
			json_object_update_missing(mine, value);
		else if (json_is_array(mine) && json_is_array(value))
			json_array_foreach(mine, index, item) if (json_is_object(item))
				json_object_update_missing(item, json_array_get(value, index));
	}
	return all;
}

static void
put_diff(const Cli *cli, const char *name, const char *diff)
{
	FILE *out = cli->terminal.out.file;

	if (*diff == '\0')
		return;
	(void) fputs("stream ", out);
	text_put(out, name);
	(void) fputc('\n', out);
	while (*diff != '\0')
	{
		size_t length = strcspn(diff, "\n");
		char *line = strndup(diff, length);

		(void) fputs(screen_color(&cli->terminal.out, *diff == '+' ? COLOR_GOOD : COLOR_BAD), out);
		text_put(out, line != NULL ? line : "?");
		(void) fprintf(out, "%s\n", screen_color(&cli->terminal.out, COLOR_PLAIN));
		free(line);
		diff += length + (diff[length] == '\n');
	}
}

/* What becomes of one document of the file. */
typedef enum Outcome
{
	OUTCOME_SAME,
	OUTCOME_CREATED,
	OUTCOME_CHANGED
} Outcome;

static const char *const outcome_names[] = {
	[OUTCOME_SAME] = "unchanged", [OUTCOME_CREATED] = "created", [OUTCOME_CHANGED] = "changed"};

static int
apply_one(Cli *cli, const json_t *wanted, bool change, Outcome *outcome)
{
	static Url url;
	const char *name = api_text(wanted, "name");
	char id[API_ID_MAXIMUM], etag[80], *diff;
	json_t *now = NULL, *after = NULL, *made = NULL, *none = json_object();
	int status = fetch(cli, name, id, etag, &now);

	if (status == STATUS_OK)
	{
		after = now != NULL ? completed(wanted, now) : json_deep_copy(wanted);
		diff = stream_document_diff(now != NULL ? now : none, after);
		*outcome = now == NULL					   ? OUTCOME_CREATED
				   : diff != NULL && *diff == '\0' ? OUTCOME_SAME
												   : OUTCOME_CHANGED;
		if (!change)
			put_diff(cli, name, diff != NULL ? diff : "");
		free(diff);
	}
	if (status == STATUS_OK && change && *outcome == OUTCOME_CREATED)
	{
		url_begin(&url, api_path(API_STREAM));
		status = api_post(cli, &url, wanted, &made);
	}
	else if (status == STATUS_OK && change && *outcome == OUTCOME_CHANGED)
		status = replace(cli, id, etag, after, &made);
	json_decref(now);
	json_decref(after);
	json_decref(made);
	json_decref(none);
	return status;
}

/* Every document of the file; *differs tells whether there was anything to do. */
static int
apply_file(Cli *cli, bool change, bool *differs)
{
	SluiceError err = {0};
	json_t *all = stream_document_read(arguments_text(&cli->arguments, "file"), true, &err), *one;
	size_t index;
	int status = STATUS_OK;

	if (all == NULL)
		return cli_fail(cli, &err);
	json_array_foreach(all, index, one)
	{
		Outcome outcome = OUTCOME_SAME;

		status = apply_one(cli, one, change, &outcome);
		if (status != STATUS_OK)
			break;
		*differs |= outcome != OUTCOME_SAME;
		if (change)
		{
			text_put(cli->terminal.out.file, api_text(one, "name"));
			(void) fprintf(cli->terminal.out.file, "\t%s\n", outcome_names[outcome]);
		}
	}
	json_decref(all);
	return status;
}

static int
require_file(Cli *cli)
{
	SluiceError err;

	if (arguments_text(&cli->arguments, "file") != NULL)
		return STATUS_OK;
	(void) sluice_fail(&err, SLUICE_ERROR_ARGUMENT, "-f FILE is needed");
	(void) sluice_hint(&err, "sluice stream export NAME > FILE makes one");
	return cli_fail(cli, &err);
}

int
stream_apply(Cli *cli)
{
	bool differs = false;
	int status = require_file(cli);

	return status == STATUS_OK ? apply_file(cli, true, &differs) : status;
}

int
stream_diff(Cli *cli)
{
	bool differs = false;
	int status = require_file(cli);

	if (status == STATUS_OK)
		status = apply_file(cli, false, &differs);
	return status == STATUS_OK && differs ? STATUS_ERROR : status;
}

/* ---- edit ---- */

/* Runs the editor on a file; false with why. */
static bool
run_editor(const char *path, SluiceError *err)
{
	const char *editor = getenv("VISUAL");
	int status = 0;
	pid_t pid;

	if (editor == NULL || *editor == '\0')
		editor = getenv("EDITOR");
	if (editor == NULL || *editor == '\0')
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "neither VISUAL nor EDITOR names an editor");
		return sluice_hint(
			err, "or: sluice stream export NAME > FILE, change it, sluice stream apply -f FILE");
	}
	(void) fflush(NULL);
	pid = fork();
	if (pid == 0)
	{
		/* As git and crontab do: the variable may have arguments. */
		(void) execlp("sh", "sh", "-c", "exec $0 \"$1\"", editor, path, (char *) NULL);
		_exit(127);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		return true;
	return sluice_fail(err, SLUICE_ERROR_STATE, "the editor \"%.100s\" failed: nothing was changed",
					   editor);
}

/* Writes the document to a private file and reads what became of it. */
static json_t *
edit_document(const json_t *document, char path[PATH_MAX], SluiceError *err)
{
	const char *folder = getenv("TMPDIR");
	mode_t mask = umask(0077);
	json_t *edited = NULL;
	FILE *file;
	int fd;

	(void) snprintf(path, PATH_MAX, "%s/sluice-XXXXXX.json",
					folder != NULL && *folder == '/' ? folder : "/tmp");
	fd = mkstemps(path, 5);
	(void) umask(mask);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL || json_dumpf(document, file, JSON_INDENT(2)) != 0 || fputc('\n', file) == EOF)
		(void) sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot write \"%s\": %s", path,
						   strerror(errno));
	else
		err->code = SLUICE_OK;
	if (file != NULL && fclose(file) != 0 && err->code == SLUICE_OK)
		(void) sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot write \"%s\": %s", path,
						   strerror(errno));
	if (err->code == SLUICE_OK && run_editor(path, err))
		edited = stream_document_read(path, false, err);
	return edited;
}

int
stream_edit(Cli *cli)
{
	const char *name = arguments_word(&cli->arguments, 0);
	char id[API_ID_MAXIMUM], etag[80], path[PATH_MAX] = "";
	json_t *now = NULL, *edited = NULL, *changed = NULL, *stream = NULL;
	SluiceError err = {0};
	int status = api_find(cli, API_STREAM, name, &stream, NULL);

	if (status == STATUS_OK)
		status = fetch(cli, api_text(stream, "name"), id, etag, &now);
	if (status == STATUS_OK && now != NULL)
	{
		edited = edit_document(now, path, &err);
		if (edited == NULL)
			status = cli_fail(cli, &err);
		else if (json_equal(now, edited))
			cli_say(cli, "nothing was changed");
		else
			status = replace(cli, id, etag, edited, &changed);
	}
	if (changed != NULL)
		status = cli_document(cli, "id", changed);
	if (status == STATUS_OK && *path != '\0')
		(void) unlink(path);
	else if (*path != '\0')
		cli_say(cli, "what was edited is in %s", path);
	json_decref(stream);
	json_decref(now);
	json_decref(edited);
	json_decref(changed);
	return status;
}
