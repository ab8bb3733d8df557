/*
 * trouble.c - telling a trouble that goes on (trouble.h).
 */
#include "trouble.h"

#include <string.h>

#define TELL_AGAIN_MS 60000

bool
trouble_is_news(Trouble *trouble, const SluiceError *err, int64_t now_ms)
{
	if (trouble->told.code != SLUICE_OK && strcmp(trouble->told.message, err->message) == 0 &&
		now_ms - trouble->told_ms < TELL_AGAIN_MS)
		return false;
	trouble->told = *err;
	trouble->told_ms = now_ms;
	return true;
}

void
trouble_tell(Trouble *trouble, Log *log, LogLevel level, const char *message,
			 const SluiceError *err, int64_t now_ms)
{
	log_failure(log, trouble_is_news(trouble, err, now_ms) ? level : LOG_DEBUG, message, err, NULL);
}

void
trouble_over(Trouble *trouble)
{
	trouble->told.code = SLUICE_OK;
}
