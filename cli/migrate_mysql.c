/*
 * migrate_mysql.c - a migration's source that is MySQL or MariaDB: sluice-mysql-reader as a child (migration.h).
 */
#include <stdlib.h>
#include <string.h>

#include "common/control/child_config.h"
#include "metrics_page.h"
#include "migration.h"

#define END_MS		   30000
#define CHECK_MS	   60000
#define OUTPUT_MAXIMUM (4 << 20)
#define MAX_BYTES	   (INT64_C(4) << 30) /* what JetStream keeps of changes, and once more of a copy */
#define QUIET_BEATS	   2 /* heartbeats without a change: then the source has told all */

typedef struct MysqlReading
{
	Member reader;
	bool asked;			   /* catch_up() was called */
	double beats, changes; /* of the moment a silence began */
	double beats_now, changes_now;
} MysqlReading;

/* ---- the child ---- */

/* Room for changes and for the copy, both of which JetStream reserves when it makes their streams. */
static bool
add_room(const Migration *migration, ByteBuf *config, SluiceError *err)
{
	int64_t room = migration->has_own ? migration->own.room * 2 / 5 : MAX_BYTES;
	char text[32];

	if (json_object_get(migration->source.options, "max_bytes") != NULL)
		return true;
	(void) snprintf(text, sizeof(text), "%lldMB",
					(long long) ((room < MAX_BYTES ? room : MAX_BYTES) >> 20));
	return child_config_line(config, "max-bytes", text, err);
}

static bool
add_tables(const Migration *migration, ByteBuf *config, SluiceError *err)
{
	char *text = NULL;
	size_t length = 0, index;
	json_t *pattern;
	FILE *out;
	bool good;

	if (migration->tables == NULL)
		return true;
	out = open_memstream(&text, &length);
	if (out == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for tables");
	json_array_foreach(migration->tables, index, pattern)(void)
		fprintf(out, "%s%s", index > 0 ? "," : "", json_string_value(pattern));
	(void) fclose(out);
	good = child_config_line(config, "tables", text, err);
	free(text);
	return good;
}

static bool
make_config(const Migration *migration, const SideFiles *files, ByteBuf *config, SluiceError *err)
{
	return child_config_nats(config, &migration->nats, err) &&
		   child_config_line(config, "stream", migration->state.name, err) &&
		   child_config_line(config, "mode", migration_mode(migration), err) &&
		   child_config_line(config, "http", "127.0.0.1:0", err) &&
		   child_config_line(config, "log-format", "json", err) &&
		   (json_object_get(migration->source.options, "heartbeat") != NULL ||
			child_config_line(config, "heartbeat", "1s", err)) &&
		   add_room(migration, config, err) && add_tables(migration, config, err) &&
		   migrate_side_lines(&migration->source, files, config, err) &&
		   child_config_options(config, JOB_SOURCE_MYSQL, migration->source.options, err);
}

/* Starts the reader, or one of its other commands. */
static bool
run_reader(Migration *migration, Member *member, MemberSettings settings, SluiceError *err)
{
	SideFiles files = {.count = 0};
	ByteBuf config = {0};
	bool good;

	settings.name = "sluice-mysql-reader";
	good = child_config_init(&config, err) &&
		   side_files_make(&files, &migration->source, CHILD_FIRST_FD + 1, err) &&
		   make_config(migration, &files, &config, err);
	settings.config = &config;
	settings.files = files.fds;
	settings.file_count = files.count;
	good = good && member_start(member, &settings, err);
	side_files_close(&files);
	child_config_free(&config);
	return good;
}

/* ---- before ---- */

static bool
open_mysql(Migration *migration, SluiceError *err)
{
	migration->reading = calloc(1, sizeof(MysqlReading));
	return migration->reading != NULL ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a migration");
}

static bool
check_mysql(Migration *migration, SluiceError *err)
{
	Member member = {.name = NULL};
	json_t *list, *one;
	size_t index, failed = 0;
	char *text;

	if (!run_reader(migration, &member,
					(MemberSettings){.flags = {"--check", "--json"}, .keeps_output = true}, err))
		return false;
	text = member_output(&member, OUTPUT_MAXIMUM, CHECK_MS);
	list = text != NULL ? json_loads(text, 0, NULL) : NULL;
	free(text);
	if (!json_is_array(list))
	{
		json_decref(list);
		return migration_fail(migration, &member, err);
	}
	json_array_foreach(list, index, one)
	{
		const char *status = json_string_value(json_object_get(one, "status"));

		if (status == NULL || strcmp(status, "ok") == 0)
			continue;
		failed += strcmp(status, "failed") == 0;
		migration_find(migration, status, json_string_value(json_object_get(one, "check")),
					   json_string_value(json_object_get(one, "detail")),
					   json_string_value(json_object_get(one, "hint")));
	}
	json_decref(list);
	return failed == 0 || sluice_fail(err, SLUICE_ERROR_DATA, "%zu check%s of the source failed",
									  failed, failed == 1 ? "" : "s");
}

static bool
start_mysql(Migration *migration, SluiceError *err)
{
	MysqlReading *reading = migration->reading;

	return run_reader(migration, &reading->reader,
					  (MemberSettings){.folder = migration->state.folder}, err);
}

/* ---- figures ---- */

static void
take_table(Migration *migration, const char *page, const char *table, double rows, int64_t now_ms)
{
	TableFigures figures = {.name = table, .rows = rows, .expected = -1};
	double chunks = 0, expected = 0;
	MetricLine line;
	char name[600];

	while (metrics_page_next(&page, &line))
	{
		if (!metric_label(&line, "table", name, sizeof(name)) || strcmp(name, table) != 0)
			continue;
		if (metric_is(&line, "sluice_reader_copy_rows_expected"))
			figures.expected = line.value;
		else if (metric_is(&line, "sluice_reader_copy_bytes"))
			figures.bytes = line.value;
		else if (metric_is(&line, "sluice_reader_copy_chunks"))
			chunks = line.value;
		else if (metric_is(&line, "sluice_reader_copy_chunks_expected"))
			expected = line.value;
	}
	figures.done = expected > 0 && chunks >= expected;
	(void) progress_take(&migration->progress, &figures, now_ms);
}

static void
take_page(Migration *migration, MysqlReading *reading, const char *page, int64_t now_ms)
{
	const char *at = page;
	MetricLine line;
	char table[600];

	(void) metrics_page_one(page, "sluice_reader_state", "state", migration->source_state,
							sizeof(migration->source_state));
	migration->source_lag = metrics_page_value(page, "sluice_reader_lag_seconds");
	reading->beats_now = metrics_page_value(page, "sluice_reader_heartbeats_total");
	reading->changes_now = metrics_page_value(page, "sluice_reader_changes_total");
	while (metrics_page_next(&at, &line))
		if (metric_is(&line, "sluice_reader_copy_rows") &&
			metric_label(&line, "table", table, sizeof(table)))
			take_table(migration, page, table, line.value, now_ms);
	progress_add_up(&migration->progress, now_ms);
}

static bool
look_mysql(Migration *migration, int64_t now_ms, SluiceError *err)
{
	MysqlReading *reading = migration->reading;
	char *page;

	if (!member_look(&reading->reader))
	{
		(void) snprintf(migration->source_state, sizeof(migration->source_state), "finished");
		return (member_is_good(&reading->reader) && !migration->follows) ||
			   migration_fail(migration, &reading->reader, err);
	}
	page = member_metrics(&reading->reader);
	if (page != NULL)
		take_page(migration, reading, page, now_ms);
	free(page);
	(void) snprintf(migration->error, sizeof(migration->error), "%s", reading->reader.error);
	return true;
}

/* ---- the end ---- */

/* A source that has nothing to say says so: then everything before was told. */
static bool
catch_up_mysql(Migration *migration, bool *reached, SluiceError *err)
{
	MysqlReading *reading = migration->reading;

	(void) err;
	if (!reading->asked || reading->changes_now != reading->changes)
	{
		reading->asked = true;
		reading->changes = reading->changes_now;
		reading->beats = reading->beats_now;
	}
	*reached = reading->beats_now >= reading->beats + QUIET_BEATS && migration->source_lag <= 0 &&
			   migration->pending <= 0 && migration->target_lag <= 0;
	return true;
}

static void
pause_mysql(Migration *migration)
{
	MysqlReading *reading = migration->reading;

	member_end(&reading->reader, END_MS);
}

static bool
drop_mysql(Migration *migration, SluiceError *err)
{
	MysqlReading *reading = migration->reading;
	Member member = {.name = NULL};

	member_end(&reading->reader, END_MS);
	/* A private server goes with all that is in it. */
	if (migration->has_own)
		return true;
	if (!run_reader(migration, &member, (MemberSettings){.command = "drop"}, err))
		return false;
	if (!member_wait(&member, END_MS))
		member_end(&member, END_MS);
	return member_is_good(&member) || member_fail(&member, err);
}

static void
close_mysql(Migration *migration)
{
	pause_mysql(migration);
	free(migration->reading);
}

const MigrationSource migration_mysql = {
	.open = open_mysql,
	.check = check_mysql,
	.start = start_mysql,
	.look = look_mysql,
	.catch_up = catch_up_mysql,
	.pause = pause_mysql,
	.drop = drop_mysql,
	.close = close_mysql,
};
