/*
 * sight.c - looks at streams (sight.h).
 */
#include "sight.h"

#include <stdio.h>
#include <string.h>

#include "common/nats/jetstream.h"
#include "control/resource/answer.h"
#include "control/resource/run_document.h"

/* Puts tenant and id of "stream.<tenant>.<id>" into the sight; false for another key. */
static bool
read_key(StreamSight *sight, const char *key)
{
	const char *tenant = strchr(key, '.');
	const char *id = tenant != NULL ? strchr(tenant + 1, '.') : NULL;

	if (id == NULL || id - tenant - 1 > TENANT_MAXIMUM || strlen(id + 1) > ID_MAXIMUM)
		return false;
	(void) snprintf(sight->tenant, sizeof(sight->tenant), "%.*s", (int) (id - tenant - 1),
					tenant + 1);
	(void) snprintf(sight->stream_id, sizeof(sight->stream_id), "%s", id + 1);
	return true;
}

static void
read_run(StreamSight *sight, const json_t *run)
{
	const char *state = text_of(run, "state");
	const char *message = text_of(json_object_get(run, "error"), "message");

	sight->active = !run_has_ended(run);
	if (state == NULL || !stream_state_parse(state, &sight->state, NULL))
		sight->state = STREAM_CREATED;
	if (message != NULL)
		(void) snprintf(sight->error, sizeof(sight->error), "%s", message);
}

static void
find_run(Control *control, StreamSight *sight)
{
	StoreEntry list, run;
	const char *id;

	if (!run_list_get(control, sight->tenant, sight->stream_id, &list, NULL))
		return;
	id = run_list_newest(&list);
	if (id != NULL && run_get(control, sight->tenant, id, &run, NULL))
	{
		(void) snprintf(sight->run_id, sizeof(sight->run_id), "%s", id);
		read_run(sight, run.value);
		store_entry_free(&run);
	}
	store_entry_free(&list);
}

static void
find_figures(Control *control, StreamSight *sight)
{
	char name[SUBJECT_TEXT];

	if (!stream_name_in_nats(name, sight->tenant, sight->name, NULL) ||
		!live_figures(control->live, name, &sight->figures))
		sight->figures.reader = sight->figures.writer = false;
}

/* What goes through the entries of the store. */
typedef struct Walk
{
	Control *control;
	SightEach each;
	void *context;
} Walk;

static bool
look(void *context, const StoreEntry *entry)
{
	const Walk *walk = context;
	const char *name = text_of(entry->value, "name");
	StreamSight sight = {0};

	if (name == NULL || !read_key(&sight, entry->key))
		return true;
	(void) snprintf(sight.name, sizeof(sight.name), "%s", name);
	find_run(walk->control, &sight);
	find_figures(walk->control, &sight);
	walk->each(walk->context, &sight);
	return true;
}

bool
sight_each_stream(Control *control, const char *tenant, SightEach each, void *context,
				  SluiceError *err)
{
	Walk walk = {control, each, context};
	char prefix[LAYOUT_KEY_MAXIMUM];

	return store_each(control->store, STORE_CONFIG, key_prefix(prefix, "stream", tenant, NULL),
					  NULL, look, &walk, err);
}

bool
sight_is_streaming(const StreamSight *sight)
{
	return sight->active && sight->state == STREAM_STREAMING && sight->figures.reader;
}
