/*
 * capture_table.c - which tables a capture has and what they are (capture_internal.h).
 */
#include "capture_internal.h"

#include <inttypes.h>

bool
capture_locate(const LogReader *reader, SluiceError *err)
{
	return sluice_prefix(err, "%s at %" PRIu64, reader->file, reader->offset);
}

static StructurePlace
place_of(const Capture *capture)
{
	const LogReader *reader = capture->writer.reader;

	return (StructurePlace){.commit = capture->writer.group.commit,
							.file = reader->file,
							.offset = reader->offset,
							.timestamp = reader->group.timestamp};
}

static bool
send_change(void *context, const char *prefix, const void *content, uint32_t length,
			SluiceError *err)
{
	Capture *capture = context;

	return change_writer_message(&capture->writer, prefix, content, length, err);
}

bool
capture_relation_of_map(void *context, const TableMap *map, TableRelation **relation,
						SluiceError *err)
{
	Capture *capture = context;
	const StructurePlace place = place_of(capture);
	const StructureEvents events = {capture, send_change};
	const SchemaTable *table;

	*relation = NULL;
	if (!structure_table_of_map(capture->structure, map, &place, &events, &table, err))
		return false;
	if (table == NULL)
		return true;
	*relation = relation_of_map(map, table, capture->flavour == FLAVOUR_MARIADB,
								&capture->settings->values, capture->charsets, err);
	return *relation != NULL;
}

bool
capture_relation_by_name(void *context, const char *schema, const char *name,
						 TableRelation **relation, SluiceError *err)
{
	Capture *capture = context;
	const SchemaTable *table;

	*relation = NULL;
	if (!structure_table_named(capture->structure, schema, name, &table, err))
		return false;
	if (table == NULL)
		return true;
	relation_free(capture->named);
	capture->named = relation_of_table(table, capture->flavour == FLAVOUR_MARIADB,
									   &capture->settings->values, capture->charsets, err);
	*relation = capture->named;
	return *relation != NULL;
}

bool
capture_structure(void *context, const QueryEvent *query, const Statement *statement,
				  SluiceError *err)
{
	Capture *capture = context;
	const StructurePlace place = place_of(capture);
	const StructureEvents events = {capture, send_change};

	return structure_statement(capture->structure, query, statement, &place, &events, err);
}

bool
capture_group_end(void *context, SluiceError *err)
{
	Capture *capture = context;
	const StructurePlace place = place_of(capture);
	const StructureEvents events = {capture, send_change};

	return !structure_waits(capture->structure) ||
		   structure_group_end(capture->structure, &place, &events, err);
}

uint64_t
capture_version(void *context)
{
	const Capture *capture = context;

	return structure_serial(capture->structure);
}
