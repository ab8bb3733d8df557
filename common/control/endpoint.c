/*
 * endpoint.c - connection settings to URIs and keywords (endpoint.h).
 */
#include "endpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"

#define HOST_MAXIMUM			1024
#define NAME_MAXIMUM			256
#define CONNECT_TIMEOUT_MAXIMUM 3600
#define CONNECT_TIMEOUT_USUAL	5

/* Whose certificates are taken where a connection names no authority of its own. */
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

/* Where no file can be. */
#define NO_FILE "/dev/null/none"

const char *const endpoint_secret_fields[ENDPOINT_SECRETS] = {
	[ENDPOINT_PASSWORD] = SECRET_PASSWORD,
	[ENDPOINT_CA] = SECRET_CA,
	[ENDPOINT_CERTIFICATE] = SECRET_CERTIFICATE,
	[ENDPOINT_KEY] = SECRET_KEY,
};

/* What the mode of a connection is called in either kind of URI. */
static const struct TlsMode
{
	const char *name, *mysql;
	bool verifies;
} tls_modes[] = {
	{"prefer", "preferred", false},			  {"disable", "disabled", false},
	{"require", "required", false},			  {"verify-ca", "verify-ca", true},
	{"verify-full", "verify-identity", true},
};

/* Where files are named: behind the "?" of a URI, and as libpq's keyword. */
static const struct FileParameter
{
	EndpointSecret secret;
	const char *postgresql, *mysql;
} file_parameters[] = {
	{ENDPOINT_CA, "sslrootcert", "ssl-ca"},
	{ENDPOINT_CERTIFICATE, "sslcert", "ssl-cert"},
	{ENDPOINT_KEY, "sslkey", "ssl-key"},
};

#define FILE_PARAMETERS (sizeof(file_parameters) / sizeof(file_parameters[0]))

/* ---- reading ---- */

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static bool
read_tls(Endpoint *endpoint, const json_t *tls, SluiceError *err)
{
	const char *mode = text_of(tls, "mode");

	endpoint->has[ENDPOINT_CA] = json_is_true(json_object_get(tls, "has_ca"));
	endpoint->has[ENDPOINT_CERTIFICATE] = json_is_true(json_object_get(tls, "has_certificate"));
	endpoint->has[ENDPOINT_KEY] = json_is_true(json_object_get(tls, "has_key"));
	for (size_t i = 0; i < sizeof(tls_modes) / sizeof(tls_modes[0]); i++)
	{
		endpoint->tls_mode = (int) i;
		if (strcmp(mode, tls_modes[i].name) == 0 || *mode == '\0')
			return true;
	}
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "connection %s: \"%.40s\" is no mode of TLS",
					   endpoint->id, mode);
}

bool
endpoint_read(Endpoint *endpoint, const json_t *connection, SluiceError *err)
{
	const json_t *options = json_object_get(connection, "options");
	json_int_t port = json_integer_value(json_object_get(connection, "port"));
	json_int_t timeout = json_integer_value(json_object_get(options, "connect_timeout"));

	*endpoint = (Endpoint){
		.id = text_of(connection, "id"),
		.type = text_of(connection, "type"),
		.host = text_of(connection, "host"),
		.database = text_of(connection, "database"),
		.user = text_of(connection, "user"),
		.port = port > 0 && port <= UINT16_MAX ? (int) port : 0,
		.connect_timeout = timeout > 0 && timeout <= CONNECT_TIMEOUT_MAXIMUM ? (int) timeout : 0,
	};
	endpoint->postgresql = strcmp(endpoint->type, "postgresql") == 0;
	endpoint->has[ENDPOINT_PASSWORD] = json_is_true(json_object_get(connection, "has_password"));
	if (!endpoint->postgresql && strcmp(endpoint->type, "mysql") != 0 &&
		strcmp(endpoint->type, "mariadb") != 0)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "connection %s: \"%.40s\" is no type of database", endpoint->id,
						   endpoint->type);
	if (*endpoint->host == '\0' || strlen(endpoint->host) > HOST_MAXIMUM ||
		strlen(endpoint->user) > NAME_MAXIMUM || strlen(endpoint->database) > NAME_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "connection %s: host, user or database is missing or too long",
						   endpoint->id);
	return read_tls(endpoint, json_object_get(connection, "tls"), err);
}

/* ---- a URI ---- */

static bool
put(ByteBuf *out, const char *text, SluiceError *err)
{
	return bytebuf_put(out, text, strlen(text), err);
}

/* Escapes all but what RFC 3986 calls unreserved. */
static bool
put_escaped(ByteBuf *out, const char *text, SluiceError *err)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	char code[4];

	for (; *text != '\0'; text++)
	{
		bool good;

		if (strchr(plain, *text) != NULL)
			good = bytebuf_put(out, text, 1, err);
		else
		{
			(void) snprintf(code, sizeof(code), "%%%02X", (unsigned char) *text);
			good = put(out, code, err);
		}
		if (!good)
			return false;
	}
	return true;
}

/* An IPv6 address stands in brackets. */
static bool
put_host(const Endpoint *endpoint, ByteBuf *out, SluiceError *err)
{
	static const char address[] = "0123456789abcdefABCDEF:.";
	bool brackets = strchr(endpoint->host, ':') != NULL &&
					strspn(endpoint->host, address) == strlen(endpoint->host);

	if (brackets)
		return put(out, "[", err) && put(out, endpoint->host, err) && put(out, "]", err);
	return put_escaped(out, endpoint->host, err);
}

/* The file an endpoint's parameter names, NULL for none.  Authorities are told of where they count only: libpq would
 * otherwise verify where no more than TLS was asked for. */
static const char *
file_of(const Endpoint *endpoint, const EndpointFiles *files, EndpointSecret secret)
{
	if (secret != ENDPOINT_CA)
		return files->paths[secret];
	if (!tls_modes[endpoint->tls_mode].verifies)
		return NULL;
	return files->paths[secret] != NULL ? files->paths[secret] : SYSTEM_CA;
}

static bool
put_parameter(ByteBuf *out, const char *name, const char *value, SluiceError *err)
{
	return put(out, "&", err) && put(out, name, err) && put(out, "=", err) &&
		   put_escaped(out, value, err);
}

static bool
put_parameters(const Endpoint *endpoint, const EndpointFiles *files, ByteBuf *out, SluiceError *err)
{
	const struct TlsMode *mode = &tls_modes[endpoint->tls_mode];
	bool good =
		put(out, endpoint->postgresql ? "?sslmode=" : "?ssl-mode=", err) &&
		put(out, endpoint->postgresql ? mode->name : mode->mysql, err) &&
		(endpoint->address == NULL ||
		 put_parameter(out, endpoint->postgresql ? "hostaddr" : "address", endpoint->address, err));
	char timeout[16];

	for (size_t i = 0; good && i < FILE_PARAMETERS; i++)
	{
		const struct FileParameter *parameter = &file_parameters[i];
		const char *path = file_of(endpoint, files, parameter->secret);

		good = path == NULL ||
			   put_parameter(out, endpoint->postgresql ? parameter->postgresql : parameter->mysql,
							 path, err);
	}
	if (!good || endpoint->connect_timeout == 0)
		return good;
	(void) snprintf(timeout, sizeof(timeout), "%d", endpoint->connect_timeout);
	return put_parameter(out, endpoint->postgresql ? "connect_timeout" : "connect-timeout", timeout,
						 err);
}

bool
endpoint_uri(const Endpoint *endpoint, const EndpointFiles *files, ByteBuf *out, SluiceError *err)
{
	char port[16] = "";

	if (endpoint->port > 0)
		(void) snprintf(port, sizeof(port), ":%d", endpoint->port);
	return put(out, endpoint->postgresql ? "postgresql://" : "mysql://", err) &&
		   (*endpoint->user == '\0' ||
			(put_escaped(out, endpoint->user, err) && put(out, "@", err))) &&
		   put_host(endpoint, out, err) && put(out, port, err) && put(out, "/", err) &&
		   put_escaped(out, endpoint->database, err) && put_parameters(endpoint, files, out, err) &&
		   bytebuf_put(out, "", 1, err);
}

/* ---- keywords ---- */

static void
add_keyword(EndpointKeywords *keywords, const char *key, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	keywords->keys[keywords->count] = key;
	keywords->values[keywords->count++] = value;
}

void
endpoint_keywords(const Endpoint *endpoint, const EndpointFiles *files, const char *password,
				  const char *application, EndpointKeywords *keywords)
{
	int timeout = endpoint->connect_timeout > 0 ? endpoint->connect_timeout : CONNECT_TIMEOUT_USUAL;

	*keywords = (EndpointKeywords){.count = 0};
	(void) snprintf(keywords->port, sizeof(keywords->port), "%d", endpoint->port);
	(void) snprintf(keywords->connect_timeout, sizeof(keywords->connect_timeout), "%d", timeout);
	add_keyword(keywords, "host", endpoint->host);
	add_keyword(keywords, "hostaddr", endpoint->address);
	add_keyword(keywords, "port", endpoint->port > 0 ? keywords->port : NULL);
	add_keyword(keywords, "dbname", endpoint->database);
	add_keyword(keywords, "user", endpoint->user);
	add_keyword(keywords, "password", password);
	add_keyword(keywords, "passfile", NO_FILE);
	add_keyword(keywords, "sslmode", tls_modes[endpoint->tls_mode].name);
	for (size_t i = 0; i < FILE_PARAMETERS; i++)
	{
		const char *path = file_of(endpoint, files, file_parameters[i].secret);

		add_keyword(keywords, file_parameters[i].postgresql, path != NULL ? path : NO_FILE);
	}
	add_keyword(keywords, "sslcrl", NO_FILE);
	add_keyword(keywords, "gssencmode", "disable");
	add_keyword(keywords, "connect_timeout", keywords->connect_timeout);
	add_keyword(keywords, "application_name", application);
	add_keyword(keywords, "client_encoding", "UTF8");
	add_keyword(keywords, "keepalives_idle", "10");
	add_keyword(keywords, "keepalives_interval", "5");
}
