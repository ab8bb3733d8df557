/*
 * schema_command.c - the catalog as text (schema_command.h).
 */
#include "schema_command.h"

#include <string.h>

#include "catalog.h"
#include "common/core/schema_shape.h"
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
fits_any(const SchemaDocument *document, const TableChoice *choice, const char *wish)
{
	for (size_t i = 0; i < document->table_count; i++)
	{
		if (table_choice_wish_fits(choice, wish, document->tables[i].schema,
								   document->tables[i].name))
			return true;
	}
	return false;
}

/* Adds what was asked for and is not there to what is not carried; texts are the choice's. */
static bool
tell_unmatched(SchemaDocument *document, const TableChoice *choice, SluiceError *err)
{
	size_t count = document->not_carried_count;
	SchemaNotCarried *left;
	const char *wish;

	for (size_t i = 0; table_choice_wish(choice, i) != NULL; i++)
		count++;
	left = schema_document_room(document, (count + 1) * sizeof(*left), err);
	if (left == NULL)
		return false;
	if (document->not_carried_count > 0)
		memcpy(left, document->not_carried, document->not_carried_count * sizeof(*left));
	document->not_carried = left;
	for (size_t i = 0; (wish = table_choice_wish(choice, i)) != NULL; i++)
	{
		if (!fits_any(document, choice, wish))
			left[document->not_carried_count++] = (SchemaNotCarried){
				.kind = "pattern", .name = wish, .reason = "no table of the stream fits it"};
	}
	return true;
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
		   tell_unmatched(document, choice, err) &&
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
