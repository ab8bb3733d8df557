/*
 * event.h - the frame of a binary log: event types, the common header, the format description that
 * says how long headers are and whether events end with a checksum.
 *
 * Format: MySQL's binary log version 4 (MySQL 8.0 to 9.x, MariaDB 10.5 and newer),
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_replication_binlog_event.html and
 * https://mariadb.com/kb/en/replication-protocol/.  All integers are little-endian.
 *
 * Everything in this folder is pure: bytes in, structs that point into those bytes out.  It does no
 * I/O, keeps no globals, and never reads beyond what it is given.
 */
#ifndef SLUICE_MYSQL_READER_EVENT_H
#define SLUICE_MYSQL_READER_EVENT_H

#include "little_cursor.h"

#define EVENT_HEADER_SIZE	19
#define EVENT_CHECKSUM_SIZE 4

typedef enum EventType
{
	EVENT_QUERY = 2,
	EVENT_STOP = 3,
	EVENT_ROTATE = 4,
	EVENT_INTVAR = 5,
	EVENT_RAND = 13,
	EVENT_USER_VAR = 14,
	EVENT_FORMAT_DESCRIPTION = 15,
	EVENT_XID = 16,
	EVENT_BEGIN_LOAD = 17,
	EVENT_EXECUTE_LOAD = 18,
	EVENT_TABLE_MAP = 19,
	EVENT_WRITE_ROWS_V1 = 23,
	EVENT_UPDATE_ROWS_V1 = 24,
	EVENT_DELETE_ROWS_V1 = 25,
	EVENT_INCIDENT = 26,
	EVENT_HEARTBEAT = 27,
	EVENT_IGNORABLE = 28,
	EVENT_ROWS_QUERY = 29,
	EVENT_WRITE_ROWS = 30,
	EVENT_UPDATE_ROWS = 31,
	EVENT_DELETE_ROWS = 32,
	EVENT_GTID = 33,
	EVENT_ANONYMOUS_GTID = 34,
	EVENT_PREVIOUS_GTIDS = 35,
	EVENT_TRANSACTION_CONTEXT = 36,
	EVENT_VIEW_CHANGE = 37,
	EVENT_XA_PREPARE = 38,
	EVENT_PARTIAL_UPDATE_ROWS = 39,
	EVENT_TRANSACTION_PAYLOAD = 40,
	EVENT_HEARTBEAT_V2 = 41,
	EVENT_GTID_TAGGED = 42,
	/* MariaDB */
	EVENT_ANNOTATE_ROWS = 160,
	EVENT_CHECKPOINT = 161,
	EVENT_GTID_MARIADB = 162,
	EVENT_GTID_LIST = 163,
	EVENT_START_ENCRYPTION = 164,
	EVENT_QUERY_COMPRESSED = 165,
	EVENT_WRITE_ROWS_COMPRESSED_V1 = 166,
	EVENT_UPDATE_ROWS_COMPRESSED_V1 = 167,
	EVENT_DELETE_ROWS_COMPRESSED_V1 = 168,
	EVENT_WRITE_ROWS_COMPRESSED = 169,
	EVENT_UPDATE_ROWS_COMPRESSED = 170,
	EVENT_DELETE_ROWS_COMPRESSED = 171,
	EVENT_PARTIAL_ROW_DATA = 172
} EventType;

/* Header flags. */
#define EVENT_FILE_IN_USE	  0x0001 /* of a format description: the file was not closed */
#define EVENT_THREAD_SPECIFIC 0x0004 /* of a temporary table */
#define EVENT_ARTIFICIAL	  0x0020 /* made by the server for us, not in its log */
#define EVENT_MAY_BE_IGNORED  0x0080
#define EVENT_SKIPPED		  0x8000 /* MariaDB's skip_replication */

typedef struct EventHeader
{
	uint32_t timestamp; /* seconds since 1970 */
	uint8_t type;		/* EventType, or one that is not known */
	uint32_t server_id;
	uint32_t length; /* of the whole event: header and checksum too */
	uint32_t end;	 /* where it ends in the server's file: the low 32 bits */
	uint16_t flags;
} EventHeader;

typedef struct Event
{
	EventHeader header;
	ByteCursor body; /* without the checksum */
} Event;

typedef enum Flavour
{
	FLAVOUR_MYSQL,
	FLAVOUR_MARIADB
} Flavour;

/* What a format description event says; it stays in force until the next one. */
typedef struct EventFormat
{
	Flavour flavour;
	char server_version[51];
	bool checksum;				/* events end with a CRC32 */
	uint8_t header_length[256]; /* of the fixed part behind the common header; 0: not told */
} EventFormat;

/*
 * What is in force before the first format description: the layout of every server we read, and
 * checksums as they were asked for.
 */
extern void event_format_init(EventFormat *format, bool checksum);

/*
 * Takes one whole event apart; its length must be that of the data.  With a checksum in force it is
 * verified.  A format description is always read as what it says itself.
 */
extern bool event_open(const EventFormat *format, const uint8_t *data, size_t length, Event *event,
					   SluiceError *err) SLUICE_MUST_CHECK;

/*
 * The next event of several that lie one behind the other, as in a file behind its magic and in a
 * compressed transaction: passes it and says how long it is.
 */
extern bool event_length(const ByteCursor *cursor, uint32_t *length,
						 SluiceError *err) SLUICE_MUST_CHECK;

/* Reads a format description; what follows is read with *format. */
extern bool event_format_read(const Event *event, EventFormat *format,
							  SluiceError *err) SLUICE_MUST_CHECK;

typedef struct RotateEvent
{
	uint64_t position;
	const char *file; /* not terminated */
	size_t file_length;
} RotateEvent;

extern bool rotate_read(const Event *event, RotateEvent *rotate,
						SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Where a heartbeat says the server's log ends; both kinds.  `file` is empty where it does not say.
 */
extern bool heartbeat_read(const Event *event, RotateEvent *end,
						   SluiceError *err) SLUICE_MUST_CHECK;

/* What an INCIDENT says: that the server lost events. */
extern bool incident_read(const Event *event, unsigned *number, const char **text, size_t *length,
						  SluiceError *err) SLUICE_MUST_CHECK;

/* "WRITE_ROWS", ...; NULL for a type that is not known. */
extern const char *event_name(unsigned type);

#endif
