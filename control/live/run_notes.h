/*
 * run_notes.h - what events a document of the store makes: states of runs, errors of jobs, results of verifications,
 * workers that come and go.
 */
#ifndef SLUICE_CONTROL_LIVE_RUN_NOTES_H
#define SLUICE_CONTROL_LIVE_RUN_NOTES_H

#include "control/store/store.h"
#include "event_message.h"

#define RUN_NOTES_MAXIMUM 2
#define RUN_NOTE_WORKERS  "worker."

/* Keys of documents that make events begin so. */
extern const char *const run_note_prefixes[];
extern const size_t run_note_prefix_count;

/* Whether a key is one of them. */
extern bool run_notes_of(const char *key);

typedef struct RunNote
{
	char key[EVENT_SOURCE_KEY]; /* of what is told: the kind of event and the document's key */
	EventNote event;			/* digest 0: nothing is to be told, and what was told is over */
} RunNote;

typedef struct RunNotes
{
	RunNote notes[RUN_NOTES_MAXIMUM];
	size_t count;
	char tenant[TENANT_MAXIMUM + 1], stream_id[ID_MAXIMUM + 1], run_id[ID_MAXIMUM + 1];
	char about[ID_MAXIMUM + 1];
	json_t *data[RUN_NOTES_MAXIMUM];
} RunNotes;

/* Of a document, or of its removal (value NULL); the run of a job is looked up. */
extern void run_notes_make(RunNotes *notes, Store *store, const StoreEntry *entry);
extern void run_notes_free(RunNotes *notes);

/* Whether a worker's registration stands still. */
extern bool run_note_is_silent(const StoreEntry *entry);

#endif
