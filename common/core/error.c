/*
 * error.c - filling and describing a SluiceError; texts are cut, never overrun.
 */
#include "error.h"

#include <stdio.h>
#include <string.h>

static const struct
{
	const char *name;
	bool transient;
} codes[] = {
	[SLUICE_OK] = {"ok", false},
	[SLUICE_ERROR_MEMORY] = {"memory", false},
	[SLUICE_ERROR_LIMIT] = {"limit", false},
	[SLUICE_ERROR_CORRUPT] = {"corrupt", false},
	[SLUICE_ERROR_VERSION] = {"version", false},
	[SLUICE_ERROR_ARGUMENT] = {"argument", false},
	[SLUICE_ERROR_IO] = {"io", true},
	[SLUICE_ERROR_TIMEOUT] = {"timeout", true},
	[SLUICE_ERROR_CONFLICT] = {"conflict", true},
	[SLUICE_ERROR_NOT_FOUND] = {"not_found", false},
	[SLUICE_ERROR_DENIED] = {"denied", false},
	[SLUICE_ERROR_FULL] = {"full", true},
	[SLUICE_ERROR_STATE] = {"state", false},
	[SLUICE_ERROR_DATA] = {"data", false},
};

void
sluice_error_fill(SluiceError *err, SluiceErrorCode code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return;
	err->code = code;
	err->hint[0] = '\0';
	va_start(args, format);
	(void) vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
}

void
sluice_error_hint(SluiceError *err, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return;
	va_start(args, format);
	(void) vsnprintf(err->hint, sizeof(err->hint), format, args);
	va_end(args);
}

void
sluice_error_prefix(SluiceError *err, const char *format, ...)
{
	char old[sizeof(err->message)];
	va_list args;
	int used;

	if (err == NULL)
		return;
	memcpy(old, err->message, sizeof(old));
	va_start(args, format);
	used = vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	if (used >= 0 && (size_t) used < sizeof(err->message) &&
		snprintf(err->message + used, sizeof(err->message) - (size_t) used, ": %s", old) < 0)
		err->message[used] = '\0';
}

void
sluice_error_clear(SluiceError *err)
{
	err->code = SLUICE_OK;
	err->message[0] = '\0';
	err->hint[0] = '\0';
}

bool
sluice_error_transient(SluiceErrorCode code)
{
	return codes[code].transient;
}

const char *
sluice_error_name(SluiceErrorCode code)
{
	return codes[code].name;
}
