/*
 * copy_run.h - the copy of a stream's tables: docs/convert.md, with the
 * reader's threads in the place of the extension's processes.
 *
 * The files of a copy, each using those above it only:
 *   text_value.c       a column of a query's answer to its canonical value
 *   copy_key.c         what a table is cut by, chunks as text and as conditions
 *   copy_state.c       what is done, in the KV bucket
 *   copy_generation.c  what one generation leaves to the next
 *   copy_progress.c    figures for whoever asks
 *   copy_output.c      load bundles into JetStream
 *   copy_snapshot.c    one moment of the server for several connections, and
 * its place in the log copy_plan.c        cutting tables into chunks
 *   copy_worker.c      a thread that reads chunks
 *   copy_watch.c       what consumers report, purging what they have
 *   copy_run.c         generation after generation
 */
#ifndef SLUICE_MYSQL_READER_COPY_RUN_H
#define SLUICE_MYSQL_READER_COPY_RUN_H

#include "binlog/log_reader.h"
#include "common/daemon/log.h"
#include "copy_progress.h"
#include "stream_settings.h"

/* What a copy needs of the stream it belongs to.  Called from the thread of
 * copy_run() unless said. */
typedef struct CopyHost
{
	void *context;
	Log *log;

	/* Any thread: whether the copy is to end, soon and without being done. */
	bool (*stopping)(void *context);

	/* Any thread: what stands in the way at present and is tried again; NULL:
   * nothing any more. */
	void (*trouble)(void *context, const SluiceError *err);

	/*
   * With every snapshot, before anything of it is published: has the stream of
   * changes begin at this place unless it has begun before, and gives its
   * incarnation.  For a copy alone the place may be empty, when the server
   * writes no log.
   */
	bool (*begin)(void *context, const LogPosition *position, uint64_t *incarnation,
				  SluiceError *err);

	/* A place as the number that the stream's changes have. */
	uint64_t (*number)(void *context, const LogPosition *position);

	/* All rows are in JetStream: the stream of changes gets a message that lies
   * behind its snapshot. */
	bool (*copied)(void *context, uint32_t generation, SluiceError *err);
} CopyHost;

/*
 * Makes the copy, or goes on with it; true when every consumer has all rows (at
 * once when that is so already), or when the host is stopping.  What passes by
 * itself is tried again inside; what comes back is for people to mend.
 */
extern bool copy_run(const StreamSettings *settings, const CopyHost *host, CopyProgress *progress,
					 SluiceError *err) SLUICE_MUST_CHECK;

/* Removes what a copy keeps in NATS: its JetStream stream, its state, the
 * consumers' reports. */
extern bool copy_remove(const StreamSettings *settings, SluiceError *err) SLUICE_MUST_CHECK;

#endif
