/*
 * my_uri.c - reading connection URIs (my_uri.h).
 *
 * No message quotes any of the text: a password whose special characters are not escaped could
 * have landed anywhere.
 */
#include "my_uri.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT			3306
#define DEFAULT_CONNECT_TIMEOUT 5

const char *const my_ssl_mode_names[] = {
	[MY_SSL_DISABLED] = "disabled",
	[MY_SSL_PREFERRED] = "preferred",
	[MY_SSL_REQUIRED] = "required",
	[MY_SSL_VERIFY_CA] = "verify-ca",
	[MY_SSL_VERIFY_IDENTITY] = "verify-identity",
	NULL,
};

static const char *const schemes[] = {"mysql://", "mariadb://"};

/* Parameters that are texts, and where they go. */
static const struct TextParameter
{
	const char *name;
	size_t offset;
} text_parameters[] = {
	{"address", offsetof(MyUri, address)}, {"socket", offsetof(MyUri, socket)},
	{"ssl-ca", offsetof(MyUri, ssl_ca)},   {"ssl-cert", offsetof(MyUri, ssl_cert)},
	{"ssl-key", offsetof(MyUri, ssl_key)},
};

/* A piece of the text. */
typedef struct Span
{
	const char *at;
	size_t length;
} Span;

static bool
fail_form(const char *message, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s", message);
	return sluice_hint(err, "use mysql://user@host:port/database?ssl-mode=verify-identity, with "
							"special characters as %%XX");
}

/* Length of the scheme, 0 when it is another. */
static size_t
scheme_length(const char *uri)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
	{
		if (strncmp(uri, schemes[i], strlen(schemes[i])) == 0)
			return strlen(schemes[i]);
	}
	return 0;
}

bool
my_uri_is(const char *uri)
{
	return scheme_length(uri) > 0;
}

/* ---- pieces ---- */

static Span
span(const char *at, const char *end)
{
	return (Span){at, (size_t) (end - at)};
}

/* Cuts off what stands before a character, and that; false when it is not there. */
static bool
cut(Span *text, char separator, Span *before)
{
	const char *at = memchr(text->at, separator, text->length);

	if (at == NULL)
		return false;
	*before = span(text->at, at);
	*text = span(at + 1, text->at + text->length);
	return true;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at == NULL ? -1 : (int) ((at - digits) % 16);
}

/* The piece without its percent encoding, in place of what is at *out. */
static bool
decode(Span text, char **out, SluiceError *err)
{
	char *to = calloc(text.length + 1, 1); /* a text whatever is read of it */
	size_t length = 0;

	if (to == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a URI");
	free(*out);
	*out = to;
	for (size_t i = 0; i < text.length; i++)
	{
		int high, low;

		if (text.at[i] != '%')
		{
			to[length++] = text.at[i];
			continue;
		}
		high = i + 2 < text.length ? hex_digit(text.at[i + 1]) : -1;
		low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;
		if (low < 0)
			return fail_form("a \"%\" is not followed by two hexadecimal digits", err);
		if (high == 0 && low == 0)
			return fail_form("\"%00\" stands for no character", err);
		to[length++] = (char) (high << 4 | low);
		i += 2;
	}
	return true;
}

static bool
parse_number(const char *text, unsigned maximum, unsigned *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*number = (unsigned) value;
	return *text >= '0' && *text <= '9' && *end == '\0' && value > 0 && value <= maximum;
}

/* ---- parts ---- */

static bool
parse_user(Span text, MyUri *uri, SluiceError *err)
{
	Span user;

	if (!cut(&text, ':', &user))
		return decode(text, &uri->user, err);
	return decode(user, &uri->user, err) && decode(text, &uri->password, err);
}

static bool
parse_port(Span text, MyUri *uri, SluiceError *err)
{
	char *port = NULL;
	bool good = decode(text, &port, err);

	if (good && *port != '\0' && !parse_number(port, UINT16_MAX, &uri->port))
		good = fail_form("the port is not 1 to 65535", err);
	free(port);
	return good;
}

static bool
parse_host(Span text, MyUri *uri, SluiceError *err)
{
	Span host;

	if (text.length > 0 && text.at[0] == '[')
	{
		text = span(text.at + 1, text.at + text.length);
		if (!cut(&text, ']', &host) || (text.length > 0 && text.at[0] != ':'))
			return fail_form("an IPv6 address is not of the form [address]", err);
		return decode(host, &uri->host, err) &&
			   (text.length == 0 || parse_port(span(text.at + 1, text.at + text.length), uri, err));
	}
	if (!cut(&text, ':', &host))
		return decode(text, &uri->host, err);
	return decode(host, &uri->host, err) && parse_port(text, uri, err);
}

static bool
set_ssl_mode(MyUri *uri, const char *word, SluiceError *err)
{
	for (int mode = 0; my_ssl_mode_names[mode] != NULL; mode++)
	{
		if (strcmp(word, my_ssl_mode_names[mode]) == 0)
		{
			uri->ssl_mode = (MySslMode) mode;
			return true;
		}
	}
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "ssl-mode is none that there is");
	return sluice_hint(err, "disabled, preferred, required, verify-ca or verify-identity");
}

static bool
set_parameter(MyUri *uri, const char *name, Span value, bool *mode_given, SluiceError *err)
{
	char *word = NULL;
	bool good;

	for (size_t i = 0; i < sizeof(text_parameters) / sizeof(text_parameters[0]); i++)
	{
		if (strcmp(name, text_parameters[i].name) == 0)
			return decode(value, (char **) ((char *) uri + text_parameters[i].offset), err);
	}
	good = decode(value, &word, err);
	if (good && strcmp(name, "ssl-mode") == 0)
	{
		*mode_given = true;
		good = set_ssl_mode(uri, word, err);
	}
	else if (good && strcmp(name, "connect-timeout") == 0)
		good = parse_number(word, 3600, &uri->connect_timeout) ||
			   fail_form("connect-timeout is not 1 to 3600 seconds", err);
	else if (good)
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "there is no parameter of a name behind the \"?\"");
		good =
			sluice_hint(err, "there are ssl-mode, ssl-ca, ssl-cert, ssl-key, address, socket and "
							 "connect-timeout");
	}
	free(word);
	return good;
}

static bool
parse_parameters(Span text, MyUri *uri, SluiceError *err)
{
	bool mode_given = false;

	while (text.length > 0)
	{
		Span parameter, key;
		char *name = NULL;
		bool good;

		if (!cut(&text, '&', &parameter))
		{
			parameter = text;
			text.length = 0;
		}
		if (!cut(&parameter, '=', &key))
			return fail_form("a parameter behind the \"?\" has no \"=\"", err);
		good = decode(key, &name, err) && set_parameter(uri, name, parameter, &mode_given, err);
		free(name);
		if (!good)
			return false;
	}
	/* Whoever names an authority wants it asked. */
	if (!mode_given && uri->ssl_ca != NULL)
		uri->ssl_mode = MY_SSL_VERIFY_CA;
	return true;
}

/* ---- what is left out ---- */

/* An empty text counts as none. */
static void
drop_empty(char **text)
{
	if (*text != NULL && **text == '\0')
	{
		free(*text);
		*text = NULL;
	}
}

static bool
set_default(char **text, const char *value, SluiceError *err)
{
	if (*text != NULL || value == NULL || *value == '\0')
		return true;
	*text = strdup(value);
	return *text != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a URI");
}

static bool
fill_in(MyUri *uri, bool database_needed, SluiceError *err)
{
	const char *port = getenv("MYSQL_TCP_PORT");

	drop_empty(&uri->user);
	drop_empty(&uri->host);
	drop_empty(&uri->address);
	drop_empty(&uri->socket);
	drop_empty(&uri->database);
	if (database_needed && uri->database == NULL)
		return fail_form("no database is named behind the host", err);
	if ((uri->ssl_cert == NULL) != (uri->ssl_key == NULL))
		return fail_form("of ssl-cert and ssl-key only one is given", err);
	if (uri->port == 0 && port != NULL && *port != '\0' &&
		!parse_number(port, UINT16_MAX, &uri->port))
		return fail_form("MYSQL_TCP_PORT is not 1 to 65535", err);
	if (uri->port == 0)
		uri->port = DEFAULT_PORT;
	if (!set_default(&uri->user, getenv("USER"), err) ||
		!set_default(&uri->password, getenv("MYSQL_PWD"), err))
		return false;
	if (uri->host == NULL && uri->socket == NULL &&
		(!set_default(&uri->host, getenv("MYSQL_HOST"), err) ||
		 (uri->host == NULL && !set_default(&uri->socket, getenv("MYSQL_UNIX_PORT"), err))))
		return false;
	if (uri->socket != NULL)
	{
		free(uri->host);
		uri->host = NULL;
		return true;
	}
	return set_default(&uri->host, "localhost", err);
}

/* ---- the whole ---- */

static bool
parse(const char *text, bool database_needed, MyUri *uri, SluiceError *err)
{
	size_t scheme = scheme_length(text);
	Span left = {text + scheme, strlen(text) - scheme}, parameters = {NULL, 0}, authority, user;

	if (scheme == 0)
		return fail_form("this is no URI of the form mysql://...", err);
	if (cut(&left, '?', &authority))
	{
		parameters = left;
		left = authority;
	}
	if (!cut(&left, '/', &authority))
	{
		authority = left;
		left = span(left.at + left.length, left.at + left.length);
	}
	if (cut(&authority, '@', &user) && !parse_user(user, uri, err))
		return false;
	return parse_host(authority, uri, err) && decode(left, &uri->database, err) &&
		   parse_parameters(parameters, uri, err) && fill_in(uri, database_needed, err);
}

bool
my_uri_parse(const char *uri, bool database_needed, MyUri *parsed, SluiceError *err)
{
	*parsed = (MyUri){.ssl_mode = MY_SSL_PREFERRED, .connect_timeout = DEFAULT_CONNECT_TIMEOUT};
	return parse(uri, database_needed, parsed, err);
}

void
my_uri_free(MyUri *uri)
{
	free(uri->user);
	if (uri->password != NULL)
		explicit_bzero(uri->password, strlen(uri->password));
	free(uri->password);
	free(uri->host);
	free(uri->address);
	free(uri->socket);
	free(uri->database);
	free(uri->ssl_ca);
	free(uri->ssl_cert);
	free(uri->ssl_key);
	*uri = (MyUri){0};
}

bool
my_uri_check(const char *uri, bool database_needed, SluiceError *err)
{
	MyUri parsed;
	bool good = my_uri_parse(uri, database_needed, &parsed, err);

	my_uri_free(&parsed);
	return good;
}
