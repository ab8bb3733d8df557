/*
 * table_patterns.h - which tables of a PostgreSQL database a stream's patterns mean, as SQL.
 *
 * A pattern is schema.table, where * and ? stand for characters and a ! in front takes away what came before it; without a
 * schema it is one of public.  An exact name may be quoted as in SQL: shop."Order".  No pattern at all means every table.
 * What a pattern with * or ? means leaves out tables of extensions, unlogged ones, and partitions of tables that it
 * means as well.  The statements take the patterns as one parameter of JSON (an array of texts) and pin the search path
 * themselves: every name has its schema.
 */
#ifndef SLUICE_CONTROL_TABLE_PATTERNS_H
#define SLUICE_CONTROL_TABLE_PATTERNS_H

/* patterns: number, what it says without the "!", whether it takes away, has a wildcard, the exact table, and as LIKE. */
#define TABLE_PATTERNS_PARSED                                                                      \
	"given AS (SELECT number, ltrim(text, '!') AS text, text LIKE '!%' AS takes_away"              \
	" FROM pg_catalog.jsonb_array_elements_text("                                                  \
	"CASE WHEN pg_catalog.jsonb_array_length($1::pg_catalog.jsonb) = 0 THEN '[\"*.*\"]'"           \
	" ELSE $1::pg_catalog.jsonb END) WITH ORDINALITY AS g (text, number)),"                        \
	" pattern AS (SELECT number, text, takes_away, text ~ '[*?]' AND text !~ '\"' AS wild,"        \
	" CASE WHEN text ~ '^(\"([^\"]|\"\")+\"|[a-z_][a-z0-9_$]*)[.]"                                 \
	"(\"([^\"]|\"\")+\"|[a-z_][a-z0-9_$]*)$' THEN pg_catalog.to_regclass(text) END AS exact,"      \
	" pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace("                \
	"pg_catalog.replace(CASE WHEN pg_catalog.strpos(text, '.') = 0 THEN 'public.' || text"         \
	" ELSE text END, '\\', '\\\\'), '%', '\\%'), '_', '\\_'), '*', '%'), '?', '_') AS form"        \
	" FROM given),"                                                                                \
	" candidate AS (SELECT c.oid, n.nspname AS schema_name, c.relname AS table_name,"              \
	" n.nspname || '.' || c.relname AS name, c.relispartition, c.relpersistence = 'p'"             \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid ="                        \
	" 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')"         \
	" AS usual FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"                          \
	" ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN"                \
	" ('pg_catalog', 'information_schema', 'pg_toast', 'sluice') AND n.nspname !~ '^pg_temp_')"

/* schema, table, and both quoted as in SQL; by name. */
#define TABLE_PATTERNS_TABLES                                                                      \
	"WITH " TABLE_PATTERNS_PARSED                                                                  \
	", meant AS (SELECT DISTINCT ON (c.oid) c.*, p.wild, p.takes_away FROM candidate c"            \
	" JOIN pattern p ON p.exact = c.oid OR (c.name LIKE p.form AND (c.usual OR NOT p.wild))"       \
	" ORDER BY c.oid, p.number DESC)"                                                              \
	" SELECT schema_name, table_name, pg_catalog.format('%I.%I', schema_name, table_name)"         \
	" FROM meant m WHERE NOT takes_away AND NOT (wild AND relispartition AND EXISTS"               \
	" (SELECT FROM pg_catalog.pg_partition_ancestors(m.oid) a JOIN meant o ON o.oid = a.relid"     \
	" WHERE o.oid <> m.oid AND NOT o.takes_away)) ORDER BY 1, 2"

/* What no table fits, with a wildcard or without. */
#define TABLE_PATTERNS_UNMATCHED                                                                   \
	"WITH " TABLE_PATTERNS_PARSED                                                                  \
	" SELECT text FROM pattern p WHERE NOT takes_away AND NOT EXISTS (SELECT FROM candidate c"     \
	" WHERE p.exact = c.oid OR (c.name LIKE p.form AND (c.usual OR NOT p.wild))) ORDER BY number"

/* Exact names that mean no table. */
#define TABLE_PATTERNS_MISSING                                                                     \
	"WITH " TABLE_PATTERNS_PARSED                                                                  \
	" SELECT text FROM pattern p WHERE NOT takes_away AND NOT wild AND exact IS NULL"              \
	" AND NOT EXISTS (SELECT FROM candidate c WHERE c.name LIKE p.form) ORDER BY number"

#endif
