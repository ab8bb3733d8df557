/*
 * group_maker.c - groups of a log, and their changes as text (group_maker.h).
 */
#include "group_maker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLLATION 45 /* utf8mb4_general_ci */
#define ROOM	  ((size_t) 1 << 20)

/* ---- groups ---- */

void
group_maker_init(GroupMaker *maker, Flavour flavour)
{
	*maker = (GroupMaker){.flavour = flavour, .number = 1};
	event_maker_init(&maker->events);
	(void) make_format(&maker->events, flavour);
}

void
group_maker_free(GroupMaker *maker)
{
	event_maker_free(&maker->events);
}

static void
make_body(GroupMaker *maker, uint8_t type, ByteBuf *body)
{
	(void) make_event(&maker->events, type, body->data, body->length);
	bytebuf_free(body);
}

static void
make_gtid(GroupMaker *maker, uint8_t flags, const char *more)
{
	ByteBuf body;

	bytebuf_init(&body, &allocator_malloc, ROOM);
	if (maker->flavour == FLAVOUR_MYSQL)
	{
		put_hex(&body, "00 11111111222233334444555555555555");
		put_little(&body, maker->number++, 8);
		make_body(maker, EVENT_GTID, &body);
		return;
	}
	put_little(&body, maker->number++, 8);
	put_little(&body, 0, 4);
	put_little(&body, flags, 1);
	put_hex(&body, more);
	put_little(&body, 0, 6);
	make_body(maker, EVENT_GTID_MARIADB, &body);
}

void
make_begin(GroupMaker *maker)
{
	make_gtid(maker, GTID_TRANSACTIONAL, "");
	if (maker->flavour == FLAVOUR_MYSQL)
		(void) make_query(&maker->events, "BEGIN");
}

void
make_alone(GroupMaker *maker)
{
	make_gtid(maker, GTID_STANDALONE, "");
}

void
make_statement(GroupMaker *maker, const char *text)
{
	(void) make_query(&maker->events, text);
}

void
make_commit(GroupMaker *maker)
{
	(void) make_hex_event(&maker->events, EVENT_XID, "0100000000000000");
}

/* MySQL has a statement, MariaDB a flag and the name. */
void
make_xa_begin(GroupMaker *maker, char name)
{
	char text[64];

	(void) snprintf(text, sizeof(text), "01000000 01 00 %02x", (unsigned char) name);
	make_gtid(maker, GTID_TRANSACTIONAL | GTID_PREPARED_XA, text);
	(void) snprintf(text, sizeof(text), "XA START X'%02x',X'',1", (unsigned char) name);
	if (maker->flavour == FLAVOUR_MYSQL)
		(void) make_query(&maker->events, text);
}

void
make_prepare(GroupMaker *maker, char name)
{
	char text[64];

	(void) snprintf(text, sizeof(text), "XA END X'%02x',X'',1", (unsigned char) name);
	(void) make_query(&maker->events, text);
	(void) snprintf(text, sizeof(text), "00 01000000 01000000 00000000 %02x", (unsigned char) name);
	(void) make_hex_event(&maker->events, EVENT_XA_PREPARE, text);
}

void
make_xa_outcome(GroupMaker *maker, const char *verb, char name)
{
	char text[64];

	make_alone(maker);
	(void) snprintf(text, sizeof(text), "XA %s X'%02x',X'',1", verb, (unsigned char) name);
	(void) make_query(&maker->events, text);
}

/* ---- rows ---- */

static void
make_map(GroupMaker *maker, int table)
{
	ByteBuf body;

	bytebuf_init(&body, &allocator_malloc, ROOM);
	put_little(&body, (unsigned) table, 6);
	put_hex(&body, "0100 02 6462 00");
	put_hex(&body, table == TABLE_KEYED ? "01 74 00" : "04 62617265 00");
	/* Types, the most bytes of v, v may be NULL; signs, character set, names, key. */
	put_hex(&body, "02 030f 02 5000 02 01 01 00 02 01 2d 04 05 02 6964 01 76");
	put_hex(&body, table == TABLE_KEYED ? "08 01 00" : "");
	make_body(maker, EVENT_TABLE_MAP, &body);
}

static void
put_image(ByteBuf *body, int32_t id, const char *value)
{
	put_little(body, value == NULL ? 2 : 0, 1);
	put_little(body, (uint32_t) id, 4);
	if (value == NULL)
		return;
	put_little(body, strlen(value), 1);
	for (; *value != '\0'; value++)
		put_little(body, (uint8_t) *value, 1);
}

static void
start_rows(GroupMaker *maker, int table, ByteBuf *body, const char *present)
{
	make_map(maker, table);
	bytebuf_init(body, &allocator_malloc, ROOM);
	put_little(body, (unsigned) table, 6);
	put_hex(body, "0100 0200 02");
	put_hex(body, present);
}

void
make_insert(GroupMaker *maker, int table, int32_t id, const char *value)
{
	ByteBuf body;

	start_rows(maker, table, &body, "03");
	put_image(&body, id, value);
	make_body(maker, EVENT_WRITE_ROWS, &body);
}

void
make_delete(GroupMaker *maker, int table, int32_t id, const char *value)
{
	ByteBuf body;

	start_rows(maker, table, &body, "03");
	put_image(&body, id, value);
	make_body(maker, EVENT_DELETE_ROWS, &body);
}

void
make_update(GroupMaker *maker, int table, int32_t id, const char *value, int32_t new_id,
			const char *new_value)
{
	ByteBuf body;

	start_rows(maker, table, &body, "0303");
	put_image(&body, id, value);
	put_image(&body, new_id, new_value);
	make_body(maker, EVENT_UPDATE_ROWS, &body);
}

void
make_partial_update(GroupMaker *maker, int32_t id)
{
	ByteBuf body;

	start_rows(maker, TABLE_KEYED, &body, "0101");
	for (int i = 0; i < 2; i++)
	{
		put_little(&body, 0, 1);
		put_little(&body, (uint32_t) (id + i), 4);
	}
	make_body(maker, EVENT_UPDATE_ROWS, &body);
}

void
make_partial_insert(GroupMaker *maker, int32_t id)
{
	ByteBuf body;

	start_rows(maker, TABLE_KEYED, &body, "01");
	put_little(&body, 0, 1);
	put_little(&body, (uint32_t) id, 4);
	make_body(maker, EVENT_WRITE_ROWS, &body);
}

/* ---- changes as text ---- */

static void
say(ChangeSink *sink, const char *format, ...)
{
	size_t length = strlen(sink->text);
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(sink->text + length, sizeof(sink->text) - length, format, arguments);
	va_end(arguments);
}

/* Integers are the fields of four bytes in the first place, everything else is text. */
static void
say_row(ChangeSink *sink, const BundleRow *row, const char *brackets)
{
	const uint8_t *at = row->data + 2;

	if (row->fields == 0)
		return;
	say(sink, "%c", brackets[0]);
	for (uint16_t i = 0; i < row->fields; i++)
	{
		int32_t length;
		const uint8_t *data = bundle_row_field(&at, &length);

		say(sink, "%s", i > 0 ? "," : "");
		if (length < 0)
			say(sink, "%s", length == FIELD_NULL ? "null" : "same");
		else if (i == 0)
			say(sink, "%d", (int) load_u32(data));
		else
			say(sink, "%.*s", (int) length, (const char *) data);
	}
	say(sink, "%c", brackets[1]);
}

static void
say_record(ChangeSink *sink, const BundleRecord *record)
{
	if (record->type == RECORD_RELATION)
		return;
	say(sink, sink->text[0] != '\0' ? " " : "");
	switch (record->type)
	{
		case RECORD_BEGIN: say(sink, "B%" PRIu64, record->begin.commit); break;
		case RECORD_MESSAGE: say(sink, "M:%s", record->message.prefix); break;
		case RECORD_INSERT:
		case RECORD_UPDATE:
		case RECORD_DELETE:
			say(sink, "%c", record->type);
			say_row(sink, &record->old_row, (record->flags & RECORD_OLD_ROW) != 0 ? "{}" : "[]");
			say_row(sink, &record->new_row, "()");
			break;
		default: say(sink, "%c", record->type);
	}
}

static bool
take_bundle(void *context, BundleWriter *bundle, const LogPosition *place, const char *interrupted,
			SluiceError *err)
{
	ChangeSink *sink = context;
	BundleHeader header;
	BundleReader reader;
	BundleRecord record;
	ByteBuf scratch;
	const uint8_t *sealed;
	size_t length, used = strlen(sink->places);
	bool end = false;

	if (sink->fail_at > 0 && sink->bundles + 1 >= sink->fail_at)
		return sluice_fail(err, SLUICE_ERROR_IO, "no more");
	sink->bundles++;
	bytebuf_init(&scratch, &allocator_malloc, BUNDLE_MAXIMUM);
	bundle_reader_init(&reader, &allocator_malloc, BUNDLE_MAXIMUM);
	bundle_writer_header(bundle, BUNDLE_CHANGE, &header);
	if (!bundle_seal(&header, bundle->buf.data, bundle->buf.length, COMPRESSION_NONE, &scratch,
					 &sealed, &length, err) ||
		!bundle_reader_open(&reader, sealed, length, err) ||
		change_id_compare(&header.previous, &sink->last) != 0)
		abort();
	while (bundle_next(&reader, &record, &end, err) && !end)
		say_record(sink, &record);
	if (!end)
		abort();
	bundle_reader_free(&reader);
	bytebuf_free(&scratch);
	sink->last = header.last;
	log_position_free(&sink->place);
	if (!log_position_copy(&sink->place, place, err))
		abort();
	(void) snprintf(sink->interrupted, sizeof(sink->interrupted), "%s", interrupted);
	(void) snprintf(sink->places + used, sizeof(sink->places) - used, "%" PRIu64 ";",
					position_number(place, sink->mode));
	return true;
}

static bool
find_table(void *context, const TableMap *map, TableRelation **relation, SluiceError *err)
{
	static const ValuePolicy policy;
	ChangeSink *sink = context;

	*relation = NULL;
	if (sink->unknown)
		return true;
	*relation = relation_of_map(map, NULL, false, &policy, sink->charsets, err);
	return *relation != NULL;
}

static bool
find_no_table(void *context, const char *schema, const char *name, TableRelation **relation,
			  SluiceError *err)
{
	(void) context;
	(void) schema;
	(void) name;
	(void) err;
	*relation = NULL;
	return true;
}

static uint64_t
no_version(void *context)
{
	(void) context;
	return 0;
}

static bool
pass_structure(void *context, const QueryEvent *query, const Statement *statement, SluiceError *err)
{
	(void) context;
	(void) query;
	(void) statement;
	(void) err;
	return true;
}

static bool
pass_group_end(void *context, SluiceError *err)
{
	(void) context;
	(void) err;
	return true;
}

void
change_sink_init(ChangeSink *sink, PositionMode mode)
{
	SluiceError err;

	*sink = (ChangeSink){.mode = mode, .charsets = charsets_new(&err)};
	if (sink->charsets == NULL || !charsets_tell(sink->charsets, COLLATION, "utf8mb4", &err))
		abort();
}

void
change_sink_free(ChangeSink *sink)
{
	charsets_free(sink->charsets);
	log_position_free(&sink->place);
}

ChangeHooks
change_sink_hooks(ChangeSink *sink)
{
	return (ChangeHooks){.context = sink,
						 .relation_of_map = find_table,
						 .relation_by_name = find_no_table,
						 .version = no_version,
						 .structure = pass_structure,
						 .group_end = pass_group_end,
						 .emit = take_bundle};
}
