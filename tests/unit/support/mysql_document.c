/*
 * mysql_document.c - fields with what they mostly have (mysql_document.h).
 */
#include "mysql_document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

char document_json[DOCUMENT_SIZE];
size_t document_length;

static bool first_table, first_column;
static int column_position;

void
put(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	document_length += (size_t) vsnprintf(document_json + document_length,
										  DOCUMENT_SIZE - document_length, format, arguments);
	va_end(arguments);
	assert_true(document_length < DOCUMENT_SIZE);
}

void
begin_document(const char *product)
{
	document_length = 0;
	first_table = true;
	put("{\"format\":\"sluice-schema\",\"version\":1,\"stream\":\"s\",\"revision\":1,\"source\":{"
		"\"product\":\"%s\",\"version\":90700,\"database\":\"shop\",\"encoding\":\"utf8mb4\"},"
		"\"schemas\":[{\"name\":\"shop\",\"comment\":null}],\"types\":[],\"sequences\":[],"
		"\"tables\":[",
		product);
}

void
begin_columns(void)
{
	first_column = true;
	column_position = 0;
}

void
begin_table(const char *name, const char *more)
{
	put("%s{\"id\":%u,\"schema\":\"shop\",\"name\":\"%s\",\"kind\":\"table\",\"persistence\":"
		"\"permanent\",\"comment\":null,\"options\":[],\"replica_identity\":\"default\",\"rows\":1,"
		"\"bytes\":1,\"inherits\":[],\"partition\":null,\"partition_of\":null%s,\"columns\":[",
		first_table ? "" : ",", (unsigned) document_length, name, more);
	first_table = false;
	first_column = true;
}

/* Fields with what they mostly have, but for those that `more` has. */
static void
put_usual(const char *const fields[][2], size_t count, const char *more)
{
	for (size_t i = 0; i < count; i++)
	{
		char name[32];

		(void) snprintf(name, sizeof(name), "\"%s\":", fields[i][0]);
		if (strstr(more, name) == NULL)
			put(",%s%s", name, fields[i][1]);
	}
	put("%s", more);
}

#define USUAL(fields, more) put_usual(fields, sizeof(fields) / sizeof((fields)[0]), more)

void
column(const char *name, const char *type, const char *type_name, const char *canon,
	   const char *more)
{
	static const char *const usual[][2] = {
		{"type_schema", "\"\""},  {"typmod", "-1"},			 {"element", "null"},
		{"not_null", "false"},	  {"collation", "null"},	 {"default", "null"},
		{"default_kind", "null"}, {"default_value", "null"}, {"identity", "null"},
		{"generated", "null"},	  {"expression", "null"},	 {"inherited", "false"},
		{"comment", "null"},
	};
	put("%s{\"name\":\"%s\",\"position\":%d,\"type\":\"%s\",\"type_name\":\"%s\",\"canon\":\"%s\"",
		first_column ? "" : ",", name, ++column_position, type, type_name, canon);
	USUAL(usual, more);
	put("}");
	first_column = false;
}

void
end_table(const char *indexes, const char *checks, const char *keys)
{
	put("],\"indexes\":[%s],\"checks\":[%s],\"foreign_keys\":[%s]}", indexes, checks, keys);
}

SchemaDocument *
end_document(const SchemaToPg *to)
{
	SluiceError err = {0};
	SchemaDocument *document;

	put("],\"carried\":[],\"not_carried\":[],\"load\":null}");
	document = schema_document_read(document_json, document_length, &allocator_malloc, &err);
	if (document == NULL)
		fail_msg("%s", err.message);
	assert_true(schema_is_mysql(document));
	assert_true(schema_to_pg(document, document, to, &err));
	return document;
}

const SchemaNotCarried *
told(const SchemaDocument *document, const char *kind)
{
	for (size_t i = 0; i < document->not_carried_count; i++)
	{
		if (strcmp(document->not_carried[i].kind, kind) == 0)
			return &document->not_carried[i];
	}
	return NULL;
}
