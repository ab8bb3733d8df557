/*
 * copy_snapshot.h - one moment of a server for several connections, and its
 * place in the log.
 *
 * What is tried, in this order:
 *
 *   MariaDB  snapshots without a lock, whose places in the log happen to be
 * one; BACKUP STAGE BLOCK_COMMIT MySQL    FLUSH TABLES WITH READ LOCK both LOCK
 * TABLES ... READ of the stream's tables both     no lock: the snapshots lie
 * between two places (`lenient`), which the changes bring together; of a copy
 * alone, which has no changes, one connection reads
 *
 * Locks are held for a few statements, and waited for a few seconds at a time.
 * Two kinds last as long as the copy: LOCK INSTANCE FOR BACKUP (MySQL, where
 * privileges allow: no change of structure meanwhile), and LOCK TABLES ... READ
 * of tables whose engine has no snapshots.
 */
#ifndef SLUICE_MYSQL_READER_COPY_SNAPSHOT_H
#define SLUICE_MYSQL_READER_COPY_SNAPSHOT_H

#include "binlog/log_reader.h"
#include "common/core/schema_document.h"
#include "common/daemon/log.h"
#include "common/mysql/my_connection.h"

typedef struct CopySnapshot
{
	/* Told by the caller. */
	MySettings settings;
	MyConnection *readers; /* open; each gets the snapshot in a transaction of its own */
	size_t count;		   /* may become 1 */
	const SchemaDocument *tables;
	bool no_changes; /* nothing follows the copy: the moment must be one, its
                      place is of no matter */
	Log *log;

	/* What came of it. */
	LogPosition position; /* all up to here is in the snapshot... */
	LogPosition until;	  /* ...and nothing behind this */
	bool lenient;		  /* they differ */

	/* Its own. */
	MyConnection locker; /* locks that are held for a moment, then LOCK INSTANCE */
	MyConnection holder; /* locks of tables without snapshots */
} CopySnapshot;

/* To be ended in any case; the readers stay the caller's. */
extern bool copy_snapshot_take(CopySnapshot *snapshot, SluiceError *err) SLUICE_MUST_CHECK;
extern void copy_snapshot_end(CopySnapshot *snapshot);

/*
 * Gives up what a reader's queries hold of tables against changes of structure, where the server lets it:
 * MariaDB keeps that to the end.  The snapshot stays.
 */
extern bool copy_snapshot_release(MyConnection *reader, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether the locks of tables without snapshots were never lost. */
extern bool copy_snapshot_held(CopySnapshot *snapshot);

/* Whether tables of the engine are as of the snapshot. */
extern bool copy_engine_has_snapshots(const char *engine);

#endif
