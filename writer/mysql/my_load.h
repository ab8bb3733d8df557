/*
 * my_load.h - copies at a MySQL or MariaDB target: what my_load.c and my_load_state.c share.
 *
 * The state is kept in the URI's database, in sluice_load (a row per stream and consumer),
 * sluice_load_document (the document, cut into parts), sluice_load_chunk and sluice_load_bundle.
 */
#ifndef SLUICE_WRITER_MY_LOAD_H
#define SLUICE_WRITER_MY_LOAD_H

#include "my_target.h"
#include "writer/load_target.h"

/* Stream and consumer are of [a-z0-9_], so they may stand in a text as they are. */
#define MY_LOAD_KEY			  "stream = '%s' AND consumer = '%s'"
#define MY_LOAD_KEY_VALUES(s) (s)->stream, (s)->consumer

/* LoadOps.take, count, count_more */
extern bool my_load_take(Target *target, const LoadTake *take, SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_load_count(Target *target, LoadTally *tally, bool all,
						  SluiceError *err) SLUICE_MUST_CHECK;
extern bool my_load_count_more(Target *target, LoadTally *tally,
							   SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Begins a transaction in which no bundle is being taken in, waiting for those that are; CONFLICT when
 * another is the owner.
 */
extern bool my_load_lock(MyTarget *target, SluiceError *err) SLUICE_MUST_CHECK;

/* *there: the query has a row. */
extern bool my_load_find(MyTarget *target, bool *there, const char *sql,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* For StructureOps.note_begun: the copy's tables are begun to be made. */
extern bool my_load_note_begun(MyConnection *c, SluiceError *err) SLUICE_MUST_CHECK;

extern const LoadOps my_load_ops;

#endif
