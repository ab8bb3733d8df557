/*
 * cursor.c - a cursor is "1" and the key, in base64url without padding.
 */
#include "cursor.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION	 "1"
#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

bool
cursor_encode(const char *key, char text[CURSOR_MAXIMUM + 1])
{
	char whole[CURSOR_KEY_MAXIMUM + sizeof(VERSION)];
	int length = snprintf(whole, sizeof(whole), VERSION "%s", key);

	if (length < 0 || (size_t) length >= sizeof(whole))
		return false;
	(void) sodium_bin2base64(text, CURSOR_MAXIMUM + 1, (const unsigned char *) whole,
							 (size_t) length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return true;
}

bool
cursor_decode(const char *text, char key[CURSOR_KEY_MAXIMUM + 1])
{
	unsigned char whole[CURSOR_KEY_MAXIMUM + sizeof(VERSION)];
	size_t length;

	/* libsodium 1.0.18 takes bytes above 127 for digits. */
	if (text[strspn(text, ALPHABET)] != '\0')
		return false;
	if (sodium_base642bin(whole, sizeof(whole) - 1, text, strlen(text), NULL, &length, NULL,
						  sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return false;
	if (length < 2 || memchr(whole, 0, length) != NULL || whole[0] != (unsigned char) VERSION[0])
		return false;
	memcpy(key, whole + 1, length - 1);
	key[length - 1] = '\0';
	return true;
}

bool
page_read(const Request *request, Page *page, Response *response)
{
	const char *limit = request_query(request, "limit");
	const char *cursor = request_query(request, "cursor");

	*page = (Page){.limit = PAGE_LIMIT_DEFAULT};
	if (limit != NULL)
		page->limit = strtoul(limit, NULL, 10);
	if (page->limit < 1 || page->limit > PAGE_LIMIT_MAXIMUM)
		return response_fail(response, PROBLEM_BAD_REQUEST, "limit is not between 1 and %d",
							 PAGE_LIMIT_MAXIMUM);
	if (cursor != NULL && !cursor_decode(cursor, page->after))
		return response_fail(response, PROBLEM_BAD_REQUEST,
							 "cursor is not one that this server gave as next_cursor");
	page->items = json_array();
	return page->items != NULL || response_fail(response, PROBLEM_INTERNAL, "out of memory");
}

bool
page_full(Page *page)
{
	page->more = json_array_size(page->items) >= page->limit;
	return page->more;
}

void
page_add(Page *page, const char *key, json_t *item)
{
	(void) snprintf(page->last, sizeof(page->last), "%s", key);
	(void) json_array_append_new(page->items, item);
}

bool
page_answer(Page *page, Response *response)
{
	char next[CURSOR_MAXIMUM + 1];
	bool more = page->more && cursor_encode(page->last, next);

	response->body =
		json_pack("{s:o, s:s?}", "items", page->items, "next_cursor", more ? next : NULL);
	page->items = NULL; /* the answer's, also when it could not be made */
	return response->body != NULL || response_fail(response, PROBLEM_INTERNAL, "out of memory");
}

void
page_free(Page *page)
{
	json_decref(page->items);
	page->items = NULL;
}
