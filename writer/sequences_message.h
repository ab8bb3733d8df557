/*
 * sequences_message.h - values of the source's sequences, among the records of a stream (docs/convert.md).
 */
#ifndef SLUICE_WRITER_SEQUENCES_MESSAGE_H
#define SLUICE_WRITER_SEQUENCES_MESSAGE_H

#include "common/core/bundle.h"

extern bool sequences_message_is(const BundleRecord *record);

/*
 * *list: what is said of the stream's sequences, as a JSON array to be freed; NULL in a message for
 * another stream.  CORRUPT when it is no such message.
 */
extern bool sequences_message_read(const BundleRecord *record, const char *stream, char **list,
								   SluiceError *err) SLUICE_MUST_CHECK;

#endif
