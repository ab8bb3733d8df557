/*
 * client_internal.h - what requests and feeds share.
 */
#ifndef SLUICE_CLI_CLIENT_INTERNAL_H
#define SLUICE_CLI_CLIENT_INTERNAL_H

#include <curl/curl.h>

#include "client.h"

struct Client
{
	ClientSettings settings;
	CURL *curl;
};

/* Adds "name: value"; false without memory, or when it is too long. */
extern bool client_header(struct curl_slist **headers, const char *name, const char *value);

/* Adds the API key, if there is one. */
extern bool client_key(const Client *client, struct curl_slist **headers);

/* What every transfer is bound by. */
extern void client_prepare(const Client *client, CURL *curl, const char *url);

/* Server and path; to be freed. */
extern char *client_url(const Client *client, const char *path, SluiceError *err);

/* What a failure of libcurl is. */
extern bool client_fail(const Client *client, CURLcode code, const char *detail, SluiceError *err);

#endif
