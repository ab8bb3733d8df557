/*
 * tool.c - a program of ours as a child, from configuration to output (tool.h).
 */
#include "tool.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/control/memory_file.h"
#include "database_parts.h"

#define CHUNK		   65536
#define ERRORS_MAXIMUM 16384

bool
tool_init(Tool *tool, const char *program, SluiceError *err)
{
	*tool = (Tool){.file_count = 1};
	for (size_t i = 0; i < CHILD_FILES; i++)
		tool->files[i] = -1;
	bytebuf_init(&tool->output, &allocator_malloc, TOOL_OUTPUT_MAXIMUM);
	bytebuf_init(&tool->errors, &allocator_malloc, ERRORS_MAXIMUM + CHUNK);
	return program_path(NULL, program, tool->path, err) && child_config_init(&tool->config, err) &&
		   tool_line(tool, "log-format", "json", err) &&
		   tool_line(tool, "log-level", "warning", err);
}

void
tool_free(Tool *tool)
{
	for (size_t i = 0; i < CHILD_FILES; i++)
	{
		if (tool->files[i] >= 0 && !tool->borrowed[i])
			(void) close(tool->files[i]);
	}
	child_config_free(&tool->config);
	bytebuf_free(&tool->output);
	bytebuf_free(&tool->errors);
}

bool
tool_line(Tool *tool, const char *name, const char *value, SluiceError *err)
{
	return child_config_line(&tool->config, name, value, err);
}

/* The number of the descriptor in the child; -1 when there are too many. */
static int
add_file(Tool *tool, int fd, bool borrowed, SluiceError *err)
{
	if (tool->file_count == CHILD_FILES)
	{
		sluice_error_fill(err, SLUICE_ERROR_LIMIT, "too many files for a program");
		return -1;
	}
	tool->files[tool->file_count] = fd;
	tool->borrowed[tool->file_count] = borrowed;
	return CHILD_FIRST_FD + (int) tool->file_count++;
}

bool
tool_side(Tool *tool, const char *option, const Database *database, SluiceError *err)
{
	char paths[ENDPOINT_SECRETS][MEMORY_FILE_PATH], password[32];
	Endpoint endpoint = database->settings->endpoint;
	EndpointFiles files = {{NULL}};
	ByteBuf uri;
	bool good = true;

	endpoint.address = database->address;
	for (int i = 0; good && i < ENDPOINT_SECRETS; i++)
	{
		int fd = database->material.descriptors[i];
		int number = fd >= 0 ? add_file(tool, fd, true, err) : 0;

		good = number >= 0;
		if (number > 0)
			files.paths[i] = memory_file_path(number, paths[i]);
	}
	(void) snprintf(password, sizeof(password), "%s-password", option);
	bytebuf_init(&uri, &allocator_malloc, ENDPOINT_URI_MAXIMUM);
	good = good && endpoint_uri(&endpoint, &files, &uri, err) &&
		   tool_line(tool, option, (const char *) uri.data, err) &&
		   tool_line(tool, password, database->settings->secrets[ENDPOINT_PASSWORD], err);
	bytebuf_free(&uri);
	return good;
}

bool
tool_file(Tool *tool, const char *option, const char *data, size_t length, SluiceError *err)
{
	char path[MEMORY_FILE_PATH];
	int fd = memory_file(option, data, length, err), number;

	if (fd < 0)
		return false;
	number = add_file(tool, fd, false, err);
	if (number < 0)
	{
		(void) close(fd);
		return false;
	}
	return tool_line(tool, option, memory_file_path(number, path), err);
}

/* ---- running ---- */

static bool
start(Tool *tool, Child *child, SluiceError *err)
{
	char config[MEMORY_FILE_PATH];
	ChildSettings settings = {.program = tool->path,
							  .arguments = {"--config", memory_file_path(CHILD_FIRST_FD, config)},
							  .file_count = tool->file_count,
							  .keeps_output = true};

	tool->files[0] = memory_file("sluice-config", tool->config.data, tool->config.length, err);
	if (tool->files[0] < 0)
		return false;
	memcpy(settings.files, tool->files, sizeof(settings.files));
	return child_start(child, &settings, err);
}

/* Takes what is there; closes a stream that has ended.  Of errors the end is kept.  False when it is too much. */
static bool
take(int *fd, ByteBuf *buffer, size_t keep, SluiceError *err)
{
	char chunk[CHUNK];

	while (*fd >= 0)
	{
		ssize_t got = read(*fd, chunk, sizeof(chunk));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (got <= 0)
		{
			(void) close(*fd);
			*fd = -1;
			return true;
		}
		if (keep > 0 && buffer->length > keep)
		{
			memmove(buffer->data, buffer->data + buffer->length - keep, keep);
			buffer->length = keep;
		}
		if (!bytebuf_put(buffer, chunk, (size_t) got, err))
			return sluice_prefix(err, "a program prints too much");
	}
	return true;
}

/* Until it has ended and all it wrote was taken. */
static bool
follow(Tool *tool, Child *child, int timeout_ms, int *status, SluiceError *err)
{
	double until = database_clock() + timeout_ms;
	bool ended = false;

	while (!ended)
	{
		double left = until - database_clock();
		struct pollfd polls[] = {{.fd = child->output, .events = POLLIN},
								 {.fd = child->errors, .events = POLLIN},
								 {.fd = child->process, .events = POLLIN}};

		if (left <= 0)
			return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "it took longer than %d seconds",
							   timeout_ms / 1000);
		(void) poll(polls, sizeof(polls) / sizeof(polls[0]), (int) left + 1);
		ended = child_ended(child, status);
		if (!take(&child->output, &tool->output, 0, err) ||
			!take(&child->errors, &tool->errors, ERRORS_MAXIMUM, err))
			return false;
	}
	return true;
}

static void
kill_child(Child *child)
{
	int status;

	while (!child_ended(child, &status))
	{
		struct pollfd process = {.fd = child->process, .events = POLLIN};

		child_signal(child, SIGKILL);
		(void) poll(&process, 1, 1000);
	}
}

/* ---- what it said ---- */

/* The last line that does not have that; the text is cut into lines. */
static char *
last_line(char *text, const char *without)
{
	char *found = text, *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
	{
		if (*line != '\0' && strstr(line, without) == NULL)
			found = line;
	}
	return found;
}

/* Of a log line its error and hint; before there is a log, "program: error" and perhaps "program: hint: ...". */
static bool
fail_as_it_said(Tool *tool, SluiceError *err)
{
	const char *line, *message, *hint, *colon;
	json_t *entry;

	if (!bytebuf_put(&tool->errors, "", 1, err))
		return false;
	line = last_line((char *) tool->errors.data, ": hint: ");
	entry = json_loads(line, 0, NULL);
	message = json_string_value(json_object_get(entry, "error"));
	hint = json_string_value(json_object_get(entry, "hint"));
	colon = strstr(line, ": ");
	if (message == NULL)
		message = json_string_value(json_object_get(entry, "msg"));
	if (message == NULL)
		message = colon != NULL ? colon + 2 : line;
	(void) sluice_fail(err, SLUICE_ERROR_DATA, "%s",
					   *message != '\0' ? message : "the program ended without a word");
	if (hint != NULL)
		(void) sluice_hint(err, "%s", hint);
	json_decref(entry);
	return false;
}

static bool
judge(Tool *tool, int status, SluiceError *err)
{
	char text[CHILD_END_TEXT];

	if (!WIFEXITED(status))
		return sluice_fail(err, SLUICE_ERROR_STATE, "%s", child_end_text(status, text));
	tool->status = WEXITSTATUS(status);
	if (tool->status != 0 && tool->output.length == 0)
		return fail_as_it_said(tool, err);
	return bytebuf_put(&tool->output, "", 1, err);
}

bool
tool_run(Tool *tool, int timeout_ms, SluiceError *err)
{
	Child child = {.process = -1, .errors = -1, .output = -1};
	int status = 0;
	bool good;

	if (!start(tool, &child, err))
		return false;
	good = follow(tool, &child, timeout_ms, &status, err);
	if (!good)
		kill_child(&child);
	child_close(&child);
	return good && judge(tool, status, err);
}
