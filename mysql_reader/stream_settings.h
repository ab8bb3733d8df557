/*
 * stream_settings.h - what one stream was told to do, read once from options (settings.h).
 *
 * Texts are copies.  Settings that differ restart their stream where it stood.
 */
#ifndef SLUICE_MYSQL_READER_STREAM_SETTINGS_H
#define SLUICE_MYSQL_READER_STREAM_SETTINGS_H

#include "common/core/compress.h"
#include "common/daemon/options.h"
#include "common/mysql/my_connection.h"
#include "common/nats/connection.h"
#include "common/nats/publisher.h"
#include "value_policy.h"

/* Words: stream_mode_names. */
typedef enum StreamMode
{
	MODE_CDC,
	MODE_CONVERT,
	MODE_CONVERT_CDC
} StreamMode;

/* By what places in the log are named; words: position_choice_names. */
typedef enum PositionChoice
{
	POSITION_CHOICE_AUTO, /* by GTID where the server has them */
	POSITION_CHOICE_GTID,
	POSITION_CHOICE_FILE
} PositionChoice;

/* Whether values are looked at before a copy (preflight.h); words: scan_choice_names. */
typedef enum ScanChoice
{
	SCAN_AUTO, /* where a type says too little */
	SCAN_OFF
} ScanChoice;

extern const char *const stream_mode_names[];
extern const char *const position_choice_names[];
extern const char *const scan_choice_names[];
extern const char *const zero_date_names[];
extern const char *const bad_text_names[];

typedef struct StreamSettings
{
	/* the stream */
	char *stream;
	StreamMode mode;
	char *tables; /* patterns (table_choice.h); never NULL */
	char *consumer_list;
	char *consumers[PUBLISHER_CONSUMERS_MAXIMUM + 1]; /* parts of it, NULL ends */

	/* the source */
	char *source;		   /* URI with user, host or socket, TLS files */
	char *source_password; /* NULL: from the URI or the environment */
	PositionChoice position;
	uint32_t server_id; /* 0: one is chosen (source_server.h) */
	int heartbeat;		/* seconds */

	/* values */
	ValuePolicy values;

	/* publishing */
	int bundle_rows;
	size_t bundle_bytes;
	size_t window_bytes;  /* bundles that are not acknowledged: most of a stream's memory */
	size_t event_maximum; /* bytes of one event of the log, unpacked */
	Compression compression;
	int64_t max_bytes; /* of each JetStream stream */
	int replicas;
	int64_t replay_window_ms;

	/* copying */
	int copy_workers;
	size_t chunk_bytes;
	ScanChoice scan;

	NatsSettings nats;
} StreamSettings;

/* ARGUMENT for what makes no sense; to be freed in any case. */
extern bool stream_settings_read(StreamSettings *settings, const Options *options,
								 SluiceError *err) SLUICE_MUST_CHECK;

/* Wipes secrets. */
extern void stream_settings_free(StreamSettings *settings);

/* Whether both say the same. */
extern bool stream_settings_equal(const StreamSettings *a, const StreamSettings *b);

/* How to reach the source; go_on, context and silent_seconds are the caller's to set. */
extern MySettings stream_settings_source(const StreamSettings *settings);

#endif
