/*
 * tables_message.h - what a publication was altered to, among the records of a stream (docs/convert.md).
 */
#ifndef SLUICE_WRITER_TABLES_MESSAGE_H
#define SLUICE_WRITER_TABLES_MESSAGE_H

#include "common/core/bundle.h"
#include "common/daemon/log.h"

extern bool tables_message_is(const BundleRecord *record);

/*
 * *joins: it names tables whose rows are copied.  Logs what it names, unless log is NULL.  A message
 * for another stream says nothing.  CORRUPT when it is none.
 */
extern bool tables_message_read(const BundleRecord *record, const char *stream, Log *log,
								bool *joins, SluiceError *err) SLUICE_MUST_CHECK;

#endif
