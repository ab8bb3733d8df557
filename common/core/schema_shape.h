/*
 * schema_shape.h - the fields of a schema document as tables: one row per field says its name in
 * JSON, its kind and where it lies in its struct.  Reader and writer both walk these rows, so that
 * each field is told once.
 *
 * Invariant: `offset` names a member of the C type that the kind's comment says; the macros that
 * fill the rows have the compiler check it.
 */
#ifndef SLUICE_CORE_SCHEMA_SHAPE_H
#define SLUICE_CORE_SCHEMA_SHAPE_H

#include "schema_document.h"

#define SCHEMA_DOCUMENT_FORMAT "sluice-schema"
#define SCHEMA_CHANGE_FORMAT   "sluice-ddl"
#define SCHEMA_NO_COUNT		   (-1) /* FIELD_COUNT_OR_NULL's null */

typedef enum FieldKind
{
	FIELD_TEXT,			  /* const char * */
	FIELD_TEXT_OR_NULL,	  /* const char * */
	FIELD_BOOL,			  /* bool */
	FIELD_INTEGER,		  /* int64_t */
	FIELD_COUNT,		  /* int64_t, not below 0 */
	FIELD_COUNT_OR_NULL,  /* int64_t, SCHEMA_NO_COUNT for null */
	FIELD_ID,			  /* uint32_t */
	FIELD_POSITION,		  /* uint64_t, in JSON a text "0/16B3748" */
	FIELD_HEX,			  /* uint64_t, in JSON a text of hexadecimal digits */
	FIELD_CHOICE,		  /* an enum, in JSON one of `word` */
	FIELD_CHOICE_OR_NULL, /* an enum, 0 for null */
	FIELD_TEXTS,		  /* const char **, and a size_t at count_offset */
	FIELD_LIST,			  /* a pointer to structs of `shape`, and a size_t at count_offset */
	FIELD_OBJECT,		  /* a struct of `shape` itself */
	FIELD_OBJECT_OR_NULL, /* a pointer to one of `shape`, or NULL */
	FIELD_VARIANT, /* no field: those of variants[the enum at offset] follow in this object */
	FIELD_KINDS
} FieldKind;

typedef struct Shape Shape;

/* The JSON word of an enum's value, NULL for a value that is none; values run from 1. */
typedef const char *(*WordOf)(unsigned value);

typedef struct Field
{
	const char *name;
	FieldKind kind;
	size_t offset;
	size_t count_offset;
	bool
		optional; /* may be missing, and is when it is null, false, empty or 0; not of every kind */
	union
	{
		WordOf word;
		const Shape *shape;
		const Shape *const *variants;
	};
} Field;

struct Shape
{
	const Field *fields;
	size_t field_count;
	size_t size; /* of the struct */
};

extern const Shape schema_document_shape, schema_change_shape;

/* What says of itself which format and version it is. */
typedef struct SchemaFormat
{
	const char *name;
	int version;	  /* the newest known */
	const char *what; /* in messages */
	const Shape *shape;
} SchemaFormat;

/*
 * Reads a JSON object of that format into *to, whose texts and lists live in the document's memory;
 * errors as of schema_document_read().
 */
extern bool schema_object_read(SchemaDocument *document, const SchemaFormat *format,
							   const char *json, size_t length, void *to,
							   SluiceError *err) SLUICE_MUST_CHECK;

/* Zeroed memory that goes with the document; NULL and an error when there is none. */
extern void *schema_document_room(SchemaDocument *document, size_t size, SluiceError *err);

/* An empty document. */
extern SchemaDocument *schema_document_new(const Allocator *allocator, SluiceError *err);

#endif
