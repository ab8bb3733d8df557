/*
 * my_native_test.c - tables of MySQL and MariaDB sources at targets of the two: what stays as it is
 * written, what has another name there, what is left out, and what changes of structure become.
 */
#include "writer/mysql/my_native.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "writer/mysql/my_change.h"
#include "writer/structure.h"

#define COUNT(list)	 (sizeof(list) / sizeof((list)[0]))
#define TEXT_LONGEST 8192
#define COLUMN(n, t, c)                                                                            \
	.name = (n), .type = (t), .type_schema = "", .type_name = (t), .canon = (c), .srid = -1

static const TargetKind mysql = {FLAVOUR_MYSQL, 90700};
static const TargetKind mariadb = {FLAVOUR_MARIADB, 101119};
static const TargetKind old_mariadb = {FLAVOUR_MARIADB, 100500};
static const SchemaSource from_mysql = {.product = "mysql", .version = 90700};
static const SchemaSource from_mariadb = {.product = "mariadb", .version = 101119};

/* ---- collations ---- */

static const char *
collation_at(const TargetKind *target, TargetFlavour source, const char *collation)
{
	static char name[MY_COLLATION_SIZE];

	my_collation_at(target, source, collation, name);
	return name;
}

static void
collations_of_mysql_have_a_like_at_mariadb(void **state)
{
	static const char *const pairs[][2] = {
		{"utf8mb4_0900_ai_ci", "utf8mb4_uca1400_nopad_ai_ci"},
		{"utf8mb4_0900_as_cs", "utf8mb4_uca1400_nopad_as_cs"},
		{"utf8mb4_ja_0900_as_cs_ks", "utf8mb4_uca1400_nopad_as_cs"},
		{"utf8mb4_de_pb_0900_ai_ci", "utf8mb4_uca1400_german2_nopad_ai_ci"},
		{"utf8mb4_0900_bin", "utf8mb4_nopad_bin"},
		{"utf8mb4_general_ci", "utf8mb4_general_ci"},
		{"latin1_swedish_ci", "latin1_swedish_ci"},
		{"gb18030_chinese_ci", "utf8mb4_unicode_520_ci"},
		{"gb18030_bin", "utf8mb4_bin"},
		{"utf8mb3_general_ci", "utf8mb3_general_ci"},
		{"utf8_general_ci", "utf8mb3_general_ci"},
	};

	(void) state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		assert_string_equal(collation_at(&mariadb, FLAVOUR_MYSQL, pairs[i][0]), pairs[i][1]);
	assert_string_equal(collation_at(&old_mariadb, FLAVOUR_MYSQL, "utf8mb4_0900_ai_ci"),
						"utf8mb4_unicode_520_nopad_ci");
	assert_string_equal(collation_at(&old_mariadb, FLAVOUR_MYSQL, "utf8mb4_0900_as_cs"),
						"utf8mb4_nopad_bin");
	assert_string_equal(collation_at(&old_mariadb, FLAVOUR_MYSQL, "utf8mb3_bin"), "utf8_bin");
}

static void
collations_of_mariadb_have_a_like_at_mysql(void **state)
{
	static const char *const pairs[][2] = {
		{"utf8mb4_uca1400_ai_ci", "utf8mb4_0900_ai_ci"},
		{"utf8mb4_uca1400_nopad_as_cs", "utf8mb4_0900_as_cs"},
		{"utf8mb4_uca1400_ai_cs", "utf8mb4_0900_as_cs"},
		{"utf8mb4_uca1400_as_ci", "utf8mb4_0900_as_ci"},
		{"utf8mb4_uca1400_german2_nopad_ai_ci", "utf8mb4_de_pb_0900_ai_ci"},
		{"utf8mb4_uca1400_german2_as_ci", "utf8mb4_0900_as_ci"},
		{"utf8mb4_nopad_bin", "utf8mb4_0900_bin"},
		{"utf8mb4_general_nopad_ci", "utf8mb4_0900_ai_ci"},
		{"latin1_swedish_nopad_ci", "latin1_swedish_ci"},
		{"utf8mb3_uca1400_ai_ci", "utf8mb3_unicode_520_ci"},
		{"ucs2_uca1400_as_cs", "ucs2_bin"},
		{"utf8mb4_croatian_mysql561_ci", "utf8mb4_croatian_ci"},
	};

	(void) state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		assert_string_equal(collation_at(&mysql, FLAVOUR_MARIADB, pairs[i][0]), pairs[i][1]);
}

/* An older release has not what the newer one has. */
static void
collations_of_one_product_stay(void **state)
{
	static const char *const own[] = {"utf8mb4_uca1400_ai_ci",
									  "utf8mb4_uca1400_german2_nopad_as_cs",
									  "latin1_swedish_nopad_ci", "utf8mb4_nopad_bin"};

	(void) state;
	for (size_t i = 0; i < COUNT(own); i++)
		assert_string_equal(collation_at(&mariadb, FLAVOUR_MARIADB, own[i]), own[i]);
	assert_string_equal(collation_at(&mysql, FLAVOUR_MYSQL, "utf8mb4_de_pb_0900_as_cs"),
						"utf8mb4_de_pb_0900_as_cs");
	assert_string_equal(collation_at(&old_mariadb, FLAVOUR_MARIADB, "utf8mb4_uca1400_ai_ci"),
						"utf8mb4_unicode_520_ci");
}

/* ---- a document ---- */

static SchemaColumn columns[] = {
	{COLUMN("id", "bigint unsigned", CANON_UINT64), .position = 1, .not_null = true,
	 .auto_increment = true},
	{COLUMN("e", "enum('a','it''s')", CANON_ENUM), .position = 2, .collation = "utf8mb4_0900_ai_ci",
	 .default_value = "'it''s'", .default_kind = SCHEMA_DEFAULT_LITERAL, .default_literal = "it's"},
	{COLUMN("t", "text", CANON_TEXT), .position = 3, .collation = "latin1_german1_ci",
	 .default_value = "'x'", .default_kind = SCHEMA_DEFAULT_LITERAL, .default_literal = "x"},
	{COLUMN("at", "timestamp(3)", CANON_TIMESTAMPTZ), .position = 4,
	 .default_value = "CURRENT_TIMESTAMP(3)", .default_kind = SCHEMA_DEFAULT_EXPRESSION,
	 .on_update = "CURRENT_TIMESTAMP(3)"},
	{COLUMN("b", "bit(3)", CANON_BITS), .position = 5, .default_value = "b'101'",
	 .default_kind = SCHEMA_DEFAULT_LITERAL, .default_literal = "101"},
	{COLUMN("vb", "varbinary(9)", CANON_BYTES), .position = 6, .default_value = "0x6162",
	 .default_kind = SCHEMA_DEFAULT_LITERAL, .default_literal = "0x6162"},
	{COLUMN("u", "binary(16)", CANON_BYTES), .position = 7,
	 .default_value = "(uuid_to_bin(uuid()))", .default_kind = SCHEMA_DEFAULT_EXPRESSION},
	{COLUMN("twice", "int", CANON_INT32), .position = 8, .not_null = true,
	 .generated = SCHEMA_GENERATED_STORED, .expression = "(`z` * 2)"},
	{COLUMN("like_it", "int", CANON_INT32), .position = 9, .generated = SCHEMA_GENERATED_VIRTUAL,
	 .expression = "regexp_like(`t`,_utf8mb4'x')"},
	{COLUMN("z", "int(5) unsigned zerofill", CANON_INT64), .position = 10, .not_null = true,
	 .invisible = true, .default_value = "0", .default_kind = SCHEMA_DEFAULT_LITERAL,
	 .default_literal = "0"},
	{COLUMN("j", "json", CANON_JSON), .position = 11},
	{COLUMN("g", "geomcollection", CANON_GEOMETRY), .position = 12, .not_null = true},
	{COLUMN("p", "int", CANON_INT32), .position = 13},
};
static SchemaColumn uuid_columns[] = {
	{COLUMN("u", "uuid", CANON_UUID), .position = 1, .not_null = true, .default_value = "uuid()",
	 .default_kind = SCHEMA_DEFAULT_EXPRESSION},
	{COLUMN("i4", "inet4", CANON_NETWORK), .position = 2},
	{COLUMN("i6", "inet6", CANON_NETWORK), .position = 3},
	{COLUMN("n", "int(11)", CANON_INT32), .position = 4, .default_value = "nextval(`d`.`s`)",
	 .default_kind = SCHEMA_DEFAULT_EXPRESSION},
	{COLUMN("c", "varchar(9) /*M!100301 COMPRESSED*/", CANON_TEXT), .position = 5,
	 .collation = "utf8mb4_uca1400_ai_ci"},
	{COLUMN("o", "xmltype", CANON_OTHER), .position = 6},
};
static SchemaIndexColumn on_id[] = {{.name = "id", .order = SCHEMA_ASCENDING}};
static SchemaIndexColumn on_text[] = {{.name = "t", .order = SCHEMA_DESCENDING, .length = 10},
									  {.name = "z", .order = SCHEMA_ASCENDING}};
static SchemaIndexColumn on_whole_text[] = {{.name = "t"}};
static SchemaIndexColumn on_lower[] = {{.expression = "lower(`t`)", .order = SCHEMA_ASCENDING}};
static SchemaIndexColumn on_shape[] = {{.name = "g"}};
static SchemaIndex indexes[] = {
	{.name = "PRIMARY",
	 .primary = true,
	 .unique = true,
	 .method = "btree",
	 .columns = on_id,
	 .column_count = 1},
	{.name = "pre", .unique = true, .method = "btree", .columns = on_text, .column_count = 2},
	{.name = "words", .method = "fulltext", .columns = on_whole_text, .column_count = 1},
	{.name = "more", .method = "fulltext", .columns = on_whole_text, .column_count = 1},
	{.name = "low", .method = "btree", .columns = on_lower, .column_count = 1},
	{.name = "near", .method = "spatial", .columns = on_shape, .column_count = 1},
	{.name = "hidden", .method = "btree", .columns = on_text, .column_count = 2, .invisible = true},
	{.name = "long", .unique = true, .method = "hash", .columns = on_whole_text, .column_count = 1},
};
static const char *of_p[] = {"p"};
static const char *of_id[] = {"id"};
static SchemaForeignKey keys[] = {
	{.name = "fk",
	 .columns = of_p,
	 .column_count = 1,
	 .schema = "d",
	 .table = "t",
	 .referenced = of_id,
	 .referenced_count = 1,
	 .on_update = SCHEMA_NO_ACTION,
	 .on_delete = SCHEMA_SET_NULL,
	 .match = SCHEMA_MATCH_SIMPLE,
	 .validated = true,
	 .definition = "FOREIGN KEY (`p`) REFERENCES `t` (`id`) ON DELETE SET NULL"},
};
static SchemaCheck checks[] = {
	{.name = "c1", .expression = "(`z` > 0)", .validated = true},
	{.name = "c2",
	 .expression = "(`t` <> (_utf8mb4'it''s \\' `p`' collate utf8mb4_0900_ai_ci))",
	 .validated = true},
	{.name = "c3", .expression = "regexp_like(`t`,'x')", .validated = true},
	{.name = "c4", .expression = "(`p` > 1)", .validated = true},
	{.name = "c5", .expression = "(`z` > 5)", .validated = false},
};
static SchemaTable tables[] = {
	{.id = 1,
	 .schema = "d",
	 .name = "t",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .columns = columns,
	 .column_count = COUNT(columns),
	 .indexes = indexes,
	 .index_count = COUNT(indexes),
	 .checks = checks,
	 .check_count = COUNT(checks),
	 .foreign_keys = keys,
	 .foreign_key_count = COUNT(keys),
	 .engine = "MyISAM",
	 .collation = "utf8mb4_0900_ai_ci",
	 .partitioning = "HASH (`id`)"},
	{.id = 2,
	 .schema = "d",
	 .name = "u",
	 .kind = SCHEMA_TABLE_PLAIN,
	 .columns = uuid_columns,
	 .column_count = COUNT(uuid_columns),
	 .versioned = true},
};
static SchemaNamespace schemas[] = {{.name = "d"}};

static SchemaDocument
document_of(const SchemaSource *source, size_t table)
{
	return (SchemaDocument){.source = *source,
							.schemas = schemas,
							.schema_count = 1,
							.tables = &tables[table],
							.table_count = 1};
}

/* ---- what is written ---- */

typedef void (*Writes)(const MyDdl *ddl, const SchemaTable *table);

/* All statements that `writes` makes of a table, each with ";" and a newline. */
static const char *
written(const SchemaSource *source, const TargetKind *target, size_t table, Writes writes)
{
	static char text[TEXT_LONGEST];
	const SchemaDocument document = document_of(source, table);
	SluiceError err = {0};
	MyDesign design;
	Script script;
	const MyDdl ddl = {.design = &design, .script = &script};

	if (!my_design_make(&design, &document, target, NULL, "shop", &err))
		fail_msg("%s", err.message);
	text[0] = '\0';
	assert_true(script_open(&script, &err));
	writes(&ddl, document.tables);
	assert_true(script_close(&script, &err));
	for (size_t i = 0; i < script.count; i++)
		(void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;\n",
						script_sql(&script, i));
	script_free(&script);
	my_design_free(&design);
	return text;
}

static void
tables_stay_as_they_are_written(void **state)
{
	(void) state;
	assert_string_equal(
		written(&from_mysql, &mysql, 0, my_ddl_table),
		"CREATE TABLE `d`.`t` (\n"
		"  `id` bigint unsigned NOT NULL AUTO_INCREMENT,\n"
		"  `e` enum('a','it''s') COLLATE utf8mb4_0900_ai_ci DEFAULT 'it''s',\n"
		"  `t` text COLLATE latin1_german1_ci DEFAULT ('x'),\n"
		"  `at` timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),\n"
		"  `b` bit(3) DEFAULT b'101',\n"
		"  `vb` varbinary(9) DEFAULT 0x6162,\n"
		"  `u` binary(16) DEFAULT ((uuid_to_bin(uuid()))),\n"
		"  `twice` int GENERATED ALWAYS AS ((`z` * 2)) STORED NOT NULL,\n"
		"  `like_it` int GENERATED ALWAYS AS (regexp_like(`t`,_utf8mb4'x')) VIRTUAL,\n"
		"  `z` int(5) unsigned zerofill NOT NULL DEFAULT 0 INVISIBLE,\n"
		"  `j` json,\n"
		"  `g` geometrycollection NOT NULL,\n"
		"  `p` int,\n"
		"  PRIMARY KEY (`id`),\n"
		"  CONSTRAINT `c1` CHECK ((`z` > 0)),\n"
		"  CONSTRAINT `c2` CHECK ((`t` <> (_utf8mb4'it''s \\' `p`' collate "
		"utf8mb4_0900_ai_ci))),\n"
		"  CONSTRAINT `c3` CHECK (regexp_like(`t`,'x'))\n"
		") ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT COLLATE utf8mb4_0900_ai_ci;\n");
}

static void
what_mariadb_lacks_is_left_out(void **state)
{
	const char *text = written(&from_mysql, &mariadb, 0, my_ddl_table);

	(void) state;
	assert_non_null(strstr(text, "`e` enum('a','it''s') COLLATE utf8mb4_uca1400_nopad_ai_ci"));
	assert_non_null(strstr(text, "`u` binary(16),\n"));
	assert_non_null(strstr(text, "`twice` int GENERATED ALWAYS AS ((`z` * 2)) STORED,\n"));
	assert_null(strstr(text, "like_it"));
	assert_null(strstr(text, "c3"));
	assert_non_null(strstr(text, "collate utf8mb4_uca1400_nopad_ai_ci))"));
	assert_non_null(strstr(text, "`c4` CHECK ((`p` > 1))"));
	assert_null(strstr(text, "c5"));
}

static void
what_mysql_lacks_becomes_something_else(void **state)
{
	(void) state;
	assert_string_equal(written(&from_mariadb, &mysql, 1, my_ddl_table),
						"CREATE TABLE `d`.`u` (\n"
						"  `u` char(36) COLLATE ascii_bin NOT NULL DEFAULT (uuid()),\n"
						"  `i4` varchar(15) COLLATE ascii_bin,\n"
						"  `i6` varchar(45) COLLATE ascii_bin,\n"
						"  `n` int(11),\n"
						"  `c` varchar(9) /*M!100301 COMPRESSED*/ COLLATE utf8mb4_0900_ai_ci,\n"
						"  `o` longtext COLLATE utf8mb4_bin\n"
						") ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE "
						"utf8mb4_0900_bin;\n");
	assert_non_null(strstr(written(&from_mariadb, &mariadb, 1, my_ddl_table),
						   "`u` uuid NOT NULL DEFAULT (uuid()),\n  `i4` inet4,\n  `i6` inet6,\n"));
}

static void
write_indexes(const MyDdl *ddl, const SchemaTable *table)
{
	size_t numbers[COUNT(indexes)], count = 0;
	const char *why;

	for (size_t i = 1; i < table->index_count; i++)
	{
		if (my_design_index(ddl->design, table, &table->indexes[i], &why) != INDEX_LEFT_OUT)
			numbers[count++] = i;
	}
	my_ddl_indexes(ddl, table, numbers, count);
}

static void
indexes_stay_as_they_are_written(void **state)
{
	(void) state;
	assert_string_equal(written(&from_mysql, &mysql, 0, write_indexes),
						"ALTER TABLE `d`.`t`\n"
						"  ADD UNIQUE KEY `pre` (`t`(10) DESC, `z`),\n"
						"  ADD KEY `low` ((lower(`t`))),\n"
						"  ADD SPATIAL KEY `near` (`g`),\n"
						"  ADD KEY `hidden` (`t`(10) DESC, `z`) INVISIBLE;\n"
						"ALTER TABLE `d`.`t`\n"
						"  ADD FULLTEXT KEY `words` (`t`);\n"
						"ALTER TABLE `d`.`t`\n"
						"  ADD FULLTEXT KEY `more` (`t`);\n");
	assert_string_equal(written(&from_mariadb, &mariadb, 0, write_indexes),
						"ALTER TABLE `d`.`t`\n"
						"  ADD UNIQUE KEY `pre` (`t`(10) DESC, `z`),\n"
						"  ADD SPATIAL KEY `near` (`g`),\n"
						"  ADD KEY `hidden` (`t`(10) DESC, `z`) IGNORED,\n"
						"  ADD UNIQUE KEY `long` (`t`);\n"
						"ALTER TABLE `d`.`t`\n"
						"  ADD FULLTEXT KEY `words` (`t`);\n"
						"ALTER TABLE `d`.`t`\n"
						"  ADD FULLTEXT KEY `more` (`t`);\n");
}

/* ---- what is told ---- */

static void
differences_are_told(void **state)
{
	static const char *const told[] = {
		"collation utf8mb4_0900_ai_ci is utf8mb4_uca1400_nopad_ai_ci there (first in d.t.e)",
		"the default of d.t.u is not carried: (uuid_to_bin(uuid()))",
		"column d.t.like_it is left out: what computes it is not carried",
		"check c3 of d.t is not carried: regexp_like",
		"index d.low is not made: it is of an expression, which the target has no indexes of",
		"table d.t is InnoDB there, not MyISAM",
		"table d.t is not partitioned there: HASH (`id`)",
	};
	const SchemaDocument document = document_of(&from_mysql, 0);
	const unsigned char chosen[] = {CHOSEN_CREATE};
	Findings findings = {0};
	SluiceError err = {0};
	MyDesign design;

	(void) state;
	assert_true(my_design_make(&design, &document, &mariadb, NULL, "shop", &err));
	my_design_tell(&design, CREATE_ALL, chosen, &findings);
	assert_int_equal(findings.problems, 0);
	for (size_t i = 0; i < COUNT(told); i++)
	{
		bool found = false;

		for (size_t k = 0; k < findings.count; k++)
			found |= strncmp(findings.items[k].text, told[i], strlen(told[i])) == 0;
		if (!found)
			fail_msg("\"%s\" is not told", told[i]);
	}
	findings_free(&findings);
	my_design_free(&design);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collations_of_mysql_have_a_like_at_mariadb),
		cmocka_unit_test(collations_of_mariadb_have_a_like_at_mysql),
		cmocka_unit_test(collations_of_one_product_stay),
		cmocka_unit_test(tables_stay_as_they_are_written),
		cmocka_unit_test(what_mariadb_lacks_is_left_out),
		cmocka_unit_test(what_mysql_lacks_becomes_something_else),
		cmocka_unit_test(indexes_stay_as_they_are_written),
		cmocka_unit_test(differences_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
