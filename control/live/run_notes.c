/*
 * run_notes.c - one function for each kind of document (run_notes.h).
 */
#include "run_notes.h"

#include <stdio.h>
#include <string.h>

#include "common/control/timestamp.h"
#include "control/resource/run_jobs.h"

/* ---- making notes ---- */

/* FNV-1a of texts, each with its end; never 0. */
static uint64_t
digest_of(const char *const *texts, size_t count)
{
	uint64_t digest = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < count; i++)
	{
		for (const char *at = texts[i] != NULL ? texts[i] : "";; at++)
		{
			digest = (digest ^ (unsigned char) *at) * UINT64_C(1099511628211);
			if (*at == '\0')
				break;
		}
	}
	return digest != 0 ? digest : 1;
}

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static const char *
text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
copy_text(char *to, size_t size, const char *text)
{
	(void) snprintf(to, size, "%s", text != NULL ? text : "");
}

/* Takes `data`; NULL: what was told is over. */
static void
add(RunNotes *notes, const StoreEntry *entry, EventType type, json_t *data, uint64_t digest)
{
	RunNote *note = &notes->notes[notes->count];

	(void) snprintf(note->key, sizeof(note->key), "%s/%s", event_type_names[type], entry->key);
	notes->data[notes->count++] = data;
	note->event = (EventNote){
		.tenant = text_or_null(notes->tenant),
		.stream_id = text_or_null(notes->stream_id),
		.run_id = text_or_null(notes->run_id),
		.about = text_or_null(notes->about),
		.type = type,
		.data = data,
		.source_key = note->key,
		.digest = data != NULL ? digest : 0,
	};
}

/* ---- runs ---- */

static void
note_run(RunNotes *notes, Store *store, const StoreEntry *entry)
{
	const char *texts[] = {text_of(entry->value, "state"), text_of(entry->value, "desired")};
	json_t *run = entry->value;

	(void) store;
	if (run == NULL)
	{
		add(notes, entry, EVENT_STATE, NULL, 0);
		return;
	}
	copy_text(notes->tenant, sizeof(notes->tenant), text_of(run, "tenant"));
	copy_text(notes->stream_id, sizeof(notes->stream_id), text_of(run, "stream_id"));
	copy_text(notes->run_id, sizeof(notes->run_id), text_of(run, "id"));
	if (texts[0] == NULL || notes->stream_id[0] == '\0')
		return;
	add(notes, entry, EVENT_STATE,
		json_pack("{s:s, s:s?, s:O?, s:O?, s:O?, s:O?}", "state", texts[0], "desired", texts[1],
				  "phase", json_object_get(run, "phase"), "reason", json_object_get(run, "reason"),
				  "stream", json_object_get(run, "stream_name"), "ended_at",
				  json_object_get(run, "ended_at")),
		digest_of(texts, 2));
}

/* ---- jobs ---- */

static bool
find_run(RunNotes *notes, Store *store, const json_t *job)
{
	const char *tenant = text_of(job, "tenant"), *run_id = text_of(job, "run_id");
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry run;

	if (tenant == NULL || run_id == NULL ||
		!store_get(store, STORE_STATE, run_key(key, tenant, run_id), &run, NULL))
		return false;
	copy_text(notes->tenant, sizeof(notes->tenant), tenant);
	copy_text(notes->run_id, sizeof(notes->run_id), run_id);
	copy_text(notes->stream_id, sizeof(notes->stream_id), text_of(run.value, "stream_id"));
	store_entry_free(&run);
	return notes->stream_id[0] != '\0';
}

static void
note_error(RunNotes *notes, const StoreEntry *entry)
{
	json_t *job = entry->value, *error = json_object_get(job, "error");
	const char *texts[] = {text_of(error, "code"), text_of(error, "message")};
	json_t *data = NULL;

	if (json_is_object(error))
		data = json_pack(
			"{s:O?, s:O?, s:O?, s:O?, s:s?, s:s?, s:O?, s:O?}", "job", json_object_get(job, "job"),
			"role", json_object_get(job, "role"), "state", json_object_get(job, "state"),
			"worker_id", json_object_get(job, "worker_id"), "code", texts[0], "message", texts[1],
			"hint", json_object_get(error, "hint"), "at", json_object_get(error, "at"));
	add(notes, entry, EVENT_ERROR, data, digest_of(texts, 2));
}

static void
note_verify(RunNotes *notes, const StoreEntry *entry)
{
	static const char prefix[] = "verify-";
	const json_t *job = entry->value;
	const char *name = text_of(job, "job");
	const char *texts[] = {text_of(job, "state")};

	if (name == NULL || strncmp(name, prefix, strlen(prefix)) != 0 || texts[0] == NULL ||
		(strcmp(texts[0], "finished") != 0 && strcmp(texts[0], "failed") != 0))
		return;
	add(notes, entry, EVENT_VERIFY,
		json_pack("{s:s, s:s, s:O?}", "verification_id", name + strlen(prefix), "state", texts[0],
				  "error", json_object_get(job, "error")),
		digest_of(texts, 1));
}

static void
note_job(RunNotes *notes, Store *store, const StoreEntry *entry)
{
	if (entry->value == NULL)
	{
		add(notes, entry, EVENT_ERROR, NULL, 0);
		add(notes, entry, EVENT_VERIFY, NULL, 0);
		return;
	}
	if (!find_run(notes, store, entry->value))
		return;
	note_error(notes, entry);
	note_verify(notes, entry);
}

/* ---- workers ---- */

bool
run_note_is_silent(const StoreEntry *entry)
{
	return timestamp_now() - entry->written_ms >= WORKER_LOST_MS;
}

static void
note_worker(RunNotes *notes, Store *store, const StoreEntry *entry)
{
	json_t *worker = entry->value;
	const char *texts[] = {text_of(worker, "state")};

	(void) store;
	copy_text(notes->about, sizeof(notes->about), entry->key + strlen(RUN_NOTE_WORKERS));
	if (worker == NULL)
		texts[0] = "gone";
	else if (run_note_is_silent(entry))
		texts[0] = "lost";
	if (texts[0] == NULL)
		return;
	add(notes, entry, EVENT_WORKER,
		json_pack("{s:s, s:s, s:O?, s:O?, s:O?, s:O?}", "worker_id", notes->about, "state",
				  texts[0], "name", json_object_get(worker, "name"), "host",
				  json_object_get(worker, "host"), "roles", json_object_get(worker, "roles"),
				  "seen_at", json_object_get(worker, "seen_at")),
		digest_of(texts, 1));
}

/* ---- all ---- */

static void (*const makers[])(RunNotes *notes, Store *store, const StoreEntry *entry) = {
	note_run,
	note_job,
	note_worker,
};

const char *const run_note_prefixes[] = {"run.", "job.", RUN_NOTE_WORKERS};
const size_t run_note_prefix_count = sizeof(run_note_prefixes) / sizeof(run_note_prefixes[0]);

/* Which of the prefixes; their count when none. */
static size_t
kind_of(const char *key)
{
	size_t kind = 0;

	while (kind < run_note_prefix_count &&
		   strncmp(key, run_note_prefixes[kind], strlen(run_note_prefixes[kind])) != 0)
		kind++;
	return kind;
}

bool
run_notes_of(const char *key)
{
	return kind_of(key) < run_note_prefix_count;
}

void
run_notes_make(RunNotes *notes, Store *store, const StoreEntry *entry)
{
	size_t kind = kind_of(entry->key);

	memset(notes, 0, sizeof(*notes));
	if (kind < run_note_prefix_count)
		makers[kind](notes, store, entry);
}

void
run_notes_free(RunNotes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		json_decref(notes->data[i]);
	notes->count = 0;
}
