/*
 * check_list.c - checks and their table of titles (check_list.h).
 */
#include "check_list.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ID_LENGTH 64

const char *const check_status_names[CHECK_STATUSES] = {"pass", "warn", "fail"};

static const struct CheckTitle
{
	const char *id, *title, *why;
} titles[] = {
	/* any database */
	{"connection", "Connection", "Without a connection nothing else can be looked at."},
	{"rights", "Rights", NULL},
	{"same_database", "Source and target differ",
	 "A stream into its own source would write what it reads."},

	/* PostgreSQL as a source */
	{"server_version", "Server version", NULL},
	{"extension", "Extension sluice",
	 "It reads the changes and publishes them: it runs in the source's server."},
	{"shared_preload_libraries", "sluice is preloaded",
	 "Streams run in background workers of the server."},
	{"wal_level", "Logical decoding",
	 "Without wal_level = logical the log does not say which rows changed."},
	{"output_plugin_libraries", "Output plugins",
	 "The server loads no plugin that is not in this list."},
	{"max_replication_slots", "Free replication slots",
	 "Each stream keeps its place in the log by a slot."},
	{"max_worker_processes", "Free background workers",
	 "Each stream is one, and a copy some more."},
	{"max_slot_wal_keep_size", "Log kept for a stream that stands",
	 "It bounds what a stream that cannot publish costs of the disk."},
	{"nats_url", "NATS is known to the source", "The source's server publishes by itself."},
	{"nats_server", "NATS answers the source", "The source's server publishes by itself."},
	{"role", "Role may read changes",
	 "Streams are managed by superusers and roles with REPLICATION."},
	{"max_streams", "Room for streams", NULL},
	{"publication", "Publication", "It says which tables a stream has."},
	{"published_tables", "Published tables", NULL},
	{"event_triggers", "Changes of structure are told",
	 "Without them a stream does not learn of ALTER TABLE."},
	{"replica_identity", "Replica identity",
	 "PostgreSQL refuses UPDATE and DELETE on published tables without one."},
	{"standby", "The server is a primary", "The extension writes: it does not run on a standby."},
	{"unlogged", "Tables are logged", "Changes of unlogged tables are not in the log."},
	{"owner", "Tables are the role's",
	 "Who publishes a table changes what its UPDATE and DELETE need."},

	/* tables */
	{"tables", "Tables", "A stream without tables has nothing to do."},
	{"select", "Tables can be read", "A copy reads them as the connection's user."},
	{"keys", "Tables have keys",
	 "Rows without a key are found by all their columns, which is slow."},
	{"engines", "Tables can be copied while they are written", NULL},
	{"foreign_keys", "Foreign keys that act", NULL},

	/* MySQL and MariaDB as a source */
	{"server", "Server", NULL},
	{"log_bin", "Binary log", "Changes are read from it."},
	{"server_id", "Number of the server", NULL},
	{"binlog_format", "Format of the log", NULL},
	{"binlog_row_image", "Whole rows in the log", NULL},
	{"binlog_row_metadata", "Names of columns in the log", NULL},
	{"binlog_expire_logs_seconds", "How long the log is kept",
	 "A stream that stands still for longer must copy its tables anew."},
	{"gtid_mode", "GTIDs", NULL},
	{"position", "Places in the log", NULL},
	{"binary_log", "The log can be read", NULL},
	{"replication_slave", "Right to read the log", NULL},
	{"replication_client", "Right to see where the log ends", NULL},
	{"binlog_monitor", "Right to see where the log ends", NULL},
	{"binlog_row_value_options", "Whole JSON documents in the log", NULL},
	{"binlog_order_commits", "Order of commits", NULL},
	{"enforce_gtid_consistency", "GTIDs", NULL},
	{"log_replica_updates", "What comes by replication is in the log", NULL},
	{"log_slave_updates", "What comes by replication is in the log", NULL},
	{"max_allowed_packet", "Largest event of the log", NULL},
	{"binlog_retention_hours", "How long the service keeps the log", NULL},
	{"reload", "Right to stop writers for a moment", NULL},
	{"backup_admin", "Right to keep tables from being altered", NULL},
	{"clock", "Clocks agree", "Figures of lag are wrong by the difference."},

	/* NATS */
	{"nats", "NATS", "Everything goes through it."},
	{"stream", "Stream in JetStream", NULL},
	{"place", "The source has what the stream lacks", NULL},

	/* targets */
	{"encoding", "Encoding", "Text that the encoding cannot have is refused."},
	{"writable", "The server takes writes", NULL},
	{"structure", "Tables at the target", "What a copy would make, and what is there already."},
	{"not_carried", "What is not carried", "It has to be made by hand where it is needed."},
};

bool
check_list_init(CheckList *list)
{
	*list = (CheckList){.items = json_array()};
	return list->items != NULL;
}

void
check_list_free(CheckList *list)
{
	json_decref(list->items);
	list->items = NULL;
}

static void
make_id(const char *text, char id[ID_LENGTH])
{
	size_t length = 0;

	for (; *text != '\0' && length < ID_LENGTH - 1; text++)
		id[length++] = isalnum((unsigned char) *text) ? (char) tolower((unsigned char) *text) : '_';
	id[length] = '\0';
}

void
check_list_add(CheckList *list, const CheckFound *found)
{
	const char *title = found->id, *why = NULL;
	char id[ID_LENGTH];

	make_id(found->id, id);
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
	{
		if (strcmp(titles[i].id, id) == 0)
		{
			title = titles[i].title;
			why = titles[i].why;
		}
	}
	list->counts[found->status]++;
	(void) json_array_append_new(
		list->items,
		json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id", id, "group", list->group,
				  "status", check_status_names[found->status], "title", title, "found",
				  database_text(found->found), "why", database_text(why), "fix",
				  database_text(found->fix), "table", database_text(found->table)));
}

void
check_list_error(CheckList *list, const char *id, const SluiceError *err)
{
	check_list_add(list, &(CheckFound){.id = id,
									   .status = CHECK_FAIL,
									   .found = err->message,
									   .fix = err->hint[0] != '\0' ? err->hint : NULL});
}

CheckStatus
check_status(const char *word)
{
	return strcmp(word, "ok") == 0		  ? CHECK_PASS
		   : strcmp(word, "warning") == 0 ? CHECK_WARN
										  : CHECK_FAIL;
}

void
check_list_ask(CheckList *list, Database *database, const char *sql)
{
	SluiceError err = {0};
	Rows rows;

	if (!database_ask(database, &rows, QUERY_MS, NULL, 0, sql, &err))
	{
		check_list_error(list, "server", &err);
		return;
	}
	for (size_t i = 0; i < rows.rows; i++)
		check_list_add(list, &(CheckFound){.id = rows_text(&rows, i, 0),
										   .status = check_status(rows_text(&rows, i, 1)),
										   .found = rows_text(&rows, i, 2),
										   .fix = rows_text(&rows, i, 3)});
	rows_free(&rows);
}

json_t *
check_list_answer(CheckList *list)
{
	json_t *items = list->items;

	list->items = NULL;
	return json_pack("{s:b, s:o}", "ok", list->counts[CHECK_FAIL] == 0, "checks", items);
}
