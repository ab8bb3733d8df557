/*
 * run_events.c - what was told of each document, and telling what was not (run_events.h).
 *
 * Invariants:
 * 1. `lock` guards everything but `notes`' making; no request to NATS is made with it held.
 * 2. `told` has, for each kind of event and document, a digest of what the newest event said; `subjects` the sequence of the
 *    newest event on each subject.  Both follow the journal, and what this server stored itself.
 * 3. While this server leads, every change is in the queue or was told; a change that cannot be told stays first.
 */
#include "run_events.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name_table.h"
#include "run_notes.h"

#define TOLD_MAXIMUM  200000
#define QUEUE_MAXIMUM 200000 /* more, and all documents are looked at instead */

typedef struct Told
{
	const char *name; /* text */
	uint64_t value;	  /* a digest, or a sequence */
	char text[];
} Told;

typedef struct Change
{
	struct Change *next;
	StoreEntry entry;
} Change;

struct RunEvents
{
	pthread_mutex_t lock;
	NameTable told, subjects;
	int64_t oldest_ms; /* of the events that were read; 0: none was */
	Change *first, **end;
	size_t count;
	bool leads, scan;
};

RunEvents *
run_events_new(void)
{
	RunEvents *events = calloc(1, sizeof(*events));

	if (events == NULL)
		return NULL;
	events->told.maximum = events->subjects.maximum = TOLD_MAXIMUM;
	events->end = &events->first;
	(void) pthread_mutex_init(&events->lock, NULL);
	return events;
}

/* ---- tables ---- */

static void
clear_table(NameTable *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->items[i]);
	name_table_free(table);
}

static uint64_t
look_up(const NameTable *table, const char *name)
{
	const Told *told = name_table_find(table, name);

	return told != NULL ? told->value : 0;
}

/* Without memory or room it is told once too often, which is better than never. */
static void
set(NameTable *table, const char *name, uint64_t value)
{
	Told *told = name_table_find(table, name);

	if (told == NULL)
	{
		told = malloc(sizeof(*told) + strlen(name) + 1);
		if (told == NULL)
			return;
		memcpy(told->text, name, strlen(name) + 1);
		told->name = told->text;
		if (!name_table_add(table, told, NULL))
		{
			free(told);
			return;
		}
	}
	told->value = value;
}

void
run_events_told(RunEvents *events, const char *subject, uint64_t sequence, int64_t time_ms,
				const EventSource *source)
{
	pthread_mutex_lock(&events->lock);
	if (events->oldest_ms == 0)
		events->oldest_ms = time_ms;
	if (sequence > look_up(&events->subjects, subject))
		set(&events->subjects, subject, sequence);
	if (source->key[0] != '\0')
		set(&events->told, source->key, source->digest);
	pthread_mutex_unlock(&events->lock);
}

/* ---- the queue; the lock is held ---- */

static void
free_change(Change *change)
{
	store_entry_free(&change->entry);
	free(change);
}

static Change *
take_first(RunEvents *events)
{
	Change *change = events->first;

	if (change == NULL)
		return NULL;
	events->first = change->next;
	if (events->first == NULL)
		events->end = &events->first;
	events->count--;
	return change;
}

static void
put_first(RunEvents *events, Change *change)
{
	change->next = events->first;
	if (events->first == NULL)
		events->end = &change->next;
	events->first = change;
	events->count++;
}

static void
clear_queue(RunEvents *events)
{
	Change *change;

	while ((change = take_first(events)) != NULL)
		free_change(change);
}

static void
put_last(RunEvents *events, const StoreEntry *entry)
{
	Change *change = events->count < QUEUE_MAXIMUM ? malloc(sizeof(*change)) : NULL;

	if (change == NULL)
	{
		events->scan = true;
		return;
	}
	*change = (Change){.entry = *entry};
	json_incref(change->entry.value);
	*events->end = change;
	events->end = &change->next;
	events->count++;
}

void
run_events_free(RunEvents *events)
{
	if (events == NULL)
		return;
	clear_queue(events);
	clear_table(&events->told);
	clear_table(&events->subjects);
	(void) pthread_mutex_destroy(&events->lock);
	free(events);
}

void
run_events_forget(RunEvents *events)
{
	pthread_mutex_lock(&events->lock);
	clear_table(&events->told);
	clear_table(&events->subjects);
	events->oldest_ms = 0;
	events->scan = true;
	pthread_mutex_unlock(&events->lock);
}

bool
run_events_changed(RunEvents *events, const StoreEntry *entry)
{
	if (!run_notes_of(entry->key))
		return false;
	pthread_mutex_lock(&events->lock);
	if (events->leads)
		put_last(events, entry);
	pthread_mutex_unlock(&events->lock);
	return true;
}

void
run_events_rest(RunEvents *events)
{
	pthread_mutex_lock(&events->lock);
	events->leads = events->scan = false;
	clear_queue(events);
	pthread_mutex_unlock(&events->lock);
}

/* ---- storing ---- */

static natsStatus
publish(NatsSession *session, const char *subject, const char *text, uint64_t expected,
		uint64_t *sequence, jsErrCode *code)
{
	natsMsg *message = NULL;
	jsPubAck *ack = NULL;
	char number[24];
	natsStatus status =
		natsMsg_Create(&message, subject, NULL, text, text != NULL ? (int) strlen(text) : 0);

	(void) snprintf(number, sizeof(number), "%" PRIu64, expected);
	if (status == NATS_OK)
		status = natsMsgHeader_Set(message, "Nats-Expected-Last-Subject-Sequence", number);
	if (status == NATS_OK)
		status = js_PublishMsg(&ack, session->jetstream, message, NULL, code);
	if (status == NATS_OK)
		*sequence = ack->Sequence;
	jsPubAck_Destroy(ack);
	natsMsg_Destroy(message);
	return status;
}

/*
 * Somebody stored another event on the subject, which the journal will bring; or all that were there are forgotten: then the
 * subject begins anew.
 */
static bool
look_at_subject(RunEvents *events, NatsSession *session, const char *subject, SluiceError *err)
{
	natsMsg *message = NULL;
	jsErrCode code = 0;
	natsStatus status =
		js_GetLastMsg(&message, session->jetstream, EVENT_STREAM, subject, NULL, &code);

	natsMsg_Destroy(message);
	if (status == NATS_OK)
		return true;
	if (code != JSNoMessageFoundErr && status != NATS_NOT_FOUND)
		return nats_session_fail(session, err, status, code, "the last event on %s", subject);
	pthread_mutex_lock(&events->lock);
	set(&events->subjects, subject, 0);
	pthread_mutex_unlock(&events->lock);
	return true;
}

typedef enum Telling
{
	TELLING_DONE,
	TELLING_LATER, /* the journal must be read on first */
	TELLING_FAILED
} Telling;

static Telling
store_note(RunEvents *events, NatsSession *session, const EventNote *note, SluiceError *err)
{
	char subject[LAYOUT_SUBJECT_TEXT];
	uint64_t expected, sequence = 0;
	jsErrCode code = 0;
	natsStatus status;
	char *text = event_message_write(note, err);

	if (text == NULL)
		return TELLING_FAILED;
	(void) event_subject(note, subject);
	pthread_mutex_lock(&events->lock);
	expected = look_up(&events->subjects, subject);
	pthread_mutex_unlock(&events->lock);
	status = publish(session, subject, text, expected, &sequence, &code);
	free(text);
	if (status == NATS_OK)
	{
		const EventSource source = {.digest = note->digest};

		run_events_told(events, subject, sequence, 0, &source);
		return TELLING_DONE;
	}
	if (code == JSStreamWrongLastSequenceErr)
		return look_at_subject(events, session, subject, err) ? TELLING_LATER : TELLING_FAILED;
	(void) nats_session_fail(session, err, status, code, "storing an event on %s", subject);
	return TELLING_FAILED;
}

/*
 * What is older than the events that are kept was told by one of those that are gone.  A digest of 0 says that there is
 * nothing to tell any more.
 */
static bool
is_news(RunEvents *events, const RunNote *note, const StoreEntry *entry)
{
	bool news;

	pthread_mutex_lock(&events->lock);
	news = look_up(&events->told, note->key) != note->event.digest;
	if (note->event.digest == 0)
	{
		free(name_table_remove(&events->told, note->key));
		news = false;
	}
	else if (news && name_table_find(&events->told, note->key) == NULL &&
			 entry->written_ms < events->oldest_ms)
	{
		set(&events->told, note->key, note->event.digest);
		news = false;
	}
	pthread_mutex_unlock(&events->lock);
	return news;
}

static Telling
tell_entry(RunEvents *events, Store *store, NatsSession *session, const StoreEntry *entry,
		   SluiceError *err)
{
	Telling telling = TELLING_DONE;
	RunNotes notes;

	run_notes_make(&notes, store, entry);
	for (size_t i = 0; telling == TELLING_DONE && i < notes.count; i++)
	{
		RunNote *note = &notes.notes[i];

		if (!is_news(events, note, entry))
			continue;
		telling = store_note(events, session, &note->event, err);
		if (telling == TELLING_DONE)
		{
			pthread_mutex_lock(&events->lock);
			set(&events->told, note->key, note->event.digest);
			pthread_mutex_unlock(&events->lock);
		}
	}
	run_notes_free(&notes);
	return telling;
}

/* ---- telling ---- */

/* All documents go through the queue. */
static bool
queue_entry(void *context, const StoreEntry *entry)
{
	RunEvents *events = context;

	pthread_mutex_lock(&events->lock);
	put_last(events, entry);
	pthread_mutex_unlock(&events->lock);
	return true;
}

static bool
scan_store(RunEvents *events, Store *store, SluiceError *err)
{
	pthread_mutex_lock(&events->lock);
	events->leads = true;
	events->scan = false;
	clear_queue(events);
	pthread_mutex_unlock(&events->lock);
	for (size_t i = 0; i < run_note_prefix_count; i++)
	{
		if (!store_each(store, STORE_STATE, run_note_prefixes[i], NULL, queue_entry, events, err))
		{
			run_events_rest(events);
			return false;
		}
	}
	return true;
}

static Telling
tell_first(RunEvents *events, Store *store, NatsSession *session, bool *empty, SluiceError *err)
{
	Telling telling = TELLING_DONE;
	Change *change;

	pthread_mutex_lock(&events->lock);
	change = take_first(events);
	pthread_mutex_unlock(&events->lock);
	*empty = change == NULL;
	if (change == NULL)
		return TELLING_DONE;
	telling = tell_entry(events, store, session, &change->entry, err);
	if (telling == TELLING_DONE)
	{
		free_change(change);
		return TELLING_DONE;
	}
	pthread_mutex_lock(&events->lock);
	put_first(events, change);
	pthread_mutex_unlock(&events->lock);
	return telling;
}

/* Workers fall silent without a change. */
static bool
queue_silent(void *context, const StoreEntry *entry)
{
	RunEvents *events = context;

	if (run_note_is_silent(entry))
		(void) queue_entry(events, entry);
	return true;
}

bool
run_events_tell(RunEvents *events, Store *store, NatsSession *session, SluiceError *err)
{
	Telling telling;
	bool scan, empty;

	pthread_mutex_lock(&events->lock);
	scan = !events->leads || events->scan;
	pthread_mutex_unlock(&events->lock);
	if (scan && !scan_store(events, store, err))
		return false;
	if (!store_each(store, STORE_STATE, RUN_NOTE_WORKERS, NULL, queue_silent, events, err))
		return false;
	do
		telling = tell_first(events, store, session, &empty, err);
	while (telling == TELLING_DONE && !empty);
	return telling != TELLING_FAILED;
}
