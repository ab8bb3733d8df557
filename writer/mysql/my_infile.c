/*
 * my_infile.c - LOAD DATA LOCAL and INSERTs of many rows (my_infile.h).
 */
#include "my_infile.h"

#include <inttypes.h>
#include <stdio.h>

#include "my_value.h"

#define STATEMENT_BYTES ((size_t) 1 << 20) /* of an INSERT, where one row is not longer */
#define PACKET_SPARE	1024 /* what a packet has beside the statement, and the ends of that */
#define ROW_AHEAD		((size_t) 64 << 10) /* text made of rows before it is asked for */

/* Names of the columns that are written, as they follow each other in a row. */
static bool
put_columns(ByteBuf *out, const MyTable *table, SluiceError *err)
{
	const char *joint = "";
	bool good = true;

	for (uint16_t i = 0; good && i < table->column_count; i++)
	{
		if (!table->columns[i].written)
			continue;
		good = my_put(out, err, "%s%s", joint, table->columns[i].name);
		joint = ",";
	}
	return good;
}

typedef bool (*PutValue)(MyConverter *converter, const RowField *field, ByteBuf *out,
						 SluiceError *err);

/* The values of the columns that are written. */
static bool
put_values(ByteBuf *out, const MyTable *table, const BundleRow *row, PutValue put, uint8_t joint,
		   SluiceError *err)
{
	const uint8_t *at = row->data + 2;
	bool good = true, any = false;

	for (uint16_t i = 0; good && i < row->fields; i++)
	{
		RowField field;

		field.data = bundle_row_field(&at, &field.length);
		if (!table->columns[i].written)
			continue;
		good = (!any || bytebuf_put_u8(out, joint, err)) &&
			   put(table->columns[i].converter, &field, out, err);
		any = true;
	}
	return good;
}

/* ---- INSERT ---- */

typedef struct Insert
{
	MyTarget *target;
	const MyTable *table;
	MyInsertKind kind;
	ByteBuf sql;
	size_t head; /* of the statement's text: up to the first row */
	ByteBuf row;
	uint32_t rows;
} Insert;

/* Both flavours know a word of their own for the row that could not be inserted. */
static bool
has_row_alias(const MyConnection *c)
{
	return c->flavour == MY_MYSQL && c->version >= 80019;
}

static bool
put_head(Insert *insert, SluiceError *err)
{
	bool good = my_put(&insert->sql, err, "INSERT INTO %s (", insert->table->name) &&
				put_columns(&insert->sql, insert->table, err) &&
				my_put(&insert->sql, err, ") VALUES ");

	insert->head = insert->sql.length;
	return good;
}

/* What takes the place of what is there: all but the key; a key alone is as it was. */
static bool
put_over(Insert *insert, SluiceError *err)
{
	const char *format =
		has_row_alias(&insert->target->c) ? "%s%s=sluice_new.%s" : "%s%s=VALUES(%s)";
	const char *joint = "";
	bool good = true;

	for (uint16_t i = 0; good && i < insert->table->column_count; i++)
	{
		const MyColumn *column = &insert->table->columns[i];

		if (!column->written || column->key)
			continue;
		good = my_put(&insert->sql, err, format, joint, column->name, column->name);
		joint = ",";
	}
	return good;
}

static const MyColumn *
key_column(const MyTable *table)
{
	const MyColumn *column = table->columns;

	while (!column->key)
		column++;
	return column;
}

static bool
put_tail(Insert *insert, SluiceError *err)
{
	const MyTable *table = insert->table;
	const char *name, *alias = has_row_alias(&insert->target->c) ? " AS sluice_new" : "";
	uint16_t beside = 0;

	if (insert->kind == MY_INSERT)
		return true;
	for (uint16_t i = 0; i < table->column_count; i++)
		beside += table->columns[i].written && !table->columns[i].key;
	if (!my_put(&insert->sql, err, "%s ON DUPLICATE KEY UPDATE ", alias))
		return false;
	if (insert->kind == MY_INSERT_REPLACING && beside > 0)
		return put_over(insert, err);
	name = key_column(table)->name;
	return my_put(&insert->sql, err, "%s=%s.%s", name, table->name, name);
}

static bool
send_rows(Insert *insert, SluiceError *err)
{
	bool good = insert->rows == 0 || (put_tail(insert, err) &&
									  my_run(&insert->target->c, (const char *) insert->sql.data,
											 insert->sql.length, NULL, err));

	insert->sql.length = insert->head;
	insert->rows = 0;
	return good;
}

static bool
fail_long(const Insert *insert, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_DATA,
					   "a row of %zu bytes, while max_allowed_packet is %zu", insert->row.length,
					   insert->target->c.packet);
	return sluice_hint(err, "raise max_allowed_packet at the target");
}

static bool
add_row(Insert *insert, const BundleRow *row, SluiceError *err)
{
	size_t packet = insert->target->c.packet, most = STATEMENT_BYTES;

	if (most + PACKET_SPARE > packet / 2)
		most = packet / 2;
	insert->row.length = 0;
	if (!bytebuf_put_u8(&insert->row, '(', err) ||
		!put_values(&insert->row, insert->table, row, my_value_literal, ',', err) ||
		!bytebuf_put_u8(&insert->row, ')', err))
		return false;
	if (insert->head + insert->row.length + PACKET_SPARE > packet)
		return fail_long(insert, err);
	if (insert->sql.length + insert->row.length > most && !send_rows(insert, err))
		return false;
	if (insert->rows++ > 0 && !bytebuf_put_u8(&insert->sql, ',', err))
		return false;
	return bytebuf_put(&insert->sql, insert->row.data, insert->row.length, err);
}

bool
my_insert_rows(MyTarget *target, Table *table, MyInsertKind kind, MyRowSource source, void *context,
			   SluiceError *err)
{
	Insert insert = {.target = target, .table = table->at_target, .kind = kind};
	BundleRow row;
	bool good;

	bytebuf_init(&insert.sql, &allocator_malloc, SIZE_MAX);
	bytebuf_init(&insert.row, &allocator_malloc, target->c.packet * 2);
	good = put_head(&insert, err);
	while (good && source(context, &row))
		good = add_row(&insert, &row, err);
	good = good && send_rows(&insert, err);
	bytebuf_free(&insert.sql);
	bytebuf_free(&insert.row);
	return good || sluice_prefix(err, "table %s", table->name);
}

/* ---- LOAD DATA LOCAL ---- */

typedef struct Infile
{
	const MyTable *table;
	MyRowSource source;
	void *context;
	ByteBuf text; /* made of rows and not asked for yet, from `taken` on */
	size_t taken;
	uint64_t rows;
	bool end;
} Infile;

static bool
make_text(Infile *infile, SluiceError *err)
{
	BundleRow row;

	infile->text.length = infile->taken = 0;
	while (infile->text.length < ROW_AHEAD)
	{
		infile->end = !infile->source(infile->context, &row);
		if (infile->end)
			return true;
		if (!put_values(&infile->text, infile->table, &row, my_value_load_field, '\t', err) ||
			!bytebuf_put_u8(&infile->text, '\n', err))
			return false;
		infile->rows++;
	}
	return true;
}

/* A MyFeed. */
static bool
feed(void *context, char *out, size_t room, size_t *length, SluiceError *err)
{
	Infile *infile = context;
	size_t left = infile->text.length - infile->taken;

	if (left == 0 && !infile->end)
	{
		if (!make_text(infile, err))
			return false;
		left = infile->text.length;
	}
	*length = left < room ? left : room;
	if (*length > 0)
		memcpy(out, infile->text.data + infile->taken, *length);
	infile->taken += *length;
	return true;
}

/* The columns; one that needs it is taken by a variable, of which it is made. */
static bool
put_targets(ByteBuf *sql, const MyTable *table, SluiceError *err)
{
	const char *joint = "";
	bool good = true;

	for (uint16_t i = 0; good && i < table->column_count; i++)
	{
		const MyColumn *column = &table->columns[i];

		if (!column->written)
			continue;
		good = my_value_load_set(column->converter) == NULL
				   ? my_put(sql, err, "%s%s", joint, column->name)
				   : my_put(sql, err, "%s@sluice_%u", joint, i);
		joint = ",";
	}
	return good;
}

static bool
put_sets(ByteBuf *sql, const MyTable *table, SluiceError *err)
{
	const char *joint = " SET ";
	bool good = true;

	for (uint16_t i = 0; good && i < table->column_count; i++)
	{
		const MyColumn *column = &table->columns[i];
		const char *set = column->written ? my_value_load_set(column->converter) : NULL;
		char variable[24];

		if (set == NULL)
			continue;
		(void) snprintf(variable, sizeof(variable), "@sluice_%u", i);
		good = my_put(sql, err, "%s%s=", joint, column->name) && my_put(sql, err, set, variable);
		joint = ",";
	}
	return good;
}

static bool
put_load(ByteBuf *sql, const MyTable *table, SluiceError *err)
{
	sql->length = 0;
	return my_put(sql, err, "LOAD DATA LOCAL INFILE 'sluice' INTO TABLE %s" MY_LOAD_FORMAT " (",
				  table->name) &&
		   put_targets(sql, table, err) && my_put(sql, err, ")") && put_sets(sql, table, err);
}

static bool
check_outcome(const Infile *infile, const MyOutcome *outcome, SluiceError *err)
{
	if (outcome->records == infile->rows && outcome->skipped == 0 && outcome->warnings == 0)
		return true;
	return sluice_fail(err, SLUICE_ERROR_DATA,
					   "of %" PRIu64 " rows %" PRIu64 " were read and %" PRIu64
					   " left out, with %u warnings",
					   infile->rows, outcome->records, outcome->skipped, outcome->warnings);
}

bool
my_infile(MyTarget *target, Table *table, MyRowSource source, void *context, SluiceError *err)
{
	Infile infile = {.table = table->at_target, .source = source, .context = context};
	ByteBuf *sql = &target->script;
	MyOutcome outcome = {0};
	bool good;

	if (!target->session.local_infile || infile.table->written == 0)
		return my_insert_rows(target, table, MY_INSERT, source, context, err);
	bytebuf_init(&infile.text, &allocator_malloc, SIZE_MAX);
	good =
		put_load(sql, infile.table, err) &&
		my_load(&target->c, (const char *) sql->data, sql->length, feed, &infile, &outcome, err) &&
		check_outcome(&infile, &outcome, err);
	bytebuf_free(&infile.text);
	return good || sluice_prefix(err, "table %s", table->name);
}
