/*
 * copy_catalog.c - one statement per question; what is planned and how is in sql/70-copy.sql.
 */
#include "pg_ext/copy_catalog.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"

#include "pg_ext/catalog.h"
#include "pg_ext/pg_compat.h"

#define ARGUMENTS_MAXIMUM 7

/* Arguments of a statement, in order. */
typedef struct Arguments
{
	int count;
	Oid types[ARGUMENTS_MAXIMUM];
	Datum values[ARGUMENTS_MAXIMUM];
} Arguments;

static void
add(Arguments *arguments, Oid type, Datum value)
{
	arguments->types[arguments->count] = type;
	arguments->values[arguments->count++] = value;
}

static Arguments
arguments_for(const char *stream, uint32 generation)
{
	Arguments arguments = {0};

	add(&arguments, TEXTOID, CStringGetTextDatum(stream));
	if (generation > 0)
		add(&arguments, INT4OID, Int32GetDatum((int32) generation));
	return arguments;
}

/* Runs a statement, which gives rows or not. */
static void
execute(const char *statement, Arguments *arguments)
{
	if (SPI_execute_with_args(statement, arguments->count, arguments->types, arguments->values,
							  NULL, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", statement);
}

/* A column of the result's i-th row, counted from 1; *null may be NULL where there is always a value. */
static Datum
value(uint64 row, int column, bool *null)
{
	bool ignored;

	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column,
						 null != NULL ? null : &ignored);
}

/* ---- each in its own transaction ---- */

void
copy_catalog_read(const char *stream, CopyRow *row)
{
	MemoryContext context = CurrentMemoryContext;
	Arguments arguments;
	bool null;

	*row = (CopyRow){0};
	catalog_begin();
	arguments = arguments_for(stream, 0);
	execute("SELECT generation, position, chunks, copied_at IS NOT NULL, finished_at IS NOT NULL "
			"FROM sluice.copy WHERE stream = $1 ORDER BY generation DESC LIMIT 1",
			&arguments);
	if (SPI_processed == 1)
	{
		row->generation = (uint32) DatumGetInt32(value(0, 1, NULL));
		row->position = DatumGetLSN(value(0, 2, &null));
		if (null)
			row->position = InvalidXLogRecPtr;
		row->chunks = (uint32) DatumGetInt32(value(0, 3, &null));
		row->copied = DatumGetBool(value(0, 4, NULL));
		row->finished = DatumGetBool(value(0, 5, NULL));
	}
	catalog_end();
	MemoryContextSwitchTo(context);
}

uint32
copy_catalog_begin(const char *stream)
{
	MemoryContext context = CurrentMemoryContext;
	Arguments arguments;
	uint32 generation;

	catalog_begin();
	arguments = arguments_for(stream, 0);
	execute("SELECT sluice.begin_copy($1)", &arguments);
	generation = (uint32) DatumGetInt32(value(0, 1, NULL));
	catalog_end();
	MemoryContextSwitchTo(context);
	return generation;
}

static void
set_time(const char *statement, const char *stream, uint32 generation)
{
	MemoryContext context = CurrentMemoryContext;
	Arguments arguments;

	catalog_begin();
	arguments = arguments_for(stream, generation);
	execute(statement, &arguments);
	catalog_end();
	MemoryContextSwitchTo(context);
}

void
copy_catalog_copied(const char *stream, uint32 generation)
{
	set_time("SELECT sluice.note_copied($1, $2)", stream, generation);
}

void
copy_catalog_finished(const char *stream, uint32 generation)
{
	set_time("SELECT sluice.finish_copy($1, $2)", stream, generation);
}

int
copy_catalog_lost(const char *stream, uint32 generation, const Bitmapset *complete)
{
	MemoryContext context = CurrentMemoryContext;
	ArrayBuildState *numbers;
	Arguments arguments;
	int tables;

	catalog_begin();
	numbers = initArrayResult(INT4OID, CurrentMemoryContext, true);
	for (int chunk = -1; (chunk = bms_next_member(complete, chunk)) >= 0;)
		numbers =
			accumArrayResult(numbers, Int32GetDatum(chunk), false, INT4OID, CurrentMemoryContext);
	arguments = arguments_for(stream, generation);
	add(&arguments, INT4ARRAYOID, makeArrayResult(numbers, CurrentMemoryContext));
	execute("SELECT sluice.note_lost($1, $2, $3)", &arguments);
	tables = DatumGetInt32(value(0, 1, NULL));
	catalog_end();
	MemoryContextSwitchTo(context);
	return tables;
}

List *
copy_catalog_tables(const char *stream)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext inner;
	List *tables;

	catalog_begin();
	inner = MemoryContextSwitchTo(context);
	tables = copy_catalog_tables_inside(stream);
	MemoryContextSwitchTo(inner);
	catalog_end();
	MemoryContextSwitchTo(context);
	return tables;
}

static ChunkKind
kind_named(const char *name)
{
	static const char *const names[] = {
		[CHUNK_BLOCKS] = "blocks",
		[CHUNK_TABLE] = "table",
		[CHUNK_MOVED] = "moved",
		[CHUNK_QUERY] = "query",
	};

	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (strcmp(names[i], name) == 0)
			return (ChunkKind) i;
	}
	elog(ERROR, "unknown kind of chunk \"%s\"", name);
}

static void
read_chunk(CopyChunk *chunk, MemoryContext context)
{
	bool null;
	Datum query;

	chunk->relid = DatumGetObjectId(value(0, 1, NULL));
	chunk->published = DatumGetObjectId(value(0, 2, NULL));
	chunk->kind = kind_named(TextDatumGetCString(value(0, 3, NULL)));
	chunk->first_block = (BlockNumber) DatumGetInt64(value(0, 4, NULL));
	chunk->blocks = (BlockNumber) DatumGetInt64(value(0, 5, NULL));
	chunk->threshold = (TransactionId) DatumGetInt64(value(0, 6, &null));
	query = value(0, 7, &null);
	chunk->query = null ? NULL : MemoryContextStrdup(context, TextDatumGetCString(query));
}

bool
copy_catalog_chunk(const char *stream, uint32 generation, uint32 number, CopyChunk *chunk)
{
	MemoryContext context = CurrentMemoryContext;
	Arguments arguments;
	bool found;

	*chunk = (CopyChunk){.number = number};
	catalog_begin();
	arguments = arguments_for(stream, generation);
	add(&arguments, INT4OID, Int32GetDatum((int32) number));
	execute("SELECT relid, published, kind, first_block, blocks, threshold, query "
			"FROM sluice.chunk_to_do($1, $2, $3)",
			&arguments);
	found = SPI_processed == 1;
	if (found)
		read_chunk(chunk, context);
	catalog_end();
	MemoryContextSwitchTo(context);
	return found;
}

/* ---- inside a transaction of the snapshot ---- */

static void
connect_spi(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

List *
copy_catalog_tables_inside(const char *stream)
{
	MemoryContext context = CurrentMemoryContext;
	List *tables = NIL;
	Arguments arguments;

	connect_spi();
	arguments = arguments_for(stream, 0);
	execute("SELECT relid FROM sluice.tables_to_copy($1) ORDER BY relid", &arguments);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext inner = MemoryContextSwitchTo(context);

		tables = lappend_oid(tables, DatumGetObjectId(value(i, 1, NULL)));
		MemoryContextSwitchTo(inner);
	}
	SPI_finish();
	return tables;
}

int
copy_catalog_plan(const char *stream, uint32 generation, XLogRecPtr position, uint64 threshold,
				  int64 chunk_bytes)
{
	Arguments arguments;
	int chunks;
	bool null;

	connect_spi();
	arguments = arguments_for(stream, generation);
	add(&arguments, LSNOID, LSNGetDatum(position));
	add(&arguments, INT8OID, Int64GetDatum((int64) threshold));
	add(&arguments, INT8OID, Int64GetDatum(chunk_bytes));
	execute("SELECT sluice.plan_copy($1, $2, $3, $4, $5)", &arguments);
	chunks = DatumGetInt32(value(0, 1, &null));
	SPI_finish();
	return null ? -1 : chunks;
}

char *
copy_catalog_document(const char *stream, uint32 generation, uint64 incarnation)
{
	MemoryContext context = CurrentMemoryContext;
	Arguments arguments;
	char *document;

	connect_spi();
	arguments = arguments_for(stream, generation);
	add(&arguments, TEXTOID,
		CStringGetTextDatum(psprintf("%llx", (unsigned long long) incarnation)));
	execute("SELECT sluice.copy_document($1, $2, $3)::text", &arguments);
	document = MemoryContextStrdup(context, TextDatumGetCString(value(0, 1, NULL)));
	SPI_finish();
	return document;
}

void
copy_catalog_chunk_done(const char *stream, uint32 generation, const CopyChunk *chunk,
						const CopyTotals *totals)
{
	Arguments arguments;

	connect_spi();
	arguments = arguments_for(stream, generation);
	add(&arguments, INT4OID, Int32GetDatum((int32) chunk->number));
	add(&arguments, OIDOID, ObjectIdGetDatum(chunk->relid));
	add(&arguments, INT8OID, Int64GetDatum((int64) totals->rows));
	add(&arguments, INT8OID, Int64GetDatum((int64) totals->bytes));
	add(&arguments, INT8OID, Int64GetDatum((int64) totals->bundles));
	execute("INSERT INTO sluice.copy_done (stream, generation, chunk, relid, rows, bytes, bundles) "
			"VALUES ($1, $2, $3, $4, $5, $6, $7)",
			&arguments);
	SPI_finish();
}
