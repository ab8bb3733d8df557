/*
 * bundle_relation.h - what a bundle says of a table: enough for a writer that starts at this bundle.
 */
#ifndef SLUICE_CORE_BUNDLE_RELATION_H
#define SLUICE_CORE_BUNDLE_RELATION_H

#include "bytebuf.h"
#include "canon.h"

#define BUNDLE_COLUMNS_MAXIMUM                                                                     \
	1664 /* what a PostgreSQL query can carry; MySQL has 4096 less types */

/* Column flags. */
#define COLUMN_KEY		 0x01 /* part of the replica identity: old keys carry it */
#define COLUMN_PRIMARY	 0x02 /* part of the primary key */
#define COLUMN_GENERATED 0x04 /* computed by the source from other columns */
#define COLUMN_FLAGS	 0x07

/* Replica identity, PostgreSQL's letters. */
#define IDENTITY_DEFAULT 'd'
#define IDENTITY_INDEX	 'i'
#define IDENTITY_FULL	 'f'
#define IDENTITY_NOTHING 'n'

typedef struct BundleColumn
{
	const char *name;
	const char *type_name; /* the source's: "int4" for a built-in, "schema.name" for another */
	uint32_t
		type_oid; /* the source's built-in type (a domain's base type), 0 where it means nothing elsewhere */
	int32_t typmod;	 /* PostgreSQL's, -1 for none */
	uint8_t canon;	 /* CanonType */
	uint8_t element; /* CanonType of an array's elements, else 0 */
	uint8_t flags;
} BundleColumn;

typedef struct BundleRelation
{
	uint32_t id; /* the source's oid; stable as long as the table lives */
	char identity;
	uint16_t column_count;
	const char *schema;
	const char *name;
	const BundleColumn *columns;
	const uint8_t *encoded; /* as read: the whole record body, for a quick "same as last time" */
	size_t encoded_length;
} BundleRelation;

/* Appends the body of a relation record. */
extern bool bundle_relation_write(const BundleRelation *relation, ByteBuf *out,
								  SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Reads a body; texts stay inside it.  The relation and its columns are one allocation, given back
 * by bundle_relation_free().  NULL on error.
 */
extern BundleRelation *bundle_relation_read(const uint8_t *body, size_t length,
											const Allocator *allocator, SluiceError *err);
extern void bundle_relation_free(BundleRelation *relation, const Allocator *allocator);

#endif
