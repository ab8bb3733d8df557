/*
 * fuzz_schema.c - any bytes as a schema document; what can be read must be read the same when it was
 * written.
 */
#include "common/core/schema_document.h"
#include "fuzz.h"

#define JSON_MAXIMUM (16 << 20)

static SchemaDocument *
written(SchemaDocument *document, ByteBuf *out)
{
	SluiceError err;

	bytebuf_init(out, &allocator_malloc, JSON_MAXIMUM);
	FUZZ_ASSERT(schema_document_write(document, out, &err));
	schema_document_free(document);
	document = schema_document_read((const char *) out->data, out->length, &allocator_malloc, &err);
	FUZZ_ASSERT(document != NULL);
	return document;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SluiceError err;
	SchemaDocument *document =
		schema_document_read((const char *) data, size, &allocator_malloc, &err);
	ByteBuf once;
	ByteBuf again;

	if (document == NULL)
		return 0;
	document = written(document, &once);
	document = written(document, &again);
	FUZZ_ASSERT(once.length == again.length && memcmp(once.data, again.data, once.length) == 0);
	schema_document_free(document);
	bytebuf_free(&again);
	bytebuf_free(&once);
	return 0;
}
