/*
 * log_walk.c - reading whole binary logs (log_walk.h).
 *
 * Character sets are not those of a server's collations: each kind of conversion has some numbers.
 */
#include "log_walk.h"

#include "mysql_reader/binlog/log_reader.h"
#include "mysql_reader/binlog/value.h"

#include <stdlib.h>

#define CHARSETS 4

typedef struct Walk
{
	LogCounts *counts;
	Charset *charsets[CHARSETS];
	size_t maximum;
	ByteBuf value;
} Walk;

static bool
open_charsets(Walk *walk, SluiceError *err)
{
	static const char *const names[CHARSETS] = {"utf8mb4", "latin1", "gbk", "utf16"};

	for (size_t i = 0; i < CHARSETS; i++)
	{
		if ((walk->charsets[i] = charset_open(names[i], err)) == NULL)
			return false;
	}
	return true;
}

/* ---- tables ---- */

static void
forget_table(void *context, TableMap *map)
{
	ValueReader *readers = map->attached;

	(void) context;
	for (uint32_t i = 0; readers != NULL && i < map->column_count; i++)
		value_reader_free(&readers[i]);
	free(readers);
	map->attached = NULL;
}

static bool
make_table(Walk *walk, TableMap *map, SluiceError *err)
{
	ValueReader *readers = calloc((size_t) map->column_count + 1, sizeof(*readers));
	bool good = readers != NULL;

	if (!good)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for readers of values");
	for (uint32_t i = 0; i < map->column_count; i++)
	{
		const LogColumn *column = &map->columns[i];
		ValueSource source = {.column = column, .dates = DATE_NULL, .texts = TEXT_REPLACE};

		if (column->collation != 0 && column->collation != COLLATION_BINARY)
			source.charset = walk->charsets[column->collation % CHARSETS];
		/* All are made, so that all can be freed. */
		good = value_reader_init(&readers[i], &source, walk->maximum, good ? err : NULL) && good;
	}
	map->attached = readers;
	return good;
}

/* ---- the handler ---- */

static bool
begin_group(void *context, const LogGroup *group, SluiceError *err)
{
	(void) group;
	(void) err;
	((Walk *) context)->counts->groups++;
	return true;
}

static bool
take_field(Walk *walk, ValueReader *reader, const RowField *field, const RowField *before,
		   SluiceError *err)
{
	SluiceError failed = {0};
	bool null, good;

	if (field->state < LOG_FIELD_VALUE)
		return true;
	walk->value.length = 0;
	if (field->state == LOG_FIELD_DIFF)
		good = value_append_diff(reader, before->state == LOG_FIELD_VALUE ? before->data : NULL,
								 before->length, field->data, field->length, &walk->value, &failed);
	else
		good = value_append(reader, field->data, field->length, &walk->value, &null, &failed);
	if (!good && failed.code != SLUICE_ERROR_DATA)
	{
		*err = failed;
		return false;
	}
	walk->counts->bytes += walk->value.length;
	return true;
}

static bool
take_rows(void *context, RowsReader *rows, SluiceError *err)
{
	Walk *walk = context;
	bool end;

	if (rows->map->attached == NULL && !make_table(walk, rows->map, err))
		return false;
	while (rows_next(rows, &end, err))
	{
		ValueReader *readers = rows->map->attached;

		if (end)
			return true;
		walk->counts->rows++;
		for (uint32_t i = 0; i < rows->map->column_count; i++)
		{
			if ((rows->action != ROWS_WRITE &&
				 !take_field(walk, &readers[i], &rows->before[i], NULL, err)) ||
				(rows->action != ROWS_DELETE &&
				 !take_field(walk, &readers[i], &rows->after[i], &rows->before[i], err)))
				return false;
		}
	}
	return false;
}

static bool
take_statement(void *context, const QueryEvent *query, const Statement *statement, SluiceError *err)
{
	StatementName schema, name;
	Statement tables = *statement;

	(void) err;
	((Walk *) context)->counts->statements++;
	while (statement_next_table(query, &tables, &schema, &name))
		tables.name.text[0] = '\0';
	return true;
}

static bool
end_group(void *context, GroupOutcome outcome, const XaName *xa, SluiceError *err)
{
	(void) xa;
	(void) err;
	((Walk *) context)->counts->ends[outcome]++;
	return true;
}

/* ---- the walk ---- */

static bool
read_events(LogReader *reader, ByteCursor at, SluiceError *err)
{
	while (at.at < at.end)
	{
		uint32_t length;

		if (!event_length(&at, &length, err) || !log_reader_event(reader, at.at, length, err))
			return false;
		at.at += length;
	}
	return true;
}

bool
log_walk(const uint8_t *data, size_t length, size_t maximum, LogCounts *counts, SluiceError *err)
{
	Walk walk = {.counts = counts, .maximum = maximum};
	const LogHandler handler = {&walk,			begin_group, take_rows,
								take_statement, end_group,	 forget_table};
	LogReader reader = {0};
	LogPosition start;
	bool good;

	*counts = (LogCounts){0};
	bytebuf_init(&walk.value, &allocator_malloc, maximum);
	log_position_init(&start);
	start.offset = 4;
	good = open_charsets(&walk, err) &&
		   log_reader_init(&reader, &handler, &start, FLAVOUR_MYSQL, false, maximum, err);
	if (good)
	{
		good = read_events(&reader, (ByteCursor){data, data + length}, err);
		log_reader_free(&reader);
	}
	bytebuf_free(&walk.value);
	for (size_t i = 0; i < CHARSETS; i++)
		charset_close(walk.charsets[i]);
	return good;
}
