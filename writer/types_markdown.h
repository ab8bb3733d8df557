/*
 * types_markdown.h - `sluice-writer --types-markdown`: the page docs/mysql-types.md, made of the table of
 * types (common/core/type_map.h).
 */
#ifndef SLUICE_WRITER_TYPES_MARKDOWN_H
#define SLUICE_WRITER_TYPES_MARKDOWN_H

#include <stdio.h>

extern void types_markdown_write(FILE *out);

#endif
