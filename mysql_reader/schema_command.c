/*
 * schema_command.c - the catalog as text (schema_command.h).
 */
#include "schema_command.h"

#include "catalog.h"
#include "preflight.h"

#define DOCUMENT_MAXIMUM ((size_t) 1 << 30)

static bool
print_document(const SchemaDocument *document, FILE *out, SluiceError *err)
{
	ByteBuf text;
	bool good;

	bytebuf_init(&text, &allocator_malloc, DOCUMENT_MAXIMUM);
	good = schema_document_write(document, &text, err);
	if (good && (fwrite(text.data, 1, text.length, out) != text.length || fputc('\n', out) == EOF))
		good = sluice_fail(err, SLUICE_ERROR_IO, "cannot write the document");
	bytebuf_free(&text);
	return good;
}

static bool
read_and_print(MyConnection *c, const SchemaCommand *command, FILE *out, SluiceError *err)
{
	TableChoice *choice = NULL;
	SchemaDocument *document = NULL;
	bool folds, good;

	good = catalog_folds_names(c, &folds, err) &&
		   (choice = table_choice_parse(command->tables, folds, err)) != NULL &&
		   (document = catalog_read(c, command->stream, choice, err)) != NULL &&
		   (!command->scan || preflight_scan(c, document, err)) &&
		   print_document(document, out, err);
	schema_document_free(document);
	table_choice_free(choice);
	return good;
}

bool
schema_command(const MySettings *source, const SchemaCommand *command, FILE *out, SluiceError *err)
{
	MyConnection c = {0};
	bool good = my_connect(&c, source, err) && read_and_print(&c, command, out, err);

	my_disconnect(&c);
	return good;
}
