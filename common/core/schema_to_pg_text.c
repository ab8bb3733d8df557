/*
 * schema_to_pg_text.c - texts in a document's memory, and what is told (schema_to_pg_parts.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pg_identifier.h"
#include "schema_shape.h"
#include "schema_to_pg_parts.h"

#define TOLD_MORE 32

void *
to_pg_room(ToPg *t, size_t size)
{
	void *room = schema_document_room(t->home, size > 0 ? size : 1, t->err);

	if (room == NULL)
		t->good = false;
	return room;
}

const char *
to_pg_text(ToPg *t, const char *format, ...)
{
	va_list arguments, again;
	char *text;
	int length;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	text = length < 0 ? NULL : to_pg_room(t, (size_t) length + 1);
	if (text != NULL)
		(void) vsnprintf(text, (size_t) length + 1, format, again);
	va_end(again);
	va_end(arguments);
	return text != NULL ? text : "";
}

static const char *
doubled(ToPg *t, const char *text, char quote)
{
	char *made = to_pg_room(t, 2 * strlen(text) + 3), *at = made;

	if (made == NULL)
		return "";
	*at++ = quote;
	for (; *text != '\0'; text++)
	{
		if (*text == quote)
			*at++ = quote;
		*at++ = *text;
	}
	*at++ = quote;
	*at = '\0';
	return made;
}

const char *
to_pg_quoted(ToPg *t, const char *name)
{
	return doubled(t, name, '"');
}

const char *
to_pg_qualified(ToPg *t, const char *schema, const char *name)
{
	return to_pg_text(t, "%s.%s", to_pg_quoted(t, schema), to_pg_quoted(t, name));
}

const char *
to_pg_literal(ToPg *t, const char *text)
{
	return doubled(t, text, '\'');
}

const char *
to_pg_fitted(ToPg *t, const char *name)
{
	char fitted[PG_IDENTIFIER_SIZE];

	return strlen(name) < PG_IDENTIFIER_SIZE ? name
											 : to_pg_text(t, "%s", pg_identifier_fit(name, fitted));
}

/* ---- what is told ---- */

static bool
make_room(ToPg *t)
{
	SchemaDocument *document = t->document;
	SchemaNotCarried *list;

	if (document->not_carried_count < t->told_room)
		return true;
	t->told_room = 2 * document->not_carried_count + TOLD_MORE;
	list = to_pg_room(t, t->told_room * sizeof(*list));
	if (list == NULL)
		return false;
	if (document->not_carried_count > 0)
		memcpy(list, document->not_carried, document->not_carried_count * sizeof(*list));
	document->not_carried = list;
	return true;
}

void
to_pg_tell(ToPg *t, const char *kind, const SchemaTable *table, const char *part,
		   const char *reason, const char *definition)
{
	const char *name = table == NULL  ? part
					   : part == NULL ? table->name
									  : to_pg_text(t, "%s.%s", table->name, part);

	if (!make_room(t))
		return;
	t->document->not_carried[t->document->not_carried_count++] = (SchemaNotCarried){
		.kind = kind,
		.schema = table != NULL ? table->schema : NULL,
		.name = name,
		.reason = reason,
		.definition = definition,
	};
}
