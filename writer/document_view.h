/*
 * document_view.h - a source's schema document as the target is to see it: partitioned tables made
 * plain ones, schemas under other names.
 */
#ifndef SLUICE_WRITER_DOCUMENT_VIEW_H
#define SLUICE_WRITER_DOCUMENT_VIEW_H

#include "common/core/schema_change.h"
#include "common/core/schema_to_pg.h"
#include "schema_names.h"

typedef struct DocumentView
{
	bool flatten;				/* see schema_flatten.h */
	bool postgresql;			/* the target is PostgreSQL */
	const SchemaNames *schemas; /* may be NULL; must outlive the documents */
	const TypeRules *types;
	PgFacts facts; /* of a PostgreSQL target, once one was asked; until then nothing is known */
} DocumentView;

extern bool document_view_apply(const DocumentView *view, SchemaDocument *document,
								SluiceError *err) SLUICE_MUST_CHECK;

/* The same for both shapes of a change; partitions stay. */
extern bool document_view_change(const DocumentView *view, SchemaChange *change,
								 SluiceError *err) SLUICE_MUST_CHECK;

#endif
