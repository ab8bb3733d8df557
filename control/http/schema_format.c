/*
 * schema_format.c - a table of formats.
 */
#include "schema_format.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "schema_pattern.h"

static bool
is_time(const char *text)
{
	int64_t ms;

	return timestamp_parse(text, &ms);
}

static bool
is_date(const char *text)
{
	char whole[32];

	return pattern_matches("^\\d{4}-\\d{2}-\\d{2}$", text) &&
		   snprintf(whole, sizeof(whole), "%sT00:00:00Z", text) < (int) sizeof(whole) &&
		   is_time(whole);
}

static bool
is_uri(const char *text)
{
	return pattern_matches("^https?://[!-~]+$", text);
}

static bool
is_cidr(const char *text)
{
	unsigned char address[16];
	char host[64];
	size_t length = strcspn(text, "/");
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (inet_pton(family, host, address) != 1)
		return false;
	return text[length] == '\0' || (pattern_matches("^\\d{1,3}$", text + length + 1) &&
									atoi(text + length + 1) <= (family == AF_INET ? 32 : 128));
}

static const struct
{
	const char *name;
	bool (*fits)(const char *text); /* NULL: any */
} formats[] = {
	{"date-time", is_time}, {"date", is_date},	{"uri", is_uri},
	{"cidr", is_cidr},		{"password", NULL}, {"pem", NULL},
	{"int32", NULL},		{"int64", NULL},	{"double", NULL},
};

bool
format_known(const char *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, format) == 0)
			return true;
	return false;
}

bool
format_fits(const char *format, const char *text)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, format) == 0)
			return formats[i].fits == NULL || formats[i].fits(text);
	return true;
}
