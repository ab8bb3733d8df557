/*
 * load_plan.h - what a schema document says of its copy, made ready for looking up: which chunk is
 * of which table, how a bundle is to be loaded, how changes up to the copy's position are applied.
 *
 * A plan owns its document and never changes, so threads may share one that outlives them.
 */
#ifndef SLUICE_WRITER_LOAD_PLAN_H
#define SLUICE_WRITER_LOAD_PLAN_H

#include "common/nats/load_stream.h"
#include "document_view.h"

/* A run of chunks that must be in, of this generation or kept from an earlier one. */
typedef struct LoadRange
{
	uint32_t generation;
	uint32_t first, last;
	uint32_t table; /* index into load->tables */
	uint32_t base;	/* number of its first chunk among all that must be in */
} LoadRange;

/* How changes to a table are applied that were committed up to a position; 0: to none. */
typedef struct LoadRule
{
	uint32_t relation;
	uint64_t skip_until;	/* they are in the copy */
	uint64_t lenient_until; /* they may or may not be in it */
	bool joins;				/* others wait until it is whole */
} LoadRule;

typedef struct LoadPlan
{
	SchemaDocument *document;
	const SchemaLoad *load; /* of it */
	uint32_t generation;
	LoadRange *ranges; /* by generation and chunk */
	uint32_t range_count;
	uint32_t chunks;			/* that must be in, kept ones too */
	const SchemaTable **tables; /* of the document, where the rows of load->tables go; or NULL */
	LoadRule *rules;			/* by relation */
	size_t rule_count;
	uint64_t lenient_until; /* up to there any table's changes are applied leniently; 0: none is */
	uint64_t settled_at;	/* with changes up to there its tables fit each other; 0: at once */
} LoadPlan;

/* How the rows of a bundle go into their table. */
typedef enum LoadWay
{
	LOAD_WAY_COPY,	 /* no row of them is there */
	LOAD_WAY_UPSERT, /* they count more than what is there */
	LOAD_WAY_FILL,	 /* what is there counts more than they */
	LOAD_WAY_DROP,	 /* not wanted any more */
	LOAD_WAY_LATER	 /* of a generation that this plan does not know */
} LoadWay;

#define LOAD_NO_CHUNK UINT32_MAX

/*
 * Reads a document that is about a copy; with `flatten` its partitioned tables become plain ones
 * (schema_flatten.h).  CORRUPT when its chunks make no sense.  NULL on error.
 */
extern LoadPlan *load_plan_read(const char *json, size_t length, const DocumentView *view,
								SluiceError *err);
extern void load_plan_free(LoadPlan *plan);

/* Its number among all that must be in; LOAD_NO_CHUNK when it need not be.  *table may be NULL. */
extern uint32_t load_plan_chunk(const LoadPlan *plan, uint32_t generation, uint32_t chunk,
								uint32_t *table);

/* `upsert`: the target's tables had rows before. */
extern LoadWay load_plan_way(const LoadPlan *plan, const LoadPlace *place, bool upsert);

/* For a relation by its id. */
extern LoadRule load_plan_rule(const LoadPlan *plan, uint32_t relation);

/* Its tables join a stream, which goes on meanwhile. */
extern bool load_plan_joins(const LoadPlan *plan);

/* The copy ends with itself: no changes follow. */
extern bool load_plan_finishes(const LoadPlan *plan);

#endif
