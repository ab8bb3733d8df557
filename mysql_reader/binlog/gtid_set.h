/*
 * gtid_set.h - which transactions of MySQL servers are known: for each origin the intervals of their
 * numbers.
 *
 * An origin is a server's UUID with, since MySQL 8.3, an optional tag.  Text: "uuid:1-5:7,uuid:tag:1-3",
 * where a tag holds until the next one of the same UUID.  Binary: that of COM_BINLOG_DUMP_GTID and of
 * PREVIOUS_GTIDS, whose intervals end behind their last number.
 *
 * Invariants: origins are in the order of their UUIDs, then tags; intervals of one are ascending and
 * neither overlap nor touch; numbers are 1 to INT64_MAX - 1.
 */
#ifndef SLUICE_MYSQL_READER_GTID_SET_H
#define SLUICE_MYSQL_READER_GTID_SET_H

#include "little_cursor.h"

#define GTID_UUID_SIZE	 16
#define GTID_TAG_SIZE	 33 /* 32 letters, digits, underscores and a NUL */
#define GTID_NUMBER_LAST (INT64_MAX - 1)

typedef struct Gtid
{
	uint8_t uuid[GTID_UUID_SIZE];
	char tag[GTID_TAG_SIZE]; /* "" without */
	int64_t number;
} Gtid;

/* Whether that many letters are a tag: 1 to 32 of a-z, 0-9 and _, no digit first. */
extern bool gtid_tag_valid(const uint8_t *text, size_t length);

#define GTID_TEXT 96

/* "uuid[:tag]:number". */
extern const char *gtid_format(const Gtid *gtid, char text[GTID_TEXT]);

typedef struct GtidInterval
{
	int64_t first, last;
} GtidInterval;

typedef struct GtidOrigin
{
	uint8_t uuid[GTID_UUID_SIZE];
	char tag[GTID_TAG_SIZE];
	GtidInterval *intervals;
	size_t count, room;
} GtidOrigin;

typedef struct GtidSet
{
	GtidOrigin *origins;
	size_t count, room;
} GtidSet;

extern void gtid_set_init(GtidSet *set);
extern void gtid_set_free(GtidSet *set);

extern bool gtid_set_add(GtidSet *set, const Gtid *gtid, SluiceError *err) SLUICE_MUST_CHECK;
extern bool gtid_set_contains(const GtidSet *set, const Gtid *gtid);

/* Whether all of `part` is in `whole`. */
extern bool gtid_set_covers(const GtidSet *whole, const GtidSet *part);

/* Adds what the text names; ARGUMENT with what is wrong with it.  On error the set is half filled. */
extern bool gtid_set_parse(GtidSet *set, const char *text, SluiceError *err) SLUICE_MUST_CHECK;

/* Appends the text, without NUL. */
extern bool gtid_set_format(const GtidSet *set, ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

/* Adds a binary set. */
extern bool gtid_set_decode(GtidSet *set, ByteCursor data, SluiceError *err) SLUICE_MUST_CHECK;

/* Appends the binary form: the one with tags only if there is one, since older servers do not know it. */
extern bool gtid_set_encode(const GtidSet *set, ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

#endif
