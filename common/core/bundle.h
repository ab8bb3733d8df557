/*
 * bundle.h - the records of a bundle, written one by one and read back in order.
 *
 * A record is a head of RECORD_HEADER_SIZE bytes (type, flags, relation number, body length) and a
 * body.  A relation record comes before the first record that uses it, in every bundle anew; its
 * number is its place among the bundle's relation records.
 *
 * A row is laid out as COPY BINARY lays out a tuple: int16 number of fields, then for each field an
 * int32 length and that many bytes, length FIELD_NULL for NULL and, which COPY does not know,
 * FIELD_UNCHANGED for a large value that an update did not touch and the source did not log.  A new
 * row, and an old row, has a field for every column of the relation; an old key only those of the
 * columns flagged COLUMN_KEY.
 *
 * Identities: a begin record has index 0 and each record of the transaction after it one more; the
 * commit has CHANGE_INDEX_COMMIT.  A message outside of transactions is (its LSN, CHANGE_INDEX_COMMIT).
 * Relation records have no identity.
 */
#ifndef SLUICE_CORE_BUNDLE_H
#define SLUICE_CORE_BUNDLE_H

#include "bundle_header.h"
#include "bundle_relation.h"

#define RECORD_HEADER_SIZE 8

typedef enum RecordType
{
	RECORD_RELATION = 'R',
	RECORD_BEGIN = 'B',
	RECORD_INSERT = 'I',
	RECORD_UPDATE = 'U',
	RECORD_DELETE = 'D',
	RECORD_TRUNCATE = 'T',
	RECORD_MESSAGE = 'M',
	RECORD_COMMIT = 'C',
	RECORD_ROW = 'L' /* a row of a table copy */
} RecordType;

/* Record flags.  An update has old key, old row or neither (the key did not change). */
#define RECORD_OLD_KEY			0x01
#define RECORD_OLD_ROW			0x02
#define RECORD_CASCADE			0x01 /* truncate */
#define RECORD_RESTART_IDENTITY 0x02 /* truncate */
#define RECORD_TRANSACTIONAL	0x01 /* message */
#define RECORD_FLAGS			0x03

#define FIELD_NULL		INT32_C(-1)
#define FIELD_UNCHANGED INT32_C(-2)

typedef struct BundleBegin
{
	uint64_t commit;	 /* the transaction's commit position */
	int64_t commit_time; /* microseconds since 2000-01-01 UTC */
	uint32_t xid;
	const char *origin; /* name of the replication origin, "" when local */
} BundleBegin;

typedef struct BundleMessage
{
	uint64_t position;
	const char *prefix;
	const uint8_t *content;
	uint32_t length;
} BundleMessage;

/*
 * ---- Writing ----
 *
 * The buffer starts with room for the head, so that sealing need not copy.  Every add either
 * appends a whole record or leaves the bundle as it was.
 */
typedef struct BundleWriter
{
	ByteBuf buf;
	uint32_t records;	/* relations included */
	uint32_t changes;	/* relations left out */
	uint16_t relations; /* how many this bundle has */
	size_t open_at;		/* where the record being written starts; 0 when none is */
	ChangeId previous, first, last;
	int64_t commit_time;
} BundleWriter;

extern void bundle_writer_init(BundleWriter *writer, const Allocator *allocator, size_t maximum);
extern void bundle_writer_free(BundleWriter *writer);

/* Starts an empty bundle that follows `previous`, with room for `expected` bytes made at once. */
extern bool bundle_writer_start(BundleWriter *writer, const ChangeId *previous, size_t expected,
								SluiceError *err) SLUICE_MUST_CHECK;

/* What bundle_seal() needs to know of the records written. */
extern void bundle_writer_header(const BundleWriter *writer, BundleKind kind, BundleHeader *header);

extern bool bundle_add_relation(BundleWriter *writer, const BundleRelation *relation,
								uint16_t *number, SluiceError *err) SLUICE_MUST_CHECK;
extern bool bundle_add_begin(BundleWriter *writer, const BundleBegin *begin, const ChangeId *id,
							 SluiceError *err) SLUICE_MUST_CHECK;
extern bool bundle_add_commit(BundleWriter *writer, int64_t commit_time, const ChangeId *id,
							  SluiceError *err) SLUICE_MUST_CHECK;
extern bool bundle_add_truncate(BundleWriter *writer, uint8_t flags, const uint16_t *relations,
								uint16_t count, const ChangeId *id,
								SluiceError *err) SLUICE_MUST_CHECK;
extern bool bundle_add_message(BundleWriter *writer, uint8_t flags, const BundleMessage *message,
							   const ChangeId *id, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Row records are written field by field: open, then for each row (old first) bundle_row() and its
 * fields, then close.  After a failed step call bundle_abandon().
 */
extern bool bundle_open(BundleWriter *writer, RecordType type, uint8_t flags, uint16_t relation,
						SluiceError *err) SLUICE_MUST_CHECK;
extern bool bundle_row(BundleWriter *writer, uint16_t fields, SluiceError *err) SLUICE_MUST_CHECK;
extern bool bundle_close(BundleWriter *writer, const ChangeId *id,
						 SluiceError *err) SLUICE_MUST_CHECK;
extern void bundle_abandon(BundleWriter *writer);

/* Room for a field of `length` bytes, which the caller fills at once; NULL on error. */
static inline uint8_t *
bundle_field_room(BundleWriter *writer, uint32_t length, SluiceError *err)
{
	ByteBuf *buf = &writer->buf;
	uint8_t *at;

	if (!bytebuf_reserve(buf, (size_t) length + 4, err))
		return NULL;
	at = buf->data + buf->length;
	store_u32(at, length);
	buf->length += (size_t) length + 4;
	return at + 4;
}

static inline bool SLUICE_MUST_CHECK
bundle_field(BundleWriter *writer, const void *data, uint32_t length, SluiceError *err)
{
	uint8_t *at = bundle_field_room(writer, length, err);

	if (at == NULL)
		return false;
	if (length > 0)
		memcpy(at, data, length);
	return true;
}

/* FIELD_NULL or FIELD_UNCHANGED. */
static inline bool SLUICE_MUST_CHECK
bundle_field_mark(BundleWriter *writer, int32_t mark, SluiceError *err)
{
	return bytebuf_put_u32(&writer->buf, (uint32_t) mark, err);
}

/*
 * ---- Reading ----
 */
typedef struct BundleRow
{
	const uint8_t *data; /* the field count, then the fields: a COPY BINARY tuple when !unchanged */
	size_t length;
	uint16_t fields;
	bool unchanged; /* has FIELD_UNCHANGED fields */
} BundleRow;

/* Walks the fields of a row that bundle_next() returned: set `at` to row.data + 2, take each in turn. */
static inline const uint8_t *
bundle_row_field(const uint8_t **at, int32_t *length)
{
	const uint8_t *data = *at + 4;

	*length = (int32_t) load_u32(*at);
	*at = data + (*length > 0 ? *length : 0);
	return data;
}

typedef struct BundleRecord
{
	RecordType type;
	uint8_t flags;
	ChangeId id;					/* not for relations */
	const BundleRelation *relation; /* relation and row records */
	union
	{
		BundleBegin begin;
		int64_t commit_time;
		BundleMessage message;
		struct
		{
			BundleRow old_row; /* update, delete; a key or a row as flags say, else fields is 0 */
			BundleRow new_row; /* insert, update, row */
		};
		struct
		{
			const uint8_t *numbers; /* relation numbers, two bytes each: bundle_truncated() */
			uint16_t count;
		} truncate;
	};
} BundleRecord;

typedef struct BundleReader
{
	const Allocator *allocator;
	BundleHeader header;
	ByteBuf unpacked;
	ByteCursor cursor;
	uint32_t left; /* records not read yet */
	ChangeId id;   /* of the next change, before a begin has set it */
	BundleRelation **relations;
	uint16_t relation_count;
	uint16_t relation_room;
} BundleReader;

/* maximum: of an unpacked body. */
extern void bundle_reader_init(BundleReader *reader, const Allocator *allocator, size_t maximum);
extern void bundle_reader_free(BundleReader *reader);

/* Opens a whole bundle (not a part).  The bytes must stay until the next open or free. */
extern bool bundle_reader_open(BundleReader *reader, const uint8_t *data, size_t length,
							   SluiceError *err) SLUICE_MUST_CHECK;

/*
 * The next record; *end when there is none.  What the record points to lives until the next open
 * or free; rows are checked to be whole.
 */
extern bool bundle_next(BundleReader *reader, BundleRecord *record, bool *end,
						SluiceError *err) SLUICE_MUST_CHECK;

/* The i-th relation of a truncate record. */
extern const BundleRelation *bundle_truncated(const BundleReader *reader,
											  const BundleRecord *record, uint16_t i);

#endif
