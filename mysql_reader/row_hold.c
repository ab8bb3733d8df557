/*
 * row_hold.c - rows that wait (row_hold.h).
 *
 * A record is held as it stands in a bundle, with a number of the hold's own for its relation.
 */
#include "row_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE ((size_t) 256 << 10)

void
row_hold_init(RowHold *hold)
{
	*hold = (RowHold){.file = -1};
	bytebuf_init(&hold->records, &allocator_malloc, BUNDLE_MAXIMUM);
}

void
row_hold_clear(RowHold *hold)
{
	for (uint32_t i = 0; i < hold->relation_count; i++)
	{
		bundle_relation_free(hold->relations[i].relation, &allocator_malloc);
		free(hold->relations[i].encoded);
	}
	hold->relation_count = 0;
	hold->serial = 0;
	hold->records.length = 0;
	hold->filed = 0;
	if (hold->file >= 0)
		(void) close(hold->file);
	hold->file = -1;
	/* What one huge row took is not kept for all time. */
	if (hold->records.capacity > 2 * ROW_HOLD_MEMORY)
		bytebuf_free(&hold->records);
}

void
row_hold_free(RowHold *hold)
{
	row_hold_clear(hold);
	free(hold->relations);
	hold->relations = NULL;
	hold->relation_room = 0;
	bytebuf_free(&hold->records);
}

/* ---- the file ---- */

static bool
fail_file(const char *what, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_IO,
					   "%s a temporary file for a transaction that may be rolled back: %s", what,
					   strerror(errno));
}

static bool
open_file(RowHold *hold, SluiceError *err)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];

	(void) snprintf(path, sizeof(path), "%s/sluice-hold-XXXXXX",
					folder != NULL && folder[0] != '\0' ? folder : "/tmp");
	hold->file = mkostemp(path, O_CLOEXEC);
	if (hold->file < 0)
		return fail_file("making", err);
	(void) unlink(path);
	return true;
}

static bool
write_file(RowHold *hold, SluiceError *err)
{
	size_t done = 0;

	if (hold->file < 0 && !open_file(hold, err))
		return false;
	while (done < hold->records.length)
	{
		ssize_t written = pwrite(hold->file, hold->records.data + done, hold->records.length - done,
								 (off_t) (hold->filed + done));

		if (written < 0 && errno != EINTR)
			return fail_file("writing", err);
		done += written > 0 ? (size_t) written : 0;
	}
	hold->filed += done;
	hold->records.length = 0;
	return true;
}

/* ---- writing ---- */

uint64_t
row_hold_length(const RowHold *hold)
{
	return hold->filed + hold->records.length;
}

bool
row_hold_cut(RowHold *hold, uint64_t length, SluiceError *err)
{
	if (length >= hold->filed)
	{
		hold->records.length = (size_t) (length - hold->filed);
		return true;
	}
	hold->filed = length;
	hold->records.length = 0;
	return ftruncate(hold->file, (off_t) length) == 0 || fail_file("shortening", err);
}

static bool
grow_relations(RowHold *hold, SluiceError *err)
{
	uint32_t room = hold->relation_room * 2 + 4;
	HeldRelation *relations;

	if (hold->relation_count < hold->relation_room)
		return true;
	relations = realloc(hold->relations, room * sizeof(*relations));
	if (relations == NULL || room > UINT16_MAX)
	{
		hold->relations = relations != NULL ? relations : hold->relations;
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "a transaction changes too many tables");
	}
	hold->relations = relations;
	hold->relation_room = room;
	return true;
}

/* The relation's number here; it is copied, since maps of tables come and go. */
static bool
require_relation(RowHold *hold, TableRelation *relation, SluiceError *err)
{
	static uint64_t serials;
	HeldRelation *held;

	if (hold->serial == 0)
		hold->serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
	if (relation->hold == hold->serial)
		return true;
	if (!grow_relations(hold, err))
		return false;
	held = &hold->relations[hold->relation_count];
	*held = (HeldRelation){.encoded = malloc(relation->encoded.length)};
	if (held->encoded == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
	memcpy(held->encoded, relation->encoded.data, relation->encoded.length);
	held->relation =
		bundle_relation_read(held->encoded, relation->encoded.length, &allocator_malloc, err);
	if (held->relation == NULL)
	{
		free(held->encoded);
		return false;
	}
	relation->hold = hold->serial;
	relation->hold_number = (uint16_t) hold->relation_count++;
	return true;
}

bool
row_hold_open(RowHold *hold, RecordType type, uint8_t flags, TableRelation *relation,
			  SluiceError *err)
{
	ByteBuf *out = &hold->records;

	if (out->length >= ROW_HOLD_MEMORY && !write_file(hold, err))
		return false;
	if (!require_relation(hold, relation, err))
		return false;
	hold->open_at = out->length;
	return bytebuf_put_u8(out, (uint8_t) type, err) && bytebuf_put_u8(out, flags, err) &&
		   bytebuf_put_u16(out, relation->hold_number, err) && bytebuf_put_u32(out, 0, err);
}

bool
row_hold_close(RowHold *hold, SluiceError *err)
{
	size_t length = hold->records.length - hold->open_at - RECORD_HEADER_SIZE;

	if (length > UINT32_MAX)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "a row of %zu bytes", length);
	store_u32(hold->records.data + hold->open_at + 4, (uint32_t) length);
	return true;
}

/* ---- reading ---- */

/* Fills the buffer up to `length` bytes behind `*at` of the file, which moves. */
static bool
read_file(const RowHold *hold, ByteBuf *in, size_t length, uint64_t *at, SluiceError *err)
{
	size_t wanted = length > READ_SIZE ? length : READ_SIZE;

	if (wanted > hold->filed - *at + in->length)
		wanted = (size_t) (hold->filed - *at) + in->length;
	if (wanted > in->capacity && !bytebuf_reserve(in, wanted - in->length, err))
		return false;
	while (in->length < wanted)
	{
		ssize_t got = pread(hold->file, in->data + in->length, wanted - in->length, (off_t) *at);

		if (got == 0 || (got < 0 && errno != EINTR))
			return fail_file("reading", err);
		in->length += got > 0 ? (size_t) got : 0;
		*at += got > 0 ? (uint64_t) got : 0;
	}
	return true;
}

/* Gives the whole records at the beginning of some bytes; *used of them were whole. */
static bool
give_records(RowHold *hold, const uint8_t *data, size_t length, size_t *used, HeldTaker take,
			 void *context, SluiceError *err)
{
	*used = 0;
	while (length - *used >= RECORD_HEADER_SIZE)
	{
		const uint8_t *at = data + *used;
		uint32_t body = load_u32(at + 4);
		HeldRecord record = {.type = (RecordType) at[0],
							 .flags = at[1],
							 .relation = &hold->relations[load_u16(at + 2)],
							 .body = at + RECORD_HEADER_SIZE,
							 .length = body};

		if (length - *used - RECORD_HEADER_SIZE < body)
			break;
		if (!take(context, &record, err))
			return false;
		*used += RECORD_HEADER_SIZE + body;
	}
	return true;
}

static bool
give_file(RowHold *hold, ByteBuf *in, HeldTaker take, void *context, SluiceError *err)
{
	uint64_t at = 0;
	size_t need = 0;

	while (at < hold->filed || in->length > 0)
	{
		size_t used;

		if (!read_file(hold, in, need, &at, err) ||
			!give_records(hold, in->data, in->length, &used, take, context, err))
			return false;
		memmove(in->data, in->data + used, in->length - used);
		in->length -= used;
		need = in->length >= RECORD_HEADER_SIZE
				   ? RECORD_HEADER_SIZE + (size_t) load_u32(in->data + 4)
				   : RECORD_HEADER_SIZE;
	}
	return true;
}

bool
row_hold_each(RowHold *hold, HeldTaker take, void *context, SluiceError *err)
{
	ByteBuf in;
	size_t used;
	bool good;

	bytebuf_init(&in, &allocator_malloc, BUNDLE_MAXIMUM);
	good = give_file(hold, &in, take, context, err);
	bytebuf_free(&in);
	return good &&
		   give_records(hold, hold->records.data, hold->records.length, &used, take, context, err);
}
