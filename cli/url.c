/*
 * url.c - making paths and queries (url.h).
 */
#include "url.h"

#include <ctype.h>
#include <string.h>

#define API "/api/v1"

static void
put(Url *url, const char *text, size_t length)
{
	if (url->too_long || url->length + length + 1 > sizeof(url->text))
	{
		url->too_long = true;
		return;
	}
	memcpy(url->text + url->length, text, length);
	url->length += length;
	url->text[url->length] = '\0';
}

static void
put_escaped(Url *url, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++)
	{
		unsigned char c = (unsigned char) *text;
		const char escaped[] = {'%', digits[c >> 4], digits[c & 15]};

		if (isalnum(c) || strchr("-_.~", c) != NULL)
			put(url, text, 1);
		else
			put(url, escaped, sizeof(escaped));
	}
}

void
url_begin_root(Url *url, const char *path)
{
	url->length = 0;
	url->text[0] = '\0';
	url->has_query = url->too_long = false;
	put(url, path, strlen(path));
}

void
url_begin(Url *url, const char *path)
{
	url_begin_root(url, API);
	put(url, path, strlen(path));
}

void
url_segment(Url *url, const char *segment)
{
	put(url, "/", 1);
	put_escaped(url, segment);
}

void
url_query(Url *url, const char *name, const char *value)
{
	if (value == NULL)
		return;
	put(url, url->has_query ? "&" : "?", 1);
	url->has_query = true;
	put_escaped(url, name);
	put(url, "=", 1);
	put_escaped(url, value);
}

void
url_of(Url *url, const char *path, const char *id, const char *rest)
{
	url_begin(url, path);
	url_segment(url, id);
	put(url, rest, strlen(rest));
}
