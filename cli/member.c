/*
 * member.c - running a program (member.h).
 */
#include "member.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "common/control/memory_file.h"
#include "programs.h"
#include "wait.h"

#define LOOK_MS	   20
#define METRICS_MS 2000

/* ---- start ---- */

static bool
open_log(Member *member, const char *folder, SluiceError *err)
{
	mode_t mask;

	if (folder == NULL)
		return true;
	(void) snprintf(member->log_path, sizeof(member->log_path), "%s/%s.log", folder, member->name);
	mask = umask(0077);
	member->log = fopen(member->log_path, "ae");
	(void) umask(mask);
	return member->log != NULL || sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot write \"%s\": %s",
											  member->log_path, strerror(errno));
}

/* argv behind the program's name. */
static void
set_arguments(const MemberSettings *settings, ChildSettings *child, char path[MEMORY_FILE_PATH])
{
	size_t count = 0;

	if (settings->command != NULL)
		child->arguments[count++] = settings->command;
	if (settings->config != NULL)
	{
		child->arguments[count++] = strcmp(settings->name, "nats-server") == 0 ? "-c" : "--config";
		child->arguments[count++] = memory_file_path(CHILD_FIRST_FD, path);
	}
	for (size_t i = 0; settings->flags[i] != NULL && count < CHILD_ARGUMENTS; i++)
		child->arguments[count++] = settings->flags[i];
}

bool
member_start(Member *member, const MemberSettings *settings, SluiceError *err)
{
	char program[PATH_MAX], path[MEMORY_FILE_PATH];
	ChildSettings child = {.program = program, .keeps_output = settings->keeps_output};
	int config = -1;
	bool good;

	member->name = settings->name;
	member->port = 0;
	member->length = 0;
	if (!program_find(settings->name, program, err) || !open_log(member, settings->folder, err))
		return false;
	set_arguments(settings, &child, path);
	if (settings->config != NULL)
	{
		config = memory_file(settings->name, settings->config->data, settings->config->length, err);
		if (config < 0)
			return false;
		child.files[child.file_count++] = config;
	}
	for (size_t i = 0; i < settings->file_count && child.file_count < CHILD_FILES; i++)
		child.files[child.file_count++] = settings->files[i];
	good = child_start(&member->child, &child, err);
	if (config >= 0)
		(void) close(config);
	member->running = good;
	return good;
}

/* ---- its log ---- */

static void
keep_text(char to[MEMBER_TEXT], const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	(void) snprintf(to, MEMBER_TEXT, "%s", text != NULL ? text : "");
}

/* What of a line counts: the port of its metrics, errors. */
static void
read_line(Member *member)
{
	json_t *line = json_loadb(member->line, member->length, 0, NULL);
	const char *level = json_string_value(json_object_get(line, "level"));
	const char *message = json_string_value(json_object_get(line, "msg"));

	member->line[member->length] = '\0';
	if (member->log != NULL)
		(void) fprintf(member->log, "%s\n", member->line);
	if (member->seen != NULL)
		member->seen(member->context, member->line);
	if (message != NULL && strcmp(message, "serving metrics and health") == 0)
		member->port = (unsigned) json_integer_value(json_object_get(line, "port"));
	if (level != NULL && (strcmp(level, "error") == 0 || strcmp(level, "warning") == 0) &&
		json_object_get(line, "error") != NULL)
	{
		keep_text(member->error, line, "error");
		keep_text(member->hint, line, "hint");
	}
	/* What is no line of a log is said before there is one: about options. */
	if (line == NULL && member->length > 0 && strncmp(member->line, "sluice-", 7) == 0)
		(void) snprintf(member->error, sizeof(member->error), "%.*s", MEMBER_TEXT - 1,
						member->line);
	json_decref(line);
	member->length = 0;
}

static void
take_bytes(Member *member, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (bytes[i] == '\n')
			read_line(member);
		else if (member->length < MEMBER_LINE - 1)
			member->line[member->length++] = bytes[i];
	}
}

static void
read_log(Member *member)
{
	char bytes[4096];
	ssize_t got;

	while (member->child.errors >= 0 &&
		   (got = read(member->child.errors, bytes, sizeof(bytes))) != 0)
	{
		if (got > 0)
			take_bytes(member, bytes, (size_t) got);
		else if (errno != EINTR)
			break;
	}
	if (member->log != NULL)
		(void) fflush(member->log);
}

bool
member_look(Member *member)
{
	if (!member->running)
		return false;
	read_log(member);
	if (!child_ended(&member->child, &member->status))
		return true;
	read_log(member);
	if (member->length > 0)
		read_line(member);
	child_close(&member->child);
	member->running = false;
	if (member->log != NULL)
		(void) fclose(member->log);
	member->log = NULL;
	return false;
}

/* ---- its end ---- */

bool
member_wait(Member *member, int64_t within_ms)
{
	int64_t deadline = wait_clock() + within_ms;

	while (member_look(member))
	{
		if (wait_clock() >= deadline)
			return false;
		(void) poll(NULL, 0, LOOK_MS);
	}
	return true;
}

void
member_end(Member *member, int64_t within_ms)
{
	if (!member_look(member))
		return;
	child_signal(&member->child, SIGTERM);
	if (member_wait(member, within_ms))
		return;
	child_signal(&member->child, SIGKILL);
	(void) member_wait(member, within_ms);
}

bool
member_is_good(const Member *member)
{
	return !member->running && WIFEXITED(member->status) && WEXITSTATUS(member->status) == 0;
}

bool
member_fail(const Member *member, SluiceError *err)
{
	char end[CHILD_END_TEXT];

	if (*member->error != '\0')
		(void) sluice_fail(err, SLUICE_ERROR_DATA, "%s: %s", member->name, member->error);
	else
		(void) sluice_fail(err, SLUICE_ERROR_DATA, "%s has ended: %s", member->name,
						   member->running ? "?" : child_end_text(member->status, end));
	if (*member->hint != '\0')
		return sluice_hint(err, "%s", member->hint);
	return *member->log_path != '\0' ? sluice_hint(err, "its log is %.200s", member->log_path)
									 : false;
}

/* ---- what it tells ---- */

char *
member_metrics(const Member *member)
{
	char server[64];
	ClientSettings settings = {.server = server, .timeout_ms = METRICS_MS};
	SluiceError err;
	Client *client;
	Answer answer = {0};
	char *page = NULL;

	if (!member->running || member->port == 0)
		return NULL;
	(void) snprintf(server, sizeof(server), "http://127.0.0.1:%u", member->port);
	client = client_new(&settings, &err);
	if (client != NULL && client_call(client, "GET", "/metrics", NULL, NULL, &answer, &err) &&
		answer.status == 200)
	{
		page = answer.text;
		answer.text = NULL;
	}
	answer_free(&answer);
	client_free(client);
	return page;
}

char *
member_output(Member *member, size_t maximum, int64_t within_ms)
{
	char *text = calloc(1, maximum + 1);
	size_t length = 0;
	int64_t deadline = wait_clock() + within_ms;

	while (text != NULL && length < maximum && wait_clock() < deadline)
	{
		struct pollfd poll_set = {.fd = member->child.output, .events = POLLIN};
		ssize_t got = read(member->child.output, text + length, maximum - length);

		/* Its log is taken in as well, so that it can go on. */
		read_log(member);
		if (got == 0)
			break;
		if (got > 0)
			length += (size_t) got;
		else
			(void) poll(&poll_set, 1, LOOK_MS);
	}
	member_end(member, within_ms);
	return text;
}
