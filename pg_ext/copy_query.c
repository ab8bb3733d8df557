/*
 * copy_query.c - a cursor over the query, its columns encoded as those of a table would be.
 */
#include "pg_ext/copy_query.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg_ext/copy_output.h"
#include "pg_ext/copy_process.h"

#define ROWS_A_FETCH 1000

/* What the query gives, as a table. */
typedef struct QueryRelation
{
	BundleRelation relation;
	BundleColumn *columns;
	ValueEncoder *encoders;
} QueryRelation;

/* A column that has the name of one of the table's is as much part of its key. */
static uint8_t
key_flags(const RelationEntry *table, const char *name)
{
	for (int k = 0; k < table->relation.column_count; k++)
	{
		if (strcmp(table->columns[k].name, name) == 0)
			return table->columns[k].flags & (COLUMN_KEY | COLUMN_PRIMARY);
	}
	return 0;
}

static void
describe(QueryRelation *query, const RelationEntry *table, TupleDesc descriptor)
{
	query->relation = table->relation;
	query->columns = palloc0(sizeof(BundleColumn) * Max(descriptor->natts, 1));
	query->encoders = palloc0(sizeof(ValueEncoder) * Max(descriptor->natts, 1));
	query->relation.columns = query->columns;
	query->relation.column_count = (uint16_t) descriptor->natts;
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		ValueEncoder *encoder = &query->encoders[i];
		char *name = value_utf8(NameStr(attribute->attname));

		value_encoder_init(encoder, attribute->atttypid, CurrentMemoryContext);
		query->columns[i] = (BundleColumn){
			.name = name,
			.type_name = encoder->type_name,
			.type_oid = encoder->type,
			.typmod = attribute->atttypmod,
			.canon = (uint8_t) encoder->canon,
			.element = (uint8_t) encoder->element,
			.flags = key_flags(table, name),
		};
	}
}

static void
write_row(const QueryRelation *query, HeapTuple tuple, TupleDesc descriptor)
{
	BundleWriter *writer = copy_output_row(&query->relation, query->relation.column_count);
	SluiceError err;

	for (int i = 0; i < descriptor->natts; i++)
	{
		bool null;
		Datum value = heap_getattr(tuple, i + 1, descriptor, &null);
		bool written = null ? bundle_field_mark(writer, FIELD_NULL, &err)
							: query->encoders[i].encode(&query->encoders[i], writer, value, &err);

		if (!written)
			copy_raise(&err);
	}
	copy_output_row_end();
}

static Portal
open_cursor(const char *text)
{
	SPIPlanPtr plan = SPI_prepare(text, 0, NULL);

	if (plan == NULL || !SPI_is_cursor_plan(plan))
		ereport(ERROR, (errcode(ERRCODE_INVALID_CURSOR_DEFINITION),
						errmsg("the query of a table must be one SELECT, not \"%s\"", text)));
	return SPI_cursor_open(NULL, plan, NULL, NULL, true);
}

static void
write_rows(Portal portal, const RelationEntry *table, MemoryContext row)
{
	QueryRelation query = {.columns = NULL};

	for (;;)
	{
		MemoryContext old;

		SPI_cursor_fetch(portal, true, ROWS_A_FETCH);
		if (query.columns == NULL)
			describe(&query, table, SPI_tuptable->tupdesc);
		if (SPI_processed == 0)
			return;
		old = MemoryContextSwitchTo(row);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			CHECK_FOR_INTERRUPTS();
			write_row(&query, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
			MemoryContextReset(row);
		}
		MemoryContextSwitchTo(old);
		SPI_freetuptable(SPI_tuptable);
	}
}

void
copy_query(const CopyChunk *chunk, const RelationEntry *table, MemoryContext row)
{
	Oid user;
	int security;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(copying.row.owner, security | SECURITY_RESTRICTED_OPERATION);
	write_rows(open_cursor(chunk->query), table, row);
	SetUserIdAndSecContext(user, security);
	SPI_finish();
}
