/*
 * schema_names.h - schemas of the source, or databases of MySQL, that have other names at the target:
 * the option `schemas`, "shop=sales, log=audit".
 */
#ifndef SLUICE_WRITER_SCHEMA_NAMES_H
#define SLUICE_WRITER_SCHEMA_NAMES_H

#include "common/core/schema_document.h"

typedef struct SchemaNames SchemaNames;

/* NULL on error (ARGUMENT says what is wrong with the text); "" gives none. */
extern SchemaNames *schema_names_read(const char *text, SluiceError *err);
extern void schema_names_free(SchemaNames *names);

/* What a schema is called at the target; `names` may be NULL. */
extern const char *schema_names_target(const SchemaNames *names, const char *schema);

/* Whether a schema got this name at the target. */
extern bool schema_names_gives(const SchemaNames *names, const char *name);

/* Gives the document's schemas and tables their new names; `names` must outlive it. */
extern void schema_names_apply(const SchemaNames *names, SchemaDocument *document);

#endif
