/*
 * capture_source.c - connecting a capture to its source (capture_internal.h).
 *
 * Two connections: one that the log comes over, which is good for nothing else, and one for questions.
 */
#include "capture_internal.h"
#include "catalog.h"
#include "reader_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENCES 3 /* heartbeats that may be missing before the server is taken for dead */

void
capture_source_init(CaptureSource *source)
{
	*source = (CaptureSource){0};
	source_position_init(&source->position);
}

void
capture_source_close(Capture *capture, CaptureSource *source)
{
	structure_close(capture->structure);
	capture->structure = NULL;
	capture->control = NULL;
	charsets_free(capture->charsets);
	capture->charsets = NULL;
	if (source->wired)
		wire_close(&source->wire);
	my_disconnect(&source->dump);
	my_disconnect(&source->control);
	source_log_free(&source->log);
	source_position_free(&source->position);
}

/* ---- questions ---- */

static bool
may_go_on(void *context)
{
	const Capture *capture = context;

	return !atomic_load(&capture->stopping);
}

static bool
connect_to(Capture *capture, MyConnection *c, unsigned silent_seconds, SluiceError *err)
{
	MySettings settings = stream_settings_source(capture->settings);

	settings.go_on = may_go_on;
	settings.context = capture;
	settings.silent_seconds = silent_seconds;
	return my_connect(c, &settings, err);
}

static bool
choose_tables(Capture *capture, SluiceError *err)
{
	if (capture->choice != NULL)
		return true;
	if (!catalog_folds_names(capture->control, &capture->folds, err))
		return false;
	capture->choice = table_choice_parse(capture->settings->tables, capture->folds, err);
	return capture->choice != NULL;
}

static bool
ask_source(Capture *capture, CaptureSource *source, SluiceError *err)
{
	if (!connect_to(capture, &source->control, 0, err) ||
		!source_log_read(&source->control, &source->log, err))
		return false;
	capture->control = &source->control;
	capture->flavour = source->log.flavour;
	(void) snprintf(capture->server, sizeof(capture->server), "%s", source->log.server);
	capture->charsets = charsets_read(&source->control, err);
	return capture->charsets != NULL && choose_tables(capture, err);
}

/* ---- where to begin ---- */

static PositionMode
choose_mode(const Capture *capture, const SourceLog *log)
{
	switch (capture->settings->position)
	{
		case POSITION_CHOICE_GTID: return POSITION_GTID;
		case POSITION_CHOICE_FILE: return POSITION_FILE;
		default: return log->gtids ? POSITION_GTID : POSITION_FILE;
	}
}

static void
note_mode(Capture *capture, PositionMode mode)
{
	pthread_mutex_lock(&capture->lock);
	capture->mode = mode;
	pthread_mutex_unlock(&capture->lock);
}

/* A stream keeps its mode: the numbers of another one mean something else. */
static bool
check_mode(const Capture *capture, PositionMode mode, SluiceError *err)
{
	if (capture->settings->position == POSITION_CHOICE_AUTO ||
		(capture->settings->position == POSITION_CHOICE_GTID) == (mode == POSITION_GTID))
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_STATE, "the stream goes by %s, --position is %s",
					   position_mode_name(mode),
					   position_choice_names[capture->settings->position]);
	return sluice_hint(err, "set --position %s, or drop the stream and copy its tables anew",
					   position_mode_name(mode));
}

/* Behind the last message, as it says itself. */
static bool
begin_behind_tail(Capture *capture, CaptureSource *source, SluiceError *err)
{
	char *text = publisher_tail_place(capture->publisher);
	bool good;

	if (text == NULL)
	{
		(void) sluice_fail(
			err, SLUICE_ERROR_STATE,
			"the last message of JetStream stream SLUICE_%s does not say where in the "
			"source's log it is from",
			capture->settings->stream);
		return sluice_hint(err,
						   "another kind of source published it: choose another name, or delete "
						   "that JetStream stream");
	}
	good = source_position_parse(&source->position, text, err) &&
		   check_mode(capture, source->position.mode, err);
	free(text);
	return good;
}

/* The place that the copy gives; false with TIMEOUT when it was stopped before. */
static bool
take_given_place(Capture *capture, LogPosition *place, SluiceError *err)
{
	bool good;

	pthread_mutex_lock(&capture->lock);
	while (!capture->start_given && !atomic_load(&capture->stopping))
		(void) pthread_cond_wait(&capture->begun, &capture->lock);
	good = capture->start_given ? log_position_copy(place, &capture->start.log, err)
								: sluice_fail(err, SLUICE_ERROR_TIMEOUT, "stopping");
	pthread_mutex_unlock(&capture->lock);
	return good;
}

/* What consumers have of it nobody knows any more. */
static bool
fail_as_emptied(const Capture *capture, SluiceError *err)
{
	(void) sluice_fail(
		err, SLUICE_ERROR_STATE,
		"JetStream lost all messages of stream %s, and with them where in the source's "
		"log it ended",
		capture->settings->stream);
	return sluice_hint(err, "drop the stream and copy its tables anew");
}

static bool
begin_anew(Capture *capture, CaptureSource *source, SluiceError *err)
{
	if (capture->status.begun)
		return fail_as_emptied(capture, err);
	source->position.flavour = capture->flavour;
	source->position.mode = choose_mode(capture, &source->log);
	(void) snprintf(source->position.server, sizeof(source->position.server), "%s",
					capture->server);
	note_mode(capture, source->position.mode);
	if (capture->settings->mode == MODE_CDC)
		return log_position_copy(&source->position.log, &source->log.end, err);
	return take_given_place(capture, &source->position.log, err);
}

/*
 * Behind what this capture sent last: further back than where it was, because changes of structure
 * that were met since may not be told yet.
 */
static bool
begin_again(const Capture *capture, CaptureSource *source, SluiceError *err)
{
	return source_position_parse(&source->position, (const char *) capture->place.data, err);
}

static bool
make_writer(Capture *capture, const CaptureSource *source, const ChangeId *tail, SluiceError *err)
{
	ChangeOptions options = {
		.incarnation = capture->incarnation,
		.mode = source->position.mode,
		.bundle_rows = (uint32_t) capture->settings->bundle_rows,
		.bundle_bytes = capture->settings->bundle_bytes,
		.hooks = {.context = capture,
				  .relation_of_map = capture_relation_of_map,
				  .relation_by_name = capture_relation_by_name,
				  .version = capture_version,
				  .structure = capture_structure,
				  .group_end = capture_group_end,
				  .emit = capture_emit},
	};

	if (capture->writing)
		return true;
	capture->writing = change_writer_init(&capture->writer, &options, tail, err);
	return capture->writing;
}

static bool
find_place(Capture *capture, CaptureSource *source, const ChangeId *tail, SluiceError *err)
{
	bool good = capture->writing   ? begin_again(capture, source, err)
				: tail->commit > 0 ? begin_behind_tail(capture, source, err)
								   : begin_anew(capture, source, err);

	if (!good)
		return false;
	note_mode(capture, source->position.mode);
	if (!source_log_check(&source->control, &source->log, &source->position, err) ||
		!make_writer(capture, source, tail, err))
		return false;
	return source_position_format(&source->position, &capture->place, err) &&
		   change_writer_begin(&capture->writer, &source->position.log,
							   source->position.interrupted, source->log.end.file, err);
}

/* ---- the log ---- */

static bool
ask_for_log(Capture *capture, CaptureSource *source, SluiceError *err)
{
	WireStart start = {.flavour = capture->flavour,
					   .by_gtid = source->position.mode == POSITION_GTID,
					   .position = &source->position.log,
					   .heartbeat = (unsigned) capture->settings->heartbeat};

	reader_uuid(capture->incarnation, start.uuid);
	if (!reader_number_choose(&source->control, capture->incarnation, capture->settings->server_id,
							  &start.server_id, err) ||
		!connect_to(capture, &source->dump, start.heartbeat * SILENCES, err))
		return false;
	source->wired = true;
	return wire_open(&source->wire, source->dump.mysql, &start, err);
}

/*
 * What the tables looked like where reading begins: all groups that the writer took to their end count,
 * else all before the one that the stream ends in, which may be there in part.
 */
static bool
open_structure(Capture *capture, CaptureSource *source, SluiceError *err)
{
	const StructureOptions options = {.stream = capture->settings->stream,
									  .choice = capture->choice,
									  .folds = capture->folds,
									  .source = &source->control,
									  .charsets = capture->charsets,
									  .nats = &capture->settings->nats,
									  .log = capture->log,
									  .replicas = capture->settings->replicas,
									  .copied = capture->settings->mode != MODE_CDC};

	const ChangeId *known = &capture->writer.known;

	/* Behind the whole of a group, or in front of one that was sent in part. */
	capture->structure = structure_open(
		&options, known->index == CHANGE_INDEX_COMMIT ? known->commit + 1 : known->commit, err);
	return capture->structure != NULL;
}

bool
capture_source_open(Capture *capture, CaptureSource *source, const ChangeId *tail, SluiceError *err)
{
	return ask_source(capture, source, err) && find_place(capture, source, tail, err) &&
		   open_structure(capture, source, err) && ask_for_log(capture, source, err);
}
