/*
 * structure.h - makes a stream's tables at the target, as a schema document says: what is done in
 * which order, and what happens with what is there already.
 *
 *   1. structure_prepare()        types, sequences, tables: before the first row
 *   2. structure_finish_table()   its indexes and key: when its rows are in
 *   3. structure_finish_keys()    foreign keys, sequences' values, views and triggers: at the end
 *
 * Each can be called again after a failure or in another process and goes on where it was.  What a
 * kind of database must offer for it is StructureOps; pg_structure.h has PostgreSQL's.
 */
#ifndef SLUICE_WRITER_STRUCTURE_H
#define SLUICE_WRITER_STRUCTURE_H

#include "common/core/schema_document.h"
#include "common/daemon/log.h"
#include "script.h"

/* What is made. */
enum
{
	CREATE_TABLES = 1, /* with schemas, types, sequences */
	CREATE_INDEXES = 2,
	CREATE_FOREIGN_KEYS = 4,
	CREATE_ALL = 7
};

/* What happens with tables that are there. */
typedef enum SchemaPolicy
{
	POLICY_FAIL_IF_EXISTS,
	POLICY_VALIDATE_EXISTING, /* all must be there, as the document says */
	POLICY_CREATE_MISSING,
	POLICY_DROP_AND_RECREATE
} SchemaPolicy;

/* What happens with the rows of tables that stay. */
typedef enum WriteMode
{
	WRITE_FAIL_IF_NOT_EMPTY,
	WRITE_APPEND,
	WRITE_TRUNCATE, /* emptied before the first row */
	WRITE_UPSERT	/* a row whose key is there takes its place */
} WriteMode;

/* The words of the enums in their order, ending with NULL. */
extern const char *const schema_policy_names[];
extern const char *const write_mode_names[];

typedef struct StructureSettings
{
	unsigned create; /* CREATE_ bits */
	SchemaPolicy policy;
	WriteMode mode;
	bool flatten;  /* the document's partitioned tables were made plain ones (schema_flatten.h) */
	bool unlogged; /* tables are loaded unlogged, and logged before their indexes are made */
	bool strict;   /* what is carried must succeed */
} StructureSettings;

/* Reads the words of an option: tables, indexes, foreign_keys; none; the same word twice is fine. */
extern bool structure_create_parse(char *const *words, size_t count, unsigned *create,
								   SluiceError *err) SLUICE_MUST_CHECK;

/* Whether the settings make sense together. */
extern bool structure_settings_check(const StructureSettings *settings,
									 SluiceError *err) SLUICE_MUST_CHECK;

/* How an object of the document is found at the target. */
typedef enum ObjectState
{
	OBJECT_MISSING,
	OBJECT_SAME,
	OBJECT_DIFFERENT,  /* and can be worked with */
	OBJECT_UNSUITABLE, /* and cannot hold what comes */
	OBJECT_FOREIGN	   /* something else has its name */
} ObjectState;

/* Which of the document's lists an object is of. */
typedef enum ObjectKind
{
	OBJECT_SCHEMA,	 /* SchemaNamespace */
	OBJECT_TYPE,	 /* SchemaType */
	OBJECT_SEQUENCE, /* SchemaSequence */
	OBJECT_TABLE,	 /* SchemaTable */
	OBJECT_CARRIED,	 /* SchemaCarried */
	OBJECT_KINDS
} ObjectKind;

/* Bits of what was chosen for an object. */
enum
{
	CHOSEN_CREATE = 1,
	CHOSEN_DROP = 2, /* before that */
	CHOSEN_KEEP = 4, /* is there and stays */
	CHOSEN_EMPTY = 8 /* but its rows go */
};

/* What was chosen for every object of the document: bits by kind and number. */
typedef struct Chosen
{
	unsigned char *of[OBJECT_KINDS];
} Chosen;

/* Where a statement runs. */
typedef enum RunMode
{
	RUN_INSIDE,	 /* the caller's transaction */
	RUN_GUARDED, /* the same, which stays usable when it fails */
	RUN_ALONE	 /* a transaction of its own, with what long work needs */
} RunMode;

typedef struct StructureOps StructureOps;

/* One connection to a target, for one document. */
typedef struct Structure
{
	const StructureOps *ops;
	const SchemaDocument *document;
	const StructureSettings *settings;
	Log *log;			   /* warnings go there; may be NULL */
	bool plans;			   /* nothing is made, a plan is told */
	const Chosen *planned; /* of a plan: what will be there by then; else NULL */
} Structure;

struct StructureOps
{
	void (*close)(Structure *s);

	/* Reads what the target has of all the document names; state() tells of that moment. */
	bool (*look)(Structure *s, SluiceError *err);

	/* Adds what of all that was chosen the target cannot have, because of its release or otherwise. */
	bool (*judge)(Structure *s, const Chosen *chosen, Findings *findings, SluiceError *err);

	/* The object's state; unless it is the same or missing, what differs is written to `out`. */
	ObjectState (*state)(Structure *s, ObjectKind kind, size_t number, FILE *out);

	/* Whether a table that is there has rows of its own (of a partitioned one: any). */
	bool (*has_rows)(Structure *s, size_t table, bool *rows, SluiceError *err);

	/* Whether a table that is there has a unique key of the document's key columns. */
	bool (*has_key)(Structure *s, size_t table);

	/* Write the statements, in order: all that was chosen; */
	void (*write_chosen)(Structure *s, const Chosen *chosen, Script *script);
	/* what is left to do for one index, or (index WHOLE_TABLE) for a table; */
	bool (*write_table)(Structure *s, size_t table, size_t index, Script *script, SluiceError *err);
	/* foreign keys and sequences that are left to do; */
	bool (*write_keys)(Structure *s, Script *script, SluiceError *err);
	/* all that is carried. */
	void (*write_carried)(Structure *s, Script *script);

	/* What a column becomes, for the plan; NULL where it stays the source's type. */
	void (*write_type)(Structure *s, size_t table, size_t column, FILE *out);

	/* Runs a statement. */
	bool (*run)(Structure *s, const char *sql, RunMode mode, SluiceError *err);

	/*
	 * Only where statements that change structure commit by themselves, else NULL: notes for good
	 * that the tables are begun to be made.  Called when all is checked, before the first statement.
	 */
	bool (*note_begun)(Structure *s, SluiceError *err);
};

#define WHOLE_TABLE SIZE_MAX

extern void structure_close(Structure *s);

/*
 * Inside a transaction the caller has begun and commits, best together with the phase: either all
 * of it is there or nothing; or, where there is note_begun(), it may be done in part, and goes on when
 * called again with a policy that lets it.  Refuses before anything is changed, with every reason in
 * one message (ARGUMENT).
 */
extern bool structure_prepare(Structure *s, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * These run transactions of their own; tables and indexes are given by their numbers in the
 * document.  An index alone can be made on several connections at once, also of the same table (not
 * when the settings leave indexes out);
 * structure_finish_table() makes those that are missing and then what comes after (constraints,
 * marks, statistics).  A partitioned table is finished after its partitions: the document's tables
 * from last to first are such an order.
 */
extern bool structure_finish_index(Structure *s, size_t table, size_t index,
								   SluiceError *err) SLUICE_MUST_CHECK;
extern bool structure_finish_table(Structure *s, size_t table, SluiceError *err) SLUICE_MUST_CHECK;
extern bool structure_finish_keys(Structure *s, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * What structure_prepare() would do: looks at the target, chooses by the settings and adds what is
 * wrong and what is worth knowing.  `hint` has room for a SluiceError's.  chosen_free() in any case.
 */
extern bool structure_choose(Structure *s, Chosen *chosen, Findings *findings, char *hint,
							 size_t hint_size, SluiceError *err) SLUICE_MUST_CHECK;
extern void chosen_free(Chosen *chosen);

/*
 * Writes what the three would do as SQL with comments, and everything found wrong; changes nothing.
 * False when the target cannot be read; *problems says how many things must be mended first.
 */
extern bool structure_plan(Structure *s, FILE *out, size_t *problems,
						   SluiceError *err) SLUICE_MUST_CHECK;

#endif
