/*
 * pg_pipeline.c - libpq's pipeline mode, with account of what is under way (pg_pipeline.h).
 */
#include "pg_pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FLUSH_BYTES (64 * 1024)

bool
pg_pipeline_start(PgPipeline *pipeline, PgConnection *c, SluiceError *err)
{
	if (pipeline->active)
		return true;
	pipeline->c = c;
	pipeline->first = pipeline->count = 0;
	pipeline->unsent = 0;
	pipeline->synced = pipeline->failed = false;
	if (PQenterPipelineMode(c->conn) != 1)
		return pg_fail_lost(c, err);
	pipeline->active = true;
	return true;
}

void
pg_read_marks(const PGresult *result, TargetMark *written, TargetMark *flushed)
{
	TargetMark *const marks[] = {written, flushed};

	for (int i = 0; i < 2 && i < PQnfields(result) && PQntuples(result) == 1; i++)
	{
		uint32_t high, low;

		if (sscanf(PQgetvalue(result, 0, i), "%" SCNx32 "/%" SCNx32, &high, &low) == 2)
			*marks[i] = (uint64_t) high << 32 | low;
	}
}

/* ---- results ---- */

static void
note_failure(PgPipeline *pipeline, PgItemKind kind, const PGresult *result)
{
	if (pipeline->failed)
		return;
	pipeline->failed = true;
	pipeline->failed_kind = kind;
	(void) pg_fail_result(pipeline->c, result, &pipeline->failure);
	memcpy(pipeline->sqlstate, pipeline->c->sqlstate, SQLSTATE_SIZE);
}

static void
take_item(PgPipeline *pipeline, const PGresult *result)
{
	const PgItem *item = &pipeline->items[pipeline->first];

	if (!pg_good(result))
		note_failure(pipeline, item->kind, result);
	else if (item->kind == PG_ITEM_PREPARE)
		item->statement->prepared = true;
	else if (item->kind == PG_ITEM_LOG)
		pg_read_marks(result, &pipeline->written, &pipeline->flushed);
}

/* The result of the oldest item and the NULL behind it. */
static bool
drain_one(PgPipeline *pipeline, SluiceError *err)
{
	PGresult *result;

	do
	{
		if (!pg_take(pipeline->c, &result, err))
			return false;
		if (result != NULL)
			take_item(pipeline, result);
		else if (PQstatus(pipeline->c->conn) == CONNECTION_BAD)
			return pg_fail_lost(pipeline->c, err);
		PQclear(result);
	} while (result != NULL);
	pipeline->first = (pipeline->first + 1) % PG_PIPELINE_ROOM;
	pipeline->count--;
	return true;
}

/* Makes room: the older half of what is under way is waited for. */
static bool
drain_half(PgPipeline *pipeline, SluiceError *err)
{
	uint32_t left = pipeline->count / 2;

	if (PQsendFlushRequest(pipeline->c->conn) != 1)
		return pg_fail_lost(pipeline->c, err);
	if (!pg_flush(pipeline->c, err))
		return false;
	pipeline->unsent = 0;
	while (pipeline->count > left)
	{
		if (!drain_one(pipeline, err))
			return false;
	}
	return true;
}

/* ---- sending ---- */

/* Before an item is sent: room for it and the buffer not too long.  False also after a failure. */
static bool
prepare_item(PgPipeline *pipeline, SluiceError *err)
{
	if (pipeline->unsent >= FLUSH_BYTES)
	{
		if (!pg_flush(pipeline->c, err))
			return false;
		pipeline->unsent = 0;
	}
	if (pipeline->count == PG_PIPELINE_ROOM && !drain_half(pipeline, err))
		return false;
	if (pipeline->failed)
		*err = pipeline->failure;
	return !pipeline->failed;
}

static bool
add_item(PgPipeline *pipeline, int sent, PgItemKind kind, PgStatement *statement, size_t bytes,
		 SluiceError *err)
{
	uint32_t at = (pipeline->first + pipeline->count) % PG_PIPELINE_ROOM;

	if (sent != 1)
		return pg_fail_lost(pipeline->c, err);
	pipeline->items[at] = (PgItem){kind, statement};
	pipeline->count++;
	pipeline->unsent += bytes + 64;
	return true;
}

/* Whether the statement is prepared, or will be by what is under way. */
static bool
is_coming(const PgPipeline *pipeline, const PgStatement *statement)
{
	for (uint32_t i = 0; i < pipeline->count; i++)
	{
		const PgItem *item = &pipeline->items[(pipeline->first + i) % PG_PIPELINE_ROOM];

		if (item->kind == PG_ITEM_PREPARE && item->statement == statement)
			return true;
	}
	return false;
}

static bool
prepare_statement(PgPipeline *pipeline, PgStatement *statement, SluiceError *err)
{
	if (statement->prepared || is_coming(pipeline, statement))
		return true;
	return prepare_item(pipeline, err) &&
		   add_item(pipeline,
					PQsendPrepare(pipeline->c->conn, statement->name, statement->sql,
								  statement->parameter_count, statement->types),
					PG_ITEM_PREPARE, statement, strlen(statement->sql), err);
}

bool
pg_pipeline_change(PgPipeline *pipeline, PgStatement *statement, const PgValues *values,
				   SluiceError *err)
{
	return prepare_statement(pipeline, statement, err) && prepare_item(pipeline, err) &&
		   add_item(pipeline,
					PQsendQueryPrepared(pipeline->c->conn, statement->name, values->count,
										values->values, values->lengths, values->formats, 0),
					PG_ITEM_CHANGE, NULL, values->bytes, err);
}

bool
pg_pipeline_control(PgPipeline *pipeline, PgItemKind kind, PgStatement *statement,
					const char *const *values, SluiceError *err)
{
	return prepare_statement(pipeline, statement, err) && prepare_item(pipeline, err) &&
		   add_item(pipeline,
					PQsendQueryPrepared(pipeline->c->conn, statement->name,
										statement->parameter_count, values, NULL, NULL, 0),
					kind, NULL, 64, err);
}

bool
pg_pipeline_text(PgPipeline *pipeline, PgItemKind kind, const char *sql, SluiceError *err)
{
	return prepare_item(pipeline, err) &&
		   add_item(pipeline,
					PQsendQueryParams(pipeline->c->conn, sql, 0, NULL, NULL, NULL, NULL, 0), kind,
					NULL, strlen(sql), err);
}

bool
pg_pipeline_sync(PgPipeline *pipeline, SluiceError *err)
{
	if (PQpipelineSync(pipeline->c->conn) != 1)
		return pg_fail_lost(pipeline->c, err);
	pipeline->synced = true;
	return pg_flush(pipeline->c, err);
}

/* The result of the sync itself. */
static bool
take_sync(PgPipeline *pipeline, SluiceError *err)
{
	PGresult *result;
	bool synced;

	if (!pg_take(pipeline->c, &result, err))
		return false;
	synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
	PQclear(result);
	return synced || pg_fail_lost(pipeline->c, err);
}

bool
pg_pipeline_finish(PgPipeline *pipeline, SluiceError *err)
{
	if (!pipeline->active)
		return true;
	if (!pipeline->synced && !pg_pipeline_sync(pipeline, err))
		return false;
	while (pipeline->count > 0)
	{
		if (!drain_one(pipeline, err))
			return false;
	}
	if (!take_sync(pipeline, err))
		return false;
	pipeline->active = false;
	if (PQexitPipelineMode(pipeline->c->conn) != 1)
		return pg_fail_lost(pipeline->c, err);
	if (!pipeline->failed)
		return true;
	*err = pipeline->failure;
	memcpy(pipeline->c->sqlstate, pipeline->sqlstate, SQLSTATE_SIZE);
	return false;
}
