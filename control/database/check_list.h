/*
 * check_list.h - what pre-flight checks found: [{id, group, status, title, found, why, fix, table}].
 *
 * Titles, and why something matters, are one table by the check's id.
 */
#ifndef SLUICE_CONTROL_CHECK_LIST_H
#define SLUICE_CONTROL_CHECK_LIST_H

#include "database.h"

typedef enum CheckStatus
{
	CHECK_PASS,
	CHECK_WARN, /* it works, but less well or not for everything */
	CHECK_FAIL, /* it does not work */
	CHECK_STATUSES
} CheckStatus;

extern const char *const check_status_names[CHECK_STATUSES]; /* "pass", "warn", "fail" */

typedef struct CheckList
{
	json_t *items;
	const char *group; /* of what is added: "source", "tables", "target", ... */
	size_t counts[CHECK_STATUSES];
} CheckList;

/* What was found, what mends it (may be NULL), and the table it is about (may be NULL). */
typedef struct CheckFound
{
	const char *id; /* any text: made an id of lower case and underscores */
	CheckStatus status;
	const char *found, *fix, *table;
} CheckFound;

extern bool check_list_init(CheckList *list);
extern void check_list_free(CheckList *list);

extern void check_list_add(CheckList *list, const CheckFound *found);

/* An error as a check that failed. */
extern void check_list_error(CheckList *list, const char *id, const SluiceError *err);

/* Of the words "ok", "warning"; any other is a failure. */
extern CheckStatus check_status(const char *word);

/* A row each: id, status (such a word), what was found, what mends it. */
extern void check_list_ask(CheckList *list, Database *database, const char *sql);

/* {ok, checks}; takes the list's items; NULL without memory. */
extern json_t *check_list_answer(CheckList *list);

#endif
