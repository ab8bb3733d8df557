/*
 * copy_output.h - the rows of one thread as load bundles, on their way into
 * JetStream.
 *
 * Every call that may wait for JetStream asks go_on() meanwhile, and fails with
 * TIMEOUT when it says no.
 */
#ifndef SLUICE_MYSQL_READER_COPY_OUTPUT_H
#define SLUICE_MYSQL_READER_COPY_OUTPUT_H

#include "common/nats/load_publisher.h"
#include "stream_settings.h"

/* What a chunk came to. */
typedef struct CopyTotals
{
	uint64_t rows, bytes;
	uint32_t bundles;
} CopyTotals;

typedef struct CopyOutput
{
	LoadPublisher *publisher;
	BundleWriter writer;
	bool is_open;					 /* a bundle is */
	const BundleRelation *described; /* in it... */
	uint16_t number;				 /* ...as this */
	LoadPlace place;				 /* of the bundle, or the next */
	ChangeId identity;				 /* the same, as the bundle's change */
	size_t bundle_bytes;
	uint32_t bundle_rows;
	CopyTotals totals;
	bool (*go_on)(void *context);
	void (*trouble)(void *context, const SluiceError *err); /* NULL: over */
	void *context;
	bool in_trouble;
} CopyOutput;

/* `threads` share the memory that a stream may have.  To be freed in any case.
 */
extern bool copy_output_init(CopyOutput *output, const StreamSettings *settings, int threads,
							 bool (*go_on)(void *context),
							 void (*trouble)(void *context, const SluiceError *err), void *context,
							 SluiceError *err) SLUICE_MUST_CHECK;
extern void copy_output_free(CopyOutput *output);

/* Publishes a document and waits until it is stored. */
extern bool copy_output_document(CopyOutput *output, uint32_t generation, const char *text,
								 SluiceError *err) SLUICE_MUST_CHECK;

/* Begins a chunk; what is left of another one is thrown away. */
extern void copy_output_chunk(CopyOutput *output, uint64_t incarnation, uint32_t generation,
							  uint32_t chunk);

/* Begins a row, whose fields go into output->writer.buf; the relation must stay
 * until the chunk ends. */
extern bool copy_output_row(CopyOutput *output, const BundleRelation *relation,
							SluiceError *err) SLUICE_MUST_CHECK;
extern bool copy_output_row_end(CopyOutput *output, SluiceError *err) SLUICE_MUST_CHECK;

/* Ends the chunk and waits until all of it is stored. */
extern bool copy_output_chunk_end(CopyOutput *output, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether bundles of it went in parts. */
extern bool copy_output_has_parts(const CopyOutput *output);

#endif
