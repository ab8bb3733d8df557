/*
 * ddl_conversions.c - what event triggers in SQL cannot see: the USING expressions of a command, and
 * whether an expression is volatile.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "tcop/deparse_utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "pg_ext/pg_compat.h"

PG_FUNCTION_INFO_V1(sluice_ddl_conversions);
PG_FUNCTION_INFO_V1(sluice_is_volatile);

/* ---- expressions ---- */

/* A function that gives the same for the same arguments and session settings, in any session. */
static bool
function_varies(Oid function, void *context)
{
	(void) context;
	switch (func_volatile(function))
	{
		case PROVOLATILE_IMMUTABLE: return false;
		case PROVOLATILE_VOLATILE: return true;
		/* Conversions by date style or time zone take something; now() and its like do not. */
		default: return function >= FirstGenbkiObjectId || get_func_nargs(function) == 0;
	}
}

static bool
expression_varies(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SQLValueFunction) || IsA(node, NextValueExpr) || IsA(node, SubLink))
		return true;
	return check_functions_in_node(node, function_varies, context) ||
		   expression_tree_walker(node, expression_varies, context);
}

/* Whether all columns that are named are still there: only then can the expression be written. */
static bool
can_write(Node *node, Oid relid)
{
	List *vars = pull_var_clause(node, 0);
	ListCell *cell;

	foreach (cell, vars)
	{
		const Var *var = lfirst(cell);

		if (var->varattno > 0 && get_attname(relid, var->varattno, true) == NULL)
			return false;
	}
	return true;
}

/* ---- commands ---- */

static void
add_conversion(ReturnSetInfo *result, const CollectedATSubcmd *sub)
{
	const ColumnDef *column = castNode(ColumnDef, ((AlterTableCmd *) sub->parsetree)->def);
	Oid relid = sub->address.objectId;
	bool writable = can_write(column->cooked_default, relid);
	Datum values[4] = {ObjectIdGetDatum(relid), Int16GetDatum((int16) sub->address.objectSubId), 0};
	bool nulls[4] = {false, false, !writable, false};

	if (writable)
		values[2] = CStringGetTextDatum(deparse_expression(
			column->cooked_default, deparse_context_for(get_rel_name(relid), relid), false, false));
	values[3] = BoolGetDatum(writable && !expression_varies(column->cooked_default, NULL));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Changes of type that have a USING; after its analysis the expression is in cooked_default. */
static bool
is_conversion(const CollectedATSubcmd *sub)
{
	const AlterTableCmd *command = (const AlterTableCmd *) sub->parsetree;

	return IsA(sub->parsetree, AlterTableCmd) && command->subtype == AT_AlterColumnType &&
		   command->def != NULL && ((const ColumnDef *) command->def)->cooked_default != NULL &&
		   sub->address.classId == RelationRelationId;
}

Datum
sluice_ddl_conversions(PG_FUNCTION_ARGS)
{
	const CollectedCommand *command = (const CollectedCommand *) PG_GETARG_POINTER(0);
	ReturnSetInfo *result = compat_start_set(fcinfo);
	ListCell *cell;

	if (command->type != SCT_AlterTable)
		return (Datum) 0;
	foreach (cell, command->d.alterTable.subcmds)
	{
		const CollectedATSubcmd *sub = lfirst(cell);

		if (is_conversion(sub))
			add_conversion(result, sub);
	}
	return (Datum) 0;
}

Datum
sluice_is_volatile(PG_FUNCTION_ARGS)
{
	Node *expression = stringToNode(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_BOOL(contain_volatile_functions(expression));
}
