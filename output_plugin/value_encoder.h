/*
 * value_encoder.h - from a Datum to a field of a bundle row, chosen once per column.
 *
 * Built-in types travel in PostgreSQL's binary send format (common/core/canon.h), fixed ones and
 * plain text straight from the tuple; domains as their base type; enums as their label; everything
 * else as its text output.  All text is UTF-8.
 */
#ifndef SLUICE_VALUE_ENCODER_H
#define SLUICE_VALUE_ENCODER_H

#include "postgres.h"
#include "fmgr.h"

#include "common/core/bundle.h"

typedef struct ValueEncoder ValueEncoder;

typedef bool (*EncodeValue)(const ValueEncoder *encoder, BundleWriter *writer, Datum value,
							SluiceError *err);

struct ValueEncoder
{
	EncodeValue encode;
	CanonType canon;
	CanonType element;	   /* of an array's elements, else 0 */
	Oid type;			   /* the built-in type whose send format this is, else InvalidOid */
	uint32_t length;	   /* of fixed-length values */
	FmgrInfo *function;	   /* send or output function, where one is used */
	const char *type_name; /* as BundleColumn.type_name; palloc'd in the context given */
};

/* A palloc'ed copy of a name or text of this database, in UTF-8. */
extern char *value_utf8(const char *text);

/*
 * Chooses the encoder for a column's type; function state and name live in `context`.  Reads
 * catalogs: inside a decoding callback or a transaction only.
 */
extern void value_encoder_init(ValueEncoder *encoder, Oid type, MemoryContext context);

#endif
