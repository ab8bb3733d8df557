/*
 * schema_format.h - the words `format` may have in schemas of ours.  Pure.
 */
#ifndef SLUICE_CONTROL_SCHEMA_FORMAT_H
#define SLUICE_CONTROL_SCHEMA_FORMAT_H

#include <stdbool.h>

/* date-time, date, uri (http and https), cidr; password, pem, int32, int64 and double only tell readers something. */
extern bool format_known(const char *format);

/* True also for a format that is not known. */
extern bool format_fits(const char *format, const char *text);

#endif
