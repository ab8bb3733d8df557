/*
 * document_view.c - what is done to a document before anything is made from it (document_view.h).
 */
#include "document_view.h"

#include <string.h>

#include "common/core/schema_change_to_pg.h"
#include "common/core/schema_flatten.h"

/* PostgreSQL's definitions name their schemas in SQL, which is not rewritten. */
static bool
may_rename(const DocumentView *view, const SchemaDocument *document, SluiceError *err)
{
	if (view->schemas == NULL || !view->postgresql ||
		strcmp(document->source.product, "postgresql") != 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "--schemas renames nothing between PostgreSQL and PostgreSQL");
	return sluice_hint(err, "leave the option out, or rename the schema at both");
}

static bool
rename_schemas(const DocumentView *view, SchemaDocument *document, SluiceError *err)
{
	if (!may_rename(view, document, err))
		return false;
	if (view->schemas != NULL)
		schema_names_apply(view->schemas, document);
	return true;
}

/* Whether it is to be made PostgreSQL's own; names of schemas are in what is made, so they come first. */
static bool
is_translated(const DocumentView *view, const SchemaDocument *document)
{
	return view->postgresql && schema_is_mysql(document);
}

bool
document_view_apply(const DocumentView *view, SchemaDocument *document, SluiceError *err)
{
	const SchemaToPg to = {.rules = view->types, .target = &view->facts};

	return (!view->flatten || schema_document_flatten(document, err)) &&
		   rename_schemas(view, document, err) &&
		   (!is_translated(view, document) || schema_to_pg(document, document, &to, err));
}

bool
document_view_change(const DocumentView *view, SchemaChange *change, SluiceError *err)
{
	const SchemaToPg to = {.rules = view->types, .target = &view->facts};

	return rename_schemas(view, &change->before, err) &&
		   rename_schemas(view, &change->after, err) &&
		   (!is_translated(view, &change->after) || schema_change_to_pg(change, &to, err));
}
