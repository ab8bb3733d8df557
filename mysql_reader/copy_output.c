/*
 * copy_output.c - one open bundle, and the publisher behind it (copy_output.h).
 */
#include "copy_output.h"

#include <inttypes.h>
#include <stdio.h>

#define BUNDLE_BYTES_LEAST ((size_t) 512 * 1024)
#define BUNDLE_ROWS_LEAST  10000
#define WINDOW_LEAST	   ((size_t) 4 << 20)
#define ROOM_BEYOND		   16384 /* the last row goes a little over the limit */
#define STEP_MS			   100

bool
copy_output_init(CopyOutput *output, const StreamSettings *settings, int threads,
				 bool (*go_on)(void *context),
				 void (*trouble)(void *context, const SluiceError *err), void *context,
				 SluiceError *err)
{
	const size_t share = settings->window_bytes / (size_t) threads;
	LoadPublisherOptions options = {
		.nats = settings->nats,
		.stream = settings->stream,
		.compression = settings->compression,
		.window_bytes = share > WINDOW_LEAST ? share : WINDOW_LEAST,
	};

	*output = (CopyOutput){.go_on = go_on, .trouble = trouble, .context = context};
	bundle_writer_init(&output->writer, &allocator_malloc, BUNDLE_MAXIMUM);
	output->bundle_bytes =
		settings->bundle_bytes > BUNDLE_BYTES_LEAST ? settings->bundle_bytes : BUNDLE_BYTES_LEAST;
	output->bundle_rows = settings->bundle_rows > BUNDLE_ROWS_LEAST
							  ? (uint32_t) settings->bundle_rows
							  : BUNDLE_ROWS_LEAST;
	output->publisher = load_publisher_new(&options, err);
	return output->publisher != NULL;
}

void
copy_output_free(CopyOutput *output)
{
	load_publisher_free(output->publisher);
	bundle_writer_free(&output->writer);
	*output = (CopyOutput){0};
}

/* ---- sending ---- */

/* Trouble that passes is shown while it lasts. */
static void
show_trouble(CopyOutput *output)
{
	const LoadPublisherStatus *status = load_publisher_status(output->publisher);
	bool now = status->error.code != SLUICE_OK;

	if (now != output->in_trouble)
		output->trouble(output->context, now ? &status->error : NULL);
	output->in_trouble = now;
}

static bool
step(CopyOutput *output, int wait_ms, SluiceError *err)
{
	if (!load_publisher_step(output->publisher, wait_ms, err))
		return false;
	show_trouble(output);
	return output->go_on(output->context) ||
		   sluice_fail(err, SLUICE_ERROR_TIMEOUT, "the copy is to end");
}

static bool
wait_until_stored(CopyOutput *output, SluiceError *err)
{
	while (!load_publisher_done(output->publisher))
	{
		if (!step(output, STEP_MS, err))
			return false;
	}
	return true;
}

static bool
push(CopyOutput *output, SluiceError *err)
{
	output->totals.bundles++;
	output->totals.bytes += output->writer.buf.length;
	while (!load_publisher_has_room(output->publisher, output->writer.buf.capacity))
	{
		if (!step(output, STEP_MS, err))
			return false;
	}
	if (!load_publisher_push(output->publisher, &output->writer, &output->place, err))
		return false;
	output->is_open = false;
	output->place.bundle++;
	output->identity.index++;
	return step(output, 0, err);
}

bool
copy_output_document(CopyOutput *output, uint32_t generation, const char *text, SluiceError *err)
{
	load_publisher_forget(output->publisher);
	return load_publisher_push_document(output->publisher, generation, text, err) &&
		   wait_until_stored(output, err);
}

bool
copy_output_has_parts(const CopyOutput *output)
{
	return load_publisher_status(output->publisher)->parts > 0;
}

/* ---- bundles ---- */

void
copy_output_chunk(CopyOutput *output, uint64_t incarnation, uint32_t generation, uint32_t chunk)
{
	load_publisher_forget(output->publisher);
	output->is_open = false;
	output->totals = (CopyTotals){0};
	output->place = (LoadPlace){generation, chunk, 0};
	output->identity = (ChangeId){
		.incarnation = incarnation,
		.commit = (uint64_t) generation << 32 | chunk,
		.index = 0,
	};
}

static bool
require_bundle(CopyOutput *output, SluiceError *err)
{
	const ChangeId nothing = {0};

	if (output->is_open)
		return true;
	if (!bundle_writer_start(&output->writer, &nothing, output->bundle_bytes + ROOM_BEYOND, err))
		return false;
	output->is_open = true;
	output->described = NULL;
	return true;
}

bool
copy_output_row(CopyOutput *output, const BundleRelation *relation, SluiceError *err)
{
	if (!require_bundle(output, err) ||
		(output->described != relation &&
		 !bundle_add_relation(&output->writer, relation, &output->number, err)))
		return false;
	output->described = relation;
	return bundle_open(&output->writer, RECORD_ROW, 0, output->number, err) &&
		   bundle_row(&output->writer, relation->column_count, err);
}

bool
copy_output_row_end(CopyOutput *output, SluiceError *err)
{
	if (!bundle_close(&output->writer, &output->identity, err))
		return false;
	output->totals.rows++;
	return (output->writer.buf.length < output->bundle_bytes &&
			output->writer.changes < output->bundle_rows) ||
		   push(output, err);
}

bool
copy_output_chunk_end(CopyOutput *output, SluiceError *err)
{
	char text[128];
	BundleMessage message = {0, "sluice.chunk_end", (const uint8_t *) text, 0};

	if (!require_bundle(output, err))
		return false;
	/* With what the open bundle has so far: most chunks are that one bundle. */
	message.length = (uint32_t) snprintf(text, sizeof(text),
										 "{\"bundles\": %" PRIu32 ", \"rows\": %" PRIu64
										 ", \"bytes\": %" PRIu64 "}",
										 output->totals.bundles + 1, output->totals.rows,
										 output->totals.bytes + output->writer.buf.length);
	return bundle_add_message(&output->writer, 0, &message, &output->identity, err) &&
		   push(output, err) && wait_until_stored(output, err);
}
