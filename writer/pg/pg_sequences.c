/*
 * pg_sequences.c - the source's values of sequences at a PostgreSQL target (TargetOps.set_sequences).
 *
 * A sequence is known by its name or, where the target's has another, by the column it belongs to.  It
 * is only ever moved on; one that goes round is set to where the source's is.
 */
#include <stdlib.h>

#include "pg_target.h"

/* Gives a row per sequence that could not be looked at or set, with why. */
static const char set_sql[] =
	"WITH s AS (SELECT e->>'schema' AS schema, e->>'name' AS name, (e->>'value')::pg_catalog.int8 "
	"AS v,"
	"  (e->>'descending')::pg_catalog.bool AS down, (e->>'cycle')::pg_catalog.bool AS round,"
	"  e->'owner'->>'schema' AS os, e->'owner'->>'table' AS ot, e->'owner'->>'column' AS oc"
	"  FROM pg_catalog.json_array_elements($1::pg_catalog.json) AS e),"
	" named AS (SELECT s.*, coalesce("
	"  (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
	"c.relnamespace"
	"   WHERE n.nspname = s.schema AND c.relname = s.name AND c.relkind = 'S'),"
	"  (SELECT d.objid FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace n ON n.oid = "
	"t.relnamespace"
	"   JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attname = s.oc AND NOT "
	"a.attisdropped"
	"   JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
	"    AND d.refobjid = t.oid AND d.refobjsubid = a.attnum"
	"    AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')"
	"   JOIN pg_catalog.pg_sequence q ON q.seqrelid = d.objid"
	"   WHERE n.nspname = s.os AND t.relname = s.ot LIMIT 1)) AS oid FROM s),"
	" found AS (SELECT n.*, q.seqmin, q.seqmax,"
	"  pg_catalog.has_sequence_privilege(n.oid, 'UPDATE')"
	"  AND pg_catalog.has_sequence_privilege(n.oid, 'USAGE, SELECT') AS may"
	"  FROM named n LEFT JOIN pg_catalog.pg_sequence q ON q.seqrelid = n.oid),"
	" looked AS (SELECT f.*, CASE WHEN f.may THEN pg_catalog.pg_sequence_last_value(f.oid) END AS "
	"now"
	"  FROM found f),"
	" done AS (SELECT l.*, CASE WHEN l.may AND l.v BETWEEN l.seqmin AND l.seqmax"
	"  AND (l.now IS NULL OR CASE WHEN l.round THEN l.now <> l.v WHEN l.down THEN l.now > l.v"
	"   ELSE l.now < l.v END) THEN pg_catalog.setval(l.oid::pg_catalog.regclass, l.v) END AS set "
	"FROM looked l)"
	" SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I (%s)', schema, name, why), ', ')"
	" FROM (SELECT d.*, CASE WHEN oid IS NULL THEN 'it is not there'"
	"  WHEN NOT may THEN 'no privilege: GRANT USAGE, SELECT, UPDATE on it'"
	"  WHEN v NOT BETWEEN seqmin AND seqmax THEN 'out of its bounds' END AS why FROM done d) AS x"
	" WHERE set IS NULL AND why IS NOT NULL";

bool
pg_set_sequences(PgTarget *target, const char *list, char **left, SluiceError *err)
{
	const char *const values[] = {list};
	PGresult *result = NULL;

	*left = NULL;
	if (!pg_query_params(&target->c, set_sql, 1, values, &result, err))
		return sluice_prefix(err, "setting sequences");
	if (PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
		*left = strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}
