/*
 * stream_settings.c - reading, comparing and freeing a stream's settings, by one table.
 */
#include "stream_settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/mysql/my_sql.h"
#include "common/nats/jetstream.h"
#include "settings.h"
#include "table_choice.h"

const char *const stream_mode_names[] = {
	[MODE_CDC] = "cdc",
	[MODE_CONVERT] = "convert",
	[MODE_CONVERT_CDC] = "convert+cdc",
	NULL,
};

const char *const position_choice_names[] = {
	[POSITION_CHOICE_AUTO] = "auto",
	[POSITION_CHOICE_GTID] = "gtid",
	[POSITION_CHOICE_FILE] = "file",
	NULL,
};

const char *const scan_choice_names[] = {
	[SCAN_AUTO] = "auto",
	[SCAN_OFF] = "off",
	NULL,
};

const char *const zero_date_names[] = {
	[ZERO_DATES_AUTO] = "auto",
	[ZERO_DATES_NULL] = "null",
	[ZERO_DATES_INFINITY] = "infinity",
	[ZERO_DATES_ERROR] = "error",
	NULL,
};

const char *const bad_text_names[] = {
	[TEXT_ERROR] = "error",
	[TEXT_REPLACE] = "replace",
	NULL,
};

/* Texts, and where they go. */
static const struct TextField
{
	const char *option;
	size_t at; /* of the char * in StreamSettings */
	bool secret;
} text_fields[] = {
	{"stream", offsetof(StreamSettings, stream), false},
	{"tables", offsetof(StreamSettings, tables), false},
	{"consumers", offsetof(StreamSettings, consumer_list), false},
	{"source", offsetof(StreamSettings, source), true},
	{"source-password", offsetof(StreamSettings, source_password), true},
	{"nats", offsetof(StreamSettings, nats.urls), true},
	{"nats-creds", offsetof(StreamSettings, nats.creds_file), false},
	{"nats-nkey", offsetof(StreamSettings, nats.nkey_file), false},
	{"nats-user", offsetof(StreamSettings, nats.user), false},
	{"nats-password", offsetof(StreamSettings, nats.password), true},
	{"nats-token", offsetof(StreamSettings, nats.token), true},
	{"nats-tls-ca", offsetof(StreamSettings, nats.tls_ca_file), false},
	{"nats-tls-cert", offsetof(StreamSettings, nats.tls_cert_file), false},
	{"nats-tls-key", offsetof(StreamSettings, nats.tls_key_file), false},
};

#define TEXT_FIELDS (sizeof(text_fields) / sizeof(text_fields[0]))

static char **
text_of(const StreamSettings *settings, const struct TextField *field)
{
	return (char **) (void *) ((char *) settings + field->at);
}

static bool
copy_texts(StreamSettings *settings, const Options *from, SluiceError *err)
{
	for (size_t i = 0; i < TEXT_FIELDS; i++)
	{
		const char *text = options_string(from, text_fields[i].option);
		char **copy = text_of(settings, &text_fields[i]);

		if (text != NULL && (*copy = strdup(text)) == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for settings");
	}
	return true;
}

static void
copy_numbers(StreamSettings *settings, const Options *from)
{
	settings->mode = (StreamMode) options_choice(from, "mode");
	settings->position = (PositionChoice) options_choice(from, "position");
	settings->server_id = (uint32_t) options_integer(from, "server-id");
	settings->heartbeat = (int) ((options_duration(from, "heartbeat") + 999) / 1000);
	settings->values.dates = (ZeroDates) options_choice(from, "zero-dates");
	settings->values.texts = (TextPolicy) options_choice(from, "bad-text");
	settings->bundle_rows = (int) options_integer(from, "bundle-rows");
	settings->bundle_bytes = (size_t) options_size(from, "bundle-bytes");
	settings->window_bytes = (size_t) options_size(from, "window-bytes");
	settings->event_maximum = (size_t) options_size(from, "event-maximum");
	settings->compression = (Compression) options_choice(from, "compression");
	settings->max_bytes = options_size(from, "max-bytes");
	settings->replicas = (int) options_integer(from, "replicas");
	settings->replay_window_ms = options_duration(from, "replay-window");
	settings->copy_workers = (int) options_integer(from, "copy-workers");
	settings->chunk_bytes = (size_t) options_size(from, "chunk-bytes");
	settings->scan = (ScanChoice) options_choice(from, "scan");
	settings->nats.tls_required = options_bool(from, "nats-tls");
}

/* ---- what belongs together ---- */

/* All tables of the URI's database, or of all. */
static bool
choose_tables(StreamSettings *settings, SluiceError *err)
{
	static const char every[] = "*.*";
	MyUri uri;
	ByteBuf text;
	bool good = my_uri_parse(settings->source, false, &uri, err);

	bytebuf_init(&text, &allocator_malloc, SIZE_MAX);
	if (good && uri.database != NULL)
		good = my_put_name(&text, uri.database, err) && bytebuf_put(&text, ".*", 3, err);
	else if (good)
		good = bytebuf_put(&text, every, sizeof(every), err);
	my_uri_free(&uri);
	if (good)
		settings->tables = strdup((const char *) text.data);
	bytebuf_free(&text);
	return good && (settings->tables != NULL ||
					sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for settings"));
}

static bool
split_consumers(StreamSettings *settings, SluiceError *err)
{
	char *list = strdup(settings->consumer_list), *rest = list, *word;
	size_t count = 0;
	bool good = list != NULL || sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for settings");

	while (good && (word = strsep(&rest, ", ")) != NULL)
	{
		if (*word == '\0')
			continue;
		if (count == PUBLISHER_CONSUMERS_MAXIMUM)
			good = sluice_fail(err, SLUICE_ERROR_ARGUMENT, "more than %d names",
							   PUBLISHER_CONSUMERS_MAXIMUM);
		else
			good = stream_name_check(word, err) && (settings->consumers[count++] = strdup(word));
	}
	free(list);
	return good &&
		   (count > 0 || sluice_fail(err, SLUICE_ERROR_ARGUMENT, "no name of a consumer is given"));
}

static bool
need(const char *text, const char *option, SluiceError *err)
{
	if (text != NULL)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "option --%s is required", option);
	return sluice_hint(err, "sluice-mysql-reader --help shows examples");
}

static bool
check(StreamSettings *settings, SluiceError *err)
{
	if (!need(settings->stream, "stream", err) || !need(settings->source, "source", err))
		return false;
	if (!stream_name_check(settings->stream, err))
		return sluice_prefix(err, "--stream");
	if (!my_uri_check(settings->source, false, err))
		return sluice_prefix(err, "--source");
	if (!nats_settings_check(&settings->nats, err))
		return sluice_prefix(err, "--nats");
	if (!split_consumers(settings, err))
		return sluice_prefix(err, "--consumers");
	if (settings->tables == NULL && !choose_tables(settings, err))
		return false;
	return table_choice_check(settings->tables, err) || sluice_prefix(err, "--tables");
}

bool
stream_settings_read(StreamSettings *settings, const Options *options, SluiceError *err)
{
	*settings = (StreamSettings){0};
	if (!copy_texts(settings, options, err))
		return false;
	copy_numbers(settings, options);
	settings->nats.name = reader_program.name;
	return check(settings, err);
}

void
stream_settings_free(StreamSettings *settings)
{
	for (size_t i = 0; i < TEXT_FIELDS; i++)
	{
		char *text = *text_of(settings, &text_fields[i]);

		if (text != NULL && text_fields[i].secret)
			explicit_bzero(text, strlen(text));
		free(text);
	}
	for (size_t i = 0; settings->consumers[i] != NULL; i++)
		free(settings->consumers[i]);
	*settings = (StreamSettings){0};
}

static bool
same_text(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

bool
stream_settings_equal(const StreamSettings *a, const StreamSettings *b)
{
	for (size_t i = 0; i < TEXT_FIELDS; i++)
	{
		if (!same_text(*text_of(a, &text_fields[i]), *text_of(b, &text_fields[i])))
			return false;
	}
	return a->mode == b->mode && a->position == b->position && a->server_id == b->server_id &&
		   a->heartbeat == b->heartbeat && a->values.dates == b->values.dates &&
		   a->values.texts == b->values.texts && a->bundle_rows == b->bundle_rows &&
		   a->bundle_bytes == b->bundle_bytes && a->window_bytes == b->window_bytes &&
		   a->event_maximum == b->event_maximum && a->compression == b->compression &&
		   a->max_bytes == b->max_bytes && a->replicas == b->replicas &&
		   a->replay_window_ms == b->replay_window_ms && a->copy_workers == b->copy_workers &&
		   a->chunk_bytes == b->chunk_bytes && a->scan == b->scan &&
		   a->nats.tls_required == b->nats.tls_required;
}

MySettings
stream_settings_source(const StreamSettings *settings)
{
	return (MySettings){
		.uri = settings->source, .password = settings->source_password, .role = "source"};
}
