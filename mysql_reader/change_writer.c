/*
 * change_writer.c - the handler: groups to transactions (change_writer.h).
 */
#include "change_writer.h"

#include "change_bundle.h"
#include "change_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EPOCH_2000 INT64_C(946684800000000) /* microseconds from 1970 to 2000 */

/* ---- making ---- */

bool
change_writer_init(ChangeWriter *writer, const ChangeOptions *options, const ChangeId *known,
				   SluiceError *err)
{
	*writer = (ChangeWriter){.options = *options, .known = *known};
	writer->known.incarnation = options->incarnation;
	writer->last = writer->known;
	log_position_init(&writer->done);
	row_hold_init(&writer->hold);
	bundle_writer_init(&writer->bundle, &allocator_malloc, BUNDLE_MAXIMUM);
	writer->group.savepoints = calloc(SAVEPOINTS_MAXIMUM, sizeof(Savepoint));
	return writer->group.savepoints != NULL ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a stream");
}

void
change_writer_free(ChangeWriter *writer)
{
	prepared_remove_all(&writer->prepared);
	row_hold_free(&writer->hold);
	bundle_writer_free(&writer->bundle);
	log_position_free(&writer->done);
	free(writer->group.savepoints);
	writer->group.savepoints = NULL;
}

const LogPosition *
change_writer_place(const ChangeWriter *writer)
{
	return writer->prepared.first != NULL ? &writer->prepared.first->place : &writer->done;
}

/* A group that was begun is read again from its beginning. */
static void
forget_group(ChangeWriter *writer)
{
	ChangeGroup *group = &writer->group;

	if (group->open && !change_go_back(writer, &group->mark))
		(void) snprintf(writer->interrupted, sizeof(writer->interrupted), "%s", group->gtid);
	group->outcome = NULL;
	group->open = false;
	row_hold_clear(&writer->hold);
	prepared_remove_all(&writer->prepared);
}

bool
change_writer_begin(ChangeWriter *writer, const LogPosition *position, const char *interrupted,
					const char *live_file, SluiceError *err)
{
	LogPosition copy;

	if (!log_position_copy(&copy, position, err))
	{
		log_position_free(&copy);
		return false;
	}
	if (interrupted != NULL)
		(void) snprintf(writer->interrupted, sizeof(writer->interrupted), "%s", interrupted);
	forget_group(writer);
	log_position_free(&writer->done);
	writer->done = copy;
	writer->known = writer->last;
	writer->newest = 0;
	writer->live_file = file_position_number(live_file, 0);
	return true;
}

/* ---- a group begins ---- */

static uint64_t
commit_of(const ChangeWriter *writer, const LogGroup *group)
{
	if (writer->options.mode == POSITION_FILE)
		return file_position_number(writer->reader->file, group->offset) + 1;
	return position_number(&writer->done, POSITION_GTID) + 1;
}

static void
format_gtid(const LogGroup *group, char text[GTID_TEXT])
{
	text[0] = '\0';
	if (group->mysql.number > 0)
		(void) gtid_format(&group->mysql, text);
	else if (group->mariadb.number > 0)
		(void) snprintf(text, GTID_TEXT, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, group->mariadb.domain,
						group->mariadb.server, group->mariadb.number);
}

static bool
check_order(const ChangeWriter *writer, const LogGroup *log_group, SluiceError *err)
{
	const ChangeGroup *group = &writer->group;
	const ChangeId *known = &writer->known;
	bool by_gtid = writer->options.mode == POSITION_GTID;

	if (by_gtid && group->gtid[0] == '\0')
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "a transaction without GTID in %s at %" PRIu64
						   " of a stream that goes by GTIDs",
						   writer->reader->file, log_group->offset);
		return sluice_hint(err, "set gtid_mode = ON at the source; then copy the stream's tables "
								"anew");
	}
	if (group->commit <= writer->newest)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "transaction %s is older than the one before it", group->gtid);
		return sluice_hint(err, "let one server at a time write to a GTID domain "
								"(gtid_strict_mode = ON); then copy the stream's tables anew");
	}
	if (by_gtid && group->commit == known->commit && !change_id_complete(known) &&
		writer->interrupted[0] != '\0' && strcmp(writer->interrupted, group->gtid) != 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "a part of transaction %s is published, and this server has %s in its "
						   "place",
						   writer->interrupted, group->gtid);
		return sluice_hint(err, "read from the server that was read before, or copy the stream's "
								"tables anew");
	}
	return true;
}

static bool
take_begin(void *context, const LogGroup *log_group, SluiceError *err)
{
	ChangeWriter *writer = context;
	ChangeGroup *group = &writer->group;
	uint64_t time = log_group->commit_time > 0 ? log_group->commit_time
											   : log_group->timestamp * UINT64_C(1000000);

	*group = (ChangeGroup){.open = true,
						   .commit = commit_of(writer, log_group),
						   .commit_time = (int64_t) time - EPOCH_2000,
						   .holding = log_group->prepares,
						   .savepoints = group->savepoints,
						   .mark = change_mark(writer)};
	group->sent = group->commit == writer->known.commit && !change_id_complete(&writer->known);
	format_gtid(log_group, group->gtid);
	return check_order(writer, log_group, err);
}

/* ---- rows ---- */

/* What a map has attached: its table, or NULL in it when the stream does not have that. */
typedef struct MapTable
{
	TableRelation *relation;
	uint64_t version;
} MapTable;

static void
take_forget(void *context, TableMap *map)
{
	MapTable *table = map->attached;

	(void) context;
	if (table != NULL)
		relation_free(table->relation);
	free(table);
	map->attached = NULL;
}

static bool
make_relation(ChangeWriter *writer, TableMap *map, SluiceError *err)
{
	const ChangeHooks *hooks = &writer->options.hooks;
	MapTable *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
	if (!hooks->relation_of_map(hooks->context, map, &table->relation, err))
	{
		free(table);
		return false;
	}
	table->version = hooks->version(hooks->context);
	map->attached = table;
	return true;
}

/* NULL when the stream does not have the table. */
static bool
find_relation(ChangeWriter *writer, TableMap *map, TableRelation **relation, SluiceError *err)
{
	const ChangeHooks *hooks = &writer->options.hooks;
	const MapTable *table = map->attached;

	if (table != NULL && table->version != hooks->version(hooks->context))
		take_forget(writer, map);
	if (map->attached == NULL && !make_relation(writer, map, err))
		return false;
	table = map->attached;
	*relation = table->relation;
	return true;
}

static void
count_row(ChangeCounts *counts, RecordType type)
{
	counts->inserts += type == RECORD_INSERT;
	counts->updates += type == RECORD_UPDATE;
	counts->deletes += type == RECORD_DELETE;
}

static bool
hold_row(ChangeWriter *writer, TableRelation *relation, const RowsReader *rows, SluiceError *err)
{
	RowRecord record;

	if (!change_row_record(relation, rows, &record))
		return true;
	return row_hold_open(&writer->hold, record.type, record.flags, relation, err) &&
		   change_row_put(relation, rows, &record, &writer->hold.records, err) &&
		   row_hold_close(&writer->hold, err);
}

static bool
write_row(ChangeWriter *writer, TableRelation *relation, const RowsReader *rows, SluiceError *err)
{
	BundleWriter *bundle = &writer->bundle;
	RowRecord record;
	ChangeId id;

	if (!change_row_record(relation, rows, &record))
		return true;
	if (!change_require_begin(writer, err))
		return false;
	if (change_is_known(writer, &id))
		return true;
	if (!change_require_relation(writer, relation->relation, &relation->bundle, &relation->number,
								 err))
		return false;
	if (!bundle_open(bundle, record.type, record.flags, relation->number, err))
		return false;
	if (!change_row_put(relation, rows, &record, &bundle->buf, err) ||
		!bundle_close(bundle, &id, err))
	{
		bundle_abandon(bundle);
		return false;
	}
	writer->last = id;
	count_row(&writer->counts, record.type);
	return change_emit_when_full(writer, err);
}

/* Whether all of the group is in the stream. */
static bool
group_is_known(const ChangeWriter *writer)
{
	const ChangeId end = {writer->options.incarnation, writer->group.commit, CHANGE_INDEX_COMMIT};

	return change_id_compare(&end, &writer->known) <= 0;
}

static bool
take_rows(void *context, RowsReader *rows, SluiceError *err)
{
	ChangeWriter *writer = context;
	TableRelation *relation;

	/* Those of a prepared transaction may be new, though the group that has them is not. */
	if (group_is_known(writer) && !writer->group.holding)
		return true;
	if (!find_relation(writer, rows->map, &relation, err))
		return false;
	while (relation != NULL)
	{
		bool end, good;

		if (!rows_next(rows, &end, err))
			return false;
		if (end)
			return true;
		good = writer->group.holding ? hold_row(writer, relation, rows, err)
									 : write_row(writer, relation, rows, err);
		if (!good)
			return false;
	}
	return true;
}

/* ---- what was held ---- */

static bool
release_record(void *context, const HeldRecord *held, SluiceError *err)
{
	ChangeWriter *writer = context;
	BundleWriter *bundle = &writer->bundle;
	HeldRelation *relation = held->relation;
	ChangeId id;

	if (!change_require_begin(writer, err))
		return false;
	if (change_is_known(writer, &id))
		return true;
	if (!change_require_relation(writer, relation->relation, &relation->bundle, &relation->number,
								 err))
		return false;
	if (!bundle_open(bundle, held->type, held->flags, relation->number, err))
		return false;
	if (!bytebuf_put(&bundle->buf, held->body, held->length, err) ||
		!bundle_close(bundle, &id, err))
	{
		bundle_abandon(bundle);
		return false;
	}
	writer->last = id;
	count_row(&writer->counts, held->type);
	return change_emit_when_full(writer, err);
}

static bool
release(ChangeWriter *writer, RowHold *hold, SluiceError *err)
{
	bool good = row_hold_each(hold, release_record, writer, err);

	row_hold_clear(hold);
	return good;
}

/* ---- statements ---- */

static bool
same_name(const StatementName *a, const StatementName *b)
{
	return strcasecmp(a->text, b->text) == 0;
}

/* A name that is set again means the later place. */
static bool
take_savepoint(ChangeWriter *writer, const QueryEvent *query, const Statement *statement,
			   SluiceError *err)
{
	ChangeGroup *group = &writer->group;
	size_t kept = 0;

	(void) query;
	group->holding = true;
	for (size_t i = 0; i < group->savepoint_count; i++)
	{
		if (!same_name(&group->savepoints[i].name, &statement->name))
			group->savepoints[kept++] = group->savepoints[i];
	}
	if (kept == SAVEPOINTS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "a transaction with more than %d savepoints",
						   SAVEPOINTS_MAXIMUM);
	group->savepoints[kept++] = (Savepoint){statement->name, row_hold_length(&writer->hold)};
	group->savepoint_count = kept;
	return true;
}

static bool
take_rollback_to(ChangeWriter *writer, const QueryEvent *query, const Statement *statement,
				 SluiceError *err)
{
	ChangeGroup *group = &writer->group;

	(void) query;
	for (size_t i = group->savepoint_count; i-- > 0;)
	{
		if (!same_name(&group->savepoints[i].name, &statement->name))
			continue;
		group->savepoint_count = i + 1;
		return row_hold_cut(&writer->hold, group->savepoints[i].length, err);
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT,
					   "transaction %s was rolled back to savepoint %s, which it does not have",
					   group->gtid, statement->name.text);
}

static bool
take_xa_start(ChangeWriter *writer, const QueryEvent *query, const Statement *statement,
			  SluiceError *err)
{
	(void) query;
	(void) statement;
	(void) err;
	writer->group.holding = true;
	return true;
}

static bool
take_xa_outcome(ChangeWriter *writer, const QueryEvent *query, const Statement *statement,
				SluiceError *err)
{
	uint8_t bytes[XA_NAME_BYTES];
	XaName name;
	Prepared *prepared;

	if (!xa_name_read(query->text, query->text_length, bytes, &name))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "an XA transaction's name is not like one: "
						   "%.*s",
						   (int) (query->text_length < 100 ? query->text_length : 100),
						   query->text);
	prepared = prepared_find(&writer->prepared, &name);
	if (statement->kind == STATEMENT_XA_ROLLBACK)
	{
		prepared_remove(&writer->prepared, prepared);
		return true;
	}
	if (prepared == NULL && !group_is_known(writer))
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "transaction %s commits an XA transaction that was prepared before the "
						   "stream began: %.*s",
						   writer->group.gtid,
						   (int) (query->text_length < 100 ? query->text_length : 100),
						   query->text);
		return sluice_hint(err, "copy the stream's tables anew, when XA RECOVER shows nothing");
	}
	writer->group.outcome = prepared;
	return true;
}

static bool
take_truncate(ChangeWriter *writer, const QueryEvent *query, const Statement *statement,
			  SluiceError *err)
{
	const ChangeHooks *hooks = &writer->options.hooks;
	TableRelation *relation;
	char schema[sizeof(statement->schema.text)];
	ChangeId id;

	(void) snprintf(schema, sizeof(schema), "%.*s", (int) query->schema_length, query->schema);
	if (statement->schema.text[0] != '\0')
		(void) snprintf(schema, sizeof(schema), "%s", statement->schema.text);
	if (group_is_known(writer))
		return true;
	if (!hooks->relation_by_name(hooks->context, schema, statement->name.text, &relation, err))
		return false;
	if (relation == NULL)
		return true;
	if (!change_require_begin(writer, err))
		return false;
	if (change_is_known(writer, &id))
		return true;
	if (!change_require_relation(writer, relation->relation, &relation->bundle, &relation->number,
								 err) ||
		!bundle_add_truncate(&writer->bundle, RECORD_RESTART_IDENTITY, &relation->number, 1, &id,
							 err))
		return false;
	writer->last = id;
	writer->counts.truncates++;
	return true;
}

/* What changed the structure, or may have. */
static bool
take_structure(ChangeWriter *writer, const QueryEvent *query, const Statement *statement,
			   SluiceError *err)
{
	const ChangeHooks *hooks = &writer->options.hooks;

	if (statement->temporary || group_is_known(writer))
		return true;
	return hooks->structure(hooks->context, query, statement, err);
}

typedef bool (*StatementTaker)(ChangeWriter *writer, const QueryEvent *query,
							   const Statement *statement, SluiceError *err);

static const StatementTaker takers[] = {
	[STATEMENT_OTHER] = take_structure,			[STATEMENT_SAVEPOINT] = take_savepoint,
	[STATEMENT_ROLLBACK_TO] = take_rollback_to, [STATEMENT_XA_START] = take_xa_start,
	[STATEMENT_XA_COMMIT] = take_xa_outcome,	[STATEMENT_XA_ROLLBACK] = take_xa_outcome,
	[STATEMENT_TRUNCATE] = take_truncate,		[STATEMENT_CREATE_TABLE] = take_structure,
	[STATEMENT_ALTER_TABLE] = take_structure,	[STATEMENT_DROP_TABLE] = take_structure,
	[STATEMENT_RENAME_TABLE] = take_structure,	[STATEMENT_CREATE_INDEX] = take_structure,
	[STATEMENT_DROP_INDEX] = take_structure,	[STATEMENT_UNRELATED] = NULL,
};

/* A statement that failed was logged because a part of what it did stays. */
static bool
take_statement(void *context, const QueryEvent *query, const Statement *statement, SluiceError *err)
{
	ChangeWriter *writer = context;
	StatementTaker take = takers[statement->kind];

	return take == NULL || take(writer, query, statement, err);
}

/* ---- a group ends ---- */

static bool
write_commit(ChangeWriter *writer, SluiceError *err)
{
	const ChangeGroup *group = &writer->group;
	const ChangeId id = {writer->options.incarnation, group->commit, CHANGE_INDEX_COMMIT};

	if (!group->began)
		return true;
	writer->counts.transactions++;
	if (change_id_compare(&id, &writer->known) <= 0)
		return true;
	if (!change_require_bundle(writer, err) ||
		!bundle_add_commit(&writer->bundle, group->commit_time, &id, err))
		return false;
	writer->last = id;
	return true;
}

/* What is known was told when it was new. */
static bool
end_structure(ChangeWriter *writer, SluiceError *err)
{
	const ChangeHooks *hooks = &writer->options.hooks;

	return group_is_known(writer) || hooks->group_end(hooks->context, err);
}

static bool
end_committed(ChangeWriter *writer, const XaName *xa, SluiceError *err)
{
	ChangeGroup *group = &writer->group;

	(void) xa;
	if ((group->outcome != NULL && !release(writer, &group->outcome->hold, err)) ||
		!release(writer, &writer->hold, err) || !end_structure(writer, err) ||
		!write_commit(writer, err))
		return false;
	/* Only now: until the commit is written a reader would have to begin before the preparation. */
	prepared_remove(&writer->prepared, group->outcome);
	group->outcome = NULL;
	return true;
}

static bool
end_taken_back(ChangeWriter *writer, const XaName *xa, SluiceError *err)
{
	(void) xa;
	row_hold_clear(&writer->hold);
	if (change_go_back(writer, &writer->group.mark))
		return true;
	(void) sluice_fail(
		err, SLUICE_ERROR_STATE,
		"transaction %s was rolled back in the log of the source, and a part of it is "
		"published already",
		writer->group.gtid);
	return sluice_hint(err, "copy the stream's tables anew");
}

static bool
end_prepared(ChangeWriter *writer, const XaName *xa, SluiceError *err)
{
	return prepared_add(&writer->prepared, xa, &writer->hold, &writer->done, err) &&
		   write_commit(writer, err); /* of messages, if there were any */
}

typedef bool (*GroupEnder)(ChangeWriter *writer, const XaName *xa, SluiceError *err);

static const GroupEnder enders[] = {
	[GROUP_COMMIT] = end_committed,
	[GROUP_ROLLBACK] = end_taken_back,
	[GROUP_PREPARE] = end_prepared,
	[GROUP_CUT_OFF] = end_taken_back,
};

/* The place is behind the group. */
static bool
pass_group(ChangeWriter *writer, SluiceError *err)
{
	const LogReader *reader = writer->reader;
	const LogGroup *group = &reader->group;
	LogPosition *done = &writer->done;

	memcpy(done->file, reader->position.file, sizeof(done->file));
	done->offset = reader->position.offset;
	writer->newest = writer->group.commit;
	if (group->mysql.number > 0)
		return gtid_set_add(&done->mysql, &group->mysql, err);
	if (group->mariadb.number > 0)
		return mariadb_position_set(&done->mariadb, &group->mariadb, err);
	return true;
}

static bool
take_end(void *context, GroupOutcome outcome, const XaName *xa, SluiceError *err)
{
	ChangeWriter *writer = context;

	writer->group.ending = true;
	if (!enders[outcome](writer, xa, err) || (outcome != GROUP_CUT_OFF && !pass_group(writer, err)))
		return false;
	writer->group.open = false;
	writer->commit_time = writer->group.commit_time;
	writer->counts.groups++;
	return change_emit_when_full(writer, err);
}

LogHandler
change_writer_handler(ChangeWriter *writer)
{
	return (LogHandler){.context = writer,
						.begin = take_begin,
						.rows = take_rows,
						.statement = take_statement,
						.end = take_end,
						.forget = take_forget};
}

/* ---- from outside ---- */

bool
change_writer_flush(ChangeWriter *writer, SluiceError *err)
{
	if (!writer->bundle_open || writer->bundle.changes == 0 || writer->group.open)
		return true;
	return change_emit(writer, err);
}

static bool
add_message(ChangeWriter *writer, uint8_t flags, const BundleMessage *message, const ChangeId *id,
			SluiceError *err)
{
	if (!change_require_bundle(writer, err) ||
		!bundle_add_message(&writer->bundle, flags, message, id, err))
		return false;
	writer->last = *id;
	return true;
}

/* The reader may stand in a later file than the last group ended in. */
bool
change_writer_mark(ChangeWriter *writer, const char *prefix, const void *content, uint32_t length,
				   SluiceError *err)
{
	BundleMessage message = {.prefix = prefix, .content = content, .length = length};
	ChangeId id = {writer->options.incarnation, 0, CHANGE_INDEX_COMMIT};

	if (writer->reader != NULL)
	{
		memcpy(writer->done.file, writer->reader->position.file, sizeof(writer->done.file));
		writer->done.offset = writer->reader->position.offset;
	}
	id.commit = message.position = position_number(&writer->done, writer->options.mode);
	if (change_id_compare(&id, &writer->last) <= 0)
		return true;
	return add_message(writer, 0, &message, &id, err) && change_emit(writer, err);
}

bool
change_writer_message(ChangeWriter *writer, const char *prefix, const void *content,
					  uint32_t length, SluiceError *err)
{
	BundleMessage message = {
		.position = writer->group.commit, .prefix = prefix, .content = content, .length = length};
	ChangeId id;

	if (!change_require_begin(writer, err))
		return false;
	return change_is_known(writer, &id) ||
		   add_message(writer, RECORD_TRANSACTIONAL, &message, &id, err);
}
