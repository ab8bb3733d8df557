/*
 * json_scan.c - finding a key in JSON by walking over its strings.
 */
#include "json_scan.h"

#include <string.h>

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *
skip_space(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	return at;
}

/* `at` stands behind an opening quote; the closing one, or end. */
static const char *
string_end(const char *at, const char *end)
{
	for (; at < end && *at != '"'; at++)
	{
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at;
}

/* The first character of the key's value, or NULL. */
static const char *
find(const char *text, const char *end, const char *key)
{
	size_t length = strlen(key);
	const char *at = text;

	while ((at = memchr(at, '"', (size_t) (end - at))) != NULL)
	{
		const char *name = at + 1;
		const char *stop = string_end(name, end);

		if (stop == end)
			return NULL;
		at = skip_space(stop + 1, end);
		if (at < end && *at == ':' && (size_t) (stop - name) == length &&
			memcmp(name, key, length) == 0)
		{
			at = skip_space(at + 1, end);
			return at < end ? at : NULL;
		}
	}
	return NULL;
}

bool
json_scan_has(const char *text, size_t length, const char *key)
{
	return find(text, text + length, key) != NULL;
}

bool
json_scan_unsigned(const char *text, size_t length, const char *key, uint64_t *out)
{
	const char *end = text + length;
	const char *at = find(text, end, key);
	uint64_t value = 0;

	if (at == NULL || *at < '0' || *at > '9')
		return false;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
	{
		if (__builtin_mul_overflow(value, (uint64_t) 10, &value) ||
			__builtin_add_overflow(value, (uint64_t) (*at - '0'), &value))
			return false;
	}
	if (at < end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at))
		return false;
	*out = value;
	return true;
}

bool
json_scan_flag(const char *text, size_t length, const char *key)
{
	const char *at = find(text, text + length, key);

	return at != NULL && text + length - at >= 4 && memcmp(at, "true", 4) == 0;
}

bool
json_scan_text(const char *text, size_t length, const char *key, char *out, size_t size)
{
	const char *end = text + length;
	const char *at = find(text, end, key);
	size_t bytes;

	if (at == NULL || *at != '"')
		return false;
	bytes = (size_t) (string_end(at + 1, end) - (at + 1));
	if (bytes >= size)
		bytes = size - 1;
	memcpy(out, at + 1, bytes);
	out[bytes] = '\0';
	return true;
}
