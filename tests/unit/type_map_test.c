/*
 * type_map_test.c - the type each source's type becomes at each kind of target; what rules say
 * otherwise; reading and writing of column types.
 */
#include "common/core/type_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "support/failing_allocator.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const TargetKind mysql = {FLAVOUR_MYSQL, 90700};
static const TargetKind mariadb = {FLAVOUR_MARIADB, 101119};

static TypeColumn
column_of(const char *type, CanonType canon)
{
	return (TypeColumn){.schema = "public",
						.table = "t",
						.name = "c",
						.type_name = type,
						.type = type,
						.canon = canon};
}

static const char *
choose(const TargetKind *target, const TypeRules *rules, const TypeColumn *column,
	   TypeChoice *choice)
{
	static char text[COLUMN_TYPE_SIZE];
	SluiceError err = {0};

	if (!type_map_choose(target, rules, column, choice, &err))
		return strcpy(text, "");
	column_type_write(&choice->type, text);
	return text;
}

/* ---- the table ---- */

static const struct
{
	const char *type;
	CanonType canon;
	const char *mysql, *mariadb; /* NULL: the same */
} types[] = {
	{"boolean", CANON_BOOL, "tinyint(1)", NULL},
	{"smallint", CANON_INT16, "smallint", NULL},
	{"integer", CANON_INT32, "int", NULL},
	{"bigint", CANON_INT64, "bigint", NULL},
	{"real", CANON_FLOAT32, "float", NULL},
	{"double precision", CANON_FLOAT64, "double", NULL},
	{"numeric", CANON_DECIMAL, "decimal(65,30)", NULL},
	{"numeric(10,2)", CANON_DECIMAL, "decimal(10,2)", NULL},
	{"numeric(5,0)", CANON_DECIMAL, "decimal(5,0)", NULL},
	{"numeric(65,30)", CANON_DECIMAL, "decimal(65,30)", NULL},
	{"numeric(66,0)", CANON_DECIMAL, "longtext", NULL},
	{"numeric(40,31)", CANON_DECIMAL, "longtext", NULL},
	{"numeric(3,-2)", CANON_DECIMAL, "longtext", NULL},
	{"numeric(3,5)", CANON_DECIMAL, "longtext", NULL},
	{"money", CANON_BUILTIN, "decimal(19,2)", NULL},
	{"text", CANON_TEXT, "longtext", NULL},
	{"character varying", CANON_TEXT, "longtext", NULL},
	{"character varying(20)", CANON_TEXT, "varchar(20)", NULL},
	{"character varying(16383)", CANON_TEXT, "varchar(16383)", NULL},
	{"character varying(16384)", CANON_TEXT, "longtext", NULL},
	{"character(5)", CANON_TEXT, "char(5)", NULL},
	{"character(256)", CANON_TEXT, "varchar(256)", NULL},
	{"bpchar", CANON_TEXT, "longtext", NULL},
	{"name", CANON_TEXT, "varchar(63)", NULL},
	{"\"char\"", CANON_BUILTIN, "varchar(4)", NULL},
	{"bytea", CANON_BYTES, "longblob", NULL},
	{"date", CANON_DATE, "date", NULL},
	{"time without time zone", CANON_TIME, "time(6)", NULL},
	{"time(3) without time zone", CANON_TIME, "time(3)", NULL},
	{"time with time zone", CANON_TIMETZ, "varchar(21)", NULL},
	{"timestamp without time zone", CANON_TIMESTAMP, "datetime(6)", NULL},
	{"timestamp(0) with time zone", CANON_TIMESTAMPTZ, "datetime(0)", NULL},
	{"interval day to second(3)", CANON_INTERVAL, "varchar(64)", NULL},
	{"uuid", CANON_UUID, "char(36)", NULL},
	{"json", CANON_JSON, "longtext", "json"},
	{"jsonb", CANON_JSONB, "json", NULL},
	{"bit(64)", CANON_BITS, "bit(64)", NULL},
	{"bit(65)", CANON_BITS, "varchar(65)", NULL},
	{"bit varying", CANON_BITS, "longtext", NULL},
	{"bit varying(9)", CANON_BITS, "varchar(9)", NULL},
	{"inet", CANON_NETWORK, "varchar(43)", NULL},
	{"macaddr8", CANON_BUILTIN, "varchar(23)", NULL},
	{"integer[]", CANON_ARRAY, "json", NULL},
	{"numeric(10,2)[]", CANON_ARRAY, "json", NULL},
	{"point", CANON_BUILTIN, "point", NULL},
	{"polygon", CANON_BUILTIN, "longtext", NULL},
	{"circle", CANON_BUILTIN, "varchar(255)", NULL},
	{"int4range", CANON_BUILTIN, "varchar(255)", NULL},
	{"numrange", CANON_BUILTIN, "longtext", NULL},
	{"oid", CANON_BUILTIN, "int unsigned", NULL},
	{"xid8", CANON_BUILTIN, "bigint unsigned", NULL},
	{"pg_lsn", CANON_BUILTIN, "varchar(17)", NULL},
	{"tsvector", CANON_BUILTIN, "longtext", NULL},
	{"regclass", CANON_OTHER, "longtext", NULL},
	{"public.citext", CANON_OTHER, "longtext", NULL},
	{"public.pair", CANON_OTHER, "longtext", NULL},
	/* A user's type is not the built-in one of its name. */
	{"public.money", CANON_OTHER, "longtext", NULL},
	{"public.int4", CANON_ENUM, "varchar(63)", NULL},
};

static void
each_type_becomes_its_own(void **state)
{
	TypeChoice choice;

	(void) state;
	for (size_t i = 0; i < COUNT(types); i++)
	{
		const TypeColumn column = column_of(types[i].type, types[i].canon);
		const char *there = types[i].mariadb != NULL ? types[i].mariadb : types[i].mysql;

		assert_string_equal(choose(&mysql, NULL, &column, &choice), types[i].mysql);
		assert_string_equal(choose(&mariadb, NULL, &column, &choice), there);
	}
}

static void
every_canonical_type_is_known(void **state)
{
	(void) state;
	for (int canon = 1; canon <= CANON_LAST; canon++)
	{
		const TypeColumn column = column_of("something", (CanonType) canon);
		TypeChoice choice;

		assert_string_not_equal(choose(&mysql, NULL, &column, &choice), "");
		assert_int_equal(choice.known, canon != CANON_OTHER);
		assert_string_not_equal(choose(&mariadb, NULL, &column, &choice), "");
		assert_int_equal(
			choose(&(TargetKind){FLAVOUR_POSTGRESQL, 150000}, NULL, &column, &choice)[0], '\0');
		assert_int_equal(choice.type.kind, KIND_SOURCE);
	}
}

static void
releases_have_what_came_with_them(void **state)
{
	const TypeColumn citext = column_of("public.citext", CANON_OTHER);
	TypeChoice choice;

	(void) state;
	(void) choose(&mariadb, NULL, &citext, &choice);
	assert_string_equal(choice.collation, "utf8mb4_uca1400_nopad_as_ci");
	(void) choose(&(TargetKind){FLAVOUR_MARIADB, 100600}, NULL, &citext, &choice);
	assert_null(choice.collation);
	(void) choose(&mysql, NULL, &citext, &choice);
	assert_string_equal(choice.collation, "utf8mb4_0900_as_ci");
}

static void
keys_have_types_that_fit_in_them(void **state)
{
	static const struct
	{
		const char *type;
		CanonType canon;
		int bytes;
		const char *there;
		bool loses;
	} keys[] = {
		{"text", CANON_TEXT, 3072, "varchar(768)", true},
		{"text", CANON_TEXT, 1535, "varchar(383)", true},
		{"bytea", CANON_BYTES, 3072, "varbinary(3072)", true},
		{"jsonb", CANON_JSONB, 3072, "varchar(768)", true},
		{"integer[]", CANON_ARRAY, 3072, "varchar(768)", true},
		{"character varying(20)", CANON_TEXT, 3072, "varchar(20)", false},
		{"character varying(1000)", CANON_TEXT, 3072, "varchar(768)", true},
		{"uuid", CANON_UUID, 36, "char(36)", false},
		{"integer", CANON_INT32, 4, "int", false},
	};
	TypeChoice choice;

	(void) state;
	for (size_t i = 0; i < COUNT(keys); i++)
	{
		TypeColumn column = column_of(keys[i].type, keys[i].canon);

		column.key_bytes = keys[i].bytes;
		assert_string_equal(choose(&mysql, NULL, &column, &choice), keys[i].there);
		assert_int_equal((choice.loses & LOSES_LENGTH) != 0, keys[i].loses);
	}
}

static void
labels_decide_about_enums(void **state)
{
	TypeColumn column = column_of("public.mood", CANON_ENUM);
	TypeChoice choice;

	(void) state;
	column.labels_fit = true;
	assert_string_equal(choose(&mysql, NULL, &column, &choice), "enum");
	column.labels_fit = false;
	assert_string_equal(choose(&mysql, NULL, &column, &choice), "varchar(63)");
}

/* ---- rules ---- */

static TypeRules *
rules_of(const char *text)
{
	SluiceError err = {0};
	TypeRules *rules = type_rules_read(text, &allocator_malloc, &err);

	if (rules == NULL)
		fail_msg("%s: %s", text, err.message);
	return rules;
}

static void
check_rule(const char *text, const char *type, CanonType canon, const char *wanted,
		   LossPolicy policy)
{
	TypeRules *rules = rules_of(text);
	const TypeColumn column = column_of(type, canon);
	TypeChoice choice = {0};

	assert_string_equal(choose(&mysql, rules, &column, &choice), wanted);
	assert_int_equal(choice.policy, policy);
	assert_int_equal(type_rules_policy(rules, &column), policy);
	type_rules_free(rules);
}

static void
rules_name_types_in_all_ways(void **state)
{
	(void) state;
	check_rule("", "numeric", CANON_DECIMAL, "decimal(65,30)", LOSS_ERROR);
	check_rule(" numeric = decimal(38,10) : null ", "numeric", CANON_DECIMAL, "decimal(38,10)",
			   LOSS_NULL);
	check_rule("decimal=double", "numeric(9,2)", CANON_DECIMAL, "double", LOSS_ERROR);
	check_rule("int8=bigint unsigned", "bigint", CANON_INT64, "bigint unsigned", LOSS_ERROR);
	check_rule("bigint=int", "bigint", CANON_INT64, "int", LOSS_ERROR);
	check_rule("int64=int", "bigint", CANON_INT64, "int", LOSS_ERROR);
	check_rule("character varying=text", "character varying(9)", CANON_TEXT, "text", LOSS_ERROR);
	check_rule("*:clamp", "date", CANON_DATE, "date", LOSS_CLAMP);
	check_rule("public.mood=varchar(10)", "public.mood", CANON_ENUM, "varchar(10)", LOSS_ERROR);
	check_rule("\"char\"=binary(1)", "\"char\"", CANON_BUILTIN, "binary(1)", LOSS_ERROR);
	check_rule("integer[]=longtext", "integer[]", CANON_ARRAY, "longtext", LOSS_ERROR);
	check_rule("integer=bigint", "integer[]", CANON_ARRAY, "json", LOSS_ERROR);
	check_rule("array=longtext", "text[]", CANON_ARRAY, "longtext", LOSS_ERROR);
	check_rule("public.t.c=varchar(9)", "text", CANON_TEXT, "varchar(9)", LOSS_ERROR);
	check_rule("\"public\" . \"t\".\"c\"=varchar(9)", "text", CANON_TEXT, "varchar(9)", LOSS_ERROR);
	check_rule("public.t.d=varchar(9)", "text", CANON_TEXT, "longtext", LOSS_ERROR);
}

static void
the_nearest_rule_wins(void **state)
{
	(void) state;
	check_rule("*:null, decimal:clamp, numeric:error, public.t.c:text", "numeric(9,2)",
			   CANON_DECIMAL, "longtext", LOSS_TEXT);
	check_rule("*:null, numeric:clamp, decimal:error", "numeric", CANON_DECIMAL, "decimal(65,30)",
			   LOSS_CLAMP);
	check_rule("date:null, date:clamp", "date", CANON_DATE, "date", LOSS_NULL);
	/* Type and policy may come from different rules. */
	check_rule("public.t.c=date, *:clamp", "timestamp without time zone", CANON_TIMESTAMP, "date",
			   LOSS_CLAMP);
}

/* Only where values would not fit. */
static void
policy_text_makes_text(void **state)
{
	(void) state;
	check_rule("*:text", "numeric", CANON_DECIMAL, "longtext", LOSS_TEXT);
	check_rule("*:text", "date", CANON_DATE, "longtext", LOSS_TEXT);
	check_rule("*:text", "integer", CANON_INT32, "int", LOSS_TEXT);
	check_rule("*:text", "boolean", CANON_BOOL, "tinyint(1)", LOSS_TEXT);
}

/* Whatever values a column had when a copy was planned. */
static void
policy_auto_goes_by_what_was_found(void **state)
{
	static const struct
	{
		const char *type;
		CanonType canon;
		unsigned found;
		const char *expected;
		LossPolicy policy;
	} cases[] = {
		{"numeric", CANON_DECIMAL, 0, "decimal(65,30)", LOSS_ERROR},
		{"numeric", CANON_DECIMAL, LOSES_DIGITS, "longtext", LOSS_TEXT},
		{"double precision", CANON_FLOAT64, LOSES_NAN, "longtext", LOSS_TEXT},
		{"date", CANON_DATE, LOSES_RANGE, "longtext", LOSS_TEXT},
		{"integer", CANON_INT32, LOSES_RANGE, "int", LOSS_ERROR},
	};
	TypeRules *rules = type_rules_read("*:auto", &allocator_malloc, NULL);

	(void) state;
	assert_non_null(rules);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		TypeColumn column = {.schema = "public",
							 .table = "t",
							 .name = "c",
							 .type_name = cases[i].type,
							 .type = cases[i].type,
							 .canon = cases[i].canon,
							 .found = cases[i].found};
		char text[COLUMN_TYPE_SIZE];
		TypeChoice choice;

		assert_true(type_map_choose(&mysql, rules, &column, &choice, NULL));
		column_type_write(&choice.type, text);
		assert_string_equal(text, cases[i].expected);
		assert_int_equal(choice.policy, cases[i].policy);
		assert_int_equal(type_rules_policy(rules, &column), LOSS_ERROR);
	}
	type_rules_free(rules);
}

static void
wrong_rules_are_named(void **state)
{
	static const struct
	{
		const char *text, *message;
	} wrong[] = {
		{"numeric", "says nothing"},
		{"numeric=", "target type that is not known"},
		{"numeric=decimal(x)", "target type that is not known"},
		{"numeric:never", "another policy"},
		{"a.b.c.d=int", "more than a schema"},
		{"=int", "names nothing"},
		{"public..c=int", "names nothing"},
		{"numeric(10,2)=int", "how long it is"},
		{"date:null, x", "\"x\""},
		/* No server has these. */
		{"numeric=decimal(99,5)", "1 to 65 digits"},
		{"numeric=decimal(0)", "1 to 65 digits"},
		{"numeric=decimal(40,31)", "at most 30"},
		{"numeric=decimal(4,5)", "at most 30"},
		{"text=varchar(0)", "1 to 16383"},
		{"text=varchar(16384)", "1 to 16383"},
		{"text=char(256)", "1 to 255"},
		{"bytea=varbinary(65533)", "1 to 65532"},
		{"bit=bit(65)", "1 to 64"},
		{"timestamp=datetime(7)", "0 to 6"},
		{"numeric=double(10,2)", "round"},
		{"text=varchar(9) unsigned", "only numbers"},
	};

	(void) state;
	for (size_t i = 0; i < COUNT(wrong); i++)
	{
		SluiceError err = {0};

		assert_null(type_rules_read(wrong[i].text, &allocator_malloc, &err));
		assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
		if (strstr(err.message, wrong[i].message) == NULL)
			fail_msg("%s: %s", wrong[i].text, err.message);
		assert_string_not_equal(err.hint, "");
	}
}

/* The largest types are ones. */
static void
limits_are_those_of_the_servers(void **state)
{
	static const char *const texts[] = {"numeric=decimal(65,30)",
										"numeric=decimal(30,30)",
										"numeric=decimal",
										"text=varchar(16383)",
										"text=char(255)",
										"bytea=varbinary(65532)",
										"bit=bit(64)",
										"timestamp=datetime(0)",
										"float4=double",
										"int8=bigint unsigned",
										"numeric=decimal(5) unsigned"};

	(void) state;
	for (size_t i = 0; i < COUNT(texts); i++)
		type_rules_free(rules_of(texts[i]));
}

static void
rules_about_nothing_are_found(void **state)
{
	static const struct
	{
		const char *text;
		bool general, about;
	} cases[] = {
		{"numeric:null", true, true},
		{"decimal:null", true, true},
		{"*:null", true, true},
		{"INT4=bigint", true, false},
		{"integer=bigint", true, false},
		{"int4[]=longtext", true, false},
		{"tsvector=longtext", true, false},
		{"float64:null", true, false},
		{"numerik=longtext", false, false},
		{"public.t.c=longtext", false, true},
		{"public.mood=longtext", false, false},
		{"public.t.d=longtext", false, false},
		{"\"*\":null", false, false},
	};
	const TypeColumn column = column_of("numeric(10,2)", CANON_DECIMAL);

	(void) state;
	assert_int_equal(type_rules_count(NULL), 0);
	for (size_t i = 0; i < COUNT(cases); i++)
	{
		TypeRules *rules = rules_of(cases[i].text);

		assert_int_equal(type_rules_count(rules), 1);
		assert_string_equal(type_rule_text(rules, 0), cases[i].text);
		if (type_rule_is_general(rules, 0) != cases[i].general ||
			type_rule_is_about(rules, 0, &column) != cases[i].about)
			fail_msg("%s", cases[i].text);
		type_rules_free(rules);
	}
}

static void
types_that_cannot_be_are_refused(void **state)
{
	static const struct
	{
		const char *rule;
		TargetKind target;
		int key_bytes;
		const char *message;
	} refused[] = {
		{"text=uuid", {FLAVOUR_MYSQL, 90700}, 0, "does not have that type"},
		{"text=uuid", {FLAVOUR_MARIADB, 100600}, 0, "does not have that type"},
		{"text=vector(3)", {FLAVOUR_MYSQL, 80400}, 0, "does not have that type"},
		{"text=enum('a')", {FLAVOUR_MYSQL, 90700}, 0, "labels"},
		{"text=longtext", {FLAVOUR_MYSQL, 90700}, 3072, "part of a key"},
		{"text=varchar(769)", {FLAVOUR_MYSQL, 90700}, 3072, "part of a key"},
		{"text=varchar", {FLAVOUR_MYSQL, 90700}, 0, "needs a length"},
	};

	(void) state;
	for (size_t i = 0; i < COUNT(refused); i++)
	{
		TypeRules *rules = rules_of(refused[i].rule);
		TypeColumn column = column_of("text", CANON_TEXT);
		SluiceError err = {0};
		TypeChoice choice;

		column.key_bytes = refused[i].key_bytes;
		assert_false(type_map_choose(&refused[i].target, rules, &column, &choice, &err));
		if (strstr(err.message, refused[i].message) == NULL)
			fail_msg("%s: %s", refused[i].rule, err.message);
		type_rules_free(rules);
	}
}

/* ---- column types ---- */

static void
column_types_are_read_as_servers_show_them(void **state)
{
	static const struct
	{
		const char *text, *written;
	} shown[] = {
		{"int(11)", "int"},
		{"int(10) unsigned", "int unsigned"},
		{"bigint unsigned", "bigint unsigned"},
		{"tinyint(1)", "tinyint"},
		{"decimal(10,2)", "decimal(10,2)"},
		{"DECIMAL ( 10 , 2 ) UNSIGNED", "decimal(10,2) unsigned"},
		{"double precision", "double"},
		{"numeric(4)", "decimal(4)"},
		{"varchar(20)", "varchar(20)"},
		{"enum('a','b)''',' unsigned')", "enum"},
		{"datetime(6)", "datetime(6)"},
		{"timestamp /* mariadb-5.3 */", "timestamp"},
		{"longtext", "longtext"},
		{"vector(3)", "vector(3)"},
	};
	static const char *const unknown[] = {
		"", "integral", "int(", "varchar(a)", "longtext(3)", "decimal(1,)", "varchar(99999999999)"};
	ColumnType type;

	(void) state;
	for (size_t i = 0; i < COUNT(shown); i++)
	{
		char text[COLUMN_TYPE_SIZE];

		assert_true(column_type_read(shown[i].text, &type));
		column_type_write(&type, text);
		assert_string_equal(text, shown[i].written);
	}
	for (size_t i = 0; i < COUNT(unknown); i++)
	{
		if (column_type_read(unknown[i], &type))
			fail_msg("%s is a type", unknown[i]);
		assert_int_equal(type.kind, KIND_NONE);
	}
}

static void
sizes_are_those_of_the_servers(void **state)
{
	static const struct
	{
		const char *text;
		int key, row;
	} sizes[] = {
		{"int", 4, 4},			 {"varchar(10)", 40, 42},	 {"char(10)", 40, 40},
		{"varbinary(9)", 9, 11}, {"decimal(65,30)", 30, 30}, {"decimal(10,2)", 5, 5},
		{"longtext", 0, 12},
	};

	(void) state;
	for (size_t i = 0; i < COUNT(sizes); i++)
	{
		ColumnType type;

		assert_true(column_type_read(sizes[i].text, &type));
		if (column_kind_can_be_key(type.kind))
			assert_int_equal(column_type_key_bytes(&type, false), sizes[i].key);
		assert_int_equal(column_type_row_bytes(&type, false), sizes[i].row);
	}
}

static void
losses_have_words(void **state)
{
	char text[LOSES_SIZE];

	(void) state;
	type_loses_write(0, text);
	assert_string_equal(text, "");
	type_loses_write(LOSES_NAN | LOSES_RANGE, text);
	assert_string_equal(text, "NaN, values beyond its range");
	type_loses_write((1U << LOSES_BITS) - 1, text);
	assert_true(strlen(text) < LOSES_SIZE - 1);
}

static void
rules_without_memory_fail(void **state)
{
	FailingAllocator failing;
	TypeRules *rules = NULL;

	(void) state;
	for (unsigned n = 1; rules == NULL; n++)
	{
		SluiceError err = {0};

		failing_allocator_init(&failing, n);
		rules = type_rules_read("date:null", &failing.allocator, &err);
		assert_true(rules != NULL || err.code == SLUICE_ERROR_MEMORY);
		type_rules_free(rules);
		assert_int_equal(failing.live, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_becomes_its_own),
		cmocka_unit_test(every_canonical_type_is_known),
		cmocka_unit_test(releases_have_what_came_with_them),
		cmocka_unit_test(keys_have_types_that_fit_in_them),
		cmocka_unit_test(labels_decide_about_enums),
		cmocka_unit_test(rules_name_types_in_all_ways),
		cmocka_unit_test(the_nearest_rule_wins),
		cmocka_unit_test(policy_text_makes_text),
		cmocka_unit_test(policy_auto_goes_by_what_was_found),
		cmocka_unit_test(wrong_rules_are_named),
		cmocka_unit_test(limits_are_those_of_the_servers),
		cmocka_unit_test(rules_about_nothing_are_found),
		cmocka_unit_test(types_that_cannot_be_are_refused),
		cmocka_unit_test(column_types_are_read_as_servers_show_them),
		cmocka_unit_test(sizes_are_those_of_the_servers),
		cmocka_unit_test(losses_have_words),
		cmocka_unit_test(rules_without_memory_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
