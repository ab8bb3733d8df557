/*
 * gtid_event.h - the events that begin a group of events: whose transaction it is, and when it was.
 *
 * MySQL's GTID, ANONYMOUS_GTID and GTID_TAGGED events stand before a group; MariaDB's GTID event is,
 * unless it says that it stands alone, the group's BEGIN itself.
 */
#ifndef SLUICE_MYSQL_READER_GTID_EVENT_H
#define SLUICE_MYSQL_READER_GTID_EVENT_H

#include "event.h"
#include "gtid_set.h"

typedef struct GtidEvent
{
	Gtid gtid; /* number 0: the transaction has none */
	uint64_t
		commit_time; /* at the server where it was first, microseconds since 1970; 0: not told */
	uint64_t length; /* of the group, this event included; 0: not told */
} GtidEvent;

/* MySQL's three kinds. */
extern bool gtid_event_read(const Event *event, GtidEvent *gtid,
							SluiceError *err) SLUICE_MUST_CHECK;

typedef struct MariadbGtid
{
	uint32_t domain, server;
	uint64_t number;
} MariadbGtid;

/* Flags of MariaDB's GTID event. */
#define GTID_STANDALONE	   0x01 /* one QUERY follows, and nothing ends the group */
#define GTID_TRANSACTIONAL 0x04
#define GTID_DDL		   0x20
#define GTID_PREPARED_XA   0x40
#define GTID_COMPLETED_XA  0x80

/* What an ALTER TABLE in two groups is at. */
typedef enum AlterPart
{
	ALTER_WHOLE,
	ALTER_START,
	ALTER_COMMIT,
	ALTER_ROLLBACK
} AlterPart;

/* An XA transaction's name; lengths are at most 64. */
typedef struct XaName
{
	uint32_t format;
	const uint8_t *data; /* the global part, then the branch's */
	uint8_t global_length, branch_length;
} XaName;

typedef struct MariadbGtidEvent
{
	MariadbGtid gtid;
	uint8_t flags;
	AlterPart alter;
	XaName xa; /* with GTID_PREPARED_XA, GTID_COMPLETED_XA */
} MariadbGtidEvent;

extern bool mariadb_gtid_event_read(const Event *event, MariadbGtidEvent *gtid,
									SluiceError *err) SLUICE_MUST_CHECK;

/* An XA_PREPARE event, of both flavours; `one_phase`: it is a commit. */
extern bool xa_prepare_read(const Event *event, XaName *xa, bool *one_phase,
							SluiceError *err) SLUICE_MUST_CHECK;

/* ---- MariaDB's position ---- */

#define MARIADB_DOMAINS_MAXIMUM 4096

/* The last transaction of each domain. */
typedef struct MariadbPosition
{
	MariadbGtid *gtids; /* in the order of their domains */
	size_t count, room;
} MariadbPosition;

extern void mariadb_position_init(MariadbPosition *position);
extern void mariadb_position_free(MariadbPosition *position);

/* The domain's last one is this from now on. */
extern bool mariadb_position_set(MariadbPosition *position, const MariadbGtid *gtid,
								 SluiceError *err) SLUICE_MUST_CHECK;

/* The domain's last one; NULL where there is none. */
extern const MariadbGtid *mariadb_position_find(const MariadbPosition *position, uint32_t domain);

/* "0-1-100,1-2-7". */
extern bool mariadb_position_parse(MariadbPosition *position, const char *text,
								   SluiceError *err) SLUICE_MUST_CHECK;
extern bool mariadb_position_format(const MariadbPosition *position, ByteBuf *out,
									SluiceError *err) SLUICE_MUST_CHECK;

/* A GTID_LIST event: what was before it. */
extern bool mariadb_gtid_list_read(const Event *event, MariadbPosition *position,
								   SluiceError *err) SLUICE_MUST_CHECK;

#endif
