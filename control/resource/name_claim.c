/*
 * name_claim.c - see name_claim.h.
 */
#include "name_claim.h"

#include <string.h>

#include "answer.h"
#include "common/control/timestamp.h"
#include "control/store/store.h"

static bool
taken(const char *name, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_CONFLICT, "the name \"%s\" is taken", name);
	return sluice_hint(err, "take another one");
}

/* Whether what has claimed the name is not there, or has another, and that long since. */
static bool
is_orphan(Control *control, const NameClaim *claim, const StoreEntry *entry)
{
	const char *tenant = text_of(entry->value, "tenant"),
			   *id = text_of(entry->value, claim->member), *name;
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry owner;
	SluiceError err;
	bool other;

	if (timestamp_now() - entry->written_ms < NAME_ORPHAN_MS)
		return false;
	if (tenant == NULL || id == NULL)
		return true;
	if (!store_get(control->store, STORE_CONFIG, claim->owner_key(key, tenant, id), &owner, &err))
		return err.code == SLUICE_ERROR_NOT_FOUND;
	name = text_of(owner.value, "name");
	other = name == NULL || strcmp(name, claim->name) != 0;
	store_entry_free(&owner);
	return other;
}

bool
name_claim(Control *control, const NameClaim *claim, SluiceError *err)
{
	uint64_t revision = 0;
	StoreEntry entry;
	json_t *document;
	bool good;

	if (store_get(control->store, STORE_CONFIG, claim->key, &entry, err))
	{
		bool orphan = is_orphan(control, claim, &entry);

		revision = entry.revision;
		store_entry_free(&entry);
		if (!orphan)
			return taken(claim->name, err);
	}
	else if (err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	document = json_pack("{s:s, s:s}", "tenant", claim->tenant, claim->member, claim->id);
	good = store_put(control->store, STORE_CONFIG, claim->key, document, revision, NULL, err);
	json_decref(document);
	return good || (err->code == SLUICE_ERROR_CONFLICT && taken(claim->name, err));
}

bool
name_release(Control *control, const NameClaim *claim, SluiceError *err)
{
	StoreEntry entry;
	uint64_t revision;
	const char *id;
	bool ours;

	if (!store_get(control->store, STORE_CONFIG, claim->key, &entry, err))
		return err->code == SLUICE_ERROR_NOT_FOUND;
	id = text_of(entry.value, claim->member);
	ours = id != NULL && strcmp(id, claim->id) == 0;
	revision = entry.revision;
	store_entry_free(&entry);
	return !ours || store_delete(control->store, STORE_CONFIG, claim->key, revision, err) ||
		   err->code == SLUICE_ERROR_CONFLICT || err->code == SLUICE_ERROR_NOT_FOUND;
}
