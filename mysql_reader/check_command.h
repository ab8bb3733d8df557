/*
 * check_command.h - `sluice-mysql-reader --check`: everything a stream needs at its source and in NATS.
 *
 * Nothing is changed anywhere.
 */
#ifndef SLUICE_MYSQL_READER_CHECK_COMMAND_H
#define SLUICE_MYSQL_READER_CHECK_COMMAND_H

#include "findings.h"
#include "stream_settings.h"

/* What cannot be asked is a finding too. */
extern void check_command(const StreamSettings *settings, Findings *findings);

#endif
