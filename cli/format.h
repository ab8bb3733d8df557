/*
 * format.h - numbers as people read them: counts, bytes, rates, durations, moments.
 */
#ifndef SLUICE_CLI_FORMAT_H
#define SLUICE_CLI_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_TEXT 40 /* bytes of any of these */

/* "1,234,567" */
extern const char *format_count(char text[FORMAT_TEXT], int64_t count);

/* "999", "1.23 k", "45.6 M": steps of 1,000. */
extern const char *format_short(char text[FORMAT_TEXT], double value);

/* "0 B", "1.5 kB", "12 MB": steps of 1,024. */
extern const char *format_bytes(char text[FORMAT_TEXT], double bytes);

/* "850 ms", "3.2 s", "4:05", "1:02:03", "3 d 4:05:00"; "-" below 0. */
extern const char *format_seconds(char text[FORMAT_TEXT], double seconds);

/* "2026-01-31 12:00:00" of the local zone; the text itself when it is no RFC 3339 time. */
extern const char *format_time(char text[FORMAT_TEXT], const char *time);

#endif
