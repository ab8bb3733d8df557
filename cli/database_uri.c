/*
 * database_uri.c - taking a URI apart (database_uri.h).
 */
#include "database_uri.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tls_mode_names[] = {"disable",   "prefer",	  "require",
									  "verify-ca", "verify-full", NULL};
const char *const database_type_names[] = {"postgresql", "mysql", "mariadb", NULL};

static const struct
{
	const char *scheme, *type;
} schemes[] = {{"postgresql://", "postgresql"},
			   {"postgres://", "postgresql"},
			   {"mysql://", "mysql"},
			   {"mariadb://", "mariadb"}};

/* What the databases' own programs call the modes. */
static const struct
{
	const char *word, *mode;
} tls_words[] = {
	{"disable", "disable"},
	{"disabled", "disable"},
	{"allow", "prefer"},
	{"prefer", "prefer"},
	{"preferred", "prefer"},
	{"require", "require"},
	{"required", "require"},
	{"verify-ca", "verify-ca"},
	{"verify-full", "verify-full"},
	{"verify-identity", "verify-full"},
};

/* Parameters that are texts, by either program's name. */
static const struct TextParameter
{
	const char *name;
	size_t offset;
} text_parameters[] = {
	{"sslrootcert", offsetof(DatabaseUri, ca_file)},
	{"ssl-ca", offsetof(DatabaseUri, ca_file)},
	{"sslcert", offsetof(DatabaseUri, certificate_file)},
	{"ssl-cert", offsetof(DatabaseUri, certificate_file)},
	{"sslkey", offsetof(DatabaseUri, key_file)},
	{"ssl-key", offsetof(DatabaseUri, key_file)},
	{"user", offsetof(DatabaseUri, user)},
	{"password", offsetof(DatabaseUri, password)},
	{"dbname", offsetof(DatabaseUri, database)},
	{"host", offsetof(DatabaseUri, host)},
};

typedef struct Span
{
	const char *at;
	size_t length;
} Span;

static bool
fail_form(SluiceError *err, const char *message)
{
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "not a database's URI: %s", message);
	return sluice_hint(
		err, "postgresql://user@host:port/database, mysql:// or mariadb:// likewise, with "
			 "special characters as %%XX");
}

static const char *
scheme_end(const char *text, const char **type)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(text, schemes[i].scheme, strlen(schemes[i].scheme)) == 0)
		{
			*type = schemes[i].type;
			return text + strlen(schemes[i].scheme);
		}
	return NULL;
}

bool
database_uri_is(const char *text)
{
	const char *type;

	return scheme_end(text, &type) != NULL;
}

void
database_uri_free(DatabaseUri *uri)
{
	if (uri->password != NULL)
		explicit_bzero(uri->password, strlen(uri->password));
	free(uri->user);
	free(uri->password);
	free(uri->host);
	free(uri->database);
	free(uri->ca_file);
	free(uri->certificate_file);
	free(uri->key_file);
	*uri = (DatabaseUri){0};
}

/* ---- pieces ---- */

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at == NULL ? -1 : (int) ((at - digits) % 16);
}

/* A piece without its percent encoding, in place of what is at *out; NULL for an empty one. */
static bool
decode(Span text, char **out, SluiceError *err)
{
	char *to = calloc(text.length + 1, 1);
	size_t length = 0;

	if (to == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a URI");
	free(*out);
	*out = to;
	for (size_t i = 0; i < text.length; i++)
	{
		int high = i + 2 < text.length ? hex_digit(text.at[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;

		if (text.at[i] != '%')
			to[length++] = text.at[i];
		else if (low < 0 || (high == 0 && low == 0))
			return fail_form(err,
							 "a \"%\" is not followed by two hexadecimal digits of a character");
		else
		{
			to[length++] = (char) (high << 4 | low);
			i += 2;
		}
	}
	if (length == 0)
	{
		free(to);
		*out = NULL;
	}
	return true;
}

/* Cuts off what stands before the first or last separator; false when there is none. */
static bool
cut(Span *text, char separator, bool last, Span *before)
{
	const char *at = last ? memrchr(text->at, separator, text->length)
						  : memchr(text->at, separator, text->length);

	if (at == NULL)
		return false;
	*before = (Span){text->at, (size_t) (at - text->at)};
	*text = (Span){at + 1, text->length - before->length - 1};
	return true;
}

static bool
read_number(Span text, unsigned long most, unsigned *number)
{
	unsigned long value = 0;

	for (size_t i = 0; i < text.length && value <= most; i++)
	{
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = 10 * value + (unsigned long) (text.at[i] - '0');
	}
	*number = (unsigned) value;
	return text.length > 0 && value > 0 && value <= most;
}

/* ---- parts ---- */

static bool
parse_login(Span login, DatabaseUri *uri, SluiceError *err)
{
	Span user;

	if (!cut(&login, ':', false, &user))
		return decode(login, &uri->user, err);
	return decode(user, &uri->user, err) && decode(login, &uri->password, err);
}

static bool
parse_host(Span host, DatabaseUri *uri, SluiceError *err)
{
	Span name;
	bool port;

	if (memchr(host.at, ',', host.length) != NULL)
		return fail_form(err, "a connection has one host");
	if (host.length > 0 && host.at[0] == '[')
	{
		host = (Span){host.at + 1, host.length - 1};
		if (!cut(&host, ']', false, &name) || (host.length > 0 && host.at[0] != ':'))
			return fail_form(err, "an IPv6 address is not of the form [address]");
		port = host.length > 0;
		host = port ? (Span){host.at + 1, host.length - 1} : host;
	}
	else if (!(port = cut(&host, ':', true, &name)))
		name = host;
	if (port && host.length > 0 && !read_number(host, 65535, &uri->port))
		return fail_form(err, "the port is not 1 to 65535");
	return decode(name, &uri->host, err);
}

static bool
set_tls_mode(DatabaseUri *uri, Span value, SluiceError *err)
{
	for (size_t i = 0; i < sizeof(tls_words) / sizeof(tls_words[0]); i++)
		if (strlen(tls_words[i].word) == value.length &&
			memcmp(tls_words[i].word, value.at, value.length) == 0)
		{
			uri->tls_mode = tls_words[i].mode;
			return true;
		}
	return fail_form(err, "sslmode is disable, prefer, require, verify-ca or verify-full");
}

static bool
set_parameter(DatabaseUri *uri, Span name, Span value, SluiceError *err)
{
	char text[40];

	(void) snprintf(text, sizeof(text), "%.*s", (int) name.length, name.at);
	for (size_t i = 0; i < sizeof(text_parameters) / sizeof(text_parameters[0]); i++)
		if (strcmp(text, text_parameters[i].name) == 0)
			return decode(value, (char **) (void *) ((char *) uri + text_parameters[i].offset),
						  err);
	if (strcmp(text, "sslmode") == 0 || strcmp(text, "ssl-mode") == 0)
		return set_tls_mode(uri, value, err);
	if (strcmp(text, "port") == 0)
		return read_number(value, 65535, &uri->port) ||
			   fail_form(err, "the port is not 1 to 65535");
	if (strcmp(text, "connect_timeout") == 0 || strcmp(text, "connect-timeout") == 0)
		return read_number(value, 3600, &uri->connect_timeout) ||
			   fail_form(err, "connect_timeout is not 1 to 3600 seconds");
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a connection has no parameter \"%s\"", text);
	return sluice_hint(err,
					   "there are sslmode, sslrootcert, sslcert, sslkey, connect_timeout; of MySQL "
					   "ssl-mode, ssl-ca, ssl-cert, ssl-key, connect-timeout");
}

static bool
parse_parameters(Span text, DatabaseUri *uri, SluiceError *err)
{
	while (text.length > 0)
	{
		Span parameter, name;

		if (!cut(&text, '&', false, &parameter))
		{
			parameter = text;
			text.length = 0;
		}
		if (!cut(&parameter, '=', false, &name))
			return fail_form(err, "a parameter behind the \"?\" has no \"=\"");
		if (!set_parameter(uri, name, parameter, err))
			return false;
	}
	return true;
}

bool
database_uri_parse(DatabaseUri *uri, const char *text, SluiceError *err)
{
	const char *type = NULL, *at = scheme_end(text, &type);
	Span rest, part;

	*uri = (DatabaseUri){0};
	if (at == NULL)
		return fail_form(err, "it does not begin with postgresql://, mysql:// or mariadb://");
	uri->type = type;
	rest = (Span){at, strcspn(at, "?")};
	/* What is not escaped in a login counts as of it: the last "@" before the path ends it. */
	part = (Span){rest.at, strcspn(rest.at, "/?")};
	rest = (Span){rest.at + part.length, rest.length - part.length};
	{
		Span login;

		if (cut(&part, '@', true, &login) && !parse_login(login, uri, err))
			return false;
	}
	if (!parse_host(part, uri, err))
		return false;
	if (rest.length > 0 && !decode((Span){rest.at + 1, rest.length - 1}, &uri->database, err))
		return false;
	at += strcspn(at, "?");
	if (*at == '?' && !parse_parameters((Span){at + 1, strlen(at + 1)}, uri, err))
		return false;
	/* Whoever names an authority wants it asked. */
	if (uri->tls_mode == NULL && uri->ca_file != NULL)
		uri->tls_mode = "verify-ca";
	return true;
}
