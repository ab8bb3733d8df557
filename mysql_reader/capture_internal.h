/*
 * capture_internal.h - what the files of the capture share; nobody else includes it.
 *
 * capture.c         the public calls, the publisher, the loop
 * capture_source.c  connecting to the source and finding the place to read from
 * capture_table.c   tables of the log as the stream has them
 */
#ifndef SLUICE_MYSQL_READER_CAPTURE_INTERNAL_H
#define SLUICE_MYSQL_READER_CAPTURE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "capture.h"
#include "charsets.h"
#include "log_feed.h"
#include "source_log.h"
#include "structure.h"
#include "wire.h"

#define MARK_MS	   10000	  /* how often a mark is sent when only others write... */
#define MARK_BYTES (16 << 20) /* ...or after so much log */

struct Capture
{
	const StreamSettings *settings;
	Log *log;
	uint64_t incarnation;
	Publisher *publisher;
	int wake; /* eventfd */
	atomic_bool stopping;

	/* Of the thread of capture_run(). */
	ChangeWriter writer;
	bool writing; /* the writer is there: the place is known */
	bool renew;	  /* the publisher is of no use any more */
	Flavour flavour;
	char server[SERVER_IDENTITY_SIZE]; /* the one that is connected to */
	MyConnection *control;			   /* for questions, while the source is open */
	Charsets *charsets;
	TableChoice *choice;
	bool folds;			  /* the source compares names without case */
	Structure *structure; /* while the source is open */
	TableRelation *named; /* the last table that was asked for by its name */
	ByteBuf place;		  /* of the bundle that went out last, or where reading began; as text */
	bool idle;			  /* the log has no more at present */
	int64_t upkeep_ms, sent_ms;		/* when things were looked after, when a bundle went out, */
	uint64_t log_bytes, sent_bytes; /* and how much log was read then */
	uint64_t heartbeats;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t begun;
	CaptureStatus status;
	PositionMode mode;
	SourcePosition start; /* where a new stream begins, */
	bool start_given;	  /* when it was said */
	uint32_t copied;	  /* generation to be told of; 0: none */
	uint64_t copied_at;	  /* when this place is reached */
};

/* The source as long as it is connected to. */
typedef struct CaptureSource
{
	MyConnection control, dump;
	SourceLog log;
	Wire wire;
	bool wired;
	SourcePosition position; /* where reading begins */
} CaptureSource;

extern void capture_source_init(CaptureSource *source);

/* Connects, finds the place behind `tail` and asks for the log from there. */
extern bool capture_source_open(Capture *capture, CaptureSource *source, const ChangeId *tail,
								SluiceError *err) SLUICE_MUST_CHECK;
extern void capture_source_close(Capture *capture, CaptureSource *source);

/* Says where in the log an error is; false. */
extern bool capture_locate(const LogReader *reader, SluiceError *err);

/* Hooks of the change writer (ChangeHooks). */
extern bool capture_emit(void *context, BundleWriter *bundle, const LogPosition *place,
						 const char *interrupted, SluiceError *err);
extern bool capture_relation_of_map(void *context, const TableMap *map, TableRelation **relation,
									SluiceError *err);
extern bool capture_relation_by_name(void *context, const char *schema, const char *name,
									 TableRelation **relation, SluiceError *err);
extern bool capture_structure(void *context, const QueryEvent *query, const Statement *statement,
							  SluiceError *err);

extern uint64_t capture_version(void *context);
extern bool capture_group_end(void *context, SluiceError *err);

#endif
