/*
 * jetstream_errors.h - what JetStream's error codes and libnats' statuses mean for us.
 */
#ifndef SLUICE_NATS_JETSTREAM_ERRORS_H
#define SLUICE_NATS_JETSTREAM_ERRORS_H

#include <nats/nats.h>

#include "common/core/error.h"

typedef struct ErrorMeaning
{
	int number; /* JetStream error code, or natsStatus */
	SluiceErrorCode code;
	const char *meaning; /* NULL: the text that comes with it says enough */
	const char *hint;	 /* what to do about it; NULL when there is nothing to add */
} ErrorMeaning;

/* NULL for a code that is not in the table. */
extern const ErrorMeaning *jetstream_error_meaning(int jetstream_code);

/* Never NULL: what is not in the table is IO. */
extern const ErrorMeaning *nats_status_meaning(natsStatus status);

#endif
