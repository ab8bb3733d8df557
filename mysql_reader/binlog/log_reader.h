/*
 * log_reader.h - the grammar of a binary log: from events to groups, which are the transactions and
 * the changes of structure, in the order of their commits.
 *
 * Events go in one by one, as a server sends them or as they lie in a file; what they mean comes out
 * through the calls of a LogHandler.  A group is begun, has rows or one statement, and ends with an
 * outcome.  The position is that behind the last group that ended: only there may reading begin again.
 *
 * Invariants: an event that is not known stops the reading, unless the log itself says that it may be
 * ignored; rows whose table map was not seen are never passed over.
 */
#ifndef SLUICE_MYSQL_READER_LOG_READER_H
#define SLUICE_MYSQL_READER_LOG_READER_H

#include "gtid_event.h"
#include "query.h"
#include "row_fragments.h"
#include "rows.h"

#define LOG_FILE_SIZE 513 /* a file's name of 512 bytes and a NUL */

/* A place between two groups. */
typedef struct LogPosition
{
	char file[LOG_FILE_SIZE];
	uint64_t offset;
	GtidSet mysql;			 /* all transactions that ended, when the server has GTIDs */
	MariadbPosition mariadb; /* likewise */
} LogPosition;

/* What is known of a group when it begins. */
typedef struct LogGroup
{
	Flavour flavour;
	Gtid mysql; /* number 0: none */
	MariadbGtid mariadb;
	uint32_t timestamp;	  /* seconds since 1970, of its first event */
	uint64_t commit_time; /* microseconds since 1970; 0: not told */
	AlterPart alter;	  /* of a change of structure in two groups */
	bool prepares;		  /* MariaDB says at once that it ends with GROUP_PREPARE */
	uint64_t number;	  /* of the group, counted from where the reading began */
	uint64_t offset;	  /* where its first event begins in reader->file */
} LogGroup;

typedef enum GroupOutcome
{
	GROUP_COMMIT,
	GROUP_ROLLBACK, /* nothing of it counts */
	GROUP_PREPARE,	/* of XA: what becomes of it is told by another group */
	GROUP_CUT_OFF	/* the server died while it wrote it: nothing of it counts */
} GroupOutcome;

typedef struct LogHandler
{
	void *context;
	bool (*begin)(void *context, const LogGroup *group, SluiceError *err);

	/* `rows` is open: the handler takes the rows out of it. */
	bool (*rows)(void *context, RowsReader *rows, SluiceError *err);

	/* Neither the group's beginning nor its end: a change of structure, a savepoint, XA's words. */
	bool (*statement)(void *context, const QueryEvent *query, const Statement *statement,
					  SluiceError *err);

	/* The reader's position is behind the group by then.  `xa` of GROUP_PREPARE, else NULL. */
	bool (*end)(void *context, GroupOutcome outcome, const XaName *xa, SluiceError *err);

	/* The map, which may have something attached, is about to be freed.  May be NULL. */
	void (*forget)(void *context, TableMap *map);
} LogHandler;

typedef struct LogReader
{
	EventFormat format;
	LogHandler handler;
	LogPosition position;
	char file[LOG_FILE_SIZE]; /* where the reader is, perhaps within a group */
	uint64_t offset;
	LogGroup group;
	bool in_group;
	bool opened;	/* begin() was called for it */
	bool bracketed; /* it has an end of its own: a statement is not all of it */
	size_t event_maximum;
	struct MapSlot *maps; /* by table id: open addressing, a power of two */
	size_t map_count, map_room;
	RowsReader rows;
	RowFragments fragments;
	ByteBuf unpacked; /* of statements */
} LogReader;

/*
 * Begins at `position`, which is copied.  `checksum`: what was agreed with the server.  `maximum`:
 * bytes of one event, unpacked.
 */
extern bool log_reader_init(LogReader *reader, const LogHandler *handler,
							const LogPosition *position, Flavour flavour, bool checksum,
							size_t maximum, SluiceError *err) SLUICE_MUST_CHECK;
extern void log_reader_free(LogReader *reader);

/* The next event, whole. */
extern bool log_reader_event(LogReader *reader, const uint8_t *data, size_t length,
							 SluiceError *err) SLUICE_MUST_CHECK;

extern void log_position_init(LogPosition *position);
extern void log_position_free(LogPosition *position);
extern bool log_position_copy(LogPosition *to, const LogPosition *from,
							  SluiceError *err) SLUICE_MUST_CHECK;

#endif
