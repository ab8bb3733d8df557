/*
 * questions_pg.c - what PostgreSQL is asked (engine.h).
 *
 * Releases from 10 on understand all of it.  Names of the catalog are qualified, as there is no search_path.
 */
#include "engine.h"

/* Part of a name in any case; NULL is any. */
#define FILTER(column)                                                                             \
	"(?::text IS NULL OR pg_catalog.strpos(pg_catalog.lower(" column                               \
	"::text), pg_catalog.lower(?::text)) > 0)"

#define NOT_SYSTEM                                                                                 \
	"n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'sluice')"

static const char databases[] =
	"SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datallowconn AND NOT d.datistemplate "
	"AND " FILTER("d.datname") " AND d.datname > ?::name ORDER BY 1 LIMIT " LIMIT_MARK;

static const char schemas[] =
	"SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE " NOT_SYSTEM
	" AND " FILTER("n.nspname") " AND n.nspname > ?::name ORDER BY 1 LIMIT " LIMIT_MARK;

/* Partitioned tables have what their leaves have. */
static const char tables[] =
	"SELECT p.nspname, p.relname, CASE WHEN p.relispartition THEN 'partition' WHEN p.relkind = 'p' "
	"THEN 'partitioned' "
	"ELSE 'table' END, leaves.rows, leaves.bytes, EXISTS (SELECT FROM pg_catalog.pg_index i WHERE "
	"i.indrelid = p.oid "
	"AND i.indisprimary), (SELECT a.amname FROM pg_catalog.pg_am a WHERE a.oid = p.relam AND "
	"a.amtype = 't'), "
	"pg_catalog.has_table_privilege(p.oid, 'SELECT') "
	"FROM (SELECT n.nspname, c.oid, c.relname, c.relkind, c.relispartition, c.relam FROM "
	"pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
	"ON n.oid = "
	"c.relnamespace WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND " NOT_SYSTEM
	" AND (?::name IS NULL OR n.nspname = ?::name) AND " FILTER(
		"c.relname") " AND (n.nspname, c.relname) > (?::name, ?::name) ORDER BY n.nspname, "
					 "c.relname LIMIT " LIMIT_MARK
					 ") p CROSS JOIN LATERAL (WITH RECURSIVE tree (relid, kind) AS (SELECT p.oid, "
					 "p.relkind UNION ALL "
					 "SELECT k.oid, k.relkind FROM tree JOIN pg_catalog.pg_inherits i ON "
					 "i.inhparent = tree.relid "
					 "JOIN pg_catalog.pg_class k ON k.oid = i.inhrelid WHERE tree.kind = 'p') "
					 "SELECT CASE WHEN pg_catalog.min(k.reltuples) >= 0 THEN "
					 "pg_catalog.sum(k.reltuples)::bigint END AS "
					 "rows, (pg_catalog.sum(k.relpages + COALESCE(t.relpages, 0)) * "
					 "pg_catalog.current_setting('block_size')::bigint)::bigint AS bytes FROM tree "
					 "JOIN pg_catalog.pg_class k ON k.oid = tree.relid AND k.relkind = 'r' "
					 "LEFT JOIN pg_catalog.pg_class t ON t.oid = k.reltoastrelid) leaves ORDER BY "
					 "1, 2";

static const char columns[] =
	"SELECT a.attname, a.attnum, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT "
	"a.attnotnull, "
	"COALESCE(a.attnum = ANY (i.indkey), false), pg_catalog.pg_get_expr(d.adbin, d.adrelid), "
	"CASE WHEN pg_catalog.to_jsonb(a)->>'attgenerated' <> '' THEN 'generated' WHEN a.attidentity "
	"<> '' THEN "
	"'identity' END FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
	"c.relnamespace "
	"JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
	"LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary "
	"LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
	"WHERE n.nspname = ?::name AND c.relname = ?::name AND c.relkind IN ('r', 'p') ORDER BY "
	"a.attnum";

/* A row each: id of the check, status, what was found, what mends it. */
static const char source_rights[] =
	"SELECT 'role', CASE WHEN r.rolsuper OR r.rolreplication THEN 'ok' "
	"ELSE 'failed' END, pg_catalog.format('role %s %s', "
	"r.rolname, CASE WHEN r.rolsuper THEN 'is superuser' WHEN "
	"r.rolreplication THEN 'has REPLICATION' ELSE "
	"'may not read changes: it lacks REPLICATION' END), CASE WHEN "
	"NOT (r.rolsuper OR r.rolreplication) THEN "
	"pg_catalog.format('ALTER ROLE %I REPLICATION', r.rolname) END "
	"FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER";

static const char source_log[] =
	"SELECT 'wal_level', CASE s.setting WHEN 'logical' THEN 'ok' ELSE 'failed' END, 'wal_level is "
	"' || "
	"s.setting, CASE WHEN s.setting "
	"<> 'logical' THEN 'ALTER SYSTEM SET wal_level = logical; then restart the server' END "
	"FROM pg_catalog.pg_settings s WHERE s.name = 'wal_level' "
	"UNION ALL SELECT 'extension', CASE WHEN e.extversion IS NOT NULL THEN 'ok' ELSE 'failed' END, "
	"CASE WHEN "
	"e.extversion IS NOT NULL "
	"THEN 'extension sluice ' || e.extversion ELSE 'the extension sluice is not in this database' "
	"END, CASE WHEN "
	"e.extversion IS NULL THEN CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_available_extensions v "
	"WHERE v.name = "
	"'sluice') THEN 'CREATE EXTENSION sluice' ELSE 'install the extension on the server (make "
	"install-extension), then "
	"CREATE EXTENSION sluice' END END FROM (SELECT pg_catalog.max(x.extversion) AS extversion FROM "
	"pg_catalog.pg_extension x WHERE x.extname = 'sluice') e";

/* Writers keep their books in a schema of their own. */
static const char target_rights[] =
	"SELECT 'rights', CASE WHEN good THEN 'ok' ELSE 'failed' END, pg_catalog.format('role %s %s', "
	"CURRENT_USER, CASE WHEN good THEN "
	"'may make what a writer needs' ELSE 'may not create a schema in this database' END), CASE "
	"WHEN NOT good THEN "
	"pg_catalog.format('GRANT CREATE ON DATABASE %I TO %I', pg_catalog.current_database(), "
	"CURRENT_USER) END "
	"FROM (SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') OR "
	"EXISTS (SELECT FROM "
	"pg_catalog.pg_namespace n WHERE n.nspname = 'sluice' AND "
	"pg_catalog.has_schema_privilege(n.oid, 'CREATE')) AS good) g "
	"UNION ALL SELECT 'writable', CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'failed' ELSE 'ok' "
	"END, CASE "
	"WHEN "
	"pg_catalog.pg_is_in_recovery() THEN 'the server is a standby: nothing can be written' ELSE "
	"'the server takes writes' "
	"END, CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'connect to the primary' END "
	"UNION ALL SELECT 'encoding', CASE WHEN pg_catalog.pg_encoding_to_char(d.encoding) = 'UTF8' "
	"THEN 'ok' ELSE 'warning' "
	"END, 'the encoding of the database is ' || pg_catalog.pg_encoding_to_char(d.encoding), CASE "
	"WHEN "
	"pg_catalog.pg_encoding_to_char(d.encoding) <> 'UTF8' THEN 'make a database with ENCODING "
	"''UTF8''' END FROM "
	"pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";

static const char identity[] = "SELECT c.system_identifier || '/' || pg_catalog.current_database() "
							   "FROM pg_catalog.pg_control_system() c";

const char *const questions_postgresql[QUESTIONS] = {
	[ASK_DATABASES] = databases,
	[ASK_SCHEMAS] = schemas,
	[ASK_TABLES] = tables,
	[ASK_COLUMNS] = columns,
	[ASK_SOURCE_RIGHTS] = source_rights,
	[ASK_SOURCE_LOG] = source_log,
	[ASK_TARGET_RIGHTS] = target_rights,
	[ASK_IDENTITY] = identity,
};
