/*
 * bundle_model.c - random models; bundle_model_io.c writes and reads them.
 */
#include "bundle_model.h"

#include <stdlib.h>

#include "random_value.h"

#define CHUNK_SIZE ((size_t) 1 << 20)

struct ModelChunk
{
	struct ModelChunk *next;
	size_t used;
	_Alignas(16) uint8_t data[];
};

/* Zeroed memory that lives as long as the model. */
static void *
take(BundleModel *model, size_t size)
{
	struct ModelChunk *chunk = model->chunks;
	size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

	size = (size + 15) & ~(size_t) 15;
	if (chunk == NULL || chunk->used + size > CHUNK_SIZE)
	{
		chunk = calloc(1, sizeof(*chunk) + room + 16);
		if (chunk == NULL)
			abort();
		chunk->next = model->chunks;
		model->chunks = chunk;
	}
	chunk->used += size;
	return chunk->data + chunk->used - size;
}

void
bundle_model_free(BundleModel *model)
{
	while (model->chunks != NULL)
	{
		struct ModelChunk *chunk = model->chunks;

		model->chunks = chunk->next;
		free(chunk);
	}
}

/* ---- relations ---- */

/* Names that quoting, formats, paths and encodings stumble over. */
static const char *
make_name(BundleModel *model, Random *random)
{
	static const char *const hostile[] = {
		"",
		"a",
		"select",
		"Robert'); DROP TABLE students;--",
		"two words",
		"\"quoted\"",
		"back\\slash",
		"%s%n%d",
		"line\nfeed\ttab",
		"caf\xC3\xA9 \xF0\x9F\x90\x98",
		"\xFF\xFE not utf-8",
		"../../etc/passwd",
		"$1",
		"{json:\"yes\"}",
		"sluice.*.>",
	};
	size_t length;
	char *name;

	if (random_chance(random, 60))
		return hostile[random_below(random, sizeof(hostile) / sizeof(hostile[0]))];
	length = random_below(random, random_chance(random, 5) ? 2000 : 64);
	name = take(model, length + 1);
	for (size_t i = 0; i < length; i++)
		name[i] = (char) (1 + random_below(random, 255));
	return name;
}

static void
make_column(BundleModel *model, Random *random, BundleColumn *column)
{
	*column = (BundleColumn){
		.name = make_name(model, random),
		.type_name = make_name(model, random),
		.type_oid = (uint32_t) random_u64(random),
		.typmod = random_chance(random, 50) ? -1 : (int32_t) random_u64(random),
		.canon = (uint8_t) (1 + random_below(random, CANON_LAST)),
		.flags = (uint8_t) random_below(random, COLUMN_FLAGS + 1),
	};
	if (column->canon == CANON_ARRAY)
		column->element = CANON_INT32;
}

static void
make_relation(BundleModel *model, Random *random, uint16_t most, BundleRelation *relation)
{
	uint16_t count = (uint16_t) random_below(random, (uint32_t) most + 1);
	BundleColumn *columns = take(model, count * sizeof(*columns));

	for (uint16_t i = 0; i < count; i++)
		make_column(model, random, &columns[i]);
	*relation = (BundleRelation){
		.id = (uint32_t) random_u64(random),
		.identity = "difn"[random_below(random, 4)],
		.column_count = count,
		.schema = make_name(model, random),
		.name = make_name(model, random),
		.columns = columns,
	};
}

/* ---- records ---- */

typedef enum RowKind
{
	ROW_NEW,
	ROW_UPDATED, /* may have unchanged fields */
	ROW_OLD,
	ROW_KEY
} RowKind;

static ModelField
make_field(BundleModel *model, Random *random, const BundleColumn *column, RowKind kind)
{
	uint8_t value[RANDOM_VALUE_MAXIMUM + 64];
	uint32_t length;
	uint8_t *data;

	if (random_chance(random, 15))
		return (ModelField){FIELD_NULL, NULL};
	if (kind == ROW_UPDATED && random_chance(random, 10))
		return (ModelField){FIELD_UNCHANGED, NULL};
	length = random_value(random, column->canon, value);
	data = take(model, length);
	memcpy(data, value, length);
	return (ModelField){(int32_t) length, data};
}

static const ModelField *
make_row(BundleModel *model, Random *random, uint16_t relation, RowKind kind, uint16_t *count)
{
	const BundleRelation *of = &model->relations[relation];
	ModelField *fields = take(model, of->column_count * sizeof(*fields));

	*count = 0;
	for (uint16_t i = 0; i < of->column_count; i++)
	{
		if (kind != ROW_KEY || (of->columns[i].flags & COLUMN_KEY) != 0)
			fields[(*count)++] = make_field(model, random, &of->columns[i], kind);
	}
	return fields;
}

static void
make_row_record(BundleModel *model, Random *random, ModelRecord *record)
{
	RowKind new_kind = record->type == RECORD_UPDATE ? ROW_UPDATED : ROW_NEW;
	uint32_t old =
		record->type == RECORD_DELETE ? random_below(random, 2) : random_below(random, 3);

	record->relation = (uint16_t) random_below(random, model->relation_count);
	if (record->type == RECORD_UPDATE || record->type == RECORD_DELETE)
	{
		record->flags = old == 0 ? RECORD_OLD_KEY : old == 1 ? RECORD_OLD_ROW : 0;
		if (record->flags != 0)
			record->old_fields = make_row(model, random, record->relation,
										  old == 0 ? ROW_KEY : ROW_OLD, &record->old_count);
	}
	if (record->type != RECORD_DELETE)
		record->new_fields =
			make_row(model, random, record->relation, new_kind, &record->new_count);
}

static void
make_truncate(BundleModel *model, Random *random, ModelRecord *record)
{
	uint16_t count = (uint16_t) random_below(random, 5);
	uint16_t *numbers = take(model, count * sizeof(*numbers));

	for (uint16_t i = 0; i < count; i++)
		numbers[i] = (uint16_t) random_below(random, model->relation_count);
	record->flags = (uint8_t) random_below(random, 4);
	record->truncated = numbers;
	record->truncated_count = count;
}

static void
make_message(BundleModel *model, Random *random, ModelRecord *record)
{
	uint32_t length = random_below(random, 300);
	uint8_t *content = take(model, length);

	random_fill(random, content, length);
	record->message =
		(BundleMessage){random_u64(random), make_name(model, random), content, length};
}

static RecordType
inner_type(Random *random)
{
	static const RecordType types[] = {
		RECORD_INSERT, RECORD_INSERT, RECORD_INSERT,   RECORD_UPDATE,
		RECORD_UPDATE, RECORD_DELETE, RECORD_TRUNCATE, RECORD_MESSAGE,
	};

	return types[random_below(random, sizeof(types) / sizeof(types[0]))];
}

/* Where the sequence of records stands: the identity of the next one, and whether in a transaction. */
typedef struct Sequence
{
	ChangeId next;
	bool inside;
} Sequence;

/* A record between transactions: a begin, or a message of its own. */
static void
make_outer(BundleModel *model, Random *random, Sequence *at, ModelRecord *record)
{
	if (random_chance(random, 10))
	{
		record->type = RECORD_MESSAGE;
		make_message(model, random, record);
		record->id =
			(ChangeId){at->next.incarnation, record->message.position, CHANGE_INDEX_COMMIT};
		return;
	}
	record->type = RECORD_BEGIN;
	record->begin = (BundleBegin){random_u64(random), (int64_t) random_u64(random),
								  (uint32_t) random_u64(random), make_name(model, random)};
	record->id = at->next = (ChangeId){at->next.incarnation, record->begin.commit, 0};
	at->next.index = 1;
	at->inside = true;
}

static void
make_inner(BundleModel *model, Random *random, Sequence *at, ModelRecord *record)
{
	record->id = at->next;
	if (random_chance(random, 15))
	{
		record->type = RECORD_COMMIT;
		record->commit_time = (int64_t) random_u64(random);
		record->id.index = CHANGE_INDEX_COMMIT;
		at->inside = false;
		return;
	}
	at->next.index++;
	record->type = inner_type(random);
	if (record->type == RECORD_TRUNCATE)
		make_truncate(model, random, record);
	else if (record->type == RECORD_MESSAGE)
	{
		make_message(model, random, record);
		record->flags = RECORD_TRANSACTIONAL;
	}
	else
		make_row_record(model, random, record);
}

static void
make_loaded(BundleModel *model, Random *random, Sequence *at, ModelRecord *record)
{
	record->type = RECORD_ROW;
	record->id = at->next;
	at->next.index++;
	make_row_record(model, random, record);
}

void
bundle_model_make(BundleModel *model, Random *random, const ModelSize *size)
{
	/* Half of the bundles go on inside a transaction of the one before. */
	Sequence at = {{random_u64(random), random_u64(random), random_below(random, 1000)},
				   random_chance(random, 50)};

	*model = (BundleModel){.kind = random_chance(random, 20) ? BUNDLE_LOAD : BUNDLE_CHANGE};
	model->previous = (ChangeId){at.next.incarnation, random_u64(random), random_u64(random)};
	model->relation_count = (uint16_t) (1 + random_below(random, size->relations));
	model->relations = take(model, model->relation_count * sizeof(*model->relations));
	for (uint16_t i = 0; i < model->relation_count; i++)
		make_relation(model, random, size->columns, &model->relations[i]);
	model->record_count = random_below(random, size->records + 1);
	model->records = take(model, model->record_count * sizeof(*model->records));
	for (uint32_t i = 0; i < model->record_count; i++)
	{
		if (model->kind == BUNDLE_LOAD)
			make_loaded(model, random, &at, &model->records[i]);
		else if (at.inside)
			make_inner(model, random, &at, &model->records[i]);
		else
			make_outer(model, random, &at, &model->records[i]);
	}
}
