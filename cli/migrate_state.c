/*
 * migrate_state.c - the folder of a migration (migrate_state.h).
 */
#include "migrate_state.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/control/timestamp.h"
#include "common/daemon/file.h"
#include "private_nats.h"

#define FILE_MAXIMUM (1024 * 1024)
#define NAME_PREFIX	 20 /* characters of the database's name */

bool
migrate_stream_name(char name[STREAM_NAME_TEXT], const char *database, SluiceError *err)
{
	uint32_t number;
	size_t length = 0;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "the system has no random numbers");
	for (; *database != '\0' && length < NAME_PREFIX; database++)
		name[length++] = isalnum((unsigned char) *database) != 0
							 ? (char) tolower((unsigned char) *database)
							 : '_';
	(void) snprintf(name + length, STREAM_NAME_TEXT - length, "%s%08" PRIx32,
					length > 0 ? "_" : "m_", number);
	return true;
}

/* ---- the folder ---- */

/* A number that is the same for the same plan: 64-bit FNV-1a. */
static uint64_t
hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char) *text) * UINT64_C(0x100000001b3);
	return hash;
}

static bool
usual_folder(char *folder, size_t size, const json_t *plan, SluiceError *err)
{
	const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *text = json_dumps(plan, JSON_COMPACT | JSON_SORT_KEYS);
	uint64_t number = text != NULL ? hash_of(text) : 0;
	int length = -1;

	free(text);
	if (base != NULL && *base == '/')
		length = snprintf(folder, size, "%s/sluice/migrate-%016" PRIx64, base, number);
	else if (home != NULL && *home == '/')
		length = snprintf(folder, size, "%s/.local/state/sluice/migrate-%016" PRIx64, home, number);
	if (length > 0 && (size_t) length < size)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "there is no place for what a migration needs to go on");
	return sluice_hint(err, "name a folder: --state FOLDER");
}

static bool
make_folders(char *path, SluiceError *err)
{
	for (char *at = strchr(path + 1, '/');; at = strchr(at + 1, '/'))
	{
		bool good;

		if (at != NULL)
			*at = '\0';
		good = mkdir(path, 0700) == 0 || errno == EEXIST;
		if (at != NULL)
			*at = '/';
		if (!good)
			return sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot make folder \"%s\": %s", path,
							   strerror(errno));
		if (at == NULL)
			return true;
	}
}

static bool
open_folder(MigrateState *state, const char *given, const json_t *plan, SluiceError *err)
{
	char real[PATH_MAX], path[PATH_MAX];

	if (given == NULL && !usual_folder(state->folder, sizeof(state->folder), plan, err))
		return false;
	if (given != NULL && (size_t) snprintf(state->folder, sizeof(state->folder), "%s", given) >=
							 sizeof(state->folder))
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--state: the path is too long");
	if (*state->folder == '\0' || !make_folders(state->folder, err))
		return *state->folder != '\0' ? false
									  : sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--state is empty");
	if (realpath(state->folder, real) == NULL || strlen(real) >= sizeof(state->folder))
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot look at folder \"%s\"", state->folder);
	(void) strcpy(state->folder, real);
	(void) snprintf(path, sizeof(path), "%s/lock", state->folder);
	state->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (state->lock < 0)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot write \"%s\": %s", path,
						   strerror(errno));
	if (flock(state->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_CONFLICT, "another sluice works with \"%s\"",
					   state->folder);
	return sluice_hint(err, "wait for its end, or name another folder: --state FOLDER");
}

/* ---- the document ---- */

static bool
write_state(const MigrateState *state, const json_t *plan, SluiceError *err)
{
	char path[PATH_MAX], temporary[PATH_MAX], now[TIMESTAMP_TEXT];
	json_t *document = json_deep_copy(plan);
	mode_t mask = umask(0077);
	bool good;

	json_object_set_new(document, "name", json_string(state->name));
	json_object_set_new(document, "begun_at", json_string(timestamp_now_text(now)));
	(void) snprintf(path, sizeof(path), "%s/state.json", state->folder);
	(void) snprintf(temporary, sizeof(temporary), "%s/state.new", state->folder);
	good = json_dump_file(document, temporary, JSON_INDENT(2)) == 0 && rename(temporary, path) == 0;
	(void) umask(mask);
	json_decref(document);
	return good ||
		   sluice_fail(err, SLUICE_ERROR_LIMIT, "cannot write \"%s\": %s", path, strerror(errno));
}

/* Whether a document that is there is of this plan. */
static bool
take_state(MigrateState *state, const json_t *document, const json_t *plan, SluiceError *err)
{
	const char *name = json_string_value(json_object_get(document, "name")), *member;
	json_t *value;

	json_object_foreach((json_t *) (uintptr_t) plan, member,
						value) if (!json_equal(value, json_object_get(document, member)))
	{
		(void) sluice_fail(err, SLUICE_ERROR_CONFLICT,
						   "\"%s\" is of another migration: it was begun with another %s",
						   state->folder, member);
		return sluice_hint(
			err, "repeat the command it was begun with, or name another folder: --state FOLDER");
	}
	if (name == NULL || *name == '\0' || strlen(name) >= STREAM_NAME_TEXT)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%s/state.json\" names no stream",
						   state->folder);
	(void) strcpy(state->name, name);
	state->resumed = true;
	return true;
}

/* False also when there is none: *there tells. */
static bool
read_state(MigrateState *state, const json_t *plan, bool *there, SluiceError *err)
{
	char path[PATH_MAX];
	SluiceError failure = {0};
	json_t *document;
	char *text;
	bool good;

	(void) snprintf(path, sizeof(path), "%s/state.json", state->folder);
	text = file_read(path, FILE_MAXIMUM, &failure);
	*there = failure.code != SLUICE_ERROR_NOT_FOUND;
	if (text == NULL)
	{
		*err = failure;
		return false;
	}
	document = json_loads(text, 0, NULL);
	file_free(text);
	good = document != NULL ? take_state(state, document, plan, err)
							: sluice_fail(err, SLUICE_ERROR_CORRUPT, "\"%s\" is damaged", path);
	json_decref(document);
	return good;
}

bool
migrate_state_open(MigrateState *state, const char *given, const json_t *plan, const char *name,
				   const char *database, SluiceError *err)
{
	bool there = false, good;

	*state = (MigrateState){.lock = -1};
	if (!open_folder(state, given, plan, err))
	{
		migrate_state_close(state, false);
		return false;
	}
	if (read_state(state, plan, &there, err))
		return true;
	if (there)
		good = false;
	else if (name != NULL)
		good =
			(size_t) snprintf(state->name, sizeof(state->name), "%s", name) < sizeof(state->name) ||
			sluice_fail(err, SLUICE_ERROR_ARGUMENT, "--name: at most %d characters",
						STREAM_NAME_TEXT - 1);
	else
		good = migrate_stream_name(state->name, database, err);
	if (good && write_state(state, plan, err))
		return true;
	migrate_state_close(state, false);
	return false;
}

/* ---- the end ---- */

/* A callback of nftw(). */
static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void) info;
	(void) kind;
	/* The folder itself may hold what is somebody else's. */
	return place->level > 0 ? remove(path) : 0;
}

/* What is ours in the folder. */
static void
remove_files(const MigrateState *state)
{
	static const char *const files[] = {"state.json", "nats-server.log", "sluice-mysql-reader.log",
										"sluice-writer.log", "lock"};
	char path[PATH_MAX];

	(void) snprintf(path, sizeof(path), "%s/nats", state->folder);
	(void) nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	(void) rmdir(path);
	private_nats_tidy(state->folder);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
	{
		(void) snprintf(path, sizeof(path), "%s/%s", state->folder, files[i]);
		(void) unlink(path);
	}
	(void) rmdir(state->folder);
}

void
migrate_state_close(MigrateState *state, bool done)
{
	if (done)
		remove_files(state);
	if (state->lock >= 0)
		(void) close(state->lock);
	*state = (MigrateState){.lock = -1};
}
