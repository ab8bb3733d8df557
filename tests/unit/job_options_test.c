/*
 * job_options_test.c - the table of a stream's options is that of the programs themselves, and reads values as they do.
 *
 * The programs' tables are read from docs/ (which `make docs-check` holds against the programs) and from
 * sql/20-options.sql: whatever is in one and not in the other, or has another type or range, fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/job_options.h"
#include "common/daemon/file.h"

#define PAGE_MAXIMUM (1 << 20)
#define CELLS		 8
#define NAMES		 200

static char *
read_page(const char *path)
{
	const char *root = getenv("SLUICE_ROOT");
	SluiceError err = {0};
	char *text, full[4096];

	(void) snprintf(full, sizeof(full), "%s/%s", root != NULL ? root : ".", path);
	text = file_read(full, PAGE_MAXIMUM, &err);
	if (text == NULL)
		fail_msg("%s", err.message);
	return text;
}

/* ---- pages of options ---- */

/* What a worker sets itself, or what would reach files, addresses, secrets or the worker's own affairs. */
static const char *const not_for_streams[JOB_PARTS][40] = {
	[JOB_SOURCE_MYSQL] = {"stream", "streams", "mode", "tables", "consumers", "source",
						  "source_password_file", "check", "json", "schema"},
	[JOB_TARGET] = {"stream", "consumer", "target", "target_password_file", "plan", "plan_document",
					"progress"},
	[JOB_VERIFY] = {"stream", "consumer", "source", "source_password_file", "target",
					"target_password_file", "json"},
};

/* Groups of options that are every program's. */
static const char *const shared[] = {"nats",	   "config", "log_level",
									 "log_format", "http",	 "live_within"};

static bool
is_for_streams(JobPart part, const char *name)
{
	for (size_t i = 0; not_for_streams[part][i] != NULL; i++)
	{
		if (strcmp(not_for_streams[part][i], name) == 0)
			return false;
	}
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
	{
		if (strcmp(shared[i], name) == 0 || strncmp(name, "nats_", 5) == 0)
			return false;
	}
	return true;
}

/* Cells of "| a | b |", trimmed; the line is changed. */
static size_t
split_cells(char *line, char **cells)
{
	size_t count = 0;

	for (char *cell = strtok(line, "|"); cell != NULL && count < CELLS; cell = strtok(NULL, "|"))
	{
		size_t length;

		cell += strspn(cell, " ");
		length = strlen(cell);
		while (length > 0 && cell[length - 1] == ' ')
			cell[--length] = '\0';
		cells[count++] = cell;
	}
	return count;
}

/* What a page says of an option of the table: its range or words. */
static void
allowed_text(const JobOption *option, char *text, size_t size)
{
	char low[32], high[32];
	size_t used = 0;

	text[0] = '\0';
	if (option->type == OPTION_ENUM)
	{
		for (const char *const *word = option->allowed; *word != NULL; word++)
			used +=
				(size_t) snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", *word);
	}
	else if (option->minimum != 0 || option->maximum != 0)
	{
		option_format_number(option->type, option->minimum, low, sizeof(low));
		option_format_number(option->type, option->maximum, high, sizeof(high));
		(void) snprintf(text, size, "%s to %s", low, high);
	}
}

static const char *
placeholder_of(const char *flag)
{
	const char *blank = strchr(flag, ' ');

	return blank != NULL ? blank + 1 : "";
}

/* The row of a page against the row of the table. */
static void
compare_row(JobPart part, const char *name, const char *placeholder, const char *allowed)
{
	const JobOption *option = job_option_find(part, name);
	char expected[512];

	if (option == NULL)
		fail_msg("option %s of the program is not in the table of job_options.c: add it, or say in "
				 "job_options_test.c why a stream may not have it",
				 name);
	allowed_text(option, expected, sizeof(expected));
	assert_string_equal(allowed, expected);
	/* A flag alone is on or off. */
	assert_int_equal(*placeholder == '\0', option->type == OPTION_BOOL);
}

/* Goes through the page's rows; `names` are those that a stream may have. */
static size_t
compare_page(JobPart part, const char *path, char names[NAMES][OPTION_NAME_SIZE])
{
	char *text = read_page(path), *rest = text, *line;
	size_t count = 0;

	while ((line = strsep(&rest, "\n")) != NULL)
	{
		char *cells[CELLS], *name, *at, placeholder[64];

		if (strncmp(line, "| `--", 5) != 0)
			continue;
		assert_int_equal(split_cells(line, cells), 6);
		name = cells[0] + 3;
		name[strcspn(name, "`")] = '\0';
		(void) snprintf(placeholder, sizeof(placeholder), "%s", placeholder_of(name));
		name[strcspn(name, " ")] = '\0';
		for (at = name; *at != '\0'; at++)
			*at = *at == '-' ? '_' : *at;
		if (!is_for_streams(part, name))
		{
			assert_null(job_option_find(part, name));
			continue;
		}
		compare_row(part, name, placeholder, cells[3]);
		assert_true(count < NAMES);
		(void) snprintf(names[count++], OPTION_NAME_SIZE, "%s", name);
	}
	file_free(text);
	return count;
}

static void
compare_part(JobPart part, const char *path)
{
	static char names[NAMES][OPTION_NAME_SIZE];
	size_t found = compare_page(part, path, names), count;
	const JobOption *options = job_options(part, &count);

	for (size_t i = 0; i < count; i++)
	{
		bool there = false;

		for (size_t k = 0; k < found; k++)
			there |= strcmp(names[k], options[i].name) == 0;
		if (!there)
			fail_msg("the program has no option %s any more", options[i].name);
	}
	assert_int_equal(found, count);
}

static void
test_options_of_the_writer(void **state)
{
	(void) state;
	compare_part(JOB_TARGET, "docs/writer-options.md");
}

static void
test_options_of_the_mysql_reader(void **state)
{
	(void) state;
	compare_part(JOB_SOURCE_MYSQL, "docs/mysql-reader-options.md");
}

static void
test_options_of_verify(void **state)
{
	(void) state;
	compare_part(JOB_VERIFY, "docs/verify-options.md");
}

/* ---- the extension's ---- */

/* A row "('name', 'kind', minimum, maximum, ARRAY[...] | NULL, ..." */
typedef struct SqlRow
{
	char name[64], kind[32], minimum[32], maximum[32], allowed[256];
} SqlRow;

/* The words of an option as SQL writes them. */
static void
sql_words(const JobOption *option, char *text, size_t size)
{
	size_t used = 0;

	(void) snprintf(text, size, "NULL");
	for (const char *const *word = option->allowed; word != NULL && *word != NULL; word++)
		used += (size_t) snprintf(text + used, size - used, "%s'%s'", used > 0 ? ", " : "", *word);
}

static void
compare_sql_row(const SqlRow *row)
{
	static const struct
	{
		const char *kind;
		OptionType types[3];
	} kinds[] = {
		{"choice", {OPTION_ENUM, OPTION_ENUM, OPTION_ENUM}},
		{"boolean", {OPTION_BOOL, OPTION_BOOL, OPTION_BOOL}},
		{"integer", {OPTION_INTEGER, OPTION_SIZE, OPTION_DURATION}},
		{"names", {OPTION_LIST, OPTION_LIST, OPTION_LIST}},
		{"object", {OPTION_STRING, OPTION_STRING, OPTION_STRING}},
	};
	const JobOption *option = job_option_find(JOB_SOURCE_POSTGRESQL, row->name);
	int64_t unit;
	char words[256];

	if (option == NULL)
		fail_msg("option %s of create_stream() is not in the table of job_options.c", row->name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (strcmp(kinds[i].kind, row->kind) == 0)
			assert_true(option->type == kinds[i].types[0] || option->type == kinds[i].types[1] ||
						option->type == kinds[i].types[2]);
	}
	assert_int_equal(option->object, strcmp(row->kind, "object") == 0);
	if (strcmp(row->kind, "integer") == 0)
	{
		unit = option->type == OPTION_DURATION ? 1000 : 1;
		assert_int_equal(option->minimum, strtoll(row->minimum, NULL, 10) * unit);
		if (strtoll(row->maximum, NULL, 10) != INT64_MAX)
			assert_int_equal(option->maximum, strtoll(row->maximum, NULL, 10) * unit);
	}
	sql_words(option, words, sizeof(words));
	if (strcmp(row->kind, "boolean") != 0)
		assert_string_equal(row->allowed, words);
}

static bool
read_sql_row(const char *line, SqlRow *row)
{
	char allowed[256] = "";

	*row = (SqlRow){.allowed = "NULL"};
	if (sscanf(line, " ('%63[^']', '%31[^']', %31[^,], %31[^,], %255[^\n]", row->name, row->kind,
			   row->minimum, row->maximum, allowed) != 5)
		return false;
	if (strncmp(allowed, "ARRAY[", 6) == 0)
	{
		allowed[strcspn(allowed, "]")] = '\0';
		(void) snprintf(row->allowed, sizeof(row->allowed), "%.200s", allowed + 6);
	}
	return true;
}

static void
test_options_of_the_extension(void **state)
{
	char *text = read_page("sql/20-options.sql"), *rest = text, *line;
	size_t count, found = 0;

	(void) state;
	(void) job_options(JOB_SOURCE_POSTGRESQL, &count);
	while ((line = strsep(&rest, "\n")) != NULL)
	{
		SqlRow row;

		if (!read_sql_row(line, &row))
			continue;
		if (strcmp(row.name, "consumers") == 0)
		{
			/* They are the targets' names. */
			assert_null(job_option_find(JOB_SOURCE_POSTGRESQL, row.name));
			continue;
		}
		compare_sql_row(&row);
		found++;
	}
	assert_int_equal(found, count);
	file_free(text);
}

/* ---- values ---- */

static void
test_values(void **state)
{
	static const struct
	{
		JobPart part;
		const char *name, *value, *text; /* NULL: refused */
	} cases[] = {
		{JOB_TARGET, "batch_rows", "500", "500"},
		{JOB_TARGET, "batch_rows", "\"500\"", NULL},
		{JOB_TARGET, "batch_rows", "0", NULL},
		{JOB_TARGET, "batch_rows", "1.5", NULL},
		{JOB_TARGET, "batch_rows", "true", NULL},
		{JOB_TARGET, "batch_rows", "null", NULL},
		{JOB_TARGET, "batch_bytes", "65536", "65536"},
		{JOB_TARGET, "batch_bytes", "\"1MB\"", "1MB"},
		{JOB_TARGET, "batch_bytes", "\"1 furlong\"", NULL},
		{JOB_TARGET, "batch_bytes", "-1", NULL},
		{JOB_TARGET, "strict", "true", "on"},
		{JOB_TARGET, "strict", "\"on\"", NULL},
		{JOB_TARGET, "on_conflict", "\"skip\"", "skip"},
		{JOB_TARGET, "on_conflict", "\"explode\"", NULL},
		{JOB_TARGET, "on_conflict", "[]", NULL},
		{JOB_TARGET, "create", "[\"tables\", \"indexes\"]", "tables,indexes"},
		{JOB_TARGET, "create", "\"tables,indexes\"", "tables,indexes"},
		{JOB_TARGET, "create", "[\"tables,none\"]", NULL},
		{JOB_TARGET, "create", "[\"chairs\"]", NULL},
		{JOB_TARGET, "create", "[5]", NULL},
		{JOB_TARGET, "types", "\"date:clamp\"", "date:clamp"},
		{JOB_TARGET, "types", "\"\"", NULL},
		{JOB_TARGET, "types", "{}", NULL},
		{JOB_SOURCE_MYSQL, "heartbeat", "5", "5s"},
		{JOB_SOURCE_MYSQL, "heartbeat", "\"2min\"", "2min"},
		{JOB_SOURCE_MYSQL, "heartbeat", "3600", NULL},
		{JOB_SOURCE_MYSQL, "server_id", "4294967295", "4294967295"},
		{JOB_SOURCE_POSTGRESQL, "max_bytes", "\"1GB\"", "1073741824"},
		{JOB_SOURCE_POSTGRESQL, "replay_window", "\"1h\"", "3600"},
		{JOB_SOURCE_POSTGRESQL, "replay_window", "60", "60"},
		{JOB_SOURCE_POSTGRESQL, "scan", "true", "true"},
		{JOB_SOURCE_POSTGRESQL, "carry", "[\"views\"]", "views"},
		{JOB_SOURCE_POSTGRESQL, "queries", "{\"public.t\": \"SELECT 1\"}",
		 "{\"public.t\":\"SELECT 1\"}"},
		{JOB_SOURCE_POSTGRESQL, "queries", "{\"public.t\": 1}", NULL},
		{JOB_SOURCE_POSTGRESQL, "queries", "\"{}\"", NULL},
		{JOB_VERIFY, "tables", "[\"public.t\"]", "public.t"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *value = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
		SluiceError err = {0};
		char *text = job_option_text(cases[i].part, cases[i].name, value, &err);

		if (cases[i].text == NULL)
		{
			if (text != NULL)
				fail_msg("%s = %s was taken as %s", cases[i].name, cases[i].value, text);
			assert_int_equal(err.code, SLUICE_ERROR_ARGUMENT);
			assert_true(err.message[0] != '\0');
		}
		else if (text == NULL)
			fail_msg("%s = %s: %s", cases[i].name, cases[i].value, err.message);
		else
			assert_string_equal(text, cases[i].text);
		free(text);
		json_decref(value);
	}
}

static void
count_fault(void *context, const char *name, const SluiceError *err)
{
	assert_string_equal(name, "batch_row");
	assert_non_null(strstr(err->message, "no option"));
	assert_non_null(strstr(err->hint, "batch_rows"));
	(*(int *) context)++;
}

static void
test_an_unknown_option_is_told_with_its_neighbour(void **state)
{
	json_t *options = json_pack("{s:i, s:b}", "batch_row", 5, "strict", 1);
	int faults = 0;

	(void) state;
	assert_false(job_options_check(JOB_TARGET, options, count_fault, &faults));
	assert_int_equal(faults, 1);
	json_object_del(options, "batch_row");
	assert_true(job_options_check(JOB_TARGET, options, count_fault, &faults));
	assert_true(job_options_check(JOB_TARGET, NULL, count_fault, &faults));
	json_decref(options);
}

static void
test_parts_by_type(void **state)
{
	(void) state;
	assert_int_equal(job_source_part("postgresql"), JOB_SOURCE_POSTGRESQL);
	assert_int_equal(job_source_part("mysql"), JOB_SOURCE_MYSQL);
	assert_int_equal(job_source_part("mariadb"), JOB_SOURCE_MYSQL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_of_the_writer),
		cmocka_unit_test(test_options_of_the_mysql_reader),
		cmocka_unit_test(test_options_of_verify),
		cmocka_unit_test(test_options_of_the_extension),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_an_unknown_option_is_told_with_its_neighbour),
		cmocka_unit_test(test_parts_by_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
