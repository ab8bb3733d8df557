/*
 * output.c - the forms of output (output.h).
 */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "format.h"
#include "text.h"

#define COLUMNS_MAXIMUM 40
#define PATH_MAXIMUM	200

const char *const output_format_names[] = {
	[OUTPUT_TABLE] = "table", [OUTPUT_JSON] = "json",	[OUTPUT_JSONL] = "jsonl",
	[OUTPUT_CSV] = "csv",	  [OUTPUT_PLAIN] = "plain", NULL};

/* The columns that are shown. */
typedef struct Chosen
{
	Column columns[COLUMNS_MAXIMUM + 1];
	char paths[PATH_MAXIMUM * 4]; /* of columns that only --columns names */
	size_t count;
} Chosen;

/* ---- values ---- */

json_t *
output_find(json_t *document, const char *path)
{
	char name[PATH_MAXIMUM];

	while (document != NULL && *path != '\0')
	{
		size_t length = strcspn(path, ".");

		if (length >= sizeof(name))
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		document = json_is_array(document) ? json_array_get(document, strtoul(name, NULL, 10))
										   : json_object_get(document, name);
		path += length + (path[length] == '.');
	}
	return document;
}

static char *
list_text(const json_t *array, ColumnKind kind)
{
	char *text = NULL;
	size_t length = 0, index;
	json_t *item;
	FILE *to = open_memstream(&text, &length);

	if (to == NULL)
		return NULL;
	json_array_foreach(array, index, item)
	{
		char *one = output_text(item, kind);

		(void) fprintf(to, "%s%s", index > 0 ? "," : "", one != NULL ? one : "?");
		free(one);
	}
	(void) fclose(to);
	return text;
}

static const char *
number_text(char out[FORMAT_TEXT], const json_t *value, ColumnKind kind)
{
	double number = json_number_value(value);
	char short_text[FORMAT_TEXT];

	switch (kind)
	{
		case COLUMN_BYTES: return format_bytes(out, number);
		case COLUMN_SECONDS: return format_seconds(out, number);
		case COLUMN_PER_SECOND:
			(void) snprintf(out, FORMAT_TEXT, "%s/s", format_short(short_text, number));
			return out;
		case COLUMN_PERCENT: (void) snprintf(out, FORMAT_TEXT, "%.0f %%", 100 * number); return out;
		case COLUMN_NUMBER:
			if (json_is_integer(value))
				return format_count(out, json_integer_value(value));
			/* fall through */
		default: break;
	}
	if (json_is_integer(value))
		(void) snprintf(out, FORMAT_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		(void) snprintf(out, FORMAT_TEXT, "%.6g", number);
	return out;
}

char *
output_text(const json_t *value, ColumnKind kind)
{
	char text[FORMAT_TEXT];

	switch (json_typeof(value))
	{
		case JSON_STRING:
			return strdup(kind == COLUMN_TIME ? format_time(text, json_string_value(value))
											  : json_string_value(value));
		case JSON_INTEGER:
		case JSON_REAL: return strdup(number_text(text, value, kind));
		case JSON_TRUE: return strdup("yes");
		case JSON_FALSE: return strdup("no");
		case JSON_NULL: return strdup("");
		case JSON_ARRAY: return list_text(value, kind);
		default: return json_dumps(value, JSON_COMPACT);
	}
}

/* As it is, for csv and plain. */
static char *
raw_text(const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return strdup("");
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* ---- columns ---- */

static size_t
count_columns(const Column *columns)
{
	size_t count = 0;

	while (columns[count].name != NULL)
		count++;
	return count;
}

static const Column *
column_of(const Column *columns, const char *name, size_t length)
{
	for (; columns->name != NULL; columns++)
		if (strlen(columns->name) == length && memcmp(columns->name, name, length) == 0)
			return columns;
	return NULL;
}

/* Members that a document may be without. */
static const char *const may_be_missing[] = {"database",  "description", "error", "hint",
											 "limits",	  "options",	 "port",  "run_id",
											 "stream_id", "tags",		 "tls"};

/* Whether documents may have something at a path: their first member, at least in one of them. */
static bool
is_path(const json_t *items, const char *path, size_t length)
{
	size_t first = strcspn(path, "."), index;
	char name[PATH_MAXIMUM];
	json_t *item;

	first = first < length ? first : length;
	(void) snprintf(name, sizeof(name), "%.*s", (int) first, path);
	for (size_t i = 0; i < sizeof(may_be_missing) / sizeof(may_be_missing[0]); i++)
		if (strcmp(may_be_missing[i], name) == 0)
			return true;
	json_array_foreach(items, index, item)
	{
		if (json_object_get(item, name) != NULL)
			return true;
	}
	return json_array_size(items) == 0;
}

/* Adds a name to a list of them, as far as there is room. */
static void
add_name(char *names, size_t size, const char *name)
{
	size_t used = strlen(names);

	if (used + strlen(name) + 3 < size)
		(void) snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

static bool
fail_column(const Column *columns, json_t *items, const char *name, size_t length, SluiceError *err)
{
	char names[200] = "";
	const char *member;
	json_t *value;

	for (const Column *column = columns; column->name != NULL; column++)
		add_name(names, sizeof(names), column->name);
	json_object_foreach(json_array_get(items, 0), member, value)
	{
		if (column_of(columns, member, strlen(member)) == NULL)
			add_name(names, sizeof(names), member);
	}
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--columns: there is no column \"%.*s\"",
					   (int) (length < 60 ? length : 60), name);
	return sluice_hint(err, "there are %s", names);
}

/* Whether --columns names only what there is; nothing can be told of a list without items. */
static bool
check_columns(const Output *output, const Column *columns, json_t *items, SluiceError *err)
{
	const char *at = output->columns;

	while (at != NULL && *at != '\0')
	{
		size_t length = strcspn(at, ",");

		if (column_of(columns, at, length) == NULL && !is_path(items, at, length))
			return fail_column(columns, items, at, length, err);
		at += length + (at[length] == ',');
	}
	return true;
}

/* The listing's own columns, or those that --columns names: by name or path. */
static bool
choose(const Output *output, const Column *columns, Chosen *chosen, SluiceError *err)
{
	size_t used = 0;

	*chosen = (Chosen){0};
	if (output->columns == NULL)
	{
		chosen->count = count_columns(columns);
		memcpy(chosen->columns, columns, chosen->count * sizeof(*columns));
		return true;
	}
	for (const char *at = output->columns; *at != '\0';)
	{
		size_t length = strcspn(at, ",");
		const Column *known = column_of(columns, at, length);
		char *path = chosen->paths + used;

		if (length == 0 || chosen->count == COLUMNS_MAXIMUM ||
			used + length + 1 > sizeof(chosen->paths))
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT,
							   "--columns is a list of names with commas, of at most %d",
							   COLUMNS_MAXIMUM);
		memcpy(path, at, length);
		path[length] = '\0';
		used += length + 1;
		chosen->columns[chosen->count++] =
			known != NULL ? *known : (Column){.name = path, .path = path, .kind = COLUMN_TEXT};
		at += length + (at[length] == ',');
	}
	return true;
}

static json_t *
value_at(json_t *item, const Column *column)
{
	json_t *value = output_find(item, column->path);

	return json_is_null(value) ? NULL : value;
}

/* ---- forms ---- */

static bool
is_done(const Output *output, SluiceError *err)
{
	FILE *file = output->terminal->out.file;

	if (fflush(file) == 0 && ferror(file) == 0)
		return true;
	return sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot write to standard output: %s",
					   strerror(errno));
}

bool
output_json(const Output *output, const json_t *document, bool compact, SluiceError *err)
{
	char *text = json_dumps(document, (compact ? JSON_COMPACT : JSON_INDENT(2)) | JSON_ENCODE_ANY);
	char *clean = text != NULL ? text_clean_json(text) : NULL;

	free(text);
	if (clean == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the output");
	(void) fprintf(output->terminal->out.file, "%s\n", clean);
	free(clean);
	return is_done(output, err);
}

static void
put_csv(const Output *output, const char *text)
{
	FILE *file = output->terminal->out.file;
	char *clean = output->terminal->out.terminal ? text_clean(text) : NULL;

	text = clean != NULL ? clean : text;
	if (strpbrk(text, ",\"\r\n") == NULL)
		(void) fputs(text, file);
	else
	{
		(void) fputc('"', file);
		for (; *text != '\0'; text++)
			(void) fprintf(file, *text == '"' ? "\"\"" : "%c", *text);
		(void) fputc('"', file);
	}
	free(clean);
}

static void
put_row(const Output *output, const Chosen *chosen, json_t *item)
{
	FILE *file = output->terminal->out.file;
	bool csv = output->format == OUTPUT_CSV;

	for (size_t i = 0; i < chosen->count; i++)
	{
		char *text = raw_text(value_at(item, &chosen->columns[i]));

		(void) fputs(i == 0 ? "" : csv ? "," : "\t", file);
		if (text != NULL && csv)
			put_csv(output, text);
		else if (text != NULL)
			text_put(file, text);
		free(text);
	}
	(void) fputs(csv ? "\r\n" : "\n", file);
}

static void
put_csv_header(const Output *output, const Chosen *chosen)
{
	for (size_t i = 0; i < chosen->count; i++)
	{
		(void) fputs(i > 0 ? "," : "", output->terminal->out.file);
		put_csv(output, chosen->columns[i].name);
	}
	(void) fputs("\r\n", output->terminal->out.file);
}

/* The cells of a table: header, if any, and rows. */
static bool
put_table(const Output *output, const Chosen *chosen, json_t *items, bool header, SluiceError *err)
{
	Cells *cells = cells_new(chosen->count, err);
	size_t index;
	json_t *item;

	if (cells == NULL)
		return false;
	if (header)
		cells_header(cells);
	for (size_t i = 0; header && i < chosen->count; i++)
		cells_put(cells, chosen->columns[i].name, COLOR_BOLD, false);
	json_array_foreach(items, index, item)
	{
		for (size_t i = 0; i < chosen->count; i++)
		{
			const Column *column = &chosen->columns[i];
			json_t *value = value_at(item, column);
			char *text = value != NULL ? output_text(value, column->kind) : strdup("-");

			cells_put(cells, text != NULL ? text : "?",
					  value != NULL && column->kind == COLUMN_STATE ? color_of_state(text)
																	: COLOR_PLAIN,
					  column->kind != COLUMN_TEXT && column->kind != COLUMN_STATE &&
						  column->kind != COLUMN_TIME);
			free(text);
		}
	}
	cells_print(cells, &output->terminal->out, output->terminal->utf8);
	cells_free(cells);
	return is_done(output, err);
}

static void
put_id(const Output *output, const char *id, json_t *item)
{
	char *text = raw_text(output_find(item, id));

	text_put(output->terminal->out.file, text != NULL ? text : "?");
	(void) fputc('\n', output->terminal->out.file);
	free(text);
}

bool
output_one(const Output *output, const Listing *listing, json_t *item, SluiceError *err)
{
	Chosen chosen;
	json_t *one;
	bool good;

	if (output->quiet)
	{
		put_id(output, listing->id, item);
		return is_done(output, err);
	}
	if (output->format == OUTPUT_JSON || output->format == OUTPUT_JSONL)
		return output_json(output, item, true, err);
	if (!choose(output, listing->columns, &chosen, err))
		return false;
	if (output->format != OUTPUT_TABLE)
	{
		put_row(output, &chosen, item);
		return is_done(output, err);
	}
	one = json_pack("[O]", item);
	good = one != NULL && put_table(output, &chosen, one, false, err);
	json_decref(one);
	return good;
}

bool
output_list(const Output *output, const Listing *listing, json_t *items, SluiceError *err)
{
	Chosen chosen;
	size_t index;
	json_t *item;

	if (!output->quiet && output->format == OUTPUT_JSON)
		return output_json(output, items, false, err);
	if (!choose(output, listing->columns, &chosen, err) ||
		!check_columns(output, listing->columns, items, err))
		return false;
	if (!output->quiet && output->format == OUTPUT_TABLE)
	{
		if (json_array_size(items) == 0 && listing->empty != NULL)
			(void) fprintf(output->terminal->err.file, "%s\n", listing->empty);
		return json_array_size(items) == 0 ||
			   put_table(output, &chosen, items, output->header, err);
	}
	if (!output->quiet && output->format == OUTPUT_CSV && output->header)
		put_csv_header(output, &chosen);
	json_array_foreach(items, index,
					   item) if (!output_one(output, listing, item, err)) return false;
	return is_done(output, err);
}

/* ---- one document ---- */

static bool flatten(json_t *rows, const char *path, json_t *value);

/* What stands below a member, or an item, of a value. */
static bool
flatten_below(json_t *rows, const char *path, const char *name, json_t *value)
{
	char below[PATH_MAXIMUM];

	(void) snprintf(below, sizeof(below), "%s%s%s", path, *path != '\0' ? "." : "", name);
	return flatten(rows, below, value);
}

static bool
flatten_items(json_t *rows, const char *path, json_t *items)
{
	char number[24];

	for (size_t i = 0; i < json_array_size(items); i++)
	{
		(void) snprintf(number, sizeof(number), "%zu", i);
		if (!flatten_below(rows, path, number, json_array_get(items, i)))
			return false;
	}
	return true;
}

/* A line for each value that is no object, under its path. */
static bool
flatten(json_t *rows, const char *path, json_t *value)
{
	const char *key;
	json_t *member;

	if (json_is_array(value) && json_is_object(json_array_get(value, 0)))
		return flatten_items(rows, path, value);
	if (!json_is_object(value))
		return json_array_append_new(rows, json_pack("{s:s, s:O}", "name", path, "value", value)) ==
			   0;
	json_object_foreach(value, key, member)
	{
		if (!flatten_below(rows, path, key, member))
			return false;
	}
	return true;
}

static ColumnKind
kind_of(const char *path)
{
	size_t length = strlen(path);
	static const struct
	{
		const char *end;
		ColumnKind kind;
	} kinds[] = {{"_at", COLUMN_TIME},	  {"state", COLUMN_STATE}, {"bytes", COLUMN_BYTES},
				 {"rows", COLUMN_NUMBER}, {"until", COLUMN_TIME},  {"_seconds", COLUMN_SECONDS},
				 {".at", COLUMN_TIME}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		size_t end = strlen(kinds[i].end);

		if (length >= end && strcmp(path + length - end, kinds[i].end) == 0)
			return kinds[i].kind;
	}
	return COLUMN_TEXT;
}

static bool
put_lines(const Output *output, json_t *rows, SluiceError *err)
{
	Cells *cells = cells_new(2, err);
	size_t index;
	json_t *row;

	if (cells == NULL)
		return false;
	json_array_foreach(rows, index, row)
	{
		const char *path = json_string_value(json_object_get(row, "name"));
		ColumnKind kind = kind_of(path);
		char *text = output_text(json_object_get(row, "value"), kind);

		cells_put(cells, path, COLOR_DIM, false);
		cells_put(cells, text != NULL ? text : "?",
				  kind == COLUMN_STATE && text != NULL ? color_of_state(text) : COLOR_PLAIN, false);
		free(text);
	}
	cells_print(cells, &output->terminal->out, output->terminal->utf8);
	cells_free(cells);
	return is_done(output, err);
}

bool
output_document(const Output *output, const char *id, json_t *document, SluiceError *err)
{
	static const Column columns[] = {
		{"name", "name", COLUMN_TEXT}, {"value", "value", COLUMN_TEXT}, {0}};
	static const Column none[] = {{0}};
	const Listing listing = {.columns = output->columns != NULL ? none : columns, .id = "value"};
	json_t *rows;
	bool good;

	if (output->quiet)
	{
		put_id(output, id, document);
		return is_done(output, err);
	}
	if (output->format == OUTPUT_JSON || output->format == OUTPUT_JSONL)
		return output_json(output, document, output->format == OUTPUT_JSONL, err);
	rows = json_array();
	good = (rows != NULL && flatten(rows, "", document)) ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the output");
	if (good && output->columns != NULL)
	{
		/* As a list of one: its columns are the document's paths. */
		json_t *one = json_pack("[O]", document);

		good = output_list(output, &listing, one, err);
		json_decref(one);
	}
	else if (good)
		good = output->format == OUTPUT_TABLE ? put_lines(output, rows, err)
											  : output_list(output, &listing, rows, err);
	json_decref(rows);
	return good;
}
