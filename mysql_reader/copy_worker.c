/*
 * copy_worker.c - one thread: chunk after chunk, row after row (copy_worker.h).
 *
 * Rows are taken off the socket as they come: when JetStream is full the server
 * waits.
 */
#include "copy_worker.h"

#include <errmsg.h>
#include <inttypes.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>

#include "charsets.h"
#include "common/mysql/my_sql.h"
#include "common/mysql/my_wait.h"
#include "copy_generation.h"
#include "copy_key.h"
#include "copy_snapshot.h"
#include "relation.h"
#include "text_value.h"
#include "wire.h"

#define STATEMENT_MAXIMUM  ((size_t) 16 << 20)
#define ROWS_PER_REPORT	   8192
#define KEY_DOES_NOT_EXIST 1176 /* the two libraries spell it in two ways */
#define KEY_SHOWN		   200	/* bytes of a row's key in messages */

typedef struct Worker
{
	CopyCrew *crew;
	MyConnection *c;
	size_t threads;
	CopyOutput output;
	Charsets *charsets;
	const SchemaLoadTable *load; /* the table that was read last... */
	const SchemaTable *table;
	CopyKey key;
	TableRelation *relation; /* ...as this */
	ByteBuf sql;
	CopyTotals reported; /* of the chunk */
} Worker;

/* ---- the crew ---- */

bool
copy_crew_init(CopyCrew *crew, const StreamSettings *settings, const CopyHost *host,
			   CopyProgress *progress, const SchemaDocument *document, CopyState *state,
			   SluiceError *err)
{
	*crew = (CopyCrew){.settings = settings,
					   .host = host,
					   .progress = progress,
					   .document = document,
					   .state = state,
					   .taken = calloc((size_t) state->chunks + 1, 1)};
	(void) pthread_mutex_init(&crew->lock, NULL);
	(void) pthread_cond_init(&crew->changed, NULL);
	return crew->taken != NULL ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the chunks of a copy");
}

void
copy_crew_free(CopyCrew *crew)
{
	(void) pthread_mutex_lock(&crew->lock);
	while (crew->threads > 0)
		(void) pthread_cond_wait(&crew->changed, &crew->lock);
	(void) pthread_mutex_unlock(&crew->lock);
	(void) pthread_cond_destroy(&crew->changed);
	(void) pthread_mutex_destroy(&crew->lock);
	free(crew->taken);
}

static bool
take_chunk(CopyCrew *crew, uint32_t *chunk)
{
	bool found = false;

	(void) pthread_mutex_lock(&crew->lock);
	while (crew->first < crew->state->chunks && crew->taken[crew->first])
		crew->first++;
	if (crew->end == CREW_WORKS && crew->first < crew->state->chunks)
	{
		*chunk = crew->first;
		crew->taken[crew->first] = 1;
		found = true;
	}
	(void) pthread_mutex_unlock(&crew->lock);
	return found;
}

static void
chunk_done(Worker *worker, uint32_t chunk)
{
	CopyCrew *crew = worker->crew;

	(void) pthread_mutex_lock(&crew->lock);
	crew->state->done[chunk] = true;
	crew->done++;
	crew->long_bundles |= copy_output_has_parts(&worker->output);
	(void) pthread_cond_broadcast(&crew->changed);
	(void) pthread_mutex_unlock(&crew->lock);
}

/* Another thread shall read it. */
static void
chunk_left(CopyCrew *crew, uint32_t chunk, CrewEnd end, const SluiceError *err)
{
	(void) pthread_mutex_lock(&crew->lock);
	crew->taken[chunk] = 0;
	if (chunk < crew->first)
		crew->first = chunk;
	if (crew->end == CREW_WORKS)
	{
		crew->end = end;
		crew->error = *err;
	}
	(void) pthread_mutex_unlock(&crew->lock);
}

/* ---- a row ---- */

static bool
write_value(Worker *worker, size_t i, const char *text, size_t length, SluiceError *err)
{
	ByteBuf *out = &worker->output.writer.buf;
	size_t start;
	bool null = false;

	if (!bytebuf_put_u32(out, (uint32_t) FIELD_NULL, err))
		return false;
	start = out->length;
	if (text == NULL)
		return true;
	if (!text_value_append(&worker->relation->readers[i], text, length, out, &null, err))
		return false;
	if (!null)
		store_u32(out->data + start - 4, (uint32_t) (out->length - start));
	return true;
}

/* "id=7, part=3" of the row, for messages; texts are cut. */
static void
describe_row(const Worker *worker, MYSQL_ROW row, const unsigned long *lengths, char *text)
{
	const BundleRelation *relation = worker->relation->relation;
	size_t at = 0;

	text[0] = '\0';
	for (uint16_t i = 0; i < relation->column_count && at < KEY_SHOWN / 2; i++)
	{
		if ((relation->columns[i].flags & COLUMN_KEY) == 0 || row[i] == NULL)
			continue;
		at += (size_t) snprintf(text + at, KEY_SHOWN - at, "%s%s=%.*s", at > 0 ? ", " : "",
								relation->columns[i].name, lengths[i] < 40 ? (int) lengths[i] : 40,
								row[i]);
	}
}

static bool
fail_value(const Worker *worker, size_t i, MYSQL_ROW row, const unsigned long *lengths,
		   SluiceError *err)
{
	char key[KEY_SHOWN];

	describe_row(worker, row, lengths, key);
	(void) relation_hint_value(worker->relation, (uint16_t) i, err);
	return sluice_prefix(err, "table %s.%s, row %s, column %s", worker->load->schema,
						 worker->load->name, key, worker->relation->relation->columns[i].name);
}

static bool
write_row(Worker *worker, MYSQL_ROW row, const unsigned long *lengths, SluiceError *err)
{
	const BundleRelation *relation = worker->relation->relation;

	if (!copy_output_row(&worker->output, relation, err))
		return false;
	for (uint16_t i = 0; i < relation->column_count; i++)
	{
		if (!write_value(worker, i, row[i], lengths[i], err))
			return fail_value(worker, i, row, lengths, err);
	}
	return copy_output_row_end(&worker->output, err);
}

static void
report(Worker *worker)
{
	const CopyTotals *totals = &worker->output.totals;

	copy_progress_rows(worker->crew->progress,
					   (size_t) (worker->load - worker->crew->document->load->tables),
					   (int64_t) (totals->rows - worker->reported.rows),
					   (int64_t) (totals->bytes - worker->reported.bytes));
	worker->reported = *totals;
}

static bool
read_rows(Worker *worker, MYSQL_RES *result, SluiceError *err)
{
	MYSQL_ROW row;

	while ((row = mysql_fetch_row(result)) != NULL)
	{
		if (!write_row(worker, row, mysql_fetch_lengths(result), err))
			return false;
		if (worker->output.totals.rows % ROWS_PER_REPORT == 0)
			report(worker);
	}
	return mysql_errno(worker->c->mysql) == 0 || my_fail(worker->c, err);
}

/* ---- a chunk ---- */

static bool
put_columns(Worker *worker, SluiceError *err)
{
	const TableRelation *relation = worker->relation;

	for (uint16_t i = 0; i < relation->relation->column_count; i++)
	{
		char *name = my_name(relation->relation->columns[i].name);
		bool good = name != NULL && (i == 0 || my_put_word(&worker->sql, ", ", err)) &&
					text_value_select(relation->readers[i].source.column, name, &worker->sql, err);

		if (name == NULL)
			sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a name");
		free(name);
		if (!good)
			return false;
	}
	return true;
}

/* Rows come in one order, so that a chunk that is read again has the same bundles. */
static bool
put_query(Worker *worker, const char *bounds, SluiceError *err)
{
	ByteBuf *sql = &worker->sql;

	sql->length = 0;
	if (!my_put_word(sql, "SELECT ", err) || !put_columns(worker, err) ||
		!my_put_word(sql, " FROM ", err) ||
		!my_put_table(sql, worker->load->schema, worker->load->name, err))
		return false;
	if (worker->key.count == 0)
		return true;
	return my_put_word(sql, " FORCE INDEX (", err) && my_put_name(sql, worker->key.index, err) &&
		   my_put_word(sql, ") WHERE ", err) &&
		   copy_key_condition(&worker->key, bounds, sql, err) &&
		   my_put_word(sql, " ORDER BY ", err) && copy_key_names(&worker->key, sql, err);
}

static bool
use_table(Worker *worker, const SchemaLoadTable *load, SluiceError *err)
{
	if (worker->load == load && worker->relation != NULL)
		return true;
	relation_free(worker->relation);
	worker->load = load;
	worker->table = schema_document_table_named(worker->crew->document, load->schema, load->name);
	copy_key_of(worker->table, &worker->key);
	worker->relation = relation_of_table(worker->table, worker->c->flavour == MY_MARIADB,
										 &worker->crew->settings->values, worker->charsets, err);
	return worker->relation != NULL || sluice_prefix(err, "table %s.%s", load->schema, load->name);
}

/* Rows that are left on the socket are not waited for: the connection ends. */
static void
end_result(Worker *worker, MYSQL_RES *result, bool good)
{
	if (!good)
	{
		worker->c->broken = true;
		wire_cancel(worker->c->mysql);
	}
	mysql_free_result(result);
}

static bool
query_rows(Worker *worker, SluiceError *err)
{
	MyConnection *c = worker->c;
	MYSQL_RES *result;
	bool good;

	if (!my_send(c, (const char *) worker->sql.data, worker->sql.length, err) ||
		!my_wait_answer(c, err))
		return false;
	if (mysql_read_query_result(c->mysql) != 0 || (result = mysql_use_result(c->mysql)) == NULL)
		return my_fail(c, err);
	good = read_rows(worker, result, err);
	end_result(worker, result, good);
	return good;
}

static bool
copy_chunk(Worker *worker, uint32_t chunk, SluiceError *err)
{
	const SchemaLoad *load = worker->crew->document->load;
	const SchemaLoadTable *table = copy_generation_table(worker->crew->document, chunk);
	bool good;

	if (!use_table(worker, table, err) ||
		!put_query(worker, table->bounds[chunk - table->first_chunk], err))
		return false;
	copy_output_chunk(&worker->output, load->incarnation, (uint32_t) load->generation, chunk);
	worker->reported = (CopyTotals){0};
	good = query_rows(worker, err) && copy_output_chunk_end(&worker->output, err);
	if (!good)
		worker->output.totals = (CopyTotals){0};
	report(worker);
	if (good)
		copy_progress_chunk(worker->crew->progress, (size_t) (table - load->tables));
	return good;
}

/* ---- how a chunk can fail ---- */

/* Errors of a table that is not as it was when it was planned. */
static bool
table_has_changed(const MyConnection *c)
{
	static const unsigned errors[] = {ER_TABLE_DEF_CHANGED, ER_NO_SUCH_TABLE, ER_BAD_FIELD_ERROR,
									  KEY_DOES_NOT_EXIST, ER_BAD_DB_ERROR};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
	{
		if (c->error == errors[i])
			return true;
	}
	return false;
}

static CrewEnd
judge(const Worker *worker, const SluiceError *err)
{
	if (table_has_changed(worker->c))
		return CREW_REPLANS;
	if (my_failed_lock(worker->c))
		return CREW_WORKS; /* a change of structure waits for another thread, which reads the table */
	if (sluice_error_transient(err->code) || !my_alive(worker->c))
		return worker->c->error == 0 && !sluice_error_transient(err->code) ? CREW_FAILED
																		   : CREW_WORKS;
	return CREW_FAILED;
}

/* ---- a thread ---- */

static bool
go_on(void *context)
{
	CopyCrew *crew = ((Worker *) context)->crew;
	bool good;

	(void) pthread_mutex_lock(&crew->lock);
	good = crew->end == CREW_WORKS;
	(void) pthread_mutex_unlock(&crew->lock);
	return good && !crew->host->stopping(crew->host->context);
}

static void
show_trouble(void *context, const SluiceError *err)
{
	const CopyHost *host = ((Worker *) context)->crew->host;

	host->trouble(host->context, err);
}

static bool
prepare(Worker *worker, SluiceError *err)
{
	worker->c->settings.go_on = go_on;
	worker->c->settings.context = worker;
	worker->charsets = charsets_read(worker->c, err);
	return worker->charsets != NULL && my_exec(worker->c, err, "%s", TEXT_VALUE_SESSION) &&
		   copy_output_init(&worker->output, worker->crew->settings, (int) worker->threads, go_on,
							show_trouble, worker, err);
}

static void
copy_chunks(Worker *worker)
{
	SluiceError err = {0};
	uint32_t chunk;

	while (go_on(worker) && take_chunk(worker->crew, &chunk))
	{
		if (!copy_chunk(worker, chunk, &err) || !copy_snapshot_release(worker->c, &err))
		{
			chunk_left(worker->crew, chunk, judge(worker, &err), &err);
			return;
		}
		chunk_done(worker, chunk);
	}
}

static void
leave(Worker *worker)
{
	CopyCrew *crew = worker->crew;

	copy_output_free(&worker->output);
	relation_free(worker->relation);
	charsets_free(worker->charsets);
	bytebuf_free(&worker->sql);
	my_disconnect(worker->c);
	(void) pthread_mutex_lock(&crew->lock);
	crew->threads--;
	(void) pthread_cond_broadcast(&crew->changed);
	(void) pthread_mutex_unlock(&crew->lock);
	mysql_thread_end();
	free(worker);
}

static void *
work(void *argument)
{
	Worker *worker = argument;
	SluiceError err = {0};

	(void) mysql_thread_init();
	if (prepare(worker, &err))
		copy_chunks(worker);
	else
	{
		(void) pthread_mutex_lock(&worker->crew->lock);
		worker->crew->error = err;
		if (!sluice_error_transient(err.code))
			worker->crew->end = CREW_FAILED;
		(void) pthread_mutex_unlock(&worker->crew->lock);
	}
	leave(worker);
	return NULL;
}

bool
copy_crew_add(CopyCrew *crew, MyConnection *connection, size_t threads, SluiceError *err)
{
	Worker *worker = calloc(1, sizeof(*worker));
	pthread_t thread;
	int status;

	if (worker == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a copy");
	*worker = (Worker){.crew = crew, .c = connection, .threads = threads};
	bytebuf_init(&worker->sql, &allocator_malloc, STATEMENT_MAXIMUM);
	(void) pthread_mutex_lock(&crew->lock);
	crew->threads++;
	status = pthread_create(&thread, NULL, work, worker);
	if (status != 0)
		crew->threads--;
	(void) pthread_mutex_unlock(&crew->lock);
	if (status == 0)
		return pthread_detach(thread) == 0;
	free(worker);
	return sluice_fail(err, SLUICE_ERROR_MEMORY, "no thread for a copy: %s", strerror(status));
}
