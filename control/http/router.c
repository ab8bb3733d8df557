/*
 * router.c - paths as arrays of segments, literal ones first, so that the first that fits is the one meant.
 */
#include "router.h"

#include <stdlib.h>
#include <string.h>

#include "url.h"

#define PATTERN_MAXIMUM 200 /* bytes of a route's path, prefix included */

typedef struct Entry
{
	const Route *route;
	char text[PATTERN_MAXIMUM];	   /* the path with a NUL for each slash and closing brace */
	size_t places[ROUTE_SEGMENTS]; /* of segments in it */
	bool is_parameter[ROUTE_SEGMENTS];
	size_t count;
} Entry;

static const char *
segment_of(const Entry *entry, size_t i)
{
	return entry->text + entry->places[i];
}

struct Router
{
	Entry *entries;
	size_t count;
};

const char *
route_path(const Route *route)
{
	return strncmp(route->path, "//", 2) == 0 ? route->path + 1 : route->path;
}

static bool
is_api(const Route *route)
{
	return strncmp(route->path, "//", 2) != 0;
}

/* "{id}" becomes the parameter "id". */
static bool
read_segment(Entry *entry, char *segment)
{
	size_t length = strlen(segment);

	if (entry->count == ROUTE_SEGMENTS || length == 0)
		return false;
	if (segment[0] == '{')
	{
		if (length < 3 || segment[length - 1] != '}')
			return false;
		segment[length - 1] = '\0';
		segment++;
		entry->is_parameter[entry->count] = true;
	}
	entry->places[entry->count++] = (size_t) (segment - entry->text);
	return true;
}

static bool
read_entry(Entry *entry, const Route *route)
{
	const char *prefix = is_api(route) ? API_PREFIX : "";
	const char *path = route_path(route);
	size_t parameters = 0;
	char *save = NULL;

	*entry = (Entry){.route = route};
	if (path[0] != '/' || strlen(prefix) + strlen(path) >= sizeof(entry->text))
		return false;
	strcpy(entry->text, prefix);
	strcat(entry->text, path);
	for (char *segment = strtok_r(entry->text, "/", &save); segment != NULL;
		 segment = strtok_r(NULL, "/", &save))
		if (!read_segment(entry, segment))
			return false;
	for (size_t i = 0; i < entry->count; i++)
		parameters += entry->is_parameter[i];
	return parameters <= ROUTE_PARAMETERS;
}

/* By segments: literals by name before parameters, then by method; 0 for two that mean the same. */
static int
compare(const void *left, const void *right)
{
	const Entry *a = left;
	const Entry *b = right;

	for (size_t i = 0; i < a->count && i < b->count; i++)
	{
		int order = (int) a->is_parameter[i] - (int) b->is_parameter[i];

		if (order == 0 && !a->is_parameter[i])
			order = strcmp(segment_of(a, i), segment_of(b, i));
		if (order != 0)
			return order;
	}
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return (int) a->route->method - (int) b->route->method;
}

static bool
take(Router *router, const Route *route, SluiceError *err)
{
	if (read_entry(&router->entries[router->count], route))
	{
		router->count++;
		return true;
	}
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "route %s: its path has no form of a path",
					   route->path);
}

static bool
fill(Router *router, const Routes *const *tables, SluiceError *err)
{
	for (size_t t = 0; tables[t] != NULL; t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			if (!take(router, &tables[t]->routes[i], err))
				return false;
	if (router->count > 0)
		qsort(router->entries, router->count, sizeof(Entry), compare);
	for (size_t i = 1; i < router->count; i++)
		if (compare(&router->entries[i - 1], &router->entries[i]) == 0)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "route %s %s is there twice",
							   http_method_names[router->entries[i].route->method],
							   router->entries[i].route->path);
	return true;
}

Router *
router_new(const Routes *const *tables, SluiceError *err)
{
	Router *router = calloc(1, sizeof(*router));
	size_t count = 0;

	for (size_t t = 0; tables[t] != NULL; t++)
		count += tables[t]->count;
	if (router != NULL)
		router->entries = calloc(count + 1, sizeof(Entry));
	if (router == NULL || router->entries == NULL)
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory making the routes");
	else if (fill(router, tables, err))
		return router;
	router_free(router);
	return NULL;
}

void
router_free(Router *router)
{
	if (router != NULL)
		free(router->entries);
	free(router);
}

/* The path's segments, not decoded, as places in it; false when there are too many, or empty ones. */
static bool
split(const char *path, const char **starts, size_t *lengths, size_t *count)
{
	*count = 0;
	if (path[0] != '/')
		return false;
	while (*path == '/')
	{
		size_t length = strcspn(++path, "/");

		if (length == 0 || *count == ROUTE_SEGMENTS)
			return false;
		starts[*count] = path;
		lengths[(*count)++] = length;
		path += length;
	}
	return true;
}

static bool
fits(const Entry *entry, const char *const *starts, const size_t *lengths, size_t count)
{
	if (entry->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!entry->is_parameter[i] && (strlen(segment_of(entry, i)) != lengths[i] ||
										memcmp(segment_of(entry, i), starts[i], lengths[i]) != 0))
			return false;
	return true;
}

/* Whether two entries that fit the same path are the same path. */
static bool
same_path(const Entry *a, const Entry *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->is_parameter[i] != b->is_parameter[i])
			return false;
	return true;
}

/* False when a value is not to be decoded: no path of ours then. */
static bool
take_parameters(const Entry *entry, const char *const *starts, const size_t *lengths,
				RouteMatch *match)
{
	for (size_t i = 0; i < entry->count; i++)
	{
		char *text = match->texts[match->parameter_count];

		if (!entry->is_parameter[i])
			continue;
		if (!url_decode(starts[i], lengths[i], text, ROUTE_PARAMETER_LENGTH + 1))
			return false;
		match->parameters[match->parameter_count++] = (NamedText){segment_of(entry, i), text};
	}
	return true;
}

void
router_match(const Router *router, HttpMethod method, const char *path, RouteMatch *match)
{
	const char *starts[ROUTE_SEGMENTS];
	size_t lengths[ROUTE_SEGMENTS];
	size_t count;
	const Entry *first = NULL;

	match->route = NULL;
	match->index = 0;
	match->methods = 0;
	match->parameter_count = 0;
	if (!split(path, starts, lengths, &count))
		return;
	for (size_t i = 0; i < router->count; i++)
	{
		const Entry *entry = &router->entries[i];

		if (!fits(entry, starts, lengths, count) || (first != NULL && !same_path(first, entry)))
			continue;
		first = entry;
		match->methods |= 1u << entry->route->method;
		if (entry->route->method == method)
		{
			match->route = entry->route;
			match->index = i;
		}
	}
	if (match->route != NULL &&
		!take_parameters(&router->entries[match->index], starts, lengths, match))
	{
		match->route = NULL;
		match->methods = 0;
	}
}

size_t
router_count(const Router *router)
{
	return router->count;
}

const Route *
router_route(const Router *router, size_t index)
{
	return router->entries[index].route;
}
