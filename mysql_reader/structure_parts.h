/*
 * structure_parts.h - what the files that keep a structure share (structure.h).
 */
#ifndef SLUICE_MYSQL_READER_STRUCTURE_PARTS_H
#define SLUICE_MYSQL_READER_STRUCTURE_PARTS_H

#include "catalog.h"
#include "structure.h"
#include "table_change.h"

/* A new column's DEFAULT, as a statement had it. */
typedef struct AddedColumn
{
	char *name, *value; /* value NULL: it had none */
} AddedColumn;

/* A table that the stream has or had. */
typedef struct Known
{
	uint32_t id;
	char *schema, *name;
	SchemaDocument *shape; /* with this table alone, or with none when it is not there */

	/* A change that waits for proof. */
	bool waiting;
	SchemaDocument *found; /* the catalog, maybe newer than the log's place */
	uint64_t until;		   /* file_position_number() from where on it is right */
	char command[32];
	ColumnRename *renames;
	size_t rename_count;
	AddedColumn *added;
	size_t added_count;
	const char *rows_unknown;
	bool by_tool; /* a table that an online change filled took its place */
	uint32_t timestamp;
	bool utc; /* the statement's session was in UTC */
} Known;

struct Structure
{
	StructureOptions options;
	bool mariadb;
	NatsSession nats;
	Known **known;
	size_t known_count;
	size_t waiting;
	uint64_t commit; /* versions from this one on are passed over */
	uint64_t serial;
};

/* What a call works with. */
typedef struct Telling
{
	Structure *structure;
	const StructurePlace *place;
	const StructureEvents *events;
	SluiceError *err;
	bool utc; /* the session of the statement that is read was in UTC */
} Telling;

/* NULL when it was never met; the table of one, NULL when it is not there. */
extern Known *known_find(const Structure *structure, const char *schema, const char *name);
extern const SchemaTable *known_table(const Known *known);

/* Finds or adds; NULL without memory. */
extern Known *known_add(Structure *structure, const char *schema, const char *name,
						SluiceError *err);

/* Forgets the change that waits for a table. */
extern void known_clear_waiting(Structure *structure, Known *known);

/* Stores a version. */
extern bool structure_store(Structure *structure, uint32_t id, uint64_t commit,
							const SchemaDocument *shape, SluiceError *err) SLUICE_MUST_CHECK;

/* A document with that table alone, of its own memory; NULL on error. */
extern SchemaDocument *shape_copy(const SchemaDocument *document, const SchemaTable *table,
								  SluiceError *err);

/* The catalog of one table as it is now, behind the statement that is changing it; *until likewise. */
extern bool structure_read(Structure *structure, const char *schema, const char *name,
						   SchemaDocument **found, uint64_t *until,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* The table looks like that from here on: stores and tells it if it is a change, and takes `shape`. */
extern bool structure_tell(Telling *telling, Known *known, SchemaDocument *shape) SLUICE_MUST_CHECK;

/* It is gone. */
extern bool structure_tell_gone(Telling *telling, Known *known) SLUICE_MUST_CHECK;

/* It has another name from here on, and nothing else changed. */
extern bool structure_tell_renamed(Telling *telling, Known *known, const char *schema,
								   const char *name) SLUICE_MUST_CHECK;

/* It is not the stream's any more; who follows keeps it. */
extern bool structure_forget(Telling *telling, Known *known) SLUICE_MUST_CHECK;

/* Reads the catalog for a table that a statement may have changed; told when it is proved. */
extern bool structure_wait(Telling *telling, Known *known, const char *command) SLUICE_MUST_CHECK;

#endif
