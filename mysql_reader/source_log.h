/*
 * source_log.h - what a server says of its log: how places in it are named, where it ends, whether a
 * stream may be read on from a place.
 */
#ifndef SLUICE_MYSQL_READER_SOURCE_LOG_H
#define SLUICE_MYSQL_READER_SOURCE_LOG_H

#include "common/mysql/my_connection.h"
#include "source_position.h"

typedef struct SourceLog
{
	Flavour flavour;
	char server[SERVER_IDENTITY_SIZE]; /* as in SourcePosition */
	bool gtids;						   /* transactions have them */
	LogPosition end;
} SourceLog;

/* STATE when the server writes no log, or not rows.  To be freed in any case. */
extern bool source_log_read(MyConnection *c, SourceLog *log, SluiceError *err) SLUICE_MUST_CHECK;
extern void source_log_free(SourceLog *log);

/*
 * Whether reading may go on there at this server: the same server where files name places, and with
 * MySQL's GTIDs one that has all the stream has and has removed nothing that the stream lacks.  STATE,
 * with what to do, when not.  (MariaDB checks its GTIDs itself when it is asked for the log.)
 */
extern bool source_log_check(MyConnection *c, const SourceLog *log, const SourcePosition *position,
							 SluiceError *err) SLUICE_MUST_CHECK;

#endif
