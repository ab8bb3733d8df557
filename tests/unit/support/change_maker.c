/*
 * change_maker.c - tables and rows of short texts (change_maker.h).
 */
#include "change_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define COLUMNS 16
#define ROWS	4096
#define TEXTS	16

static uint8_t *rows[ROWS];
static size_t row_count;

Table *
make_table(TableMap *map, uint32_t id, char identity, const char *flags)
{
	static const char *const names[COLUMNS] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};
	BundleColumn columns[COLUMNS] = {0};
	BundleRelation relation = {.id = id,
							   .identity = identity,
							   .column_count = (uint16_t) strlen(flags),
							   .schema = "public",
							   .name = "t",
							   .columns = columns};
	BundleRelation *read;
	ByteBuf body;
	Table *table;
	SluiceError err;

	for (uint16_t i = 0; i < relation.column_count; i++)
		columns[i] = (BundleColumn){names[i],
									"text",
									25,
									-1,
									CANON_TEXT,
									0,
									flags[i] == 'k'	  ? COLUMN_KEY | COLUMN_PRIMARY
									: flags[i] == 'p' ? COLUMN_PRIMARY
													  : 0};
	bytebuf_init(&body, &allocator_malloc, 4096);
	assert_true(bundle_relation_write(&relation, &body, &err));
	read = bundle_relation_read(body.data, body.length, &allocator_malloc, &err);
	assert_non_null(read);
	table = tables_intern(map, read, &err);
	assert_non_null(table);
	table->keyed = table->key_count > 0;
	bundle_relation_free(read, &allocator_malloc);
	bytebuf_free(&body);
	return table;
}

BundleRow
make_row(uint16_t fields, const char *const *values)
{
	RowField made[COLUMNS];

	for (uint16_t i = 0; i < fields; i++)
	{
		if (values[i] == A_NULL || values[i] == AN_UNCHANGED)
			made[i] = (RowField){NULL, values[i] == A_NULL ? FIELD_NULL : FIELD_UNCHANGED};
		else
			made[i] = (RowField){(const uint8_t *) values[i], (int32_t) strlen(values[i])};
	}
	assert_true(row_count < ROWS);
	rows[row_count] = malloc(row_length(made, fields));
	assert_non_null(rows[row_count]);
	return row_build(made, fields, rows[row_count++]);
}

void
free_rows(void)
{
	while (row_count > 0)
		free(rows[--row_count]);
}

static void
add(Batch *batch, Table *table, RecordType type, BundleRow old_row, BundleRow new_row)
{
	BundleRecord record = {.type = type, .old_row = old_row, .new_row = new_row};
	SluiceError err;

	assert_true(batch_add_row(batch, table, &record, &err));
}

void
add_insert(Batch *batch, Table *table, BundleRow row)
{
	add(batch, table, RECORD_INSERT, NO_ROW, row);
}

void
add_update(Batch *batch, Table *table, BundleRow old_row, BundleRow new_row)
{
	add(batch, table, RECORD_UPDATE, old_row, new_row);
}

void
add_delete(Batch *batch, Table *table, BundleRow old_row)
{
	add(batch, table, RECORD_DELETE, old_row, NO_ROW);
}

void
add_truncate(Batch *batch, Table *table)
{
	SluiceError err;

	assert_true(batch_add_truncate(batch, 0, &table, 1, &err));
}

const char *
row_text(const BundleRow *row)
{
	static char texts[TEXTS][256];
	static unsigned next;
	char *text = texts[next++ % TEXTS], *at = text;

	*text = '\0';
	for (uint16_t i = 0; i < row->fields; i++)
	{
		RowField field = row_field(row, i);

		at += snprintf(at, 32, "%s", i == 0 ? "" : ",");
		if (field.length < 0)
			at += snprintf(at, 32, "%s", field.length == FIELD_NULL ? "NULL" : "*");
		else
			at += snprintf(at, 64, "%.*s", field.length, (const char *) field.data);
	}
	return text;
}
