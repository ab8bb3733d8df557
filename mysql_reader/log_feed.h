/*
 * log_feed.h - a thread that reads a server's log ahead, so that who turns it into changes never waits
 * for the network while there is work, and knows when there is none.
 *
 * What is read ahead is bounded: when it is not taken, the thread stops reading, and with it the server
 * stops sending.  An event larger than the bound is handed over where the library has it.
 */
#ifndef SLUICE_MYSQL_READER_LOG_FEED_H
#define SLUICE_MYSQL_READER_LOG_FEED_H

#include "wire.h"

typedef struct LogFeed LogFeed;

/* Starts reading; the wire, which is open, belongs to the thread until log_feed_stop(). */
extern LogFeed *log_feed_start(Wire *wire, SluiceError *err);

/* Readable when log_feed_next() may have something. */
extern int log_feed_eventfd(const LogFeed *feed);

/*
 * The next event, there until the next call; *length is 0 when none is there now.  False when reading
 * failed and all that came before was taken; the end of the log is IO too.
 */
extern bool log_feed_next(LogFeed *feed, const uint8_t **event, size_t *length,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* Ends the thread and with it the connection's use. */
extern void log_feed_stop(LogFeed *feed);

#endif
