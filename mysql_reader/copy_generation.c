/*
 * copy_generation.c - modes and kept chunks (copy_generation.h).
 */
#include "copy_generation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/schema_shape.h"
#include "copy_state.h"
#include "table_match.h"

#define CHUNKS_MAXIMUM (UINT32_MAX / 4)
#define RANGE_SIZE	   24

/* ---- is it the same table ---- */

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_column(const SchemaColumn *a, const SchemaColumn *b)
{
	return same_text(a->name, b->name) && same_text(a->type, b->type) &&
		   same_text(a->charset, b->charset) && same_text(a->collation, b->collation) &&
		   a->not_null == b->not_null && a->generated == b->generated;
}

static bool
same_key(const SchemaIndex *a, const SchemaIndex *b)
{
	if (a == NULL || b == NULL || a->column_count != b->column_count)
		return false;
	for (size_t i = 0; i < a->column_count; i++)
	{
		if (!same_text(a->columns[i].name, b->columns[i].name))
			return false;
	}
	return same_text(a->name, b->name);
}

/* Whether chunks of the one are chunks of the other, and its rows fit behind
 * the other's. */
static bool
same_table(const SchemaTable *a, const SchemaTable *b)
{
	if (a == NULL || a->column_count != b->column_count)
		return false;
	for (size_t i = 0; i < a->column_count; i++)
	{
		if (!same_column(&a->columns[i], &b->columns[i]))
			return false;
	}
	return same_key(table_key(a), table_key(b));
}

/* ---- what is left of a table ---- */

typedef struct Carry
{
	SchemaDocument *document;
	const CopyBefore *before;
	const SchemaLoadTable *of; /* the table in the generation before */
	SchemaLoadTable *load;	   /* and in this one */
} Carry;

static bool
is_done(const CopyBefore *before, int64_t chunk)
{
	return chunk < before->chunks && before->done != NULL && before->done[chunk];
}

/* What a consumer lacks does not come any more; of chunks kept from before nobody knows. */
static bool
is_lost(const CopyBefore *before, const SchemaLoadTable *of)
{
	for (int64_t i = 0; before->complete != NULL && i < of->chunks; i++)
	{
		if (of->first_chunk + i >= before->chunks || !before->complete[of->first_chunk + i])
			return true;
	}
	return before->complete != NULL && of->kept_count > 0;
}

static int64_t
count_done(const Carry *carry)
{
	int64_t count = 0;

	for (int64_t i = 0; i < carry->of->chunks; i++)
		count += is_done(carry->before, carry->of->first_chunk + i);
	return count;
}

/* Everything kept before, and what of the last generation is done. */
static bool
keep_done(Carry *carry, SluiceError *err)
{
	const SchemaLoadTable *of = carry->of;
	size_t room = (size_t) count_done(carry) * RANGE_SIZE + RANGE_SIZE + 1;
	SchemaKept *kept =
		schema_document_room(carry->document, (of->kept_count + 1) * sizeof(*kept), err);
	char *ranges = kept != NULL ? schema_document_room(carry->document, room, err) : NULL;

	if (ranges == NULL)
		return false;
	for (size_t i = 0; i < of->kept_count; i++)
	{
		size_t length = strlen(of->kept[i].chunks) + 1;
		char *text = schema_document_room(carry->document, length, err);

		if (text == NULL)
			return false;
		memcpy(text, of->kept[i].chunks, length);
		kept[i] = (SchemaKept){.generation = of->kept[i].generation, .chunks = text};
	}
	carry->load->kept = kept;
	carry->load->kept_count = of->kept_count;
	if (count_done(carry) == 0)
		return true;
	(void) copy_state_ranges(carry->before->done, (uint32_t) of->first_chunk, (uint32_t) of->chunks,
							 ranges, room);
	kept[carry->load->kept_count++] =
		(SchemaKept){.generation = carry->before->document->load->generation, .chunks = ranges};
	return true;
}

static bool
take_rest(Carry *carry, SluiceError *err)
{
	const SchemaLoadTable *of = carry->of;
	const char **bounds =
		schema_document_room(carry->document, ((size_t) of->chunks + 1) * sizeof(*bounds), err);

	if (bounds == NULL)
		return false;
	carry->load->bounds = bounds;
	for (int64_t i = 0; i < of->chunks; i++)
	{
		size_t length = strlen(of->bounds[i]) + 1;
		char *text;

		if (is_done(carry->before, of->first_chunk + i))
			continue;
		text = schema_document_room(carry->document, length, err);
		if (text == NULL)
			return false;
		memcpy(text, of->bounds[i], length);
		bounds[carry->load->bound_count++] = text;
	}
	carry->load->chunks = (int64_t) carry->load->bound_count;
	return true;
}

static const SchemaLoadTable *
load_table_named(const SchemaDocument *document, const char *schema, const char *name)
{
	for (size_t i = 0;
		 document != NULL && document->load != NULL && i < document->load->table_count; i++)
	{
		const SchemaLoadTable *table = &document->load->tables[i];

		if (strcmp(table->name, name) == 0 && strcmp(table->schema, schema) == 0)
			return table;
	}
	return NULL;
}

/* What was read stays, and the rest is read now. */
static bool
carry_over(Carry *carry, bool whole, SluiceError *err)
{
	carry->load->restarted = carry->of->restarted;
	carry->load->chunks = 0;
	carry->load->mode = whole ? carry->of->mode : SCHEMA_LOAD_CATCH_UP;
	if (whole)
		carry->load->position = carry->of->position;
	return keep_done(carry, err) && (whole || take_rest(carry, err));
}

/* All of it is read; `again` when some of it was before. */
static bool
begin_anew(Carry *carry, bool has_key, bool again, int64_t generation, SluiceError *err)
{
	SchemaLoadTable *load = carry->load;

	load->restarted = again ? generation : 0;
	load->mode = carry->before->lenient ? SCHEMA_LOAD_CATCH_UP
				 : again				? SCHEMA_LOAD_RESTART
										: SCHEMA_LOAD_EXACT;
	if (!carry->before->lenient || has_key)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_DENIED,
					   "table %s.%s has no key: without a lock its rows cannot be told from those "
					   "of the changes since",
					   load->schema, load->name);
	return sluice_hint(err, "GRANT RELOAD ON *.* TO the reader's user, or LOCK TABLES on the "
							"databases; or leave the table out");
}

static bool
choose(Carry *carry, const SchemaTable *table, int64_t generation, SluiceError *err)
{
	const CopyBefore *before = carry->before;
	const SchemaTable *former =
		before->document != NULL
			? schema_document_table_named(before->document, table->schema, table->name)
			: NULL;
	bool has_key = table_key(table) != NULL;
	bool whole, lost;

	carry->of = load_table_named(before->document, table->schema, table->name);
	if (carry->of == NULL)
		return begin_anew(carry, has_key, false, generation, err);
	lost = before->no_changes || is_lost(before, carry->of);
	whole = count_done(carry) == carry->of->chunks;
	if (!lost && whole && (same_table(former, table) || !has_key))
		return carry_over(carry, true, err);
	if (!lost && !before->partial_rows && same_table(former, table) &&
		carry->of->bound_count == (size_t) carry->of->chunks)
		return carry_over(carry, false, err);
	return begin_anew(carry, has_key, true, generation, err);
}

/* ---- the document ---- */

static int
by_size(const void *left, const void *right)
{
	const SchemaLoadTable *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

bool
copy_generation_make(SchemaDocument *document, const CopyBefore *before, uint32_t generation,
					 uint64_t position, uint64_t incarnation, SluiceError *err)
{
	SchemaLoad *load = schema_document_room(document, sizeof(*load), err);
	SchemaLoadTable *tables =
		schema_document_room(document, (document->table_count + 1) * sizeof(*tables), err);

	if (load == NULL || tables == NULL)
		return false;
	*load = (SchemaLoad){.mode = before->no_changes ? SCHEMA_CONVERT : SCHEMA_CONVERT_CDC,
						 .incarnation = incarnation,
						 .generation = generation,
						 .since = 1,
						 .position = position,
						 .tables = tables,
						 .table_count = document->table_count};
	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];
		Carry carry = {.document = document, .before = before, .load = &tables[i]};

		tables[i] = (SchemaLoadTable){.id = table->id,
									  .schema = table->schema,
									  .name = table->name,
									  .chunks = -1,
									  .rows = table->rows > 0 ? table->rows : 0,
									  .bytes = table->bytes,
									  .position = position};
		if (!choose(&carry, table, generation, err))
			return false;
	}
	qsort(tables, document->table_count, sizeof(*tables), by_size);
	document->load = load;
	return true;
}

bool
copy_generation_number(SchemaDocument *document, SluiceError *err)
{
	SchemaLoad *load = document->load;

	load->chunks = 0;
	for (size_t i = 0; i < load->table_count; i++)
	{
		load->tables[i].first_chunk = load->tables[i].chunks > 0 ? load->chunks : 0;
		load->chunks += load->tables[i].chunks;
	}
	return load->chunks <= (int64_t) CHUNKS_MAXIMUM ||
		   sluice_fail(err, SLUICE_ERROR_LIMIT, "a copy of %" PRId64 " chunks", load->chunks);
}

const SchemaLoadTable *
copy_generation_table(const SchemaDocument *document, uint32_t chunk)
{
	for (size_t i = 0; i < document->load->table_count; i++)
	{
		const SchemaLoadTable *table = &document->load->tables[i];

		if (chunk >= table->first_chunk && chunk < table->first_chunk + table->chunks)
			return table;
	}
	return NULL;
}
