/*
 * pg_ddl_test.c - the SQL of each kind of object, exactly; hostile names; what a release cannot have.
 */
#include "writer/pg/pg_ddl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "writer/structure.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define TARGET		150004

/* ---- a document to look things up in ---- */

static SchemaColumn columns[] = {
	{.name = "id",
	 .type = "integer",
	 .canon = CANON_INT32,
	 .not_null = true,
	 .identity = SCHEMA_IDENTITY_ALWAYS},
	{.name = "a\"b", .type = "public.mood", .default_value = "'ok'::public.mood"},
	{.name = "c",
	 .type = "text",
	 .canon = CANON_TEXT,
	 .collation = "pg_catalog.\"C\"",
	 .comment = "it's"},
	{.name = "g",
	 .type = "integer",
	 .generated = SCHEMA_GENERATED_STORED,
	 .expression = "length(c)"},
};
static SchemaCheck checks[] = {
	{.name = "c1", .definition = "CHECK ((id > 0))", .validated = true, .comment = "good"},
	{.name = "c2", .definition = "CHECK ((id > 1)) NOT VALID"},
};
static const char *options[] = {"fillfactor=70", "toast.autovacuum_enabled=false"};
static SchemaSequenceOwner owner = {"public", "t", "id"};
static SchemaSequence sequences[] = {
	{.schema = "public",
	 .name = "t_id_seq",
	 .type = "integer",
	 .start = "1",
	 .increment = "1",
	 .minimum = "1",
	 .maximum = "99",
	 .cache = "1",
	 .owner = &owner,
	 .identity = true},
	{.schema = "S'\"",
	 .name = "down",
	 .type = "bigint",
	 .start = "-1",
	 .increment = "-2",
	 .minimum = "-9",
	 .maximum = "-1",
	 .cache = "5",
	 .cycle = true,
	 .last_value = "-3"},
};
static SchemaPartitioning by_range = {"range", "RANGE (id)"};
static SchemaPartitioning by_hash = {"hash", "HASH (id)"};
static SchemaPartitionOf part_of = {"public", "root", "FOR VALUES FROM (1) TO (9)", NULL};
static SchemaPartitionOf rest_of = {"public", "root", "DEFAULT", NULL};
static SchemaPartitionOf gone_of = {"public", "gone", "DEFAULT", NULL};
static SchemaName parents[] = {{"public", "t"}, {"public", "gone"}};
static SchemaColumn child_columns[] = {
	{.name = "id", .type = "integer", .not_null = true, .inherited = true},
	{.name = "c", .type = "text", .inherited = true, .not_null = true, .default_value = "''::text"},
	{.name = "own", .type = "integer"},
};
static SchemaTable tables[] = {
	{.schema = "public",
	 .name = "t",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .persistence = SCHEMA_PERMANENT,
	 .comment = "",
	 .options = options,
	 .option_count = COUNT(options),
	 .replica_identity = SCHEMA_REPLICA_FULL,
	 .columns = columns,
	 .column_count = COUNT(columns),
	 .checks = checks,
	 .check_count = COUNT(checks)},
	{.schema = "public",
	 .name = "root",
	 .kind = SCHEMA_TABLE_PARTITIONED,
	 .persistence = SCHEMA_PERMANENT,
	 .replica_identity = SCHEMA_REPLICA_DEFAULT,
	 .partition = &by_range,
	 .columns = columns,
	 .column_count = 1},
	{.schema = "public",
	 .name = "part",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .persistence = SCHEMA_PERMANENT,
	 .replica_identity = SCHEMA_REPLICA_DEFAULT,
	 .partition_of = &part_of,
	 .columns = columns,
	 .column_count = 1},
	{.schema = "public",
	 .name = "orphan",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .persistence = SCHEMA_UNLOGGED,
	 .replica_identity = SCHEMA_REPLICA_NOTHING,
	 .partition_of = &gone_of},
	{.schema = "public",
	 .name = "child",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .persistence = SCHEMA_PERMANENT,
	 .replica_identity = SCHEMA_REPLICA_DEFAULT,
	 .inherits = parents,
	 .inherits_count = COUNT(parents),
	 .columns = child_columns,
	 .column_count = COUNT(child_columns)},
};
static const SchemaDocument document = {
	.tables = tables,
	.table_count = COUNT(tables),
	.sequences = sequences,
	.sequence_count = COUNT(sequences),
};

/* ---- scripts ---- */

static Script script;
static const PgDdl ddl = {&document, TARGET, &script};

static int
open_script(void **state)
{
	(void) state;
	return script_open(&script, NULL) ? 0 : -1;
}

static int
free_script(void **state)
{
	(void) state;
	script_free(&script);
	return 0;
}

/* The script has these statements and no others; it ends with NULL. */
static void
expect(const char *const *statements)
{
	size_t count = 0;

	assert_true(script_close(&script, NULL));
	while (statements[count] != NULL && count < script.count)
	{
		assert_string_equal(script_sql(&script, count), statements[count]);
		count++;
	}
	assert_null(statements[count]);
	assert_int_equal(script.count, count);
}

#define EXPECT(...) expect((const char *const[]){__VA_ARGS__, NULL})

/* ---- parts ---- */

static void
names_are_taken_apart(void **state)
{
	const char *at = "public.\"a \"\"b\"\".c\"[]";
	char name[PG_NAME_SIZE];

	(void) state;
	assert_true(pg_take_name(&at, name));
	assert_string_equal(name, "public");
	assert_int_equal(*at++, '.');
	assert_true(pg_take_name(&at, name));
	assert_string_equal(name, "a \"b\".c");
	assert_string_equal(at, "[]");
	assert_false(pg_take_name(&at, name));
}

static void
an_index_is_what_stands_behind_its_table(void **state)
{
	(void) state;
	assert_string_equal(pg_index_body("CREATE INDEX i ON public.t USING btree (a)"),
						"USING btree (a)");
	assert_string_equal(
		pg_index_body("CREATE UNIQUE INDEX \"a ON b.c USING\" ON ONLY \"x y\".\"t \"\"ON\"\"\" "
					  "USING hash (a) WHERE (b > 0)"),
		"USING hash (a) WHERE (b > 0)");
	assert_string_equal(pg_index_body("something else"), "something else");
}

static void
elements_of_arrays_are_escaped(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void) state;
	assert_non_null(out);
	pg_put_element(out, "a\"b\\c,{}");
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "\"a\\\"b\\\\c,{}\"");
	free(text);
}

/* ---- schemas, types, sequences ---- */

static void
schemas_and_comments(void **state)
{
	(void) state;
	pg_ddl_schema(&ddl, &(SchemaNamespace){"a\"b", "it's\n\\"});
	EXPECT("CREATE SCHEMA \"a\"\"b\"", "COMMENT ON SCHEMA \"a\"\"b\" IS 'it''s\n\\'");
}

static void
every_kind_of_type(void **state)
{
	const char *labels[] = {"", "it's"};
	SchemaDomainCheck check = {"d_check", "CHECK ((VALUE > 0)) NOT VALID"};
	SchemaAttribute attributes[] = {{"x y", "integer", NULL}, {"z", "text", "pg_catalog.\"C\""}};
	const SchemaType types[] = {
		{.schema = "s", .name = "e", .kind = SCHEMA_TYPE_ENUM, .labels = labels, .label_count = 2},
		{.schema = "s", .name = "empty", .kind = SCHEMA_TYPE_ENUM, .comment = "none"},
		{.schema = "s",
		 .name = "d",
		 .kind = SCHEMA_TYPE_DOMAIN,
		 .base = "numeric(3,1)",
		 .not_null = true,
		 .default_value = "1",
		 .checks = &check,
		 .check_count = 1,
		 .comment = "d"},
		{.schema = "s",
		 .name = "c",
		 .kind = SCHEMA_TYPE_COMPOSITE,
		 .attributes = attributes,
		 .attribute_count = 2},
	};

	(void) state;
	for (size_t i = 0; i < COUNT(types); i++)
		pg_ddl_type(&ddl, &types[i]);
	pg_ddl_type_rules(&ddl, &types[2]);
	pg_ddl_type_rules(&ddl, &types[0]);
	EXPECT("CREATE TYPE \"s\".\"e\" AS ENUM ('', 'it''s')",
		   "CREATE TYPE \"s\".\"empty\" AS ENUM ()", "COMMENT ON TYPE \"s\".\"empty\" IS 'none'",
		   "CREATE DOMAIN \"s\".\"d\" AS numeric(3,1) NOT NULL",
		   "COMMENT ON DOMAIN \"s\".\"d\" IS 'd'",
		   "CREATE TYPE \"s\".\"c\" AS (\"x y\" integer, \"z\" text COLLATE pg_catalog.\"C\")",
		   "ALTER DOMAIN \"s\".\"d\" SET DEFAULT 1",
		   "ALTER DOMAIN \"s\".\"d\" ADD CONSTRAINT \"d_check\" CHECK ((VALUE > 0)) NOT VALID");
}

static void
multiranges_are_named_where_they_exist(void **state)
{
	const SchemaType range = {.schema = "s",
							  .name = "r",
							  .kind = SCHEMA_TYPE_RANGE,
							  .subtype = "double precision",
							  .multirange = "m",
							  .definition =
								  "subtype = double precision, multirange_type_name = s.m"};
	const PgDdl older = {&document, 130000, &script};

	(void) state;
	pg_ddl_type(&ddl, &range);
	pg_ddl_type(&older, &range);
	EXPECT("CREATE TYPE \"s\".\"r\" AS RANGE (subtype = double precision, multirange_type_name = "
		   "s.m)",
		   "CREATE TYPE \"s\".\"r\" AS RANGE (subtype = double precision)");
}

static void
sequences_and_their_owners(void **state)
{
	SchemaSequence serial = sequences[0];

	(void) state;
	serial.identity = false;
	pg_ddl_sequence(&ddl, &sequences[1]);
	pg_ddl_sequence_owner(&ddl, &sequences[1]);
	pg_ddl_sequence_owner(&ddl, &sequences[0]);
	pg_ddl_sequence_owner(&ddl, &serial);
	EXPECT(
		"CREATE SEQUENCE \"S'\"\"\".\"down\" AS bigint START WITH -1 INCREMENT BY -2 MINVALUE -9 "
		"MAXVALUE -1 CACHE 5 CYCLE",
		"ALTER SEQUENCE \"public\".\"t_id_seq\" OWNED BY \"public\".\"t\".\"id\"");
}

static void
sequences_go_as_far_as_their_rows(void **state)
{
	SchemaSequenceOwner text = {"public", "t", "c"};
	SchemaSequence odd = sequences[1];

	(void) state;
	odd.owner = &text;
	pg_ddl_sequence_value(&ddl, &sequences[0], "public", "t_id_seq");
	pg_ddl_sequence_value(&ddl, &odd, "S'\"", "down");
	EXPECT(
		"SELECT pg_catalog.setval('\"public\".\"t_id_seq\"'::pg_catalog.regclass, "
		"pg_catalog.max(c.v)::pg_catalog.int8) FROM (SELECT s.last_value::pg_catalog.numeric AS v "
		"FROM \"public\".\"t_id_seq\" AS s WHERE s.is_called UNION ALL SELECT "
		"pg_catalog.max(t.\"id\") FROM \"public\".\"t\" AS t WHERE t.\"id\" BETWEEN 1 AND 99) AS "
		"c HAVING pg_catalog.count(c.v) > 0",
		"SELECT pg_catalog.setval('\"S''\"\"\".\"down\"'::pg_catalog.regclass, "
		"pg_catalog.min(c.v)::pg_catalog.int8) FROM (SELECT s.last_value::pg_catalog.numeric AS v "
		"FROM \"S'\"\"\".\"down\" AS s WHERE s.is_called UNION ALL SELECT -3) AS c HAVING "
		"pg_catalog.count(c.v) > 0");
}

/* ---- tables ---- */

static void
a_table_with_everything(void **state)
{
	(void) state;
	pg_ddl_table(&ddl, &tables[0], false);
	pg_ddl_attach(&ddl, &tables[0]);
	EXPECT("CREATE TABLE \"public\".\"t\" (\n"
		   "    \"id\" integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME \"public\".\"t_id_seq\" "
		   "START WITH 1 INCREMENT BY 1 MINVALUE 1 MAXVALUE 99 CACHE 1) NOT NULL,\n"
		   "    \"a\"\"b\" public.mood DEFAULT 'ok'::public.mood,\n"
		   "    \"c\" text COLLATE pg_catalog.\"C\",\n"
		   "    \"g\" integer GENERATED ALWAYS AS (length(c)) STORED,\n"
		   "    CONSTRAINT \"c1\" CHECK ((id > 0)))",
		   "ALTER TABLE \"public\".\"t\" SET (fillfactor = '70')",
		   "ALTER TABLE \"public\".\"t\" SET (toast.autovacuum_enabled = 'false')",
		   "ALTER TABLE \"public\".\"t\" REPLICA IDENTITY FULL",
		   "COMMENT ON TABLE \"public\".\"t\" IS ''",
		   "COMMENT ON COLUMN \"public\".\"t\".\"c\" IS 'it''s'",
		   "COMMENT ON CONSTRAINT \"c1\" ON \"public\".\"t\" IS 'good'");
	assert_int_equal(script.steps[1].failure, STEP_WARNS);
}

static void
a_check_the_source_did_not_validate_comes_late(void **state)
{
	(void) state;
	pg_ddl_late_check(&ddl, &tables[0], &checks[1]);
	EXPECT("ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"c2\" CHECK ((id > 1)) NOT VALID");
}

static void
partitions_are_attached(void **state)
{
	(void) state;
	for (size_t i = 1; i <= 3; i++)
	{
		pg_ddl_table(&ddl, &tables[i], i == 1);
		pg_ddl_attach(&ddl, &tables[i]);
	}
	EXPECT(
		"CREATE TABLE \"public\".\"root\" (\n    \"id\" integer GENERATED ALWAYS AS IDENTITY NOT "
		"NULL) PARTITION BY RANGE (id)",
		"CREATE TABLE \"public\".\"part\" (\n    \"id\" integer NOT NULL)",
		"ALTER TABLE ONLY \"public\".\"root\" ATTACH PARTITION \"public\".\"part\" FOR VALUES FROM "
		"(1) TO (9)",
		"CREATE UNLOGGED TABLE \"public\".\"orphan\" ()",
		"ALTER TABLE \"public\".\"orphan\" REPLICA IDENTITY NOTHING");
}

static void
a_child_has_what_its_parents_have(void **state)
{
	(void) state;
	pg_ddl_table(&ddl, &tables[4], true);
	EXPECT("CREATE UNLOGGED TABLE \"public\".\"child\" (\n    \"own\" integer) INHERITS "
		   "(\"public\".\"t\")",
		   "ALTER TABLE \"public\".\"child\" ALTER COLUMN \"c\" SET DEFAULT ''::text",
		   "ALTER TABLE \"public\".\"child\" ALTER COLUMN \"c\" SET NOT NULL");
}

static void
several_tables_at_once(void **state)
{
	const SchemaTable *two[] = {&tables[0], &tables[1]};
	const bool parted[] = {false, true};

	(void) state;
	pg_ddl_drop(&ddl, two, 2);
	pg_ddl_truncate(&ddl, two, parted, 2);
	pg_ddl_drop(&ddl, two, 0);
	pg_ddl_truncate(&ddl, two, parted, 0);
	EXPECT("DROP TABLE \"public\".\"t\", \"public\".\"root\"",
		   "TRUNCATE ONLY \"public\".\"t\", \"public\".\"root\"");
}

/* ---- indexes and keys ---- */

static void
an_index_becomes_a_constraint(void **state)
{
	SchemaConstraint key = {.name = "t_pkey", .definition = "PRIMARY KEY (id)"};
	SchemaConstraint late = {
		.name = "u", .definition = "UNIQUE (c)", .deferrable = true, .deferred = true};
	const SchemaIndex primary = {.name = "t_pkey",
								 .definition = "CREATE UNIQUE INDEX t_pkey ON public.t (id)",
								 .primary = true,
								 .constraint = &key,
								 .clustered = true,
								 .comment = "key"};
	const SchemaIndex unique = {.name = "u", .constraint = &late};

	(void) state;
	pg_ddl_index(&ddl, &tables[0], &primary);
	pg_ddl_constraint(&ddl, &tables[0], &primary, "other");
	pg_ddl_constraint(&ddl, &tables[0], &unique, "u");
	pg_ddl_constraint(&ddl, &tables[1], &primary, "t_pkey");
	pg_ddl_attach_index(&ddl, "public", "root_pkey", "p", "part_pkey");
	pg_ddl_index_marks(&ddl, &tables[0], &primary, "t_pkey");
	EXPECT(
		"CREATE UNIQUE INDEX t_pkey ON public.t (id)",
		"ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"t_pkey\" PRIMARY KEY USING INDEX \"other\"",
		"ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"u\" UNIQUE USING INDEX \"u\" DEFERRABLE "
		"INITIALLY DEFERRED",
		"ALTER TABLE ONLY \"public\".\"root\" ADD CONSTRAINT \"t_pkey\" PRIMARY KEY (id)",
		"ALTER INDEX \"public\".\"root_pkey\" ATTACH PARTITION \"p\".\"part_pkey\"",
		"ALTER TABLE \"public\".\"t\" CLUSTER ON \"t_pkey\"",
		"COMMENT ON INDEX \"public\".\"t_pkey\" IS 'key'");
}

static void
foreign_keys_are_validated_behind(void **state)
{
	const SchemaForeignKey valid = {.name = "f",
									.definition = "FOREIGN KEY (a) REFERENCES b(c)",
									.validated = true,
									.comment = "f"};
	const SchemaForeignKey open = {.name = "o",
								   .definition = "FOREIGN KEY (a) REFERENCES b(c) NOT VALID"};

	(void) state;
	pg_ddl_foreign_key(&ddl, &tables[0], &valid);
	pg_ddl_validate(&ddl, &tables[0], &valid);
	pg_ddl_foreign_key(&ddl, &tables[0], &open);
	pg_ddl_validate(&ddl, &tables[0], &open);
	pg_ddl_foreign_key(&ddl, &tables[1], &valid);
	pg_ddl_validate(&ddl, &tables[1], &valid);
	EXPECT("ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"f\" FOREIGN KEY (a) REFERENCES b(c) NOT "
		   "VALID",
		   "COMMENT ON CONSTRAINT \"f\" ON \"public\".\"t\" IS 'f'",
		   "ALTER TABLE \"public\".\"t\" VALIDATE CONSTRAINT \"f\"",
		   "ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"o\" FOREIGN KEY (a) REFERENCES b(c) NOT "
		   "VALID",
		   "ALTER TABLE \"public\".\"root\" ADD CONSTRAINT \"f\" FOREIGN KEY (a) REFERENCES b(c)",
		   "COMMENT ON CONSTRAINT \"f\" ON \"public\".\"root\" IS 'f'");
}

/* ---- releases ---- */

/* One thing and the first release that has it. */
static const struct Since
{
	int release;
	SchemaTable table;
} since[] = {
	{11, {.partition = &by_hash, .kind = SCHEMA_TABLE_PARTITIONED}},
	{11, {.partition_of = &rest_of}},
	{12,
	 {.columns = &(SchemaColumn){.name = "x", .type = "t", .generated = SCHEMA_GENERATED_STORED},
	  .column_count = 1}},
	{18,
	 {.columns = &(SchemaColumn){.name = "x", .type = "t", .generated = SCHEMA_GENERATED_VIRTUAL},
	  .column_count = 1}},
	{15, {.columns = &(SchemaColumn){.name = "x", .type = "numeric(3,-2)"}, .column_count = 1}},
	{15, {.columns = &(SchemaColumn){.name = "x", .type = "numeric(2,5)"}, .column_count = 1}},
	{10, {.columns = &(SchemaColumn){.name = "x", .type = "numeric(5,2)"}, .column_count = 1}},
	{10, {.columns = &(SchemaColumn){.name = "x", .type = "numeric(5)"}, .column_count = 1}},
	{11,
	 {.kind = SCHEMA_TABLE_PARTITIONED,
	  .partition = &by_range,
	  .indexes = &(SchemaIndex){.name = "x"},
	  .index_count = 1}},
	{11, {.indexes = &(SchemaIndex){.name = "x", .include_count = 1}, .index_count = 1}},
	{15, {.indexes = &(SchemaIndex){.name = "x", .nulls_not_distinct = true}, .index_count = 1}},
	{18,
	 {.indexes =
		  &(SchemaIndex){.name = "x",
						 .constraint =
							 &(SchemaConstraint){
								 .name = "x", .definition = "PRIMARY KEY (a, b WITHOUT OVERLAPS)"}},
	  .index_count = 1}},
	{18,
	 {.checks = &(SchemaCheck){.name = "x", .definition = "CHECK ((a > 0)) NOT ENFORCED"},
	  .check_count = 1}},
	{11,
	 {.kind = SCHEMA_TABLE_PARTITIONED,
	  .partition = &by_range,
	  .foreign_keys = &(
		  SchemaForeignKey){.name = "x", .schema = "s", .table = "t", .definition = "FOREIGN KEY"},
	  .foreign_key_count = 1}},
	{12,
	 {.foreign_keys =
		  &(SchemaForeignKey){
			  .name = "x", .schema = "public", .table = "root", .definition = "FOREIGN KEY"},
	  .foreign_key_count = 1}},
	{15,
	 {.foreign_keys =
		  &(SchemaForeignKey){.name = "x",
							  .schema = "s",
							  .table = "t",
							  .definition =
								  "FOREIGN KEY (a, b) REFERENCES t(a, b) ON DELETE SET NULL (a)"},
	  .foreign_key_count = 1}},
	{18,
	 {.foreign_keys =
		  &(SchemaForeignKey){.name = "x",
							  .schema = "s",
							  .table = "t",
							  .definition = "FOREIGN KEY (a, PERIOD b) REFERENCES t(a, PERIOD b)"},
	  .foreign_key_count = 1}},
};

/* How many problems a release has with a table beside a partitioned public.root. */
static size_t
problems(const SchemaTable *table, int version, unsigned create, unsigned char chosen)
{
	SchemaTable both[] = {tables[1], *table};
	const SchemaDocument two = {.tables = both, .table_count = 2};
	const PgDdl at = {&two, version, NULL};
	Findings findings = {0};
	size_t found;

	both[1].schema = "public";
	both[1].name = "x";
	pg_ddl_judge(&at, create, (const unsigned char[]){0, chosen}, &findings);
	found = findings.problems;
	findings_free(&findings);
	return found;
}

static void
each_release_has_what_it_has(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT(since); i++)
	{
		for (int release = 10; release <= 18; release++)
		{
			size_t found = problems(&since[i].table, release * 10000, CREATE_ALL, CHOSEN_CREATE);

			assert_int_equal(found > 0, release < since[i].release);
		}
		assert_int_equal(problems(&since[i].table, 100000, CREATE_TABLES, CHOSEN_KEEP), 0);
	}
}

static void
infinity_is_only_warned_of(void **state)
{
	SchemaColumn number = {.name = "n", .type = "numeric"};
	SchemaTable table = {.schema = "s", .name = "t", .columns = &number, .column_count = 1};
	const SchemaDocument one = {.tables = &table, .table_count = 1, .source = {.version = 150000}};
	const PgDdl older = {&one, 130000, NULL}, newer = {&one, 140000, NULL};
	Findings findings = {0};

	(void) state;
	pg_ddl_judge(&newer, CREATE_ALL, (const unsigned char[]){CHOSEN_CREATE}, &findings);
	assert_int_equal(findings.count, 0);
	pg_ddl_judge(&older, CREATE_ALL, (const unsigned char[]){CHOSEN_CREATE}, &findings);
	assert_int_equal(findings.count, 1);
	assert_int_equal(findings.problems, 0);
	findings_free(&findings);
}

#define SCRIPT_TEST(test) cmocka_unit_test_setup_teardown(test, open_script, free_script)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_taken_apart),
		cmocka_unit_test(an_index_is_what_stands_behind_its_table),
		cmocka_unit_test(elements_of_arrays_are_escaped),
		SCRIPT_TEST(schemas_and_comments),
		SCRIPT_TEST(every_kind_of_type),
		SCRIPT_TEST(multiranges_are_named_where_they_exist),
		SCRIPT_TEST(sequences_and_their_owners),
		SCRIPT_TEST(sequences_go_as_far_as_their_rows),
		SCRIPT_TEST(a_table_with_everything),
		SCRIPT_TEST(a_check_the_source_did_not_validate_comes_late),
		SCRIPT_TEST(partitions_are_attached),
		SCRIPT_TEST(a_child_has_what_its_parents_have),
		SCRIPT_TEST(several_tables_at_once),
		SCRIPT_TEST(an_index_becomes_a_constraint),
		SCRIPT_TEST(foreign_keys_are_validated_behind),
		cmocka_unit_test(each_release_has_what_it_has),
		cmocka_unit_test(infinity_is_only_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
