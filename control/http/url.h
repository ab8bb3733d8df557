/*
 * url.h - the parts of a request's address.  Pure.
 */
#ifndef SLUICE_CONTROL_URL_H
#define SLUICE_CONTROL_URL_H

#include "request.h"

#define QUERY_PARAMETERS	   32
#define URL_ROOM(query_length) (2 * (query_length) + 2)

/*
 * Percent-decodes `length` bytes into `out`.  False for a % without two digits, a NUL, bytes that are no UTF-8 and
 * what has no room.  A + stays one.
 */
extern bool url_decode(const char *text, size_t length, char *out, size_t size);

/*
 * Splits "a=1&b=x%20y" into decoded pairs, whose texts are in `room` (URL_ROOM bytes for a query); a + is a blank.  False for what url_decode() refuses, a name that is there twice, and more than `maximum` pairs.
 */
extern bool url_query(const char *query, char *room, NamedText *pairs, size_t maximum,
					  size_t *count);

#endif
