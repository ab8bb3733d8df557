/*
 * source.h - what a stream would need of its source, and what its tables look like.
 */
#ifndef SLUICE_CONTROL_SOURCE_H
#define SLUICE_CONTROL_SOURCE_H

#include "check_list.h"
#include "common/core/bytebuf.h"
#include "common/nats/connection.h"
#include "database.h"

typedef struct SourceWish
{
	const char *stream; /* its name in NATS */
	const char *mode;
	const json_t *tables;	 /* patterns */
	const char *publication; /* NULL: none */
	const json_t *options;
	const json_t *targets; /* [{name}] */
	const NatsSettings *nats;
	bool scan; /* look at values where a type says too little */
} SourceWish;

#define SCHEMA_DOCUMENT_BYTES ((size_t) 64 << 20)

/* Adds what it finds; what cannot be asked is a check that failed. */
extern void source_check(Database *database, const SourceWish *wish, CheckList *checks);

/*
 * The schema document of the tables (docs/schema-document.md) as JSON.  Nothing stays at the source.  `unmatched`, an
 * array, gets the texts of the wish's patterns that none of its tables fits.
 */
extern bool source_document(Database *database, const SourceWish *wish, ByteBuf *json,
							json_t *unmatched, SluiceError *err) SLUICE_MUST_CHECK;

/* Of each kind (engine.h). */
extern void source_check_postgresql(Database *database, const SourceWish *wish, CheckList *checks);
extern void source_check_mysql(Database *database, const SourceWish *wish, CheckList *checks);
extern bool source_document_postgresql(Database *database, const SourceWish *wish, ByteBuf *json,
									   json_t *unmatched, SluiceError *err);
extern bool source_document_mysql(Database *database, const SourceWish *wish, ByteBuf *json,
								  json_t *unmatched, SluiceError *err);

#endif
