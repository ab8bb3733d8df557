/*
 * source.c - sources of all kinds (source.h).
 */
#include "source.h"

#include "engine.h"

void
source_check(Database *database, const SourceWish *wish, CheckList *checks)
{
	checks->group = "source";
	database_engine(database)->check_source(database, wish, checks);
}

bool
source_document(Database *database, const SourceWish *wish, ByteBuf *json, SluiceError *err)
{
	return database_engine(database)->source_document(database, wish, json, err);
}
