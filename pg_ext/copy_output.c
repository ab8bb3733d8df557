/*
 * copy_output.c - one open bundle, and the publisher behind it.
 */
#include "pg_ext/copy_output.h"

#include "common/nats/load_publisher.h"
#include "pg_ext/copy_process.h"
#include "pg_ext/settings.h"

#define BUNDLE_BYTES_LEAST (512 * 1024)
#define BUNDLE_ROWS_LEAST  10000
#define WINDOW_LEAST	   ((size_t) 4 << 20)
#define STEP_MS			   100

static LoadPublisher *publisher = NULL;
static BundleWriter writer;
static bool bundle_open_now;
static const BundleRelation *described; /* in the open bundle... */
static uint16 number;					/* ...as this */
static LoadPlace place;					/* of the open bundle, or the next */
static ChangeId identity;				/* the same, as the bundle's change */
static size_t bundle_bytes;
static uint32 bundle_rows;
static CopyTotals totals;
static uint64 parts;	/* of long bundles, acknowledged so far */
static bool in_trouble; /* it is our error that is shown */

void
copy_output_start(int workers)
{
	LoadPublisherOptions options = {
		.stream = copying.row.name,
		.compression = copying.row.compression,
		.window_bytes =
			Max(((size_t) sluice_stream_memory_mb << 20) / (size_t) workers, WINDOW_LEAST),
	};
	SluiceError err;

	settings_nats(&options.nats);
	options.nats.name =
		MemoryContextStrdup(TopMemoryContext, psprintf("sluice copy %s", copying.row.name));
	publisher = load_publisher_new(&options, &err);
	if (publisher == NULL)
		copy_raise(&err);
	bundle_writer_init(&writer, &allocator_malloc, BUNDLE_MAXIMUM);
	bundle_bytes = (size_t) Max(copying.row.bundle_bytes, BUNDLE_BYTES_LEAST);
	bundle_rows = (uint32) Max(copying.row.bundle_rows, BUNDLE_ROWS_LEAST);
}

void
copy_output_stop(void)
{
	load_publisher_free(publisher);
	publisher = NULL;
}

/* ---- sending ---- */

/* Trouble that passes is shown while it lasts. */
static void
show_trouble(void)
{
	const LoadPublisherStatus *status = load_publisher_status(publisher);
	bool now = status->error.code != SLUICE_OK;

	if (now == in_trouble)
		return;
	in_trouble = now;
	copy_note_error(now ? &status->error : NULL);
}

/* The leader removes parts only when there are any. */
static void
note_parts(void)
{
	uint64 now = load_publisher_status(publisher)->parts;

	if (now > parts)
		pg_atomic_fetch_add_u32(&copying.copy->long_bundles, 1);
	parts = now;
}

static void
step(int wait_ms)
{
	SluiceError err;

	if (!load_publisher_step(publisher, wait_ms, &err))
		copy_raise(&err);
	show_trouble();
	note_parts();
	copy_serve_interrupts();
}

static void
wait_until_stored(void)
{
	while (!load_publisher_done(publisher))
		step(STEP_MS);
}

static CopyWorkerEntry *
own_entry(void)
{
	return &copying.copy->workers[copying.worker];
}

static void
push(void)
{
	SluiceError err;

	totals.bundles++;
	totals.bytes += writer.buf.length;
	while (!load_publisher_has_room(publisher, writer.buf.capacity))
		step(STEP_MS);
	if (!load_publisher_push(publisher, &writer, &place, &err))
		copy_raise(&err);
	bundle_open_now = false;
	place.bundle++;
	identity.index++;
	step(0);
	/* Read without the lock: nothing but what is shown depends on them. */
	own_entry()->rows = totals.rows;
	own_entry()->bytes = totals.bytes;
}

void
copy_output_document(uint32 generation, const char *text)
{
	SluiceError err;

	if (!load_publisher_push_document(publisher, generation, text, &err))
		copy_raise(&err);
	wait_until_stored();
}

/* ---- bundles ---- */

void
copy_output_chunk(const CopyChunk *chunk)
{
	load_publisher_forget(publisher);
	bundle_open_now = false;
	totals = (CopyTotals){0};
	place = (LoadPlace){copying.copy->generation, chunk->number, 0};
	identity = (ChangeId){
		.incarnation = copying.copy->incarnation,
		.commit = (uint64) place.generation << 32 | place.chunk,
		.index = 0,
	};
}

static void
require_bundle(void)
{
	const ChangeId nothing = {0};
	SluiceError err;

	if (bundle_open_now)
		return;
	/* Its last row goes a little over the limit. */
	if (!bundle_writer_start(&writer, &nothing, bundle_bytes + 16384, &err))
		copy_raise(&err);
	bundle_open_now = true;
	described = NULL;
}

BundleWriter *
copy_output_row(const BundleRelation *relation, uint16 fields)
{
	SluiceError err;

	require_bundle();
	if (described != relation && !bundle_add_relation(&writer, relation, &number, &err))
		copy_raise(&err);
	described = relation;
	if (!bundle_open(&writer, RECORD_ROW, 0, number, &err) || !bundle_row(&writer, fields, &err))
		copy_raise(&err);
	return &writer;
}

void
copy_output_row_end(void)
{
	SluiceError err;

	if (!bundle_close(&writer, &identity, &err))
		copy_raise(&err);
	totals.rows++;
	if (writer.buf.length >= bundle_bytes || writer.changes >= bundle_rows)
		push();
}

void
copy_output_chunk_end(CopyTotals *out)
{
	char text[128];
	BundleMessage message = {0, "sluice.chunk_end", (const uint8_t *) text, 0};
	SluiceError err;

	require_bundle();
	/* With what the open bundle has so far: most chunks are that one bundle. */
	message.length = (uint32_t) snprintf(
		text, sizeof(text),
		"{\"bundles\": %u, \"rows\": " UINT64_FORMAT ", \"bytes\": " UINT64_FORMAT "}",
		totals.bundles + 1, totals.rows, totals.bytes + writer.buf.length);
	if (!bundle_add_message(&writer, 0, &message, &identity, &err))
		copy_raise(&err);
	push();
	wait_until_stored();
	*out = totals;
}
