/*
 * wal_source.h - the log of this server for a decoding context, read without ever waiting inside.
 */
#ifndef SLUICE_WAL_SOURCE_H
#define SLUICE_WAL_SOURCE_H

#include "postgres.h"

#include "access/xlogreader.h"

/*
 * A page reader for CreateDecodingContext().  With `wait` set at the time of the call it waits for
 * the log to grow (interruptibly), which finding a slot's start needs; else it gives up at the end
 * of what is flushed and XLogReadRecord() returns NULL without an error.
 */
extern int wal_source_read_page(XLogReaderState *state, XLogRecPtr page, int length,
								XLogRecPtr target, char *buffer);

extern void wal_source_wait(bool wait);

/* Whether the log is flushed beyond a position, so that reading on is worth while. */
extern bool wal_source_has(XLogRecPtr position);

/* The end of what was flushed when that was last looked at; at the end of the log: by the last read. */
extern XLogRecPtr wal_source_end(void);

#endif
