/*
 * change_writer.h - groups of a log to bundles of changes.
 *
 * It is the handler of a LogReader.  Every group that changes tables of the stream becomes a
 * transaction: begin, its rows, commit; others leave nothing but the place behind them.  Bundles go out
 * when they are full, and when the owner says that the log has no more.
 *
 * Invariants:
 * 1. A change has the same identity (change_id.h) whenever it is read: commit is one more than the
 *    number of the place where its group begins (source_position.h), index counts the group's records.
 *    What is not behind `known` is passed over, so reading may begin anywhere before that.
 * 2. The place that goes with a bundle is one from where all behind the bundle's last change is read
 *    again: behind its last whole group, but not behind a group that prepared a transaction whose
 *    outcome was not read.
 * 3. Rows that may still be taken back (behind a savepoint, of XA, in a file that a server may have
 *    left half written) are not part of a bundle that goes out; what is more than a bundle is held
 *    (row_hold.h).
 */
#ifndef SLUICE_MYSQL_READER_CHANGE_WRITER_H
#define SLUICE_MYSQL_READER_CHANGE_WRITER_H

#include "prepared.h"
#include "source_position.h"

typedef struct ChangeHooks
{
	void *context;

	/* The relation of a map's table, the writer's from then on; NULL when the stream does not have it. */
	bool (*relation_of_map)(void *context, const TableMap *map, TableRelation **relation,
							SluiceError *err);

	/* The same of a table by its name, for what empties it; the caller's own. */
	bool (*relation_by_name)(void *context, const char *schema, const char *name,
							 TableRelation **relation, SluiceError *err);

	/* Changes when relations of maps must be asked for anew. */
	uint64_t (*version)(void *context);

	/* A statement that may have changed the structure; within a group. */
	bool (*structure)(void *context, const QueryEvent *query, const Statement *statement,
					  SluiceError *err);

	/* A group ends that counts; may send messages of it. */
	bool (*group_end)(void *context, SluiceError *err);

	/* Takes the bundle's buffer; `place` as invariant 2 says, `interrupted` as in SourcePosition. */
	bool (*emit)(void *context, BundleWriter *bundle, const LogPosition *place,
				 const char *interrupted, SluiceError *err);
} ChangeHooks;

typedef struct ChangeOptions
{
	uint64_t incarnation;
	PositionMode mode;
	uint32_t bundle_rows; /* a bundle with so many changes, */
	size_t bundle_bytes;  /* or so many bytes, is full */
	ChangeHooks hooks;
} ChangeOptions;

/* Since the writer was made; what was passed over as known is not counted. */
typedef struct ChangeCounts
{
	uint64_t inserts, updates, deletes, truncates;
	uint64_t transactions; /* that had changes for the stream */
	uint64_t groups;	   /* all that were read */
	uint64_t bundles;
} ChangeCounts;

#define SAVEPOINTS_MAXIMUM 1024

typedef struct Savepoint
{
	StatementName name;
	uint64_t length; /* of the hold */
} Savepoint;

/* The open bundle as it was, to go back to. */
typedef struct BundleMark
{
	uint64_t serial; /* of the bundle; 0: none was open */
	size_t length;
	uint32_t records, changes;
	uint16_t relations;
	ChangeId first, last;
	int64_t commit_time;
} BundleMark;

/* The group being read. */
typedef struct ChangeGroup
{
	bool open;
	uint64_t commit;
	int64_t commit_time;   /* microseconds since 2000 */
	char gtid[GTID_TEXT];  /* "" without */
	uint64_t next_index;   /* of its next record */
	bool began;			   /* has a begin record, written or known */
	bool holding;		   /* rows go to the hold */
	bool sent;			   /* a bundle with a part of it went out */
	bool ending;		   /* its end was read */
	Savepoint *savepoints; /* in the order they were set */
	size_t savepoint_count;
	BundleMark mark;   /* the bundle before it */
	Prepared *outcome; /* a transaction that it commits */
} ChangeGroup;

typedef struct ChangeWriter
{
	ChangeOptions options;
	const LogReader *reader; /* whose handler this is */
	uint64_t live_file; /* number of the file that was written when the reading began: a group in
						 * an older one may have been cut off when its server died */
	ChangeId known;		/* up to here all is in the stream, or in bundles that went out */
	char interrupted[GTID_TEXT]; /* of the group that `known` lies in; "": not told */
	ChangeId last;				 /* the last change written */
	LogPosition done;			 /* behind the last group that ended */
	uint64_t newest;			 /* commit of the last group that ended */
	BundleWriter bundle;
	uint64_t serial; /* of the open bundle; relations know in which they were told */
	bool bundle_open;
	size_t expected; /* bytes to make room for at once in the next one */
	RowHold hold;
	PreparedList prepared;
	ChangeGroup group;
	int64_t commit_time; /* of the last group, microseconds since 2000 */
	ChangeCounts counts;
} ChangeWriter;

/* Begins behind `known`: the stream's last change, commit 0 when it has none. */
extern bool change_writer_init(ChangeWriter *writer, const ChangeOptions *options,
							   const ChangeId *known, SluiceError *err) SLUICE_MUST_CHECK;
extern void change_writer_free(ChangeWriter *writer);

/*
 * A reader begins at `position`, perhaps not the first one: what was begun and not ended is read
 * again.  `interrupted` as in the position that came with `known`; `live_file`: the one that the
 * server writes.
 */
extern bool change_writer_begin(ChangeWriter *writer, const LogPosition *position,
								const char *interrupted, const char *live_file,
								SluiceError *err) SLUICE_MUST_CHECK;

/* From where a reader would have to begin now. */
extern const LogPosition *change_writer_place(const ChangeWriter *writer);

/* What log_reader_init() is given; the reader is told to the writer when it is made. */
extern LogHandler change_writer_handler(ChangeWriter *writer);

/* Sends the open bundle, when there is one and no group is being read. */
extern bool change_writer_flush(ChangeWriter *writer, SluiceError *err) SLUICE_MUST_CHECK;

/* A message outside of transactions at the place reached, sent at once; not within a group. */
extern bool change_writer_mark(ChangeWriter *writer, const char *prefix, const void *content,
							   uint32_t length, SluiceError *err) SLUICE_MUST_CHECK;

/* A message within the group being read. */
extern bool change_writer_message(ChangeWriter *writer, const char *prefix, const void *content,
								  uint32_t length, SluiceError *err) SLUICE_MUST_CHECK;

#endif
