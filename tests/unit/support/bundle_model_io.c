/*
 * bundle_model_io.c - a model into a bundle writer, and a bundle reader held against a model.
 *
 * Every relation of the model is written in front, so that its number in both is the same.
 */
#include "bundle_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* ---- writing ---- */

static bool
write_fields(BundleWriter *writer, const ModelField *fields, uint16_t count, SluiceError *err)
{
	if (!bundle_row(writer, count, err))
		return false;
	for (uint16_t i = 0; i < count; i++)
	{
		bool written = fields[i].length < 0
						   ? bundle_field_mark(writer, fields[i].length, err)
						   : bundle_field(writer, fields[i].data, (uint32_t) fields[i].length, err);

		if (!written)
			return false;
	}
	return true;
}

static bool
write_rows(const ModelRecord *record, BundleWriter *writer, SluiceError *err)
{
	bool done = bundle_open(writer, record->type, record->flags, record->relation, err);

	if (done && record->old_fields != NULL)
		done = write_fields(writer, record->old_fields, record->old_count, err);
	if (done && record->new_fields != NULL)
		done = write_fields(writer, record->new_fields, record->new_count, err);
	if (done && bundle_close(writer, &record->id, err))
		return true;
	bundle_abandon(writer);
	return false;
}

static bool
write_record(const ModelRecord *record, BundleWriter *writer, SluiceError *err)
{
	switch (record->type)
	{
		case RECORD_BEGIN: return bundle_add_begin(writer, &record->begin, &record->id, err);
		case RECORD_COMMIT: return bundle_add_commit(writer, record->commit_time, &record->id, err);
		case RECORD_TRUNCATE:
			return bundle_add_truncate(writer, record->flags, record->truncated,
									   record->truncated_count, &record->id, err);
		case RECORD_MESSAGE:
			return bundle_add_message(writer, record->flags, &record->message, &record->id, err);
		case RECORD_INSERT:
		case RECORD_UPDATE:
		case RECORD_DELETE:
		case RECORD_ROW: return write_rows(record, writer, err);
		case RECORD_RELATION: break;
	}
	fail_msg("a model holds no records of type %d", record->type);
	return false;
}

static void
assert_same_writer(const BundleWriter *writer, const BundleWriter *before)
{
	assert_int_equal(writer->buf.length, before->buf.length);
	assert_int_equal(writer->records, before->records);
	assert_int_equal(writer->changes, before->changes);
	assert_int_equal(writer->relations, before->relations);
	assert_int_equal(writer->open_at, before->open_at);
	assert_int_equal(writer->commit_time, before->commit_time);
	assert_memory_equal(&writer->first, &before->first, sizeof(writer->first));
	assert_memory_equal(&writer->last, &before->last, sizeof(writer->last));
}

bool
bundle_model_write(const BundleModel *model, BundleWriter *writer, SluiceError *err)
{
	BundleWriter before;

	for (uint16_t i = 0; i < model->relation_count; i++)
	{
		uint16_t number;

		before = *writer;
		if (!bundle_add_relation(writer, &model->relations[i], &number, err))
		{
			assert_same_writer(writer, &before);
			return false;
		}
		assert_int_equal(number, i);
	}
	for (uint32_t i = 0; i < model->record_count; i++)
	{
		before = *writer;
		if (!write_record(&model->records[i], writer, err))
		{
			assert_same_writer(writer, &before);
			return false;
		}
	}
	return true;
}

/* ---- reading ---- */

static void
expect_column(const BundleColumn *expected, const BundleColumn *column)
{
	assert_string_equal(column->name, expected->name);
	assert_string_equal(column->type_name, expected->type_name);
	assert_int_equal(column->type_oid, expected->type_oid);
	assert_int_equal(column->typmod, expected->typmod);
	assert_int_equal(column->canon, expected->canon);
	assert_int_equal(column->element, expected->element);
	assert_int_equal(column->flags, expected->flags);
}

static void
expect_relation(const BundleRelation *expected, const BundleRelation *relation)
{
	assert_int_equal(relation->id, expected->id);
	assert_int_equal(relation->identity, expected->identity);
	assert_string_equal(relation->schema, expected->schema);
	assert_string_equal(relation->name, expected->name);
	assert_int_equal(relation->column_count, expected->column_count);
	for (uint16_t i = 0; i < relation->column_count; i++)
		expect_column(&expected->columns[i], &relation->columns[i]);
}

static void
expect_row(const ModelField *fields, uint16_t count, const BundleRow *row)
{
	const uint8_t *at = row->data + 2;
	bool unchanged = false;

	assert_int_equal(row->fields, count);
	assert_int_equal(load_u16(row->data), count);
	for (uint16_t i = 0; i < count; i++)
	{
		int32_t length;
		const uint8_t *data = bundle_row_field(&at, &length);

		assert_int_equal(length, fields[i].length);
		if (length > 0)
			assert_memory_equal(data, fields[i].data, (size_t) length);
		unchanged |= length == FIELD_UNCHANGED;
	}
	assert_ptr_equal(at, row->data + row->length);
	assert_int_equal(row->unchanged, unchanged);
}

static void
expect_rows(const ModelRecord *expected, const BundleReader *reader, const BundleRecord *record)
{
	assert_ptr_equal(record->relation, reader->relations[expected->relation]);
	if (expected->old_fields != NULL)
		expect_row(expected->old_fields, expected->old_count, &record->old_row);
	else
		assert_int_equal(record->old_row.fields, 0);
	if (expected->new_fields != NULL)
		expect_row(expected->new_fields, expected->new_count, &record->new_row);
	else
		assert_int_equal(record->new_row.fields, 0);
}

static void
expect_begin(const BundleBegin *expected, const BundleBegin *begin)
{
	assert_int_equal(begin->commit, expected->commit);
	assert_int_equal(begin->commit_time, expected->commit_time);
	assert_int_equal(begin->xid, expected->xid);
	assert_string_equal(begin->origin, expected->origin);
}

static void
expect_message(const BundleMessage *expected, const BundleMessage *message)
{
	assert_int_equal(message->position, expected->position);
	assert_string_equal(message->prefix, expected->prefix);
	assert_int_equal(message->length, expected->length);
	assert_memory_equal(message->content, expected->content, message->length);
}

static void
expect_record(const ModelRecord *expected, const BundleReader *reader, const BundleRecord *record)
{
	assert_int_equal(record->type, expected->type);
	assert_int_equal(record->flags, expected->flags);
	assert_int_equal(record->id.incarnation, expected->id.incarnation);
	assert_int_equal(record->id.commit, expected->id.commit);
	assert_int_equal(record->id.index, expected->id.index);
	switch (record->type)
	{
		case RECORD_BEGIN: expect_begin(&expected->begin, &record->begin); break;
		case RECORD_COMMIT: assert_int_equal(record->commit_time, expected->commit_time); break;
		case RECORD_MESSAGE: expect_message(&expected->message, &record->message); break;
		case RECORD_TRUNCATE:
			assert_int_equal(record->truncate.count, expected->truncated_count);
			for (uint16_t i = 0; i < record->truncate.count; i++)
				assert_ptr_equal(bundle_truncated(reader, record, i),
								 reader->relations[expected->truncated[i]]);
			break;
		case RECORD_INSERT:
		case RECORD_UPDATE:
		case RECORD_DELETE:
		case RECORD_ROW: expect_rows(expected, reader, record); break;
		case RECORD_RELATION: break;
	}
}

/* What the head says against the first and last record. */
static void
expect_header(const BundleModel *model, const BundleHeader *header)
{
	assert_int_equal(header->kind, model->kind);
	assert_int_equal(header->records, model->relation_count + model->record_count);
	assert_memory_equal(&header->previous, &model->previous, sizeof(ChangeId));
	if (model->record_count == 0)
		return;
	assert_memory_equal(&header->first, &model->records[0].id, sizeof(ChangeId));
	assert_memory_equal(&header->last, &model->records[model->record_count - 1].id,
						sizeof(ChangeId));
}

bool
bundle_model_read(const BundleModel *model, BundleReader *reader, SluiceError *err)
{
	uint32_t relations = 0;
	uint32_t records = 0;
	BundleRecord record;
	bool end;

	expect_header(model, &reader->header);
	for (;;)
	{
		if (!bundle_next(reader, &record, &end, err))
			return false;
		if (end)
			break;
		if (record.type == RECORD_RELATION)
		{
			assert_true(relations < model->relation_count);
			expect_relation(&model->relations[relations++], record.relation);
			continue;
		}
		assert_true(records < model->record_count);
		expect_record(&model->records[records++], reader, &record);
	}
	assert_int_equal(relations, model->relation_count);
	assert_int_equal(records, model->record_count);
	return true;
}
