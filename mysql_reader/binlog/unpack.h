/*
 * unpack.h - what servers compress inside of events: MariaDB's queries, rows and columns (zlib),
 * MySQL's whole transactions (zstd).
 */
#ifndef SLUICE_MYSQL_READER_UNPACK_H
#define SLUICE_MYSQL_READER_UNPACK_H

#include "event.h"

/*
 * MariaDB's form of a query's text and of rows: algorithm and size of the length in one byte, the
 * length, a zlib stream.  Replaces what is in *out.
 */
extern bool unpack_event(ByteCursor packed, ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

/* A stored value of a COMPRESSED column; *value may point into *out, whose content is replaced. */
extern bool unpack_column(const uint8_t *stored, size_t length, ByteBuf *out, const uint8_t **value,
						  size_t *value_length, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * A TRANSACTION_PAYLOAD event: complete events without checksums, one after the other.  They are
 * unpacked as they are asked for, so that a transaction of any size takes the room of its largest
 * event.
 */
typedef struct PayloadReader PayloadReader;

/* The event's bytes must stay until it is closed.  `maximum`: bytes of one event inside. */
extern PayloadReader *payload_open(const Event *event, size_t maximum, SluiceError *err);
extern void payload_close(PayloadReader *reader);

/* The next event's bytes, there until the next call; *length is 0 behind the last. */
extern bool payload_next(PayloadReader *reader, const uint8_t **data, size_t *length,
						 SluiceError *err) SLUICE_MUST_CHECK;

#endif
