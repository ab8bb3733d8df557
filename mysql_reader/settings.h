/*
 * settings.h - the options of sluice-mysql-reader: one table for flags, environment, files, help and
 * docs, and for the streams in the bucket (stream_set.h).
 */
#ifndef SLUICE_MYSQL_READER_SETTINGS_H
#define SLUICE_MYSQL_READER_SETTINGS_H

#include "common/daemon/options.h"

extern const Program reader_program;

/* "HOST-PID-RANDOM" for this process: no two have the same. */
extern void settings_name_owner(char *owner, size_t size);

#endif
