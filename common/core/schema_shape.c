/*
 * schema_shape.c - the fields of docs/schema-document.md, and of docs/ddl.md's message, in their order.
 */
#include "schema_shape.h"

#include "schema_change.h"

/* ---- words ---- */

/* Defines a WordOf from designated initializers. */
#define WORDS(function, ...)                                                                       \
	static const char *function(unsigned value)                                                    \
	{                                                                                              \
		static const char *const words[] = {__VA_ARGS__};                                          \
                                                                                                   \
		return value < sizeof(words) / sizeof(words[0]) ? words[value] : NULL;                     \
	}

WORDS(type_kind, [SCHEMA_TYPE_ENUM] = "enum", [SCHEMA_TYPE_DOMAIN] = "domain",
	  [SCHEMA_TYPE_COMPOSITE] = "composite", [SCHEMA_TYPE_RANGE] = "range")
WORDS(table_kind, [SCHEMA_TABLE_PLAIN] = "table", [SCHEMA_TABLE_PARTITIONED] = "partitioned")
WORDS(persistence, [SCHEMA_PERMANENT] = "permanent", [SCHEMA_UNLOGGED] = "unlogged")
WORDS(replica_identity, [SCHEMA_REPLICA_DEFAULT] = "default", [SCHEMA_REPLICA_FULL] = "full",
	  [SCHEMA_REPLICA_INDEX] = "index", [SCHEMA_REPLICA_NOTHING] = "nothing")
WORDS(default_kind, [SCHEMA_DEFAULT_LITERAL] = "literal", [SCHEMA_DEFAULT_SEQUENCE] = "sequence",
	  [SCHEMA_DEFAULT_EXPRESSION] = "expression")
WORDS(identity, [SCHEMA_IDENTITY_ALWAYS] = "always", [SCHEMA_IDENTITY_BY_DEFAULT] = "by default")
WORDS(generated, [SCHEMA_GENERATED_STORED] = "stored", [SCHEMA_GENERATED_VIRTUAL] = "virtual")
WORDS(order, [SCHEMA_ASCENDING] = "asc", [SCHEMA_DESCENDING] = "desc")
WORDS(nulls, [SCHEMA_NULLS_FIRST] = "first", [SCHEMA_NULLS_LAST] = "last")
WORDS(action, [SCHEMA_NO_ACTION] = "no action", [SCHEMA_RESTRICT] = "restrict",
	  [SCHEMA_CASCADE] = "cascade", [SCHEMA_SET_NULL] = "set null",
	  [SCHEMA_SET_DEFAULT] = "set default")
WORDS(match, [SCHEMA_MATCH_SIMPLE] = "simple", [SCHEMA_MATCH_FULL] = "full")
WORDS(carried_kind, [SCHEMA_CARRIED_FUNCTION] = "function", [SCHEMA_CARRIED_VIEW] = "view",
	  [SCHEMA_CARRIED_TRIGGER] = "trigger")
WORDS(copy_mode, [SCHEMA_CONVERT] = "convert", [SCHEMA_CONVERT_CDC] = "convert+cdc")
WORDS(load_mode, [SCHEMA_LOAD_EXACT] = "exact", [SCHEMA_LOAD_CATCH_UP] = "catch_up",
	  [SCHEMA_LOAD_RESTART] = "restart")

WORDS(renamed_kind, [SCHEMA_RENAMED_TYPE] = "type", [SCHEMA_RENAMED_SEQUENCE] = "sequence")
WORDS(fill_kind, [SCHEMA_FILL_CONSTANT] = "constant", [SCHEMA_FILL_EXPRESSION] = "expression",
	  [SCHEMA_FILL_UNKNOWN] = "unknown")

/* ---- how a row is written ---- */

/* The member's offset, if it has the C type. */
#define MEMBER(of, member, type) _Generic(((of *) 0)->member, type : offsetof(of, member))
/* Enums are read and written as unsigned. */
#define ENUM_MEMBER(of, member)                                                                    \
	(offsetof(of, member) +                                                                        \
	 0 * sizeof(char[sizeof(((of *) 0)->member) == sizeof(unsigned) ? 1 : -1]))

#define ROW(json, its_kind, at) .name = (json), .kind = (its_kind), .offset = (at)
#define TEXT(of, json, member)	ROW(json, FIELD_TEXT, MEMBER(of, member, const char *))
#define TEXT_OR_NULL(of, json, member)                                                             \
	ROW(json, FIELD_TEXT_OR_NULL, MEMBER(of, member, const char *))
#define BOOL(of, json, member)			ROW(json, FIELD_BOOL, MEMBER(of, member, bool))
#define INTEGER(of, json, member)		ROW(json, FIELD_INTEGER, MEMBER(of, member, int64_t))
#define COUNT(of, json, member)			ROW(json, FIELD_COUNT, MEMBER(of, member, int64_t))
#define COUNT_OR_NULL(of, json, member) ROW(json, FIELD_COUNT_OR_NULL, MEMBER(of, member, int64_t))
#define ID(of, json, member)			ROW(json, FIELD_ID, MEMBER(of, member, uint32_t))
#define POSITION(of, json, member)		ROW(json, FIELD_POSITION, MEMBER(of, member, uint64_t))
#define HEX(of, json, member)			ROW(json, FIELD_HEX, MEMBER(of, member, uint64_t))
#define CHOICE(of, json, member, words)                                                            \
	ROW(json, FIELD_CHOICE, ENUM_MEMBER(of, member)), .word = (words)
#define CHOICE_OR_NULL(of, json, member, words)                                                    \
	ROW(json, FIELD_CHOICE_OR_NULL, ENUM_MEMBER(of, member)), .word = (words)
#define TEXTS(of, json, member, count)                                                             \
	ROW(json, FIELD_TEXTS, MEMBER(of, member, const char **)),                                     \
		.count_offset = MEMBER(of, count, size_t)
#define LIST(of, json, member, count, type, its_shape)                                             \
	ROW(json, FIELD_LIST, MEMBER(of, member, type *)), .count_offset = MEMBER(of, count, size_t),  \
													   .shape = &(its_shape)
#define OBJECT(of, json, member, type, its_shape)                                                  \
	ROW(json, FIELD_OBJECT, MEMBER(of, member, type)), .shape = &(its_shape)
#define OBJECT_OR_NULL(of, json, member, type, its_shape)                                          \
	ROW(json, FIELD_OBJECT_OR_NULL, MEMBER(of, member, type *)), .shape = &(its_shape)
#define OPTIONAL(...) __VA_ARGS__, .optional = true
#define VARIANT(of, member, shapes)                                                                \
	ROW(NULL, FIELD_VARIANT, ENUM_MEMBER(of, member)), .variants = (shapes)

#define SHAPE(of, rows)                                                                            \
	.fields = (rows), .field_count = sizeof(rows) / sizeof((rows)[0]), .size = sizeof(of)

/* ---- small things ---- */

static const Field name_fields[] = {
	{TEXT(SchemaName, "schema", schema)},
	{TEXT(SchemaName, "name", name)},
};
static const Shape name_shape = {SHAPE(SchemaName, name_fields)};

static const Field source_fields[] = {
	{TEXT(SchemaSource, "product", product)},
	{COUNT(SchemaSource, "version", version)},
	{TEXT(SchemaSource, "database", database)},
	{TEXT(SchemaSource, "encoding", encoding)},
	{OPTIONAL(TEXT_OR_NULL(SchemaSource, "server", server))},
};
static const Shape source_shape = {SHAPE(SchemaSource, source_fields)};

static const Field namespace_fields[] = {
	{TEXT(SchemaNamespace, "name", name)},
	{TEXT_OR_NULL(SchemaNamespace, "comment", comment)},
};
static const Shape namespace_shape = {SHAPE(SchemaNamespace, namespace_fields)};

/* ---- types ---- */

static const Field enum_fields[] = {
	{TEXTS(SchemaType, "labels", labels, label_count)},
};
static const Shape enum_shape = {SHAPE(SchemaType, enum_fields)};

static const Field domain_check_fields[] = {
	{TEXT(SchemaDomainCheck, "name", name)},
	{TEXT(SchemaDomainCheck, "definition", definition)},
};
static const Shape domain_check_shape = {SHAPE(SchemaDomainCheck, domain_check_fields)};

static const Field domain_fields[] = {
	{TEXT(SchemaType, "base", base)},
	{TEXT_OR_NULL(SchemaType, "collation", collation)},
	{BOOL(SchemaType, "not_null", not_null)},
	{TEXT_OR_NULL(SchemaType, "default", default_value)},
	{LIST(SchemaType, "checks", checks, check_count, SchemaDomainCheck, domain_check_shape)},
};
static const Shape domain_shape = {SHAPE(SchemaType, domain_fields)};

static const Field attribute_fields[] = {
	{TEXT(SchemaAttribute, "name", name)},
	{TEXT(SchemaAttribute, "type", type)},
	{TEXT_OR_NULL(SchemaAttribute, "collation", collation)},
};
static const Shape attribute_shape = {SHAPE(SchemaAttribute, attribute_fields)};

static const Field composite_fields[] = {
	{LIST(SchemaType, "attributes", attributes, attribute_count, SchemaAttribute, attribute_shape)},
};
static const Shape composite_shape = {SHAPE(SchemaType, composite_fields)};

static const Field range_fields[] = {
	{TEXT(SchemaType, "subtype", subtype)},
	{TEXT_OR_NULL(SchemaType, "multirange", multirange)},
	{TEXT(SchemaType, "definition", definition)},
};
static const Shape range_shape = {SHAPE(SchemaType, range_fields)};

static const Shape *const type_variants[] = {
	[SCHEMA_TYPE_ENUM] = &enum_shape,
	[SCHEMA_TYPE_DOMAIN] = &domain_shape,
	[SCHEMA_TYPE_COMPOSITE] = &composite_shape,
	[SCHEMA_TYPE_RANGE] = &range_shape,
};

static const Field type_fields[] = {
	{TEXT(SchemaType, "schema", schema)},		   {TEXT(SchemaType, "name", name)},
	{CHOICE(SchemaType, "kind", kind, type_kind)}, {TEXT_OR_NULL(SchemaType, "comment", comment)},
	{VARIANT(SchemaType, kind, type_variants)},
};
static const Shape type_shape = {SHAPE(SchemaType, type_fields)};

/* ---- sequences ---- */

static const Field sequence_owner_fields[] = {
	{TEXT(SchemaSequenceOwner, "schema", schema)},
	{TEXT(SchemaSequenceOwner, "table", table)},
	{TEXT(SchemaSequenceOwner, "column", column)},
};
static const Shape sequence_owner_shape = {SHAPE(SchemaSequenceOwner, sequence_owner_fields)};

static const Field sequence_fields[] = {
	{TEXT(SchemaSequence, "schema", schema)},
	{TEXT(SchemaSequence, "name", name)},
	{TEXT(SchemaSequence, "type", type)},
	{TEXT(SchemaSequence, "start", start)},
	{TEXT(SchemaSequence, "increment", increment)},
	{TEXT(SchemaSequence, "minimum", minimum)},
	{TEXT(SchemaSequence, "maximum", maximum)},
	{TEXT(SchemaSequence, "cache", cache)},
	{BOOL(SchemaSequence, "cycle", cycle)},
	{TEXT_OR_NULL(SchemaSequence, "comment", comment)},
	{TEXT_OR_NULL(SchemaSequence, "last_value", last_value)},
	{OBJECT_OR_NULL(SchemaSequence, "owner", owner, SchemaSequenceOwner, sequence_owner_shape)},
	{BOOL(SchemaSequence, "identity", identity)},
};
static const Shape sequence_shape = {SHAPE(SchemaSequence, sequence_fields)};

/* ---- tables ---- */

static const Field scan_fields[] = {
	{OPTIONAL(BOOL(SchemaScan, "only_boolean", only_boolean))},
	{OPTIONAL(BOOL(SchemaScan, "within_day", within_day))},
	{OPTIONAL(BOOL(SchemaScan, "zero_dates", zero_dates))},
	{OPTIONAL(COUNT_OR_NULL(SchemaScan, "longest", longest))},
	{OPTIONAL(BOOL(SchemaScan, "nan", nan))},
	{OPTIONAL(BOOL(SchemaScan, "infinity", infinity))},
	{OPTIONAL(BOOL(SchemaScan, "beyond", beyond))},
	{OPTIONAL(COUNT_OR_NULL(SchemaScan, "integer_digits", integer_digits))},
	{OPTIONAL(COUNT_OR_NULL(SchemaScan, "fraction_digits", fraction_digits))},
};
static const Shape scan_shape = {SHAPE(SchemaScan, scan_fields)};

static const Field column_fields[] = {
	{TEXT(SchemaColumn, "name", name)},
	{COUNT(SchemaColumn, "position", position)},
	{TEXT(SchemaColumn, "type", type)},
	{TEXT(SchemaColumn, "type_schema", type_schema)},
	{TEXT(SchemaColumn, "type_name", type_name)},
	{INTEGER(SchemaColumn, "typmod", typmod)},
	{CHOICE(SchemaColumn, "canon", canon, canon_name)},
	{CHOICE_OR_NULL(SchemaColumn, "element", element, canon_name)},
	{BOOL(SchemaColumn, "not_null", not_null)},
	{TEXT_OR_NULL(SchemaColumn, "collation", collation)},
	{TEXT_OR_NULL(SchemaColumn, "default", default_value)},
	{CHOICE_OR_NULL(SchemaColumn, "default_kind", default_kind, default_kind)},
	{TEXT_OR_NULL(SchemaColumn, "default_value", default_literal)},
	{CHOICE_OR_NULL(SchemaColumn, "identity", identity, identity)},
	{CHOICE_OR_NULL(SchemaColumn, "generated", generated, generated)},
	{TEXT_OR_NULL(SchemaColumn, "expression", expression)},
	{BOOL(SchemaColumn, "inherited", inherited)},
	{TEXT_OR_NULL(SchemaColumn, "comment", comment)},
	{OPTIONAL(TEXT_OR_NULL(SchemaColumn, "charset", charset))},
	{OPTIONAL(TEXT_OR_NULL(SchemaColumn, "on_update", on_update))},
	{OPTIONAL(BOOL(SchemaColumn, "auto_increment", auto_increment))},
	{OPTIONAL(BOOL(SchemaColumn, "invisible", invisible))},
	{OPTIONAL(COUNT_OR_NULL(SchemaColumn, "srid", srid))},
	{OPTIONAL(OBJECT_OR_NULL(SchemaColumn, "scan", scan, SchemaScan, scan_shape))},
};
static const Shape column_shape = {SHAPE(SchemaColumn, column_fields)};

static const Field index_column_fields[] = {
	{TEXT_OR_NULL(SchemaIndexColumn, "name", name)},
	{TEXT_OR_NULL(SchemaIndexColumn, "expression", expression)},
	{CHOICE_OR_NULL(SchemaIndexColumn, "order", order, order)},
	{CHOICE_OR_NULL(SchemaIndexColumn, "nulls", nulls, nulls)},
	{TEXT_OR_NULL(SchemaIndexColumn, "collation", collation)},
	{TEXT_OR_NULL(SchemaIndexColumn, "opclass", opclass)},
	{OPTIONAL(COUNT(SchemaIndexColumn, "length", length))},
};
static const Shape index_column_shape = {SHAPE(SchemaIndexColumn, index_column_fields)};

static const Field constraint_fields[] = {
	{TEXT(SchemaConstraint, "name", name)},
	{TEXT(SchemaConstraint, "definition", definition)},
	{BOOL(SchemaConstraint, "deferrable", deferrable)},
	{BOOL(SchemaConstraint, "deferred", deferred)},
	{TEXT_OR_NULL(SchemaConstraint, "comment", comment)},
};
static const Shape constraint_shape = {SHAPE(SchemaConstraint, constraint_fields)};

static const Field index_fields[] = {
	{TEXT(SchemaIndex, "name", name)},
	{TEXT(SchemaIndex, "definition", definition)},
	{BOOL(SchemaIndex, "primary", primary)},
	{BOOL(SchemaIndex, "unique", unique)},
	{BOOL(SchemaIndex, "nulls_not_distinct", nulls_not_distinct)},
	{TEXT(SchemaIndex, "method", method)},
	{TEXT_OR_NULL(SchemaIndex, "predicate", predicate)},
	{TEXTS(SchemaIndex, "include", include, include_count)},
	{LIST(SchemaIndex, "columns", columns, column_count, SchemaIndexColumn, index_column_shape)},
	{OBJECT_OR_NULL(SchemaIndex, "constraint", constraint, SchemaConstraint, constraint_shape)},
	{BOOL(SchemaIndex, "replica_identity", replica_identity)},
	{BOOL(SchemaIndex, "clustered", clustered)},
	{OBJECT_OR_NULL(SchemaIndex, "parent", parent, SchemaName, name_shape)},
	{TEXT_OR_NULL(SchemaIndex, "comment", comment)},
	{OPTIONAL(BOOL(SchemaIndex, "invisible", invisible))},
};
static const Shape index_shape = {SHAPE(SchemaIndex, index_fields)};

static const Field check_fields[] = {
	{TEXT(SchemaCheck, "name", name)},
	{TEXT(SchemaCheck, "definition", definition)},
	{TEXT(SchemaCheck, "expression", expression)},
	{BOOL(SchemaCheck, "validated", validated)},
	{BOOL(SchemaCheck, "no_inherit", no_inherit)},
	{BOOL(SchemaCheck, "inherited", inherited)},
	{TEXT_OR_NULL(SchemaCheck, "comment", comment)},
};
static const Shape check_shape = {SHAPE(SchemaCheck, check_fields)};

static const Field foreign_key_fields[] = {
	{TEXT(SchemaForeignKey, "name", name)},
	{TEXTS(SchemaForeignKey, "columns", columns, column_count)},
	{TEXT(SchemaForeignKey, "schema", schema)},
	{TEXT(SchemaForeignKey, "table", table)},
	{TEXTS(SchemaForeignKey, "referenced", referenced, referenced_count)},
	{CHOICE(SchemaForeignKey, "on_update", on_update, action)},
	{CHOICE(SchemaForeignKey, "on_delete", on_delete, action)},
	{CHOICE(SchemaForeignKey, "match", match, match)},
	{BOOL(SchemaForeignKey, "deferrable", deferrable)},
	{BOOL(SchemaForeignKey, "deferred", deferred)},
	{BOOL(SchemaForeignKey, "validated", validated)},
	{BOOL(SchemaForeignKey, "inherited", inherited)},
	{TEXT(SchemaForeignKey, "definition", definition)},
	{TEXT_OR_NULL(SchemaForeignKey, "comment", comment)},
};
static const Shape foreign_key_shape = {SHAPE(SchemaForeignKey, foreign_key_fields)};

static const Field partitioning_fields[] = {
	{TEXT(SchemaPartitioning, "strategy", strategy)},
	{TEXT(SchemaPartitioning, "key", key)},
};
static const Shape partitioning_shape = {SHAPE(SchemaPartitioning, partitioning_fields)};

static const Field partition_of_fields[] = {
	{TEXT(SchemaPartitionOf, "schema", schema)},
	{TEXT(SchemaPartitionOf, "name", name)},
	{TEXT(SchemaPartitionOf, "bound", bound)},
	{TEXT_OR_NULL(SchemaPartitionOf, "condition", condition)},
};
static const Shape partition_of_shape = {SHAPE(SchemaPartitionOf, partition_of_fields)};

static const Field table_fields[] = {
	{ID(SchemaTable, "id", id)},
	{TEXT(SchemaTable, "schema", schema)},
	{TEXT(SchemaTable, "name", name)},
	{CHOICE(SchemaTable, "kind", kind, table_kind)},
	{CHOICE(SchemaTable, "persistence", persistence, persistence)},
	{TEXT_OR_NULL(SchemaTable, "comment", comment)},
	{TEXTS(SchemaTable, "options", options, option_count)},
	{CHOICE(SchemaTable, "replica_identity", replica_identity, replica_identity)},
	{COUNT_OR_NULL(SchemaTable, "rows", rows)},
	{COUNT(SchemaTable, "bytes", bytes)},
	{LIST(SchemaTable, "inherits", inherits, inherits_count, SchemaName, name_shape)},
	{OBJECT_OR_NULL(SchemaTable, "partition", partition, SchemaPartitioning, partitioning_shape)},
	{OBJECT_OR_NULL(SchemaTable, "partition_of", partition_of, SchemaPartitionOf,
					partition_of_shape)},
	{LIST(SchemaTable, "columns", columns, column_count, SchemaColumn, column_shape)},
	{LIST(SchemaTable, "indexes", indexes, index_count, SchemaIndex, index_shape)},
	{LIST(SchemaTable, "checks", checks, check_count, SchemaCheck, check_shape)},
	{LIST(SchemaTable, "foreign_keys", foreign_keys, foreign_key_count, SchemaForeignKey,
		  foreign_key_shape)},
	{OPTIONAL(TEXT_OR_NULL(SchemaTable, "engine", engine))},
	{OPTIONAL(TEXT_OR_NULL(SchemaTable, "collation", collation))},
	{OPTIONAL(TEXT_OR_NULL(SchemaTable, "auto_increment", auto_increment))},
	{OPTIONAL(BOOL(SchemaTable, "versioned", versioned))},
	{OPTIONAL(TEXT_OR_NULL(SchemaTable, "partitioning", partitioning))},
};
static const Shape table_shape = {SHAPE(SchemaTable, table_fields)};

/* ---- the rest ---- */

static const Field carried_fields[] = {
	{CHOICE(SchemaCarried, "kind", kind, carried_kind)},
	{TEXT(SchemaCarried, "schema", schema)},
	{TEXT(SchemaCarried, "name", name)},
	{TEXT_OR_NULL(SchemaCarried, "table", table)},
	{TEXT(SchemaCarried, "definition", definition)},
	{BOOL(SchemaCarried, "before_tables", before_tables)},
};
static const Shape carried_shape = {SHAPE(SchemaCarried, carried_fields)};

static const Field not_carried_fields[] = {
	{TEXT(SchemaNotCarried, "kind", kind)},
	{TEXT_OR_NULL(SchemaNotCarried, "schema", schema)},
	{TEXT(SchemaNotCarried, "name", name)},
	{TEXT(SchemaNotCarried, "reason", reason)},
	{TEXT_OR_NULL(SchemaNotCarried, "definition", definition)},
};
static const Shape not_carried_shape = {SHAPE(SchemaNotCarried, not_carried_fields)};

static const Field kept_fields[] = {
	{COUNT(SchemaKept, "generation", generation)},
	{TEXT(SchemaKept, "chunks", chunks)},
};
static const Shape kept_shape = {SHAPE(SchemaKept, kept_fields)};

static const Field load_table_fields[] = {
	{ID(SchemaLoadTable, "id", id)},
	{TEXT(SchemaLoadTable, "schema", schema)},
	{TEXT(SchemaLoadTable, "name", name)},
	{COUNT(SchemaLoadTable, "first_chunk", first_chunk)},
	{COUNT(SchemaLoadTable, "chunks", chunks)},
	{COUNT_OR_NULL(SchemaLoadTable, "rows", rows)},
	{COUNT(SchemaLoadTable, "bytes", bytes)},
	{POSITION(SchemaLoadTable, "position", position)},
	{CHOICE(SchemaLoadTable, "mode", mode, load_mode)},
	{COUNT(SchemaLoadTable, "restarted", restarted)},
	{LIST(SchemaLoadTable, "kept", kept, kept_count, SchemaKept, kept_shape)},
	{OPTIONAL(TEXTS(SchemaLoadTable, "bounds", bounds, bound_count))},
};
static const Shape load_table_shape = {SHAPE(SchemaLoadTable, load_table_fields)};

static const Field load_fields[] = {
	{CHOICE(SchemaLoad, "mode", mode, copy_mode)},
	{HEX(SchemaLoad, "incarnation", incarnation)},
	{COUNT(SchemaLoad, "generation", generation)},
	{COUNT(SchemaLoad, "since", since)},
	{POSITION(SchemaLoad, "position", position)},
	{COUNT(SchemaLoad, "chunks", chunks)},
	{LIST(SchemaLoad, "tables", tables, table_count, SchemaLoadTable, load_table_shape)},
};
static const Shape load_shape = {SHAPE(SchemaLoad, load_fields)};

static const Field document_fields[] = {
	{TEXT(SchemaDocument, "stream", stream)},
	{COUNT(SchemaDocument, "revision", revision)},
	{OBJECT(SchemaDocument, "source", source, SchemaSource, source_shape)},
	{LIST(SchemaDocument, "schemas", schemas, schema_count, SchemaNamespace, namespace_shape)},
	{LIST(SchemaDocument, "types", types, type_count, SchemaType, type_shape)},
	{LIST(SchemaDocument, "sequences", sequences, sequence_count, SchemaSequence, sequence_shape)},
	{LIST(SchemaDocument, "tables", tables, table_count, SchemaTable, table_shape)},
	{LIST(SchemaDocument, "carried", carried, carried_count, SchemaCarried, carried_shape)},
	{LIST(SchemaDocument, "not_carried", not_carried, not_carried_count, SchemaNotCarried,
		  not_carried_shape)},
	{OBJECT_OR_NULL(SchemaDocument, "load", load, SchemaLoad, load_shape)},
};
const Shape schema_document_shape = {SHAPE(SchemaDocument, document_fields)};

/* ---- changes ---- */

static const Field renamed_fields[] = {
	{CHOICE(SchemaRenamed, "kind", kind, renamed_kind)},
	{OBJECT(SchemaRenamed, "from", from, SchemaName, name_shape)},
	{OBJECT(SchemaRenamed, "to", to, SchemaName, name_shape)},
};
static const Shape renamed_shape = {SHAPE(SchemaRenamed, renamed_fields)};

static const Field fill_fields[] = {
	{ID(SchemaFill, "table", table)},
	{COUNT(SchemaFill, "position", position)},
	{CHOICE(SchemaFill, "kind", kind, fill_kind)},
	{TEXT_OR_NULL(SchemaFill, "text", text)},
};
static const Shape fill_shape = {SHAPE(SchemaFill, fill_fields)};

static const Field settings_fields[] = {
	{TEXT(SchemaSessionSettings, "TimeZone", time_zone)},
	{TEXT(SchemaSessionSettings, "DateStyle", date_style)},
	{TEXT(SchemaSessionSettings, "IntervalStyle", interval_style)},
};
static const Shape settings_shape = {SHAPE(SchemaSessionSettings, settings_fields)};

static const Field change_fields[] = {
	{TEXT(SchemaChange, "stream", stream)},
	{TEXT(SchemaChange, "command", command)},
	{OBJECT(SchemaChange, "before", before, SchemaDocument, schema_document_shape)},
	{OBJECT(SchemaChange, "after", after, SchemaDocument, schema_document_shape)},
	{LIST(SchemaChange, "renamed", renamed, renamed_count, SchemaRenamed, renamed_shape)},
	{LIST(SchemaChange, "fills", fills, fill_count, SchemaFill, fill_shape)},
	{OBJECT(SchemaChange, "settings", settings, SchemaSessionSettings, settings_shape)},
};
const Shape schema_change_shape = {SHAPE(SchemaChange, change_fields)};
