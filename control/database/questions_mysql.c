/*
 * questions_mysql.c - what MySQL and MariaDB are asked (engine.h).
 *
 * Names are compared as bytes: information_schema's own collation takes "A" for "a", which may be two tables.  With a
 * role at hand nothing is said of rights, as the views show what is granted to the user alone.
 */
#include "engine.h"

#define FILTER(column) "(? IS NULL OR LOCATE(LOWER(?), LOWER(" column ")) > 0)"

#define NOT_SYSTEM(column)                                                                         \
	column " NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"

static const char databases[] = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA "
								"WHERE " NOT_SYSTEM("SCHEMA_NAME") " AND " FILTER(
									"SCHEMA_NAME") " AND CAST(SCHEMA_NAME AS BINARY) > ? ORDER BY "
												   "CAST(SCHEMA_NAME AS BINARY) LIMIT " LIMIT_MARK;

static const char tables[] =
	"SELECT t.TABLE_SCHEMA, t.TABLE_NAME, 'table', t.TABLE_ROWS, t.DATA_LENGTH + "
	"t.INDEX_LENGTH, k.TABLE_NAME IS NOT "
	"NULL, t.ENGINE, 1 FROM information_schema.TABLES t LEFT JOIN (SELECT TABLE_SCHEMA, "
	"TABLE_NAME FROM "
	"information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_TYPE = 'PRIMARY KEY') k "
	"ON CAST(k.TABLE_SCHEMA AS BINARY) = CAST(t.TABLE_SCHEMA AS BINARY) AND "
	"CAST(k.TABLE_NAME AS BINARY) = "
	"CAST(t.TABLE_NAME AS BINARY) "
	"WHERE t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND " NOT_SYSTEM(
		"t.TABLE_SCHEMA") " AND (? IS NULL OR CAST(t.TABLE_SCHEMA AS BINARY) = ?) "
						  "AND " FILTER("t.TABLE_NAME") " AND (CAST(t.TABLE_SCHEMA AS "
														"BINARY), CAST(t.TABLE_NAME AS "
														"BINARY)) > (?, ?) "
														"ORDER BY CAST(t.TABLE_SCHEMA "
														"AS BINARY), CAST(t.TABLE_NAME "
														"AS BINARY) LIMIT " LIMIT_MARK;

static const char columns[] = "SELECT COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, IS_NULLABLE = "
							  "'YES', COLUMN_KEY = 'PRI', COLUMN_DEFAULT, "
							  "CASE WHEN EXTRA LIKE '%auto_increment%' THEN 'identity' WHEN "
							  "GENERATION_EXPRESSION <> '' THEN 'generated' END "
							  "FROM information_schema.COLUMNS WHERE CAST(TABLE_SCHEMA AS BINARY) "
							  "= ? AND CAST(TABLE_NAME AS BINARY) = ? "
							  "ORDER BY ORDINAL_POSITION";

/* The user at hand as the views and GRANT write it. */
#define ACCOUNT                                                                                    \
	"CONCAT(QUOTE(LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - "                             \
	"CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) - 1)), '@', "                           \
	"QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))"

#define HAS_ROLE "COALESCE(NULLIF(CURRENT_ROLE(), 'NONE'), '') <> ''"

#define GRANTED(names)                                                                             \
	"EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES p WHERE p.GRANTEE = " ACCOUNT        \
	" AND p.PRIVILEGE_TYPE IN (" names "))"

#define RIGHT(name, names)                                                                         \
	"SELECT '" name "', CASE WHEN " HAS_ROLE                                                       \
	" OR " GRANTED(names) " THEN 'ok' ELSE 'failed' END, CASE WHEN " GRANTED(                      \
		names) " THEN '" name " is granted' WHEN " HAS_ROLE                                        \
			   " THEN 'rights come by a role: not looked at' ELSE '" name                          \
			   " is not granted: the server gives its log to nobody else' END, "                   \
			   "CASE WHEN NOT (" HAS_ROLE ") AND NOT " GRANTED(names) " THEN CONCAT('GRANT " name  \
																	  " ON *.* TO ', " ACCOUNT     \
																	  ") END"

#define SETTING(name, condition, mend)                                                             \
	"SELECT '" name "', CASE WHEN " condition " THEN 'ok' ELSE 'failed' END, CONCAT('" name        \
	" is ', @@global." name "), CASE WHEN NOT (" condition ") THEN '" mend "' END"

#define LOG_SETTINGS(set)                                                                          \
	SETTING("log_bin", "@@global.log_bin = 1",                                                     \
			"log_bin = binlog in the configuration of the server, then restart it")                \
	" UNION ALL " SETTING(                                                                         \
		"binlog_format", "@@global.binlog_format = 'ROW'",                                         \
		set " binlog_format = ''ROW''") " UNION ALL " SETTING("server_id",                         \
															  "@@global.server_id <> 0",           \
															  set " server_id = 1")

static const char target_rights[] =
	"SELECT 'rights', CASE WHEN good THEN 'ok' ELSE 'failed' END, CASE WHEN granted THEN 'CREATE "
	"is granted' "
	"WHEN good THEN 'rights "
	"come by a role: not looked at' ELSE CONCAT('CREATE is not granted on database ', name) END, "
	"CASE WHEN NOT good THEN "
	"CONCAT('GRANT ALL ON `', REPLACE(name, '`', '``'), '`.* TO ', " ACCOUNT ") END "
	"FROM (SELECT g.*, granted OR " HAS_ROLE
	" AS good FROM (SELECT COALESCE(DATABASE(), '*') AS name, " GRANTED(
		"'CREATE'") " OR EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES s WHERE "
					"s.GRANTEE = " ACCOUNT " AND s.PRIVILEGE_TYPE = 'CREATE' AND DATABASE() LIKE "
					"s.TABLE_SCHEMA) AS granted) g) r "
					"UNION ALL SELECT 'writable', CASE WHEN @@global.read_only = 0 THEN 'ok' ELSE "
					"'failed' "
					"END, CONCAT('read_only is ', "
					"@@global.read_only), CASE WHEN @@global.read_only <> 0 THEN 'connect to the "
					"primary, or SET GLOBAL "
					"read_only = OFF' END";

static const char mysql_rights[] =
	RIGHT("REPLICATION SLAVE", "'REPLICATION SLAVE'") " UNION ALL " RIGHT(
		"REPLICATION CLIENT", "'REPLICATION CLIENT', 'SUPER'");
static const char mariadb_rights[] =
	RIGHT("REPLICATION SLAVE",
		  "'REPLICATION SLAVE'") " UNION ALL " RIGHT("BINLOG MONITOR", "'BINLOG MONITOR', 'SUPER'");
static const char mysql_log[] = LOG_SETTINGS("SET PERSIST");
static const char mariadb_log[] = LOG_SETTINGS("SET GLOBAL");

static const char mysql_identity[] = "SELECT @@server_uuid";
static const char mariadb_identity[] =
	"SELECT CONCAT_WS('/', @@hostname, @@port, @@server_id, @@datadir)";

const char *const questions_mysql[QUESTIONS] = {
	[ASK_DATABASES] = databases,
	[ASK_SCHEMAS] = databases,
	[ASK_TABLES] = tables,
	[ASK_COLUMNS] = columns,
	[ASK_SOURCE_RIGHTS] = mysql_rights,
	[ASK_SOURCE_LOG] = mysql_log,
	[ASK_TARGET_RIGHTS] = target_rights,
	[ASK_IDENTITY] = mysql_identity,
};

const char *const questions_mariadb[QUESTIONS] = {
	[ASK_DATABASES] = databases,
	[ASK_SCHEMAS] = databases,
	[ASK_TABLES] = tables,
	[ASK_COLUMNS] = columns,
	[ASK_SOURCE_RIGHTS] = mariadb_rights,
	[ASK_SOURCE_LOG] = mariadb_log,
	[ASK_TARGET_RIGHTS] = target_rights,
	[ASK_IDENTITY] = mariadb_identity,
};
