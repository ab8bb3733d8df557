/*
 * table_choice.h - which tables a stream has: "shop.*,crm.orders,!shop.tmp_*".
 *
 * Items are separated by commas; each is database.table.  In both parts * stands for any characters
 * and ? for one; what stands between backticks is taken as it is (`a``b`.`c,d.*`).  An item with ! in
 * front takes tables away: a table is chosen when an item without ! fits and none with ! does.  With
 * nothing but ! items all others are chosen.
 *
 * Never chosen: the servers' own databases.  Chosen only by an item that names them without * and ?:
 * tables that online changes of structure work with (gh-ost, pt-online-schema-change: _x_gho, _x_ghc,
 * _x_del, _x_new, _x_old), and those in which our own writers keep their books (sluice_progress, ...).
 */
#ifndef SLUICE_MYSQL_READER_TABLE_CHOICE_H
#define SLUICE_MYSQL_READER_TABLE_CHOICE_H

#include <stddef.h>

#include "common/core/error.h"

typedef struct TableChoice TableChoice;

/*
 * NULL on error: ARGUMENT says which item is wrong and why.  `fold` when the server's
 * lower_case_table_names is not 0: case means nothing then (of ASCII letters).
 */
extern TableChoice *table_choice_parse(const char *text, bool fold, SluiceError *err);
extern void table_choice_free(TableChoice *choice);

/* Whether table_choice_parse() would take it. */
extern bool table_choice_check(const char *text, SluiceError *err) SLUICE_MUST_CHECK;

extern bool table_choice_has(const TableChoice *choice, const char *schema, const char *name);

/* Whether tables of the database may be chosen at all. */
extern bool table_choice_has_schema(const TableChoice *choice, const char *schema);

/* Whether it would be chosen if its name were not that of an online change of structure; our own books
 * are not told of. */
extern bool table_choice_skips_tool(const TableChoice *choice, const char *schema,
									const char *name);

/* The items without !, as they are written: 0, 1, ...; NULL: there are no more.  The choice's. */
extern const char *table_choice_wish(const TableChoice *choice, size_t number);

/* Whether a table's name fits one of them. */
extern bool table_choice_wish_fits(const TableChoice *choice, const char *wish, const char *schema,
								   const char *name);

/* Whether the name is one that gh-ost or pt-online-schema-change gives a table of theirs. */
extern bool table_name_is_tool(const char *name);

/* Whether the database is one of the servers' own. */
extern bool table_schema_is_system(const char *schema);

#endif
