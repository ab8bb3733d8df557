/*
 * connection_document.c - from flags and URIs to a document (connection_document.h).
 */
#include "connection_document.h"

#include <string.h>

#include "common/daemon/file.h"
#include "common/daemon/log_redact.h"
#include "options_document.h"
#include "secret.h"

#define PEM_MAXIMUM (256 * 1024)

/* Flags whose value is a member of the document, as it is. */
static const struct
{
	const char *flag, *member;
} plain[] = {{"type", "type"},
			 {"host", "host"},
			 {"database", "database"},
			 {"user", "user"},
			 {"description", "description"},
			 {"rename", "name"}};

/* Flags that name files with PEM texts, and where those go below tls. */
static const struct
{
	const char *flag, *member;
} files[] = {{"tls-ca", "ca"}, {"tls-cert", "certificate"}, {"tls-key", "key"}};

static void
wipe(json_t *text)
{
	/* The text is the value's own, which goes away now. */
	if (json_is_string(text))
		explicit_bzero((char *) (uintptr_t) json_string_value(text), json_string_length(text));
}

void
connection_document_free(json_t *document)
{
	wipe(json_object_get(document, "password"));
	wipe(json_object_get(json_object_get(document, "tls"), "key"));
	json_decref(document);
}

/* The object `tls` of a document, made when it is first needed. */
static json_t *
tls_of(json_t *document)
{
	json_t *tls = json_object_get(document, "tls");

	if (tls == NULL)
	{
		tls = json_object();
		json_object_set_new(document, "tls", tls);
	}
	return tls;
}

static bool
set_text(json_t *object, const char *member, const char *text, SluiceError *err)
{
	if (text == NULL)
		return true;
	return json_object_set_new(object, member, json_string(text)) == 0 ||
		   sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s is not UTF-8", member);
}

static bool
set_file(json_t *document, const char *member, const char *path, SluiceError *err)
{
	char *text;
	bool good;

	if (path == NULL)
		return true;
	text = file_read(path, PEM_MAXIMUM, err);
	good = text != NULL && set_text(tls_of(document), member, text, err);
	file_free(text);
	return good || sluice_prefix(err, "tls %s", member);
}

bool
connection_document_take(json_t *document, const DatabaseUri *uri, const char *password,
						 SluiceError *err)
{
	if (!set_text(document, "type", uri->type, err) ||
		!set_text(document, "host", uri->host, err) ||
		!set_text(document, "database", uri->database, err) ||
		!set_text(document, "user", uri->user, err) ||
		!set_text(document, "password", password != NULL ? password : uri->password, err) ||
		!set_file(document, "ca", uri->ca_file, err) ||
		!set_file(document, "certificate", uri->certificate_file, err) ||
		!set_file(document, "key", uri->key_file, err))
		return false;
	if (uri->tls_mode != NULL && !set_text(tls_of(document), "mode", uri->tls_mode, err))
		return false;
	if (uri->port > 0)
		json_object_set_new(document, "port", json_integer(uri->port));
	if (uri->connect_timeout > 0)
		json_object_set_new(document, "options",
							json_pack("{s:i}", "connect_timeout", (int) uri->connect_timeout));
	return true;
}

/* The URI of the command line, or of --uri-file, which may hold a password. */
static bool
take_uri(json_t *document, const Arguments *arguments, SluiceError *err)
{
	const char *word = arguments_word(arguments, 1), *path = arguments_text(arguments, "uri-file");
	DatabaseUri uri = {0};
	char *text = NULL;
	bool good;

	if (word == NULL && path == NULL)
		return true;
	if (word != NULL && path != NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a URI is given, and --uri-file too");
	if (path != NULL && (text = secret_read(path, "URI", err)) == NULL)
		return false;
	good = database_uri_parse(&uri, text != NULL ? text : word, err);
	if (good && text == NULL && uri.password != NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "a password on the command line shows in the process list");
		good =
			sluice_hint(err, "leave it out and use --password-file FILE (- is standard input), "
							 "SLUICE_PASSWORD or --uri-file; change it, if others can log in here");
	}
	good = good && connection_document_take(document, &uri, NULL, err);
	database_uri_free(&uri);
	secret_free(text);
	return good;
}

static bool
take_password(json_t *document, const Arguments *arguments, SluiceError *err)
{
	const char *path = arguments_text(arguments, "password-file");
	char *password = NULL;
	bool good;

	if (arguments_bool(arguments, "no-password"))
		return json_object_set_new(document, "password", json_null()) == 0;
	if (path != NULL)
		password = secret_read(path, "password", err);
	else if (!secret_of_environment("SLUICE_PASSWORD", &password, err))
		return false;
	good = (path == NULL || password != NULL) && set_text(document, "password", password, err);
	secret_free(password);
	return good;
}

static bool
take_flags(json_t *document, const Arguments *arguments, SluiceError *err)
{
	const char *mode = arguments_text(arguments, "tls");
	int64_t port = arguments_number(arguments, "port", 0);

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!set_text(document, plain[i].member, arguments_text(arguments, plain[i].flag), err))
			return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!set_file(document, files[i].member, arguments_text(arguments, files[i].flag), err))
			return false;
	if (mode != NULL && !set_text(tls_of(document), "mode", mode, err))
		return false;
	if (port > 0)
		json_object_set_new(document, "port", json_integer(port));
	return options_document_take(document, "options", arguments, "option", err) &&
		   take_password(document, arguments, err);
}

static json_t *
make(const Arguments *arguments, bool uri, SluiceError *err)
{
	json_t *document = json_object();

	if (document == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a connection");
		return NULL;
	}
	if ((!uri || take_uri(document, arguments, err)) && take_flags(document, arguments, err))
		return document;
	connection_document_free(document);
	return NULL;
}

json_t *
connection_document_new(const Arguments *arguments, SluiceError *err)
{
	json_t *document = make(arguments, true, err);

	if (document == NULL)
		return NULL;
	if (json_object_get(document, "type") != NULL && json_object_get(document, "host") != NULL &&
		set_text(document, "name", arguments_word(arguments, 0), err))
		return document;
	connection_document_free(document);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a connection needs at least a type and a host");
	(void) sluice_hint(
		err, "sluice connection add NAME postgresql://user@host/database, or --type and --host");
	return NULL;
}

json_t *
connection_document_changes(const Arguments *arguments, SluiceError *err)
{
	json_t *document = make(arguments, true, err);

	if (document == NULL || json_object_size(document) > 0)
		return document;
	json_decref(document);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "nothing is said to change");
	(void) sluice_hint(err, "sluice connection edit --help lists what can");
	return NULL;
}
