/*
 * log_redact.c - finds secrets in texts.  A left-to-right scan: at each place either a secret begins
 * (then it is replaced and skipped) or one character is copied.
 */
#include "log_redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const secret_words[] = {
	"password",		 "passwd", "passphrase", "token", "secret",
	"authorization", "creds",  "credential", "nkey",  NULL};

/* Schemes in whose URLs a user without a password is no secret. */
static const char *const user_schemes[] = {"postgresql", "postgres", "mysql", "mariadb", NULL};

bool
log_key_is_secret(const char *key)
{
	for (const char *const *word = secret_words; *word != NULL; word++)
		if (strcasestr(key, *word) != NULL)
			return true;
	return false;
}

/* The length of the secret word that stands at the place, or 0. */
static size_t
word_at(const char *at)
{
	for (const char *const *word = secret_words; *word != NULL; word++)
		if (strncasecmp(at, *word, strlen(*word)) == 0)
			return strlen(*word);
	return 0;
}

static bool
in_name(char letter)
{
	return isalnum((unsigned char) letter) || letter == '_' || letter == '-';
}

/* Behind a value: quotes and backslashes as in conninfo strings. */
static const char *
skip_value(const char *at)
{
	char quote = *at == '\'' || *at == '"' ? *at++ : '\0';

	while (*at != '\0')
	{
		if (quote != '\0' && *at == quote && at[1] != quote)
			return at + 1;
		if (quote == '\0' && (isspace((unsigned char) *at) || *at == '&' || *at == '"'))
			return at;
		if (at[1] != '\0' && (*at == '\\' || *at == quote))
			at++;
		at++;
	}
	return at;
}

/*
 * When a deny-listed key=value begins at the place: where its value begins and ends.  The key may
 * go on behind the word ("password_file"), and blanks may stand around the '='.
 */
static bool
find_assignment(const char *at, const char **value, const char **end)
{
	size_t length = word_at(at);

	if (length == 0)
		return false;
	at += length;
	while (in_name(*at))
		at++;
	at += strspn(at, " \t");
	if (*at != '=')
		return false;
	at++;
	*value = at + strspn(at, " \t");
	*end = skip_value(*value);
	return *end > *value;
}

static bool
begins_with_scheme(const char *at)
{
	size_t length = 0;

	while (isalnum((unsigned char) at[length]) || (at[length] != '\0' && strchr("+.-", at[length])))
		length++;
	return length > 0 && strncmp(at + length, "://", 3) == 0;
}

/* The end of the URL that holds the place: a blank, a quote, or a comma before a further URL. */
static const char *
url_end(const char *at)
{
	while (*at != '\0' && !isspace((unsigned char) *at) && strchr("\"'<>", *at) == NULL &&
		   !(*at == ',' && begins_with_scheme(at + 1)))
		at++;
	return at;
}

static const char *
last_at_sign(const char *from, const char *end)
{
	return memrchr(from, '@', (size_t) (end - from));
}

/* True when "host:rest" ends in something no port can be, so that it must be "user:password". */
static bool
looks_like_password(const char *from, const char *end)
{
	const char *colon = memrchr(from, ':', (size_t) (end - from));

	if (colon == NULL || *from == '[')
		return false;
	for (const char *at = colon + 1; at < end; at++)
		if (!isdigit((unsigned char) *at))
			return true;
	return false;
}

static bool
scheme_shows_user(const char *text, const char *colon)
{
	for (const char *const *scheme = user_schemes; *scheme != NULL; scheme++)
	{
		size_t length = strlen(*scheme);

		if ((size_t) (colon - text) >= length && strncasecmp(colon - length, *scheme, length) == 0)
			return true;
	}
	return false;
}

/*
 * When the place is the ':' of a URL with something secret before its host: the '@' that ends it.
 * A password with an unescaped '/', '?', '#' or quote is no proper URL but is hidden all the same.
 */
static const char *
find_user(const char *text, const char *at)
{
	const char *user = at + 3;
	const char *whole;
	const char *authority;
	const char *sign;

	if (strncmp(at, "://", 3) != 0)
		return NULL;
	whole = url_end(user);
	authority = user + strcspn(user, "/?#");
	if (authority > whole)
		authority = whole;
	sign = last_at_sign(user, authority);
	if (sign == NULL && looks_like_password(user, authority))
		sign = last_at_sign(user, user + strcspn(user, " \t\r\n"));
	if (sign != NULL && scheme_shows_user(text, at) &&
		memchr(user, ':', (size_t) (sign - user)) == NULL)
		return NULL;
	return sign;
}

typedef struct Output
{
	char *at;
	char *end; /* the place kept for the NUL */
} Output;

static void
put(Output *out, const char *text, size_t length)
{
	size_t room = (size_t) (out->end - out->at);

	if (length > room)
		length = room;
	memcpy(out->at, text, length);
	out->at += length;
}

/* Copies what is no secret; true when it met one. */
static bool
redact(const char *text, Output *out)
{
	const char *at = text;
	bool found = false;

	while (*at != '\0')
	{
		const char *value, *end;

		if ((end = find_user(text, at)) != NULL)
		{
			put(out, "://***", 6);
			at = end;
			found = true;
		}
		else if (find_assignment(at, &value, &end))
		{
			put(out, at, (size_t) (value - at));
			put(out, "***", 3);
			at = end;
			found = true;
		}
		else
			put(out, at++, 1);
	}
	return found;
}

void
log_redact_url(const char *text, char *out, size_t size)
{
	Output output = {out, out + size - 1};

	(void) redact(text, &output);
	*output.at = '\0';
}

bool
log_has_secret(const char *text)
{
	char none;
	Output output = {&none, &none};

	return redact(text, &output);
}
