/*
 * trouble.h - telling a trouble that goes on: another cause at once, the same one once a minute.
 *
 * Causes are told apart by the error's message.  Not thread-safe: each loop has its own.
 */
#ifndef SLUICE_DAEMON_TROUBLE_H
#define SLUICE_DAEMON_TROUBLE_H

#include "log.h"

typedef struct Trouble
{
	SluiceError told; /* the last error told; its code is SLUICE_OK when it is over */
	int64_t told_ms;
} Trouble;

/* Notes an error and answers whether it is to be told; now_ms is any clock that only goes forward. */
extern bool trouble_is_news(Trouble *trouble, const SluiceError *err, int64_t now_ms);

/* Logs it, at debug level when it is no news. */
extern void trouble_tell(Trouble *trouble, Log *log, LogLevel level, const char *message,
						 const SluiceError *err, int64_t now_ms);

/* It works: the same cause is news when it comes again. */
extern void trouble_over(Trouble *trouble);

#endif
