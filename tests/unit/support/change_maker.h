/*
 * change_maker.h - tables and rows of short texts, for tests of what the writer does with changes.
 */
#ifndef SLUICE_TESTS_CHANGE_MAKER_H
#define SLUICE_TESTS_CHANGE_MAKER_H

#include "writer/batch.h"
#include "writer/row.h"

/* Stand for fields in rows. */
#define A_NULL		 ((const char *) 1)
#define AN_UNCHANGED ((const char *) 2)

/*
 * A table of text columns "c0", "c1", ...; flags has a character per column: 'k' for a column of
 * the primary key and identity, 'p' for one of the primary key only, '.' for others.
 */
extern Table *make_table(TableMap *map, uint32_t id, char identity, const char *flags);

/* A row in memory that lives until free_rows(). */
extern BundleRow make_row(uint16_t fields, const char *const *values);
extern void free_rows(void);

#define ROW(...)                                                                                   \
	make_row(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})
#define NO_ROW ((BundleRow){0})

extern void add_insert(Batch *batch, Table *table, BundleRow row);
extern void add_update(Batch *batch, Table *table, BundleRow old_row, BundleRow new_row);
extern void add_delete(Batch *batch, Table *table, BundleRow old_row);
extern void add_truncate(Batch *batch, Table *table);

/* "a,b,NULL,*" for a row; the texts are in a ring of a few. */
extern const char *row_text(const BundleRow *row);

#endif
