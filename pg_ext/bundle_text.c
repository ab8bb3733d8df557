/*
 * bundle_text.c - sluice.bundle_text(bytea): the records of a bundle, one line of text each.
 *
 * For looking at what a slot gives (pg_logical_slot_peek_binary_changes) and for tests.  Positions
 * and transaction numbers are left out, so that the lines are the same on every server.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "common/core/bundle.h"
#include "pg_ext/pg_compat.h"

PG_FUNCTION_INFO_V1(sluice_bundle_text);

/* A bundle's text in this database's encoding. */
static char *
local_text(const char *text, int length)
{
	return pg_any_to_server(pnstrdup(text, length), length, PG_UTF8);
}

static char *
local_name(const char *name)
{
	return local_text(name, (int) strlen(name));
}

/* A value of a built-in type, from its send format to text. */
static char *
binary_to_text(const BundleColumn *column, const uint8_t *data, int32_t length)
{
	StringInfoData input;
	Oid receive;
	Oid parameter;
	Oid output;
	bool varlena;

	initStringInfo(&input);
	appendBinaryStringInfo(&input, (const char *) data, length);
	getTypeBinaryInputInfo(column->type_oid, &receive, &parameter);
	getTypeOutputInfo(column->type_oid, &output, &varlena);
	return OidOutputFunctionCall(
		output, OidReceiveFunctionCall(receive, &input, parameter, column->typmod));
}

static void
append_value(StringInfo out, const BundleColumn *column, const uint8_t *data, int32_t length)
{
	if (length == FIELD_NULL)
		appendStringInfoString(out, "null");
	else if (length == FIELD_UNCHANGED)
		appendStringInfoString(out, "unchanged");
	else if (OidIsValid(column->type_oid))
		appendStringInfoString(out, quote_literal_cstr(binary_to_text(column, data, length)));
	else
		appendStringInfoString(out, quote_literal_cstr(local_text((const char *) data, length)));
}

/* " label (column=value, ...)" */
static void
append_row(StringInfo out, const char *label, const BundleRelation *relation, const BundleRow *row,
		   bool key_only)
{
	const uint8_t *at = row->data + 2;
	const char *separator = "";

	if (row->fields == 0)
		return;
	appendStringInfo(out, " %s (", label);
	for (uint16_t i = 0; i < relation->column_count; i++)
	{
		const BundleColumn *column = &relation->columns[i];
		const uint8_t *data;
		int32_t length;

		if (key_only && (column->flags & COLUMN_KEY) == 0)
			continue;
		data = bundle_row_field(&at, &length);
		appendStringInfo(out, "%s%s=", separator, local_name(column->name));
		append_value(out, column, data, length);
		separator = ", ";
	}
	appendStringInfoChar(out, ')');
}

static void
append_relation(StringInfo out, const BundleRelation *relation)
{
	appendStringInfo(out, "relation %s.%s identity %c (", local_name(relation->schema),
					 local_name(relation->name), relation->identity);
	for (uint16_t i = 0; i < relation->column_count; i++)
	{
		const BundleColumn *column = &relation->columns[i];

		appendStringInfo(out, "%s%s %s %s%s%s%s", i > 0 ? ", " : "", local_name(column->name),
						 local_name(column->type_name), canon_name(column->canon),
						 (column->flags & COLUMN_KEY) != 0 ? " key" : "",
						 (column->flags & COLUMN_PRIMARY) != 0 ? " primary" : "",
						 (column->flags & COLUMN_GENERATED) != 0 ? " generated" : "");
	}
	appendStringInfoChar(out, ')');
}

static void
append_truncate(StringInfo out, const BundleReader *reader, const BundleRecord *record)
{
	appendStringInfoString(out, "truncate");
	for (uint16_t i = 0; i < record->truncate.count; i++)
	{
		const BundleRelation *relation = bundle_truncated(reader, record, i);

		appendStringInfo(out, "%s %s.%s", i > 0 ? "," : "", local_name(relation->schema),
						 local_name(relation->name));
	}
	if ((record->flags & RECORD_CASCADE) != 0)
		appendStringInfoString(out, " cascade");
	if ((record->flags & RECORD_RESTART_IDENTITY) != 0)
		appendStringInfoString(out, " restart identity");
}

static void
append_change(StringInfo out, const char *verb, const BundleRecord *record)
{
	bool key_only = (record->flags & RECORD_OLD_ROW) == 0;

	appendStringInfo(out, "%s %s.%s", verb, local_name(record->relation->schema),
					 local_name(record->relation->name));
	append_row(out, key_only ? "key" : "old", record->relation, &record->old_row, key_only);
	append_row(out, "new", record->relation, &record->new_row, false);
}

/* The content is the application's bytes: shown as text where they can be. */
static void
append_message(StringInfo out, const BundleRecord *record)
{
	const BundleMessage *message = &record->message;
	const char *content = (const char *) message->content;

	appendStringInfo(out,
					 "message%s %s: ", (record->flags & RECORD_TRANSACTIONAL) != 0 ? "" : " alone",
					 local_name(message->prefix));
	if (pg_verify_mbstr(PG_UTF8, content, (int) message->length, true))
	{
		appendStringInfoString(out, local_text(content, (int) message->length));
		return;
	}
	appendStringInfoString(out, "\\x");
	for (uint32_t i = 0; i < message->length; i++)
		appendStringInfo(out, "%02x", message->content[i]);
}

static void
append_record(StringInfo out, const BundleReader *reader, const BundleRecord *record)
{
	switch (record->type)
	{
		case RECORD_RELATION: append_relation(out, record->relation); break;
		case RECORD_BEGIN:
			appendStringInfoString(out, "begin");
			if (record->begin.origin[0] != '\0')
				appendStringInfo(out, " origin %s", local_name(record->begin.origin));
			break;
		case RECORD_COMMIT: appendStringInfoString(out, "commit"); break;
		case RECORD_INSERT: append_change(out, "insert", record); break;
		case RECORD_UPDATE: append_change(out, "update", record); break;
		case RECORD_DELETE: append_change(out, "delete", record); break;
		case RECORD_ROW: append_change(out, "row", record); break;
		case RECORD_TRUNCATE: append_truncate(out, reader, record); break;
		case RECORD_MESSAGE: append_message(out, record); break;
	}
}

static void
refuse(const SluiceError *err)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("%s", err->message)));
}

static void
free_reader(void *reader)
{
	bundle_reader_free(reader);
}

/* The reader's malloc'ed memory goes with the query's, also after an error. */
static BundleReader *
open_reader(bytea *bundle)
{
	BundleReader *reader = palloc0(sizeof(*reader));
	MemoryContextCallback *callback = palloc0(sizeof(*callback));
	SluiceError err;

	bundle_reader_init(reader, &allocator_malloc, BUNDLE_MAXIMUM);
	callback->func = free_reader;
	callback->arg = reader;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	if (!bundle_reader_open(reader, (const uint8_t *) VARDATA_ANY(bundle),
							VARSIZE_ANY_EXHDR(bundle), &err))
		refuse(&err);
	return reader;
}

Datum
sluice_bundle_text(PG_FUNCTION_ARGS)
{
	bytea *bundle = PG_GETARG_BYTEA_PP(0);
	ReturnSetInfo *result = compat_start_set(fcinfo);
	BundleReader *reader = open_reader(bundle);
	BundleRecord record;
	SluiceError err;
	int settings = NewGUCNestLevel();
	bool end;

	/* For the receive functions. */
	(void) set_config_option("client_encoding", "UTF8", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	for (;;)
	{
		StringInfoData line;
		Datum value;
		bool null = false;

		if (!bundle_next(reader, &record, &end, &err))
			refuse(&err);
		if (end)
			break;
		initStringInfo(&line);
		append_record(&line, reader, &record);
		value = CStringGetTextDatum(line.data);
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &null);
	}
	AtEOXact_GUC(true, settings);
	return (Datum) 0;
}
