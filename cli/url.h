/*
 * url.h - the path and query of a request, with everything that comes from outside escaped.
 */
#ifndef SLUICE_CLI_URL_H
#define SLUICE_CLI_URL_H

#include <stdbool.h>
#include <stddef.h>

#define URL_MAXIMUM 8000

typedef struct Url
{
	char text[URL_MAXIMUM];
	size_t length;
	bool has_query, too_long; /* what did not fit is not there */
} Url;

/* Begins with a path below /api/v1, as it is. */
extern void url_begin(Url *url, const char *path);

/* Likewise with one beside the interface: "/readyz". */
extern void url_begin_root(Url *url, const char *path);

/* "/" and a segment, escaped. */
extern void url_segment(Url *url, const char *segment);

/* A parameter, escaped; a value of NULL is left out. */
extern void url_query(Url *url, const char *name, const char *value);

/* "/streams/<id>/runs": a path, an id and the rest. */
extern void url_of(Url *url, const char *path, const char *id, const char *rest);

#endif
