/*
 * my_ddl_test.c - the SQL of a design for MySQL and MariaDB, exactly; what keys, rows and names do to
 * it; what is told; and what a change of structure makes of two shapes.
 */
#include "writer/mysql/my_ddl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "writer/mysql/my_change.h"
#include "writer/structure.h"

#define COUNT(list)	 (sizeof(list) / sizeof((list)[0]))
#define TEXT_LONGEST 4096
#define COLUMN(n, t, c)                                                                            \
	.name = (n), .type = (t), .type_schema = "pg_catalog", .type_name = (t), .canon = (c)

static const TargetKind mysql = {FLAVOUR_MYSQL, 90700};
static const TargetKind mariadb = {FLAVOUR_MARIADB, 101119};

/* ---- a document ---- */

static const char *labels[] = {"sad", "it's"};
static const char *blank_labels[] = {"a", "a "};
static SchemaDomainCheck domain_checks[] = {{"filled", "CHECK ((VALUE <> ''::text))"},
											{"late", "CHECK ((VALUE <> 'x'::text)) NOT VALID"}};
static SchemaType types[] = {
	{.schema = "public",
	 .name = "mood",
	 .kind = SCHEMA_TYPE_ENUM,
	 .labels = labels,
	 .label_count = 2},
	{.schema = "public",
	 .name = "blank",
	 .kind = SCHEMA_TYPE_ENUM,
	 .labels = blank_labels,
	 .label_count = 2},
	{.schema = "public",
	 .name = "short",
	 .kind = SCHEMA_TYPE_DOMAIN,
	 .base = "character varying(5)",
	 .not_null = true,
	 .checks = domain_checks,
	 .check_count = 2},
	{.schema = "public", .name = "shorter", .kind = SCHEMA_TYPE_DOMAIN, .base = "public.short"},
};
static SchemaSequenceOwner owner = {"public", "t", "id"};
static SchemaSequence sequences[] = {
	{.schema = "public", .name = "t_id_seq", .increment = "1", .last_value = "41", .owner = &owner},
	{.schema = "public", .name = "free", .increment = "1"},
};
static SchemaColumn t_columns[] = {
	{COLUMN("id", "integer", CANON_INT32), .position = 1, .not_null = true,
	 .identity = SCHEMA_IDENTITY_ALWAYS},
	{COLUMN("a`b", "text", CANON_TEXT), .position = 2, .default_value = "'it''s'::text",
	 .default_kind = SCHEMA_DEFAULT_LITERAL, .default_literal = "it's", .comment = "back\\slash"},
	{.name = "m",
	 .position = 3,
	 .type = "public.mood",
	 .type_schema = "public",
	 .type_name = "mood",
	 .canon = CANON_ENUM},
	{.name = "bl",
	 .position = 4,
	 .type = "public.blank",
	 .type_schema = "public",
	 .type_name = "blank",
	 .canon = CANON_ENUM},
	{.name = "s",
	 .position = 5,
	 .type = "public.shorter",
	 .type_schema = "public",
	 .type_name = "shorter",
	 .canon = CANON_TEXT},
	{COLUMN("at", "timestamp(3) with time zone", CANON_TIMESTAMPTZ), .position = 6,
	 .default_value = "now()", .default_kind = SCHEMA_DEFAULT_EXPRESSION},
	{COLUMN("twice", "integer", CANON_INT32), .position = 7, .generated = SCHEMA_GENERATED_STORED,
	 .expression = "(n * 2)"},
	{COLUMN("joined", "text", CANON_TEXT), .position = 8, .generated = SCHEMA_GENERATED_STORED,
	 .expression = "(s || 'x'::text)"},
	{COLUMN("n", "integer", CANON_INT32), .position = 9, .default_value = "my_function()",
	 .default_kind = SCHEMA_DEFAULT_EXPRESSION},
};
static SchemaIndexColumn on_id[] = {{.name = "id", .order = SCHEMA_ASCENDING}};
static SchemaIndexColumn on_text[] = {{.name = "a`b", .order = SCHEMA_DESCENDING}, {.name = "n"}};
static SchemaIndexColumn on_lower[] = {{.expression = "lower(s)"}};
static SchemaIndexColumn on_s[] = {{.name = "s"}};
static SchemaIndex t_indexes[] = {
	{.name = "t_pkey",
	 .primary = true,
	 .unique = true,
	 .method = "btree",
	 .columns = on_id,
	 .column_count = 1},
	{.name = "primary", .method = "btree", .columns = on_text, .column_count = 2},
	{.name = "lower", .method = "btree", .columns = on_lower, .column_count = 1},
	{.name = "part",
	 .unique = true,
	 .method = "btree",
	 .predicate = "(n > 0)",
	 .columns = on_s,
	 .column_count = 1},
	{.name = "gin", .method = "gin", .columns = on_text, .column_count = 2},
};
static SchemaCheck t_checks[] = {
	{.name = "c", .definition = "CHECK ((n > 0))", .expression = "(n > 0)", .validated = true},
	{.name = "c2", .definition = "CHECK ((n > 1)) NOT VALID", .expression = "(n > 1)"},
	{.name = "c3",
	 .definition = "CHECK ((s ~ 'x'::text))",
	 .expression = "(s ~ 'x'::text)",
	 .validated = true},
};
static const char *key_columns[] = {"n"};
static const char *referenced[] = {"big"};
static SchemaForeignKey t_keys[] = {
	{.name = "c",
	 .columns = key_columns,
	 .column_count = 1,
	 .schema = "other",
	 .table = "p",
	 .referenced = referenced,
	 .referenced_count = 1,
	 .on_update = SCHEMA_SET_DEFAULT,
	 .on_delete = SCHEMA_SET_NULL,
	 .match = SCHEMA_MATCH_SIMPLE,
	 .validated = true,
	 .definition = "FOREIGN KEY (n) REFERENCES other.p(big) ON DELETE SET NULL"},
};
static SchemaColumn p_columns[] = {
	{COLUMN("big", "bigint", CANON_INT64), .position = 1, .not_null = true},
	{COLUMN("x", "text", CANON_TEXT), .position = 2},
	{COLUMN("y", "bytea", CANON_BYTES), .position = 3},
	{COLUMN("z", "uuid", CANON_UUID), .position = 4},
};
static SchemaIndexColumn on_big[] = {{.name = "big"}};
static SchemaIndexColumn on_all[] = {{.name = "z"}, {.name = "x"}, {.name = "y"}};
static SchemaIndex p_indexes[] = {
	{.name = "p_pkey",
	 .primary = true,
	 .unique = true,
	 .method = "btree",
	 .columns = on_big,
	 .column_count = 1},
	{.name = "p_all", .unique = true, .method = "btree", .columns = on_all, .column_count = 3},
};
static SchemaCheck p_checks[] = {
	{.name = "C", .definition = "CHECK ((big > 0))", .expression = "(big > 0)", .validated = true},
};
static SchemaColumn wide_columns[] = {
	{COLUMN("a", "character varying(9000)", CANON_TEXT), .position = 1},
	{COLUMN("b", "character varying(9001)", CANON_TEXT), .position = 2},
};
static SchemaTable tables[] = {
	{.id = 1,
	 .schema = "public",
	 .name = "t",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .comment = "a table",
	 .columns = t_columns,
	 .column_count = COUNT(t_columns),
	 .indexes = t_indexes,
	 .index_count = COUNT(t_indexes),
	 .checks = t_checks,
	 .check_count = COUNT(t_checks),
	 .foreign_keys = t_keys,
	 .foreign_key_count = COUNT(t_keys)},
	{.id = 2,
	 .schema = "other",
	 .name = "p",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .columns = p_columns,
	 .column_count = COUNT(p_columns),
	 .indexes = p_indexes,
	 .index_count = COUNT(p_indexes),
	 .checks = p_checks,
	 .check_count = COUNT(p_checks)},
	{.id = 3,
	 .schema = "public",
	 .name = "wide",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .columns = wide_columns,
	 .column_count = 2},
};
static const SchemaDocument document = {
	.source = {.product = "postgresql", .version = 150000},
	.tables = tables,
	.table_count = COUNT(tables),
	.types = types,
	.type_count = COUNT(types),
	.sequences = sequences,
	.sequence_count = COUNT(sequences),
};

/* ---- what is written ---- */

static MyDesign
design_of(const TargetKind *target)
{
	SluiceError err = {0};
	MyDesign design;

	if (!my_design_make(&design, &document, target, NULL, "shop", &err))
		fail_msg("%s", err.message);
	return design;
}

typedef void (*Writes)(const MyDdl *ddl);

/* All statements that `writes` makes, each with ";" and a newline. */
static const char *
written(const TargetKind *target, Writes writes)
{
	static char text[TEXT_LONGEST];
	MyDesign design = design_of(target);
	SluiceError err = {0};
	Script script;
	const MyDdl ddl = {.design = &design, .script = &script};

	text[0] = '\0';
	assert_true(script_open(&script, &err));
	writes(&ddl);
	assert_true(script_close(&script, &err));
	for (size_t i = 0; i < script.count; i++)
		(void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;\n",
						script_sql(&script, i));
	script_free(&script);
	my_design_free(&design);
	return text;
}

static void
write_t(const MyDdl *ddl)
{
	my_ddl_table(ddl, &tables[0]);
}

static void
write_p(const MyDdl *ddl)
{
	my_ddl_table(ddl, &tables[1]);
}

static void
write_wide(const MyDdl *ddl)
{
	my_ddl_table(ddl, &tables[2]);
}

#define T_COLUMNS                                                                                  \
	"CREATE TABLE `shop`.`t` (\n"                                                                  \
	"  `id` int NOT NULL AUTO_INCREMENT,\n"                                                        \
	"  `a``b` longtext DEFAULT ('it''s') COMMENT 'back\\\\slash',\n"                               \
	"  `m` enum('sad','it''s'),\n"                                                                 \
	"  `bl` varchar(63),\n"                                                                        \
	"  `s` varchar(5) NOT NULL,\n"                                                                 \
	"  `at` datetime(3) DEFAULT (UTC_TIMESTAMP(3)) COMMENT 'timestamp with time zone, in UTC',\n"  \
	"  `twice` int GENERATED ALWAYS AS ((`n` * 2)) STORED,\n"                                      \
	"  `n` bigint,\n"                                                                              \
	"  PRIMARY KEY (`id`),\n"                                                                      \
	"  CONSTRAINT `t_bl_label` CHECK (`bl` IN ('a', 'a ')),\n"                                     \
	"  CONSTRAINT `t_s_filled` CHECK (((`s` <> '')))\n"                                            \
	") ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE "

static void
tables_have_what_the_target_can_have(void **state)
{
	(void) state;
	assert_string_equal(written(&mysql, write_t),
						T_COLUMNS "utf8mb4_0900_bin COMMENT 'a table';\n");
	assert_string_equal(written(&mariadb, write_t),
						T_COLUMNS "utf8mb4_nopad_bin COMMENT 'a table';\n");
}

/* 3072 bytes for all of a key: what is as long as it comes shares what the others leave. */
static void
keys_share_their_bytes(void **state)
{
	(void) state;
	assert_string_equal(written(&mysql, write_p),
						"CREATE TABLE `other`.`p` (\n"
						"  `big` bigint NOT NULL,\n"
						"  `x` varchar(379),\n"
						"  `y` varbinary(1518),\n"
						"  `z` char(36) COLLATE ascii_bin,\n"
						"  PRIMARY KEY (`big`),\n"
						"  CONSTRAINT `C` CHECK ((`big` > 0))\n"
						") ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE "
						"utf8mb4_0900_bin;\n");
}

static void
long_rows_have_large_text_apart(void **state)
{
	const char *text = written(&mysql, write_wide);

	(void) state;
	assert_non_null(strstr(text, "`a` varchar(9000),"));
	assert_non_null(strstr(text, "`b` longtext\n"));
}

static void
write_indexes(const MyDdl *ddl)
{
	const size_t numbers[] = {1, 3};

	my_ddl_indexes(ddl, &tables[0], numbers, 2);
	my_ddl_indexes(ddl, &tables[0], numbers, 0);
}

static void
indexes_are_one_statement(void **state)
{
	(void) state;
	assert_string_equal(written(&mysql, write_indexes),
						"ALTER TABLE `shop`.`t`\n"
						"  ADD KEY `primary_` (`a``b`(255) DESC, `n`),\n"
						"  ADD KEY `part` (`s`);\n");
}

static void
write_key(const MyDdl *ddl)
{
	assert_null(my_foreign_key_refused(ddl->design, &tables[0], &t_keys[0]));
	my_ddl_foreign_key(ddl, &tables[0], &t_keys[0]);
	my_ddl_auto_increment(ddl, &tables[0], my_sequence_next(&sequences[0]));
}

static void
foreign_keys_are_looked_at_first(void **state)
{
	(void) state;
	assert_string_equal(
		written(&mysql, write_key),
		"SELECT IF(EXISTS (SELECT 1 FROM `shop`.`t` c LEFT JOIN `other`.`p` p ON p.`big` = c.`n` "
		"WHERE p.`big` IS NULL AND c.`n` IS NOT NULL), 'rows that are there do not hold it; it is "
		"made "
		"for new ones', NULL);\n"
		"ALTER TABLE `shop`.`t` ADD CONSTRAINT `c` FOREIGN KEY (`n`) REFERENCES `other`.`p` "
		"(`big`);\n"
		"ALTER TABLE `shop`.`t` AUTO_INCREMENT = 42;\n");
}

/* ---- what is told ---- */

static void
losses_are_told(void **state)
{
	static const char *const told[] = {
		"column public.t.joined is left out: what computes it is not carried: (s || 'x'::text)",
		"the default of public.t.n is not carried: my_function()",
		"check c of public.t is not carried: (n > 0)",
		"check c2 of public.t is not carried: it is not valid",
		"check c3 of public.t is not carried: (s ~ 'x'::text)",
		"index public.lower is not made: it is of an expression",
		"index public.part is different there: it is of all rows there, so it is not unique",
		"index public.gin is not made: its method is PostgreSQL's alone",
		"foreign key c of public.t does nothing instead of SET DEFAULT there",
		"foreign key c of public.t has no actions there, as a column is computed from it",
		"column other.p.x is varchar(379), as it is in a key: longer values are refused",
		"column public.wide.b is longtext, as the row would be longer than 65535 bytes",
		"sequence public.free is not carried",
	};
	const unsigned char chosen[] = {CHOSEN_CREATE, CHOSEN_CREATE, CHOSEN_CREATE};
	MyDesign design = design_of(&mysql);
	Findings findings = {0};

	(void) state;
	my_design_tell(&design, CREATE_ALL, chosen, &findings);
	assert_int_equal(findings.problems, 0);
	for (size_t i = 0; i < COUNT(told); i++)
	{
		bool found = false;

		for (size_t k = 0; k < findings.count; k++)
			found |= strcmp(findings.items[k].text, told[i]) == 0;
		if (!found)
			fail_msg("not told: %s", told[i]);
	}
	findings_free(&findings);
	my_design_free(&design);
}

static void
names_are_judged(void **state)
{
	static SchemaColumn columns[] = {{COLUMN("a", "integer", CANON_INT32)},
									 {COLUMN("A", "integer", CANON_INT32)},
									 {COLUMN("b ", "integer", CANON_INT32)},
									 {COLUMN("\xF0\x9F\x98\x80", "integer", CANON_INT32)}};
	static SchemaTable odd[] = {
		{.schema = "public", .name = "odd", .columns = columns, .column_count = 4},
		{.schema = "public", .name = "empty"}};
	const SchemaDocument names = {.tables = odd, .table_count = 2};
	const unsigned char chosen[] = {CHOSEN_CREATE, CHOSEN_CREATE};
	Findings findings = {0};
	SluiceError err = {0};
	MyDesign design;

	(void) state;
	assert_true(my_design_make(&design, &names, &mysql, NULL, "shop", &err));
	my_design_tell(&design, CREATE_ALL, chosen, &findings);
	assert_int_equal(findings.problems, 4);
	findings_free(&findings);
	my_design_free(&design);
}

static void
comments_and_names_are_cut(void **state)
{
	char *text = NULL, name[MY_NAME_SIZE], other[MY_NAME_SIZE];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	static const SchemaTable table = {
		.name = "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"};

	(void) state;
	my_write_comment(out, "\xC3\xA4\xC3\xA4'", 2);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "'\xC3\xA4\xC3\xA4'");
	free(text);
	my_long_constraint_name(&table, "a_name_that_is_long_enough_to_be_cut_there", name);
	my_long_constraint_name(&table, "a_name_that_is_long_enough_to_be_cut_here", other);
	assert_true(strlen(name) <= MY_NAME_CHARACTERS);
	assert_string_not_equal(name, other);
}

/* ---- changes ---- */

static SchemaColumn before_columns[] = {
	{COLUMN("id", "integer", CANON_INT32), .position = 1, .not_null = true},
	{COLUMN("a", "integer", CANON_INT32), .position = 2},
	{COLUMN("gone", "integer", CANON_INT32), .position = 3},
	{.name = "m",
	 .position = 4,
	 .type = "public.mood",
	 .type_schema = "public",
	 .type_name = "mood",
	 .canon = CANON_ENUM},
};
static SchemaColumn after_columns[] = {
	{COLUMN("id", "integer", CANON_INT32), .position = 1, .not_null = true},
	{COLUMN("a2", "bigint", CANON_INT64), .position = 2},
	{.name = "m",
	 .position = 4,
	 .type = "public.mood",
	 .type_schema = "public",
	 .type_name = "mood",
	 .canon = CANON_ENUM},
	{COLUMN("new", "integer", CANON_INT32), .position = 5},
};
static const char *new_labels[] = {"glad", "it's"};
static SchemaType after_types[] = {{.schema = "public",
									.name = "mood",
									.kind = SCHEMA_TYPE_ENUM,
									.labels = new_labels,
									.label_count = 2}};
static SchemaTable before_tables[] = {
	{.id = 7, .schema = "public", .name = "t", .columns = before_columns, .column_count = 4}};
static SchemaTable after_tables[] = {
	{.id = 7, .schema = "public", .name = "u", .columns = after_columns, .column_count = 4}};
static SchemaFill fills[] = {{7, 5, SCHEMA_FILL_CONSTANT, "3"}};

static void
changes_are_what_differs(void **state)
{
	static const char *const statements[] = {
		"RENAME TABLE `shop`.`t` TO `shop`.`u`",
		"ALTER TABLE `shop`.`u` RENAME COLUMN `a` TO `a2`",
		"ALTER TABLE `shop`.`u` DROP COLUMN `gone`",
		"ALTER TABLE `shop`.`u` MODIFY COLUMN `a2` bigint",
		"ALTER TABLE `shop`.`u` MODIFY COLUMN `m` ENUM('sad', 'it''s', 'glad')",
		"UPDATE `shop`.`u` SET `m` = 'glad' WHERE `m` = 'sad'",
		"ALTER TABLE `shop`.`u` MODIFY COLUMN `m` enum('glad','it''s')",
		"ALTER TABLE `shop`.`u` ADD COLUMN `new` int DEFAULT 3",
		"ALTER TABLE `shop`.`u` MODIFY COLUMN `new` int",
	};
	const SchemaChange source = {
		.stream = "shop",
		.command = "ALTER TABLE",
		.before = {.tables = before_tables, .table_count = 1, .types = types, .type_count = 1},
		.after = {.tables = after_tables, .table_count = 1, .types = after_types, .type_count = 1},
		.fills = fills,
		.fill_count = 1};
	SluiceError err = {0};
	MyChange change;
	size_t at = 0;

	(void) state;
	assert_true(my_change_make(&change, &source, &mysql, NULL, "shop", CREATE_ALL, false, &err));
	for (size_t i = 0; i < change.ddl.count; i++)
	{
		const DdlPart *part = &change.ddl.parts[i];

		assert_null(part->unknown);
		assert_memory_equal(script_sql(&change.ddl.script, part->question), "SELECT ", 7);
		for (size_t step = part->question + 1; step < part->end; step++)
		{
			assert_true(at < COUNT(statements));
			assert_string_equal(script_sql(&change.ddl.script, step), statements[at++]);
		}
	}
	assert_int_equal(at, COUNT(statements));
	my_change_free(&change);
}

static void
what_the_server_converts_otherwise_is_by_hand(void **state)
{
	SchemaColumn text_columns[] = {{COLUMN("a", "text", CANON_TEXT), .position = 2}};
	SchemaColumn number_columns[] = {{COLUMN("a", "integer", CANON_INT32), .position = 2}};
	SchemaTable text_tables[] = {
		{.id = 7, .schema = "public", .name = "t", .columns = text_columns, .column_count = 1}};
	SchemaTable number_tables[] = {
		{.id = 7, .schema = "public", .name = "t", .columns = number_columns, .column_count = 1}};
	const SchemaChange source = {.before = {.tables = text_tables, .table_count = 1},
								 .after = {.tables = number_tables, .table_count = 1}};
	SluiceError err = {0};
	MyChange change;

	(void) state;
	for (int exact = 0; exact < 2; exact++)
	{
		assert_true(
			my_change_make(&change, &source, &mariadb, NULL, "shop", CREATE_ALL, exact == 1, &err));
		assert_int_equal(change.ddl.count, 2);
		assert_non_null(change.ddl.parts[0].unknown);
		assert_int_equal(change.ddl.parts[0].end, 3);
		assert_non_null(
			strstr(script_sql(&change.ddl.script, 0), "DATA_TYPE NOT IN ('int', 'int')"));
		assert_string_equal(script_sql(&change.ddl.script, 1), "SET SESSION sql_mode = ''");
		assert_string_equal(script_sql(&change.ddl.script, 2),
							"ALTER TABLE `shop`.`t` MODIFY COLUMN `a` int");
		assert_null(change.ddl.parts[1].unknown);
		my_change_free(&change);
	}
}

/* MySQL with a binary log of rows refuses ADD COLUMN with such a default. */
static void
defaults_that_are_drawn_come_behind_the_column(void **state)
{
	static const char *const statements[] = {
		"ALTER TABLE `shop`.`t` ADD COLUMN `u` char(36) COLLATE ascii_bin NOT NULL",
		"ALTER TABLE `shop`.`t` ALTER COLUMN `u` SET DEFAULT (UUID())",
	};
	SchemaColumn columns[] = {{COLUMN("a", "integer", CANON_INT32), .position = 1},
							  {COLUMN("u", "uuid", CANON_UUID), .position = 2, .not_null = true,
							   .default_value = "gen_random_uuid()",
							   .default_kind = SCHEMA_DEFAULT_EXPRESSION}};
	SchemaTable old = {
		.id = 7, .schema = "public", .name = "t", .columns = columns, .column_count = 1};
	SchemaTable new = {
		.id = 7, .schema = "public", .name = "t", .columns = columns, .column_count = 2};
	SchemaFill drawn = {7, 2, SCHEMA_FILL_UNKNOWN, "its default is volatile"};
	SchemaChange source = {.before = {.tables = &old, .table_count = 1},
						   .after = {.tables = &new, .table_count = 1},
						   .fills = &drawn};
	SluiceError err = {0};
	MyChange change;

	(void) state;
	for (size_t fills = 0; fills < 2; fills++)
	{
		source.fill_count = fills;
		assert_true(
			my_change_make(&change, &source, &mysql, NULL, "shop", CREATE_ALL, false, &err));
		assert_int_equal(change.ddl.count, 2);
		assert_int_equal(change.ddl.parts[0].unknown != NULL, fills);
		assert_string_equal(script_sql(&change.ddl.script, 1), statements[0]);
		assert_string_equal(script_sql(&change.ddl.script, 2), statements[1]);
		assert_null(change.ddl.parts[1].unknown);
		assert_string_equal(script_sql(&change.ddl.script, 4), statements[1]);
		my_change_free(&change);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_have_what_the_target_can_have),
		cmocka_unit_test(keys_share_their_bytes),
		cmocka_unit_test(long_rows_have_large_text_apart),
		cmocka_unit_test(indexes_are_one_statement),
		cmocka_unit_test(foreign_keys_are_looked_at_first),
		cmocka_unit_test(losses_are_told),
		cmocka_unit_test(names_are_judged),
		cmocka_unit_test(comments_and_names_are_cut),
		cmocka_unit_test(changes_are_what_differs),
		cmocka_unit_test(what_the_server_converts_otherwise_is_by_hand),
		cmocka_unit_test(defaults_that_are_drawn_come_behind_the_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
