/*
 * schema_names_test.c - schemas under other names at the target: what is read, what is refused, what
 * of a document is renamed.
 */
#include "writer/schema_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void
names_are_those_of_the_target(void **state)
{
	SluiceError err = {0};
	SchemaNames *names = schema_names_read(" shop = sales,log=audit ,", &err);

	(void) state;
	assert_non_null(names);
	assert_string_equal(schema_names_target(names, "shop"), "sales");
	assert_string_equal(schema_names_target(names, "log"), "audit");
	assert_string_equal(schema_names_target(names, "sales"), "sales");
	schema_names_free(names);
	assert_string_equal(schema_names_target(NULL, "shop"), "shop");
}

static void
nonsense_is_refused(void **state)
{
	static const char *const texts[][2] = {
		{"shop", "has no ="},
		{"=x", "lacks a name"},
		{"a= ,b=c", "lacks a name"},
		{"a=b,a=c", "is there twice"},
		{"a=c,b=c", "is what two should become"},
	};

	(void) state;
	for (size_t i = 0; i < COUNT(texts); i++)
	{
		SluiceError err = {0};

		assert_null(schema_names_read(texts[i][0], &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		assert_non_null(strstr(err.message, texts[i][1]));
	}
}

static void
documents_have_the_new_names(void **state)
{
	SchemaNamespace schemas[] = {{.name = "shop"}, {.name = "other"}};
	SchemaForeignKey key = {.schema = "shop"};
	SchemaName parent = {"shop", "p"};
	SchemaPartitionOf root = {.schema = "shop"};
	SchemaTable table = {.schema = "shop",
						 .foreign_keys = &key,
						 .foreign_key_count = 1,
						 .inherits = &parent,
						 .inherits_count = 1,
						 .partition_of = &root};
	SchemaSequenceOwner owner = {.schema = "shop"};
	SchemaSequence sequence = {.schema = "shop", .owner = &owner};
	SchemaLoadTable read = {.schema = "shop"};
	SchemaLoad load = {.tables = &read, .table_count = 1};
	SchemaDocument document = {.schemas = schemas,
							   .schema_count = 2,
							   .tables = &table,
							   .table_count = 1,
							   .sequences = &sequence,
							   .sequence_count = 1,
							   .load = &load};
	SluiceError err = {0};
	SchemaNames *names = schema_names_read("shop=sales", &err);
	const char **renamed[] = {&schemas[0].name, &key.schema,   &parent.schema, &root.schema,
							  &table.schema,	&owner.schema, &read.schema};

	(void) state;
	schema_names_apply(names, &document);
	for (size_t i = 0; i < COUNT(renamed); i++)
		assert_string_equal(*renamed[i], "sales");
	assert_string_equal(schemas[1].name, "other");
	assert_string_equal(sequence.schema, "shop");
	schema_names_free(names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_target),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(documents_have_the_new_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
