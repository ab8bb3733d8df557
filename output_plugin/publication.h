/*
 * publication.h - what the requested publications say of one table, as pgoutput means it.
 *
 * The answer depends on the catalogs at the change's place in the log: call it inside a decoding
 * callback, and again after the relation or any publication was invalidated.
 */
#ifndef SLUICE_PUBLICATION_H
#define SLUICE_PUBLICATION_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_publication.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

typedef struct PublishDecision
{
	PublicationActions actions;
	Oid publish_as;		/* the table itself, or the partitioned ancestor it is published as */
	List *publications; /* those (Publication *) that publish it at that level */
} PublishDecision;

/* Loads the named publications into the current memory context; ERROR when one is not there. */
extern List *publications_load(List *names);

/* Decides for one table; the list is in the current memory context. */
extern void publication_decide(Oid relid, List *publications, PublishDecision *decision);

/*
 * The published columns of publish_as, whose descriptor is given, as a bitmap of attribute numbers;
 * NULL when no publication lists any: then all of them.  In the current memory context; ERROR when
 * publications contradict each other.
 */
extern Bitmapset *publication_columns(const PublishDecision *decision, TupleDesc descriptor);

/* Whether generated columns are published although no column list names them (18). */
extern bool publication_generated(const PublishDecision *decision);

#endif
