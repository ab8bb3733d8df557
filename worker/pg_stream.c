/*
 * pg_stream.c - statements about a stream (pg_stream.h).  Everything that came from outside is a parameter.
 */
#include "pg_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/control/job_options.h"
#include "common/control/table_patterns.h"

/* Most tables whose figures are published: those that move first. */
#define TABLES_TOLD "500"

static const char look_sql[] =
	"SELECT s.desired, t.state, t.last_error, t.last_error_hint, jsonb_strip_nulls("
	" jsonb_build_object('rows', coalesce(t.rows, 0), 'bytes', coalesce(t.bytes, 0),"
	" 'rows_per_second', coalesce(t.rows_per_second, 0), 'lag_seconds', t.lag_seconds,"
	" 'lag_bytes', t.lag_bytes, 'kept_bytes', t.kept_wal_bytes, 'position', t.decoded_lsn,"
	" 'copied_rows', coalesce(t.copy_rows, 0), 'copied_bytes', coalesce(t.copy_bytes, 0)))"
	" || jsonb_build_object('tables', (SELECT coalesce(jsonb_agg(jsonb_build_object('table',"
	" x.table_name, 'state', x.copy_state, 'estimated_rows', coalesce(x.estimated_rows, 0),"
	" 'copied_rows', coalesce(x.copied_rows, 0), 'copied_bytes', coalesce(x.copied_bytes, 0),"
	" 'chunks', 0, 'chunks_done', 0, 'inserts', x.inserts, 'updates', x.updates,"
	" 'deletes', x.deletes, 'error', x.copy_error)), '[]') FROM (SELECT * FROM sluice.stat_tables"
	" WHERE stream = $1 ORDER BY copy_state = 'copying' DESC, bytes DESC, table_name"
	" LIMIT " TABLES_TOLD ") x))"
	" FROM sluice.streams s LEFT JOIN sluice.stat_streams t USING (name) WHERE s.name = $1";

/* Of a publication that the stream made for itself. */
static const char own_tables_sql[] =
	"SELECT format('%I.%I', n.nspname, c.relname) FROM sluice.streams s"
	" JOIN pg_publication p ON quote_ident(p.pubname) = s.publications"
	" AND p.pubname = 'sluice_' || s.name JOIN pg_publication_rel r ON r.prpubid = p.oid"
	" JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE s.name = $1 ORDER BY 1";

/*
 * What a stream has in another way than it is wished, of what it keeps from its making on.  An option that is not named may be as it
 * is: the stream may have been made by hand.  Consumers are the targets' names, which do not change.
 */
static const char fixed_sql[] =
	"SELECT what, has, wants FROM"
	" (SELECT 'publication' AS what, s.publications AS has,"
	" quote_ident(coalesce($2, 'sluice_' || s.name)) AS wants"
	" FROM sluice.streams s WHERE s.name = $1"
	" UNION ALL SELECT 'option ' || w.key, CASE k.kind WHEN 'object'"
	" THEN ((s.options->>w.key)::jsonb)::text ELSE coalesce(s.options->>w.key, k.initial) END,"
	" CASE k.kind WHEN 'object' THEN (w.value::jsonb)::text ELSE w.value END"
	" FROM sluice.streams s CROSS JOIN jsonb_each_text($3::jsonb) w"
	" LEFT JOIN sluice.known_options() k ON k.name = w.key"
	" WHERE s.name = $1 AND w.key <> 'consumers') d"
	" WHERE has IS DISTINCT FROM wants ORDER BY what LIMIT 1";

static const struct
{
	const char *verb, *sql;
} verbs[] = {
	{"start", "SELECT sluice.start_stream($1)"},
	{"pause", "SELECT sluice.pause_stream($1)"},
	{"stop", "SELECT sluice.stop_stream($1)"},
	{"drop", "SELECT sluice.drop_stream($1)"},
};

bool
pg_stream_check(PgSession *session, SluiceError *err)
{
	PGresult *result;
	bool there;

	if (!pg_session_query(session, &result, err,
						  "SELECT FROM pg_extension WHERE extname = 'sluice'", NULL, 0))
		return false;
	there = PQntuples(result) > 0;
	PQclear(result);
	if (there)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
					   "the source's database has no extension sluice");
	return sluice_hint(err, "CREATE EXTENSION sluice there, with shared_preload_libraries = "
							"'sluice' in postgresql.conf");
}

/* ---- looking ---- */

static void
copy_word(char *word, const PGresult *row, int column)
{
	(void) snprintf(word, JOB_WORD, "%s", PQgetvalue(row, 0, column));
}

static void
read_look(PgStreamLook *look, const PGresult *row)
{
	look->there = true;
	copy_word(look->desired, row, 0);
	copy_word(look->state, row, 1);
	if (PQgetisnull(row, 0, 2) == 0)
		(void) sluice_fail(&look->error, SLUICE_ERROR_STATE, "%s", PQgetvalue(row, 0, 2));
	if (PQgetisnull(row, 0, 3) == 0)
		(void) sluice_hint(&look->error, "%s", PQgetvalue(row, 0, 3));
	look->figures = json_loads(PQgetvalue(row, 0, 4), 0, NULL);
}

bool
pg_stream_look(PgSession *session, const char *stream, PgStreamLook *look, SluiceError *err)
{
	PGresult *result;

	*look = (PgStreamLook){.there = false};
	if (!pg_session_query(session, &result, err, look_sql, &stream, 1))
		return false;
	if (PQntuples(result) == 1)
		read_look(look, result);
	PQclear(result);
	return true;
}

void
pg_stream_look_free(PgStreamLook *look)
{
	json_decref(look->figures);
	look->figures = NULL;
}

/* ---- making ---- */

/* The tables that patterns mean, as an array of quoted names; NULL on error. */
static json_t *
expand_tables(PgSession *session, const char *patterns, SluiceError *err)
{
	PGresult *result;
	json_t *tables;

	if (!pg_session_query(session, &result, err, TABLE_PATTERNS_MISSING, &patterns, 1))
		return NULL;
	if (PQntuples(result) > 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "table %s does not exist at the source",
						   PQgetvalue(result, 0, 0));
		PQclear(result);
		return NULL;
	}
	PQclear(result);
	if (!pg_session_query(session, &result, err, TABLE_PATTERNS_TABLES, &patterns, 1))
		return NULL;
	tables = json_array();
	for (int i = 0; i < PQntuples(result); i++)
		(void) json_array_append_new(tables, json_string(PQgetvalue(result, i, 2)));
	if (PQntuples(result) == 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "the stream's patterns mean no table");
		json_decref(tables);
		tables = NULL;
	}
	PQclear(result);
	return tables;
}

/* As create_stream() takes them, with the consumers that are to be waited for. */
static json_t *
options_of(const JobFacts *job, SluiceError *err)
{
	const json_t *given = json_object_get(json_object_get(job->spec, "source"), "options");
	json_t *options = json_object(), *value;
	char consumers[1024] = "";
	const char *name;
	size_t i, used = 0;

	json_object_foreach((json_t *) (size_t) given, name, value)
	{
		char *text = job_option_text(JOB_SOURCE_POSTGRESQL, name, value, err);

		if (text == NULL)
		{
			(void) sluice_prefix(err, "option %.64s", name);
			json_decref(options);
			return NULL;
		}
		(void) json_object_set_new(options, name, json_string(text));
		free(text);
	}
	json_array_foreach(json_object_get(job->spec, "targets"), i, value)
	{
		if (used < sizeof(consumers))
			used += (size_t) snprintf(consumers + used, sizeof(consumers) - used, "%s%s",
									  used > 0 ? "," : "", run_text(value, "name"));
	}
	if (used > 0)
		(void) json_object_set_new(options, "consumers", json_string(consumers));
	return options;
}

/* NULL when the source has a publication of its own. */
static bool
tables_of(PgSession *session, const JobFacts *job, json_t **tables, SluiceError *err)
{
	const json_t *source = json_object_get(job->spec, "source");
	const json_t *given = json_object_get(source, "tables");
	char *patterns;

	*tables = NULL;
	if (json_is_string(json_object_get(source, "publication")))
		return true;
	patterns = json_is_array(given) ? json_dumps(given, JSON_COMPACT) : strdup("[]");
	if (patterns == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for tables");
	*tables = expand_tables(session, patterns, err);
	free(patterns);
	return *tables != NULL;
}

static char *
dump(const json_t *value)
{
	return value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
}

bool
pg_stream_create(PgSession *session, const JobFacts *job, SluiceError *err)
{
	const json_t *source = json_object_get(job->spec, "source");
	json_t *tables = NULL, *options = options_of(job, err);
	char *texts[2];
	bool good = options != NULL && tables_of(session, job, &tables, err);

	texts[0] = dump(tables);
	texts[1] = dump(options);
	if (good)
	{
		const char *values[] = {job->stream, texts[0],
								json_string_value(json_object_get(source, "publication")),
								run_text(job->spec, "mode"), texts[1]};

		good = pg_session_query(
			session, NULL, err,
			"SELECT sluice.create_stream($1, CASE WHEN $2::jsonb IS NOT NULL THEN"
			" ARRAY(SELECT jsonb_array_elements_text($2::jsonb)) END, $3, $4, $5::jsonb)",
			values, sizeof(values) / sizeof(values[0]));
	}
	free(texts[0]);
	free(texts[1]);
	json_decref(tables);
	json_decref(options);
	return good;
}

/* ---- what stays as it was made ---- */

static bool
fail_fixed(const PGresult *row, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "%s of a stream cannot be changed: at the source it is %.100s, and the run "
					   "wants %.100s",
					   PQgetvalue(row, 0, 0),
					   PQgetisnull(row, 0, 1) != 0 ? "not set" : PQgetvalue(row, 0, 1),
					   PQgetvalue(row, 0, 2));
	return sluice_hint(err,
					   "stop the run; then put that back in the stream, or drop the stream and "
					   "create it anew");
}

static bool
check_fixed(PgSession *session, const JobFacts *job, SluiceError *err)
{
	const json_t *source = json_object_get(job->spec, "source");
	json_t *options = options_of(job, err);
	char *text = dump(options);
	const char *values[] = {job->stream, json_string_value(json_object_get(source, "publication")),
							text};
	PGresult *result;
	bool good;

	json_decref(options);
	if (options == NULL)
		return false;
	good = pg_session_query(session, &result, err, fixed_sql, values,
							sizeof(values) / sizeof(values[0]));
	free(text);
	if (!good)
		return false;
	good = PQntuples(result) == 0 || fail_fixed(result, err);
	PQclear(result);
	return good;
}

/* ---- other tables than before ---- */

static bool
has_text(const json_t *array, const char *text)
{
	size_t i;
	json_t *each;

	json_array_foreach(array, i, each)
	{
		if (strcmp(json_string_value(each), text) == 0)
			return true;
	}
	return false;
}

static bool
change_table(PgSession *session, const JobFacts *job, const char *sql, const char *table,
			 SluiceError *err)
{
	const char *values[] = {job->stream, table};

	return pg_session_query(session, NULL, err, sql, values, 2) ||
		   sluice_prefix(err, "table %s", table);
}

static bool
change_tables(PgSession *session, const JobFacts *job, const json_t *had, const json_t *wanted,
			  SluiceError *err)
{
	size_t i;
	json_t *each;
	bool good = true;

	json_array_foreach(wanted, i, each)
	{
		if (good && !has_text(had, json_string_value(each)))
			good = change_table(session, job, "SELECT sluice.add_table($1, $2::regclass)",
								json_string_value(each), err);
	}
	json_array_foreach(had, i, each)
	{
		if (good && !has_text(wanted, json_string_value(each)))
			good = change_table(session, job, "SELECT sluice.remove_table($1, $2::regclass)",
								json_string_value(each), err);
	}
	return good;
}

bool
pg_stream_adapt(PgSession *session, const JobFacts *job, SluiceError *err)
{
	const char *stream = job->stream;
	json_t *wanted, *had;
	PGresult *result;
	bool good;

	if (!check_fixed(session, job, err) || !tables_of(session, job, &wanted, err))
		return false;
	if (wanted == NULL)
		return true; /* its owner changes the publication */
	if (!pg_session_query(session, &result, err, own_tables_sql, &stream, 1))
	{
		json_decref(wanted);
		return false;
	}
	had = json_array();
	for (int i = 0; i < PQntuples(result); i++)
		(void) json_array_append_new(had, json_string(PQgetvalue(result, i, 0)));
	PQclear(result);
	good = json_array_size(had) == 0 || change_tables(session, job, had, wanted, err);
	json_decref(had);
	json_decref(wanted);
	return good;
}

/* ---- asking ---- */

bool
pg_stream_ask(PgSession *session, const char *stream, const char *verb, SluiceError *err)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
	{
		if (strcmp(verbs[i].verb, verb) == 0)
			return pg_session_query(session, NULL, err, verbs[i].sql, &stream, 1) ||
				   sluice_prefix(err, "sluice.%s_stream", verb);
	}
	return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "nobody can ask a stream to %s", verb);
}
