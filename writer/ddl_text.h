/*
 * ddl_text.h - writing SQL with names and texts of other people in it.
 */
#ifndef SLUICE_WRITER_DDL_TEXT_H
#define SLUICE_WRITER_DDL_TEXT_H

#include <stdio.h>

/*
 * Like fprintf(), but of its kinds only these:
 *
 *   %s  text as it is
 *   %I  a name, quoted
 *   %T  two texts, schema and name: qualified and quoted
 *   %L  a text as a literal; NULL for NULL
 *   %b  an int as true or false
 *   %%
 */
extern void ddl_put(FILE *out, const char *format, ...);

#endif
