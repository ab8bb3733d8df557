/*
 * session_message.c - what the source says between the rows: changes of structure, tables that join or
 * leave, values of sequences (session.h).
 */
#include "session_internal.h"

#include <stdlib.h>

#include "ddl_message.h"
#include "sequences_message.h"
#include "tables_message.h"

/* The rows before it are applied first; the transaction stays open. */
static bool
alter(Session *session, const SchemaChange *change, bool tell, SluiceError *err)
{
	bool good;

	session->change = change;
	good = (session->current->transactions == 0 || session_apply(session, err)) &&
		   session_settle(session, err) &&
		   (session->current->count == 0 || session_apply(session, err)) &&
		   session->target->ops->alter(session->target, change, tell, err);
	session->change = NULL;
	if (!good)
		return false;
	tables_forget(&session->tables);
	session->altered = true;
	return true;
}

static bool
take_change(Session *session, const BundleRecord *record, SluiceError *err)
{
	Writer *writer = session->writer;
	SchemaChange *change;
	bool good = true;

	/* What is being loaded must stay as the copy's bundles say. */
	if (load_is_joining(&session->load) && !load_has(&session->load, record->id.commit))
		return session_stop_here(session, (LoadWish){.whole = true}, err);
	change = ddl_message_read(record, &writer->settings.view, err);
	if (change == NULL)
		return false;
	if (strcmp(change->stream, writer->settings.stream) == 0)
	{
		bool tell = change_id_compare(&record->id, &writer->told) > 0;

		if (writer->settings.on_ddl != DDL_IGNORE)
			good = alter(session, change, tell, err);
		else if (tell)
			ddl_message_ignored(writer->service->log, change, &record->id);
		if (tell && (good || !sluice_error_transient(err->code)))
			writer->told = record->id;
	}
	schema_change_free(change);
	return good;
}

/* What stays behind stays so: it is told once. */
static void
tell_left(Writer *writer, const char *left)
{
	if (left != NULL && !writer->told_sequences)
		log_event(writer->service->log, LOG_WARNING, "sequences are not moved on",
				  (LogField[]){LOG_TEXT("sequences", left), LOG_END});
	writer->told_sequences = left != NULL;
}

/* With all rows before it applied, no number in them is given out again behind it. */
static bool
take_sequences(Session *session, const BundleRecord *record, SluiceError *err)
{
	const TargetOps *ops = session->target->ops;
	char *list, *left = NULL;
	bool good;

	if (ops->set_sequences == NULL)
		return true;
	if (!sequences_message_read(record, session->writer->settings.stream, &list, err))
		return false;
	good = list == NULL ||
		   ((session->current->transactions == 0 || session_apply(session, err)) &&
			session_settle(session, err) && ops->set_sequences(session->target, list, &left, err));
	if (good && list != NULL)
		tell_left(session->writer, left);
	free(left);
	free(list);
	return good;
}

/* Tables that join wait for the copy that has them: what it says of them begins here. */
static bool
take_tables(Session *session, const BundleRecord *record, SluiceError *err)
{
	Writer *writer = session->writer;
	bool tell = change_id_compare(&record->id, &writer->told) > 0, joins;

	if (!tables_message_read(record, writer->settings.stream, tell ? writer->service->log : NULL,
							 &joins, err))
		return false;
	if (tell)
		writer->told = record->id;
	return !joins || load_has(&session->load, record->id.commit) ||
		   session_stop_here(session, (LoadWish){.position = record->id.commit}, err);
}

/* Other messages say nothing to a table; one outside of transactions still is a position of its own. */
bool
session_take_message(Session *session, const BundleRecord *record, SluiceError *err)
{
	bool transactional = (record->flags & RECORD_TRANSACTIONAL) != 0;

	if (session->in_transaction && ddl_message_is(record))
		return take_change(session, record, err);
	if (session->in_transaction && tables_message_is(record))
		return take_tables(session, record, err);
	if (transactional || session->in_transaction)
		return true;
	if (!session_obey_hold(session, record->id.commit, err) ||
		(sequences_message_is(record) && !take_sequences(session, record, err)))
		return false;
	session_end_transaction(session, record, 0);
	return true;
}
