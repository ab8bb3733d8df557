/*
 * error.h - how every part of Sluice below its outermost layer says that something went wrong.
 *
 * A function that can fail returns false (or NULL) and fills the SluiceError it was given; nothing
 * below a program's main loop logs, exits or unwinds.  The message says what went wrong and where,
 * lower case, no full stop; the hint, when there is one, says what to do about it.
 */
#ifndef SLUICE_CORE_ERROR_H
#define SLUICE_CORE_ERROR_H

#include <stdbool.h>
#include <stdarg.h>

#define SLUICE_MUST_CHECK	   __attribute__((warn_unused_result))
#define SLUICE_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))

typedef enum SluiceErrorCode
{
	SLUICE_OK = 0,
	SLUICE_ERROR_MEMORY,	/* an allocation failed */
	SLUICE_ERROR_LIMIT,		/* a bound given at creation would be exceeded */
	SLUICE_ERROR_CORRUPT,	/* input that is not what its format says */
	SLUICE_ERROR_VERSION,	/* a format version this build does not know */
	SLUICE_ERROR_ARGUMENT,	/* a setting or argument that makes no sense */
	SLUICE_ERROR_IO,		/* a peer or file that cannot be reached; passes by itself */
	SLUICE_ERROR_TIMEOUT,	/* no answer in time; passes by itself */
	SLUICE_ERROR_CONFLICT,	/* somebody else was faster: fenced, or a compare-and-set that lost */
	SLUICE_ERROR_NOT_FOUND, /* the thing asked for is not there */
	SLUICE_ERROR_DENIED,	/* authentication or privilege */
	SLUICE_ERROR_FULL,		/* a store at its limit; passes when somebody drains it */
	SLUICE_ERROR_STATE,		/* the situation forbids it: a gap, a foreign stream, a lost slot */
	SLUICE_ERROR_DATA		/* a value or row the target refuses */
} SluiceErrorCode;

typedef struct SluiceError
{
	SluiceErrorCode code;
	char message[512];
	char hint[256];
} SluiceError;

/*
 * Fills *err (which may be NULL) and is false, so that a caller writes `return sluice_fail(...)`.
 * These three are macros so that the compiler knows the value: behind a failed call it can tell
 * which variables were never set.
 */
#define sluice_fail(err, code, ...) (sluice_error_fill(err, code, __VA_ARGS__), false)

/* Adds a hint to an error already filled; false likewise. */
#define sluice_hint(err, ...) (sluice_error_hint(err, __VA_ARGS__), false)

/* Puts "text: " before the message of an error already filled; false likewise. */
#define sluice_prefix(err, ...) (sluice_error_prefix(err, __VA_ARGS__), false)

extern void sluice_error_fill(SluiceError *err, SluiceErrorCode code, const char *format, ...)
	SLUICE_PRINTF(3, 4);
extern void sluice_error_hint(SluiceError *err, const char *format, ...) SLUICE_PRINTF(2, 3);
extern void sluice_error_prefix(SluiceError *err, const char *format, ...) SLUICE_PRINTF(2, 3);

extern void sluice_error_clear(SluiceError *err);

/* True for errors that pass by themselves, so that trying again is right. */
extern bool sluice_error_transient(SluiceErrorCode code);

/* The code's name as it stands in logs and metrics: "io", "timeout", ... */
extern const char *sluice_error_name(SluiceErrorCode code);

#endif
