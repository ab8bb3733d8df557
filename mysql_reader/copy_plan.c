/*
 * copy_plan.c - chunks of a table: one, equal parts of a range of numbers, or
 * steps along the key (copy_plan.h).
 */
#include "copy_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/core/schema_shape.h"
#include "common/mysql/my_sql.h"
#include "copy_generation.h"
#include "copy_key.h"
#include "table_match.h"

#define ROWS_LEAST		  1000 /* of a chunk: less is not worth its query */
#define ROWS_UNKNOWN	  100000
#define DENSE_FACTOR	  2 /* a range of numbers with at least half of them is dense */
#define CHUNKS_MAXIMUM	  1000000
#define STATEMENT_MAXIMUM ((size_t) 1 << 20)
#define BOUND_MAXIMUM	  ((size_t) 128 << 10)

typedef struct Cut
{
	MyConnection *c;
	SchemaDocument *document;
	const SchemaTable *table;
	SchemaLoadTable *load;
	CopyKey key;
	int64_t step; /* rows of a chunk */
	size_t room;  /* of load->bounds */
} Cut;

int64_t
copy_plan_rows(int64_t rows, int64_t bytes, size_t chunk_bytes)
{
	int64_t step;

	if (rows <= 0 || bytes <= 0)
		return ROWS_UNKNOWN;
	step = (int64_t) ((__int128) rows * (int64_t) chunk_bytes / bytes);
	return step < ROWS_LEAST ? ROWS_LEAST : step;
}

/* ---- bounds ---- */

static bool
grow(Cut *cut, SluiceError *err)
{
	size_t room = cut->room * 2 + 16;
	const char **bounds = schema_document_room(cut->document, room * sizeof(*bounds), err);

	if (bounds == NULL)
		return false;
	if (cut->load->bound_count > 0)
		memcpy(bounds, cut->load->bounds, cut->load->bound_count * sizeof(*bounds));
	cut->load->bounds = bounds;
	cut->room = room;
	return true;
}

/* A chunk from `low` to `high`, "" for open ends. */
static bool
add_chunk(Cut *cut, const char *low, const char *high, SluiceError *err)
{
	size_t length = strlen(low) + strlen(high) + 2;
	char *text;

	if (cut->load->bound_count >= cut->room && !grow(cut, err))
		return false;
	if (cut->load->bound_count >= CHUNKS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "more than %d chunks", CHUNKS_MAXIMUM);
	text = schema_document_room(cut->document, length, err);
	if (text == NULL)
		return false;
	(void) snprintf(text, length, "%s;%s", low, high);
	cut->load->bounds[cut->load->bound_count++] = text;
	cut->load->chunks = (int64_t) cut->load->bound_count;
	return true;
}

/* ---- by arithmetic ---- */

/* The least and the greatest number; *any is false in an empty table. */
static bool
ask_range(Cut *cut, KeyNumber *least, KeyNumber *greatest, bool *any, SluiceError *err)
{
	ByteBuf sql;
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;
	unsigned long *lengths;
	const char *name = cut->key.columns[0]->name;
	bool good;

	bytebuf_init(&sql, &allocator_malloc, STATEMENT_MAXIMUM);
	good = my_put_word(&sql, "SELECT MIN(", err) && my_put_name(&sql, name, err) &&
		   my_put_word(&sql, "), MAX(", err) && my_put_name(&sql, name, err) &&
		   my_put_word(&sql, ") FROM ", err) &&
		   my_put_table(&sql, cut->table->schema, cut->table->name, err) &&
		   bytebuf_put_u8(&sql, 0, err) && my_query(cut->c, &result, err, "%s", (char *) sql.data);
	bytebuf_free(&sql);
	if (!good)
		return false;
	row = mysql_fetch_row(result);
	lengths = row != NULL ? mysql_fetch_lengths(result) : NULL;
	*any = lengths != NULL && row[0] != NULL && row[1] != NULL &&
		   key_number_parse(row[0], lengths[0], least) &&
		   key_number_parse(row[1], lengths[1], greatest);
	mysql_free_result(result);
	return true;
}

/* Equal parts; the first and the last are open, for rows that estimates know
 * nothing of. */
static bool
cut_range(Cut *cut, KeyNumber least, KeyNumber greatest, SluiceError *err)
{
	const KeyNumber span = greatest - least + 1;
	const uint32_t parts = (uint32_t) ((span + cut->step - 1) / cut->step);
	char low[KEY_NUMBER_SIZE + 1] = "", high[KEY_NUMBER_SIZE + 1];

	for (uint32_t i = 0; i < parts; i++)
	{
		*(i + 1 < parts ? key_number_put(key_number_cut(least, greatest, i + 1, parts), high)
						: high) = '\0';
		if (!add_chunk(cut, low, high, err))
			return false;
		memcpy(low, high, sizeof(low));
	}
	return true;
}

/* ---- along the key ---- */

static bool
put_walk(const Cut *cut, const char *low, int64_t step, ByteBuf *sql, SluiceError *err)
{
	char chunk[2] = ";";
	ByteBuf from;
	bool good;

	bytebuf_init(&from, &allocator_malloc, BOUND_MAXIMUM);
	good = my_put(&from, err, "%s%s", low, chunk) && bytebuf_put_u8(&from, 0, err) &&
		   my_put_word(sql, "SELECT ", err) && copy_key_names(&cut->key, sql, err) &&
		   my_put_word(sql, " FROM ", err) &&
		   my_put_table(sql, cut->table->schema, cut->table->name, err) &&
		   my_put_word(sql, " FORCE INDEX (", err) && my_put_name(sql, cut->key.index, err) &&
		   my_put_word(sql, ") WHERE ", err) &&
		   copy_key_condition(&cut->key, (const char *) from.data, sql, err) &&
		   my_put_word(sql, " ORDER BY ", err) && copy_key_names(&cut->key, sql, err) &&
		   my_put(sql, err, " LIMIT 1 OFFSET %" PRId64, step);
	bytebuf_free(&from);
	return good;
}

static bool
put_row(const CopyKey *key, MYSQL_ROW row, const unsigned long *lengths, ByteBuf *bound,
		SluiceError *err)
{
	bound->length = 0;
	for (size_t i = 0; i < key->count; i++)
	{
		if (row[i] == NULL)
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a key with NULL");
		if ((i > 0 && !bytebuf_put_u8(bound, ',', err)) ||
			!copy_key_value(key, i, row[i], lengths[i], bound, err))
			return false;
	}
	return bytebuf_put_u8(bound, 0, err);
}

/* The key `step` rows behind `low`; empty where the table ends before. */
static bool
walk(const Cut *cut, const char *low, int64_t step, ByteBuf *bound, SluiceError *err)
{
	ByteBuf sql;
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;
	bool good;

	bytebuf_init(&sql, &allocator_malloc, STATEMENT_MAXIMUM);
	good = put_walk(cut, low, step, &sql, err) && bytebuf_put_u8(&sql, 0, err) &&
		   my_query(cut->c, &result, err, "%s", (char *) sql.data);
	bytebuf_free(&sql);
	if (!good)
		return false;
	bound->length = 0;
	row = mysql_fetch_row(result);
	good = row != NULL ? put_row(&cut->key, row, mysql_fetch_lengths(result), bound, err)
					   : bytebuf_put_u8(bound, 0, err);
	mysql_free_result(result);
	return good;
}

/* Leading columns of a key may be the same in many rows: then the chunk is as long as it must be. */
static bool
walk_on(const Cut *cut, const char *low, ByteBuf *bound, SluiceError *err)
{
	int64_t step = cut->step;

	for (;;)
	{
		if (!walk(cut, low, step, bound, err))
			return false;
		if (bound->data[0] == '\0' || strcmp((const char *) bound->data, low) != 0)
			return true;
		step *= 2;
	}
}

static bool
cut_along(Cut *cut, SluiceError *err)
{
	ByteBuf low, high;
	bool good;

	bytebuf_init(&low, &allocator_malloc, BOUND_MAXIMUM);
	bytebuf_init(&high, &allocator_malloc, BOUND_MAXIMUM);
	good = bytebuf_put_u8(&low, 0, err);
	do
	{
		ByteBuf former = low;

		good = good && walk_on(cut, (const char *) low.data, &high, err) &&
			   add_chunk(cut, (const char *) low.data, (const char *) high.data, err);
		low = high;
		high = former;
	} while (good && low.data[0] != '\0');
	bytebuf_free(&low);
	bytebuf_free(&high);
	return good;
}

/* ---- a table ---- */

static bool
cut_keyed(Cut *cut, SluiceError *err)
{
	KeyNumber least, greatest;
	bool any;

	/* Of several columns the first one says nothing about how many rows it has. */
	if (cut->key.forms[0] != KEY_INTEGER || table_key(cut->table)->column_count > 1)
		return cut_along(cut, err);
	if (!ask_range(cut, &least, &greatest, &any, err))
		return false;
	if (!any)
		return add_chunk(cut, "", "", err);
	if (greatest - least + 1 > (KeyNumber) cut->table->rows * DENSE_FACTOR)
		return cut_along(cut, err);
	return cut_range(cut, least, greatest, err);
}

static bool
cut_table(Cut *cut, size_t chunk_bytes, SluiceError *err)
{
	copy_key_of(cut->table, &cut->key);
	cut->step = copy_plan_rows(cut->table->rows, cut->table->bytes, chunk_bytes);
	cut->load->chunks = 0;
	if (cut->key.count == 0 ||
		(cut->table->bytes >= 0 && (size_t) cut->table->bytes <= chunk_bytes))
		return add_chunk(cut, "", "", err);
	return cut_keyed(cut, err);
}

bool
copy_plan_cut(MyConnection *c, SchemaDocument *document, size_t chunk_bytes, SluiceError *err)
{
	for (size_t i = 0; i < document->load->table_count; i++)
	{
		SchemaLoadTable *load = &document->load->tables[i];
		Cut cut = {.c = c, .document = document, .load = load};

		if (load->chunks >= 0)
			continue;
		cut.table = schema_document_table_named(document, load->schema, load->name);
		if (!cut_table(&cut, chunk_bytes, err))
			return sluice_prefix(err, "cutting table %s.%s into chunks", load->schema, load->name);
	}
	return copy_generation_number(document, err);
}
