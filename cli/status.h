/*
 * status.h - exit statuses of `sluice`: what a script learns without reading a message.
 */
#ifndef SLUICE_CLI_STATUS_H
#define SLUICE_CLI_STATUS_H

#include "common/core/error.h"

typedef enum ExitStatus
{
	STATUS_OK = 0,
	STATUS_ERROR = 1,
	STATUS_USAGE = 2,	  /* arguments or a document that make no sense */
	STATUS_NOT_FOUND = 3, /* no such thing */
	STATUS_AUTH = 4,	  /* no key, a wrong one, or one that may not */
	STATUS_CONFLICT = 5,  /* the state of things forbids it, a name is taken, somebody was faster */
	STATUS_CHECK = 6,	  /* a check, a comparison or a run failed */
	STATUS_QUOTA = 7,	  /* a quota is used up */
	STATUS_UNREACHABLE = 8, /* the server cannot be reached, or is not ready */
	STATUS_TIMEOUT = 124,
	STATUS_INTERRUPTED = 130 /* Ctrl-C */
} ExitStatus;

/* Each with its meaning, for help and manual; ends with a NULL meaning. */
typedef struct StatusMeaning
{
	ExitStatus status;
	const char *meaning;
} StatusMeaning;

extern const StatusMeaning status_meanings[];

extern ExitStatus status_of_error(SluiceErrorCode code);

/* Of an answer's HTTP status and the problem's code ("" when it has none). */
extern ExitStatus status_of_http(long http, const char *code);

#endif
