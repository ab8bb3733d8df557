/*
 * ddl_change_test.c - which statements lead from a shape to another, in which order, and what they
 * ask first.
 */
#include "writer/ddl_change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "writer/structure.h"

#define TEXT_SIZE	 (32 << 10)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- shapes ---- */

static SchemaColumn
column(int64_t position, const char *name, const char *type)
{
	return (SchemaColumn){.name = name,
						  .position = position,
						  .type = type,
						  .type_schema = "pg_catalog",
						  .type_name = type,
						  .typmod = -1};
}

static SchemaTable
table(uint32_t id, const char *name, SchemaColumn *columns, size_t count)
{
	return (SchemaTable){.id = id,
						 .schema = "public",
						 .name = name,
						 .kind = SCHEMA_TABLE_PLAIN,
						 .persistence = SCHEMA_PERMANENT,
						 .replica_identity = SCHEMA_REPLICA_DEFAULT,
						 .columns = columns,
						 .column_count = count};
}

static SchemaIndex
an_index(const char *name, const char *definition)
{
	return (SchemaIndex){.name = name, .definition = definition, .method = "btree"};
}

static SchemaCheck
check(const char *name, const char *definition)
{
	return (SchemaCheck){
		.name = name, .definition = definition, .expression = "", .validated = true};
}

static SchemaForeignKey
key_to(const char *name, const char *to)
{
	return (SchemaForeignKey){.name = name,
							  .schema = "public",
							  .table = to,
							  .validated = true,
							  .definition = "FOREIGN KEY (a) REFERENCES public.b(id)"};
}

static SchemaDocument
document(SchemaTable *tables, size_t count)
{
	return (SchemaDocument){.stream = "shop", .tables = tables, .table_count = count};
}

/* ---- what comes of them ---- */

/* The statements, each ended by ";\n"; with `questions` each part's one before, ended by "?\n". */
static const char *
text_of(const SchemaChange *change, int version, unsigned create, bool questions)
{
	static char text[TEXT_SIZE];
	DdlChange ddl;
	SluiceError err;
	size_t used = 0;

	assert_true(ddl_change_make(&ddl, change, version, create, &err));
	text[0] = '\0';
	for (size_t i = 0; i < ddl.count; i++)
	{
		const DdlPart *part = &ddl.parts[i];

		assert_true(part->question < part->end && part->end <= ddl.script.count);
		if (questions)
			used += (size_t) snprintf(text + used, sizeof(text) - used, "%s?\n",
									  script_sql(&ddl.script, part->question));
		for (size_t step = part->question + 1; step < part->end; step++)
			used += (size_t) snprintf(text + used, sizeof(text) - used, "%s;\n",
									  script_sql(&ddl.script, step));
		if (part->unknown != NULL)
			used += (size_t) snprintf(text + used, sizeof(text) - used, "-- %s\n", part->unknown);
		assert_true(used < sizeof(text));
	}
	ddl_change_free(&ddl);
	return text;
}

static const char *
statements(const SchemaChange *change)
{
	return text_of(change, 150000, CREATE_ALL, false);
}

static SchemaChange
change_of(SchemaTable *old, SchemaTable *new)
{
	return (SchemaChange){.stream = "shop",
						  .command = "ALTER TABLE",
						  .before = document(old, old != NULL),
						  .after = document(new, new != NULL)};
}

static const char *
between(SchemaTable *old, SchemaTable *new)
{
	SchemaChange change = change_of(old, new);

	return statements(&change);
}

/* ---- columns ---- */

static void
equal_shapes_need_nothing(void **state)
{
	SchemaColumn columns[] = {column(1, "id", "integer")};
	SchemaTable one = table(1, "t", columns, 1);

	(void) state;
	assert_string_equal(between(&one, &one), "");
}

static void
columns_come_and_go(void **state)
{
	SchemaColumn old[] = {column(1, "id", "integer"), column(2, "gone", "text")};
	SchemaColumn new[] = {column(1, "id", "integer"), column(3, "odd \"name\"", "numeric(5,2)")};
	SchemaTable a = table(1, "t", old, 2), b = table(1, "t", new, 2);

	(void) state;
	new[1].not_null = true;
	new[1].default_value = "'it''s'::text";
	new[1].comment = "it's";
	assert_string_equal(between(&a, &b),
						"ALTER TABLE \"public\".\"t\" DROP COLUMN \"gone\";\n"
						"ALTER TABLE \"public\".\"t\" ADD COLUMN \"odd \"\"name\"\"\" numeric(5,2) "
						"DEFAULT 'it''s'::text NOT NULL;\n"
						"COMMENT ON COLUMN \"public\".\"t\".\"odd \"\"name\"\"\" IS 'it''s';\n");
}

static void
a_rename_is_a_rename(void **state)
{
	SchemaColumn old[] = {column(1, "id", "integer"), column(2, "a", "text")};
	SchemaColumn new[] = {column(1, "id", "integer"), column(2, "b", "text")};
	SchemaIndex before = an_index("i", "CREATE INDEX i ON public.t USING btree (a)");
	SchemaIndex after = an_index("i", "CREATE INDEX i ON public.u USING btree (b)");
	SchemaTable a = table(1, "t", old, 2), b = table(1, "u", new, 2);

	(void) state;
	a.indexes = &before;
	b.indexes = &after;
	a.index_count = b.index_count = 1;
	assert_string_equal(between(&a, &b), "ALTER TABLE \"public\".\"t\" RENAME TO \"u\";\n"
										 "ALTER TABLE \"public\".\"u\" RENAME COLUMN \"a\" TO "
										 "\"b\";\n");
}

static void
rows_that_were_there_get_what_they_got(void **state)
{
	SchemaColumn old[] = {column(1, "id", "integer")};
	SchemaColumn new[] = {column(1, "id", "integer"), column(2, "at", "timestamp"),
						  column(3, "n", "integer"), column(4, "u", "uuid")};
	SchemaFill fills[] = {{1, 2, SCHEMA_FILL_CONSTANT, "2026-01-01"},
						  {1, 3, SCHEMA_FILL_CONSTANT, "5"},
						  {1, 4, SCHEMA_FILL_UNKNOWN, "its default is volatile"}};
	SchemaTable a = table(1, "t", old, 1), b = table(1, "t", new, 4);
	SchemaChange change = change_of(&a, &b);

	(void) state;
	new[1].default_value = "now()";
	new[2].default_value = new[2].default_literal = "5";
	new[3].default_value = "gen_random_uuid()";
	change.fills = fills;
	change.fill_count = COUNT(fills);
	assert_string_equal(
		statements(&change),
		"ALTER TABLE \"public\".\"t\" ADD COLUMN \"at\" timestamp DEFAULT '2026-01-01';\n"
		"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"at\" SET DEFAULT now();\n"
		"ALTER TABLE \"public\".\"t\" ADD COLUMN \"n\" integer DEFAULT 5;\n"
		"ALTER TABLE \"public\".\"t\" ADD COLUMN \"u\" uuid DEFAULT gen_random_uuid();\n"
		"-- its default is volatile\n");
}

static void
types_change_with_their_defaults(void **state)
{
	SchemaColumn old[] = {column(1, "a", "text"), column(2, "b", "integer")};
	SchemaColumn new[] = {column(1, "a", "integer"), column(2, "b", "bigint")};
	SchemaFill fill = {1, 1, SCHEMA_FILL_EXPRESSION, "(a)::integer"};
	SchemaTable a = table(1, "t", old, 2), b = table(1, "t", new, 2);
	SchemaChange change = change_of(&a, &b);

	(void) state;
	old[0].default_value = "'1'::text";
	new[0].default_value = "2";
	change.fills = &fill;
	change.fill_count = 1;
	assert_string_equal(statements(&change),
						"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"a\" DROP DEFAULT, ALTER "
						"COLUMN \"a\" TYPE integer USING (a)::integer, ALTER COLUMN \"a\" SET "
						"DEFAULT 2;\n"
						"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"a\" SET DEFAULT 2;\n"
						"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"b\" TYPE bigint;\n");
}

static void
a_default_goes_before_an_identity_comes(void **state)
{
	SchemaColumn old[] = {column(1, "id", "integer")}, new[] = {column(1, "id", "integer")};
	SchemaTable a = table(1, "t", old, 1), b = table(1, "t", new, 1);

	(void) state;
	old[0].default_value = "nextval('public.s'::regclass)";
	new[0].identity = SCHEMA_IDENTITY_ALWAYS;
	new[0].not_null = true;
	assert_string_equal(
		between(&a, &b),
		"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"id\" DROP DEFAULT;\n"
		"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"id\" SET NOT NULL;\n"
		"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"id\" ADD GENERATED ALWAYS AS IDENTITY;\n");
	assert_string_equal(
		between(&b, &a),
		"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"id\" DROP IDENTITY IF EXISTS;\n"
		"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"id\" DROP NOT NULL;\n"
		"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"id\" SET DEFAULT "
		"nextval('public.s'::regclass);\n");
}

static void
what_is_inherited_is_done_above(void **state)
{
	SchemaColumn old[] = {column(1, "id", "integer"), column(2, "gone", "text")};
	SchemaColumn new[] = {column(1, "key", "bigint"), column(3, "come", "text")};
	SchemaTable a = table(2, "part", old, 2), b = table(2, "part", new, 2);

	(void) state;
	old[0].inherited = old[1].inherited = new[0].inherited = new[1].inherited = true;
	assert_string_equal(between(&a, &b), "");
}

/* ---- constraints ---- */

static void
a_lone_one_on_each_side_was_renamed(void **state)
{
	SchemaColumn columns[] = {column(1, "a", "integer")};
	SchemaIndex old_index = an_index("i", "CREATE INDEX i ON public.t USING btree (a)");
	SchemaIndex new_index = an_index("j", "CREATE INDEX j ON public.t USING btree (a)");
	SchemaCheck old_check = check("c", "CHECK ((a > 0))"),
				new_check = check("d", "CHECK ((a > 0))");
	SchemaTable a = table(1, "t", columns, 1), b = table(1, "t", columns, 1);

	(void) state;
	a.indexes = &old_index, b.indexes = &new_index;
	a.checks = &old_check, b.checks = &new_check;
	a.index_count = b.index_count = a.check_count = b.check_count = 1;
	assert_string_equal(between(&a, &b),
						"ALTER TABLE \"public\".\"t\" RENAME CONSTRAINT \"c\" TO \"d\";\n"
						"ALTER INDEX \"public\".\"i\" RENAME TO \"j\";\n");
}

static void
another_definition_is_another_constraint(void **state)
{
	SchemaColumn columns[] = {column(1, "a", "integer")};
	SchemaIndex old_index = an_index("i", "CREATE INDEX i ON public.t USING btree (a)");
	SchemaIndex new_index = an_index("i", "CREATE UNIQUE INDEX i ON public.t USING btree (a)");
	SchemaCheck old_check = check("c", "CHECK ((a > 0))"),
				new_check = check("c", "CHECK ((a > 1))");
	SchemaTable a = table(1, "t", columns, 1), b = table(1, "t", columns, 1);

	(void) state;
	new_index.unique = true;
	a.indexes = &old_index, b.indexes = &new_index;
	a.checks = &old_check, b.checks = &new_check;
	a.index_count = b.index_count = a.check_count = b.check_count = 1;
	assert_string_equal(between(&a, &b),
						"ALTER TABLE \"public\".\"t\" DROP CONSTRAINT \"c\";\n"
						"DROP INDEX \"public\".\"i\";\n"
						"CREATE UNIQUE INDEX \"i\" ON \"public\".\"t\" USING btree (a);\n"
						"ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"c\" CHECK ((a > 1));\n");
}

static void
validating_is_no_other_definition(void **state)
{
	SchemaColumn columns[] = {column(1, "a", "integer")};
	SchemaCheck old_check = check("c", "CHECK ((a > 0)) NOT VALID");
	SchemaCheck new_check = check("c", "CHECK ((a > 0))");
	SchemaTable a = table(1, "t", columns, 1), b = table(1, "t", columns, 1);

	(void) state;
	old_check.validated = false;
	a.checks = &old_check, b.checks = &new_check;
	a.check_count = b.check_count = 1;
	assert_string_equal(between(&a, &b),
						"ALTER TABLE \"public\".\"t\" VALIDATE CONSTRAINT \"c\";\n");
}

static void
only_what_is_wanted_is_made(void **state)
{
	SchemaColumn columns[] = {column(1, "a", "integer")};
	SchemaIndex index = an_index("i", "CREATE INDEX i ON public.t USING btree (a)");
	SchemaForeignKey key = key_to("k", "b");
	SchemaTable a = table(1, "t", columns, 1), b = table(1, "t", columns, 1);
	SchemaChange change = change_of(&a, &b);

	(void) state;
	b.indexes = &index;
	b.foreign_keys = &key;
	b.index_count = b.foreign_key_count = 1;
	assert_string_equal(statements(&change),
						"CREATE INDEX \"i\" ON \"public\".\"t\" USING btree (a);\n"
						"ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"k\" FOREIGN KEY (a) "
						"REFERENCES public.b(id);\n");
	assert_string_equal(text_of(&change, 150000, CREATE_TABLES, false), "");
	assert_string_equal(text_of(&change, 150000, CREATE_INDEXES, false),
						"CREATE INDEX \"i\" ON \"public\".\"t\" USING btree (a);\n");
}

/* ---- renames with other changes ---- */

/* What a rename of "a" to "b" makes of definitions is not done again; what else changed is. */
static void
a_rename_hides_no_other_change(void **state)
{
	SchemaColumn old[] = {column(1, "a", "integer"), column(2, "Odd \"x\"", "text"),
						  column(3, "id", "integer")};
	SchemaColumn new[] = {column(1, "b", "integer"), column(2, "even", "text"),
						  column(3, "id", "integer")};
	SchemaIndex before[] = {
		an_index("p", "CREATE UNIQUE INDEX p ON public.t USING btree (id)"),
		an_index("k", "CREATE INDEX k ON public.t USING btree (a, lower(\"Odd \"\"x\"\"\"))")};
	SchemaIndex after[] = {
		an_index("p", "CREATE UNIQUE INDEX p ON public.t USING btree (b)"),
		an_index("k", "CREATE INDEX k ON public.t USING btree (b, lower(even))")};
	SchemaConstraint old_key = {.name = "p", .definition = "PRIMARY KEY (id)"};
	SchemaConstraint new_key = {.name = "p", .definition = "PRIMARY KEY (b)"};
	SchemaCheck old_checks[] = {
		check("c", "CHECK ((a <> ALL (ARRAY['a'::text, 'it''s a'::text])))"),
		check("d", "CHECK ((a > 1))"), check("e", "CHECK ((a > 2)) NOT VALID")};
	SchemaCheck new_checks[] = {
		check("c", "CHECK ((b <> ALL (ARRAY['a'::text, 'it''s a'::text])))"),
		check("d", "CHECK ((b > 2))"), check("f", "CHECK ((b > 2)) NOT VALID")};
	SchemaTable a = table(1, "t", old, COUNT(old)), b = table(1, "t", new, COUNT(new));

	(void) state;
	before[0].primary = after[0].primary = before[0].unique = after[0].unique = true;
	before[0].constraint = &old_key, after[0].constraint = &new_key;
	a.indexes = before, b.indexes = after;
	a.index_count = b.index_count = COUNT(before);
	a.checks = old_checks, b.checks = new_checks;
	a.check_count = b.check_count = COUNT(old_checks);
	assert_string_equal(
		between(&a, &b),
		"ALTER TABLE \"public\".\"t\" DROP CONSTRAINT \"d\";\n"
		"ALTER TABLE \"public\".\"t\" DROP CONSTRAINT \"p\";\n"
		"ALTER TABLE \"public\".\"t\" RENAME CONSTRAINT \"e\" TO \"f\";\n"
		"ALTER TABLE \"public\".\"t\" RENAME COLUMN \"a\" TO \"b\";\n"
		"ALTER TABLE \"public\".\"t\" RENAME COLUMN \"Odd \"\"x\"\"\" TO \"even\";\n"
		"ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"p\" PRIMARY KEY (b);\n"
		"ALTER TABLE \"public\".\"t\" ADD CONSTRAINT \"d\" CHECK ((b > 2));\n");
}

/* The words of a definition stay, and mean another column. */
static void
a_name_that_another_column_takes(void **state)
{
	SchemaColumn old[] = {column(1, "a", "integer"), column(2, "text", "text")};
	SchemaColumn new[] = {column(1, "c", "integer"), column(2, "a", "text"),
						  column(3, "text", "text")};
	SchemaIndex same[] = {an_index("i", "CREATE INDEX i ON public.t USING btree (a)"),
						  an_index("k", "CREATE INDEX k ON public.t USING btree (((a)::text))")};
	SchemaIndex after[] = {same[0],
						   an_index("k", "CREATE INDEX k ON public.t USING btree (((c)::text))")};
	SchemaTable a = table(1, "t", old, 2), b = table(1, "t", new, 3);

	(void) state;
	a.indexes = same, b.indexes = after;
	a.index_count = b.index_count = 2;
	assert_string_equal(between(&a, &b),
						"DROP INDEX \"public\".\"i\";\n"
						"ALTER TABLE \"public\".\"t\" RENAME COLUMN \"a\" TO \"c\";\n"
						"ALTER TABLE \"public\".\"t\" RENAME COLUMN \"text\" TO \"a\";\n"
						"ALTER TABLE \"public\".\"t\" ADD COLUMN \"text\" text;\n"
						"CREATE INDEX \"i\" ON \"public\".\"t\" USING btree (a);\n");
}

/* "id" is a column of both tables; only that of the other one is renamed, and the table too. */
static void
foreign_keys_follow_names_of_the_other_table(void **state)
{
	SchemaColumn old_b[] = {column(1, "id", "integer"), column(2, "other", "integer")};
	SchemaColumn new_b[] = {column(1, "key", "integer"), column(2, "other", "integer")};
	SchemaColumn columns[] = {column(1, "a", "integer"), column(2, "id", "integer")};
	SchemaForeignKey before = key_to("k", "b"), after = key_to("k", "c");
	SchemaTable old[] = {table(1, "a", columns, 2), table(2, "b", old_b, 2)};
	SchemaTable new[] = {table(1, "a", columns, 2), table(2, "c", new_b, 2)};
	SchemaChange change = {.stream = "shop",
						   .command = "ALTER TABLE",
						   .before = document(old, 2),
						   .after = document(new, 2)};

	(void) state;
	old[0].foreign_keys = &before, new[0].foreign_keys = &after;
	old[0].foreign_key_count = new[0].foreign_key_count = 1;
	after.definition = "FOREIGN KEY (a) REFERENCES public.c(key)";
	assert_string_equal(statements(&change),
						"ALTER TABLE \"public\".\"b\" RENAME TO \"c\";\n"
						"ALTER TABLE \"public\".\"c\" RENAME COLUMN \"id\" TO \"key\";\n");
	after.definition = "FOREIGN KEY (a) REFERENCES public.c(other)";
	assert_string_equal(statements(&change),
						"ALTER TABLE \"public\".\"a\" DROP CONSTRAINT \"k\";\n"
						"ALTER TABLE \"public\".\"b\" RENAME TO \"c\";\n"
						"ALTER TABLE \"public\".\"c\" RENAME COLUMN \"id\" TO \"key\";\n"
						"ALTER TABLE \"public\".\"a\" ADD CONSTRAINT \"k\" FOREIGN KEY (a) "
						"REFERENCES public.c(other);\n");
}

static void
expressions_change_with_names(void **state)
{
	SchemaColumn old[] = {column(1, "a", "integer"), column(2, "g", "integer")};
	SchemaColumn new[] = {column(1, "b", "integer"), column(2, "g", "integer")};
	SchemaTable a = table(1, "t", old, 2), b = table(1, "t", new, 2);

	(void) state;
	old[1].generated = new[1].generated = SCHEMA_GENERATED_STORED;
	old[1].expression = "(a + 1)";
	new[1].expression = "(b + 1)";
	assert_string_equal(between(&a, &b),
						"ALTER TABLE \"public\".\"t\" RENAME COLUMN \"a\" TO \"b\";\n");
	new[1].expression = "(b + 2)";
	assert_string_equal(
		between(&a, &b),
		"ALTER TABLE \"public\".\"t\" RENAME COLUMN \"a\" TO \"b\";\n"
		"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"g\" SET EXPRESSION AS ((b + 2));\n");
}

/* ---- tables ---- */

static void
tables_go_together_and_their_keys_first(void **state)
{
	SchemaColumn columns[] = {column(1, "a", "integer")};
	SchemaForeignKey to_b = key_to("to_b", "b"), to_a = key_to("to_a", "a");
	SchemaTable tables[] = {table(1, "a", columns, 1), table(2, "b", columns, 1)};
	SchemaChange change = {
		.stream = "shop", .command = "DROP TABLE", .before = document(tables, 2)};

	(void) state;
	tables[0].foreign_keys = &to_b;
	tables[1].foreign_keys = &to_a;
	tables[0].foreign_key_count = tables[1].foreign_key_count = 1;
	assert_string_equal(statements(&change),
						"ALTER TABLE \"public\".\"a\" DROP CONSTRAINT \"to_b\";\n"
						"ALTER TABLE \"public\".\"b\" DROP CONSTRAINT \"to_a\";\n"
						"DROP TABLE IF EXISTS \"public\".\"a\", \"public\".\"b\";\n");
}

static void
partitions_are_made_and_attached(void **state)
{
	SchemaColumn columns[] = {column(1, "a", "integer")};
	SchemaPartitioning by = {"list", "LIST (a)"};
	SchemaPartitionOf of = {"public", "root", "FOR VALUES IN (1)", "(id = 1)"};
	SchemaTable old[] = {table(1, "root", columns, 1)};
	SchemaTable new[] = {table(1, "root", columns, 1), table(2, "part", columns, 1)};
	SchemaChange change = {.stream = "shop",
						   .command = "CREATE TABLE",
						   .before = document(old, 1),
						   .after = document(new, 2)};

	(void) state;
	old[0].kind = new[0].kind = SCHEMA_TABLE_PARTITIONED;
	old[0].partition = new[0].partition = &by;
	new[1].partition_of = &of;
	assert_string_equal(statements(&change),
						"CREATE TABLE \"public\".\"part\" (\n    \"a\" integer);\n"
						"ALTER TABLE \"public\".\"root\" ATTACH PARTITION \"public\".\"part\" FOR "
						"VALUES IN (1);\n");
	change = (SchemaChange){.stream = "shop",
							.command = "ALTER TABLE",
							.before = document(&new[1], 1),
							.after = document(&new[1], 1)};
	assert_string_equal(statements(&change), "");
}

/* At a target that has all rows in one table; each part asks for that. */
static void
rows_of_partitions_come_and_go(void **state)
{
	SchemaColumn columns[] = {column(1, "a", "integer"), column(2, "g", "integer")};
	SchemaPartitioning by = {"list", "LIST (a)"};
	SchemaPartitionOf of = {"public", "root", "FOR VALUES IN (1)", "(a = 1)"};
	SchemaPartitionOf by_default = {"public", "root", "DEFAULT", NULL};
	SchemaTable root = table(1, "root", columns, 2), part = table(2, "part", columns, 2);
	SchemaTable with[] = {root, part}, without[] = {root, part};
	SchemaChange change = {.stream = "shop", .command = "DROP TABLE"};

	(void) state;
	columns[1].generated = SCHEMA_GENERATED_STORED;
	columns[1].expression = "a + 1";
	with[0].kind = without[0].kind = SCHEMA_TABLE_PARTITIONED;
	with[0].partition = without[0].partition = &by;
	with[1].partition_of = &of;

	change.before = document(with, 2);
	change.after = document(without, 1);
	assert_string_equal(statements(&change), "DELETE FROM \"public\".\"root\" WHERE (a = 1);\n"
											 "DROP TABLE IF EXISTS \"public\".\"part\";\n");
	change.after = document(without, 2);
	assert_string_equal(
		statements(&change),
		"ALTER TABLE \"public\".\"root\" DETACH PARTITION \"public\".\"part\";\n"
		"CREATE TABLE \"public\".\"part\" (\n    \"a\" integer,\n"
		"    \"g\" integer GENERATED ALWAYS AS (a + 1) STORED);\n"
		"INSERT INTO \"public\".\"part\" (\"a\") OVERRIDING SYSTEM VALUE SELECT \"a\" FROM "
		"\"public\".\"root\" WHERE (a = 1);\n"
		"DELETE FROM \"public\".\"root\" WHERE (a = 1);\n");
	change.before = document(without, 2);
	change.after = document(with, 2);
	assert_string_equal(
		statements(&change),
		"ALTER TABLE \"public\".\"root\" ATTACH PARTITION \"public\".\"part\" FOR VALUES IN (1);\n"
		"INSERT INTO \"public\".\"root\" (\"a\") OVERRIDING SYSTEM VALUE SELECT \"a\" FROM "
		"\"public\".\"part\";\n"
		"DROP TABLE \"public\".\"part\";\n");
	with[1].partition_of = &by_default;
	change.before = document(with, 2);
	change.after = document(without, 1);
	assert_string_equal(statements(&change), "DROP TABLE IF EXISTS \"public\".\"part\";\n");
}

static void
a_parent_that_was_renamed_is_the_same(void **state)
{
	SchemaColumn columns[] = {column(1, "a", "integer")};
	SchemaPartitionOf of_old = {"public", "root", "DEFAULT", NULL},
					  of_new = {"public", "top", "DEFAULT", NULL};
	SchemaTable old[] = {table(1, "root", columns, 1), table(2, "part", columns, 1)};
	SchemaTable new[] = {table(1, "top", columns, 1), table(2, "part", columns, 1)};
	SchemaChange change = {.stream = "shop",
						   .command = "ALTER TABLE",
						   .before = document(old, 2),
						   .after = document(new, 2)};

	(void) state;
	old[1].partition_of = &of_old;
	new[1].partition_of = &of_new;
	assert_string_equal(statements(&change),
						"ALTER TABLE \"public\".\"root\" RENAME TO \"top\";\n");
	change.after = document(&new[1], 1);
	change.before = document(&old[1], 1);
	assert_string_equal(statements(&change),
						"ALTER TABLE \"public\".\"root\" DETACH PARTITION \"public\".\"part\";\n"
						"ALTER TABLE \"public\".\"top\" ATTACH PARTITION \"public\".\"part\" "
						"DEFAULT;\n");
}

/* ---- types ---- */

static const char *
between_types(SchemaType *old, SchemaType *new, const SchemaRenamed *renamed)
{
	SchemaChange change = {.stream = "shop", .command = "ALTER TYPE"};

	change.before = (SchemaDocument){.types = old, .type_count = old != NULL};
	change.after = (SchemaDocument){.types = new, .type_count = new != NULL};
	change.renamed = (SchemaRenamed *) renamed;
	change.renamed_count = renamed != NULL;
	return statements(&change);
}

static SchemaType
an_enum(const char *name, const char **labels, size_t count)
{
	return (SchemaType){.schema = "public",
						.name = name,
						.kind = SCHEMA_TYPE_ENUM,
						.labels = labels,
						.label_count = count};
}

static void
labels_are_added_in_their_places(void **state)
{
	const char *old[] = {"b", "d"}, *new[] = {"a", "b", "it's", "d", "e"}, *other[] = {"b", "c"};
	SchemaType two = an_enum("m", old, 2), five = an_enum("m", new, 5),
			   changed = an_enum("m", other, 2);

	(void) state;
	assert_string_equal(between_types(&two, &five, NULL),
						"ALTER TYPE \"public\".\"m\" ADD VALUE 'a' BEFORE 'b';\n"
						"ALTER TYPE \"public\".\"m\" ADD VALUE 'it''s' AFTER 'b';\n"
						"ALTER TYPE \"public\".\"m\" ADD VALUE 'e' AFTER 'd';\n");
	assert_string_equal(between_types(&two, &changed, NULL),
						"ALTER TYPE \"public\".\"m\" RENAME VALUE 'd' TO 'c';\n");
	assert_string_equal(between_types(&two, NULL, NULL), "DROP TYPE \"public\".\"m\";\n");
	assert_string_equal(between_types(NULL, &two, NULL),
						"CREATE TYPE \"public\".\"m\" AS ENUM ('b', 'd');\n");
}

static void
types_are_known_by_their_names(void **state)
{
	const char *labels[] = {"a"};
	SchemaType old = an_enum("m", labels, 1), new = an_enum("n", labels, 1);
	const SchemaRenamed renamed = {SCHEMA_RENAMED_TYPE, {"public", "m"}, {"public", "n"}};

	(void) state;
	assert_string_equal(between_types(&old, &new, &renamed),
						"ALTER TYPE \"public\".\"m\" RENAME TO \"n\";\n");
	assert_string_equal(between_types(&old, &new, NULL),
						"CREATE TYPE \"public\".\"n\" AS ENUM ('a');\n"
						"DROP TYPE \"public\".\"m\";\n");
}

static void
domains_and_composites_change(void **state)
{
	SchemaDomainCheck old_check = {"c", "CHECK ((VALUE > 0))"},
					  new_check = {"c", "CHECK ((VALUE > 1))"};
	SchemaAttribute three[] = {{"a", "integer", NULL}, {"b", "text", NULL}, {"c", "date", NULL}};
	SchemaAttribute two[] = {{"a", "bigint", NULL}, {"c", "date", NULL}};
	SchemaAttribute other[] = {{"a", "bigint", NULL}, {"z", "date", NULL}};
	SchemaType a = {.schema = "public", .name = "d", .kind = SCHEMA_TYPE_DOMAIN, .base = "integer"};
	SchemaType b = a;

	(void) state;
	a.checks = &old_check, b.checks = &new_check;
	a.check_count = b.check_count = 1;
	b.default_value = "5";
	b.not_null = true;
	assert_string_equal(
		between_types(&a, &b, NULL),
		"ALTER DOMAIN \"public\".\"d\" SET DEFAULT 5;\n"
		"ALTER DOMAIN \"public\".\"d\" SET NOT NULL;\n"
		"ALTER DOMAIN \"public\".\"d\" DROP CONSTRAINT \"c\";\n"
		"ALTER DOMAIN \"public\".\"d\" ADD CONSTRAINT \"c\" CHECK ((VALUE > 1));\n");
	a = b = (SchemaType){.schema = "public", .name = "p", .kind = SCHEMA_TYPE_COMPOSITE};
	a.attributes = three, a.attribute_count = 3;
	b.attributes = two, b.attribute_count = 2;
	assert_string_equal(between_types(&a, &b, NULL),
						"ALTER TYPE \"public\".\"p\" DROP ATTRIBUTE \"b\";\n"
						"ALTER TYPE \"public\".\"p\" ALTER ATTRIBUTE \"a\" TYPE bigint;\n");
	a = b;
	b.attributes = other;
	assert_string_equal(between_types(&a, &b, NULL),
						"ALTER TYPE \"public\".\"p\" RENAME ATTRIBUTE \"c\" TO \"z\";\n");
}

/* ---- sequences ---- */

static void
sequences_come_before_their_columns_and_go_after(void **state)
{
	SchemaSequenceOwner owner = {"public", "t", "id"};
	SchemaSequence sequence = {.schema = "public",
							   .name = "s",
							   .type = "integer",
							   .start = "1",
							   .increment = "1",
							   .minimum = "1",
							   .maximum = "9",
							   .cache = "1",
							   .owner = &owner};
	SchemaSequence wider = sequence;
	SchemaColumn old[] = {column(1, "id", "integer")}, new[] = {column(1, "id", "integer")};
	SchemaTable a = table(1, "t", old, 1), b = table(1, "t", new, 1);
	SchemaChange change = change_of(&a, &b);

	(void) state;
	new[0].default_value = "nextval('public.s'::regclass)";
	change.after.sequences = &sequence;
	change.after.sequence_count = 1;
	assert_string_equal(statements(&change),
						"CREATE SEQUENCE \"public\".\"s\" AS integer START WITH 1 INCREMENT BY 1 "
						"MINVALUE 1 MAXVALUE 9 CACHE 1;\n"
						"ALTER TABLE \"public\".\"t\" ALTER COLUMN \"id\" SET DEFAULT "
						"nextval('public.s'::regclass);\n"
						"ALTER SEQUENCE \"public\".\"s\" OWNED BY \"public\".\"t\".\"id\";\n");
	change = change_of(NULL, NULL);
	wider.maximum = "99";
	change.before.sequences = &sequence;
	change.after.sequences = &wider;
	change.before.sequence_count = change.after.sequence_count = 1;
	assert_string_equal(statements(&change),
						"ALTER SEQUENCE \"public\".\"s\" AS integer START WITH 1 INCREMENT BY 1 "
						"MINVALUE 1 MAXVALUE 99 CACHE 1 NO CYCLE;\n");
	change.after.sequence_count = 0;
	assert_string_equal(statements(&change), "DROP SEQUENCE \"public\".\"s\";\n");
}

/* ---- questions ---- */

static void
names_are_literals_in_questions(void **state)
{
	SchemaColumn old[] = {column(1, "id", "integer")};
	SchemaColumn new[] = {column(1, "id", "integer"), column(2, "it's", "integer")};
	SchemaTable a = table(1, "t'", old, 1), b = table(1, "t'", new, 2);
	SchemaChange change = change_of(&a, &b);

	(void) state;
	assert_string_equal(
		text_of(&change, 150000, CREATE_ALL, true),
		"SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid "
		"= c.relnamespace WHERE n.nspname = 'public' AND c.relname = 't''') AND NOT EXISTS (SELECT "
		"FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN "
		"pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT "
		"a.attisdropped AND n.nspname = 'public' AND c.relname = 't''' AND a.attname = 'it''s')?\n"
		"ALTER TABLE \"public\".\"t'\" ADD COLUMN \"it's\" integer;\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_shapes_need_nothing),
		cmocka_unit_test(columns_come_and_go),
		cmocka_unit_test(a_rename_is_a_rename),
		cmocka_unit_test(rows_that_were_there_get_what_they_got),
		cmocka_unit_test(types_change_with_their_defaults),
		cmocka_unit_test(a_default_goes_before_an_identity_comes),
		cmocka_unit_test(what_is_inherited_is_done_above),
		cmocka_unit_test(a_lone_one_on_each_side_was_renamed),
		cmocka_unit_test(another_definition_is_another_constraint),
		cmocka_unit_test(validating_is_no_other_definition),
		cmocka_unit_test(only_what_is_wanted_is_made),
		cmocka_unit_test(a_rename_hides_no_other_change),
		cmocka_unit_test(a_name_that_another_column_takes),
		cmocka_unit_test(foreign_keys_follow_names_of_the_other_table),
		cmocka_unit_test(expressions_change_with_names),
		cmocka_unit_test(tables_go_together_and_their_keys_first),
		cmocka_unit_test(partitions_are_made_and_attached),
		cmocka_unit_test(rows_of_partitions_come_and_go),
		cmocka_unit_test(a_parent_that_was_renamed_is_the_same),
		cmocka_unit_test(labels_are_added_in_their_places),
		cmocka_unit_test(types_are_known_by_their_names),
		cmocka_unit_test(domains_and_composites_change),
		cmocka_unit_test(sequences_come_before_their_columns_and_go_after),
		cmocka_unit_test(names_are_literals_in_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
