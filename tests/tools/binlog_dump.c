/*
 * binlog_dump.c - prints what the decoder makes of a binary log's file, for test_mysql_source_oracle.py.
 *
 *     binlog_dump FILE [FACTS]     a JSON object to a line: groups, rows, statements, ends
 *     binlog_dump --count FILE     decodes everything, prints how many groups and rows there are
 *     binlog_dump --charset NAME   lines of hexadecimal bytes become lines of their UTF-8
 *
 * FACTS is a file of what a server knows: lines "collation NUMBER CHARSET", "character CHARSET BYTE
 * [UTF8]", "special SCHEMA.TABLE COLUMN uuid|inet4|inet6|json".  A value is printed as the bytes in the
 * log and, where a ValueReader can be made, in canonical form; both in hexadecimal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mysql_reader/binlog/log_reader.h"
#include "mysql_reader/binlog/value.h"

#define VALUE_MAXIMUM ((size_t) 1 << 30)
#define COLLATIONS	  4096
#define SPECIALS	  256

typedef struct Special
{
	char table[140];
	unsigned column; /* from 1 */
	ColumnSpecial kind;
} Special;

typedef struct Facts
{
	Charset *charsets[COLLATIONS];
	Special specials[SPECIALS];
	size_t special_count;
} Facts;

/* What is made of a table map, once. */
typedef struct Table
{
	ValueReader *readers; /* one without `append` cannot be made of what is known */
	uint32_t count;
} Table;

typedef struct Dump
{
	Facts facts;
	LogReader log;
	ByteBuf value;
	bool quiet;
	uint64_t groups, rows;
} Dump;

static void
die(const SluiceError *err)
{
	(void) fprintf(stderr, "binlog_dump: %s\n", err->message);
	exit(EXIT_FAILURE);
}

/* ---- facts ---- */

static Charset *
open_charset(const char *name)
{
	SluiceError err;
	Charset *charset = charset_open(name, &err);

	if (charset == NULL)
		die(&err);
	return charset;
}

/* In place: a byte takes the room of two digits. */
static size_t
from_hex(char *line)
{
	size_t length = 0;

	for (unsigned byte; sscanf(line + 2 * length, "%2x", &byte) == 1; length++)
		line[length] = (char) byte;
	return length;
}

static void
learn(Facts *facts, const char *name, unsigned byte, char *hex)
{
	const size_t length = from_hex(hex);

	for (size_t i = 0; i < COLLATIONS; i++)
	{
		if (facts->charsets[i] != NULL && strcmp(charset_name(facts->charsets[i]), name) == 0)
			charset_learn(facts->charsets[i], (uint8_t) byte, hex, length);
	}
}

static void
read_special(Facts *facts, const char *table, unsigned column, const char *word)
{
	static const char *const kinds[] = {[SPECIAL_UUID] = "uuid",
										[SPECIAL_INET4] = "inet4",
										[SPECIAL_INET6] = "inet6",
										[SPECIAL_JSON] = "json"};
	Special *special = &facts->specials[facts->special_count];

	(void) snprintf(special->table, sizeof(special->table), "%s", table);
	special->column = column;
	for (size_t i = SPECIAL_UUID; i <= SPECIAL_JSON; i++)
	{
		if (strcmp(kinds[i], word) == 0)
			special->kind = (ColumnSpecial) i;
	}
	facts->special_count += facts->special_count + 1 < SPECIALS;
}

static void
read_fact(Facts *facts, const char *line)
{
	char name[140], word[200] = "";
	unsigned number;

	if (sscanf(line, "collation %u %199s", &number, word) == 2 && number < COLLATIONS)
		facts->charsets[number] = strcmp(word, "binary") == 0 ? NULL : open_charset(word);
	else if (sscanf(line, "character %139s %x %199s", name, &number, word) >= 2)
		learn(facts, name, number, word);
	else if (sscanf(line, "special %139s %u %199s", name, &number, word) == 3)
		read_special(facts, name, number, word);
}

static void
read_facts(Facts *facts, const char *path)
{
	char line[400];
	FILE *file = fopen(path, "r");

	if (file == NULL)
	{
		perror(path);
		exit(EXIT_FAILURE);
	}
	while (fgets(line, sizeof(line), file) != NULL)
		read_fact(facts, line);
	(void) fclose(file);
}

static ColumnSpecial
special_of(const Facts *facts, const TableMap *map, uint32_t column)
{
	char table[600];

	(void) snprintf(table, sizeof(table), "%s.%s", map->schema, map->name);
	for (size_t i = 0; i < facts->special_count; i++)
	{
		if (strcmp(facts->specials[i].table, table) == 0 && facts->specials[i].column == column + 1)
			return facts->specials[i].kind;
	}
	return SPECIAL_NONE;
}

/* ---- tables ---- */

static Table *
make_table(const Dump *dump, TableMap *map)
{
	Table *table = calloc(1, sizeof(*table));

	table->count = map->column_count;
	table->readers = calloc(map->column_count + 1, sizeof(ValueReader));
	for (uint32_t i = 0; i < map->column_count; i++)
	{
		const LogColumn *column = &map->columns[i];
		const bool labels = column->kind == COLUMN_ENUM || column->kind == COLUMN_SET;
		ValueSource source = {
			.column = column, .special = special_of(&dump->facts, map, i), .dates = DATE_INFINITY};
		SluiceError err;

		if (column->collation < COLLATIONS)
			source.charset = dump->facts.charsets[column->collation];
		if (source.special == SPECIAL_JSON && source.charset == NULL)
			source.special = SPECIAL_NONE; /* a log without metadata */
		if (!value_reader_init(&table->readers[i], &source, VALUE_MAXIMUM, &err))
			die(&err);
		if (labels && column->label_count == 0)
			table->readers[i].append = NULL;
	}
	return table;
}

static void
forget_table(void *context, TableMap *map)
{
	Table *table = map->attached;

	(void) context;
	if (table == NULL)
		return;
	for (uint32_t i = 0; i < table->count; i++)
		value_reader_free(&table->readers[i]);
	free(table->readers);
	free(table);
}

/* ---- printing ---- */

static void
print_hex(const uint8_t *data, size_t length)
{
	(void) putchar('"');
	for (size_t i = 0; i < length; i++)
		(void) printf("%02x", data[i]);
	(void) putchar('"');
}

/* Texts of statements: what is no plain letter as a code. */
static void
print_text(const char *text, size_t length)
{
	(void) putchar('"');
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] >= ' ' && text[i] < 0x7f && text[i] != '"' && text[i] != '\\')
			(void) putchar(text[i]);
		else
			(void) printf("\\u%04x", (uint8_t) text[i]);
	}
	(void) putchar('"');
}

/* null, "absent", or [kind, bytes in the log, canonical type, canonical bytes, perhaps "changes"]. */
static bool
print_field(Dump *dump, ValueReader *reader, const RowField *field, const RowField *before,
			SluiceError *err)
{
	bool null = false, good = true;

	dump->value.length = 0;
	if (field->state < LOG_FIELD_VALUE)
		return dump->quiet || printf(field->state == LOG_FIELD_NULL ? "null" : "\"absent\"") > 0;
	if (field->state == LOG_FIELD_DIFF)
		good = value_append_diff(reader, before->state == LOG_FIELD_VALUE ? before->data : NULL,
								 before->length, field->data, field->length, &dump->value, err);
	else if (reader->append != NULL)
		good = value_append(reader, field->data, field->length, &dump->value, &null, err);
	if (!good || dump->quiet)
		return good;
	(void) printf("[%u, ", reader->source.column->kind);
	print_hex(field->data, field->length);
	(void) printf(", %d, ", reader->append != NULL ? (int) reader->canon : 0);
	print_hex(dump->value.data, dump->value.length);
	(void) printf("%s]", field->state == LOG_FIELD_DIFF ? ", \"changes\"" : "");
	return true;
}

static bool
print_image(Dump *dump, const char *name, RowsReader *rows, RowField *fields, SluiceError *err)
{
	const Table *table = rows->map->attached;

	if (!dump->quiet)
		(void) printf(", \"%s\": [", name);
	for (uint32_t i = 0; i < table->count; i++)
	{
		if (i > 0 && !dump->quiet)
			(void) printf(", ");
		if (!print_field(dump, &table->readers[i], &fields[i], &rows->before[i], err))
			return sluice_prefix(err, "%s.%s, column %u", rows->map->schema, rows->map->name,
								 i + 1);
	}
	return dump->quiet || putchar(']') > 0;
}

static bool
print_row(Dump *dump, RowsReader *rows, SluiceError *err)
{
	static const char *const actions[] = {"insert", "update", "delete"};

	dump->rows++;
	if (!dump->quiet)
		(void) printf("{\"%s\": \"%s.%s\"", actions[rows->action], rows->map->schema,
					  rows->map->name);
	if ((rows->action != ROWS_WRITE && !print_image(dump, "before", rows, rows->before, err)) ||
		(rows->action != ROWS_DELETE && !print_image(dump, "after", rows, rows->after, err)))
		return false;
	return dump->quiet || printf("}\n") > 0;
}

/* ---- the handler ---- */

static bool
begin_group(void *context, const LogGroup *group, SluiceError *err)
{
	Dump *dump = context;
	char text[GTID_TEXT];

	(void) err;
	dump->groups++;
	if (dump->quiet)
		return true;
	if (group->mariadb.number > 0)
		(void) printf("{\"begin\": \"%u-%u-%" PRIu64 "\"}\n", group->mariadb.domain,
					  group->mariadb.server, group->mariadb.number);
	else
		(void) printf("{\"begin\": \"%s\"}\n",
					  group->mysql.number > 0 ? gtid_format(&group->mysql, text) : "");
	return true;
}

static bool
take_rows(void *context, RowsReader *rows, SluiceError *err)
{
	Dump *dump = context;
	TableMap *map = rows->map;
	bool end;

	if (map->attached == NULL)
		map->attached = make_table(dump, map);
	for (;;)
	{
		if (!rows_next(rows, &end, err))
			return false;
		if (end)
			return true;
		if (!print_row(dump, rows, err))
			return false;
	}
}

static bool
take_statement(void *context, const QueryEvent *query, const Statement *statement, SluiceError *err)
{
	(void) err;
	if (((Dump *) context)->quiet)
		return true;
	(void) printf("{\"statement\": %d, \"name\": ", statement->kind);
	print_text(statement->name.text, strlen(statement->name.text));
	(void) printf(", \"text\": ");
	print_text(query->text, query->text_length);
	return printf("}\n") > 0;
}

static bool
end_group(void *context, GroupOutcome outcome, const XaName *xa, SluiceError *err)
{
	static const char *const outcomes[] = {"commit", "rollback", "prepare", "cut off"};
	const Dump *dump = context;

	(void) xa;
	(void) err;
	if (!dump->quiet)
		(void) printf("{\"end\": \"%s\", \"offset\": %" PRIu64 "}\n", outcomes[outcome],
					  dump->log.position.offset);
	return true;
}

/* ---- whole files ---- */

static uint8_t *
read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size >= 0)
	{
		rewind(file);
		data = malloc((size_t) size + 1);
	}
	if (data == NULL || fread(data, 1, (size_t) size, file) != (size_t) size)
	{
		perror(path);
		exit(EXIT_FAILURE);
	}
	(void) fclose(file);
	*length = (size_t) size;
	return data;
}

static void
dump_file(Dump *dump, const char *path)
{
	static const uint8_t magic[] = {0xfe, 'b', 'i', 'n'};
	const LogHandler handler = {dump,			begin_group, take_rows,
								take_statement, end_group,	 forget_table};
	LogPosition start;
	size_t length;
	uint8_t *data = read_file(path, &length);
	ByteCursor at = {data, data + length};
	SluiceError err;

	if (length < sizeof(magic) || memcmp(data, magic, sizeof(magic)) != 0)
	{
		(void) fprintf(stderr, "binlog_dump: %s is no binary log, or an encrypted one\n", path);
		exit(EXIT_FAILURE);
	}
	at.at += sizeof(magic);
	log_position_init(&start);
	start.offset = sizeof(magic);
	if (!log_reader_init(&dump->log, &handler, &start, FLAVOUR_MYSQL, false, VALUE_MAXIMUM, &err))
		die(&err);
	while (at.at < at.end)
	{
		uint32_t event;

		if (!event_length(&at, &event, &err) || !log_reader_event(&dump->log, at.at, event, &err))
			die(&err);
		at.at += event;
	}
	log_reader_free(&dump->log);
	log_position_free(&start);
	free(data);
}

/* ---- character sets ---- */

/* A line that is no text gives "!". */
static void
convert_lines(const char *name)
{
	Charset *charset = open_charset(name);
	char line[4096];
	ByteBuf scratch;

	bytebuf_init(&scratch, &allocator_malloc, VALUE_MAXIMUM);
	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		const uint8_t *text;
		size_t length = from_hex(line);

		if (charset_read(charset, TEXT_ERROR, (uint8_t *) line, length, &scratch, &text, &length,
						 NULL))
		{
			for (size_t i = 0; i < length; i++)
				(void) printf("%02x", text[i]);
		}
		else
			(void) putchar('!');
		(void) putchar('\n');
	}
	bytebuf_free(&scratch);
	charset_close(charset);
}

int
main(int argc, char **argv)
{
	static Dump dump;

	if (argc == 3 && strcmp(argv[1], "--charset") == 0)
	{
		convert_lines(argv[2]);
		return EXIT_SUCCESS;
	}
	if (argc < 2 || argc > 3)
	{
		(void) fprintf(stderr, "usage: binlog_dump FILE [FACTS] | --count FILE | --charset NAME\n");
		return 2;
	}
	dump.quiet = strcmp(argv[1], "--count") == 0;
	bytebuf_init(&dump.value, &allocator_malloc, VALUE_MAXIMUM);
	if (argc == 3 && !dump.quiet)
		read_facts(&dump.facts, argv[2]);
	dump_file(&dump, argv[dump.quiet ? 2 : 1]);
	if (dump.quiet)
		(void) printf("%" PRIu64 " groups, %" PRIu64 " rows\n", dump.groups, dump.rows);
	bytebuf_free(&dump.value);
	for (size_t i = 0; i < COLLATIONS; i++)
		charset_close(dump.facts.charsets[i]);
	return EXIT_SUCCESS;
}
