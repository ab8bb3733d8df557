/*
 * drop_command.h - `sluice-mysql-reader drop --stream NAME`: removes what a stream has in NATS.
 *
 * That is its key stream.NAME, at which readers let it go; its JetStream streams of changes and of a
 * copy, and what tables looked like; and the keys that say what is copied, and what its consumers have.  At source and targets
 * nothing is changed.
 */
#ifndef SLUICE_MYSQL_READER_DROP_COMMAND_H
#define SLUICE_MYSQL_READER_DROP_COMMAND_H

#include "common/nats/connection.h"

/*
 * CONFLICT while a reader is at work with it that was not told by the bucket; STATE for a stream of
 * another kind of source; NOT_FOUND for a stream that is not there.
 */
extern bool drop_command(const NatsSettings *nats, const char *stream,
						 SluiceError *err) SLUICE_MUST_CHECK;

#endif
