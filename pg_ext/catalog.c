/*
 * catalog.c - sluice.stream by SPI; options were validated by create_stream() and come as columns of
 * the query, so that this file holds no parser.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"

#include "pg_ext/catalog.h"

/* The columns of a StreamRow, in the order of `columns` below. */
#define STREAM_QUERY                                                                               \
	"SELECT name, desired, state, slot_name, publications, own_publication::text, "                \
	"keep_jetstream::text, incarnation::text, start_lsn::text, system_identifier::text, "          \
	"database_oid::text, coalesce(options->>'durability', 'target'), "                             \
	"coalesce(options->>'messages', 'true'), coalesce(options->>'origin', 'any'), "                \
	"coalesce(options->>'bundle_rows', '500'), coalesce(options->>'bundle_bytes', '524288'), "     \
	"coalesce(options->>'compression', 'none'), "                                                  \
	"coalesce(options->>'max_bytes', '4294967296'), coalesce(options->>'replicas', '1'), "         \
	"coalesce(options->>'replay_window', '0'), coalesce(options->>'consumers', 'writer'), "        \
	"(SELECT secret FROM sluice.secret), "                                                         \
	"owner::text, mode, sluice.copy_due(s)::text, sluice.finished_copy(name)::text, "              \
	"coalesce(options->>'copy_workers', '2'), "                                                    \
	"coalesce(options->>'chunk_bytes', '67108864'), options->>'max_events', "                      \
	"options->>'max_seconds' FROM sluice.stream s"

void
catalog_begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
catalog_end(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(false);
}

/* ---- column readers ---- */

static void
read_name(StreamRow *row, const char *value)
{
	snprintf(row->name, sizeof(row->name), "%s", value);
}

static void
read_wish(StreamRow *row, const char *value)
{
	static const struct
	{
		const char *name;
		StreamWish wish;
	} wishes[] = {
		{"running", WISH_RUN},
		{"paused", WISH_PAUSE},
		{"stopped", WISH_STOP},
		{"dropped", WISH_DROP},
	};

	row->wish = WISH_NONE;
	for (size_t i = 0; i < lengthof(wishes); i++)
	{
		if (strcmp(wishes[i].name, value) == 0)
			row->wish = wishes[i].wish;
	}
}

static void
read_state(StreamRow *row, const char *value)
{
	if (!stream_state_parse(value, &row->state, NULL))
		row->state = STREAM_CREATED;
}

static void
read_slot(StreamRow *row, const char *value)
{
	row->slot = pstrdup(value);
}

static void
read_publications(StreamRow *row, const char *value)
{
	row->publications = pstrdup(value);
}

static void
read_own_publication(StreamRow *row, const char *value)
{
	row->own_publication = value[0] == 't';
}

static void
read_keep_jetstream(StreamRow *row, const char *value)
{
	row->keep_jetstream = value[0] == 't';
}

static void
read_incarnation(StreamRow *row, const char *value)
{
	row->has_incarnation = value[0] != '\0';
	row->incarnation = (uint64) strtoll(value, NULL, 10);
}

static void
read_start(StreamRow *row, const char *value)
{
	if (value[0] != '\0')
		row->start = DatumGetLSN(DirectFunctionCall1(pg_lsn_in, CStringGetDatum(pstrdup(value))));
}

static void
read_system(StreamRow *row, const char *value)
{
	row->system = strtoull(value, NULL, 10);
}

static void
read_database(StreamRow *row, const char *value)
{
	row->database = (Oid) strtoul(value, NULL, 10);
}

static void
read_durability(StreamRow *row, const char *value)
{
	row->broker_durability = strcmp(value, "broker") == 0;
}

static void
read_messages(StreamRow *row, const char *value)
{
	row->messages = value[0] == 't';
}

static void
read_origin(StreamRow *row, const char *value)
{
	row->local_only = strcmp(value, "none") == 0;
}

static void
read_bundle_rows(StreamRow *row, const char *value)
{
	row->bundle_rows = atoi(value);
}

static void
read_bundle_bytes(StreamRow *row, const char *value)
{
	row->bundle_bytes = atoi(value);
}

static void
read_compression(StreamRow *row, const char *value)
{
	if (!compression_parse(value, &row->compression, NULL))
		row->compression = COMPRESSION_NONE;
}

static void
read_max_bytes(StreamRow *row, const char *value)
{
	row->max_bytes = strtoll(value, NULL, 10);
}

static void
read_replicas(StreamRow *row, const char *value)
{
	row->replicas = atoi(value);
}

static void
read_replay_window(StreamRow *row, const char *value)
{
	row->replay_window_ms = strtoll(value, NULL, 10) * 1000;
}

static void
read_consumers(StreamRow *row, const char *value)
{
	char *copy = pstrdup(value);
	char *rest;

	for (char *name = strtok_r(copy, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest))
		row->consumers = lappend(row->consumers, name);
}

static void
read_owner(StreamRow *row, const char *value)
{
	row->owner = (Oid) strtoul(value, NULL, 10);
}

static void
read_mode(StreamRow *row, const char *value)
{
	row->copies = strcmp(value, "cdc") != 0;
	row->convert_only = strcmp(value, "convert") == 0;
}

static void
read_copy_due(StreamRow *row, const char *value)
{
	row->copy_due = value[0] == 't';
}

static void
read_copies_finished(StreamRow *row, const char *value)
{
	row->copies_finished = (uint32) strtoul(value, NULL, 10);
}

static void
read_copy_workers(StreamRow *row, const char *value)
{
	row->copy_workers = Min(atoi(value), COPY_WORKERS_MAXIMUM);
}

static void
read_chunk_bytes(StreamRow *row, const char *value)
{
	row->chunk_bytes = strtoll(value, NULL, 10);
}

static void
read_max_events(StreamRow *row, const char *value)
{
	row->max_events = strtoull(value, NULL, 10);
}

static void
read_max_seconds(StreamRow *row, const char *value)
{
	row->max_seconds = strtoll(value, NULL, 10);
}

static void
read_secret(StreamRow *row, const char *value)
{
	row->own_messages = psprintf("%s %s", value, row->name);
}

static void (*const columns[])(StreamRow *row, const char *value) = {
	read_name,			 read_wish,
	read_state,			 read_slot,
	read_publications,	 read_own_publication,
	read_keep_jetstream, read_incarnation,
	read_start,			 read_system,
	read_database,		 read_durability,
	read_messages,		 read_origin,
	read_bundle_rows,	 read_bundle_bytes,
	read_compression,	 read_max_bytes,
	read_replicas,		 read_replay_window,
	read_consumers,		 read_secret,
	read_owner,			 read_mode,
	read_copy_due,		 read_copies_finished,
	read_copy_workers,	 read_chunk_bytes,
	read_max_events,	 read_max_seconds,
};

/* The i-th row of the result, allocated in `context`. */
static void
read_row(uint64 i, StreamRow *row, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	memset(row, 0, sizeof(*row));
	for (size_t k = 0; k < lengthof(columns); k++)
	{
		char *value = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, (int) k + 1);

		columns[k](row, value != NULL ? value : "");
	}
	MemoryContextSwitchTo(old);
}

List *
catalog_read_all(bool *installed)
{
	MemoryContext context = CurrentMemoryContext;
	List *rows = NIL;

	catalog_begin();
	*installed = OidIsValid(get_extension_oid("sluice", true));
	if (*installed && SPI_execute(STREAM_QUERY, true, 0) == SPI_OK_SELECT)
	{
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			StreamRow *row = MemoryContextAlloc(context, sizeof(*row));
			MemoryContext old;

			read_row(i, row, context);
			old = MemoryContextSwitchTo(context);
			rows = lappend(rows, row);
			MemoryContextSwitchTo(old);
		}
	}
	catalog_end();
	MemoryContextSwitchTo(context);
	return rows;
}

bool
catalog_read(const char *name, StreamRow *row)
{
	MemoryContext context = CurrentMemoryContext;
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(name)};
	bool found = false;

	catalog_begin();
	if (OidIsValid(get_extension_oid("sluice", true)) &&
		SPI_execute_with_args(STREAM_QUERY " WHERE name = $1", 1, types, values, NULL, true, 1) ==
			SPI_OK_SELECT &&
		SPI_processed == 1)
	{
		read_row(0, row, context);
		found = true;
	}
	catalog_end();
	MemoryContextSwitchTo(context);
	return found;
}

char *
catalog_namesake(const char *name)
{
	MemoryContext context = CurrentMemoryContext;
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(name)};
	char *database = NULL;

	catalog_begin();
	if (OidIsValid(get_extension_oid("sluice", true)) &&
		SPI_execute_with_args("SELECT sluice.namesake($1)", 1, types, values, NULL, true, 1) ==
			SPI_OK_SELECT &&
		SPI_processed == 1)
		database = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (database != NULL)
		database = MemoryContextStrdup(context, database);
	catalog_end();
	MemoryContextSwitchTo(context);
	return database;
}

/* Runs one statement that must not fail. */
static void
execute(const char *statement, int count, Oid *types, Datum *values, const char *nulls)
{
	catalog_begin();
	if (OidIsValid(get_extension_oid("sluice", true)) &&
		SPI_execute_with_args(statement, count, types, values, nulls, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", statement);
	catalog_end();
}

void
catalog_set_slot(const char *name, uint64 incarnation, XLogRecPtr start)
{
	Oid types[] = {TEXTOID, INT8OID, LSNOID};
	MemoryContext context = CurrentMemoryContext;
	Datum values[] = {
		CStringGetTextDatum(name),
		Int64GetDatum((int64) incarnation),
		LSNGetDatum(start),
	};

	execute("UPDATE sluice.stream SET incarnation = $2, start_lsn = $3 WHERE name = $1",
			lengthof(types), types, values, NULL);
	MemoryContextSwitchTo(context);
}

void
catalog_set_state(const char *name, StreamState state, const SluiceError *error)
{
	bool failed = error != NULL && error->code != SLUICE_OK;
	Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	MemoryContext context = CurrentMemoryContext;
	Datum values[] = {
		CStringGetTextDatum(name),
		CStringGetTextDatum(stream_state_name(state)),
		CStringGetTextDatum(failed ? error->message : ""),
		CStringGetTextDatum(failed ? error->hint : ""),
	};

	execute("UPDATE sluice.stream SET state = $2, error = nullif($3, ''), hint = nullif($4, ''), "
			"desired = CASE WHEN $2 IN ('failed', 'finished') THEN 'stopped' ELSE desired END, "
			"changed_at = pg_catalog.now() WHERE name = $1 AND desired <> 'dropped'",
			lengthof(types), types, values, NULL);
	MemoryContextSwitchTo(context);
}

void
catalog_note_error(const char *name, const SluiceError *error)
{
	Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	MemoryContext context = CurrentMemoryContext;
	Datum values[] = {
		CStringGetTextDatum(name),
		CStringGetTextDatum(error->message),
		CStringGetTextDatum(error->hint),
	};

	/* Somebody who holds the row has another look taken when he commits. */
	execute("UPDATE sluice.stream s SET error = $2, hint = nullif($3, '') FROM "
			"(SELECT name FROM sluice.stream WHERE name = $1 FOR UPDATE SKIP LOCKED) l "
			"WHERE s.name = l.name AND (error, hint) IS DISTINCT FROM ($2, nullif($3, ''))",
			lengthof(types), types, values, NULL);
	MemoryContextSwitchTo(context);
}

void
catalog_send_sequences(void)
{
	MemoryContext context = CurrentMemoryContext;

	execute("SELECT sluice.send_due_sequences()", 0, NULL, NULL, NULL);
	MemoryContextSwitchTo(context);
}

void
catalog_remove(const StreamRow *row)
{
	MemoryContext context = CurrentMemoryContext;
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(row->name)};

	if (row->own_publication)
		execute(psprintf("DROP PUBLICATION IF EXISTS %s", row->publications), 0, NULL, NULL, NULL);
	MemoryContextSwitchTo(context);
	execute("DELETE FROM sluice.stream WHERE name = $1", 1, types, values, NULL);
	MemoryContextSwitchTo(context);
}
