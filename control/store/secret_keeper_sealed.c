/*
 * secret_keeper_sealed.c - documents {sealed} under secret.<tenant>.<owner>.<field>, and the master key of now.
 *
 * The key's file is looked at before every use: when it is another one, that is read, and the former stays in
 * memory until the next, so that secrets can be opened while they are sealed anew.
 */
#include "secret_keeper_sealed.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define READY_TRIES 600
#define READY_NS	50000000
#define PUT_TRIES	5

typedef struct SealedKeeper
{
	SecretKeeper keeper;
	Store *store;
	char *path;
	pthread_mutex_t lock; /* of what follows */
	MasterKey *key, *former;
	struct stat file;
} SealedKeeper;

/* ---- the key of now ---- */

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
		   a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* With the lock.  A file that cannot be read leaves the key as it is: it may be there again in a moment. */
static void
look_at_file(SealedKeeper *sealed)
{
	struct stat file;
	MasterKey *key;

	if (stat(sealed->path, &file) != 0 || same_file(&file, &sealed->file))
		return;
	key = master_key_open(sealed->path, false, NULL, NULL);
	if (key == NULL)
		return;
	sealed->file = file;
	if (strcmp(master_key_version(key), master_key_version(sealed->key)) == 0)
	{
		master_key_free(key);
		return;
	}
	master_key_free(sealed->former);
	sealed->former = sealed->key;
	sealed->key = key;
}

static char *
wrap(SecretKeeper *keeper, const SealPlace *place, const char *text, SluiceError *err)
{
	SealedKeeper *sealed = (SealedKeeper *) keeper;
	char *result;

	(void) pthread_mutex_lock(&sealed->lock);
	look_at_file(sealed);
	result = seal(sealed->key, place, text, strlen(text), err);
	(void) pthread_mutex_unlock(&sealed->lock);
	return result;
}

static char *
unwrap(SecretKeeper *keeper, const SealPlace *place, const char *wrapped, SluiceError *err)
{
	SealedKeeper *sealed = (SealedKeeper *) keeper;
	char version[MASTER_KEY_VERSION];
	const MasterKey *key;
	char *result;

	if (!seal_version(wrapped, version, err))
		return NULL;
	(void) pthread_mutex_lock(&sealed->lock);
	look_at_file(sealed);
	key = sealed->key;
	if (sealed->former != NULL && strcmp(version, master_key_version(sealed->former)) == 0)
		key = sealed->former;
	result = unseal(key, place, wrapped, NULL, err);
	(void) pthread_mutex_unlock(&sealed->lock);
	return result;
}

/* ---- documents ---- */

static const char *
sealed_text(const StoreEntry *entry)
{
	const char *text = json_string_value(json_object_get(entry->value, "sealed"));

	return text != NULL ? text : "";
}

static bool
put_sealed(Store *store, const char *key, const char *text, uint64_t revision, SluiceError *err)
{
	json_t *document = json_pack("{s:s}", "sealed", text);
	bool good;

	if (document == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a sealed secret");
	good = store_put(store, STORE_CONFIG, key, document, revision, NULL, err);
	json_decref(document);
	return good;
}

static const char *
place_key(char *key, const SealPlace *place)
{
	return secret_key(key, place->tenant, place->owner, place->field);
}

static bool
put(SecretKeeper *keeper, const SealPlace *place, const char *value, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	char *text = wrap(keeper, place, value, err);
	bool good = text != NULL && put_sealed(((SealedKeeper *) keeper)->store, place_key(key, place),
										   text, STORE_ANY, err);

	free(text);
	return good;
}

static char *
get(SecretKeeper *keeper, const SealPlace *place, SluiceError *err)
{
	char key[LAYOUT_KEY_MAXIMUM];
	StoreEntry entry;
	char *value;

	if (!store_get(((SealedKeeper *) keeper)->store, STORE_CONFIG, place_key(key, place), &entry,
				   err))
		return NULL;
	value = unwrap(keeper, place, sealed_text(&entry), err);
	store_entry_free(&entry);
	return value;
}

static bool
remove_secret(SecretKeeper *keeper, const SealPlace *place, SluiceError *err)
{
	Store *store = ((SealedKeeper *) keeper)->store;
	char key[LAYOUT_KEY_MAXIMUM];
	SluiceError failure;
	StoreEntry entry;
	bool there = store_get(store, STORE_CONFIG, place_key(key, place), &entry, &failure);

	if (!there && err != NULL)
		*err = failure;
	store_entry_free(&entry);
	return there ? store_delete(store, STORE_CONFIG, key, STORE_ANY, err)
				 : failure.code == SLUICE_ERROR_NOT_FOUND;
}

typedef struct FieldList
{
	char (*fields)[SECRET_FIELD_MAX + 1];
	size_t size, count;
} FieldList;

/* A StoreEach. */
static bool
add_field(void *context, const StoreEntry *entry)
{
	FieldList *list = context;

	if (list->count == list->size)
		return false;
	(void) snprintf(list->fields[list->count++], SECRET_FIELD_MAX + 1, "%.*s", SECRET_FIELD_MAX,
					key_last(entry->key));
	return true;
}

static bool
fields(SecretKeeper *keeper, const char *tenant, const char *owner,
	   char (*names)[SECRET_FIELD_MAX + 1], size_t size, size_t *count, SluiceError *err)
{
	FieldList list = {.fields = names, .size = size};
	char prefix[LAYOUT_KEY_MAXIMUM];
	bool good;

	*count = 0;
	(void) key_prefix(prefix, "secret", tenant, owner);
	if (prefix[0] == '\0')
		return true;
	good = store_each(((SealedKeeper *) keeper)->store, STORE_CONFIG, prefix, NULL, add_field,
					  &list, err);
	*count = list.count;
	return good;
}

/* ---- life ---- */

static void
stop(SecretKeeper *keeper)
{
	SealedKeeper *sealed = (SealedKeeper *) keeper;

	master_key_free(sealed->key);
	master_key_free(sealed->former);
	(void) pthread_mutex_destroy(&sealed->lock);
	free(sealed->path);
	free(sealed);
}

static const SecretKeeperOps sealed_ops = {
	.put = put,
	.get = get,
	.remove = remove_secret,
	.fields = fields,
	.wrap = wrap,
	.unwrap = unwrap,
	.stop = stop,
};

SecretKeeper *
secret_keeper_sealed_new(Store *store, const char *master_key_file, bool *made, SluiceError *err)
{
	SealedKeeper *sealed = calloc(1, sizeof(*sealed));

	if (sealed == NULL || (sealed->path = strdup(master_key_file)) == NULL)
	{
		free(sealed);
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the keeper of secrets");
		return NULL;
	}
	sealed->keeper.ops = &sealed_ops;
	sealed->store = store;
	(void) pthread_mutex_init(&sealed->lock, NULL);
	sealed->key = master_key_open(master_key_file, true, made, err);
	if (sealed->key != NULL)
	{
		(void) stat(master_key_file, &sealed->file);
		return &sealed->keeper;
	}
	stop(&sealed->keeper);
	return NULL;
}

/* ---- rotation ---- */

typedef struct Rotation
{
	Store *store;
	MasterKey *from, *to;
	size_t count, failed;
	SluiceError *err;	 /* of the entry at hand */
	SluiceError failure; /* the first one */
} Rotation;

/* The place in "secret.<tenant>.<owner>.<field>", cut out of a copy of the key. */
static bool
split_key(char *key, SealPlace *place)
{
	char *rest = NULL;

	(void) strtok_r(key, ".", &rest);
	place->tenant = strtok_r(NULL, ".", &rest);
	place->owner = strtok_r(NULL, ".", &rest);
	place->field = strtok_r(NULL, ".", &rest);
	return place->field != NULL && strtok_r(NULL, ".", &rest) == NULL;
}

static bool
rotate_entry(Rotation *rotation, const StoreEntry *entry)
{
	char key[STORE_KEY_MAXIMUM];
	SealPlace place;
	char *text;
	bool good = true;

	(void) snprintf(key, sizeof(key), "%s", entry->key);
	if (!split_key(key, &place))
		return true;
	text = reseal(rotation->from, rotation->to, &place, sealed_text(entry), rotation->err);
	if (text == NULL)
		return false;
	if (strcmp(text, sealed_text(entry)) != 0)
	{
		good = put_sealed(rotation->store, entry->key, text, entry->revision, rotation->err);
		rotation->count += good;
	}
	free(text);
	return good;
}

/* Somebody may replace or remove a secret at the same moment. */
static bool
rotate_key(Rotation *rotation, const char *key)
{
	for (int i = 0; i < PUT_TRIES; i++)
	{
		StoreEntry entry;
		bool good;

		if (!store_get(rotation->store, STORE_CONFIG, key, &entry, rotation->err))
			return rotation->err->code == SLUICE_ERROR_NOT_FOUND;
		good = rotate_entry(rotation, &entry);
		store_entry_free(&entry);
		if (good || rotation->err->code != SLUICE_ERROR_CONFLICT)
			return good;
	}
	return false;
}

/* A StoreEach.  One that is damaged must not keep the others under the old key. */
static bool
rotate_each(void *context, const StoreEntry *entry)
{
	Rotation *rotation = context;

	if (rotate_key(rotation, entry->key))
		return true;
	if (rotation->failed++ == 0)
	{
		rotation->failure = *rotation->err;
		(void) sluice_prefix(&rotation->failure, "%s", entry->key);
	}
	return rotation->err->code != SLUICE_ERROR_IO && rotation->err->code != SLUICE_ERROR_TIMEOUT;
}

static bool
wait_ready(Store *store, SluiceError *err)
{
	const struct timespec pause = {.tv_nsec = READY_NS};

	for (int i = 0; i < READY_TRIES; i++)
	{
		if (store_ready(store, err))
			return true;
		(void) nanosleep(&pause, NULL);
	}
	return false;
}

bool
secret_rotate(Store *store, const char *old_file, const char *new_file, size_t *count,
			  SluiceError *err)
{
	char prefix[LAYOUT_KEY_MAXIMUM];
	SluiceError own = {.code = SLUICE_OK};
	Rotation rotation = {.store = store, .err = err != NULL ? err : &own};
	bool good;

	rotation.from = master_key_open(old_file, false, NULL, rotation.err);
	if (rotation.from == NULL)
		return false;
	rotation.to = master_key_open(new_file, true, NULL, rotation.err);
	good = rotation.to != NULL && wait_ready(store, rotation.err) &&
		   store_each(store, STORE_CONFIG, key_prefix(prefix, "secret", NULL, NULL), NULL,
					  rotate_each, &rotation, rotation.err);
	if (good && rotation.failed > 0)
	{
		good = false;
		*rotation.err = rotation.failure;
		(void) sluice_prefix(rotation.err, "%zu secrets could not be sealed anew, the first",
							 rotation.failed);
	}
	*count = rotation.count;
	master_key_free(rotation.from);
	master_key_free(rotation.to);
	return good;
}
