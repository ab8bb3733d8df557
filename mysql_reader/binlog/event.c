/*
 * event.c - the frame of a binary log (event.h).
 *
 * Invariant: a body never includes the checksum, so that no reader of a body has to know of it.
 */
#include "event.h"

#include <string.h>
#include <zlib.h>

#define FORMAT_VERSION		  4
#define FORMAT_FIXED		  (2 + 50 + 4 + 1) /* up to the lengths of post-headers */
#define FORMAT_ALGORITHM_SIZE 5				   /* algorithm and checksum, whatever it says */

static const char *const names[256] = {
	[EVENT_QUERY] = "QUERY",
	[EVENT_STOP] = "STOP",
	[EVENT_ROTATE] = "ROTATE",
	[EVENT_INTVAR] = "INTVAR",
	[EVENT_RAND] = "RAND",
	[EVENT_USER_VAR] = "USER_VAR",
	[EVENT_FORMAT_DESCRIPTION] = "FORMAT_DESCRIPTION",
	[EVENT_XID] = "XID",
	[EVENT_BEGIN_LOAD] = "BEGIN_LOAD_QUERY",
	[EVENT_EXECUTE_LOAD] = "EXECUTE_LOAD_QUERY",
	[EVENT_TABLE_MAP] = "TABLE_MAP",
	[EVENT_WRITE_ROWS_V1] = "WRITE_ROWS_V1",
	[EVENT_UPDATE_ROWS_V1] = "UPDATE_ROWS_V1",
	[EVENT_DELETE_ROWS_V1] = "DELETE_ROWS_V1",
	[EVENT_INCIDENT] = "INCIDENT",
	[EVENT_HEARTBEAT] = "HEARTBEAT",
	[EVENT_IGNORABLE] = "IGNORABLE",
	[EVENT_ROWS_QUERY] = "ROWS_QUERY",
	[EVENT_WRITE_ROWS] = "WRITE_ROWS",
	[EVENT_UPDATE_ROWS] = "UPDATE_ROWS",
	[EVENT_DELETE_ROWS] = "DELETE_ROWS",
	[EVENT_GTID] = "GTID",
	[EVENT_ANONYMOUS_GTID] = "ANONYMOUS_GTID",
	[EVENT_PREVIOUS_GTIDS] = "PREVIOUS_GTIDS",
	[EVENT_TRANSACTION_CONTEXT] = "TRANSACTION_CONTEXT",
	[EVENT_VIEW_CHANGE] = "VIEW_CHANGE",
	[EVENT_XA_PREPARE] = "XA_PREPARE",
	[EVENT_PARTIAL_UPDATE_ROWS] = "PARTIAL_UPDATE_ROWS",
	[EVENT_TRANSACTION_PAYLOAD] = "TRANSACTION_PAYLOAD",
	[EVENT_HEARTBEAT_V2] = "HEARTBEAT_V2",
	[EVENT_GTID_TAGGED] = "GTID_TAGGED",
	[EVENT_ANNOTATE_ROWS] = "ANNOTATE_ROWS",
	[EVENT_CHECKPOINT] = "BINLOG_CHECKPOINT",
	[EVENT_GTID_MARIADB] = "GTID",
	[EVENT_GTID_LIST] = "GTID_LIST",
	[EVENT_START_ENCRYPTION] = "START_ENCRYPTION",
	[EVENT_QUERY_COMPRESSED] = "QUERY_COMPRESSED",
	[EVENT_WRITE_ROWS_COMPRESSED_V1] = "WRITE_ROWS_COMPRESSED_V1",
	[EVENT_UPDATE_ROWS_COMPRESSED_V1] = "UPDATE_ROWS_COMPRESSED_V1",
	[EVENT_DELETE_ROWS_COMPRESSED_V1] = "DELETE_ROWS_COMPRESSED_V1",
	[EVENT_WRITE_ROWS_COMPRESSED] = "WRITE_ROWS_COMPRESSED",
	[EVENT_UPDATE_ROWS_COMPRESSED] = "UPDATE_ROWS_COMPRESSED",
	[EVENT_DELETE_ROWS_COMPRESSED] = "DELETE_ROWS_COMPRESSED",
	[EVENT_PARTIAL_ROW_DATA] = "PARTIAL_ROW_DATA",
};

const char *
event_name(unsigned type)
{
	return type < 256 ? names[type] : NULL;
}

void
event_format_init(EventFormat *format, bool checksum)
{
	*format = (EventFormat){.checksum = checksum};
}

static void
header_read(const uint8_t *at, EventHeader *header)
{
	header->timestamp = (uint32_t) little_load(at, 4);
	header->type = at[4];
	header->server_id = (uint32_t) little_load(at + 5, 4);
	header->length = (uint32_t) little_load(at + 9, 4);
	header->end = (uint32_t) little_load(at + 13, 4);
	header->flags = (uint16_t) little_load(at + 17, 2);
}

bool
event_length(const ByteCursor *cursor, uint32_t *length, SluiceError *err)
{
	size_t left = little_left(cursor);

	if (left < EVENT_HEADER_SIZE)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%zu bytes are no event", left);
	*length = (uint32_t) little_load(cursor->at + 9, 4);
	if (*length < EVENT_HEADER_SIZE || *length > left)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "an event of %u bytes, %zu are there",
						   *length, left);
	return true;
}

/* A format description tells itself whether it is checked: its last five bytes always are there. */
static bool
is_checked(const EventFormat *format, const EventHeader *header, const ByteCursor *body)
{
	if (header->type != EVENT_FORMAT_DESCRIPTION)
		return format->checksum;
	return little_left(body) >= FORMAT_ALGORITHM_SIZE && body->end[-FORMAT_ALGORITHM_SIZE] == 1;
}

/* A format description's leaves out the mark that its file is in use, which is set later. */
static uint32_t
checksum_of(const EventHeader *header, const uint8_t *data, size_t length)
{
	uint8_t head[EVENT_HEADER_SIZE];

	if (header->type != EVENT_FORMAT_DESCRIPTION)
		return (uint32_t) crc32(0, data, (uInt) length);
	memcpy(head, data, sizeof(head));
	head[17] &= (uint8_t) ~EVENT_FILE_IN_USE;
	return (uint32_t) crc32(crc32(0, head, sizeof(head)), data + sizeof(head),
							(uInt) (length - sizeof(head)));
}

bool
event_open(const EventFormat *format, const uint8_t *data, size_t length, Event *event,
		   SluiceError *err)
{
	const ByteCursor whole = {data, data + length};
	uint32_t announced, sum;

	if (!event_length(&whole, &announced, err))
		return false;
	if (announced != length)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "an event of %u bytes in %zu", announced,
						   length);
	header_read(data, &event->header);
	event->body = (ByteCursor){data + EVENT_HEADER_SIZE, data + length};
	if (!is_checked(format, &event->header, &event->body))
		return true;
	if (little_left(&event->body) < EVENT_CHECKSUM_SIZE)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "an event without room for its checksum");
	event->body.end -= EVENT_CHECKSUM_SIZE;
	sum = checksum_of(&event->header, data, length - EVENT_CHECKSUM_SIZE);
	if (sum != little_load(event->body.end, EVENT_CHECKSUM_SIZE))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "the checksum of a %s event is wrong",
						   names[event->header.type] != NULL ? names[event->header.type]
															 : "nameless");
	return true;
}

bool
event_format_read(const Event *event, EventFormat *format, SluiceError *err)
{
	ByteCursor body = event->body;
	const uint8_t *fixed;
	size_t tail;

	if (!cursor_take(&body, FORMAT_FIXED, &fixed, err))
		return false;
	if (little_load(fixed, 2) != FORMAT_VERSION || fixed[56] != EVENT_HEADER_SIZE)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "a binary log of version %u, not %d",
						   (unsigned) little_load(fixed, 2), FORMAT_VERSION);
	/* Where the checksum was taken off already, only the algorithm is left of the tail. */
	tail = event->header.length - EVENT_HEADER_SIZE - little_left(&event->body) > 0
			   ? 1
			   : FORMAT_ALGORITHM_SIZE;
	if (little_left(&body) < tail)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a format description that is cut off");
	*format = (EventFormat){0};
	memcpy(format->server_version, fixed + 2, 50);
	format->flavour =
		strstr(format->server_version, "MariaDB") != NULL ? FLAVOUR_MARIADB : FLAVOUR_MYSQL;
	body.end -= tail;
	format->checksum = *body.end == 1;
	for (size_t type = 1; body.at < body.end && type < 256; type++)
		format->header_length[type] = *body.at++;
	return true;
}

bool
rotate_read(const Event *event, RotateEvent *rotate, SluiceError *err)
{
	ByteCursor body = event->body;

	if (!little_u64(&body, &rotate->position, err))
		return false;
	rotate->file = (const char *) body.at;
	rotate->file_length = little_left(&body);
	return true;
}

/* Version 2: fields of a type, a length and a value, up to one of type 0. */
static bool
heartbeat_fields_read(ByteCursor body, RotateEvent *end, SluiceError *err)
{
	for (;;)
	{
		uint64_t type;
		const uint8_t *value;
		size_t length;
		ByteCursor number;

		if (!little_packed(&body, &type, err))
			return false;
		if (type == 0)
			return true;
		if (!little_packed_bytes(&body, &value, &length, err))
			return false;
		number = (ByteCursor){value, value + length};
		if (type == 1)
		{
			end->file = (const char *) value;
			end->file_length = length;
		}
		else if (type == 2 && !little_packed(&number, &end->position, err))
			return false;
	}
}

bool
heartbeat_read(const Event *event, RotateEvent *end, SluiceError *err)
{
	ByteCursor body = event->body;

	*end = (RotateEvent){.position = event->header.end, .file = ""};
	if (event->header.type == EVENT_HEARTBEAT_V2)
		return heartbeat_fields_read(body, end, err);
	/* MariaDB beyond 4 GiB: the position comes before the name. */
	if (end->position == 0 && !little_u64(&body, &end->position, err))
		return false;
	end->file = (const char *) body.at;
	end->file_length = little_left(&body);
	return true;
}

bool
incident_read(const Event *event, unsigned *number, const char **text, size_t *length,
			  SluiceError *err)
{
	ByteCursor body = event->body;
	uint16_t incident;
	uint8_t announced;
	ByteCursor message;

	if (!little_u16(&body, &incident, err) || !little_u8(&body, &announced, err) ||
		!little_part(&body, announced, &message, err))
		return false;
	*number = incident;
	*text = (const char *) message.at;
	*length = announced;
	return true;
}
