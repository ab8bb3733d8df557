/*
 * pg_uri.c - checking a connection URI or conninfo string (pg_uri.h).
 */
#include "pg_uri.h"

#include <libpq-fe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * What libpq says of a text it cannot read quotes parts of it, any of which may be a password whose
 * special characters are not escaped.  So its words only choose ours.
 */
static const struct Fault
{
	const char *words; /* in libpq's message */
	const char *message;
} faults[] = {
	{"missing \"=\"", "a word has no \"=\" behind it"},
	{"invalid connection option", "there is no connection option of a name that is given"},
	{"unterminated quoted string", "a quote is not closed"},
	{"forbidden value %00", "\"%00\" stands for no character"},
	{"percent-encoded", "a \"%\" is not followed by two hexadecimal digits"},
	{"key/value separator", "a parameter behind the \"?\" has no \"=\", or more than one"},
	{"URI query parameter", "there is no connection option of a name behind the \"?\""},
	{"IPv6 host address", "an IPv6 address is not of the form [address]"},
	{"", "this is no connection URI or conninfo string"},
};

static bool
fail_form(const char *message, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "%s", message);
	return sluice_hint(err, "use postgresql://user@host:port/database, or words like \"host=db2 "
							"dbname=shop user=sluice\"; special characters of a URI as %%XX");
}

/* words is NULL when libpq had no memory for them. */
static bool
fail_syntax(const char *words, SluiceError *err)
{
	const struct Fault *fault = faults;

	while (strstr(words != NULL ? words : "", fault->words) == NULL)
		fault++;
	return fail_form(fault->message, err);
}

/* libpq looks at ports only when it connects; "" takes the default, several hosts have commas. */
static bool
ports_are_good(const char *ports)
{
	while (*ports != '\0')
	{
		char *end;
		long port = strtol(ports, &end, 10);

		if (end != ports && (port < 1 || port > UINT16_MAX))
			return false;
		end += strspn(end, " ");
		if (*end != '\0' && *end != ',')
			return false;
		ports = *end == ',' ? end + 1 : end;
	}
	return true;
}

bool
pg_uri_check(const char *uri, SluiceError *err)
{
	char *words = NULL;
	PQconninfoOption *options = PQconninfoParse(uri, &words);
	bool good = options != NULL || fail_syntax(words, err);

	for (const PQconninfoOption *option = options;
		 good && option != NULL && option->keyword != NULL; option++)
	{
		if (strcmp(option->keyword, "port") == 0 && option->val != NULL)
			good = ports_are_good(option->val) || fail_form("a port is not 1 to 65535", err);
	}
	PQconninfoFree(options);
	PQfreemem(words);
	return good;
}
