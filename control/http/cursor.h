/*
 * cursor.h - pages of a list: `limit` and an opaque `cursor` in, `items` and `next_cursor` out.
 *
 *     Page page;
 *
 *     if (!page_read(request, &page, response))
 *         return false;
 *     ... store_each(store, area, prefix, after(page.after), each, ...), which for each entry does
 *             if (page_full(&page))
 *                 return false;      there is more
 *             page_add(&page, id, json)
 *     return page_answer(&page, response);
 *
 * A cursor holds the last item's id, without the tenant, and is good for whoever has it: the handler puts
 * the caller's own tenant before it again.
 */
#ifndef SLUICE_CONTROL_CURSOR_H
#define SLUICE_CONTROL_CURSOR_H

#include "request.h"

#define CURSOR_KEY_MAXIMUM 400 /* bytes of what a cursor holds */
#define CURSOR_MAXIMUM	   540 /* of its text */
#define PAGE_LIMIT_DEFAULT 50
#define PAGE_LIMIT_MAXIMUM 200

/* The text for a key; false when that is too long. */
extern bool cursor_encode(const char *key, char text[CURSOR_MAXIMUM + 1]);

/* The key of a text; false when it is none that cursor_encode() made. */
extern bool cursor_decode(const char *text, char key[CURSOR_KEY_MAXIMUM + 1]);

typedef struct Page
{
	size_t limit;
	char after[CURSOR_KEY_MAXIMUM + 1]; /* "": from the beginning */
	json_t *items;
	char last[CURSOR_KEY_MAXIMUM + 1]; /* the key of the last item */
	bool more;						   /* something did not fit */
} Page;

/* Reads the query's `limit` and `cursor`; 400 when the cursor is none. */
extern bool page_read(const Request *request, Page *page, Response *response) SLUICE_MUST_CHECK;

/* True when no more items fit, which is noted: there is a next page then. */
extern bool page_full(Page *page);

/* Takes the item, whose key is what a next page begins after; NULL is "without memory". */
extern void page_add(Page *page, const char *key, json_t *item);

/* {items, next_cursor}; true, or false without memory. */
extern bool page_answer(Page *page, Response *response) SLUICE_MUST_CHECK;

/* Instead of page_answer(): when something failed on the way. */
extern void page_free(Page *page);

#endif
