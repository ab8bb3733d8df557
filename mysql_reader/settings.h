/*
 * settings.h - the options of sluice-mysql-reader: one table for flags, environment, files, help and
 * docs, and for the streams in the bucket (stream_set.h).
 */
#ifndef SLUICE_MYSQL_READER_SETTINGS_H
#define SLUICE_MYSQL_READER_SETTINGS_H

#include "common/daemon/options.h"
#include "common/nats/connection.h"

extern const Program reader_program;

/* What is read of options that belong to NATS alone; texts are the options'. */
extern bool nats_settings_read(NatsSettings *nats, const Options *options,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* "HOST-PID-RANDOM" for this process: no two have the same. */
extern void settings_name_owner(char *owner, size_t size);

#endif
