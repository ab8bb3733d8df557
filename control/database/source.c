/*
 * source.c - sources of all kinds (source.h).
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"

/* What makes a document one of a copy, so that rows at the target are looked at: a copy that has not begun. */
static const char copy_json[] = "{\"mode\": \"convert+cdc\", \"incarnation\": \"0\", "
								"\"generation\": 1, \"since\": 1, \"position\": \"0/0\", "
								"\"chunks\": 0, \"tables\": []}";

void
source_check(Database *database, const SourceWish *wish, CheckList *checks)
{
	checks->group = "source";
	database_engine(database)->check_source(database, wish, checks);
}

static bool
add_copy(ByteBuf *json, SluiceError *err)
{
	json_t *document = json_loadb((const char *) json->data, json->length, 0, NULL);
	json_t *copy = json_loads(copy_json, 0, NULL);
	char *text = NULL;
	bool good;

	if (document != NULL && json_object_set(document, "load", copy) == 0)
		text = json_dumps(document, JSON_COMPACT);
	json->length = 0;
	good = text != NULL
			   ? bytebuf_put(json, text, strlen(text), err)
			   : sluice_fail(err, SLUICE_ERROR_CORRUPT, "the source gave no schema document");
	free(text);
	json_decref(copy);
	json_decref(document);
	return good;
}

bool
source_document(Database *database, const SourceWish *wish, ByteBuf *json, json_t *unmatched,
				SluiceError *err)
{
	return database_engine(database)->source_document(database, wish, json, unmatched, err) &&
		   (strcmp(wish->mode, "cdc") == 0 || add_copy(json, err));
}
