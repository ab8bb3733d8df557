/*
 * migrate_side.c - a database of a migration (migrate_side.h).
 */
#include "migrate_side.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/control/child_config.h"
#include "common/control/memory_file.h"
#include "connection_document.h"
#include "options_document.h"
#include "secret.h"

/* ---- reading ---- */

/* What endpoint_read() looks for beside the fields: which secrets there are. */
static void
mark_secrets(json_t *document)
{
	static const char *const tls_members[] = {"ca", "certificate", "key"};
	json_t *tls = json_object_get(document, "tls");

	json_object_set_new(document, "id", json_string("conn_"));
	json_object_set_new(document, "has_password",
						json_boolean(json_object_get(document, "password") != NULL));
	for (size_t i = 0; i < sizeof(tls_members) / sizeof(tls_members[0]); i++)
	{
		char name[32];

		(void) snprintf(name, sizeof(name), "has_%s", tls_members[i]);
		if (tls != NULL)
			json_object_set_new(tls, name,
								json_boolean(json_object_get(tls, tls_members[i]) != NULL));
	}
}

/* Of --<word>-password-file, else SLUICE_<WORD>_PASSWORD; *password NULL for none. */
static bool
read_password(const char *word, const Arguments *arguments, char **password, SluiceError *err)
{
	char flag[60], variable[60];
	const char *path;

	(void) snprintf(flag, sizeof(flag), "%s-password-file", word);
	(void) snprintf(variable, sizeof(variable), "SLUICE_%s_PASSWORD", word);
	for (char *c = variable; *c != '\0'; c++)
		*c = (char) toupper((unsigned char) *c);
	path = arguments_text(arguments, flag);
	if (path == NULL)
		return secret_of_environment(variable, password, err);
	*password = secret_read(path, "password", err);
	return *password != NULL || sluice_prefix(err, "--%s", flag);
}

static bool
check_uri(const DatabaseUri *uri, SluiceError *err)
{
	if (uri->password != NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "a password on the command line shows in the process list");
		return sluice_hint(
			err,
			"leave it out of the URI and use --source-password-file, "
			"--target-password-file or SLUICE_SOURCE_PASSWORD_FILE, SLUICE_TARGET_PASSWORD_FILE");
	}
	if (uri->host == NULL || uri->user == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "the URI names no %s",
						   uri->host == NULL ? "host" : "user");
	return true;
}

static bool
make_uri(MigrateSide *side, SluiceError *err)
{
	const EndpointFiles none = {.paths = {NULL}};
	ByteBuf text;
	bool good;

	bytebuf_init(&text, &allocator_malloc, ENDPOINT_URI_MAXIMUM);
	good = endpoint_uri(&side->endpoint, &none, &text, err) &&
		   ((side->uri = strdup((const char *) text.data)) != NULL ||
			sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a URI"));
	bytebuf_free(&text);
	return good;
}

bool
migrate_side_read(MigrateSide *side, const char *word, const Arguments *arguments, size_t n,
				  SluiceError *err)
{
	char flag[40];
	DatabaseUri uri = {0};
	char *password = NULL;
	json_t *holder = json_object();
	bool good;

	*side = (MigrateSide){.word = word, .document = json_object()};
	(void) snprintf(flag, sizeof(flag), "%s-option", word);
	good = (database_uri_parse(&uri, arguments_word(arguments, n), err) && check_uri(&uri, err)) ||
		   sluice_prefix(err, "%s", word);
	good = good && read_password(word, arguments, &password, err) &&
		   connection_document_take(side->document, &uri, password, err) &&
		   options_document_take(holder, "options", arguments, flag, err);
	side->options = json_incref(json_object_get(holder, "options"));
	mark_secrets(side->document);
	good = good && endpoint_read(&side->endpoint, side->document, err) && make_uri(side, err);
	json_decref(holder);
	database_uri_free(&uri);
	secret_free(password);
	return good;
}

void
migrate_side_free(MigrateSide *side)
{
	if (side->document != NULL)
		connection_document_free(side->document);
	json_decref(side->options);
	free(side->uri);
	*side = (MigrateSide){0};
}

const char *
migrate_side_password(const MigrateSide *side)
{
	return json_string_value(json_object_get(side->document, "password"));
}

/* ---- files ---- */

bool
side_files_make(SideFiles *files, const MigrateSide *side, int first, SluiceError *err)
{
	static const char *const members[ENDPOINT_SECRETS] = {
		[ENDPOINT_CA] = "ca", [ENDPOINT_CERTIFICATE] = "certificate", [ENDPOINT_KEY] = "key"};
	const json_t *tls = json_object_get(side->document, "tls");

	*files = (SideFiles){.count = 0};
	for (int i = 0; i < ENDPOINT_SECRETS; i++)
	{
		const char *text =
			members[i] != NULL ? json_string_value(json_object_get(tls, members[i])) : NULL;
		int fd;

		if (text == NULL)
			continue;
		fd = memory_file(members[i], text, strlen(text), err);
		if (fd < 0)
			return false;
		files->files.paths[i] =
			memory_file_path(first < 0 ? fd : first + (int) files->count, files->paths[i]);
		files->fds[files->count++] = fd;
	}
	return true;
}

void
side_files_close(SideFiles *files)
{
	for (size_t i = 0; i < files->count; i++)
		(void) close(files->fds[i]);
	files->count = 0;
}

bool
migrate_side_lines(const MigrateSide *side, const SideFiles *files, ByteBuf *config,
				   SluiceError *err)
{
	char name[40];
	ByteBuf uri;
	bool good;

	bytebuf_init(&uri, &allocator_malloc, ENDPOINT_URI_MAXIMUM);
	(void) snprintf(name, sizeof(name), "%s-password", side->word);
	good = endpoint_uri(&side->endpoint, &files->files, &uri, err) &&
		   child_config_line(config, side->word, (const char *) uri.data, err) &&
		   child_config_line(config, name, migrate_side_password(side), err);
	bytebuf_free(&uri);
	return good;
}
