/*
 * publication.c - publications, schemas, partitions and column lists to one decision per table.
 *
 * The rules are pgoutput's: actions of all matching publications add up; the table is published as
 * the top-most ancestor that any publication with publish_via_partition_root names; only the
 * publications of that level count for filters and column lists.
 */
#include "output_plugin/plugin_compat.h"

#include "access/htup_details.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_publication_rel.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "output_plugin/publication.h"

List *
publications_load(List *names)
{
	List *result = NIL;
	ListCell *cell;

	foreach (cell, names)
	{
		char *name = lfirst(cell);
		Publication *publication = GetPublicationByName(name, true);

		if (publication == NULL)
			ereport(
				ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("publication \"%s\" does not exist at this place in the log", name),
				 errhint(
					 "What it would publish from there on cannot be told, even if it is created "
					 "again: create it, then make the stream (or slot) anew and copy the "
					 "tables again.")));
		result = lappend(result, publication);
	}
	return result;
}

#if !HAVE_PUBLICATION_FILTERS
/* Before 15 there is no such function: ancestors come from the nearest to the root. */
static Oid
top_most_ancestor(Oid publication, List *ancestors, int *level)
{
	Oid found = InvalidOid;
	int at = 0;
	ListCell *cell;

	foreach (cell, ancestors)
	{
		List *publications = GetRelationPublications(lfirst_oid(cell));

		at++;
		if (list_member_oid(publications, publication))
		{
			found = lfirst_oid(cell);
			*level = at;
		}
		list_free(publications);
	}
	return found;
}
#else
#define top_most_ancestor GetTopMostAncestorInPublication
#endif

/* What one publication says: whether it publishes the table, and at which level of the tree. */
static bool
publishes(const Publication *publication, Oid relid, List *direct, List *ancestors, Oid *as,
		  int *level)
{
	Oid ancestor;
	int ancestor_level = 0;

	*as = relid;
	*level = 0;
	if (publication->alltables)
	{
		if (publication->pubviaroot && ancestors != NIL)
		{
			*as = llast_oid(ancestors);
			*level = list_length(ancestors);
		}
		return true;
	}
	ancestor = ancestors == NIL ? InvalidOid
								: top_most_ancestor(publication->oid, ancestors, &ancestor_level);
	if (OidIsValid(ancestor) && publication->pubviaroot)
	{
		*as = ancestor;
		*level = ancestor_level;
	}
	return OidIsValid(ancestor) || list_member_oid(direct, publication->oid);
}

static void
add_actions(PublicationActions *sum, const PublicationActions *more)
{
	sum->pubinsert |= more->pubinsert;
	sum->pubupdate |= more->pubupdate;
	sum->pubdelete |= more->pubdelete;
	sum->pubtruncate |= more->pubtruncate;
}

/*
 * Tables of the extension, and of writers that have this database as their target: whoever publishes
 * all tables does not mean them.
 */
static bool
is_our_own(Oid relid)
{
	const char *schema = get_namespace_name(get_rel_namespace(relid));

	return schema != NULL && strcmp(schema, "sluice") == 0;
}

void
publication_decide(Oid relid, List *publications, PublishDecision *decision)
{
	bool partitioned = get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE;
	List *direct = GetRelationPublications(relid);
	List *ancestors = get_rel_relispartition(relid) ? get_partition_ancestors(relid) : NIL;
	int best = 0;
	ListCell *cell;

#if HAVE_PUBLICATION_FILTERS
	direct = list_concat(direct, GetSchemaPublications(get_rel_namespace(relid)));
#endif
	memset(decision, 0, sizeof(*decision));
	decision->publish_as = relid;
	if (is_our_own(relid))
		publications = NIL;
	foreach (cell, publications)
	{
		Publication *publication = lfirst(cell);
		Oid as;
		int level;

		/* A partitioned table's own changes are its leaves', unless the root stands for them. */
		if (!publishes(publication, relid, direct, ancestors, &as, &level) ||
			(partitioned && !publication->pubviaroot))
			continue;
		add_actions(&decision->actions, &publication->pubactions);
		if (level < best)
			continue;
		if (level > best)
			decision->publications = NIL;
		best = level;
		decision->publish_as = as;
		decision->publications = lappend(decision->publications, publication);
	}
	list_free(direct);
	list_free(ancestors);
}

#if HAVE_PUBLICATION_FILTERS
/* One publication's column list for the table; NULL when it has none. */
static Bitmapset *
column_list(const Publication *publication, Oid relid)
{
	Bitmapset *columns = NULL;
	HeapTuple tuple;
	Datum value;
	bool null;

	if (publication->alltables)
		return NULL;
	tuple = SearchSysCache2(PUBLICATIONRELMAP, ObjectIdGetDatum(relid),
							ObjectIdGetDatum(publication->oid));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	value = SysCacheGetAttr(PUBLICATIONRELMAP, tuple, Anum_pg_publication_rel_prattrs, &null);
	if (!null)
		columns = pub_collist_to_bitmapset(NULL, value, CurrentMemoryContext);
	ReleaseSysCache(tuple);
	return columns;
}

/* What a publication without a column list publishes. */
static Bitmapset *
every_column(const Publication *publication, TupleDesc descriptor)
{
	Bitmapset *columns = NULL;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		bool published = attribute->attgenerated == '\0';

#if HAVE_PUBLISHED_GENERATED
		if (attribute->attgenerated == ATTRIBUTE_GENERATED_STORED)
			published = publication->pubgencols_type == PUBLISH_GENCOLS_STORED;
#else
		(void) publication;
#endif
		if (published && !attribute->attisdropped)
			columns = bms_add_member(columns, attribute->attnum);
	}
	return columns;
}

Bitmapset *
publication_columns(const PublishDecision *decision, TupleDesc descriptor)
{
	Bitmapset *columns = NULL;
	bool listed = false;
	ListCell *cell;

	foreach (cell, decision->publications)
	{
		Bitmapset *these = column_list(lfirst(cell), decision->publish_as);

		if (these != NULL)
			listed = true;
		else
			these = every_column(lfirst(cell), descriptor);
		if (cell == list_head(decision->publications))
			columns = these;
		else if (!bms_equal(columns, these))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("different publications of this stream publish different columns of "
							"table \"%s.%s\"",
							get_namespace_name(get_rel_namespace(decision->publish_as)),
							get_rel_name(decision->publish_as)),
					 errhint("Give the table the same column list in all of them.")));
	}
	return listed ? columns : NULL;
}
#else
Bitmapset *
publication_columns(const PublishDecision *decision, TupleDesc descriptor)
{
	(void) decision;
	(void) descriptor;
	return NULL;
}
#endif

bool
publication_generated(const PublishDecision *decision)
{
#if HAVE_PUBLISHED_GENERATED
	ListCell *cell;

	foreach (cell, decision->publications)
	{
		if (((Publication *) lfirst(cell))->pubgencols_type == PUBLISH_GENCOLS_STORED)
			return true;
	}
#endif
	(void) decision;
	return false;
}
