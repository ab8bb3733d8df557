/*
 * bundle_walk.c - reads every byte that a record points to, so that a sanitizer sees each access.
 */
#include "bundle_walk.h"

static size_t
touch(const uint8_t *data, size_t length)
{
	size_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += data[i];
	return sum;
}

static size_t
touch_relation(const BundleRelation *relation)
{
	size_t sum = strlen(relation->schema) + strlen(relation->name);

	for (uint16_t i = 0; i < relation->column_count; i++)
	{
		const BundleColumn *column = &relation->columns[i];

		sum += strlen(column->name) + strlen(column->type_name) + strlen(canon_name(column->canon));
	}
	return sum + touch(relation->encoded, relation->encoded_length);
}

/* A key has fewer fields than the relation has columns, so types only fit whole rows. */
static size_t
touch_row(const BundleRelation *relation, const BundleRow *row)
{
	const uint8_t *at = row->data + 2;
	size_t sum = 0;

	for (uint16_t i = 0; i < row->fields; i++)
	{
		int32_t length;
		const uint8_t *data = bundle_row_field(&at, &length);

		if (length < 0)
			continue;
		sum += touch(data, (size_t) length);
		if (row->fields == relation->column_count)
			sum += canon_valid(relation->columns[i].canon, data, (uint32_t) length);
	}
	return sum + (size_t) (at - row->data) - row->length;
}

static size_t
touch_truncate(const BundleReader *reader, const BundleRecord *record)
{
	size_t sum = 0;

	for (uint16_t i = 0; i < record->truncate.count; i++)
		sum += touch_relation(bundle_truncated(reader, record, i));
	return sum;
}

static size_t
touch_record(const BundleReader *reader, const BundleRecord *record)
{
	size_t sum = 0;

	switch (record->type)
	{
		case RECORD_RELATION: return touch_relation(record->relation);
		case RECORD_BEGIN: return strlen(record->begin.origin);
		case RECORD_COMMIT: return (size_t) record->commit_time;
		case RECORD_TRUNCATE: return touch_truncate(reader, record);
		case RECORD_MESSAGE:
			return strlen(record->message.prefix) +
				   touch(record->message.content, record->message.length);
		case RECORD_INSERT:
		case RECORD_UPDATE:
		case RECORD_DELETE:
		case RECORD_ROW:
			if (record->old_row.fields > 0)
				sum += touch_row(record->relation, &record->old_row);
			if (record->new_row.fields > 0)
				sum += touch_row(record->relation, &record->new_row);
	}
	return sum;
}

uint32_t
bundle_walk(BundleReader *reader, const uint8_t *data, size_t length)
{
	volatile size_t sum = 0;
	uint32_t count = 0;
	SluiceError err;
	BundleRecord record;
	bool end;

	if (!bundle_reader_open(reader, data, length, &err))
		return 0;
	for (; bundle_next(reader, &record, &end, &err) && !end; count++)
		sum += touch_record(reader, &record);
	return count;
}
