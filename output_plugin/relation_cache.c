/*
 * relation_cache.c - entries built under the historic snapshot, marked stale by invalidations.
 *
 * Invalidation callbacks cannot be unregistered and may come in the middle of a catalog read, so
 * they only ever clear `valid`; the next get rebuilds the entry in a fresh memory context.
 */
#include "output_plugin/plugin_compat.h"

#include "access/htup_details.h"
#include "catalog/pg_index.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "output_plugin/relation_cache.h"

#define TRIM_AT 256 /* entries; after a look that kept more, twice as many */

static HTAB *cache = NULL;
static long trim_at = TRIM_AT;
static bool counts_wanted = false; /* somebody takes the entries' counts */
static MemoryContext cache_context = NULL;
static List *publication_names = NIL;
static List *publications = NIL;
static bool publications_valid = false;

static void
invalidate_all(void)
{
	HASH_SEQ_STATUS status;
	RelationEntry *entry;

	if (cache == NULL)
		return;
	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
		entry->valid = false;
}

static void
relation_invalidated(Datum arg, Oid relid)
{
	RelationEntry *entry;

	(void) arg;
	if (cache == NULL)
		return;
	if (!OidIsValid(relid))
	{
		invalidate_all();
		return;
	}
	entry = hash_search(cache, &relid, HASH_FIND, NULL);
	if (entry != NULL)
		entry->valid = false;
}

static void
catalog_invalidated(Datum arg, int cacheid, uint32 hashvalue)
{
	(void) arg;
	(void) hashvalue;
	if (cacheid == PUBLICATIONOID)
		publications_valid = false;
	invalidate_all();
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	registered = true;
	CacheRegisterRelcacheCallback(relation_invalidated, (Datum) 0);
	CacheRegisterSyscacheCallback(PUBLICATIONOID, catalog_invalidated, (Datum) 0);
	CacheRegisterSyscacheCallback(PUBLICATIONRELMAP, catalog_invalidated, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, catalog_invalidated, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, catalog_invalidated, (Datum) 0);
#if HAVE_PUBLICATION_FILTERS
	CacheRegisterSyscacheCallback(PUBLICATIONNAMESPACEMAP, catalog_invalidated, (Datum) 0);
#endif
}

void
relation_cache_start(MemoryContext context, List *names)
{
	HASHCTL control = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(RelationEntry),
		.hcxt = context,
	};

	cache_context = context;
	publication_names = names;
	publications = NIL;
	publications_valid = false;
	trim_at = TRIM_AT;
	cache =
		hash_create("sluice relation cache", 128, &control, HASH_ELEM | HASH_CONTEXT | HASH_BLOBS);
	register_callbacks();
}

void
relation_cache_stop(void)
{
	cache = NULL; /* its memory goes with the context */
}

static bool
has_counts(const RelationEntry *entry)
{
	uint64 sum = 0;

	for (int i = 0; i < TABLE_COUNTS; i++)
		sum += entry->counts[i];
	return sum > 0;
}

void
relation_cache_trim(void)
{
	HASH_SEQ_STATUS status;
	RelationEntry *entry;

	if (hash_get_num_entries(cache) < trim_at)
		return;
	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->valid || (counts_wanted && has_counts(entry)))
			continue;
		if (entry->context != NULL)
			MemoryContextDelete(entry->context);
		(void) hash_search(cache, &entry->relid, HASH_REMOVE, NULL);
	}
	trim_at = Max(TRIM_AT, 2 * hash_get_num_entries(cache));
}

void
relation_cache_visit(RelationVisitor visitor, void *context)
{
	HASH_SEQ_STATUS status;
	RelationEntry *entry;

	counts_wanted = true;
	if (cache == NULL)
		return;
	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
		visitor(context, entry);
}

/* The publications' own list lives as long as the cache; a change of one reloads all. */
static List *
current_publications(void)
{
	static MemoryContext list_context = NULL;
	MemoryContext old;

	if (publications_valid)
		return publications;
	if (list_context == NULL || publications == NIL)
		list_context =
			AllocSetContextCreate(cache_context, "sluice publications", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(list_context);
	publications = NIL;
	old = MemoryContextSwitchTo(list_context);
	publications_valid = true; /* before loading: an invalidation meanwhile must stand */
	publications = publications_load(publication_names);
	MemoryContextSwitchTo(old);
	return publications;
}

/* Flags the key columns of an index; attributes are those of the relation that has the index. */
static void
flag_index(Relation relation, Oid index, uint8_t flag, uint8_t *flags)
{
	HeapTuple tuple;
	Form_pg_index form;

	(void) relation;
	if (!OidIsValid(index))
		return;
	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", index);
	form = (Form_pg_index) GETSTRUCT(tuple);
	for (int i = 0; i < form->indnkeyatts; i++)
	{
		if (form->indkey.values[i] > 0)
			flags[form->indkey.values[i] - 1] |= flag;
	}
	ReleaseSysCache(tuple);
}

/* Flags by attribute number of the changed table itself. */
static uint8_t *
key_flags(Relation relation)
{
	uint8_t *flags = palloc0(Max(RelationGetNumberOfAttributes(relation), 1));
	Oid replica = RelationGetReplicaIndex(relation); /* fills rd_pkindex too */

	flag_index(relation, relation->rd_pkindex, COLUMN_PRIMARY, flags);
	if (relation->rd_rel->relreplident != REPLICA_IDENTITY_FULL)
		flag_index(relation, replica, COLUMN_KEY, flags);
	return flags;
}

static bool
is_published_column(Form_pg_attribute attribute, Bitmapset *columns, bool generated)
{
	if (attribute->attisdropped)
		return false;
	if (columns != NULL && !bms_is_member(attribute->attnum, columns))
		return false;
	if (attribute->attgenerated == '\0')
		return true;
#if HAVE_PUBLISHED_GENERATED
	return attribute->attgenerated == ATTRIBUTE_GENERATED_STORED && (columns != NULL || generated);
#else
	(void) generated;
	return false;
#endif
}

/* The number of the changed table's attribute behind the ancestor's, 0 when it has none. */
static AttrNumber
source_attribute(const RelationEntry *entry, int index)
{
	return entry->attribute_map != NULL ? entry->attribute_map->attnums[index]
										: (AttrNumber) (index + 1);
}

static void
add_column(RelationEntry *entry, Form_pg_attribute attribute, const uint8_t *flags)
{
	uint16_t k = entry->relation.column_count++;
	BundleColumn *column = &entry->columns[k];
	ValueEncoder *encoder = &entry->encoders[k];
	AttrNumber source = source_attribute(entry, attribute->attnum - 1);

	value_encoder_init(encoder, attribute->atttypid, entry->context);
	*column = (BundleColumn){
		.name = value_utf8(NameStr(attribute->attname)),
		.type_name = encoder->type_name,
		.type_oid = encoder->type,
		.typmod = attribute->atttypmod,
		.canon = (uint8_t) encoder->canon,
		.element = (uint8_t) encoder->element,
		.flags = source > 0 ? flags[source - 1] : 0,
	};
	if (attribute->attgenerated != '\0')
		column->flags |= COLUMN_GENERATED;
	entry->attributes[k] = attribute->attnum;
}

static void
describe(RelationEntry *entry, Relation relation, Relation published)
{
	TupleDesc descriptor = RelationGetDescr(published);
	Bitmapset *columns = publication_columns(&entry->decision, descriptor);
	bool generated = publication_generated(&entry->decision);
	uint8_t *flags = key_flags(relation);

	entry->columns = palloc0(sizeof(BundleColumn) * Max(descriptor->natts, 1));
	entry->encoders = palloc0(sizeof(ValueEncoder) * Max(descriptor->natts, 1));
	entry->attributes = palloc0(sizeof(AttrNumber) * Max(descriptor->natts, 1));
	entry->relation = (BundleRelation){
		.id = RelationGetRelid(published),
		.identity = relation->rd_rel->relreplident,
		.schema = value_utf8(get_namespace_name(RelationGetNamespace(published))),
		.name = value_utf8(RelationGetRelationName(published)),
		.columns = entry->columns,
	};
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (is_published_column(attribute, columns, generated))
			add_column(entry, attribute, flags);
	}
}

static void
rebuild(RelationEntry *entry, Relation relation)
{
	Relation published = relation;
	MemoryContext old;

	if (entry->context != NULL)
		MemoryContextDelete(entry->context);
	entry->context = AllocSetContextCreate(cache_context, "sluice relation", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(entry->context);
	entry->filter = NULL;
	entry->attribute_map = NULL;
	entry->bundle = 0;
	entry->valid = true; /* before reading: an invalidation meanwhile must stand */
	publication_decide(entry->relid, current_publications(), &entry->decision);
	entry->published = entry->decision.publications != NIL;
	if (entry->published)
	{
		if (entry->decision.publish_as != entry->relid)
		{
			published = RelationIdGetRelation(entry->decision.publish_as);
			entry->attribute_map =
				build_attrmap_by_name_if_req(RelationGetDescr(relation), RelationGetDescr(published)
#if PG_VERSION_NUM >= 160000
																			 ,
											 false
#endif
				);
		}
		describe(entry, relation, published);
		entry->filter = row_filter_new(&entry->decision);
		entry->old_slot = MakeSingleTupleTableSlot(
			CreateTupleDescCopyConstr(RelationGetDescr(published)), &TTSOpsVirtual);
		entry->new_slot = MakeSingleTupleTableSlot(
			CreateTupleDescCopyConstr(RelationGetDescr(published)), &TTSOpsVirtual);
		if (published != relation)
			RelationClose(published);
	}
	MemoryContextSwitchTo(old);
}

RelationEntry *
relation_cache_get(Relation relation)
{
	Oid relid = RelationGetRelid(relation);
	RelationEntry *entry;
	bool found;

	entry = hash_search(cache, &relid, HASH_ENTER, &found);
	if (!found)
		memset((char *) entry + sizeof(Oid), 0, sizeof(*entry) - sizeof(Oid));
	if (!entry->valid)
		rebuild(entry, relation);
	return entry;
}
