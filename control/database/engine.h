/*
 * engine.h - what there is to know of each kind of database: how to dial it, and what to ask it.
 *
 * A row of the table per type of connection; nothing else in the server tells kinds of databases apart.
 */
#ifndef SLUICE_CONTROL_ENGINE_H
#define SLUICE_CONTROL_ENGINE_H

#include "common/core/type_map.h"
#include "source.h"

/*
 * What can be asked.  Parameters of lists: filter, filter, after (of tables: schema, schema, filter, filter, after's schema,
 * after); of columns: schema, table.  LIMIT_MARK in a text stands for the page's limit.
 */
typedef enum Question
{
	ASK_DATABASES,	   /* name */
	ASK_SCHEMAS,	   /* name */
	ASK_TABLES,		   /* schema, name, kind, rows, bytes, has_primary_key, engine, readable */
	ASK_COLUMNS,	   /* name, position, type, nullable, in_primary_key, default, generated */
	ASK_SOURCE_RIGHTS, /* check's id, status (ok, warning, failed), detail, hint */
	ASK_SOURCE_LOG,	   /* the same */
	ASK_TARGET_RIGHTS, /* the same */
	ASK_IDENTITY,	   /* which server, or database of it, this is: no two have the same */
	QUESTIONS
} Question;

#define LIMIT_MARK "@limit"

struct Engine
{
	const char *type; /* "postgresql" */
	const char *name; /* "PostgreSQL" */
	TargetFlavour flavour;
	unsigned port;
	bool database_needed; /* a connection names one */
	bool schemas;		  /* has schemas in a database; else databases are both */

	/* Connects to the address at hand, logs in and sets the session up; fills the version. */
	bool (*dial)(Database *database, SluiceError *err);
	void (*hang_up)(Database *database);
	/* Fills rows->result and cells. */
	bool (*ask)(Database *database, Rows *rows, int timeout_ms, const char *const *parameters,
				size_t count, const char *sql, SluiceError *err);
	void (*free_rows)(void *result);
	char *(*quote)(const Database *database, const char *name);

	/* As a source (source.h). */
	void (*check_source)(Database *database, const SourceWish *wish, CheckList *checks);
	bool (*source_document)(Database *database, const SourceWish *wish, ByteBuf *json,
							json_t *unmatched, SluiceError *err);

	const char *const *questions; /* by Question */
};

/* questions_pg.c, questions_mysql.c */
extern const char *const questions_postgresql[QUESTIONS];
extern const char *const questions_mysql[QUESTIONS];
extern const char *const questions_mariadb[QUESTIONS];

extern const Engine engine_postgresql, engine_mysql, engine_mariadb;

/* NULL for a type that is none. */
extern const Engine *engine_find(const char *type);

/* All of them, for lists; NULL behind the last. */
extern const Engine *engine_at(size_t number);

#endif
