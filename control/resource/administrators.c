/*
 * administrators.c - see administrators.h.
 *
 * Each deletion is first noted in one document, {leaving: {<key id>: revision}}, by compare-and-set: of two servers that
 * look at the same time one loses, looks again, and finds the other's key on the list.  Invariants:
 * 1. A key that stands there at its revision of now is not counted, whether it has been deleted yet or not.
 * 2. A key is deleted at the revision that was noted only; one that was changed meanwhile stays, and is counted.
 * 3. What is noted is left out by the next one, once the key is gone or at another revision.
 */
#include "administrators.h"

#include <string.h>
#include <time.h>

#include "answer.h"
#include "api_key_document.h"
#include "common/control/layout.h"
#include "control/http/scope.h"

#define TRIES	100
#define WAIT_NS 20000000 /* until the store's copy has what another server wrote */

/* The document, and what is to stand in it. */
typedef struct Leaving
{
	json_t *keys; /* owned */
	uint64_t revision;
} Leaving;

static bool
is_noted(const json_t *keys, const char *id, uint64_t revision)
{
	const json_t *noted = json_object_get(keys, id);

	return noted != NULL && (uint64_t) json_integer_value(noted) >= revision;
}

/* Whether a key has all that is needed to let others in. */
static bool
is_administrator(const StoreEntry *entry)
{
	const uint64_t needed = SCOPE_BIT(SCOPE_TENANTS_ADMIN) | SCOPE_BIT(SCOPE_KEYS_ADMIN);

	return text_of(entry->value, "expires_at") == NULL &&
		   (api_key_document_scopes(entry->value) & needed) == needed;
}

/* ---- the list ---- */

static bool
leave_out_gone(Control *control, json_t *keys, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	const char *id;
	json_t *noted;
	void *next;

	json_object_foreach_safe(keys, next, id, noted)
	{
		StoreEntry entry;
		bool there = store_get(control->store, STORE_CONFIG, api_key_key(key, id), &entry, err);

		if (!there && err->code != SLUICE_ERROR_NOT_FOUND)
			return false;
		if (!there || !is_noted(keys, id, entry.revision))
			(void) json_object_del(keys, id);
		store_entry_free(&entry);
	}
	return true;
}

/* Free leaving->keys, whatever it gave. */
static bool
read_leaving(Control *control, Leaving *leaving, SluiceError *err)
{
	StoreEntry entry;

	*leaving = (Leaving){.keys = NULL};
	if (store_get(control->store, STORE_CONFIG, ADMINISTRATORS_KEY, &entry, err))
	{
		leaving->keys = json_copy(json_object_get(entry.value, "leaving"));
		leaving->revision = entry.revision;
		store_entry_free(&entry);
	}
	else if (err->code != SLUICE_ERROR_NOT_FOUND)
		return false;
	if (leaving->keys == NULL)
		leaving->keys = json_object();
	return leave_out_gone(control, leaving->keys, err);
}

static bool
write_leaving(Control *control, const StoreEntry *entry, const Leaving *leaving, SluiceError *err)
{
	json_t *document;
	bool good;

	(void) json_object_set_new(leaving->keys, key_last(entry->key),
							   json_integer((json_int_t) entry->revision));
	document = json_pack("{s:O}", "leaving", leaving->keys);
	if (document == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for administrators");
	good = store_put(control->store, STORE_CONFIG, ADMINISTRATORS_KEY, document, leaving->revision,
					 NULL, err);
	json_decref(document);
	return good;
}

/* ---- who is left ---- */

typedef struct Others
{
	const char *besides;
	const json_t *leaving;
	bool found;
} Others;

/* A StoreEach. */
static bool
find_other(void *context, const StoreEntry *entry)
{
	Others *others = context;

	others->found = strcmp(entry->key, others->besides) != 0 && is_administrator(entry) &&
					!is_noted(others->leaving, key_last(entry->key), entry->revision);
	return !others->found;
}

/* Notes that the key leaves when another stays; CONFLICT when somebody was faster, STATE when none stays. */
static bool
note_leaving(Control *control, const StoreEntry *entry, SluiceError *err)
{
	Others others = {.besides = entry->key};
	Leaving leaving = {.keys = NULL};
	bool good = store_ready(control->store, err) && read_leaving(control, &leaving, err);

	if (good)
	{
		others.leaving = leaving.keys;
		good = store_each(control->store, STORE_CONFIG, "key.", NULL, find_other, &others, err);
	}
	if (good && !others.found)
		good = sluice_fail(err, SLUICE_ERROR_STATE,
						   "this is the last key with tenants:admin and keys:admin that does not "
						   "expire; make another first, or rotate it");
	good = good && write_leaving(control, entry, &leaving, err);
	json_decref(leaving.keys);
	return good;
}

bool
administrator_leaves(Control *control, const StoreEntry *entry, Response *response)
{
	const struct timespec pause = {.tv_nsec = WAIT_NS};
	SluiceError err = {.code = SLUICE_OK};

	if ((api_key_document_scopes(entry->value) & SCOPE_BIT(SCOPE_TENANTS_ADMIN)) == 0)
		return true;
	for (int i = 0; i < TRIES; i++)
	{
		if (note_leaving(control, entry, &err))
			return true;
		if (err.code != SLUICE_ERROR_CONFLICT)
			break;
		(void) nanosleep(&pause, NULL);
	}
	return response_error(response, &err);
}
