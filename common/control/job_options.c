/*
 * job_options.c - the table of options and reading their values (job_options.h).
 *
 * Values are checked by the very functions that read the programs' own options.
 */
#include "job_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAXIMUM 16384

#define KB INT64_C(1024)
#define MB (KB * 1024)
#define GB (MB * 1024)
#define TB (GB * 1024)
#define S  INT64_C(1000)
#define D  (86400 * S)

#define CHOICE(...) ((const char *const[]){__VA_ARGS__, NULL})

static const JobOption postgresql_options[] = {
	{"durability", .type = OPTION_ENUM, .allowed = CHOICE("target", "broker")},
	{"messages", .type = OPTION_BOOL},
	{"origin", .type = OPTION_ENUM, .allowed = CHOICE("any", "none")},
	{"bundle_rows", .type = OPTION_INTEGER, .minimum = 1, .maximum = 1000000},
	{"bundle_bytes", .type = OPTION_SIZE, .minimum = 4 * KB, .maximum = 64 * MB},
	{"compression", .type = OPTION_ENUM, .allowed = CHOICE("none", "lz4", "zstd")},
	{"max_bytes", .type = OPTION_SIZE, .minimum = MB, .maximum = INT64_MAX},
	{"replicas", .type = OPTION_INTEGER, .minimum = 1, .maximum = 5},
	{"replay_window", .type = OPTION_DURATION, .minimum = 0, .maximum = 365 * D},
	{"carry", .type = OPTION_LIST, .allowed = CHOICE("functions", "views", "triggers")},
	{"copy_workers", .type = OPTION_INTEGER, .minimum = 1, .maximum = 16},
	{"chunk_bytes", .type = OPTION_SIZE, .minimum = MB, .maximum = TB},
	{"scan", .type = OPTION_BOOL},
	{"queries", .type = OPTION_STRING, .object = true},
	{"max_events", .type = OPTION_INTEGER, .minimum = 1, .maximum = INT64_MAX},
	{"max_seconds", .type = OPTION_INTEGER, .minimum = 1, .maximum = 31536000},
};

static const JobOption mysql_options[] = {
	{"position", .type = OPTION_ENUM, .allowed = CHOICE("auto", "gtid", "file")},
	{"server_id", .type = OPTION_INTEGER, .minimum = 0, .maximum = UINT32_MAX},
	{"heartbeat", .type = OPTION_DURATION, .minimum = S, .maximum = 600 * S},
	{"event_maximum", .type = OPTION_SIZE, .minimum = MB, .maximum = 4 * GB},
	{"zero_dates", .type = OPTION_ENUM, .allowed = CHOICE("auto", "null", "infinity", "error")},
	{"bad_text", .type = OPTION_ENUM, .allowed = CHOICE("error", "replace")},
	{"bundle_rows", .type = OPTION_INTEGER, .minimum = 1, .maximum = 1000000},
	{"bundle_bytes", .type = OPTION_SIZE, .minimum = 4 * KB, .maximum = 64 * MB},
	{"window_bytes", .type = OPTION_SIZE, .minimum = MB, .maximum = 4 * GB},
	{"compression", .type = OPTION_ENUM, .allowed = CHOICE("none", "lz4", "zstd")},
	{"max_bytes", .type = OPTION_SIZE, .minimum = MB, .maximum = INT64_MAX},
	{"replicas", .type = OPTION_INTEGER, .minimum = 1, .maximum = 5},
	{"replay_window", .type = OPTION_DURATION, .minimum = 0, .maximum = 365 * D},
	{"copy_workers", .type = OPTION_INTEGER, .minimum = 1, .maximum = 64},
	{"scan", .type = OPTION_ENUM, .allowed = CHOICE("auto", "off")},
	{"chunk_bytes", .type = OPTION_SIZE, .minimum = 64 * KB, .maximum = TB},
};

static const JobOption target_options[] = {
	{"start", .type = OPTION_ENUM, .allowed = CHOICE("beginning", "available")},
	{"target_sync", .type = OPTION_BOOL},
	{"types", .type = OPTION_STRING},
	{"schemas", .type = OPTION_STRING},
	{"on_conflict", .type = OPTION_ENUM, .allowed = CHOICE("upsert", "error", "skip")},
	{"on_error", .type = OPTION_ENUM, .allowed = CHOICE("stop")},
	{"on_ddl", .type = OPTION_ENUM, .allowed = CHOICE("apply", "stop", "ignore")},
	{"batch_rows", .type = OPTION_INTEGER, .minimum = 1, .maximum = 1000000},
	{"batch_bytes", .type = OPTION_SIZE, .minimum = 4 * KB, .maximum = 256 * MB},
	{"create", .type = OPTION_LIST, .allowed = CHOICE("tables", "indexes", "foreign_keys", "none")},
	{"schema_policy", .type = OPTION_ENUM,
	 .allowed =
		 CHOICE("fail_if_exists", "validate_existing", "create_missing", "drop_and_recreate")},
	{"write_mode", .type = OPTION_ENUM,
	 .allowed = CHOICE("fail_if_not_empty", "append", "truncate", "upsert")},
	{"partitions", .type = OPTION_ENUM, .allowed = CHOICE("keep", "flatten")},
	{"load_unlogged", .type = OPTION_BOOL},
	{"strict", .type = OPTION_BOOL},
	{"load_connections", .type = OPTION_INTEGER, .minimum = 1, .maximum = 64},
	{"index_connections", .type = OPTION_INTEGER, .minimum = 1, .maximum = 64},
};

static const JobOption verify_options[] = {
	{"tables", .type = OPTION_LIST},
	{"chunk_rows", .type = OPTION_INTEGER, .minimum = 1, .maximum = 10000000},
	{"jobs", .type = OPTION_INTEGER, .minimum = 1, .maximum = 64},
	{"repair", .type = OPTION_BOOL},
	{"timeout", .type = OPTION_DURATION, .minimum = S, .maximum = D},
};

#define TABLE(rows)                                                                                \
	{                                                                                              \
		rows, sizeof(rows) / sizeof((rows)[0])                                                     \
	}

static const struct
{
	const JobOption *options;
	size_t count;
} tables[JOB_PARTS] = {
	[JOB_SOURCE_POSTGRESQL] = TABLE(postgresql_options),
	[JOB_SOURCE_MYSQL] = TABLE(mysql_options),
	[JOB_TARGET] = TABLE(target_options),
	[JOB_VERIFY] = TABLE(verify_options),
};

JobPart
job_source_part(const char *connection_type)
{
	return strcmp(connection_type, "postgresql") == 0 ? JOB_SOURCE_POSTGRESQL : JOB_SOURCE_MYSQL;
}

const JobOption *
job_options(JobPart part, size_t *count)
{
	*count = tables[part].count;
	return tables[part].options;
}

const JobOption *
job_option_find(JobPart part, const char *name)
{
	for (size_t i = 0; i < tables[part].count; i++)
	{
		if (strcmp(tables[part].options[i].name, name) == 0)
			return &tables[part].options[i];
	}
	return NULL;
}

/* ---- values ---- */

static bool
fail_value(const char *expected, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "it is not %s", expected);
}

/* What JSON an option takes, for messages. */
static const char *
expected_of(const JobOption *option)
{
	static const char *const expected[] = {
		[OPTION_STRING] = "a text",
		[OPTION_INTEGER] = "a whole number",
		[OPTION_SIZE] = "a number of bytes or a size like \"64MB\"",
		[OPTION_DURATION] = "a number of seconds or a duration like \"5min\"",
		[OPTION_BOOL] = "true or false",
		[OPTION_ENUM] = "one of its words",
		[OPTION_LIST] = "an array of texts",
	};

	return option->object ? "an object of texts" : expected[option->type];
}

/* An array of texts as one, with commas. */
static char *
join(const json_t *array, SluiceError *err)
{
	char *text = calloc(1, TEXT_MAXIMUM + 1);
	size_t used = 0, i;
	json_t *item;

	if (text == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for an option");
		return NULL;
	}
	json_array_foreach(array, i, item)
	{
		const char *word = json_string_value(item);

		if (word == NULL || strchr(word, ',') != NULL || *word == '\0')
		{
			(void) fail_value("an array of texts, each without a comma", err);
			free(text);
			return NULL;
		}
		used +=
			(size_t) snprintf(text + used, TEXT_MAXIMUM + 1 - used, "%s%s", i > 0 ? "," : "", word);
		if (used > TEXT_MAXIMUM)
		{
			(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "it is longer than %d bytes",
							   TEXT_MAXIMUM);
			free(text);
			return NULL;
		}
	}
	return text;
}

/* The value as a person would type it; NULL when it is not of the kind the option takes. */
static char *
typed(const JobOption *option, const json_t *value, SluiceError *err)
{
	char number[32];
	const char *text = NULL;

	if (option->object)
		return json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
	if (option->type == OPTION_LIST && json_is_array(value))
		return join(value, err);
	if (option->type == OPTION_BOOL)
		text = json_is_true(value) ? "on" : json_is_false(value) ? "off" : NULL;
	else if (json_is_string(value) && option->type != OPTION_INTEGER)
		text = json_string_value(value);
	else if (json_is_integer(value) &&
			 (option->type == OPTION_INTEGER || option->type == OPTION_SIZE ||
			  option->type == OPTION_DURATION))
	{
		(void) snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT "%s",
						json_integer_value(value), option->type == OPTION_DURATION ? "s" : "");
		text = number;
	}
	return text != NULL ? strdup(text) : NULL;
}

static bool
has_word(const char *const *words, const char *word)
{
	for (; *words != NULL; words++)
	{
		if (strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

static bool
check_items(const JobOption *option, const OptionValue *value, SluiceError *err)
{
	char words[256] = "";
	size_t used = 0;

	for (size_t i = 0; option->allowed != NULL && i < value->count; i++)
	{
		if (has_word(option->allowed, value->items[i]))
			continue;
		for (const char *const *word = option->allowed; *word != NULL && used < sizeof(words);
			 word++)
			used += (size_t) snprintf(words + used, sizeof(words) - used, "%s%s",
									  used == 0 ? "" : ", ", *word);
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.64s\" is none of: %s", value->items[i],
						   words);
	}
	return true;
}

static bool
check_object(const json_t *value, SluiceError *err)
{
	const char *key;
	json_t *text;

	json_object_foreach((json_t *) (uintptr_t) value, key, text)
	{
		if (!json_is_string(text))
			return fail_value("an object of texts", err);
	}
	return true;
}

/* Reads what was typed; *read is to be freed when true. */
static bool
read_typed(const JobOption *option, const json_t *value, const char *text, OptionValue *read,
		   SluiceError *err)
{
	const Option like = {.name = option->name,
						 .type = option->type,
						 .minimum = option->minimum,
						 .maximum = option->maximum,
						 .allowed = option->allowed};

	if (strlen(text) > TEXT_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "it is longer than %d bytes", TEXT_MAXIMUM);
	if ((option->object && !check_object(value, err)) || !option_value_read(&like, text, read, err))
		return false;
	if (check_items(option, read, err))
		return true;
	option_value_free(read);
	return false;
}

static bool
fail_unknown(JobPart part, const char *name, SluiceError *err)
{
	const char *nearest = NULL;
	size_t best = strlen(name) / 3 + 2;

	for (size_t i = 0; i < tables[part].count; i++)
	{
		size_t distance = option_name_distance(tables[part].options[i].name, name);

		if (distance < best)
		{
			best = distance;
			nearest = tables[part].options[i].name;
		}
	}
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "there is no option \"%.64s\"", name);
	return nearest != NULL ? sluice_hint(err, "did you mean %s?", nearest) : false;
}

/* As PostgreSQL's create_stream() takes it. */
static char *
postgresql_text(const JobOption *option, const OptionValue *read)
{
	char number[32];

	if (option->type == OPTION_BOOL)
		return strdup(read->number != 0 ? "true" : "false");
	if (option->type != OPTION_SIZE && option->type != OPTION_DURATION)
		return NULL;
	(void) snprintf(number, sizeof(number), "%" PRId64,
					option->type == OPTION_DURATION ? read->number / 1000 : read->number);
	return strdup(number);
}

char *
job_option_text(JobPart part, const char *name, const json_t *value, SluiceError *err)
{
	const JobOption *option = job_option_find(part, name);
	OptionValue read;
	char *text, *other;

	if (option == NULL)
	{
		(void) fail_unknown(part, name, err);
		return NULL;
	}
	sluice_error_clear(err);
	text = typed(option, value, err);
	if (text == NULL)
	{
		if (err->code == SLUICE_OK)
			(void) fail_value(expected_of(option), err);
		return NULL;
	}
	if (!read_typed(option, value, text, &read, err))
	{
		free(text);
		return NULL;
	}
	other = part == JOB_SOURCE_POSTGRESQL ? postgresql_text(option, &read) : NULL;
	option_value_free(&read);
	if (other == NULL)
		return text;
	free(text);
	return other;
}

bool
job_option_check(JobPart part, const char *name, const json_t *value, SluiceError *err)
{
	char *text = job_option_text(part, name, value, err);

	free(text);
	return text != NULL;
}

bool
job_options_check(JobPart part, const json_t *options, JobOptionFault fault, void *context)
{
	bool good = true;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *) (uintptr_t) options, name, value)
	{
		SluiceError err;

		if (job_option_check(part, name, value, &err))
			continue;
		good = false;
		fault(context, name, &err);
	}
	return good;
}
