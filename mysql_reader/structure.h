/*
 * structure.h - what a stream's tables look like where its reader is in the log, and how they change.
 *
 * A log says that a statement ran, not what came of it, and the server's catalog shows what there is
 * now, perhaps after further statements.  So what tables looked like is kept, version by version
 * (common/nats/shape_store.h), and a change is told as soon as one of these shows that the catalog is
 * right: a table map of the table agrees with it; or the reader has come to where the server was when
 * the catalog was read, and met all statements until there.
 *
 * Invariants:
 * 1. A table has the shape that its rows were written with, as far as table maps can tell.
 * 2. A version is stored before its change is told; opened anew, the structure is as of the last change
 *    that was published, and changes behind it are told again, with the same identities.
 * 3. Renames are read from the statements' text, everything else from the catalog and table maps.
 */
#ifndef SLUICE_MYSQL_READER_STRUCTURE_H
#define SLUICE_MYSQL_READER_STRUCTURE_H

#include "binlog/query.h"
#include "binlog/table_map.h"
#include "charsets.h"
#include "common/core/schema_document.h"
#include "common/daemon/log.h"
#include "common/mysql/my_connection.h"
#include "common/nats/connection.h"
#include "table_choice.h"

typedef struct Structure Structure;

/* What is pointed to must outlive the structure. */
typedef struct StructureOptions
{
	const char *stream;
	const TableChoice *choice;
	bool folds;				  /* names are compared without case */
	MyConnection *source;	  /* for the catalog; errors of it are the structure's end */
	Charsets *charsets;		  /* of the source */
	const NatsSettings *nats; /* NULL: versions are not kept */
	Log *log;
	int replicas;
	bool copied; /* a copy gives a new stream's first versions (structure_keep_base()) */
} StructureOptions;

/*
 * Stores what a copy read of the tables as their first versions, before the stream begins; of a stream that has
 * begun nothing is done.
 */
extern bool structure_keep_base(NatsSession *session, const char *stream, int replicas,
								const SchemaDocument *document, SluiceError *err) SLUICE_MUST_CHECK;

/* The group being read. */
typedef struct StructurePlace
{
	uint64_t commit;  /* of its changes' identities */
	const char *file; /* of the log, and the offset behind what was read of it */
	uint64_t offset;
	uint32_t timestamp; /* seconds since 1970 */
} StructurePlace;

/* Where changes go: messages of the group being read. */
typedef struct StructureEvents
{
	void *context;
	bool (*message)(void *context, const char *prefix, const void *content, uint32_t length,
					SluiceError *err);
} StructureEvents;

/*
 * As of the changes before `commit`: those of the group with that commit, and of later ones, will be
 * met again.  0: the stream has no changes yet, and its tables are as the catalog has them now, or as
 * its copy found them.  NULL on error.
 */
extern Structure *structure_open(const StructureOptions *options, uint64_t commit,
								 SluiceError *err);
extern void structure_close(Structure *structure);

/*
 * The table of a map, whose rows come next; NULL when the stream does not have it, or it is gone since
 * and was never told of: its rows are to be passed over.  It stays until the serial changes.
 */
extern bool structure_table_of_map(Structure *structure, const TableMap *map,
								   const StructurePlace *place, const StructureEvents *events,
								   const SchemaTable **table, SluiceError *err) SLUICE_MUST_CHECK;

/* The same by name; nothing is told. */
extern bool structure_table_named(Structure *structure, const char *schema, const char *name,
								  const SchemaTable **table, SluiceError *err) SLUICE_MUST_CHECK;

/* A statement that is neither TRUNCATE nor one that brackets groups. */
extern bool structure_statement(Structure *structure, const QueryEvent *query,
								const Statement *statement, const StructurePlace *place,
								const StructureEvents *events, SluiceError *err) SLUICE_MUST_CHECK;

/* The group is about to end, whether it had anything for the stream or not. */
extern bool structure_group_end(Structure *structure, const StructurePlace *place,
								const StructureEvents *events, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether structure_group_end() has something to look at. */
extern bool structure_waits(const Structure *structure);

/* Whether the stream has no table at present. */
extern bool structure_is_empty(const Structure *structure);

/* Changes with every change of a table: what was made of tables is to be made anew. */
extern uint64_t structure_serial(const Structure *structure);

#endif
