/*
 * gtid_event.c - the events that begin a group (gtid_event.h).
 *
 * MySQL appended to its GTID event over the years, so every later field may be missing.  The tagged
 * one is written by its serialization library: fields with numbers, in numbers of variable length.
 */
#include "gtid_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGICAL_TIMESTAMP 2
#define ORIGINAL_FOLLOWS  (UINT64_C(1) << 55)
#define TIME_MASK		  (ORIGINAL_FOLLOWS - 1)

/* ---- MySQL: fixed layout ---- */

/* Times of the commit here and, where it was elsewhere first, there. */
static bool
read_times(ByteCursor *body, uint64_t *commit_time, SluiceError *err)
{
	uint64_t immediate;

	if (!little_unsigned(body, 7, &immediate, err))
		return false;
	*commit_time = immediate & TIME_MASK;
	return (immediate & ORIGINAL_FOLLOWS) == 0 || little_unsigned(body, 7, commit_time, err);
}

static bool
read_fixed(const Event *event, GtidEvent *gtid, SluiceError *err)
{
	ByteCursor body = event->body;
	const uint8_t *uuid;
	uint8_t flags, kind;
	uint64_t number;

	if (!little_u8(&body, &flags, err) || !cursor_take(&body, GTID_UUID_SIZE, &uuid, err) ||
		!little_u64(&body, &number, err))
		return false;
	memcpy(gtid->gtid.uuid, uuid, GTID_UUID_SIZE);
	if (event->header.type == EVENT_GTID)
		gtid->gtid.number = (int64_t) number;
	if (little_left(&body) < 1 + 16 + 7)
		return true;
	if (!little_u8(&body, &kind, err) || kind != LOGICAL_TIMESTAMP)
		return true;
	body.at += 16; /* last_committed, sequence_number */
	if (!read_times(&body, &gtid->commit_time, err))
		return false;
	return little_left(&body) == 0 || little_packed(&body, &gtid->length, err);
}

/* ---- MySQL: tagged ---- */

/* As many bytes as there are low bits set in the first, and one; the rest is the value. */
static bool
read_variable(ByteCursor *body, uint64_t *value, SluiceError *err)
{
	uint8_t first;
	unsigned more;
	uint64_t high;

	if (!little_u8(body, &first, err))
		return false;
	more = (unsigned) __builtin_ctz(~(unsigned) first);
	if (!little_unsigned(body, more, &high, err))
		return false;
	*value = more >= 8 ? high : (high << 8 | first) >> (more + 1);
	return true;
}

static bool
read_signed(ByteCursor *body, int64_t *value, SluiceError *err)
{
	uint64_t zigzag;

	if (!read_variable(body, &zigzag, err))
		return false;
	*value = (int64_t) (zigzag >> 1 ^ (0 - (zigzag & 1)));
	return true;
}

static bool
read_tagged_uuid(ByteCursor *body, GtidEvent *gtid, SluiceError *err)
{
	for (int i = 0; i < GTID_UUID_SIZE; i++)
	{
		uint64_t byte;

		if (!read_variable(body, &byte, err))
			return false;
		if (byte > UINT8_MAX)
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a GTID with a wrong UUID");
		gtid->gtid.uuid[i] = (uint8_t) byte;
	}
	return true;
}

static bool
read_tag(ByteCursor *body, GtidEvent *gtid, SluiceError *err)
{
	uint64_t length;
	ByteCursor text;

	if (!read_variable(body, &length, err) || !little_part(body, length, &text, err))
		return false;
	if (length > 0 && !gtid_tag_valid(text.at, length))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a GTID with a wrong tag");
	memcpy(gtid->gtid.tag, text.at, length);
	gtid->gtid.tag[length] = '\0';
	return true;
}

/* One field; *known is false for one this build does not know. */
static bool
read_field(uint64_t field, ByteCursor *body, GtidEvent *gtid, bool *known, SluiceError *err)
{
	int64_t ignored;
	uint64_t unused;

	*known = true;
	switch (field)
	{
		case 1: return read_tagged_uuid(body, gtid, err);
		case 2: return read_signed(body, &gtid->gtid.number, err);
		case 3: return read_tag(body, gtid, err);
		case 4:
		case 5: return read_signed(body, &ignored, err);
		case 6: /* the commit here; where it was first may follow */
		case 7: return read_variable(body, &gtid->commit_time, err);
		case 8: return read_variable(body, &gtid->length, err);
		case 0:
		case 9:
		case 10:
		case 11: return read_variable(body, &unused, err);
		default: *known = false; return true;
	}
}

static bool
read_tagged(const Event *event, GtidEvent *gtid, SluiceError *err)
{
	ByteCursor body = event->body, fields;
	uint64_t version, size, last_needed, head;

	if (!read_variable(&body, &version, err) || !read_variable(&body, &size, err))
		return false;
	head = (uint64_t) (body.at - event->body.at);
	if (version != 1 || size < head)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "a tagged GTID of version %" PRIu64, version);
	if (!little_part(&body, size - head, &fields, err) ||
		!read_variable(&fields, &last_needed, err))
		return false;
	while (fields.at < fields.end)
	{
		uint64_t field;
		bool known;

		if (!read_variable(&fields, &field, err) || !read_field(field, &fields, gtid, &known, err))
			return false;
		if (!known && field <= last_needed)
			return sluice_fail(err, SLUICE_ERROR_VERSION,
							   "a tagged GTID with an unknown field %" PRIu64, field);
		if (!known)
			break;
	}
	return true;
}

bool
gtid_event_read(const Event *event, GtidEvent *gtid, SluiceError *err)
{
	*gtid = (GtidEvent){0};
	if (!(event->header.type == EVENT_GTID_TAGGED ? read_tagged(event, gtid, err)
												  : read_fixed(event, gtid, err)))
		return false;
	if (gtid->gtid.number < 0 || gtid->gtid.number > GTID_NUMBER_LAST ||
		(gtid->gtid.number == 0) != (event->header.type == EVENT_ANONYMOUS_GTID))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a GTID with number %" PRId64,
						   gtid->gtid.number);
	return true;
}

/* ---- XA ---- */

static bool
take_xa_data(ByteCursor *body, uint64_t global, uint64_t branch, XaName *xa, SluiceError *err)
{
	ByteCursor data;

	if (global > 64 || branch > 64)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "an XA transaction with a name too long");
	if (!little_part(body, global + branch, &data, err))
		return false;
	xa->data = data.at;
	xa->global_length = (uint8_t) global;
	xa->branch_length = (uint8_t) branch;
	return true;
}

bool
xa_prepare_read(const Event *event, XaName *xa, bool *one_phase, SluiceError *err)
{
	ByteCursor body = event->body;
	uint8_t one;
	uint32_t global, branch;

	if (!little_u8(&body, &one, err) || !little_u32(&body, &xa->format, err) ||
		!little_u32(&body, &global, err) || !little_u32(&body, &branch, err))
		return false;
	*one_phase = one != 0;
	return take_xa_data(&body, global, branch, xa, err);
}

/* ---- MariaDB ---- */

#define GROUP_COMMIT_ID		 0x02
#define EXTRA_START_ALTER	 0x02
#define EXTRA_COMMIT_ALTER	 0x04
#define EXTRA_ROLLBACK_ALTER 0x08

static bool
read_mariadb_xa(ByteCursor *body, XaName *xa, SluiceError *err)
{
	uint8_t global, branch;

	return little_u32(body, &xa->format, err) && little_u8(body, &global, err) &&
		   little_u8(body, &branch, err) && take_xa_data(body, global, branch, xa, err);
}

static AlterPart
alter_part(uint8_t extra)
{
	return (extra & EXTRA_START_ALTER) != 0		 ? ALTER_START
		   : (extra & EXTRA_COMMIT_ALTER) != 0	 ? ALTER_COMMIT
		   : (extra & EXTRA_ROLLBACK_ALTER) != 0 ? ALTER_ROLLBACK
												 : ALTER_WHOLE;
}

bool
mariadb_gtid_event_read(const Event *event, MariadbGtidEvent *gtid, SluiceError *err)
{
	ByteCursor body = event->body;
	uint64_t commit_id;

	*gtid = (MariadbGtidEvent){.gtid.server = event->header.server_id};
	if (!little_u64(&body, &gtid->gtid.number, err) ||
		!little_u32(&body, &gtid->gtid.domain, err) || !little_u8(&body, &gtid->flags, err))
		return false;
	if ((gtid->flags & GROUP_COMMIT_ID) != 0 && !little_u64(&body, &commit_id, err))
		return false;
	if ((gtid->flags & (GTID_PREPARED_XA | GTID_COMPLETED_XA)) != 0 &&
		!read_mariadb_xa(&body, &gtid->xa, err))
		return false;
	if (body.at < body.end)
		gtid->alter = alter_part(*body.at);
	return true;
}

void
mariadb_position_init(MariadbPosition *position)
{
	*position = (MariadbPosition){0};
}

void
mariadb_position_free(MariadbPosition *position)
{
	free(position->gtids);
	*position = (MariadbPosition){0};
}

/* The first whose domain is not before. */
static size_t
find_domain(const MariadbPosition *position, uint32_t domain)
{
	size_t at = 0;

	while (at < position->count && position->gtids[at].domain < domain)
		at++;
	return at;
}

const MariadbGtid *
mariadb_position_find(const MariadbPosition *position, uint32_t domain)
{
	size_t at = find_domain(position, domain);

	return at < position->count && position->gtids[at].domain == domain ? &position->gtids[at]
																		: NULL;
}

bool
mariadb_position_set(MariadbPosition *position, const MariadbGtid *gtid, SluiceError *err)
{
	size_t at = find_domain(position, gtid->domain);

	if (at < position->count && position->gtids[at].domain == gtid->domain)
	{
		position->gtids[at] = *gtid;
		return true;
	}
	if (position->count == MARIADB_DOMAINS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "more than %d domains of GTIDs",
						   MARIADB_DOMAINS_MAXIMUM);
	if (position->count == position->room)
	{
		size_t room = position->room * 2 + 4;
		MariadbGtid *grown = realloc(position->gtids, room * sizeof(*grown));

		if (grown == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a position");
		position->gtids = grown;
		position->room = room;
	}
	memmove(position->gtids + at + 1, position->gtids + at,
			(position->count++ - at) * sizeof(*gtid));
	position->gtids[at] = *gtid;
	return true;
}

bool
mariadb_position_parse(MariadbPosition *position, const char *text, SluiceError *err)
{
	const char *at = text;

	while (*at != '\0')
	{
		MariadbGtid gtid;
		int length = 0;

		if (sscanf(at, "%" SCNu32 "-%" SCNu32 "-%" SCNu64 "%n", &gtid.domain, &gtid.server,
				   &gtid.number, &length) != 3 ||
			(at[length] != ',' && at[length] != '\0'))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
							   "\"%.80s\" is no list of GTIDs like \"0-1-100,1-2-7\"", text);
		if (!mariadb_position_set(position, &gtid, err))
			return false;
		at += length + (at[length] == ',');
	}
	return true;
}

bool
mariadb_position_format(const MariadbPosition *position, ByteBuf *out, SluiceError *err)
{
	for (size_t i = 0; i < position->count; i++)
	{
		const MariadbGtid *gtid = &position->gtids[i];
		char text[64];
		int length = snprintf(text, sizeof(text), "%s%" PRIu32 "-%" PRIu32 "-%" PRIu64,
							  i > 0 ? "," : "", gtid->domain, gtid->server, gtid->number);

		if (!bytebuf_put(out, text, (size_t) length, err))
			return false;
	}
	return true;
}

bool
mariadb_gtid_list_read(const Event *event, MariadbPosition *position, SluiceError *err)
{
	ByteCursor body = event->body;
	uint32_t count;

	if (!little_u32(&body, &count, err))
		return false;
	for (count &= 0x0fffffff; count > 0; count--)
	{
		MariadbGtid gtid;

		if (!little_u32(&body, &gtid.domain, err) || !little_u32(&body, &gtid.server, err) ||
			!little_u64(&body, &gtid.number, err) || !mariadb_position_set(position, &gtid, err))
			return false;
	}
	return true;
}
