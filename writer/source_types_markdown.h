/*
 * source_types_markdown.h - `sluice-writer --source-types-markdown`: the page docs/mysql-source-types.md,
 * made of the table that schema documents are translated by (common/core/schema_to_pg_type.h).
 */
#ifndef SLUICE_WRITER_SOURCE_TYPES_MARKDOWN_H
#define SLUICE_WRITER_SOURCE_TYPES_MARKDOWN_H

#include <stdio.h>

extern void source_types_markdown_write(FILE *out);

#endif
