/*
 * log_reader.c - the grammar of a binary log (log_reader.h).
 *
 * MySQL:   GTID, then BEGIN rows XID | BEGIN rows COMMIT | a whole compressed transaction | one
 *          statement | XA START rows XA END PREPARE | XA COMMIT | XA ROLLBACK
 * MariaDB: GTID that is the BEGIN, rows, XID or COMMIT | GTID that stands alone, one statement | XA as
 *          above
 *
 * Maps of tables are kept from group to group, because parsing them costs more than comparing them; a
 * map counts only in a group that has it.
 */
#include "log_reader.h"

#include "unpack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct MapSlot
{
	TableMap *map;	/* NULL: free */
	uint64_t group; /* the last one that had it */
};

#define MAPS_MAXIMUM 100000

/* ---- positions ---- */

void
log_position_init(LogPosition *position)
{
	*position = (LogPosition){0};
}

void
log_position_free(LogPosition *position)
{
	gtid_set_free(&position->mysql);
	mariadb_position_free(&position->mariadb);
}

static bool
copy_set(GtidSet *to, const GtidSet *from, SluiceError *err)
{
	ByteBuf text;
	bool good;

	bytebuf_init(&text, &allocator_malloc, (size_t) 64 << 20);
	good = gtid_set_encode(from, &text, err) &&
		   gtid_set_decode(to, (ByteCursor){text.data, text.data + text.length}, err);
	bytebuf_free(&text);
	return good;
}

bool
log_position_copy(LogPosition *to, const LogPosition *from, SluiceError *err)
{
	log_position_init(to);
	memcpy(to->file, from->file, sizeof(to->file));
	to->offset = from->offset;
	if (!copy_set(&to->mysql, &from->mysql, err))
		return false;
	for (size_t i = 0; i < from->mariadb.count; i++)
	{
		if (!mariadb_position_set(&to->mariadb, &from->mariadb.gtids[i], err))
			return false;
	}
	return true;
}

/* ---- maps ---- */

static struct MapSlot *
find_slot(const LogReader *reader, uint64_t id)
{
	size_t mask = reader->map_room - 1;
	size_t at = (size_t) (id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

	while (reader->maps[at].map != NULL && reader->maps[at].map->id != id)
		at = (at + 1) & mask;
	return &reader->maps[at];
}

static void
drop_map(LogReader *reader, TableMap *map)
{
	if (map != NULL && reader->handler.forget != NULL)
		reader->handler.forget(reader->handler.context, map);
	table_map_free(map);
}

static void
drop_maps(LogReader *reader)
{
	for (size_t i = 0; i < reader->map_room; i++)
		drop_map(reader, reader->maps[i].map);
	if (reader->map_room > 0)
		memset(reader->maps, 0, reader->map_room * sizeof(*reader->maps));
	reader->map_count = 0;
}

static bool
grow_maps(LogReader *reader, SluiceError *err)
{
	const LogReader old = *reader;
	size_t room = old.map_room == 0 ? 64 : old.map_room * 2;
	struct MapSlot *maps = calloc(room, sizeof(*maps));

	if (maps == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for maps of tables");
	reader->maps = maps;
	reader->map_room = room;
	for (size_t i = 0; i < old.map_room; i++)
	{
		if (old.maps[i].map != NULL)
			*find_slot(reader, old.maps[i].map->id) = old.maps[i];
	}
	free(old.maps);
	return true;
}

static bool
is_same_map(const TableMap *map, const Event *event)
{
	size_t length = little_left(&event->body);

	return map->data_length == length && memcmp(map->data, event->body.at, length) == 0;
}

static bool
take_map(LogReader *reader, const Event *event, SluiceError *err)
{
	ByteCursor body = event->body;
	struct MapSlot *slot;
	TableMap *map;
	uint64_t id;

	if (!table_id_read(&reader->format, EVENT_TABLE_MAP, &body, &id, err))
		return false;
	/* Tables that went leave their maps behind: now and then all start anew. */
	if (reader->map_count >= MAPS_MAXIMUM && !reader->in_group)
		drop_maps(reader);
	if (reader->map_count * 2 >= reader->map_room && !grow_maps(reader, err))
		return false;
	slot = find_slot(reader, id);
	if (slot->map == NULL || !is_same_map(slot->map, event))
	{
		if ((map = table_map_read(&reader->format, event, err)) == NULL)
			return false;
		reader->map_count += slot->map == NULL;
		drop_map(reader, slot->map);
		slot->map = map;
	}
	slot->group = reader->group.number;
	return true;
}

/* ---- groups ---- */

static bool
begin_group(LogReader *reader, const Event *event, SluiceError *err)
{
	uint64_t number = reader->group.number + 1;

	if (reader->in_group)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "a transaction begins within another in %s at %" PRIu64, reader->file,
						   reader->offset);
	reader->group = (LogGroup){.flavour = reader->format.flavour,
							   .timestamp = event->header.timestamp,
							   .number = number,
							   .offset = reader->offset - event->header.length};
	reader->in_group = true;
	reader->opened = false;
	reader->bracketed = false;
	return true;
}

/* The handler learns of a group when there is something to tell of it. */
static bool
open_group(LogReader *reader, SluiceError *err)
{
	if (reader->opened)
		return true;
	reader->opened = true;
	return reader->handler.begin(reader->handler.context, &reader->group, err);
}

/* The group counts as read: the position is behind it. */
static bool
pass_group(LogReader *reader, SluiceError *err)
{
	LogPosition *position = &reader->position;

	if (row_fragments_open(&reader->fragments))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "a transaction that ends within a row event, in %s at %" PRIu64,
						   reader->file, reader->offset);
	reader->in_group = false;
	memcpy(position->file, reader->file, sizeof(position->file));
	position->offset = reader->offset;
	if (reader->group.mysql.number > 0)
		return gtid_set_add(&position->mysql, &reader->group.mysql, err);
	if (reader->group.mariadb.number > 0)
		return mariadb_position_set(&position->mariadb, &reader->group.mariadb, err);
	return true;
}

static bool
end_group(LogReader *reader, GroupOutcome outcome, const XaName *xa, SluiceError *err)
{
	if (!reader->in_group)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "a transaction ends that did not begin, in %s at %" PRIu64, reader->file,
						   reader->offset);
	return open_group(reader, err) && pass_group(reader, err) &&
		   reader->handler.end(reader->handler.context, outcome, xa, err);
}

/* What a server was writing when it died never becomes whole. */
static bool
cut_off(LogReader *reader, SluiceError *err)
{
	row_fragments_drop(&reader->fragments);
	if (!reader->in_group)
		return true;
	reader->in_group = false;
	return !reader->opened ||
		   reader->handler.end(reader->handler.context, GROUP_CUT_OFF, NULL, err);
}

static bool
take_mysql_gtid(LogReader *reader, const Event *event, SluiceError *err)
{
	GtidEvent gtid;

	if (!begin_group(reader, event, err) || !gtid_event_read(event, &gtid, err))
		return false;
	reader->group.mysql = gtid.gtid;
	reader->group.commit_time = gtid.commit_time;
	return true;
}

static bool
take_mariadb_gtid(LogReader *reader, const Event *event, SluiceError *err)
{
	MariadbGtidEvent gtid;

	if (!begin_group(reader, event, err) || !mariadb_gtid_event_read(event, &gtid, err))
		return false;
	reader->group.mariadb = gtid.gtid;
	reader->group.alter = gtid.alter;
	reader->group.prepares = (gtid.flags & GTID_PREPARED_XA) != 0;
	reader->bracketed = (gtid.flags & GTID_STANDALONE) == 0;
	return true;
}

/* ---- statements ---- */

static bool
fail_rows_statement(const LogReader *reader, const QueryEvent *query, SluiceError *err)
{
	(void) sluice_fail(
		err, SLUICE_ERROR_STATE,
		"rows were changed by a statement that was not logged as rows, in %s at %" PRIu64 ": %.*s",
		reader->file, reader->offset, (int) (query->text_length < 80 ? query->text_length : 80),
		query->text);
	return sluice_hint(err, "SET GLOBAL binlog_format = 'ROW', in every session that overrides it; "
							"then copy the stream's tables anew");
}

/* Statements that begin or end a group; *done when this was one. */
static bool
take_bracket(LogReader *reader, const Event *event, const Statement *statement, bool *done,
			 SluiceError *err)
{
	*done = true;
	switch (statement->kind)
	{
		case STATEMENT_BEGIN:
			if (!reader->in_group && !begin_group(reader, event, err))
				return false;
			reader->bracketed = true;
			return true;
		case STATEMENT_COMMIT: return end_group(reader, GROUP_COMMIT, NULL, err);
		case STATEMENT_ROLLBACK: return end_group(reader, GROUP_ROLLBACK, NULL, err);
		default: *done = false; return true;
	}
}

/*
 * XA START begins what PREPARE ends.  MySQL's CREATE TABLE ... SELECT is logged as the table's
 * creation, which ends with words that begin a transaction, and the rows.
 */
static bool
opens_bracket(const QueryEvent *query, const Statement *statement)
{
	static const char words[] = "START TRANSACTION";
	const size_t length = sizeof(words) - 1;

	return statement->kind == STATEMENT_XA_START ||
		   (statement->kind == STATEMENT_CREATE_TABLE && query->text_length > length &&
			strncasecmp(query->text + query->text_length - length, words, length) == 0);
}

static bool
take_query(LogReader *reader, const Event *event, SluiceError *err)
{
	QueryEvent query;
	Statement statement;
	bool done;

	if (!query_event_read(event, &query, &reader->unpacked, err))
		return false;
	statement_read(&query, &statement);
	if (!take_bracket(reader, event, &statement, &done, err))
		return false;
	if (done)
		return true;
	if (statement.kind == STATEMENT_ROWS)
		return fail_rows_statement(reader, &query, err);
	/* Without GTIDs nothing stands before a change of structure. */
	if (!reader->in_group && !begin_group(reader, event, err))
		return false;
	reader->bracketed |= opens_bracket(&query, &statement);
	if (!open_group(reader, err) ||
		!reader->handler.statement(reader->handler.context, &query, &statement, err))
		return false;
	return reader->bracketed || end_group(reader, GROUP_COMMIT, NULL, err);
}

static bool
take_prepare(LogReader *reader, const Event *event, SluiceError *err)
{
	XaName xa;
	bool one_phase;

	return xa_prepare_read(event, &xa, &one_phase, err) &&
		   end_group(reader, one_phase ? GROUP_COMMIT : GROUP_PREPARE, one_phase ? NULL : &xa, err);
}

/* ---- rows ---- */

static bool
take_rows(LogReader *reader, const Event *event, SluiceError *err)
{
	const struct MapSlot *slot;
	uint64_t id;

	if (!rows_event_table(&reader->format, event, &id, err))
		return false;
	if (id == TABLE_ID_DUMMY)
		return true;
	if (!reader->in_group)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "rows outside of a transaction in %s at %" PRIu64, reader->file,
						   reader->offset);
	slot = reader->map_room > 0 ? find_slot(reader, id) : NULL;
	if (slot == NULL || slot->map == NULL || slot->group != reader->group.number)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "rows of table %" PRIu64 " without its map in %s at %" PRIu64, id,
						   reader->file, reader->offset);
	return open_group(reader, err) &&
		   rows_open(&reader->rows, &reader->format, event, slot->map, err) &&
		   reader->handler.rows(reader->handler.context, &reader->rows, err);
}

/* ---- the frame ---- */

static bool
set_file(LogReader *reader, const RotateEvent *rotate, SluiceError *err)
{
	if (rotate->file_length >= sizeof(reader->file))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a log file's name of %zu bytes",
						   rotate->file_length);
	memcpy(reader->file, rotate->file, rotate->file_length);
	reader->file[rotate->file_length] = '\0';
	reader->offset = rotate->position;
	if (!reader->in_group)
	{
		memcpy(reader->position.file, reader->file, sizeof(reader->file));
		reader->position.offset = reader->offset;
	}
	return true;
}

static bool
take_rotate(LogReader *reader, const Event *event, SluiceError *err)
{
	RotateEvent rotate;

	return rotate_read(event, &rotate, err) && set_file(reader, &rotate, err);
}

/* One that is sent anew in the middle of a file has no time of a start. */
static bool
take_format(LogReader *reader, const Event *event, SluiceError *err)
{
	drop_maps(reader);
	return event_format_read(event, &reader->format, err) &&
		   (event->header.end == 0 || cut_off(reader, err));
}

static bool
take_heartbeat(LogReader *reader, const Event *event, SluiceError *err)
{
	RotateEvent end;

	if (!heartbeat_read(event, &end, err))
		return false;
	/* What lies between did not concern us: the server passed it. */
	if (!reader->in_group && end.file_length > 0 && end.position > 0)
		return set_file(reader, &end, err);
	return true;
}

static bool
take_incident(LogReader *reader, const Event *event, SluiceError *err)
{
	unsigned number;
	const char *text;
	size_t length;

	if (!incident_read(event, &number, &text, &length, err))
		return false;
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "the server lost changes (incident %u: %.*s) in %s at %" PRIu64, number,
					   (int) (length < 100 ? length : 100), text, reader->file, reader->offset);
	return sluice_hint(err, "copy the stream's tables anew");
}

static bool take_payload(LogReader *reader, const Event *event, SluiceError *err);

static bool
take_fragment(LogReader *reader, const Event *event, SluiceError *err)
{
	bool complete;
	Event rows;
	RowsAction action;

	if (!row_fragments_take(&reader->fragments, &reader->format, event, &complete, &rows, err))
		return false;
	if (complete && !rows_event_action(rows.header.type, &action))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "fragments of an event of type %u, not of rows", rows.header.type);
	return !complete || take_rows(reader, &rows, err);
}

static bool
take_xid(LogReader *reader, const Event *event, SluiceError *err)
{
	(void) event;
	return end_group(reader, GROUP_COMMIT, NULL, err);
}

static bool
ignore(LogReader *reader, const Event *event, SluiceError *err)
{
	(void) reader;
	(void) event;
	(void) err;
	return true;
}

static bool
refuse_load(LogReader *reader, const Event *event, SluiceError *err)
{
	const QueryEvent query = {.text = "LOAD DATA", .text_length = 9};

	(void) event;
	return fail_rows_statement(reader, &query, err);
}

typedef bool (*EventTaker)(LogReader *reader, const Event *event, SluiceError *err);

static const EventTaker takers[256] = {
	[EVENT_QUERY] = take_query,
	[EVENT_QUERY_COMPRESSED] = take_query,
	[EVENT_STOP] = ignore,
	[EVENT_ROTATE] = take_rotate,
	[EVENT_INTVAR] = ignore,
	[EVENT_RAND] = ignore,
	[EVENT_USER_VAR] = ignore,
	[EVENT_FORMAT_DESCRIPTION] = take_format,
	[EVENT_XID] = take_xid,
	[EVENT_BEGIN_LOAD] = refuse_load,
	[EVENT_EXECUTE_LOAD] = refuse_load,
	[EVENT_TABLE_MAP] = take_map,
	[EVENT_INCIDENT] = take_incident,
	[EVENT_HEARTBEAT] = take_heartbeat,
	[EVENT_HEARTBEAT_V2] = take_heartbeat,
	[EVENT_IGNORABLE] = ignore,
	[EVENT_ROWS_QUERY] = ignore,
	[EVENT_GTID] = take_mysql_gtid,
	[EVENT_ANONYMOUS_GTID] = take_mysql_gtid,
	[EVENT_GTID_TAGGED] = take_mysql_gtid,
	[EVENT_PREVIOUS_GTIDS] = ignore,
	[EVENT_TRANSACTION_CONTEXT] = ignore,
	[EVENT_VIEW_CHANGE] = ignore,
	[EVENT_XA_PREPARE] = take_prepare,
	[EVENT_TRANSACTION_PAYLOAD] = take_payload,
	[EVENT_ANNOTATE_ROWS] = ignore,
	[EVENT_CHECKPOINT] = ignore,
	[EVENT_GTID_MARIADB] = take_mariadb_gtid,
	[EVENT_GTID_LIST] = ignore,
	[EVENT_START_ENCRYPTION] = ignore,
	[EVENT_PARTIAL_ROW_DATA] = take_fragment,
};

static bool
dispatch(LogReader *reader, const Event *event, SluiceError *err)
{
	uint8_t type = event->header.type;
	RowsAction action;

	if (rows_event_action(type, &action))
		return take_rows(reader, event, err);
	if (takers[type] != NULL)
		return takers[type](reader, event, err);
	if ((event->header.flags & EVENT_MAY_BE_IGNORED) != 0)
		return true;
	return sluice_fail(
		err, SLUICE_ERROR_VERSION,
		"an event of type %u (%s), which this version cannot read, in %s at %" PRIu64, type,
		event_name(type) != NULL ? event_name(type) : "unknown", reader->file, reader->offset);
}

/* Events in a compressed transaction have no checksums and no positions. */
static bool
take_payload(LogReader *reader, const Event *event, SluiceError *err)
{
	PayloadReader *payload = payload_open(event, reader->event_maximum, err);
	EventFormat inner = reader->format;
	bool good = payload != NULL;

	inner.checksum = false;
	while (good)
	{
		const uint8_t *data;
		size_t length;
		Event nested;

		good = payload_next(payload, &data, &length, err);
		if (!good || length == 0)
			break;
		good = event_open(&inner, data, length, &nested, err) &&
			   (nested.header.type != EVENT_TRANSACTION_PAYLOAD ||
				sluice_fail(err, SLUICE_ERROR_CORRUPT, "a compressed transaction in another")) &&
			   dispatch(reader, &nested, err);
	}
	payload_close(payload);
	return good;
}

/* What the server made for us is in no file. */
static bool
is_artificial(const EventHeader *header)
{
	return (header->flags & EVENT_ARTIFICIAL) != 0 || header->end == 0 ||
		   header->type == EVENT_HEARTBEAT || header->type == EVENT_HEARTBEAT_V2 ||
		   (header->type == EVENT_GTID_LIST && header->timestamp == 0);
}

/*
 * Behind the event: the log says the last bits of where that is.  It may be further than the event is
 * long, because servers leave out what was not asked for.
 */
static void
advance(LogReader *reader, const EventHeader *header)
{
	uint64_t least = reader->offset + header->length;

	if (is_artificial(header))
		return;
	/* A file's first event is sent whatever place in the file the reading begins at. */
	if (header->type == EVENT_FORMAT_DESCRIPTION)
		least = header->end;
	reader->offset = (least & ~(uint64_t) UINT32_MAX) | header->end;
	if (reader->offset < least)
		reader->offset += UINT64_C(1) << 32;
}

bool
log_reader_event(LogReader *reader, const uint8_t *data, size_t length, SluiceError *err)
{
	Event event;

	if (!event_open(&reader->format, data, length, &event, err))
		return sluice_prefix(err, "%s behind %" PRIu64, reader->file, reader->offset);
	advance(reader, &event.header);
	return dispatch(reader, &event, err);
}

bool
log_reader_init(LogReader *reader, const LogHandler *handler, const LogPosition *position,
				Flavour flavour, bool checksum, size_t maximum, SluiceError *err)
{
	*reader = (LogReader){.handler = *handler, .event_maximum = maximum};
	event_format_init(&reader->format, checksum);
	reader->format.flavour = flavour;
	rows_reader_init(&reader->rows, maximum);
	row_fragments_init(&reader->fragments, maximum);
	bytebuf_init(&reader->unpacked, &allocator_malloc, maximum);
	memcpy(reader->file, position->file, sizeof(reader->file));
	reader->offset = position->offset;
	return log_position_copy(&reader->position, position, err);
}

void
log_reader_free(LogReader *reader)
{
	drop_maps(reader);
	free(reader->maps);
	rows_reader_free(&reader->rows);
	row_fragments_free(&reader->fragments);
	bytebuf_free(&reader->unpacked);
	log_position_free(&reader->position);
	*reader = (LogReader){0};
}
