/*
 * schema_document.h - what a stream's tables look like at the source, as docs/schema-document.md has it.
 *
 * A document is one owner with plain structs in it.  All texts and lists belong to the document and
 * stay until schema_document_free(); a text that is null in the JSON is NULL, a list that is empty is
 * NULL with a count of 0.  Names are plain (not quoted); types, definitions and expressions are the
 * source's SQL text with every name schema-qualified.
 *
 * A document that was read is complete: what docs/schema-document.md does not call null is not NULL,
 * and kinds are values of their enums.  It is not checked against itself: a foreign key may name a
 * table that is not there.
 */
#ifndef SLUICE_CORE_SCHEMA_DOCUMENT_H
#define SLUICE_CORE_SCHEMA_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "bytebuf.h"
#include "canon.h"

#define SCHEMA_DOCUMENT_VERSION 1

/* In every enum 0 is null, where the JSON may say null. */

typedef enum SchemaTypeKind
{
	SCHEMA_TYPE_ENUM = 1,
	SCHEMA_TYPE_DOMAIN,
	SCHEMA_TYPE_COMPOSITE,
	SCHEMA_TYPE_RANGE
} SchemaTypeKind;

typedef enum SchemaTableKind
{
	SCHEMA_TABLE_PLAIN = 1,
	SCHEMA_TABLE_PARTITIONED
} SchemaTableKind;

typedef enum SchemaPersistence
{
	SCHEMA_PERMANENT = 1,
	SCHEMA_UNLOGGED
} SchemaPersistence;

typedef enum SchemaReplicaIdentity
{
	SCHEMA_REPLICA_DEFAULT = 1,
	SCHEMA_REPLICA_FULL,
	SCHEMA_REPLICA_INDEX,
	SCHEMA_REPLICA_NOTHING
} SchemaReplicaIdentity;

typedef enum SchemaDefaultKind
{
	SCHEMA_DEFAULT_NONE = 0,
	SCHEMA_DEFAULT_LITERAL,	   /* default_value has its text */
	SCHEMA_DEFAULT_SEQUENCE,   /* nextval of a sequence */
	SCHEMA_DEFAULT_EXPRESSION, /* anything else */
} SchemaDefaultKind;

/* GENERATED ... AS IDENTITY */
typedef enum SchemaIdentity
{
	SCHEMA_NO_IDENTITY = 0,
	SCHEMA_IDENTITY_ALWAYS,
	SCHEMA_IDENTITY_BY_DEFAULT
} SchemaIdentity;

/* GENERATED ALWAYS AS (expression) */
typedef enum SchemaGenerated
{
	SCHEMA_NOT_GENERATED = 0,
	SCHEMA_GENERATED_STORED,
	SCHEMA_GENERATED_VIRTUAL
} SchemaGenerated;

typedef enum SchemaOrder
{
	SCHEMA_ORDER_NONE = 0, /* the index's method has no order */
	SCHEMA_ASCENDING,
	SCHEMA_DESCENDING
} SchemaOrder;

typedef enum SchemaNulls
{
	SCHEMA_NULLS_NONE = 0,
	SCHEMA_NULLS_FIRST,
	SCHEMA_NULLS_LAST
} SchemaNulls;

/* What a foreign key does when the row it points to changes. */
typedef enum SchemaAction
{
	SCHEMA_NO_ACTION = 1,
	SCHEMA_RESTRICT,
	SCHEMA_CASCADE,
	SCHEMA_SET_NULL,
	SCHEMA_SET_DEFAULT
} SchemaAction;

typedef enum SchemaMatch
{
	SCHEMA_MATCH_SIMPLE = 1,
	SCHEMA_MATCH_FULL
} SchemaMatch;

typedef enum SchemaCarriedKind
{
	SCHEMA_CARRIED_FUNCTION = 1,
	SCHEMA_CARRIED_VIEW,
	SCHEMA_CARRIED_TRIGGER
} SchemaCarriedKind;

typedef enum SchemaCopyMode
{
	SCHEMA_CONVERT = 1, /* the copy alone */
	SCHEMA_CONVERT_CDC	/* the copy, then every change since its snapshot */
} SchemaCopyMode;

typedef enum SchemaLoadMode
{
	SCHEMA_LOAD_EXACT = 1, /* its rows are exactly those at its position */
	SCHEMA_LOAD_CATCH_UP,  /* until its position changes are applied leniently */
	SCHEMA_LOAD_RESTART	   /* the same, and what came of it before it was restarted goes */
} SchemaLoadMode;

typedef struct SchemaSource
{
	const char *product; /* "postgresql", "mysql", "mariadb" */
	int64_t version;	 /* server_version_num, 80036, 101106 */
	const char *database;
	const char *encoding; /* of the database; the document itself is UTF-8 */
	const char *server;	  /* which MySQL or MariaDB server it is (my_identity.h), or NULL */
} SchemaSource;

typedef struct SchemaNamespace
{
	const char *name;
	const char *comment; /* or NULL */
} SchemaNamespace;

/* A reference to a relation, an index or a type. */
typedef struct SchemaName
{
	const char *schema;
	const char *name;
} SchemaName;

typedef struct SchemaAttribute
{
	const char *name;
	const char *type;
	const char *collation; /* quoted and qualified, NULL for the type's own */
} SchemaAttribute;

typedef struct SchemaDomainCheck
{
	const char *name;
	const char *definition; /* "CHECK (...)" */
} SchemaDomainCheck;

/* A type to be made before the tables; which of the fields after `comment` count depends on `kind`. */
typedef struct SchemaType
{
	const char *schema;
	const char *name;
	SchemaTypeKind kind;
	const char *comment; /* or NULL */

	const char **labels; /* enum */
	size_t label_count;

	const char *base;		   /* domain: its type, with typmod */
	const char *collation;	   /* domain: quoted and qualified, or NULL */
	bool not_null;			   /* domain */
	const char *default_value; /* domain: expression, or NULL */
	SchemaDomainCheck *checks; /* domain */
	size_t check_count;

	SchemaAttribute *attributes; /* composite */
	size_t attribute_count;

	const char *subtype;	/* range */
	const char *multirange; /* range: the multirange type's name, NULL before PostgreSQL 14 */
	const char *definition; /* range: what stands in CREATE TYPE ... AS RANGE (...), or NULL */
} SchemaType;

/* The column that a sequence goes away with. */
typedef struct SchemaSequenceOwner
{
	const char *schema;
	const char *table;
	const char *column;
} SchemaSequenceOwner;

/* Numbers are texts in SQL's form. */
typedef struct SchemaSequence
{
	const char *schema;
	const char *name;
	const char *type;
	const char *start;
	const char *increment;
	const char *minimum;
	const char *maximum;
	const char *cache;
	bool cycle;
	const char *comment;		/* or NULL */
	const char *last_value;		/* NULL when nextval was never called */
	SchemaSequenceOwner *owner; /* or NULL */
	bool identity;				/* made by its owner's GENERATED ... AS IDENTITY, not on its own */
} SchemaSequence;

/* What a look at all values of a column found, when a copy was planned. */
typedef struct SchemaScan
{
	bool only_boolean; /* nothing but 0 and 1 */
	bool within_day;   /* times from 00:00:00 to 24:00:00 */
	bool zero_dates;   /* dates that are zero, or of which a part is */
	int64_t longest;   /* characters of the longest text, bytes of bytes; -1 where not looked for */

	/* Of PostgreSQL. */
	bool nan, infinity;
	bool beyond;							 /* dates before the year 1 or after 9999 */
	int64_t integer_digits, fraction_digits; /* the most of a numeric; -1 where there is none */
} SchemaScan;

typedef struct SchemaColumn
{
	const char *name;
	int64_t position; /* 1, 2, ...; numbers of dropped and unpublished columns are missing */
	const char *type; /* with typmod, as SQL writes it: "numeric(10,2)" */
	const char *type_schema;
	const char *type_name; /* the catalog's: "int8", "_text" */
	int64_t typmod;		   /* -1 for none */
	CanonType canon;
	CanonType element; /* of an array's elements, else 0 */
	bool not_null;
	const char *collation; /* quoted and qualified, NULL for the type's own; of MySQL its name */
	const char *default_value; /* "default": expression, or NULL */
	SchemaDefaultKind default_kind;
	const char
		*default_literal; /* "default_value": a literal's text as its type writes it, or NULL */
	SchemaIdentity identity;
	SchemaGenerated generated;
	const char *expression; /* what a generated column is computed by, else NULL */
	bool inherited;			/* comes with the parent (inheritance or partition) alone */
	const char *comment;	/* or NULL */

	/* Of MySQL and MariaDB. */
	const char *charset;   /* of text, ENUM and SET, else NULL */
	const char *on_update; /* "CURRENT_TIMESTAMP(3)", or NULL */
	bool auto_increment;
	bool invisible;
	int64_t srid;	  /* the only one of a geometry's values; -1 for any */
	SchemaScan *scan; /* or NULL */
} SchemaColumn;

typedef struct SchemaIndexColumn
{
	const char *name;		/* or NULL, and then */
	const char *expression; /* what is indexed instead */
	SchemaOrder order;
	SchemaNulls nulls;
	const char *collation; /* quoted and qualified, NULL for the column's own */
	const char *opclass;   /* quoted and qualified, NULL for the default one */
	int64_t length;		   /* of MySQL: characters or bytes that are indexed, 0 for all */
} SchemaIndexColumn;

/* The primary key or unique constraint that an index is of. */
typedef struct SchemaConstraint
{
	const char *name;
	const char *definition; /* "PRIMARY KEY (id)" */
	bool deferrable;
	bool deferred;		 /* initially */
	const char *comment; /* or NULL */
} SchemaConstraint;

typedef struct SchemaIndex
{
	const char *name;
	const char *definition; /* "CREATE UNIQUE INDEX name ON schema.table USING btree (...)" */
	bool primary;
	bool unique;
	bool nulls_not_distinct;
	const char *method;
	const char *predicate; /* of a partial index, else NULL */
	const char **include;
	size_t include_count;
	SchemaIndexColumn *columns; /* key columns, without included ones */
	size_t column_count;
	SchemaConstraint *constraint; /* or NULL */
	bool replica_identity;
	bool clustered;
	SchemaName *parent;	 /* the partitioned index it is a part of, or NULL */
	const char *comment; /* or NULL */
	bool invisible;		 /* of MySQL; of MariaDB: ignored */
} SchemaIndex;

typedef struct SchemaCheck
{
	const char *name;
	const char *definition; /* "CHECK ((x > 0))" */
	const char *expression; /* "(x > 0)" */
	bool validated;
	bool no_inherit;
	bool inherited;		 /* comes with the parent */
	const char *comment; /* or NULL */
} SchemaCheck;

typedef struct SchemaForeignKey
{
	const char *name;
	const char **columns;
	size_t column_count;
	const char *schema; /* the referenced table */
	const char *table;
	const char **referenced; /* its columns, as many */
	size_t referenced_count;
	SchemaAction on_update;
	SchemaAction on_delete;
	SchemaMatch match;
	bool deferrable;
	bool deferred; /* initially */
	bool validated;
	bool inherited;			/* comes with the partitioned parent */
	const char *definition; /* "FOREIGN KEY (...) REFERENCES ..." */
	const char *comment;	/* or NULL */
} SchemaForeignKey;

/* How a partitioned table is divided. */
typedef struct SchemaPartitioning
{
	const char *strategy; /* "range", "list", "hash" */
	const char *key;	  /* "RANGE (created_at)": what stands behind PARTITION BY */
} SchemaPartitioning;

/* Whose part a partition is. */
typedef struct SchemaPartitionOf
{
	const char *schema;
	const char *name;
	const char *bound;	   /* "FOR VALUES FROM (...) TO (...)", "DEFAULT" */
	const char *condition; /* which of the root's rows it has, or NULL */
} SchemaPartitionOf;

typedef struct SchemaTable
{
	uint32_t id; /* as in a bundle's relation */
	const char *schema;
	const char *name;
	SchemaTableKind kind;
	SchemaPersistence persistence;
	const char *comment;  /* or NULL */
	const char **options; /* "fillfactor=70" */
	size_t option_count;
	SchemaReplicaIdentity replica_identity;
	int64_t rows;		  /* estimate; -1 (null) where the source has none */
	int64_t bytes;		  /* estimate, with large values stored apart */
	SchemaName *inherits; /* in the order of INHERITS (...) */
	size_t inherits_count;
	SchemaPartitioning *partition;	 /* of a partitioned table, else NULL */
	SchemaPartitionOf *partition_of; /* of a partition, else NULL; a partition may be partitioned */
	SchemaColumn *columns;
	size_t column_count;
	SchemaIndex *indexes;
	size_t index_count;
	SchemaCheck *checks;
	size_t check_count;
	SchemaForeignKey *foreign_keys;
	size_t foreign_key_count;

	/* Of MySQL and MariaDB. */
	const char *engine;			/* or NULL */
	const char *collation;		/* of columns that say nothing, or NULL */
	const char *auto_increment; /* the next value, or NULL */
	bool versioned;				/* WITH SYSTEM VERSIONING: rows of before are kept */
	const char *partitioning;	/* what stands behind PARTITION BY, or NULL */
} SchemaTable;

/* What is made at the target besides tables, because it was asked for. */
typedef struct SchemaCarried
{
	SchemaCarriedKind kind;
	const char *schema;
	const char *name;		/* of a function with its argument types: "f(integer)" */
	const char *table;		/* of a trigger: its table, in the same schema; else NULL */
	const char *definition; /* one or more whole statements */
	bool before_tables; /* a function that tables or types use: they cannot be made without it */
} SchemaCarried;

/* What stays behind. */
typedef struct SchemaNotCarried
{
	const char *kind;	/* "view", "policy", "exclusion constraint", ...: for people */
	const char *schema; /* NULL for what is in none, such as an extension */
	const char *name;
	const char *reason;
	const char *definition; /* a statement, or NULL */
} SchemaNotCarried;

/* Chunks of an earlier generation that are whole and are not read again. */
typedef struct SchemaKept
{
	int64_t generation;
	const char *chunks; /* "0-3,5" */
} SchemaKept;

/* A table that is read for the copy: a leaf of a partitioned one. */
typedef struct SchemaLoadTable
{
	uint32_t id;		/* of the table as it is published */
	const char *schema; /* the table read */
	const char *name;
	int64_t first_chunk;
	int64_t chunks;
	int64_t rows; /* estimates as in SchemaTable */
	int64_t bytes;
	uint64_t position; /* in the source's log: its rows are as of here */
	SchemaLoadMode mode;
	int64_t restarted; /* generation from which on its rows count; 0: all do */
	SchemaKept *kept;
	size_t kept_count;
	const char **bounds; /* where its chunks end, in the source's own words; none from PostgreSQL */
	size_t bound_count;
} SchemaLoadTable;

/* A copy: one snapshot of the source and the chunks it was cut into. */
typedef struct SchemaLoad
{
	SchemaCopyMode mode;
	uint64_t incarnation; /* of the slot, as in the load bundles' identities */
	int64_t generation;	  /* 1, 2, ... */
	int64_t since; /* the first generation after a finished copy; from 2 on tables join a stream */
	uint64_t position;
	int64_t chunks; /* of all tables: numbers 0 to chunks - 1 */
	SchemaLoadTable *tables;
	size_t table_count;
} SchemaLoad;

typedef struct SchemaDocument
{
	const char *stream;
	int64_t revision;
	SchemaSource source;
	SchemaNamespace *schemas;
	size_t schema_count;
	SchemaType *types; /* in an order they can be created in */
	size_t type_count;
	SchemaSequence *sequences;
	size_t sequence_count;
	SchemaTable *tables; /* parents before partitions and children */
	size_t table_count;
	SchemaCarried *carried; /* in an order they can be created in */
	size_t carried_count;
	SchemaNotCarried *not_carried;
	size_t not_carried_count;
	SchemaLoad *load; /* NULL when the document is not about a copy */

	struct SchemaArena *arena; /* where all of it lives; schema_document.c's own */
} SchemaDocument;

/*
 * Reads a document; the JSON need not stay.  Fields that are not known are passed over.  NULL on
 * error: SLUICE_ERROR_CORRUPT names the place ("tables[3].columns[0].canon"), SLUICE_ERROR_VERSION
 * says that a newer Sluice wrote it.
 */
extern SchemaDocument *schema_document_read(const char *json, size_t length,
											const Allocator *allocator, SluiceError *err);
extern void schema_document_free(SchemaDocument *document);

/* Appends the document as JSON, in the order of docs/schema-document.md. */
extern bool schema_document_write(const SchemaDocument *document, ByteBuf *out,
								  SluiceError *err) SLUICE_MUST_CHECK;

/* What goes by that number or name; NULL when there is none. */
extern const SchemaTable *schema_document_table(const SchemaDocument *document, uint32_t id);
extern const SchemaTable *schema_document_table_named(const SchemaDocument *document,
													  const char *schema, const char *name);
extern const SchemaColumn *schema_table_column(const SchemaTable *table, const char *name);

#endif
