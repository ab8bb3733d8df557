/*
 * context.c - the file of contexts, and which server a command means (context.h).
 */
#include "context.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/daemon/file.h"
#include "secret.h"

#define FILE_MAXIMUM (1024 * 1024)

/* ---- the file ---- */

bool
contexts_path(char *path, size_t size, SluiceError *err)
{
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int length;

	if (folder != NULL && *folder == '/')
		length = snprintf(path, size, "%s/sluice/contexts.json", folder);
	else if (home != NULL && *home == '/')
		length = snprintf(path, size, "%s/.config/sluice/contexts.json", home);
	else
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "there is no place for contexts");
		return sluice_hint(err, "set HOME or XDG_CONFIG_HOME, or use SLUICE_SERVER and "
								"SLUICE_API_KEY_FILE");
	}
	return (size_t) length < size ||
		   sluice_fail(err, SLUICE_ERROR_LIMIT, "the path of the contexts' file is too long");
}

/* Others must not read what has keys in it. */
static bool
check_mode(const char *path, SluiceError *err)
{
	struct stat info;

	if (stat(path, &info) != 0 || (info.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_DENIED, "others may read \"%s\", which has keys in it",
					   path);
	return sluice_hint(err, "chmod 600 '%s'", path);
}

static bool
is_good(const json_t *document)
{
	const char *name;
	json_t *context;

	if (!json_is_object(json_object_get(document, "contexts")))
		return false;
	json_object_foreach(
		json_object_get(document, "contexts"), name,
		context) if (!json_is_string(json_object_get(context, "server"))) return false;
	return true;
}

json_t *
contexts_load(SluiceError *err)
{
	char path[PATH_MAX];
	json_t *document = NULL;
	char *text;
	SluiceError failure = {0};

	if (!contexts_path(path, sizeof(path), err) || !check_mode(path, err))
		return NULL;
	text = file_read(path, FILE_MAXIMUM, &failure);
	if (text == NULL && failure.code == SLUICE_ERROR_NOT_FOUND)
		return json_pack("{s:{}}", "contexts");
	if (text == NULL)
	{
		*err = failure;
		return NULL;
	}
	document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	file_free(text);
	if (document != NULL && is_good(document))
		return document;
	json_decref(document);
	(void) sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%s\" is no file of contexts", path);
	(void) sluice_hint(
		err, "move it away and add the contexts again: sluice context add NAME --server URL");
	return NULL;
}

/* Makes every folder of a path that is not there. */
static bool
make_folders(const char *path, SluiceError *err)
{
	char folder[PATH_MAX];

	for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/'))
	{
		(void) snprintf(folder, sizeof(folder), "%.*s", (int) (at - path), path);
		if (mkdir(folder, 0700) != 0 && errno != EEXIST)
			return sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot make folder \"%s\": %s", folder,
							   strerror(errno));
	}
	return true;
}

static bool
write_all(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good = fd >= 0;

	for (size_t left = strlen(text); good && left > 0;)
	{
		ssize_t done = write(fd, text, left);

		good = done > 0 || errno == EINTR;
		text += done > 0 ? done : 0;
		left -= done > 0 ? (size_t) done : 0;
	}
	good = good && fsync(fd) == 0;
	if (fd >= 0)
		(void) close(fd);
	return good;
}

bool
contexts_save(const json_t *document, SluiceError *err)
{
	char path[PATH_MAX], temporary[PATH_MAX + 32];
	char *text = json_dumps(document, JSON_INDENT(2));
	bool good;

	if (text == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for contexts");
	good = contexts_path(path, sizeof(path), err) && make_folders(path, err);
	if (good)
	{
		(void) snprintf(temporary, sizeof(temporary), "%s.%d", path, (int) getpid());
		good =
			(write_all(temporary, text) && rename(temporary, path) == 0) ||
			sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot write \"%s\": %s", path, strerror(errno));
		if (!good)
			(void) unlink(temporary);
	}
	file_free(text);
	return good;
}

/* ---- checks ---- */

bool
context_name_check(const char *name, SluiceError *err)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char) name[i]) && (i == 0 || strchr("-_.", name[i]) == NULL))
			length = 0;
	if (length > 0 && length <= CONTEXT_NAME_MAXIMUM)
		return true;
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "a context's name is of at most %d letters, digits, \"-\", \"_\" and \".\"",
					   CONTEXT_NAME_MAXIMUM);
}

bool
context_server_check(const char *server, SluiceError *err)
{
	const char *host = strncmp(server, "https://", 8) == 0	? server + 8
					   : strncmp(server, "http://", 7) == 0 ? server + 7
															: NULL;

	if (host != NULL && *host != '\0' && strpbrk(host, "/?#@ \t\r\n") == NULL && strlen(host) < 300)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "the address of a server is http:// or https:// and "
					   "a host, with a port perhaps, and no more");
	return sluice_hint(err, "for example %s", CONTEXT_SERVER_DEFAULT);
}

/* ---- the server of a command ---- */

void
target_free(Target *target)
{
	free(target->name);
	free(target->server);
	free(target->ca_file);
	secret_free(target->key);
	*target = (Target){0};
}

/* A copy of a text; true for none. */
static bool
copy(char **to, const char *text, SluiceError *err)
{
	if (text == NULL)
		return true;
	free(*to);
	*to = strdup(text);
	return *to != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for settings");
}

static const char *
given(const Arguments *arguments, const char *flag, const char *variable)
{
	const char *text = arguments_text(arguments, flag);

	if (text == NULL)
		text = getenv(variable);
	return text != NULL && *text != '\0' ? text : NULL;
}

/* Of the file: the context by name, or the selected one, which may be none. */
static bool
take_context(Target *target, const char *name, SluiceError *err)
{
	json_t *document = contexts_load(err), *context;
	bool good;

	if (document == NULL)
		return false;
	if (name == NULL)
		name = json_string_value(json_object_get(document, "current"));
	context = json_object_get(json_object_get(document, "contexts"), name != NULL ? name : "");
	if (context != NULL)
		good = copy(&target->name, name, err) &&
			   copy(&target->server, json_string_value(json_object_get(context, "server")), err) &&
			   copy(&target->key, json_string_value(json_object_get(context, "key")), err) &&
			   copy(&target->ca_file, json_string_value(json_object_get(context, "ca_file")), err);
	else if (name != NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "there is no context \"%.64s\"", name);
		good = sluice_hint(err, "sluice context ls shows them");
	}
	else
		good = copy(&target->server, CONTEXT_SERVER_DEFAULT, err);
	json_decref(document);
	return good;
}

/* A key that was given for this command counts before the one of the file. */
static bool
take_key(Target *target, const Arguments *arguments, SluiceError *err)
{
	const char *path = arguments_text(arguments, "key-file");
	char *key = NULL;

	if (path != NULL)
		key = secret_read(path, "API key", err);
	else if (!secret_of_environment("SLUICE_API_KEY", &key, err))
		return false;
	if (path != NULL && key == NULL)
		return false;
	if (key != NULL)
	{
		secret_free(target->key);
		target->key = key;
	}
	return true;
}

bool
target_find(Target *target, const Arguments *arguments, SluiceError *err)
{
	const char *server = given(arguments, "server", "SLUICE_SERVER");
	const char *context = given(arguments, "context", "SLUICE_CONTEXT");
	bool good;

	*target = (Target){0};
	if (server != NULL)
		good = context_server_check(server, err) && copy(&target->server, server, err);
	else
		good = take_context(target, context, err);
	if (good && take_key(target, arguments, err) &&
		copy(&target->ca_file, given(arguments, "ca-file", "SLUICE_CA_FILE"), err))
		return true;
	target_free(target);
	return false;
}
