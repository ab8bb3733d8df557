/*
 * gtid_set.c - sets of MySQL's transaction identifiers (gtid_set.h).
 */
#include "gtid_set.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UUID_TEXT	  36
#define TAGGED		  1 /* format of a binary set, in its first and its last byte */
#define ORIGINS_LIMIT (UINT64_C(1) << 24)

void
gtid_set_init(GtidSet *set)
{
	*set = (GtidSet){0};
}

void
gtid_set_free(GtidSet *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->origins[i].intervals);
	free(set->origins);
	*set = (GtidSet){0};
}

/* ---- origins and intervals ---- */

static int
origin_compare(const GtidOrigin *origin, const uint8_t *uuid, const char *tag)
{
	int order = memcmp(origin->uuid, uuid, GTID_UUID_SIZE);

	return order != 0 ? order : strcmp(origin->tag, tag);
}

/* The first origin that is not before; *same when it is the one. */
static size_t
find_origin(const GtidSet *set, const uint8_t *uuid, const char *tag, bool *same)
{
	size_t low = 0, high = set->count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (origin_compare(&set->origins[middle], uuid, tag) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*same = low < set->count && origin_compare(&set->origins[low], uuid, tag) == 0;
	return low;
}

/* Room for one more element; the array may move. */
static bool
make_room(void **array, size_t *room, size_t count, size_t size, SluiceError *err)
{
	size_t more = *room * 2 + 4;
	void *grown;

	if (count < *room)
		return true;
	if ((grown = realloc(*array, more * size)) == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a set of GTIDs");
	*array = grown;
	*room = more;
	return true;
}

static GtidOrigin *
get_origin(GtidSet *set, const uint8_t *uuid, const char *tag, SluiceError *err)
{
	bool same;
	size_t at = find_origin(set, uuid, tag, &same);
	void *origins = set->origins;
	GtidOrigin *origin;

	if (same)
		return &set->origins[at];
	if (!make_room(&origins, &set->room, set->count, sizeof(GtidOrigin), err))
		return NULL;
	set->origins = origins;
	origin = &set->origins[at];
	memmove(origin + 1, origin, (set->count++ - at) * sizeof(GtidOrigin));
	*origin = (GtidOrigin){0};
	memcpy(origin->uuid, uuid, GTID_UUID_SIZE);
	(void) snprintf(origin->tag, sizeof(origin->tag), "%s", tag);
	return origin;
}

/* The first interval that ends at `number` or behind it. */
static size_t
find_interval(const GtidOrigin *origin, int64_t number)
{
	size_t low = 0, high = origin->count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (origin->intervals[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
add_interval(GtidOrigin *origin, GtidInterval more, SluiceError *err)
{
	size_t at = find_interval(origin, more.first - 1), next = at;
	void *intervals = origin->intervals;

	/* What it overlaps or touches becomes one with it. */
	for (; next < origin->count && origin->intervals[next].first <= more.last + 1; next++)
	{
		if (origin->intervals[next].first < more.first)
			more.first = origin->intervals[next].first;
		if (origin->intervals[next].last > more.last)
			more.last = origin->intervals[next].last;
	}
	if (next == at && !make_room(&intervals, &origin->room, origin->count, sizeof(more), err))
		return false;
	origin->intervals = intervals;
	memmove(origin->intervals + at + 1, origin->intervals + next,
			(origin->count - next) * sizeof(more));
	origin->count = origin->count + 1 - (next - at);
	origin->intervals[at] = more;
	return true;
}

static bool
add_numbers(GtidSet *set, const uint8_t *uuid, const char *tag, int64_t first, int64_t last,
			SluiceError *err)
{
	GtidOrigin *origin;

	if (first < 1 || last < first || last > GTID_NUMBER_LAST)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "numbers %" PRId64 "-%" PRId64 " are no GTIDs", first, last);
	origin = get_origin(set, uuid, tag, err);
	return origin != NULL && add_interval(origin, (GtidInterval){first, last}, err);
}

bool
gtid_set_add(GtidSet *set, const Gtid *gtid, SluiceError *err)
{
	return add_numbers(set, gtid->uuid, gtid->tag, gtid->number, gtid->number, err);
}

static bool
origin_covers(const GtidOrigin *origin, GtidInterval part)
{
	size_t at = find_interval(origin, part.first);

	return at < origin->count && origin->intervals[at].first <= part.first &&
		   origin->intervals[at].last >= part.last;
}

bool
gtid_set_contains(const GtidSet *set, const Gtid *gtid)
{
	bool same;
	size_t at = find_origin(set, gtid->uuid, gtid->tag, &same);

	return same && origin_covers(&set->origins[at], (GtidInterval){gtid->number, gtid->number});
}

bool
gtid_set_covers(const GtidSet *whole, const GtidSet *part)
{
	for (size_t i = 0; i < part->count; i++)
	{
		const GtidOrigin *wanted = &part->origins[i];
		bool same;
		size_t at = find_origin(whole, wanted->uuid, wanted->tag, &same);

		for (size_t k = 0; k < wanted->count; k++)
		{
			if (!same || !origin_covers(&whole->origins[at], wanted->intervals[k]))
				return false;
		}
	}
	return true;
}

/* ---- text ---- */

static const char *
skip_space(const char *text)
{
	while (isspace((unsigned char) *text))
		text++;
	return text;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, tolower((unsigned char) c)) : NULL;

	return at != NULL ? (int) (at - digits) : -1;
}

/* A UUID with its four dashes; *text is passed behind it. */
static bool
parse_uuid(const char **text, uint8_t *uuid)
{
	const char *at = *text;

	for (int i = 0; i < GTID_UUID_SIZE; i++)
	{
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
			return false;
		if ((high = hex_value(at[0])) < 0 || (low = hex_value(at[1])) < 0)
			return false;
		uuid[i] = (uint8_t) (high << 4 | low);
		at += 2;
	}
	*text = at;
	return true;
}

/* A tag is what begins with a letter or an underscore. */
static bool
parse_tag(const char **text, char *tag)
{
	size_t length = 0;

	for (; isalnum((unsigned char) (*text)[length]) || (*text)[length] == '_'; length++)
	{
		if (length == GTID_TAG_SIZE - 1)
			return false;
		tag[length] = (char) tolower((unsigned char) (*text)[length]);
	}
	tag[length] = '\0';
	*text += length;
	return true;
}

static bool
parse_number(const char **text, int64_t *number)
{
	const char *at = *text;

	*number = 0;
	for (; isdigit((unsigned char) *at); at++)
	{
		if (__builtin_mul_overflow(*number, 10, number) ||
			__builtin_add_overflow(*number, *at - '0', number))
			return false;
	}
	if (at == *text)
		return false;
	*text = at;
	return true;
}

static bool
parse_interval(const char **text, GtidInterval *interval)
{
	if (!parse_number(text, &interval->first))
		return false;
	interval->last = interval->first;
	*text = skip_space(*text);
	if (**text != '-')
		return true;
	*text = skip_space(*text + 1);
	return parse_number(text, &interval->last);
}

/* What follows a UUID: ":tag" and ":1-5", in any number. */
static bool
parse_numbers(GtidSet *set, const char **text, const uint8_t *uuid, SluiceError *err)
{
	char tag[GTID_TAG_SIZE] = "";

	for (*text = skip_space(*text); **text == ':'; *text = skip_space(*text))
	{
		GtidInterval interval;

		*text = skip_space(*text + 1);
		if (isalpha((unsigned char) **text) || **text == '_')
		{
			if (!parse_tag(text, tag))
				return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a tag is too long");
			continue;
		}
		if (!parse_interval(text, &interval))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a number is wrong");
		if (!add_numbers(set, uuid, tag, interval.first, interval.last, err))
			return false;
	}
	return true;
}

bool
gtid_set_parse(GtidSet *set, const char *text, SluiceError *err)
{
	const char *at = skip_space(text);

	while (*at != '\0')
	{
		uint8_t uuid[GTID_UUID_SIZE];

		if (*at == ',')
		{
			at = skip_space(at + 1);
			continue;
		}
		if (!parse_uuid(&at, uuid))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
							   "\"%.40s\" does not begin with a server's UUID", at);
		if (!parse_numbers(set, &at, uuid, err))
			return sluice_prefix(err, "set of GTIDs \"%.80s\"", text);
		if (*at != '\0' && *at != ',')
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.40s\" in a set of GTIDs", at);
	}
	return true;
}

static char *
format_uuid(const uint8_t *uuid, char *text)
{
	for (int i = 0; i < GTID_UUID_SIZE; i++)
		text += sprintf(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	return text;
}

const char *
gtid_format(const Gtid *gtid, char text[GTID_TEXT])
{
	char *at = format_uuid(gtid->uuid, text);

	(void) sprintf(at, "%s%s:%" PRId64, gtid->tag[0] != '\0' ? ":" : "", gtid->tag, gtid->number);
	return text;
}

static bool
format_interval(const GtidInterval *interval, ByteBuf *out, SluiceError *err)
{
	char text[48];
	int length = interval->first == interval->last
					 ? snprintf(text, sizeof(text), ":%" PRId64, interval->first)
					 : snprintf(text, sizeof(text), ":%" PRId64 "-%" PRId64, interval->first,
								interval->last);

	return bytebuf_put(out, text, (size_t) length, err);
}

bool
gtid_set_format(const GtidSet *set, ByteBuf *out, SluiceError *err)
{
	for (size_t i = 0; i < set->count; i++)
	{
		const GtidOrigin *origin = &set->origins[i];
		bool again = i > 0 && memcmp(origin->uuid, origin[-1].uuid, GTID_UUID_SIZE) == 0;
		char uuid[UUID_TEXT + 1];

		(void) format_uuid(origin->uuid, uuid);
		if ((!again && i > 0 && !bytebuf_put(out, ",", 1, err)) ||
			(!again && !bytebuf_put(out, uuid, UUID_TEXT, err)) ||
			(origin->tag[0] != '\0' && (!bytebuf_put(out, ":", 1, err) ||
										!bytebuf_put(out, origin->tag, strlen(origin->tag), err))))
			return false;
		for (size_t k = 0; k < origin->count; k++)
		{
			if (!format_interval(&origin->intervals[k], out, err))
				return false;
		}
	}
	return true;
}

/* ---- binary ---- */

bool
gtid_tag_valid(const uint8_t *text, size_t length)
{
	if (length < 1 || length >= GTID_TAG_SIZE || isdigit(text[0]))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] != '_' && !isdigit(text[i]) && (text[i] < 'a' || text[i] > 'z'))
			return false;
	}
	return true;
}

/* Its length doubled in one byte: a small number as MySQL's serialization writes it. */
static bool
decode_tag(ByteCursor *data, char *tag, SluiceError *err)
{
	uint8_t length;
	ByteCursor text;

	if (!little_u8(data, &length, err))
		return false;
	if (!little_part(data, length / 2, &text, err))
		return false;
	if ((length & 1) != 0 || (length > 0 && !gtid_tag_valid(text.at, length / 2)))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a GTID with a wrong tag");
	memcpy(tag, text.at, length / 2);
	tag[length / 2] = '\0';
	return true;
}

static bool
decode_origin(GtidSet *set, ByteCursor *data, bool tagged, SluiceError *err)
{
	const uint8_t *uuid;
	char tag[GTID_TAG_SIZE] = "";
	uint64_t count;

	if (!cursor_take(data, GTID_UUID_SIZE, &uuid, err) || (tagged && !decode_tag(data, tag, err)) ||
		!little_u64(data, &count, err))
		return false;
	while (count-- > 0)
	{
		uint64_t first, behind;

		if (!little_u64(data, &first, err) || !little_u64(data, &behind, err))
			return false;
		if (first > GTID_NUMBER_LAST || behind > GTID_NUMBER_LAST + UINT64_C(1) ||
			!add_numbers(set, uuid, tag, (int64_t) first, (int64_t) behind - 1, err))
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a set of GTIDs with a wrong interval");
	}
	return true;
}

bool
gtid_set_decode(GtidSet *set, ByteCursor data, SluiceError *err)
{
	uint64_t count;
	bool tagged;

	if (!little_u64(&data, &count, err))
		return false;
	tagged = count >> 56 == TAGGED;
	if (tagged)
		count = count >> 8 & UINT64_C(0xffffffffffff);
	if (count > ORIGINS_LIMIT)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a set of GTIDs of too many servers");
	while (count-- > 0)
	{
		if (!decode_origin(set, &data, tagged, err))
			return false;
	}
	if (data.at != data.end)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "bytes behind a set of GTIDs");
	return true;
}

static bool
put_little_u64(ByteBuf *out, uint64_t value, SluiceError *err)
{
	value = htole64(value);
	return bytebuf_put(out, &value, sizeof(value), err);
}

static bool
encode_origin(const GtidOrigin *origin, bool tagged, ByteBuf *out, SluiceError *err)
{
	size_t tag = strlen(origin->tag);

	if (!bytebuf_put(out, origin->uuid, GTID_UUID_SIZE, err) ||
		(tagged && (!bytebuf_put_u8(out, (uint8_t) (tag << 1), err) ||
					!bytebuf_put(out, origin->tag, tag, err))) ||
		!put_little_u64(out, origin->count, err))
		return false;
	for (size_t i = 0; i < origin->count; i++)
	{
		if (!put_little_u64(out, (uint64_t) origin->intervals[i].first, err) ||
			!put_little_u64(out, (uint64_t) origin->intervals[i].last + 1, err))
			return false;
	}
	return true;
}

bool
gtid_set_encode(const GtidSet *set, ByteBuf *out, SluiceError *err)
{
	uint64_t count = set->count;
	bool tagged = false;

	for (size_t i = 0; i < set->count; i++)
		tagged |= set->origins[i].tag[0] != '\0';
	if (tagged)
		count = (uint64_t) TAGGED << 56 | count << 8 | TAGGED;
	if (!put_little_u64(out, count, err))
		return false;
	for (size_t i = 0; i < set->count; i++)
	{
		if (!encode_origin(&set->origins[i], tagged, out, err))
			return false;
	}
	return true;
}
