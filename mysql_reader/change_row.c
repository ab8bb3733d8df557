/*
 * change_row.c - row images to records (change_row.h).
 */
#include "change_row.h"

/* ---- what changed ---- */

static bool
same_value(const RowField *a, const RowField *b)
{
	if (a->state != b->state)
		return false;
	return a->state != LOG_FIELD_VALUE ||
		   (a->length == b->length && memcmp(a->data, b->data, a->length) == 0);
}

static bool
key_changed(const TableRelation *relation, const RowsReader *rows)
{
	const BundleRelation *table = relation->relation;

	for (uint16_t i = 0; i < table->column_count; i++)
	{
		uint32_t place = relation->places[i];

		if ((table->columns[i].flags & COLUMN_KEY) != 0 &&
			rows->after[place].state != LOG_FIELD_ABSENT &&
			!same_value(&rows->before[place], &rows->after[place]))
			return true;
	}
	return false;
}

/* Rows that count have the end of all time: the last second there is, or the last transaction. */
static bool
is_of_now(const TableRelation *relation, const RowField *fields)
{
	const RowField *end = relation->row_end >= 0 ? &fields[relation->row_end] : NULL;
	uint32_t second;

	if (end == NULL || end->state != LOG_FIELD_VALUE)
		return true;
	if (end->length == sizeof(uint64_t))
		return little_load(end->data, sizeof(uint64_t)) == UINT64_MAX;
	second = (uint32_t) big_load(end->data, 4);
	return second == INT32_MAX || second == UINT32_MAX;
}

static RecordType
record_type(const TableRelation *relation, const RowsReader *rows)
{
	switch (rows->action)
	{
		case ROWS_WRITE: return RECORD_INSERT;
		case ROWS_DELETE: return RECORD_DELETE;
		default: return is_of_now(relation, rows->after) ? RECORD_UPDATE : RECORD_DELETE;
	}
}

bool
change_row_record(const TableRelation *relation, const RowsReader *rows, RowRecord *record)
{
	*record = (RowRecord){.type = record_type(relation, rows)};
	if (record->type == RECORD_DELETE ||
		(record->type == RECORD_UPDATE && (!relation->keyed || key_changed(relation, rows))))
		record->flags = relation->keyed ? RECORD_OLD_KEY : RECORD_OLD_ROW;
	return is_of_now(relation, rows->action == ROWS_WRITE ? rows->after : rows->before);
}

/* ---- fields ---- */

static bool
fail_field(const TableRelation *relation, uint16_t i, SluiceError *err)
{
	const BundleRelation *table = relation->relation;

	(void) relation_hint_value(relation, i, err);
	return sluice_prefix(err, "column %s of %s.%s", table->columns[i].name, table->schema,
						 table->name);
}

static bool
fail_absent(const TableRelation *relation, uint16_t i, const char *what, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "%s", what);
	(void) sluice_hint(err,
					   "SET GLOBAL binlog_row_image = FULL at the source, and in sessions that "
					   "set it themselves; then copy the stream's tables anew.");
	return fail_field(relation, i, err);
}

/* A JSON document that was logged as changes of the one before. */
static bool
put_diff(ValueReader *reader, const RowField *before, const RowField *field, ByteBuf *out,
		 SluiceError *err)
{
	bool known = before != NULL && before->state == LOG_FIELD_VALUE;
	size_t start;

	if (!bytebuf_put_u32(out, 0, err))
		return false;
	start = out->length;
	if (!value_append_diff(reader, known ? before->data : NULL, known ? before->length : 0,
						   field->data, field->length, out, err))
		return false;
	store_u32(out->data + start - 4, (uint32_t) (out->length - start));
	return true;
}

/* A field that is there. */
static bool
put_field(TableRelation *relation, uint16_t i, const RowField *field, const RowField *before,
		  ByteBuf *out, SluiceError *err)
{
	bool good;

	if (field->state == LOG_FIELD_NULL)
		return bytebuf_put_u32(out, (uint32_t) FIELD_NULL, err);
	good = field->state == LOG_FIELD_VALUE
			   ? value_append_field(&relation->readers[i], field->data, field->length, out, err)
			   : put_diff(&relation->readers[i], before, field, out, err);
	return good || fail_field(relation, i, err);
}

/* ---- rows ---- */

/* The whole row before, or its key. */
static bool
put_old(TableRelation *relation, const RowsReader *rows, bool key_only, ByteBuf *out,
		SluiceError *err)
{
	const BundleRelation *table = relation->relation;
	size_t count_at = out->length;
	uint16_t fields = 0;

	if (!bytebuf_put_u16(out, 0, err))
		return false;
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		const RowField *field = &rows->before[relation->places[i]];

		if (key_only && (table->columns[i].flags & COLUMN_KEY) == 0)
			continue;
		fields++;
		if (field->state == LOG_FIELD_ABSENT)
			return fail_absent(relation, i, "the log does not have what tells the row from others",
							   err);
		if (!put_field(relation, i, field, NULL, out, err))
			return false;
	}
	store_u16(out->data + count_at, fields);
	return true;
}

static bool
put_inserted_absent(const TableRelation *relation, uint16_t i, ByteBuf *out, SluiceError *err)
{
	const ByteBuf *field = &relation->left_out[i];

	if (field->length > 0)
		return bytebuf_put(out, field->data, field->length, err);
	return fail_absent(relation, i, "the log leaves out its default", err);
}

static bool
put_updated_absent(TableRelation *relation, uint16_t i, const RowField *before, ByteBuf *out,
				   SluiceError *err)
{
	if (before->state != LOG_FIELD_ABSENT)
		return put_field(relation, i, before, NULL, out, err);
	if ((relation->relation->columns[i].flags & COLUMN_KEY) != 0)
		return fail_absent(relation, i, "the log does not have what tells the row from others",
						   err);
	return bytebuf_put_u32(out, (uint32_t) FIELD_UNCHANGED, err);
}

static bool
put_new(TableRelation *relation, const RowsReader *rows, ByteBuf *out, SluiceError *err)
{
	const bool insert = rows->action == ROWS_WRITE;
	const uint16_t count = relation->relation->column_count;

	if (!bytebuf_put_u16(out, count, err))
		return false;
	for (uint16_t i = 0; i < count; i++)
	{
		const RowField *field = &rows->after[relation->places[i]];
		const RowField *before = insert ? NULL : &rows->before[relation->places[i]];
		bool good;

		if (field->state != LOG_FIELD_ABSENT)
			good = put_field(relation, i, field, before, out, err);
		else
			good = insert ? put_inserted_absent(relation, i, out, err)
						  : put_updated_absent(relation, i, before, out, err);
		if (!good)
			return false;
	}
	return true;
}

bool
change_row_put(TableRelation *relation, const RowsReader *rows, const RowRecord *record,
			   ByteBuf *out, SluiceError *err)
{
	if (record->flags != 0 && !put_old(relation, rows, record->flags == RECORD_OLD_KEY, out, err))
		return false;
	return record->type == RECORD_DELETE || put_new(relation, rows, out, err);
}
