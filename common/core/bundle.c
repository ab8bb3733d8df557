/*
 * bundle.c - the records of a bundle: for each, how it is written and, below it, how it is read.
 */
#include "bundle.h"

#define RELATIONS_FIRST 8

/* ---- the writer's frame ---- */

void
bundle_writer_init(BundleWriter *writer, const Allocator *allocator, size_t maximum)
{
	*writer = (BundleWriter){0};
	bytebuf_init(&writer->buf, allocator, maximum);
}

void
bundle_writer_free(BundleWriter *writer)
{
	bytebuf_free(&writer->buf);
}

bool
bundle_writer_start(BundleWriter *writer, const ChangeId *previous, size_t expected,
					SluiceError *err)
{
	ByteBuf buf = writer->buf;

	buf.length = 0;
	*writer = (BundleWriter){.buf = buf, .previous = *previous, .last = *previous};
	if (expected < BUNDLE_HEADER_SIZE)
		expected = BUNDLE_HEADER_SIZE;
	if (!bytebuf_reserve(&writer->buf, expected, err))
		return false;
	writer->buf.length = BUNDLE_HEADER_SIZE;
	return true;
}

void
bundle_writer_header(const BundleWriter *writer, BundleKind kind, BundleHeader *header)
{
	*header = (BundleHeader){
		.kind = kind,
		.records = writer->records,
		.previous = writer->previous,
		.first = writer->first,
		.last = writer->last,
		.commit_time = writer->commit_time,
	};
}

bool
bundle_open(BundleWriter *writer, RecordType type, uint8_t flags, uint16_t relation,
			SluiceError *err)
{
	uint8_t *at;

	if (!bytebuf_reserve(&writer->buf, RECORD_HEADER_SIZE, err))
		return false;
	at = writer->buf.data + writer->buf.length;
	at[0] = (uint8_t) type;
	at[1] = flags;
	store_u16(at + 2, relation);
	writer->open_at = writer->buf.length;
	writer->buf.length += RECORD_HEADER_SIZE;
	return true;
}

/* Fixes the length of the open record and counts it. */
static bool
record_end(BundleWriter *writer, SluiceError *err)
{
	size_t length = writer->buf.length - writer->open_at - RECORD_HEADER_SIZE;

	if (length > UINT32_MAX)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "record of %zu bytes", length);
	store_u32(writer->buf.data + writer->open_at + 4, (uint32_t) length);
	writer->open_at = 0;
	writer->records++;
	return true;
}

bool
bundle_close(BundleWriter *writer, const ChangeId *id, SluiceError *err)
{
	if (!record_end(writer, err))
		return false;
	if (writer->changes == 0)
		writer->first = *id;
	writer->last = *id;
	writer->changes++;
	return true;
}

void
bundle_abandon(BundleWriter *writer)
{
	if (writer->open_at != 0)
		writer->buf.length = writer->open_at;
	writer->open_at = 0;
}

/* Closes a record whose body went well, takes it back otherwise. */
static bool
record_settle(BundleWriter *writer, bool written, const ChangeId *id, SluiceError *err)
{
	if (written && bundle_close(writer, id, err))
		return true;
	bundle_abandon(writer);
	return false;
}

/* ---- the reader's frame ---- */

void
bundle_reader_init(BundleReader *reader, const Allocator *allocator, size_t maximum)
{
	*reader = (BundleReader){.allocator = allocator};
	bytebuf_init(&reader->unpacked, allocator, maximum);
}

static void
forget_relations(BundleReader *reader)
{
	for (uint16_t i = 0; i < reader->relation_count; i++)
		bundle_relation_free(reader->relations[i], reader->allocator);
	reader->relation_count = 0;
}

void
bundle_reader_free(BundleReader *reader)
{
	forget_relations(reader);
	reader->allocator->put(reader->allocator->context, reader->relations);
	reader->relations = NULL;
	reader->relation_room = 0;
	bytebuf_free(&reader->unpacked);
}

static bool
unpack(BundleReader *reader, const uint8_t *body, SluiceError *err)
{
	const BundleHeader *header = &reader->header;

	reader->unpacked.length = 0;
	return bytebuf_reserve(&reader->unpacked, header->raw_size, err) &&
		   compress_restore(header->compression, body, header->stored_size, reader->unpacked.data,
							header->raw_size, err);
}

bool
bundle_reader_open(BundleReader *reader, const uint8_t *data, size_t length, SluiceError *err)
{
	const uint8_t *body;

	forget_relations(reader);
	reader->left = 0;
	if (!bundle_header_read(data, length, &reader->header, &body, err))
		return false;
	if (reader->header.kind == BUNDLE_PART)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "part %u of %u is not a whole bundle",
						   reader->header.part, reader->header.parts);
	if (reader->header.compression != COMPRESSION_NONE)
	{
		if (!unpack(reader, body, err))
			return false;
		body = reader->unpacked.data;
	}
	reader->cursor = (ByteCursor){body, body + reader->header.raw_size};
	reader->left = reader->header.records;
	reader->id = reader->header.first;
	return true;
}

/* ---- relation ---- */

bool
bundle_add_relation(BundleWriter *writer, const BundleRelation *relation, uint16_t *number,
					SluiceError *err)
{
	if (writer->relations == UINT16_MAX)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "more than %u relations in a bundle",
						   UINT16_MAX);
	if (bundle_open(writer, RECORD_RELATION, 0, writer->relations, err) &&
		bundle_relation_write(relation, &writer->buf, err) && record_end(writer, err))
	{
		*number = writer->relations++;
		return true;
	}
	bundle_abandon(writer);
	return false;
}

static bool
grow_relations(BundleReader *reader, SluiceError *err)
{
	uint16_t room = reader->relation_room == 0 ? RELATIONS_FIRST
					: reader->relation_room > UINT16_MAX / 2
						? UINT16_MAX
						: (uint16_t) (reader->relation_room * 2);
	BundleRelation **relations;

	if (room == reader->relation_room)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "more than %u relations in a bundle", room);
	relations = reader->allocator->get(reader->allocator->context, room * sizeof(*relations));
	if (relations == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for %u relations", room);
	if (reader->relation_count > 0)
		memcpy(relations, reader->relations, reader->relation_count * sizeof(*relations));
	reader->allocator->put(reader->allocator->context, reader->relations);
	reader->relations = relations;
	reader->relation_room = room;
	return true;
}

static bool
read_relation(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	BundleRelation *relation;

	if (reader->relation_count == reader->relation_room && !grow_relations(reader, err))
		return false;
	relation =
		bundle_relation_read(body->at, (size_t) (body->end - body->at), reader->allocator, err);
	if (relation == NULL)
		return false;
	reader->relations[reader->relation_count++] = relation;
	record->relation = relation;
	body->at = body->end;
	return true;
}

/* ---- begin ---- */

bool
bundle_add_begin(BundleWriter *writer, const BundleBegin *begin, const ChangeId *id,
				 SluiceError *err)
{
	ByteBuf *out = &writer->buf;
	bool written =
		bundle_open(writer, RECORD_BEGIN, 0, 0, err) && bytebuf_put_u64(out, begin->commit, err) &&
		bytebuf_put_u64(out, (uint64_t) begin->commit_time, err) &&
		bytebuf_put_u32(out, begin->xid, err) && bytebuf_put_text(out, begin->origin, err);

	if (!record_settle(writer, written, id, err))
		return false;
	writer->commit_time = begin->commit_time;
	return true;
}

static bool
read_begin(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	uint64_t time;

	if (!cursor_u64(body, &record->begin.commit, err) || !cursor_u64(body, &time, err) ||
		!cursor_u32(body, &record->begin.xid, err) ||
		!cursor_text(body, &record->begin.origin, err))
		return false;
	record->begin.commit_time = (int64_t) time;
	reader->id.commit = record->begin.commit;
	reader->id.index = 0;
	return true;
}

/* ---- commit ---- */

bool
bundle_add_commit(BundleWriter *writer, int64_t commit_time, const ChangeId *id, SluiceError *err)
{
	bool written = bundle_open(writer, RECORD_COMMIT, 0, 0, err) &&
				   bytebuf_put_u64(&writer->buf, (uint64_t) commit_time, err);

	if (!record_settle(writer, written, id, err))
		return false;
	writer->commit_time = commit_time;
	return true;
}

static bool
read_commit(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	uint64_t time;

	if (!cursor_u64(body, &time, err))
		return false;
	record->commit_time = (int64_t) time;
	reader->id.index = CHANGE_INDEX_COMMIT;
	return true;
}

/* ---- truncate ---- */

bool
bundle_add_truncate(BundleWriter *writer, uint8_t flags, const uint16_t *relations, uint16_t count,
					const ChangeId *id, SluiceError *err)
{
	bool written = bundle_open(writer, RECORD_TRUNCATE, flags, 0, err) &&
				   bytebuf_put_u16(&writer->buf, count, err);

	for (uint16_t i = 0; written && i < count; i++)
		written = bytebuf_put_u16(&writer->buf, relations[i], err);
	return record_settle(writer, written, id, err);
}

static bool
read_truncate(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	if (!cursor_u16(body, &record->truncate.count, err) ||
		!cursor_take(body, (size_t) record->truncate.count * 2, &record->truncate.numbers, err))
		return false;
	for (uint16_t i = 0; i < record->truncate.count; i++)
	{
		if (load_u16(record->truncate.numbers + 2 * i) >= reader->relation_count)
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "truncate names no relation");
	}
	return true;
}

const BundleRelation *
bundle_truncated(const BundleReader *reader, const BundleRecord *record, uint16_t i)
{
	return reader->relations[load_u16(record->truncate.numbers + 2 * i)];
}

/* ---- message ---- */

bool
bundle_add_message(BundleWriter *writer, uint8_t flags, const BundleMessage *message,
				   const ChangeId *id, SluiceError *err)
{
	ByteBuf *out = &writer->buf;
	bool written = bundle_open(writer, RECORD_MESSAGE, flags, 0, err) &&
				   bytebuf_put_u64(out, message->position, err) &&
				   bytebuf_put_text(out, message->prefix, err) &&
				   bytebuf_put_u32(out, message->length, err) &&
				   bytebuf_put(out, message->content, message->length, err);

	return record_settle(writer, written, id, err);
}

static bool
read_message(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	BundleMessage *message = &record->message;

	if (!cursor_u64(body, &message->position, err) || !cursor_text(body, &message->prefix, err) ||
		!cursor_u32(body, &message->length, err) ||
		!cursor_take(body, message->length, &message->content, err))
		return false;
	if ((record->flags & RECORD_TRANSACTIONAL) == 0)
	{
		reader->id.commit = message->position;
		reader->id.index = CHANGE_INDEX_COMMIT;
	}
	return true;
}

/* ---- rows ---- */

bool
bundle_row(BundleWriter *writer, uint16_t fields, SluiceError *err)
{
	return bytebuf_put_u16(&writer->buf, fields, err);
}

/* Walks a row, so that whoever uses it later need not check. */
static bool
read_row(ByteCursor *body, uint16_t expected, BundleRow *row, SluiceError *err)
{
	const uint8_t *ignored;

	row->data = body->at;
	row->unchanged = false;
	if (!cursor_u16(body, &row->fields, err))
		return false;
	if (row->fields != expected)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "row with %u fields where %u belong",
						   row->fields, expected);
	for (uint16_t i = 0; i < row->fields; i++)
	{
		uint32_t length;

		if (!cursor_u32(body, &length, err))
			return false;
		if ((int32_t) length == FIELD_UNCHANGED)
			row->unchanged = true;
		else if ((int32_t) length != FIELD_NULL && !cursor_take(body, length, &ignored, err))
			return false;
	}
	row->length = (size_t) (body->at - row->data);
	return true;
}

static uint16_t
key_columns(const BundleRelation *relation)
{
	uint16_t count = 0;

	for (uint16_t i = 0; i < relation->column_count; i++)
		count += (relation->columns[i].flags & COLUMN_KEY) != 0;
	return count;
}

/* The old key or row, as the flags say; fields is 0 when there is none. */
static bool
read_old_row(BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	const BundleRelation *relation = record->relation;
	bool whole = (record->flags & RECORD_OLD_ROW) != 0;
	bool key = (record->flags & RECORD_OLD_KEY) != 0;

	record->old_row = (BundleRow){0};
	if (whole && key)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "old key and old row of \"%s\" in one record",
						   relation->name);
	if (!whole && !key)
		return true;
	if (!read_row(body, whole ? relation->column_count : key_columns(relation), &record->old_row,
				  err))
		return false;
	if (record->old_row.unchanged)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "old row of \"%s\" with unchanged fields",
						   relation->name);
	return true;
}

static bool
read_insert(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	(void) reader;
	record->old_row = (BundleRow){0};
	if (!read_row(body, record->relation->column_count, &record->new_row, err))
		return false;
	if (record->new_row.unchanged)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "new row of \"%s\" with unchanged fields",
						   record->relation->name);
	return true;
}

static bool
read_update(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	(void) reader;
	return read_old_row(record, body, err) &&
		   read_row(body, record->relation->column_count, &record->new_row, err);
}

static bool
read_delete(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	(void) reader;
	record->new_row = (BundleRow){0};
	if ((record->flags & (RECORD_OLD_KEY | RECORD_OLD_ROW)) == 0)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "delete from \"%s\" without a key",
						   record->relation->name);
	return read_old_row(record, body, err);
}

/* ---- any record ---- */

static const struct RecordKind
{
	bool (*read)(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err);
	bool has_relation; /* its number stands in the head */
	bool has_identity;
	uint8_t flags; /* those it may have */
} kinds[] = {
	[RECORD_RELATION] = {read_relation, false, false, 0},
	[RECORD_BEGIN] = {read_begin, false, true, 0},
	[RECORD_INSERT] = {read_insert, true, true, 0},
	[RECORD_UPDATE] = {read_update, true, true, RECORD_OLD_KEY | RECORD_OLD_ROW},
	[RECORD_DELETE] = {read_delete, true, true, RECORD_OLD_KEY | RECORD_OLD_ROW},
	[RECORD_TRUNCATE] = {read_truncate, false, true, RECORD_CASCADE | RECORD_RESTART_IDENTITY},
	[RECORD_MESSAGE] = {read_message, false, true, RECORD_TRANSACTIONAL},
	[RECORD_COMMIT] = {read_commit, false, true, 0},
	[RECORD_ROW] = {read_insert, true, true, 0},
};

/* Head of the next record: its kind, its flags, its relation and the cursor over its body. */
static bool
read_head(BundleReader *reader, BundleRecord *record, ByteCursor *body, SluiceError *err)
{
	const uint8_t *head;
	const uint8_t *start;

	if (!cursor_take(&reader->cursor, RECORD_HEADER_SIZE, &head, err) ||
		!cursor_take(&reader->cursor, load_u32(head + 4), &start, err))
		return false;
	*body = (ByteCursor){start, start + load_u32(head + 4)};
	record->type = (RecordType) head[0];
	record->flags = head[1];
	record->relation = NULL;
	if (head[0] >= sizeof(kinds) / sizeof(kinds[0]) || kinds[head[0]].read == NULL ||
		(record->flags & ~kinds[head[0]].flags) != 0)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "unknown record type %u with flags %u",
						   head[0], head[1]);
	if (!kinds[head[0]].has_relation)
		return true;
	if (load_u16(head + 2) >= reader->relation_count)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "record names relation %u of %u",
						   load_u16(head + 2), reader->relation_count);
	record->relation = reader->relations[load_u16(head + 2)];
	return true;
}

bool
bundle_next(BundleReader *reader, BundleRecord *record, bool *end, SluiceError *err)
{
	ByteCursor body;

	*end = reader->left == 0;
	if (*end)
	{
		if (reader->cursor.at != reader->cursor.end)
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "bundle is longer than its %u records",
							   reader->header.records);
		return true;
	}
	if (!read_head(reader, record, &body, err) ||
		!kinds[record->type].read(reader, record, &body, err))
		return false;
	if (body.at != body.end)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "record of type %c is too long",
						   record->type);
	reader->left--;
	record->id = reader->id;
	if (kinds[record->type].has_identity && reader->id.index != CHANGE_INDEX_COMMIT)
		reader->id.index++;
	return true;
}
