/*
 * row_filter.c - one expression per action: the filters of all publications, joined by OR.
 */
#include "output_plugin/row_filter.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_publication_rel.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#if PG_VERSION_NUM >= 160000
#include "parser/parse_relation.h"
#endif
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#if HAVE_PUBLICATION_FILTERS

typedef enum FilterAction
{
	FILTER_INSERT,
	FILTER_UPDATE,
	FILTER_DELETE,
	FILTER_ACTIONS
} FilterAction;

struct RowFilter
{
	EState *estate;
	ExprState *expressions[FILTER_ACTIONS]; /* NULL: every row passes */
};

/* The filters gathered so far; `open` is set by a publication that has none. */
typedef struct FilterLists
{
	List *nodes[FILTER_ACTIONS];
	bool open[FILTER_ACTIONS];
} FilterLists;

static EState *
make_estate(Relation relation)
{
	EState *estate = CreateExecutorState();
	RangeTblEntry *entry = makeNode(RangeTblEntry);

	entry->rtekind = RTE_RELATION;
	entry->relid = RelationGetRelid(relation);
	entry->relkind = relation->rd_rel->relkind;
	entry->rellockmode = AccessShareLock;
#if PG_VERSION_NUM >= 160000
	{
		List *permissions = NIL;

		addRTEPermissionInfo(&permissions, entry);
#if PG_VERSION_NUM >= 180000
		ExecInitRangeTable(estate, list_make1(entry), permissions, bms_make_singleton(1));
#else
		ExecInitRangeTable(estate, list_make1(entry), permissions);
#endif
	}
#else
	ExecInitRangeTable(estate, list_make1(entry));
#endif
	estate->es_output_cid = GetCurrentCommandId(false);
	return estate;
}

/* The stored expression of one publication for the table; NULL when it has none. */
static Node *
stored_filter(const Publication *publication, Oid relid)
{
	Node *node = NULL;
	HeapTuple tuple;
	Datum value;
	bool null;

	if (publication->alltables ||
		SearchSysCacheExists2(PUBLICATIONNAMESPACEMAP, ObjectIdGetDatum(get_rel_namespace(relid)),
							  ObjectIdGetDatum(publication->oid)))
		return NULL;
	tuple = SearchSysCache2(PUBLICATIONRELMAP, ObjectIdGetDatum(relid),
							ObjectIdGetDatum(publication->oid));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	value = SysCacheGetAttr(PUBLICATIONRELMAP, tuple, Anum_pg_publication_rel_prqual, &null);
	if (!null)
		node = stringToNode(TextDatumGetCString(value));
	ReleaseSysCache(tuple);
	return node;
}

static void
gather(FilterLists *lists, FilterAction action, bool published, Node *node)
{
	if (!published)
		return;
	if (node == NULL)
		lists->open[action] = true;
	else
		lists->nodes[action] = lappend(lists->nodes[action], node);
}

RowFilter *
row_filter_new(const PublishDecision *decision)
{
	FilterLists lists = {0};
	RowFilter *filter = NULL;
	Relation relation;
	ListCell *cell;

	foreach (cell, decision->publications)
	{
		Publication *publication = lfirst(cell);
		Node *node = stored_filter(publication, decision->publish_as);

		gather(&lists, FILTER_INSERT, publication->pubactions.pubinsert, node);
		gather(&lists, FILTER_UPDATE, publication->pubactions.pubupdate, node);
		gather(&lists, FILTER_DELETE, publication->pubactions.pubdelete, node);
	}
	for (int i = 0; i < FILTER_ACTIONS; i++)
	{
		if (lists.open[i] || lists.nodes[i] == NIL)
			continue;
		if (filter == NULL)
		{
			filter = palloc0(sizeof(*filter));
			relation = RelationIdGetRelation(decision->publish_as);
			filter->estate = make_estate(relation);
			RelationClose(relation);
		}
		filter->expressions[i] = ExecPrepareExpr(make_orclause(lists.nodes[i]), filter->estate);
	}
	return filter;
}

/* NULL counts as false. */
static bool
matches(RowFilter *filter, ExprState *expression, TupleTableSlot *slot)
{
	ExprContext *context = GetPerTupleExprContext(filter->estate);
	bool null;
	Datum value;

	context->ecxt_scantuple = slot;
	value = ExecEvalExprSwitchContext(expression, context, &null);
	return !null && DatumGetBool(value);
}

bool
row_filter_pass(RowFilter *filter, TupleTableSlot *old_slot, TupleTableSlot *new_slot,
				enum ReorderBufferChangeType *action)
{
	ExprState *expression =
		filter->expressions[*action == REORDER_BUFFER_CHANGE_INSERT	  ? FILTER_INSERT
							: *action == REORDER_BUFFER_CHANGE_UPDATE ? FILTER_UPDATE
																	  : FILTER_DELETE];
	bool old_matches;
	bool new_matches;

	if (expression == NULL)
		return true;
	ResetPerTupleExprContext(filter->estate);
	if (old_slot == NULL || new_slot == NULL)
		return matches(filter, expression, new_slot != NULL ? new_slot : old_slot);
	old_matches = matches(filter, expression, old_slot);
	new_matches = matches(filter, expression, new_slot);
	if (!old_matches && new_matches)
		*action = REORDER_BUFFER_CHANGE_INSERT;
	else if (old_matches && !new_matches)
		*action = REORDER_BUFFER_CHANGE_DELETE;
	return old_matches || new_matches;
}

#else /* before 15 there are no filters */

RowFilter *
row_filter_new(const PublishDecision *decision)
{
	(void) decision;
	return NULL;
}

bool
row_filter_pass(RowFilter *filter, TupleTableSlot *old_slot, TupleTableSlot *new_slot,
				enum ReorderBufferChangeType *action)
{
	(void) filter;
	(void) old_slot;
	(void) new_slot;
	(void) action;
	return true;
}

#endif
