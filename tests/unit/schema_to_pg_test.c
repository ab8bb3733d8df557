/*
 * schema_to_pg_test.c - a MySQL source's document and what PostgreSQL is asked to make of it.
 */
#include "common/core/schema_to_pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/core/pg_identifier.h"
#include "tests/unit/support/failing_allocator.h"
#include "tests/unit/support/mysql_document.h"

static const PgFacts without = {.version = 150004};
static const SchemaToPg plain = {.target = &without};

/* ---- types ---- */

static const char *
type_of(const char *type, const char *type_name, const char *canon, const char *more,
		const SchemaToPg *to)
{
	static char text[256];
	SchemaDocument *document;

	begin_document("mysql");
	begin_table("t", "");
	column("c", type, type_name, canon, more);
	end_table("", "", "");
	document = end_document(to);
	assert_string_equal(document->tables[0].columns[0].type_schema, "pg_catalog");
	(void) snprintf(text, sizeof(text), "%s", document->tables[0].columns[0].type);
	schema_document_free(document);
	return text;
}

static void
every_type_has_its_own(void **state)
{
	static const struct
	{
		const char *type, *name, *canon, *more, *made;
	} types[] = {
		{"tinyint(1)", "tinyint(1)", "int16", "", "smallint"},
		{"tinyint(1)", "tinyint(1)", "int16", SCAN("true", "false"), "boolean"},
		{"tinyint(1)", "tinyint(1)", "int16", SCAN("false", "false"), "smallint"},
		{"tinyint(1) unsigned", "tinyint(1) unsigned", "int16", SCAN("true", "false"), "smallint"},
		{"tinyint", "tinyint", "int16", SCAN("true", "false"), "smallint"},
		{"tinyint unsigned", "tinyint unsigned", "int16", "", "smallint"},
		{"smallint(6)", "smallint", "int16", "", "smallint"},
		{"smallint unsigned", "smallint unsigned", "int32", "", "integer"},
		{"mediumint", "mediumint", "int32", "", "integer"},
		{"mediumint unsigned", "mediumint unsigned", "int32", "", "integer"},
		{"int(11)", "int", "int32", "", "integer"},
		{"int(10) unsigned zerofill", "int unsigned", "int64", "", "bigint"},
		{"bigint(20)", "bigint", "int64", "", "bigint"},
		{"bigint unsigned", "bigint unsigned", "uint64", "", "numeric(20,0)"},
		{"bigint unsigned", "bigint unsigned", "uint64", NOT_NULL ",\"auto_increment\":true",
		 "bigint"},
		{"year(4)", "year", "int16", "", "smallint"},
		{"float", "float", "float32", "", "real"},
		{"float(7,4)", "float(7,4)", "float32", "", "real"},
		{"double", "double", "float64", "", "double precision"},
		{"decimal(10,2)", "decimal(10,2)", "decimal", "", "numeric(10,2)"},
		{"decimal(65,30) unsigned", "decimal(65,30) unsigned", "decimal", "", "numeric(65,30)"},
		{"bit(1)", "bit(1)", "bits", "", "boolean"},
		{"bit(64)", "bit(64)", "bits", "", "bit(64)"},
		{"date", "date", "date", "", "date"},
		{"time", "time", "interval", "", "interval"},
		{"time(3)", "time(3)", "interval", SCAN("false", "true"), "time(3) without time zone"},
		{"datetime", "datetime", "timestamp", "", "timestamp(0) without time zone"},
		{"datetime(6)", "datetime(6)", "timestamp", "", "timestamp(6) without time zone"},
		{"timestamp", "timestamp", "timestamptz", "", "timestamp(0) with time zone"},
		{"timestamp(3)", "timestamp(3)", "timestamptz", "", "timestamp(3) with time zone"},
		{"char(10)", "char(10)", "text", "", "character varying(10)"},
		{"varchar(16383)", "varchar(16383)", "text", "", "character varying(16383)"},
		{"tinytext", "tinytext", "text", "", "text"},
		{"longtext", "longtext", "text", "", "text"},
		{"longtext", "json", "json", "", "jsonb"},
		{"json", "json", "json", "", "jsonb"},
		{"binary(16)", "binary(16)", "bytes", "", "bytea"},
		{"varbinary(9)", "varbinary(9)", "bytes", "", "bytea"},
		{"longblob", "longblob", "bytes", "", "bytea"},
		{"enum('a','b')", "enum", "enum", "", "text"},
		{"set('a','b')", "set", "set", "", "text[]"},
		{"uuid", "uuid", "uuid", "", "uuid"},
		{"inet4", "inet4", "network", "", "inet"},
		{"inet6", "inet6", "network", "", "inet"},
		{"point", "point", "geometry", "", "bytea"},
		{"vector(3)", "vector(3)", "bytes", "", "real[]"},
		{"xmltype", "xmltype", "other", "", "text"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_string_equal(
			type_of(types[i].type, types[i].name, types[i].canon, types[i].more, &plain),
			types[i].made);
}

static void
extensions_have_their_types(void **state)
{
	static const PgFacts has = {150004, "\"public\".\"geometry\"", "\"x\".\"vector\""};
	static const SchemaToPg with = {.target = &has};

	(void) state;
	assert_string_equal(type_of("point", "point", "geometry", ",\"srid\":4326", &with),
						"\"public\".\"geometry\"(Point,4326)");
	assert_string_equal(type_of("geometry", "geometry", "geometry", "", &with),
						"\"public\".\"geometry\"");
	assert_string_equal(type_of("vector(3)", "vector(3)", "bytes", "", &with),
						"\"x\".\"vector\"(3)");
	assert_string_equal(type_of("vector(16383)", "vector(16383)", "bytes", "", &with), "real[]");
}

static void
rules_say_otherwise(void **state)
{
	SluiceError err = {0};
	SchemaToPg with = {
		.rules = type_rules_read_postgresql("tinyint(1)=boolean, binary(16)=uuid, json=json, "
											"varchar=varchar(5), shop.t.c=timestamptz(3), "
											"geometry:text, bit(1)=bit",
											&allocator_malloc, &err),
		.target = &without};

	(void) state;
	assert_non_null(with.rules);
	assert_string_equal(type_of("binary(16)", "binary(16)", "bytes", "", &with),
						"timestamp(3) with time zone");
	type_rules_free((TypeRules *) with.rules);
	with.rules = type_rules_read_postgresql("tinyint(1)=boolean, binary(16)=uuid, json=json, "
											"varchar=varchar(5), geometry:text, bit(1)=bit(1)",
											&allocator_malloc, &err);
	assert_string_equal(type_of("binary(16)", "binary(16)", "bytes", "", &with), "uuid");
	assert_string_equal(type_of("binary(15)", "binary(15)", "bytes", "", &with), "bytea");
	assert_string_equal(type_of("tinyint(1)", "tinyint(1)", "int16", "", &with), "boolean");
	assert_string_equal(type_of("tinyint(4)", "tinyint", "int16", "", &with), "smallint");
	assert_string_equal(type_of("longtext", "json", "json", "", &with), "json");
	assert_string_equal(type_of("varchar(9)", "varchar(9)", "text", "", &with),
						"character varying(5)");
	assert_string_equal(type_of("point", "point", "geometry", "", &with), "text");
	assert_string_equal(type_of("bit(1)", "bit(1)", "bits", "", &with), "bit(1)");
	type_rules_free((TypeRules *) with.rules);
	assert_null(type_rules_read_postgresql("json=json;drop", &allocator_malloc, &err));
}

static void
counters_end_where_sequences_do(void **state)
{
	SchemaDocument *document;

	(void) state;
	begin_document("mysql");
	begin_table("t", ",\"auto_increment\":\"18446744073709551615\"");
	column("id", "bigint unsigned", "bigint unsigned", "uint64",
		   NOT_NULL ",\"auto_increment\":true");
	end_table("", "", "");
	document = end_document(&plain);
	assert_int_equal(document->sequence_count, 1);
	assert_string_equal(document->sequences[0].last_value, "9223372036854775807");
	assert_non_null(strstr(told(document, "AUTO_INCREMENT")->reason, "stands at its end"));
	schema_document_free(document);
}

static void
foreign_keys_join_types(void **state)
{
	SchemaDocument *document;

	(void) state;
	begin_document("mysql");
	begin_table("parent", ",\"auto_increment\":\"42\"");
	column("id", "bigint unsigned", "bigint unsigned", "uint64",
		   NOT_NULL ",\"auto_increment\":true");
	column("flag", "tinyint(1)", "tinyint(1)", "int16", SCAN("true", "false"));
	end_table("{\"name\":\"PRIMARY\",\"definition\":\"PRIMARY KEY (`id`)\",\"primary\":true,"
			  "\"unique\":true,\"nulls_not_distinct\":false,\"method\":\"btree\",\"predicate\":"
			  "null,\"include\":[],\"columns\":[{\"name\":\"id\",\"expression\":null,\"order\":"
			  "\"asc\",\"nulls\":\"first\",\"collation\":null,\"opclass\":null}],\"constraint\":"
			  "{\"name\":\"PRIMARY\",\"definition\":\"PRIMARY KEY (`id`)\",\"deferrable\":false,"
			  "\"deferred\":false,\"comment\":null},\"replica_identity\":false,\"clustered\":false,"
			  "\"parent\":null,\"comment\":null}",
			  "", "");
	begin_table("child", "");
	column("parent", "bigint unsigned", "bigint unsigned", "uint64", "");
	column("flag", "tinyint(1)", "tinyint(1)", "int16", SCAN("false", "false"));
	end_table("", "",
			  "{\"name\":\"fk\",\"columns\":[\"parent\"],\"schema\":\"shop\",\"table\":\"parent\","
			  "\"referenced\":[\"id\"],\"on_update\":\"cascade\",\"on_delete\":\"set null\","
			  "\"match\":\"simple\",\"deferrable\":false,\"deferred\":false,\"validated\":true,"
			  "\"inherited\":false,\"definition\":\"x\",\"comment\":null},"
			  "{\"name\":\"fk2\",\"columns\":[\"flag\"],\"schema\":\"shop\",\"table\":\"parent\","
			  "\"referenced\":[\"flag\"],\"on_update\":\"no action\",\"on_delete\":\"restrict\","
			  "\"match\":\"simple\",\"deferrable\":false,\"deferred\":false,\"validated\":true,"
			  "\"inherited\":false,\"definition\":\"x\",\"comment\":null}");
	document = end_document(&plain);
	assert_string_equal(document->tables[0].columns[0].type, "bigint");
	assert_string_equal(document->tables[1].columns[0].type, "bigint");
	/* of boolean and smallint the wider */
	assert_string_equal(document->tables[0].columns[1].type, "smallint");
	assert_int_equal(document->tables[1].foreign_key_count, 1);
	assert_string_equal(document->tables[1].foreign_keys[0].definition,
						"FOREIGN KEY (\"parent\") REFERENCES \"shop\".\"parent\"(\"id\") ON UPDATE "
						"CASCADE ON DELETE SET NULL");
	assert_non_null(strstr(told(document, "foreign key")->reason, "not unique"));
	assert_int_equal(document->tables[0].columns[0].identity, SCHEMA_IDENTITY_BY_DEFAULT);
	assert_int_equal(document->sequence_count, 1);
	assert_string_equal(document->sequences[0].name, "parent_id_seq");
	assert_string_equal(document->sequences[0].last_value, "41");
	assert_string_equal(document->sequences[0].owner->column, "id");
	assert_true(document->sequences[0].identity);
	assert_string_equal(document->tables[0].indexes[0].definition,
						"CREATE UNIQUE INDEX \"parent_pkey\" ON \"shop\".\"parent\" USING btree "
						"(\"id\")");
	assert_string_equal(document->tables[0].indexes[0].constraint->definition,
						"PRIMARY KEY (\"id\")");
	schema_document_free(document);
}

/* ---- columns ---- */

static void
defaults_are_translated_or_told(void **state)
{
	static const struct
	{
		const char *type, *name, *canon, *more, *made;
	} defaults[] = {
		{"int", "int", "int32", LITERAL("7", "7"), "7"},
		{"decimal(5,2)", "decimal(5,2)", "decimal", LITERAL("'-1.50'", "-1.50"), "-1.50"},
		{"varchar(9)", "varchar(9)", "text", LITERAL("'it''s'", "it's"), "'it''s'"},
		{"enum('a','b')", "enum", "enum", LITERAL("'b'", "b"), "'b'"},
		{"set('a','b')", "set", "set", LITERAL("'a,b'", "a,b"), "string_to_array('a,b', ',')"},
		{"set('a','b')", "set", "set", LITERAL("''", ""), "'{}'::text[]"},
		{"tinyint(1)", "tinyint(1)", "int16", SCAN("true", "false") LITERAL("1", "1"), "true"},
		{"bit(1)", "bit(1)", "bits", LITERAL("b'0'", "0"), "false"},
		{"bit(5)", "bit(5)", "bits", LITERAL("b'101'", "00101"), "B'00101'"},
		{"binary(2)", "binary(2)", "bytes", LITERAL("0x4100", "0x4100"), "'\\x4100'"},
		{"date", "date", "date", LITERAL("'2020-01-31'", "2020-01-31"), "'2020-01-31'"},
		{"date", "date", "date", LITERAL("'0000-00-00'", "0000-00-00"), NULL},
		{"timestamp", "timestamp", "timestamptz",
		 LITERAL("'2020-01-31 10:00:00'", "2020-01-31 10:00:00"), "'2020-01-31 10:00:00+00'"},
		{"time", "time", "interval", LITERAL("'-12:30:01'", "-12:30:01"), "'-12:30:01'"},
		{"datetime(3)", "datetime(3)", "timestamp", EXPRESSION("CURRENT_TIMESTAMP(3)"),
		 "CURRENT_TIMESTAMP(3)"},
		{"timestamp", "timestamp", "timestamptz", EXPRESSION("current_timestamp()"),
		 "CURRENT_TIMESTAMP(0)"},
		{"date", "date", "date", EXPRESSION("curdate()"), "CURRENT_DATE"},
		{"uuid", "uuid", "uuid", EXPRESSION("uuid()"), "((gen_random_uuid())::text)::uuid"},
		{"varchar(36)", "varchar(36)", "text", EXPRESSION("(uuid())"), "(gen_random_uuid())::text"},
		{"int", "int", "int32", EXPRESSION("(1 + 2)"), "((1)::bigint + 2)"},
		{"int", "int", "int32", EXPRESSION("rand()"), NULL},
		{"int", "int", "int32", EXPRESSION("'x'"), NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
	{
		SchemaDocument *document;

		begin_document("mariadb");
		begin_table("t", "");
		column("c", defaults[i].type, defaults[i].name, defaults[i].canon, defaults[i].more);
		end_table("", "", "");
		document = end_document(&plain);
		if (defaults[i].made != NULL)
			assert_string_equal(document->tables[0].columns[0].default_value, defaults[i].made);
		else
		{
			assert_null(document->tables[0].columns[0].default_value);
			assert_non_null(told(document, "default"));
		}
		schema_document_free(document);
	}
}

static void
labels_become_checks(void **state)
{
	SchemaDocument *document;

	(void) state;
	begin_document("mysql");
	begin_table("t", "");
	column("e", "enum('a','it''s','b\\\\\\\\c')", "enum", "enum", "");
	column("s", "set('a','b')", "set", "set", "");
	end_table("", "", "");
	document = end_document(&plain);
	assert_int_equal(document->tables[0].check_count, 2);
	assert_string_equal(document->tables[0].checks[0].name, "t_e_check");
	assert_string_equal(document->tables[0].checks[0].definition,
						"CHECK ((\"e\" IN ('a', 'it''s', 'b\\c')))");
	assert_string_equal(document->tables[0].checks[1].definition,
						"CHECK ((\"s\" <@ ARRAY['a', 'b']::text[]))");
	schema_document_free(document);
}

static void
an_enum_by_rule_is_a_type(void **state)
{
	SluiceError err = {0};
	SchemaToPg with = {.rules = type_rules_read_postgresql("enum=enum", &allocator_malloc, &err),
					   .target = &without};
	SchemaDocument *document;

	(void) state;
	begin_document("mysql");
	begin_table("t", "");
	column("e", "enum('a','b')", "enum", "enum", "");
	end_table("", "", "");
	document = end_document(&with);
	assert_string_equal(document->tables[0].columns[0].type, "\"shop\".\"t_e\"");
	assert_int_equal(document->tables[0].check_count, 0);
	assert_int_equal(document->type_count, 1);
	assert_int_equal(document->types[0].label_count, 2);
	assert_string_equal(document->types[0].labels[1], "b");
	schema_document_free(document);
	type_rules_free((TypeRules *) with.rules);
}

static void
expressions_are_translated_where_they_mean_the_same(void **state)
{
	static const struct
	{
		const char *text, *made;
	} checks[] = {
		{"`n` > 0", "(\"n\" > 0)"},
		{"((`n` > 0) and (`n` < 10))", "((\"n\" > 0) AND (\"n\" < 10))"},
		{"(`n` between 1 and 3 or `d` is not null)",
		 "((\"n\" BETWEEN 1 AND 3) OR (\"d\" IS NOT NULL))"},
		{"`n` in (1,-2)", "(\"n\" IN (1, (- 2)))"},
		{"not(`n` = 3)", "(NOT (\"n\" = 3))"},
		{"`x` = _utf8mb4'a'", "(\"x\" = 'a')"},
		{"`x` like 'a%'", "(\"x\" LIKE 'a%')"},
		{"char_length(`t`) <= 3", "(char_length(\"t\") <= 3)"},
		{"`d` >= '2020-01-01'", "(\"d\" >= '2020-01-01')"},
		{"`n` % 2 = 0", "(((\"n\")::bigint % 2) = 0)"},
		{"coalesce(`n`,0) + 1 > 0", "(((coalesce(\"n\", 0))::bigint + 1) > 0)"},
		{"case when `n` > 0 then `n` else 1 end > 0",
		 "(CASE WHEN (\"n\" > 0) THEN \"n\" ELSE 1 END > 0)"},
		{"if(`n` > 0,`n`,1) > 0", "(CASE WHEN (\"n\" > 0) THEN \"n\" ELSE 1 END > 0)"},
		/* texts that others are equal to, division, what nobody knows */
		{"`t` = 'a'", NULL},
		{"`t` in ('a','b')", NULL},
		{"concat(`t`,`x`) = 'a'", NULL},
		{"`n` / 2 > 1", NULL},
		{"regexp_like(`x`,'a')", NULL},
		{"json_valid(`x`)", NULL},
		{"`n`", NULL},
		{"`missing` > 0", NULL},
		{"`n` > 0 garbage", NULL},
		{"`n` > 'a'", NULL},
		{"now() > `d`", NULL},
		{"", NULL},
		{"(((", NULL},
		{"`n", NULL},
		{"'a", NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
	{
		SchemaDocument *document;
		char check[1024];

		begin_document("mysql");
		begin_table("t", "");
		column("n", "int", "int", "int32", "");
		column("t", "varchar(9)", "varchar(9)", "text", ",\"collation\":\"utf8mb4_0900_ai_ci\"");
		column("x", "varchar(9)", "varchar(9)", "text", BINARY);
		column("d", "date", "date", "date", "");
		(void) snprintf(check, sizeof(check),
						"{\"name\":\"k\",\"definition\":\"CHECK (x)\",\"expression\":\"%s\","
						"\"validated\":true,\"no_inherit\":false,\"inherited\":false,\"comment\":"
						"null}",
						checks[i].text);
		end_table("", check, "");
		document = end_document(&plain);
		if (checks[i].made != NULL)
		{
			if (document->tables[0].check_count != 1)
				fail_msg("%s", checks[i].text);
			assert_string_equal(document->tables[0].checks[0].expression, checks[i].made);
		}
		else
		{
			assert_int_equal(document->tables[0].check_count, 0);
			assert_non_null(told(document, "check"));
		}
		assert_string_equal(told(document, "collation")->name, "utf8mb4_0900_ai_ci");
		schema_document_free(document);
	}
}

static void
generated_columns_stay_where_they_can(void **state)
{
	SchemaDocument *document;

	(void) state;
	begin_document("mysql");
	begin_table("t", "");
	column("n", "int", "int", "int32", "");
	column("g", "int", "int", "int32", GENERATED("(`n` + 1)"));
	column("b", "int", "int", "int32", GENERATED("(`n` > 1)"));
	column("h", "int", "int", "int32", GENERATED("(`g` + 1)"));
	column("j", "int", "int", "int32", GENERATED("(`n` DIV 2)"));
	end_table("", "", "");
	document = end_document(&plain);
	assert_int_equal(document->tables[0].columns[1].generated, SCHEMA_GENERATED_STORED);
	assert_string_equal(document->tables[0].columns[1].expression, "((\"n\")::bigint + 1)");
	assert_string_equal(document->tables[0].columns[2].expression, "((\"n\" > 1))::integer");
	/* of a generated column, and by what is not known: copied */
	assert_int_equal(document->tables[0].columns[3].generated, SCHEMA_NOT_GENERATED);
	assert_int_equal(document->tables[0].columns[4].generated, SCHEMA_NOT_GENERATED);
	assert_null(document->tables[0].columns[4].expression);
	assert_non_null(told(document, "generated column"));
	schema_document_free(document);
}

static void
on_update_becomes_a_trigger(void **state)
{
	SchemaDocument *document;

	(void) state;
	begin_document("mysql");
	begin_table("t", "");
	column("n", "int", "int", "int32", "");
	column("u", "timestamp(3)", "timestamp(3)", "timestamptz",
		   ",\"on_update\":\"CURRENT_TIMESTAMP(3)\"");
	end_table("", "", "");
	document = end_document(&plain);
	assert_int_equal(document->carried_count, 2);
	assert_int_equal(document->carried[0].kind, SCHEMA_CARRIED_FUNCTION);
	assert_string_equal(document->carried[0].name, "t_on_update()");
	assert_non_null(strstr(document->carried[0].definition,
						   "IF NEW.\"u\" IS NOT DISTINCT FROM OLD.\"u\" THEN NEW.\"u\" := "
						   "CURRENT_TIMESTAMP(3)"));
	assert_int_equal(document->carried[1].kind, SCHEMA_CARRIED_TRIGGER);
	assert_string_equal(document->carried[1].table, "t");
	schema_document_free(document);
}

/* ---- indexes ---- */

static const char *
index_json(const char *name, const char *method, bool unique, const char *parts)
{
	static char text[2048];

	(void) snprintf(text, sizeof(text),
					"{\"name\":\"%s\",\"definition\":\"KEY\",\"primary\":false,\"unique\":%s,"
					"\"nulls_not_distinct\":false,\"method\":\"%s\",\"predicate\":null,\"include\":"
					"[],\"columns\":[%s],\"constraint\":null,\"replica_identity\":false,"
					"\"clustered\":false,\"parent\":null,\"comment\":null}",
					name, unique ? "true" : "false", method, parts);
	return text;
}

#define PART_OF(name, expression, order, more)                                                     \
	"{\"name\":" name ",\"expression\":" expression ",\"order\":" order                            \
	",\"nulls\":null,\"collation\":null,\"opclass\":null" more "}"
#define PART(name, more) PART_OF(name, "null", "\"asc\"", more)

static void
indexes_are_made_or_told(void **state)
{
	static const struct
	{
		const char *method;
		bool unique;
		const char *parts, *made;
	} indexes[] = {
		{"btree", false, PART("\"v\"", "") "," PART_OF("\"n\"", "null", "\"desc\"", ""),
		 "CREATE INDEX \"t_k\" ON \"shop\".\"t\" USING btree (\"v\", \"n\" DESC)"},
		{"hash", true, PART("\"n\"", ""),
		 "CREATE UNIQUE INDEX \"t_k\" ON \"shop\".\"t\" USING btree (\"n\")"},
		{"btree", true, PART("\"v\"", ",\"length\":3"),
		 "CREATE UNIQUE INDEX \"t_k\" ON \"shop\".\"t\" USING btree (\"left\"(\"v\", 3))"},
		{"btree", false, PART("\"v\"", ",\"length\":3"),
		 "CREATE INDEX \"t_k\" ON \"shop\".\"t\" USING btree (\"v\")"},
		{"btree", false, PART("\"x\"", ",\"length\":3"),
		 "CREATE INDEX \"t_k\" ON \"shop\".\"t\" USING btree (\"left\"(\"x\", 3))"},
		{"btree", false, PART("\"y\"", ",\"length\":3"),
		 "CREATE INDEX \"t_k\" ON \"shop\".\"t\" USING btree (\"substring\"(\"y\", 1, 3))"},
		{"fulltext", false, PART("\"v\"", "") "," PART("\"x\"", ""),
		 "CREATE INDEX \"t_k\" ON \"shop\".\"t\" USING gin (to_tsvector('simple', COALESCE(\"v\", "
		 "'') || ' ' || COALESCE(\"x\", '')))"},
		{"btree", false, PART_OF("null", "\"(`n` + 1)\"", "null", ""),
		 "CREATE INDEX \"t_k\" ON \"shop\".\"t\" USING btree ((((\"n\")::bigint + 1)))"},
		{"btree", false, PART_OF("null", "\"json_extract(`v`,'$')\"", "null", ""), NULL},
		{"fulltext", false, PART("\"l\"", ""), NULL},
		{"spatial", false, PART("\"p\"", ""), NULL},
		{"vector", false, PART("\"p\"", ""), NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
	{
		SchemaDocument *document;

		begin_document("mysql");
		begin_table("t", "");
		column("n", "int", "int", "int32", "");
		column("v", "varchar(9)", "varchar(9)", "text", "");
		column("x", "text", "text", "text", "");
		column("l", "longtext", "longtext", "text", "");
		column("y", "blob", "blob", "bytes", "");
		column("p", "point", "point", "geometry", "");
		end_table(index_json("k", indexes[i].method, indexes[i].unique, indexes[i].parts), "", "");
		document = end_document(&plain);
		if (indexes[i].made != NULL)
		{
			assert_int_equal(document->tables[0].index_count, 1);
			assert_string_equal(document->tables[0].indexes[0].definition, indexes[i].made);
		}
		else
		{
			assert_int_equal(document->tables[0].index_count, 0);
			assert_non_null(told(document, "index"));
		}
		schema_document_free(document);
	}
}

static void
a_primary_key_has_whole_columns(void **state)
{
	static const char primary[] =
		"{\"name\":\"PRIMARY\",\"definition\":\"PRIMARY KEY (`v`(3))\",\"primary\":true,\"unique\":"
		"true,\"nulls_not_distinct\":false,\"method\":\"btree\",\"predicate\":null,\"include\":[],"
		"\"columns\":[" PART("\"v\"", ",\"length\":3") "],\"constraint\":null,"
													   "\"replica_identity\":false,\"clustered\":"
													   "false,\"parent\":null,\"comment\":null}";
	SchemaDocument *document;

	(void) state;
	begin_document("mysql");
	begin_table("t", "");
	column("v", "varchar(900)", "varchar(900)", "text", ",\"not_null\":true");
	end_table(primary, "", "");
	document = end_document(&plain);
	assert_string_equal(document->tables[0].indexes[0].constraint->definition,
						"PRIMARY KEY (\"v\")");
	assert_string_equal(told(document, "prefix")->name, "t.v");
	schema_document_free(document);
}

static void
names_of_indexes_are_apart(void **state)
{
	SchemaDocument *document;
	char two[4096];

	(void) state;
	begin_document("mysql");
	begin_table("a", "");
	column("n", "int", "int", "int32", "");
	end_table(index_json("b_c", "btree", false, PART("\"n\"", "")), "", "");
	begin_table("a_b", "");
	column("n", "int", "int", "int32", "");
	(void) snprintf(two, sizeof(two), "%s", index_json("c", "btree", false, PART("\"n\"", "")));
	end_table(two, "", "");
	document = end_document(&plain);
	assert_string_equal(document->tables[0].indexes[0].name, "a_b_c");
	assert_string_equal(document->tables[1].indexes[0].name, "a_b_c_1");
	schema_document_free(document);
}

/* ---- names ---- */

static void
long_names_are_cut_and_stay_apart(void **state)
{
	char name[80], other[80], fitted[PG_IDENTIFIER_SIZE], again[PG_IDENTIFIER_SIZE];

	(void) state;
	memset(name, 'x', 64);
	name[64] = '\0';
	memcpy(other, name, 65);
	other[63] = 'y';
	assert_int_equal(strlen(pg_identifier_fit(name, fitted)), 63);
	assert_string_not_equal(fitted, pg_identifier_fit(other, again));
	name[63] = '\0';
	assert_string_equal(pg_identifier_fit(name, fitted), name);
	/* in the middle of a character of two bytes nothing is cut */
	for (int i = 0; i < 78; i += 2)
		memcpy(name + i, "\xc3\xa4", 2);
	memcpy(name, "ab", 2);
	name[78] = '\0';
	assert_int_equal(strlen(pg_identifier_fit(name, fitted)), 63);
	memcpy(name, "a\xc3\xa4", 3);
	for (int i = 3; i < 77; i += 2)
		memcpy(name + i, "\xc3\xa4", 2);
	name[77] = '\0';
	assert_int_equal(strlen(pg_identifier_fit(name, fitted)), 62);
}

static void
without_memory_it_fails_and_leaks_nothing(void **state)
{
	bool good = false;

	(void) state;
	for (unsigned n = 1; !good; n++)
	{
		FailingAllocator failing;
		SluiceError err = {0};
		SchemaDocument *document;

		failing_allocator_init(&failing, n);
		begin_document("mysql");
		for (int i = 0; i < 40; i++)
		{
			char name[16];

			(void) snprintf(name, sizeof(name), "t%d", i);
			begin_table(name, "");
			column("e", "enum('a','b')", "enum", "enum", "");
			column("u", "datetime", "datetime", "timestamp", ",\"on_update\":\"now()\"");
			end_table("", "", "");
		}
		put("],\"carried\":[],\"not_carried\":[],\"load\":null}");
		document = schema_document_read(document_json, document_length, &failing.allocator, &err);
		good = document != NULL && schema_to_pg(document, document, &plain, &err);
		if (!good)
			assert_int_equal(err.code, SLUICE_ERROR_MEMORY);
		schema_document_free(document);
		assert_int_equal(failing.live, 0);
	}
	assert_true(good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_its_own),
		cmocka_unit_test(extensions_have_their_types),
		cmocka_unit_test(rules_say_otherwise),
		cmocka_unit_test(counters_end_where_sequences_do),
		cmocka_unit_test(foreign_keys_join_types),
		cmocka_unit_test(defaults_are_translated_or_told),
		cmocka_unit_test(labels_become_checks),
		cmocka_unit_test(an_enum_by_rule_is_a_type),
		cmocka_unit_test(expressions_are_translated_where_they_mean_the_same),
		cmocka_unit_test(generated_columns_stay_where_they_can),
		cmocka_unit_test(on_update_becomes_a_trigger),
		cmocka_unit_test(indexes_are_made_or_told),
		cmocka_unit_test(a_primary_key_has_whole_columns),
		cmocka_unit_test(names_of_indexes_are_apart),
		cmocka_unit_test(long_names_are_cut_and_stay_apart),
		cmocka_unit_test(without_memory_it_fails_and_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
