/*
 * status.c - what errors and answers mean as an exit status (status.h).
 */
#include "status.h"

#include <stddef.h>
#include <string.h>

const StatusMeaning status_meanings[] = {
	{STATUS_OK, "done"},
	{STATUS_ERROR, "something failed"},
	{STATUS_USAGE, "arguments, or a document, that make no sense"},
	{STATUS_NOT_FOUND, "there is no such thing"},
	{STATUS_AUTH, "no API key, a wrong one, or one that may not do it"},
	{STATUS_CONFLICT, "the state of things forbids it, the name is taken, or somebody was faster"},
	{STATUS_CHECK, "a check, a comparison or the run failed"},
	{STATUS_QUOTA, "a quota is used up"},
	{STATUS_UNREACHABLE, "the server cannot be reached, or is not ready"},
	{STATUS_TIMEOUT, "it took longer than --timeout allows"},
	{STATUS_INTERRUPTED, "interrupted by Ctrl-C"},
	{STATUS_OK, NULL},
};

static const ExitStatus of_errors[] = {
	[SLUICE_OK] = STATUS_OK,
	[SLUICE_ERROR_MEMORY] = STATUS_ERROR,
	[SLUICE_ERROR_LIMIT] = STATUS_ERROR,
	[SLUICE_ERROR_CORRUPT] = STATUS_ERROR,
	[SLUICE_ERROR_VERSION] = STATUS_ERROR,
	[SLUICE_ERROR_ARGUMENT] = STATUS_USAGE,
	[SLUICE_ERROR_IO] = STATUS_UNREACHABLE,
	[SLUICE_ERROR_TIMEOUT] = STATUS_TIMEOUT,
	[SLUICE_ERROR_CONFLICT] = STATUS_CONFLICT,
	[SLUICE_ERROR_NOT_FOUND] = STATUS_NOT_FOUND,
	[SLUICE_ERROR_DENIED] = STATUS_AUTH,
	[SLUICE_ERROR_FULL] = STATUS_ERROR,
	[SLUICE_ERROR_STATE] = STATUS_CONFLICT,
	[SLUICE_ERROR_DATA] = STATUS_CHECK,
};

ExitStatus
status_of_error(SluiceErrorCode code)
{
	return of_errors[code];
}

static const struct
{
	long http;
	ExitStatus status;
} of_http[] = {
	{400, STATUS_USAGE},	   {401, STATUS_AUTH},	   {403, STATUS_AUTH},
	{404, STATUS_NOT_FOUND},   {408, STATUS_TIMEOUT},  {409, STATUS_CONFLICT},
	{412, STATUS_CONFLICT},	   {413, STATUS_USAGE},	   {415, STATUS_USAGE},
	{422, STATUS_USAGE},	   {428, STATUS_CONFLICT}, {429, STATUS_UNREACHABLE},
	{503, STATUS_UNREACHABLE}, {504, STATUS_TIMEOUT},
};

ExitStatus
status_of_http(long http, const char *code)
{
	if (http >= 200 && http < 300)
		return STATUS_OK;
	if (strcmp(code, "quota_exceeded") == 0)
		return STATUS_QUOTA;
	for (size_t i = 0; i < sizeof(of_http) / sizeof(of_http[0]); i++)
		if (of_http[i].http == http)
			return of_http[i].status;
	return STATUS_ERROR;
}
