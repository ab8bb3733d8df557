/*
 * source_pg.c - PostgreSQL as a source: what the extension says, and about the tables that were chosen (source.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/job_options.h"
#include "common/control/table_patterns.h"
#include "engine.h"
#include "source.h"

#define NAMED 20 /* tables that are named for each thing that is wrong with them */

/* Rows: id, status (ok, warning or another word), what was found, what mends it. */
static const char extension_sql[] = "SELECT \"check\", status, detail, hint FROM sluice.check()";

/* What more there is to say without it. */
static const char preload_sql[] =
	"SELECT 'shared_preload_libraries', CASE WHEN good THEN 'ok' ELSE 'missing' END, CASE WHEN "
	"good THEN "
	"'sluice is loaded' ELSE 'sluice is not loaded: streams cannot run' END, CASE WHEN NOT good "
	"THEN 'ALTER SYSTEM SET "
	"shared_preload_libraries = ' || pg_catalog.concat_ws(', ', NULLIF(p.setting, ''), 'sluice') "
	"|| '; then restart the "
	"server' END FROM (SELECT s.setting, 'sluice' = ANY (SELECT pg_catalog.btrim(w, ' \"') FROM "
	"pg_catalog.unnest(pg_catalog.string_to_array(s.setting, ',')) w) AS good FROM "
	"pg_catalog.pg_settings s WHERE s.name "
	"= 'shared_preload_libraries') p "
	"UNION ALL SELECT 'max_replication_slots', CASE WHEN used < most THEN 'ok' ELSE 'missing' END, "
	"used || ' of ' || most "
	"|| ' slots are used', CASE WHEN used >= most THEN 'ALTER SYSTEM SET max_replication_slots = ' "
	"|| used + 5 || '; then "
	"restart the server' END FROM (SELECT pg_catalog.count(*) AS used, "
	"pg_catalog.current_setting('max_replication_slots')::integer AS most FROM "
	"pg_catalog.pg_replication_slots) r";

static const char standby_sql[] =
	"SELECT 'standby', CASE WHEN r THEN 'missing' ELSE 'ok' END, CASE WHEN r THEN 'the server is a "
	"standby' ELSE 'the "
	"server is a primary' END, CASE WHEN r THEN 'connect to the primary' END FROM "
	"pg_catalog.pg_is_in_recovery() AS x (r) "
	"UNION ALL SELECT 'encoding', CASE WHEN pg_catalog.pg_encoding_to_char(d.encoding) = "
	"'SQL_ASCII' THEN 'warning' ELSE "
	"'ok' END, 'the encoding of the database is ' || pg_catalog.pg_encoding_to_char(d.encoding), "
	"NULL FROM "
	"pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";

/* Of each chosen table: its name, then NULL or what mends it, by the order of properties[]. */
#define TABLE_PROPERTIES                                                                           \
	"SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), "                                    \
	"CASE WHEN NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN "                          \
	"pg_catalog.format('GRANT SELECT ON %I.%I TO %I', n.nspname, c.relname, CURRENT_USER) END, "   \
	"CASE WHEN c.relpersistence = 'u' THEN "                                                       \
	"pg_catalog.format('ALTER TABLE %I.%I SET LOGGED', n.nspname, c.relname) END, "                \
	"CASE WHEN c.relreplident = 'n' OR (c.relreplident = 'd' AND NOT EXISTS (SELECT FROM "         \
	"pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)) THEN "                    \
	"pg_catalog.format('ALTER TABLE %I.%I REPLICA IDENTITY FULL, or give it a primary key', "      \
	"n.nspname, c.relname) END, "                                                                  \
	"CASE WHEN NOT pg_catalog.pg_has_role(CURRENT_USER, c.relowner, 'USAGE') THEN "                \
	"pg_catalog.format('ALTER TABLE %I.%I OWNER TO %I; or let its owner make a publication, and "  \
	"name that', n.nspname, c.relname, CURRENT_USER) END "                                         \
	"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN "

static const char chosen_sql[] =
	"WITH chosen (schema_name, table_name, quoted) AS (" TABLE_PATTERNS_TABLES ") " TABLE_PROPERTIES
	"chosen x ON x.schema_name = n.nspname AND x.table_name = c.relname ORDER BY 1";

static const char published_sql[] =
	TABLE_PROPERTIES "pg_catalog.pg_publication_tables p ON p.schemaname = n.nspname AND "
					 "p.tablename = c.relname WHERE "
					 "p.pubname = $1 ORDER BY 1";

static const struct TableProperty
{
	const char *id;
	CheckStatus otherwise;
	bool of_publications; /* also where the tables are a publication's */
	const char *found;
} properties[] = {
	{"SELECT", CHECK_FAIL, true, "the role may not read it"},
	{"unlogged", CHECK_FAIL, false, "it is unlogged"},
	{"replica identity", CHECK_WARN, true,
	 "without a replica identity UPDATE and DELETE on it fail once it is published"},
	{"owner", CHECK_FAIL, false, "it belongs to another role"},
};

#define PROPERTIES (sizeof(properties) / sizeof(properties[0]))

/* ---- tables ---- */

static void
judge_property(const Rows *rows, size_t property, bool published, CheckList *checks)
{
	const struct TableProperty *judged = &properties[property];
	CheckFound check = {.id = judged->id, .status = judged->otherwise, .found = judged->found};
	size_t wrong = 0;
	char all[80];

	if (published && !judged->of_publications)
		return;
	for (size_t i = 0; i < rows->rows; i++)
	{
		check.fix = rows_text(rows, i, property + 1);
		check.table = rows_text(rows, i, 0);
		if (check.fix != NULL && wrong++ < NAMED)
			check_list_add(checks, &check);
	}
	if (wrong > 0 && wrong <= NAMED)
		return;
	(void) snprintf(all, sizeof(all), wrong == 0 ? "all %zu tables" : "%zu more tables",
					wrong == 0 ? rows->rows : wrong - NAMED);
	check_list_add(checks, &(CheckFound){.id = judged->id,
										 .status = wrong == 0 ? CHECK_PASS : judged->otherwise,
										 .found = all});
}

/* Names without a wildcard that mean nothing. */
static void
check_missing(Database *database, const char *patterns, CheckList *checks)
{
	SluiceError err = {0};
	Rows rows;

	if (!database_ask(database, &rows, QUERY_MS, &patterns, 1, TABLE_PATTERNS_MISSING, &err))
	{
		check_list_error(checks, "tables", &err);
		return;
	}
	for (size_t i = 0; i < rows.rows; i++)
		check_list_add(
			checks, &(CheckFound){
						.id = "tables",
						.status = CHECK_FAIL,
						.found = "there is no such table",
						.fix = "write schema.table, names with other characters as SQL quotes them",
						.table = rows_text(&rows, i, 0)});
	rows_free(&rows);
}

static void
check_tables(Database *database, const SourceWish *wish, const char *patterns, CheckList *checks)
{
	const char *const parameter = wish->publication != NULL ? wish->publication : patterns;
	SluiceError err = {0};
	char count[80];
	Rows rows;

	if (!database_ask(database, &rows, QUERY_MS, &parameter, 1,
					  wish->publication != NULL ? published_sql : chosen_sql, &err))
	{
		check_list_error(checks, "tables", &err);
		return;
	}
	(void) snprintf(count, sizeof(count), "%zu tables are chosen", rows.rows);
	check_list_add(checks,
				   &(CheckFound){.id = "tables",
								 .status = rows.rows > 0 ? CHECK_PASS : CHECK_FAIL,
								 .found = rows.rows > 0 ? count
										  : wish->publication != NULL
											  ? "the publication is not there or has no tables"
											  : "no table fits",
								 .fix = rows.rows > 0 ? NULL : "choose others"});
	for (size_t i = 0; rows.rows > 0 && i < PROPERTIES; i++)
		judge_property(&rows, i, wish->publication != NULL, checks);
	rows_free(&rows);
	if (wish->publication == NULL)
		check_missing(database, patterns, checks);
}

static bool
has_extension(Database *database)
{
	char found[8] = "";
	SluiceError ignored;

	return database_ask_text(database, found, sizeof(found),
							 "SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'sluice'",
							 &ignored) &&
		   found[0] == '1';
}

/* "[]" when none were given: all tables. */
static char *
patterns_of(const SourceWish *wish)
{
	return json_is_array(wish->tables) ? json_dumps(wish->tables, JSON_COMPACT) : strdup("[]");
}

void
source_check_postgresql(Database *database, const SourceWish *wish, CheckList *checks)
{
	char *patterns = patterns_of(wish);

	if (has_extension(database))
		check_list_ask(checks, database, extension_sql);
	else
	{
		check_list_ask(checks, database, database_engine(database)->questions[ASK_SOURCE_RIGHTS]);
		check_list_ask(checks, database, database_engine(database)->questions[ASK_SOURCE_LOG]);
		check_list_ask(checks, database, preload_sql);
	}
	check_list_ask(checks, database, standby_sql);
	checks->group = "tables";
	if (patterns != NULL)
		check_tables(database, wish, patterns, checks);
	checks->group = "source";
	free(patterns);
}

/* ---- the document ---- */

/* The stream is made, looked at and taken back. */
static const char create_sql[] =
	"WITH chosen (schema_name, table_name, quoted) AS (" TABLE_PATTERNS_TABLES
	") SELECT sluice.create_stream($2, tables => CASE WHEN $3::pg_catalog.text IS NULL THEN "
	"COALESCE((SELECT "
	"pg_catalog.array_agg(quoted) FROM chosen), '{}') END, publication => $3, mode => $4, options "
	"=> $5::pg_catalog.jsonb)";

static bool
copy_text(const Rows *rows, ByteBuf *json, SluiceError *err)
{
	const char *text = rows->rows > 0 ? rows_text(rows, 0, 0) : NULL;

	if (text == NULL)
		return sluice_fail(err, SLUICE_ERROR_STATE, "the source gave no schema document");
	return bytebuf_put(json, text, strlen(text), err);
}

static bool
read_document(Database *database, const char *stream, ByteBuf *json, SluiceError *err)
{
	Rows rows;
	bool good;

	if (!database_ask(database, &rows, QUERY_MS, &stream, 1, "SELECT sluice.schema_document($1)",
					  err))
		return false;
	good = copy_text(&rows, json, err);
	rows_free(&rows);
	return good;
}

/* What views and the like are carried is part of the document. */
static char *
carry_option(const SourceWish *wish)
{
	json_t *carry = json_object_get(wish->options, "carry");
	json_t *options = json_object();
	char *text,
		*word = carry != NULL ? job_option_text(JOB_SOURCE_POSTGRESQL, "carry", carry, NULL) : NULL;

	if (word != NULL)
		(void) json_object_set_new(options, "carry", json_string(word));
	text = json_dumps(options, JSON_COMPACT);
	json_decref(options);
	free(word);
	return text;
}

static bool
make_stream(Database *database, const SourceWish *wish, const char *patterns, SluiceError *err)
{
	char *options = carry_option(wish);
	const char *const parameters[] = {patterns, wish->stream, wish->publication, wish->mode,
									  options};
	Rows rows;
	bool good = options != NULL && database_run(database, "BEGIN READ WRITE", err) &&
				database_ask(database, &rows, QUERY_MS, parameters, 5, create_sql, err);

	if (good)
		rows_free(&rows);
	free(options);
	return good;
}

static bool
stream_exists(Database *database, const char *stream)
{
	SluiceError ignored;
	Rows rows;
	bool there;

	if (!database_ask(database, &rows, QUERY_MS, &stream, 1,
					  "SELECT 1 FROM sluice.streams WHERE name = $1", &ignored))
		return false;
	there = rows.rows > 0;
	rows_free(&rows);
	return there;
}

/* A publication has its tables, whatever the patterns are. */
static bool
find_unmatched(Database *database, const SourceWish *wish, const char *patterns, json_t *unmatched,
			   SluiceError *err)
{
	Rows rows;

	if (wish->publication != NULL || json_array_size(wish->tables) == 0)
		return true;
	if (!database_ask(database, &rows, QUERY_MS, &patterns, 1, TABLE_PATTERNS_UNMATCHED, err))
		return false;
	for (size_t i = 0; i < rows.rows; i++)
		(void) json_array_append_new(unmatched, database_text(rows_text(&rows, i, 0)));
	rows_free(&rows);
	return true;
}

/* Of the stream if there is one, else of one that is taken back. */
static bool
look_at_stream(Database *database, const SourceWish *wish, const char *patterns, ByteBuf *json,
			   SluiceError *err)
{
	SluiceError ignored;
	bool good;

	if (stream_exists(database, wish->stream))
		return read_document(database, wish->stream, json, err);
	good = make_stream(database, wish, patterns, err) &&
		   read_document(database, wish->stream, json, err);
	(void) !database_run(database, "ROLLBACK", &ignored);
	return good;
}

bool
source_document_postgresql(Database *database, const SourceWish *wish, ByteBuf *json,
						   json_t *unmatched, SluiceError *err)
{
	char *patterns;
	bool good;

	if (!has_extension(database))
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "the extension sluice is not in the source's database");
		return sluice_hint(err, "CREATE EXTENSION sluice");
	}
	patterns = patterns_of(wish);
	good = patterns != NULL && find_unmatched(database, wish, patterns, unmatched, err) &&
		   look_at_stream(database, wish, patterns, json, err);
	free(patterns);
	return good;
}
