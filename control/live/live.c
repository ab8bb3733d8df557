/*
 * live.c - the parts together (live.h).
 */
#include "live.h"

#include <stdlib.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "control/settings.h"
#include "control/store/identifier.h"
#include "control/store/store.h"
#include "event_message.h"
#include "live_internal.h"

#define WINDOW_EVENTS	 20000
#define WINDOW_BYTES	 (16u << 20)
#define SESSIONS		 4
#define PURGE_MS		 60000
#define FIGURES_SUBJECT	 "sluice.*.stats.>"
#define LINES_SUBJECT	 LOG_SUBJECT ".>"
#define INCARNATION_MARK "srv_"
#define KEY_PREFIX		 "key."

/* ---- what comes ---- */

/* Now and then, whoever hears figures looks for what is forgotten. */
static void
purge(Live *live, int64_t now_ms)
{
	if (now_ms - atomic_load(&live->purged_ms) < PURGE_MS)
		return;
	atomic_store(&live->purged_ms, now_ms);
	figures_purge(live->figures, now_ms);
	history_purge(live->history, now_ms / 1000);
}

/* Of Hearing. */
static bool
take_figures(void *context, const char *subject, const char *data, size_t length, SluiceError *err)
{
	Live *live = context;
	int64_t now = timestamp_now();

	purge(live, now);
	return figures_take(live->figures, subject, data, length, now, err);
}

static void
wake_leader(Live *live)
{
	pthread_mutex_lock(&live->lock);
	if (live->wake != NULL)
		live->wake(live->wake_context);
	pthread_mutex_unlock(&live->lock);
}

static bool
take_line(void *context, const char *subject, const char *data, size_t length, SluiceError *err)
{
	Live *live = context;

	if (!log_lines_take(live->lines, subject, data, length, err))
		return false;
	if (schema_lines_take(live->schema_lines, subject, data, length, timestamp_now()))
		wake_leader(live);
	sockets_wake(live->sockets);
	return true;
}

/* Of Chronicle. */
static void
news(void *context)
{
	Live *live = context;

	sockets_wake(live->sockets);
}

/* Of the store; what cannot be taken is nothing that clients could be told. */
static void
changed(void *context, StoreArea area, const StoreEntry *entry)
{
	Live *live = context;

	if (area == STORE_ONCE)
		return;
	if (area == STORE_CONFIG && strncmp(entry->key, KEY_PREFIX, strlen(KEY_PREFIX)) == 0)
	{
		atomic_fetch_add(&live->keys_changed, 1);
		sockets_wake(live->sockets);
	}
	(void) !directory_take(live->directory, entry->key, entry->value, NULL);
	if (area == STORE_STATE && run_events_changed(live->run_events, entry))
		wake_leader(live);
}

static bool
take_known(void *context, const StoreEntry *entry)
{
	Live *live = context;

	(void) !directory_take(live->directory, entry->key, entry->value, NULL);
	return true;
}

/* What is there already; what is not yet will be told as a change. */
static bool
follow_store(Live *live, SluiceError *err)
{
	Store *store = live->control->store;

	if (!store_on_change(store, changed, live, err))
		return false;
	(void) !store_each(store, STORE_CONFIG, "stream.", NULL, take_known, live, NULL);
	(void) !store_each(store, STORE_STATE, "run.", NULL, take_known, live, NULL);
	return true;
}

/* ---- beginning and end ---- */

static bool
make_parts(Live *live, SluiceError *err)
{
	live->directory = directory_new(LIVE_STREAMS);
	live->figures = figures_new(LIVE_STREAMS);
	live->history = history_new(LIVE_STREAMS);
	live->lines = log_lines_new();
	live->events = event_window_new(WINDOW_EVENTS, WINDOW_BYTES);
	live->run_events = run_events_new();
	live->schema_lines = schema_lines_new();
	live->cache = frame_cache_new();
	return (live->directory != NULL && live->figures != NULL && live->history != NULL &&
			live->lines != NULL && live->events != NULL && live->run_events != NULL &&
			live->schema_lines != NULL && live->cache != NULL) ||
		   sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for figures and events");
}

static Hearing *
hear(Live *live, const char *name, const char *subject,
	 bool (*take)(void *context, const char *subject, const char *data, size_t length,
				  SluiceError *err),
	 SluiceError *err)
{
	return hearing_start(&(HearingSettings){.nats = live->control->nats,
											.log = live->control->log,
											.name = name,
											.subject = subject,
											.take = take,
											.context = live},
						 err);
}

static bool
start_parts(Live *live, SluiceError *err)
{
	const Control *control = live->control;

	live_make_sources(live);
	live->sockets = sockets_start(&(SocketsSettings){.sources = &live->sources,
													 .log = control->log,
													 .key_counts = live_key_counts,
													 .context = live,
													 .keys_changed = &live->keys_changed},
								  err);
	if (live->sockets == NULL || !follow_store(live, err))
		return false;
	live->sessions = session_pool_new(&control->nats, SESSIONS, err);
	if (live->sessions == NULL)
		return false;
	live->chronicle = chronicle_start(&(ChronicleSettings){.nats = control->nats,
														   .replicas = control->settings->replicas,
														   .log = control->log,
														   .history = live->history,
														   .events = live->events,
														   .told = live->run_events,
														   .news = news,
														   .context = live},
									  err);
	if (live->chronicle == NULL)
		return false;
	live->hears_figures = hear(live, "figures", FIGURES_SUBJECT, take_figures, err);
	if (live->hears_figures == NULL)
		return false;
	live->hears_lines = hear(live, "log lines", LINES_SUBJECT, take_line, err);
	return live->hears_lines != NULL;
}

Live *
live_start(Control *control, SluiceError *err)
{
	Live *live = calloc(1, sizeof(*live));

	if (live == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for figures and events");
		return NULL;
	}
	live->control = control;
	(void) identifier_make(live->incarnation, INCARNATION_MARK);
	(void) pthread_mutex_init(&live->lock, NULL);
	if (make_parts(live, err) && start_parts(live, err))
		return live;
	live_stop(live);
	return NULL;
}

void
live_hang_up(Live *live)
{
	if (live != NULL)
		sockets_hang_up(live->sockets);
}

void
live_stop(Live *live)
{
	if (live == NULL)
		return;
	store_off_change(live->control->store, changed, live);
	hearing_stop(live->hears_figures);
	hearing_stop(live->hears_lines);
	chronicle_stop(live->chronicle);
	sockets_stop(live->sockets);
	session_pool_free(live->sessions);
	frame_cache_free(live->cache);
	schema_lines_free(live->schema_lines);
	run_events_free(live->run_events);
	event_window_free(live->events);
	log_lines_free(live->lines);
	history_free(live->history);
	figures_free(live->figures);
	directory_free(live->directory);
	(void) pthread_mutex_destroy(&live->lock);
	free(live);
}

/* ---- for the leader ---- */

void
live_on_change(Live *live, void (*wake)(void *context), void *context)
{
	pthread_mutex_lock(&live->lock);
	live->wake = wake;
	live->wake_context = context;
	pthread_mutex_unlock(&live->lock);
}

bool
live_tick_history(Live *live, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	return !chronicle_level(live->chronicle) ||
		   history_publish(live->history, session, live->directory, live->figures, now_ms, err);
}

bool
live_tick_events(Live *live, NatsSession *session, int64_t now_ms, SluiceError *err)
{
	return !chronicle_level(live->chronicle) ||
		   (run_events_tell(live->run_events, live->control->store, session, err) &&
			schema_lines_tell(live->schema_lines, live->directory, session, now_ms, err));
}

void
live_rest_events(Live *live)
{
	run_events_rest(live->run_events);
}

/* ---- figures ---- */

bool
live_figures(Live *live, const char *stream, LiveFigures *figures)
{
	return figures_of(live->figures, stream, timestamp_now(), figures);
}

json_t *
live_figures_json(Live *live, const char *stream)
{
	return figures_json(live->figures, stream, timestamp_now());
}

json_t *
live_tables_json(Live *live, const char *stream)
{
	uint64_t version = 0;

	return figures_tables(live->figures, stream, &version);
}

void
live_each_applied(Live *live, const char *stream, LiveEachApplied each, void *context)
{
	figures_each_applied(live->figures, stream, each, context);
}

/* ---- events ---- */

static bool
store_event(NatsSession *session, const EventNote *note, const char *text, SluiceError *err)
{
	char subject[LAYOUT_SUBJECT_TEXT];
	jsErrCode code = 0;
	natsStatus status = js_Publish(NULL, session->jetstream, event_subject(note, subject), text,
								   (int) strlen(text), NULL, &code);

	return status == NATS_OK ||
		   nats_session_fail(session, err, status, code, "storing an event on %s", subject);
}

bool
live_event(Live *live, const char *tenant, const char *stream_id, const char *run_id,
		   EventType type, const json_t *data, SluiceError *err)
{
	const EventNote note = {
		.tenant = tenant, .stream_id = stream_id, .run_id = run_id, .type = type, .data = data};
	char *text = event_message_write(&note, err);
	NatsSession *session = text != NULL ? session_pool_take(live->sessions, err) : NULL;
	bool good = session != NULL && store_event(session, &note, text, err);

	if (session != NULL)
		session_pool_give(live->sessions, session, good);
	free(text);
	return good;
}

typedef struct EventFilter
{
	const char *tenant, *stream_id, *run_id;
	EventType type;
} EventFilter;

static bool
matches(const void *context, const WindowEvent *event)
{
	const EventFilter *filter = context;

	return event->type == filter->type && strcmp(event->tenant, filter->tenant) == 0 &&
		   (filter->stream_id == NULL || strcmp(event->stream_id, filter->stream_id) == 0) &&
		   (filter->run_id == NULL || strcmp(event->run_id, filter->run_id) == 0);
}

json_t *
live_events(Live *live, const char *tenant, const char *stream_id, const char *run_id,
			EventType type, uint64_t before, size_t limit)
{
	const EventFilter filter = {tenant, stream_id, run_id, type};
	Frame **frames = calloc(limit + 1, sizeof(Frame *));
	json_t *list = json_array();
	size_t count = 0;

	if (frames != NULL)
		count = event_window_back(live->events, before, matches, &filter, frames, limit);
	for (size_t i = 0; i < count; i++)
	{
		json_t *event = json_loadb(frames[i]->text, frames[i]->length, 0, NULL);

		(void) json_object_del(event, "v");
		(void) json_array_append_new(list, event);
		frame_release(frames[i]);
	}
	free(frames);
	return list;
}

/* ---- clients ---- */

bool
live_key_counts(void *context, const Caller *caller, SluiceError *err)
{
	const Live *live = context;
	char key[LAYOUT_KEY_MAXIMUM];
	const char *expires;
	StoreEntry entry;
	SluiceError failure;
	int64_t expires_ms;
	bool expired;

	if (!store_get(live->control->store, STORE_CONFIG, api_key_key(key, caller->key_id), &entry,
				   &failure))
		return failure.code != SLUICE_ERROR_NOT_FOUND ||
			   sluice_fail(err, SLUICE_ERROR_DENIED, "the API key was revoked");
	expires = json_string_value(json_object_get(entry.value, "expires_at"));
	expired =
		expires != NULL && timestamp_parse(expires, &expires_ms) && expires_ms <= timestamp_now();
	store_entry_free(&entry);
	return !expired || sluice_fail(err, SLUICE_ERROR_DENIED, "the API key has expired");
}
