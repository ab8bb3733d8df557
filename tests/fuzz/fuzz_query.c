/*
 * fuzz_query.c - any bytes as a QUERY event's body (first byte even: plain, else compressed), and as a
 * statement's text.
 */
#include "mysql_reader/binlog/query.h"

#include "fuzz.h"

#define ROOM (1 << 20)

static void
read_statement(const QueryEvent *query)
{
	Statement statement;
	StatementName schema, name;
	size_t left;

	statement_read(query, &statement);
	FUZZ_ASSERT(memchr(statement.name.text, 0, sizeof(statement.name.text)) != NULL);
	FUZZ_ASSERT(statement.rest_length <= query->text_length);
	do
	{
		left = statement.rest_length;
		statement.name.text[0] = '\0';
	} while (statement_next_table(query, &statement, &schema, &name) &&
			 statement.rest_length < left);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Event event = {0};
	QueryEvent query = {0};
	SluiceError err = {0};
	ByteBuf unpacked;

	if (size == 0)
		return 0;
	bytebuf_init(&unpacked, &allocator_malloc, ROOM);
	event.header.type = data[0] % 2 == 0 ? EVENT_QUERY : EVENT_QUERY_COMPRESSED;
	event.body = (ByteCursor){data + 1, data + size};
	if (query_event_read(&event, &query, &unpacked, &err))
		read_statement(&query);
	else
		FUZZ_ASSERT(err.message[0] != '\0');
	query = (QueryEvent){.text = (const char *) data + 1,
						 .text_length = size - 1,
						 .sql_mode = data[0] & SQL_MODE_ANSI_QUOTES};
	read_statement(&query);
	bytebuf_free(&unpacked);
	return 0;
}
