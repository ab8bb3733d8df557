/*
 * stream_reader.c - the change stream as records (stream_reader.h).
 */
#include "stream_reader.h"

#include <inttypes.h>

#define UNPACKED_KEPT ((size_t) 4 << 20) /* bytes of buffer kept from bundle to bundle */

void
stream_reader_init(StreamReader *reader, const StreamReaderSettings *settings)
{
	*reader = (StreamReader){.settings = *settings};
	(void) change_subject(reader->subject, settings->stream, settings->lane);
	bundle_assembly_init(&reader->assembly, &allocator_malloc, BUNDLE_MAXIMUM);
	bundle_reader_init(&reader->bundle, &allocator_malloc, BUNDLE_MAXIMUM);
}

/* Also gives back what only a very long bundle needed. */
static void
close_bundle(StreamReader *reader)
{
	natsMsg_Destroy(reader->message);
	reader->message = NULL;
	reader->open = false;
	if (reader->parted)
		bundle_assembly_reset(&reader->assembly);
	reader->parted = false;
	if (reader->bundle.unpacked.capacity > UNPACKED_KEPT)
	{
		bundle_reader_free(&reader->bundle);
		bundle_reader_init(&reader->bundle, &allocator_malloc, BUNDLE_MAXIMUM);
	}
}

void
stream_reader_free(StreamReader *reader)
{
	puller_close(reader->puller);
	reader->puller = NULL;
	close_bundle(reader);
	bundle_assembly_free(&reader->assembly);
	bundle_reader_free(&reader->bundle);
}

bool
stream_reader_open(StreamReader *reader, NatsSession *session, uint64_t sequence,
				   const ChangeId *position, SluiceError *err)
{
	close_bundle(reader);
	bundle_assembly_reset(&reader->assembly);
	puller_close(reader->puller);
	reader->position = *position;
	reader->last = *position;
	reader->linked = false;
	reader->sequence = sequence - 1;
	reader->puller =
		puller_open(session, reader->settings.stream, sequence, reader->settings.pull_bytes, err);
	return reader->puller != NULL;
}

/* ---- seams ---- */

static bool
fail_gap(const StreamReader *reader, const BundleHeader *header, SluiceError *err)
{
	char before[CHANGE_ID_TEXT], last[CHANGE_ID_TEXT], name[SUBJECT_TEXT];

	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "gap in the stream: message %" PRIu64
					   " follows change %s, but the last one known here is %s",
					   reader->sequence, change_id_format(&header->previous, before),
					   change_id_format(&reader->last, last));
	return sluice_hint(err,
					   "if messages were removed by hand, delete JetStream stream %s: the source "
					   "sends again what a target lacks; then start the writer again. If the gap "
					   "stays, copy the tables again",
					   jetstream_name(name, reader->settings.stream));
}

static bool
fail_fresh(const StreamReader *reader, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "nothing was applied to this target yet, and message %" PRIu64
					   " is not the stream's beginning",
					   reader->sequence);
	return sluice_hint(err, "when the target already holds all that came before it, start once "
							"with --start available");
}

static bool
fail_foreign(const StreamReader *reader, const BundleHeader *header, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_STATE,
					   "message %" PRIu64 " comes from another source (incarnation %" PRIx64
					   ") than what was applied here (%" PRIx64 ")",
					   reader->sequence, header->last.incarnation, reader->last.incarnation);
	return sluice_hint(err, "the source's slot was made anew or it is another server: copy the "
							"tables again and remove the stream's row from sluice.progress");
}

/* The first bundle for a target that has nothing yet. */
static bool
start_fresh(StreamReader *reader, const ChangeId *previous, SluiceError *err)
{
	if (previous->commit == 0)
		return true;
	if (!reader->settings.start_available)
		return fail_fresh(reader, err);
	/* A transaction whose begin is gone cannot be had. */
	reader->position = *previous;
	if (!change_id_complete(previous))
		reader->position.index = CHANGE_INDEX_COMMIT;
	return true;
}

/* A stream that says it has no beginning before it must itself reach back to what is known. */
static bool
follows(const ChangeId *last, const BundleHeader *header)
{
	if (header->previous.commit == 0)
		return change_id_compare(&header->first, last) <= 0;
	return header->previous.incarnation == last->incarnation &&
		   change_id_compare(&header->previous, last) <= 0;
}

/* Whether this bundle follows what was read. */
static bool
check_seam(StreamReader *reader, const BundleHeader *header, SluiceError *err)
{
	bool fresh = reader->last.commit == 0;

	if (!fresh && header->last.incarnation != reader->last.incarnation)
		return fail_foreign(reader, header, err);
	if (fresh && !reader->linked)
		return start_fresh(reader, &header->previous, err);
	return follows(&reader->last, header) || fail_gap(reader, header, err);
}

/* ---- messages ---- */

static bool
fail_message(const PulledMessage *message, SluiceError *err)
{
	(void) sluice_prefix(err, "message %" PRIu64, message->sequence);
	err->code = SLUICE_ERROR_CORRUPT;
	return sluice_hint(err, "something else published on this subject, or the store is damaged");
}

/* Takes a part; *complete when the bundle is whole. */
static bool
take_part(StreamReader *reader, const PulledMessage *message, const BundleHeader *header,
		  const uint8_t *body, bool *complete, SluiceError *err)
{
	if (header->part == 0)
		reader->first_part = message->sequence;
	if (bundle_assembly_add(&reader->assembly, header, body, complete, err))
		return true;
	if (header->part != 0 && reader->assembly.next == 0)
		(void) sluice_prefix(err, "the bundle's first part is missing");
	return fail_message(message, err);
}

/* Opens the bundle that is whole now; frees what is not its memory. */
static bool
open_bundle(StreamReader *reader, PulledMessage *message, bool parted, SluiceError *err)
{
	const uint8_t *data = parted ? reader->assembly.whole.data : message->data;
	size_t length = parted ? reader->assembly.whole.length : message->length;
	const BundleHeader *header = &reader->bundle.header;

	if (!bundle_reader_open(&reader->bundle, data, length, err))
		return fail_message(message, err);
	if (change_id_compare(&header->last, &reader->last) > 0)
		reader->last = header->last;
	reader->linked = true;
	reader->open = true;
	reader->parted = parted;
	reader->bundle_count++;
	reader->byte_count += length;
	if (!parted)
	{
		reader->message = message->message;
		message->message = NULL;
	}
	return true;
}

static bool
take_message(StreamReader *reader, PulledMessage *message, bool *got, SluiceError *err)
{
	BundleHeader header;
	const uint8_t *body;
	bool parted, complete = true;

	reader->sequence = message->sequence;
	reader->pending = message->pending;
	if (strcmp(message->subject, reader->subject) != 0)
		return true;
	if (!bundle_header_read(message->data, message->length, &header, &body, err))
		return fail_message(message, err);
	parted = header.kind == BUNDLE_PART;
	if (header.kind == BUNDLE_LOAD)
	{
		(void) sluice_fail(err, SLUICE_ERROR_CORRUPT, "rows of a copy among changes");
		return fail_message(message, err);
	}
	if (!parted)
		reader->first_part = message->sequence;
	if ((!parted || header.part == 0) && !check_seam(reader, &header, err))
		return false;
	if (parted && !take_part(reader, message, &header, body, &complete, err))
		return false;
	*got = complete;
	return !complete || open_bundle(reader, message, parted, err);
}

bool
stream_reader_next(StreamReader *reader, int wait_ms, bool *got, SluiceError *err)
{
	*got = false;
	close_bundle(reader);
	while (!*got)
	{
		PulledMessage message;
		bool good;

		if (!puller_next(reader->puller, wait_ms, &message, err))
			return false;
		if (message.message == NULL)
			return true;
		good = take_message(reader, &message, got, err);
		natsMsg_Destroy(message.message);
		if (!good)
			return false;
	}
	return true;
}

/* ---- records ---- */

static bool
is_applied(const StreamReader *reader, const BundleRecord *record)
{
	return record->type != RECORD_RELATION &&
		   change_id_compare(&record->id, &reader->position) <= 0;
}

bool
stream_reader_record(StreamReader *reader, BundleRecord *record, bool *end, SluiceError *err)
{
	*end = !reader->open;
	while (!*end)
	{
		if (!bundle_next(&reader->bundle, record, end, err))
		{
			err->code = SLUICE_ERROR_CORRUPT;
			return sluice_prefix(err, "message %" PRIu64, reader->sequence);
		}
		if (*end || !is_applied(reader, record))
			break;
	}
	if (!*end && record->type != RECORD_RELATION)
		reader->position = record->id;
	return true;
}

uint64_t
stream_reader_resume(const StreamReader *reader)
{
	return reader->bundle.left == 0 ? reader->sequence + 1 : reader->first_part;
}
