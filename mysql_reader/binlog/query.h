/*
 * query.h - QUERY events: a statement as text, and what kind of statement it is.
 *
 * There is no parser of SQL here: what a statement did is read from the server's catalogs and from
 * table maps.  Only what must be known at once is recognised, by its first words: where groups of
 * events begin and end, savepoints, XA, what empties or renames tables, and changes of rows that were
 * logged as statements.
 */
#ifndef SLUICE_MYSQL_READER_QUERY_H
#define SLUICE_MYSQL_READER_QUERY_H

#include "event.h"

typedef struct QueryEvent
{
	const char *schema; /* the session's, not terminated */
	size_t schema_length;
	const char *text; /* not terminated, in the client's character set */
	size_t text_length;
	uint16_t error;		/* the statement failed so, yet was logged */
	uint64_t sql_mode;	/* 0: not told */
	uint16_t collation; /* of the client; 0: not told */
	bool atomic_ddl;	/* MySQL says it is one */
	bool utc;			/* the session's time zone is UTC; else another, or not told */
} QueryEvent;

#define SQL_MODE_ANSI_QUOTES		  0x4
#define SQL_MODE_NO_BACKSLASH_ESCAPES UINT64_C(0x100000)

/* `unpacked` is for the text of a compressed one, and must stay as long as the text is used. */
extern bool query_event_read(const Event *event, QueryEvent *query, ByteBuf *unpacked,
							 SluiceError *err) SLUICE_MUST_CHECK;

typedef enum StatementKind
{
	STATEMENT_OTHER, /* perhaps a change of structure: look at the catalogs */
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_SAVEPOINT,
	STATEMENT_ROLLBACK_TO,
	STATEMENT_RELEASE,
	STATEMENT_XA_START,
	STATEMENT_XA_END,
	STATEMENT_XA_COMMIT,
	STATEMENT_XA_ROLLBACK,
	STATEMENT_TRUNCATE,
	STATEMENT_CREATE_TABLE,
	STATEMENT_ALTER_TABLE,
	STATEMENT_DROP_TABLE,
	STATEMENT_RENAME_TABLE,
	STATEMENT_CREATE_INDEX,
	STATEMENT_DROP_INDEX,
	STATEMENT_ROWS, /* INSERT, UPDATE, DELETE, REPLACE, LOAD DATA: changes of rows not logged as rows */
	STATEMENT_UNRELATED /* rights, accounts, routines, views, ...: no table changes */
} StatementKind;

/* A name of a statement, with its quotes taken off. */
typedef struct StatementName
{
	char text[4 * 64 + 1];
} StatementName;

typedef struct Statement
{
	StatementKind kind;
	bool temporary;		  /* the table is one that only its session sees */
	StatementName schema; /* "" when the statement does not say */
	StatementName name;	  /* of the table or the savepoint; "" when it was not found */
	const char *rest;	  /* what follows: further tables of RENAME and DROP */
	size_t rest_length;
} Statement;

extern void statement_read(const QueryEvent *query, Statement *statement);

/* The next table of a list, and for RENAME what it becomes; false behind the last. */
extern bool statement_next_table(const QueryEvent *query, Statement *statement,
								 StatementName *new_schema, StatementName *new_name);

#endif
