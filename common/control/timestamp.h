/*
 * timestamp.h - times as documents have them: RFC 3339, UTC, milliseconds ("2026-01-31T12:00:00.123Z").
 */
#ifndef SLUICE_CONTROL_TIMESTAMP_H
#define SLUICE_CONTROL_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#define TIMESTAMP_TEXT 25 /* with the NUL */
#define DAY_TEXT	   9  /* "20260131", as in keys of usage */

/* Milliseconds since 1970. */
extern int64_t timestamp_now(void);

/* Both return text. */
extern const char *timestamp_format(char text[TIMESTAMP_TEXT], int64_t ms);
extern const char *timestamp_now_text(char text[TIMESTAMP_TEXT]);

/* Any RFC 3339 time of the years 1970 to 9999, with an offset as well; what is finer than a millisecond is cut. */
extern bool timestamp_parse(const char *text, int64_t *ms);

/* The day in UTC. */
extern const char *timestamp_day(char text[DAY_TEXT], int64_t ms);

#endif
