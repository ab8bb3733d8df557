/*
 * stream_name.c - see stream_name.h.
 */
#include "stream_name.h"

#include <string.h>

#include "answer.h"
#include "common/control/layout.h"
#include "common/control/timestamp.h"
#include "common/nats/jetstream.h"
#include "control/store/store.h"

static bool
taken(const char *name, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_CONFLICT, "the name \"%s\" is taken", name);
	return sluice_hint(err, "take another one");
}

/* Whether what has the name is no stream, and has long been none. */
static bool
is_orphan(Control *control, const StoreEntry *entry)
{
	const char *tenant = text_of(entry->value, "tenant"),
			   *stream_id = text_of(entry->value, "stream_id");
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry stream;
	SluiceError err;

	if (timestamp_now() - entry->written_ms < NAME_ORPHAN_MS)
		return false;
	if (tenant == NULL || stream_id == NULL)
		return true;
	if (store_get(control->store, STORE_CONFIG, stream_key(key, tenant, stream_id), &stream, &err))
	{
		store_entry_free(&stream);
		return false;
	}
	return err.code == SLUICE_ERROR_NOT_FOUND;
}

bool
stream_name_claim(Control *control, const char *tenant, const char *name, const char *stream_id,
				  SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM], in_nats[SUBJECT_TEXT];
	uint64_t revision = 0;
	StoreEntry entry;
	json_t *claim;
	bool good;

	if (!stream_name_in_nats(in_nats, tenant, name, err))
		return false;
	(void) name_key(key, in_nats);
	if (store_get(control->store, STORE_CONFIG, key, &entry, err))
	{
		bool orphan = is_orphan(control, &entry);

		revision = entry.revision;
		store_entry_free(&entry);
		if (!orphan)
			return taken(name, err);
	}
	else if (err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	claim = json_pack("{s:s, s:s}", "tenant", tenant, "stream_id", stream_id);
	good = store_put(control->store, STORE_CONFIG, key, claim, revision, NULL, err);
	json_decref(claim);
	return good || (err->code == SLUICE_ERROR_CONFLICT && taken(name, err));
}

bool
stream_name_release(Control *control, const char *tenant, const char *name, const char *stream_id,
					SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM], in_nats[SUBJECT_TEXT];
	StoreEntry entry;
	uint64_t revision;
	bool ours;

	if (!stream_name_in_nats(in_nats, tenant, name, err))
		return false;
	if (!store_get(control->store, STORE_CONFIG, name_key(key, in_nats), &entry, err))
		return err->code == SLUICE_ERROR_NOT_FOUND;
	ours = text_of(entry.value, "stream_id") != NULL &&
		   strcmp(text_of(entry.value, "stream_id"), stream_id) == 0;
	revision = entry.revision;
	store_entry_free(&entry);
	return !ours || store_delete(control->store, STORE_CONFIG, key, revision, err) ||
		   err->code == SLUICE_ERROR_CONFLICT || err->code == SLUICE_ERROR_NOT_FOUND;
}
