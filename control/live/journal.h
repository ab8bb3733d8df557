/*
 * journal.h - a JetStream stream of the control plane, read in order by every server: events, and the points of history.
 *
 * Bounded by age and bytes, the oldest go first.  A reader that comes again goes on behind what it had, unless the stream is
 * another by then.
 */
#ifndef SLUICE_CONTROL_LIVE_JOURNAL_H
#define SLUICE_CONTROL_LIVE_JOURNAL_H

#include "common/nats/ordered_reader.h"

/* What it is made as. */
typedef struct JournalPlan
{
	const char *name;	 /* of the JetStream stream */
	const char *subject; /* may end in ".>" */
	int64_t max_bytes;
	int64_t max_age_seconds;
} JournalPlan;

/* Makes the stream when it is not there. */
extern bool journal_ensure(NatsSession *session, const JournalPlan *plan, int replicas,
						   SluiceError *err) SLUICE_MUST_CHECK;

typedef struct Journal
{
	const JournalPlan *plan;
	OrderedReader *reader; /* NULL: closed */
	uint64_t sequence;	   /* the newest message that was given */
	uint64_t floor;		   /* messages up to it are not kept any more, as of journal_open() */
	int64_t created;	   /* of the stream: another one has other messages */
} Journal;

extern void journal_init(Journal *journal, const JournalPlan *plan);

/* Begins behind what was given before; *anew when that is another stream's, or was lost. */
extern bool journal_open(Journal *journal, NatsSession *session, bool *anew,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* The next message, waiting at most wait_ms; out->message is NULL when there was none, else the caller's. */
extern bool journal_next(Journal *journal, int wait_ms, PulledMessage *out,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Whether all that was there when it was opened has been given. */
extern bool journal_level(const Journal *journal);

extern void journal_close(Journal *journal);

#endif
