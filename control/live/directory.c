/*
 * directory.c - the table of streams (directory.h).
 *
 * A run may be told before its stream: then it makes the entry, with the stream's name that it has itself.
 */
#include "directory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name_table.h"

struct Directory
{
	pthread_mutex_t lock;
	NameTable streams;
};

Directory *
directory_new(size_t maximum)
{
	Directory *directory = calloc(1, sizeof(*directory));

	if (directory == NULL)
		return NULL;
	directory->streams.maximum = maximum;
	(void) pthread_mutex_init(&directory->lock, NULL);
	return directory;
}

void
directory_free(Directory *directory)
{
	if (directory == NULL)
		return;
	for (size_t i = 0; i < directory->streams.count; i++)
		free(directory->streams.items[i]);
	name_table_free(&directory->streams);
	(void) pthread_mutex_destroy(&directory->lock);
	free(directory);
}

/* ---- taking ---- */

static void
copy_text(char *to, size_t size, const json_t *document, const char *name)
{
	const char *text = json_string_value(json_object_get(document, name));

	(void) snprintf(to, size, "%s", text != NULL ? text : "");
}

/* The entry of a stream; NULL without memory or room. */
static DirectoryStream *
entry_of(Directory *directory, const char *tenant, const char *stream_id, SluiceError *err)
{
	DirectoryStream *entry = name_table_find(&directory->streams, stream_id);

	if (entry != NULL)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
	{
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for stream %s", stream_id);
		return NULL;
	}
	(void) snprintf(entry->stream_id, sizeof(entry->stream_id), "%s", stream_id);
	(void) snprintf(entry->tenant, sizeof(entry->tenant), "%s", tenant);
	entry->name = entry->stream_id;
	if (name_table_add(&directory->streams, entry, err))
		return entry;
	free(entry);
	return NULL;
}

static bool
take_stream(Directory *directory, const char *tenant, const char *id, const json_t *value,
			SluiceError *err)
{
	const char *name = json_string_value(json_object_get(value, "name"));
	char stream[SUBJECT_TEXT];
	DirectoryStream *entry;

	if (value == NULL)
	{
		free(name_table_remove(&directory->streams, id));
		return true;
	}
	if (!stream_name_in_nats(stream, tenant, name != NULL ? name : "", err))
		return false;
	entry = entry_of(directory, tenant, id, err);
	if (entry != NULL)
		(void) snprintf(entry->stream, sizeof(entry->stream), "%.*s", STREAM_NAME_MAXIMUM, stream);
	return entry != NULL;
}

/* An older run than the one that is known says nothing. */
static bool
take_run(Directory *directory, const char *tenant, const char *id, const json_t *value,
		 SluiceError *err)
{
	const char *stream_id = json_string_value(json_object_get(value, "stream_id"));
	char created[TIMESTAMP_TEXT];
	DirectoryStream *entry;

	if (value == NULL)
		return true;
	if (stream_id == NULL || !id_valid(stream_id, ID_STREAM))
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "run %s names no stream", id);
	entry = entry_of(directory, tenant, stream_id, err);
	if (entry == NULL)
		return false;
	copy_text(created, sizeof(created), value, "created_at");
	if (strcmp(entry->run_id, id) != 0 && strcmp(created, entry->run_created) < 0)
		return true;
	(void) snprintf(entry->run_id, sizeof(entry->run_id), "%s", id);
	memcpy(entry->run_created, created, sizeof(created));
	if (entry->stream[0] == '\0')
		copy_text(entry->stream, sizeof(entry->stream), value, "stream");
	copy_text(entry->state, sizeof(entry->state), value, "state");
	copy_text(entry->desired, sizeof(entry->desired), value, "desired");
	return true;
}

static const struct Kind
{
	const char *prefix;
	bool (*take)(Directory *directory, const char *tenant, const char *id, const json_t *value,
				 SluiceError *err);
} kinds[] = {{"stream.", take_stream}, {"run.", take_run}};

/* "<tenant>.<id>" */
static bool
split_key(const char *rest, char tenant[TENANT_MAXIMUM + 1], const char **id)
{
	size_t length = strcspn(rest, ".");

	if (length > TENANT_MAXIMUM || rest[length] != '.')
		return false;
	memcpy(tenant, rest, length);
	tenant[length] = '\0';
	*id = rest + length + 1;
	return strlen(*id) <= ID_MAXIMUM;
}

bool
directory_take(Directory *directory, const char *key, const json_t *value, SluiceError *err)
{
	char tenant[TENANT_MAXIMUM + 1];
	bool good = true;
	const char *id;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		size_t length = strlen(kinds[i].prefix);

		if (strncmp(key, kinds[i].prefix, length) != 0 || !split_key(key + length, tenant, &id))
			continue;
		pthread_mutex_lock(&directory->lock);
		good = kinds[i].take(directory, tenant, id, value, err);
		pthread_mutex_unlock(&directory->lock);
	}
	return good;
}

/* ---- asking ---- */

static bool
is_of(const DirectoryStream *entry, const char *tenant)
{
	return tenant == NULL || strcmp(entry->tenant, tenant) == 0;
}

bool
directory_find(Directory *directory, const char *tenant, const char *stream_id,
			   DirectoryStream *stream)
{
	const DirectoryStream *entry;
	bool found;

	pthread_mutex_lock(&directory->lock);
	entry = name_table_find(&directory->streams, stream_id);
	found = entry != NULL && is_of(entry, tenant);
	if (found)
	{
		*stream = *entry;
		stream->name = stream->stream_id;
	}
	pthread_mutex_unlock(&directory->lock);
	return found;
}

void
directory_each(Directory *directory, const char *tenant,
			   void (*each)(void *context, const DirectoryStream *stream), void *context)
{
	pthread_mutex_lock(&directory->lock);
	for (size_t i = 0; i < directory->streams.count; i++)
	{
		const DirectoryStream *entry = directory->streams.items[i];

		if (is_of(entry, tenant))
			each(context, entry);
	}
	pthread_mutex_unlock(&directory->lock);
}
