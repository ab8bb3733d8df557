/*
 * functions.c - the C functions behind sluice's SQL: who calls, waking the launcher, live status.
 *
 * What a stream may do is decided in sql/; these give it what only the server knows.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "common/nats/server_info.h"
#include "pg_ext/hooks.h"
#include "pg_ext/pg_compat.h"
#include "pg_ext/settings.h"
#include "pg_ext/shared.h"
#include "pg_ext/stream_slot.h"

#define SERVERS_WAIT_MS 2000 /* that check() may take for NATS, whatever the number of servers */

PG_FUNCTION_INFO_V1(sluice_caller);
PG_FUNCTION_INFO_V1(sluice_preloaded);
PG_FUNCTION_INFO_V1(sluice_scan);
PG_FUNCTION_INFO_V1(sluice_can_move);
PG_FUNCTION_INFO_V1(sluice_stream_status);
PG_FUNCTION_INFO_V1(sluice_table_status);
PG_FUNCTION_INFO_V1(sluice_copy_status);
PG_FUNCTION_INFO_V1(sluice_copy_worker_status);
PG_FUNCTION_INFO_V1(sluice_stream_name_ok);
PG_FUNCTION_INFO_V1(sluice_nats_servers);

static void
require_preload(void)
{
	if (shared == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("sluice is not loaded in this server"),
						errhint("Add sluice to shared_preload_libraries and restart the server.")));
}

/* The role that called, behind the SECURITY DEFINER function that asks. */
Datum
sluice_caller(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_OID(GetOuterUserId());
}

Datum
sluice_preloaded(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(shared != NULL);
}

/* Has this database's catalog looked at again once the transaction has committed. */
Datum
sluice_scan(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	require_preload();
	hooks_scan_at_commit();
	PG_RETURN_VOID();
}

Datum
sluice_can_move(PG_FUNCTION_ARGS)
{
	StreamState from;
	StreamState to;
	SluiceError err;

	if (!stream_state_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)), &from, &err) ||
		!stream_state_parse(text_to_cstring(PG_GETARG_TEXT_PP(1)), &to, &err))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", err.message)));
	PG_RETURN_BOOL(stream_state_can_move(from, to));
}

/* NULL for a good name, else what is wrong with it. */
Datum
sluice_stream_name_ok(PG_FUNCTION_ARGS)
{
	SluiceError err;

	if (stream_name_check(text_to_cstring(PG_GETARG_TEXT_PP(0)), &err))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(err.message));
}

/* ---- status ---- */

/* A row under construction: columns are put in order. */
typedef struct RowBuilder
{
	Datum values[32];
	bool nulls[32];
	int count;
} RowBuilder;

static void
put(RowBuilder *row, Datum value, bool null)
{
	row->values[row->count] = value;
	row->nulls[row->count++] = null;
}

static void
put_text(RowBuilder *row, const char *text)
{
	bool null = text[0] == '\0';

	put(row, null ? (Datum) 0 : CStringGetTextDatum(text), null);
}

static void
put_count(RowBuilder *row, uint64 count)
{
	put(row, Int64GetDatum((int64) count), false);
}

static void
put_position(RowBuilder *row, XLogRecPtr position)
{
	put(row, LSNGetDatum(position), XLogRecPtrIsInvalid(position));
}

static void
put_time(RowBuilder *row, TimestampTz time)
{
	put(row, TimestampTzGetDatum(time), time == 0);
}

/* Adds the row to the result; a library newer or older than the catalog's SQL must not crash. */
static void
add_row(ReturnSetInfo *result, RowBuilder *row)
{
	if (result->setDesc->natts != row->count)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("sluice's library and its SQL objects are of different versions"),
						errhint("Restart the server after an upgrade, then ALTER EXTENSION sluice "
								"UPDATE.")));
	tuplestore_putvalues(result->setResult, result->setDesc, row->values, row->nulls);
}

/* The entries of this database as they are at one moment; palloc'ed. */
static StreamEntry *
copy_entries(int *count)
{
	StreamEntry *copies = palloc(sizeof(StreamEntry) * sluice_max_streams);

	*count = 0;
	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < sluice_max_streams; i++)
	{
		if (shared->streams[i].used && shared->streams[i].database == MyDatabaseId)
			copies[(*count)++] = shared->streams[i];
	}
	LWLockRelease(shared->lock);
	return copies;
}

static void
fill_stream(RowBuilder *row, const StreamEntry *entry)
{
	const StreamProgress *progress = &entry->progress;
	bool own = entry->error.code != SLUICE_OK; /* else a copy's processes may have one */
	const SluiceError *error = own ? &entry->error : &entry->copy.error;

	put_text(row, entry->name);
	put(row, CStringGetTextDatum(stream_state_name(shared_state(entry))), false);
	put(row, Int32GetDatum(entry->worker), entry->worker == 0);
	put(row, BoolGetDatum(progress->publisher_ready), false);
	put_position(row, progress->decoded);
	put_position(row, progress->acked.commit);
	put_position(row, progress->durable_known ? progress->durable.commit : InvalidXLogRecPtr);
	put_position(row, progress->confirmed);
	put(row, Float8GetDatum((double) progress->lag_us / 1e6), entry->worker == 0);
	put_count(row, progress->rows);
	put(row, Float8GetDatum(progress->rows_per_second), entry->worker == 0);
	put(row, Float8GetDatum(progress->bytes_per_second), entry->worker == 0);
	put_count(row, progress->bundles);
	put_count(row, progress->messages);
	put_count(row, progress->bytes);
	put_count(row, progress->in_flight);
	put_count(row, progress->in_flight_bytes);
	put_count(row, progress->stream_messages);
	put_count(row, progress->stream_bytes);
	put_count(row, progress->connects);
	put_count(row, (uint64) entry->failures);
	put_time(row, entry->started);
	put_text(row, error->code != SLUICE_OK ? error->message : "");
	put_text(row, error->code != SLUICE_OK ? error->hint : "");
	put_time(row, error->code != SLUICE_OK ? (own ? entry->error_at : entry->copy.error_at) : 0);
}

Datum
sluice_stream_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	StreamEntry *entries;
	int count;

	require_preload();
	result = compat_start_set(fcinfo);
	entries = copy_entries(&count);
	for (int i = 0; i < count; i++)
	{
		RowBuilder row = {.count = 0};

		fill_stream(&row, &entries[i]);
		add_row(result, &row);
	}
	return (Datum) 0;
}

Datum
sluice_copy_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	StreamEntry *entries;
	int count;

	require_preload();
	result = compat_start_set(fcinfo);
	entries = copy_entries(&count);
	for (int i = 0; i < count; i++)
	{
		const CopyEntry *copy = &entries[i].copy;
		RowBuilder row = {.count = 0};

		if (copy->phase == COPY_NONE)
			continue;
		put_text(&row, entries[i].name);
		put(&row, Int32GetDatum((int32) copy->generation), copy->generation == 0);
		put_count(&row, copy->stream_messages);
		put_count(&row, copy->stream_bytes);
		put_text(&row, copy->error.code != SLUICE_OK ? copy->error.message : "");
		add_row(result, &row);
	}
	return (Datum) 0;
}

Datum
sluice_copy_worker_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	StreamEntry *entries;
	int count;

	require_preload();
	result = compat_start_set(fcinfo);
	entries = copy_entries(&count);
	for (int i = 0; i < count * COPY_WORKERS_MAXIMUM; i++)
	{
		const StreamEntry *entry = &entries[i / COPY_WORKERS_MAXIMUM];
		const CopyWorkerEntry *worker = &entry->copy.workers[i % COPY_WORKERS_MAXIMUM];
		RowBuilder row = {.count = 0};

		if (worker->pid == 0)
			continue;
		put_text(&row, entry->name);
		put(&row, Int32GetDatum(worker->pid), false);
		put(&row, ObjectIdGetDatum(worker->relid), !OidIsValid(worker->relid));
		put_count(&row, worker->rows);
		put_count(&row, worker->bytes);
		add_row(result, &row);
	}
	return (Datum) 0;
}

Datum
sluice_table_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	TableEntry *tables = palloc(sizeof(TableEntry) * sluice_max_tracked_tables);
	char(*names)[STREAM_NAME_MAXIMUM + 1];
	int count = 0;

	require_preload();
	names = palloc(sizeof(*names) * sluice_max_tracked_tables);
	result = compat_start_set(fcinfo);
	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < sluice_max_tracked_tables; i++)
	{
		const TableEntry *table = &shared_tables()[i];
		const StreamEntry *entry;

		if (table->stream == 0)
			break;
		entry = &shared->streams[table->stream - 1];
		if (!entry->used || entry->database != MyDatabaseId)
			continue;
		snprintf(names[count], sizeof(names[count]), "%s", entry->name);
		tables[count++] = *table;
	}
	LWLockRelease(shared->lock);
	for (int i = 0; i < count; i++)
	{
		RowBuilder row = {.count = 0};

		put_text(&row, names[i]);
		put(&row, ObjectIdGetDatum(tables[i].relid), false);
		for (int k = 0; k < TABLE_COUNTS; k++)
			put_count(&row, tables[i].counts[k]);
		add_row(result, &row);
	}
	return (Datum) 0;
}

/* Each server of sluice.nats_url, asked without libnats: this is anybody's backend. */
Datum
sluice_nats_servers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = compat_start_set(fcinfo);
	ServerInfo *servers = palloc(sizeof(ServerInfo) * SERVER_INFO_MAXIMUM);
	SluiceError err;
	int count;

	if (!server_info_ask(sluice_nats_url, SERVERS_WAIT_MS, servers, &count, &err))
	{
		servers[0] = (ServerInfo){.error = err};
		count = 1;
	}
	for (int i = 0; i < count; i++)
	{
		RowBuilder row = {.count = 0};

		put(&row, Int32GetDatum(i + 1), false);
		put_text(&row, servers[i].url);
		put_text(&row, servers[i].version);
		put(&row, BoolGetDatum(servers[i].jetstream), false);
		put_text(&row, servers[i].error.code != SLUICE_OK ? servers[i].error.message : "");
		add_row(result, &row);
	}
	return (Datum) 0;
}
