/*
 * schema_flatten_test.c - what is left of a document when partitions become one table.
 */
#include "common/core/schema_flatten.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/core/schema_shape.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* root > middle > leaf, and a table beside them. */
typedef struct Sample
{
	SchemaPartitioning by;
	SchemaPartitionOf of_root, of_middle;
	SchemaName root_index;
	SchemaIndex of_all, of_part, of_leaf;
	SchemaCheck checks[2];
	SchemaForeignKey to_other, to_leaf;
	SchemaTable tables[4];
	SchemaSequenceOwner owners[3];
	SchemaSequence sequences[3];
	SchemaCarried carried[2];
	SchemaNotCarried left[1];
	SchemaLoadTable read[2];
	SchemaLoad load;
} Sample;

static const Sample model = {
	.by = {"list", "LIST (id)"},
	.of_root = {"public", "root", "FOR VALUES IN (1)", NULL},
	.of_middle = {"public", "middle", "DEFAULT", NULL},
	.root_index = {"public", "root_i"},
	.of_all = {.name = "root_i",
			   .definition =
				   "CREATE INDEX \"a \"\" ON ONLY b\" ON ONLY public.root USING btree (id)"},
	.of_part = {.name = "middle_i", .definition = "CREATE INDEX middle_i"},
	.of_leaf = {.name = "own_i", .definition = "CREATE INDEX own_i"},
	.checks = {{.name = "root_c", .inherited = true}, {.name = "own_c", .definition = "CHECK (1)"}},
	.to_other = {.name = "to_other", .schema = "public", .table = "other"},
	.to_leaf = {.name = "to_leaf", .schema = "public", .table = "leaf"},
	.tables = {{.id = 1, .name = "root", .kind = SCHEMA_TABLE_PARTITIONED, .index_count = 1},
			   {.id = 2, .name = "middle", .kind = SCHEMA_TABLE_PARTITIONED, .index_count = 1},
			   {.id = 3,
				.name = "leaf",
				.kind = SCHEMA_TABLE_PLAIN,
				.index_count = 1,
				.check_count = 2,
				.foreign_key_count = 1},
			   {.id = 4, .name = "other", .kind = SCHEMA_TABLE_PLAIN, .foreign_key_count = 1}},
	.owners = {{"public", "leaf", "id"}, {"public", "leaf", "id"}, {"public", "other", "id"}},
	.sequences = {{.name = "kept"}, {.name = "gone", .identity = true}, {.name = "others"}},
	.carried =
		{{.kind = SCHEMA_CARRIED_TRIGGER, .schema = "public", .name = "of_leaf", .table = "leaf"},
		 {.kind = SCHEMA_CARRIED_TRIGGER, .schema = "public", .name = "of_root", .table = "root"}},
	.left = {{.kind = "view", .schema = "public", .name = "v", .reason = "not asked for"}},
	.read = {{.schema = "public", .name = "leaf"}, {.id = 4, .schema = "public", .name = "other"}},
};

static void
join_tables(Sample *sample)
{
	SchemaTable *tables = sample->tables;

	for (size_t i = 0; i < COUNT(sample->tables); i++)
		tables[i].schema = "public";
	tables[0].partition = tables[1].partition = &sample->by;
	tables[1].partition_of = &sample->of_root;
	tables[2].partition_of = &sample->of_middle;
	tables[0].indexes = &sample->of_all;
	tables[1].indexes = &sample->of_part;
	tables[2].indexes = &sample->of_leaf;
	sample->of_part.parent = &sample->root_index;
	tables[2].checks = sample->checks;
	tables[2].foreign_keys = &sample->to_other;
	tables[3].foreign_keys = &sample->to_leaf;
}

/* The sample as a document; the leaf's rows are published as those of the table `published`, 0: no copy. */
static SchemaDocument *
make(Sample *sample, uint32_t published, const Allocator *allocator)
{
	SchemaDocument *document = schema_document_new(allocator, NULL);

	if (document == NULL)
		return NULL;
	*sample = model;
	join_tables(sample);
	for (size_t i = 0; i < COUNT(sample->sequences); i++)
		sample->sequences[i].owner = &sample->owners[i];
	sample->read[0].id = published;
	sample->load = (SchemaLoad){.tables = sample->read, .table_count = COUNT(sample->read)};
	document->tables = sample->tables;
	document->table_count = COUNT(sample->tables);
	document->sequences = sample->sequences;
	document->sequence_count = COUNT(sample->sequences);
	document->carried = sample->carried;
	document->carried_count = COUNT(sample->carried);
	document->not_carried = sample->left;
	document->not_carried_count = COUNT(sample->left);
	document->load = published != 0 ? &sample->load : NULL;
	return document;
}

static void
check_flat(const SchemaDocument *document)
{
	static const char *const left[] = {
		"v", "own_i on leaf", "own_c on leaf", "to_other on leaf", "to_leaf on other", "of_leaf"};
	const SchemaTable *root = &document->tables[0];

	assert_int_equal(document->table_count, 2);
	assert_string_equal(root->name, "root");
	assert_int_equal(root->kind, SCHEMA_TABLE_PLAIN);
	assert_null(root->partition);
	assert_string_equal(root->indexes[0].definition,
						"CREATE INDEX \"a \"\" ON ONLY b\" ON public.root USING btree (id)");
	assert_string_equal(document->tables[1].name, "other");
	assert_int_equal(document->tables[1].foreign_key_count, 0);
	assert_int_equal(document->sequence_count, 2);
	assert_string_equal(document->sequences[0].owner->table, "root");
	assert_string_equal(document->sequences[1].name, "others");
	assert_string_equal(document->sequences[1].owner->table, "other");
	assert_int_equal(document->carried_count, 1);
	assert_string_equal(document->carried[0].name, "of_root");
	assert_int_equal(document->not_carried_count, COUNT(left));
	for (size_t i = 0; i < COUNT(left); i++)
		assert_string_equal(document->not_carried[i].name, left[i]);
	assert_string_equal(document->not_carried[1].definition, "CREATE INDEX own_i");
}

static void
partitions_become_one_table(void **state)
{
	(void) state;
	for (uint32_t published = 0; published <= 1; published++)
	{
		Sample sample;
		SchemaDocument *document = make(&sample, published, &allocator_malloc);

		assert_non_null(document);
		assert_true(schema_document_flatten(document, NULL));
		check_flat(document);
		schema_document_free(document);
	}
}

static void
partitions_published_by_themselves_stay(void **state)
{
	Sample sample;
	SchemaDocument *document = make(&sample, 3, &allocator_malloc);

	(void) state;
	assert_non_null(document);
	assert_true(schema_document_flatten(document, NULL));
	assert_int_equal(document->table_count, 4);
	assert_int_equal(document->tables[0].kind, SCHEMA_TABLE_PARTITIONED);
	assert_int_equal(document->tables[1].kind, SCHEMA_TABLE_PARTITIONED);
	assert_int_equal(document->tables[3].foreign_key_count, 1);
	assert_int_equal(document->not_carried_count, 1);
	schema_document_free(document);
}

/* Nobody has looked at whether a document's tables go round in circles. */
static void
circles_come_to_an_end(void **state)
{
	Sample sample;
	SchemaDocument *document = make(&sample, 1, &allocator_malloc);
	SchemaPartitionOf of_leaf = {"public", "leaf", "DEFAULT", NULL};

	(void) state;
	assert_non_null(document);
	sample.tables[0].partition_of = &of_leaf;
	assert_true(schema_document_flatten(document, NULL));
	schema_document_free(document);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partitions_become_one_table),
		cmocka_unit_test(partitions_published_by_themselves_stay),
		cmocka_unit_test(circles_come_to_an_end),
	};

	return cmocka_run_group_tests_name("schema_flatten", tests, NULL, NULL);
}
