/*
 * my_alter.c - doing a change of structure (my_alter.h).
 */
#include "my_alter.h"

#include <string.h>

#include "my_change.h"
#include "my_structure.h"
#include "writer/ddl_run.h"

static bool
is_needed(DdlRun *run, const char *question, bool *needed, SluiceError *err)
{
	MyTarget *target = run->context;
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;

	if (!my_query(&target->c, &result, err, "%s", question))
		return false;
	row = mysql_fetch_row(result);
	*needed = row != NULL && row[0] != NULL && *row[0] == '1';
	mysql_free_result(result);
	return true;
}

static bool
begin(DdlRun *run, SluiceError *err)
{
	return my_commit_part(run->context, err);
}

/* Some changes do not do without: then it is said, and the rest goes on. */
static bool
run_statement(DdlRun *run, const DdlPart *part, size_t step, SluiceError *err)
{
	MyTarget *target = run->context;
	const Script *script = &run->ddl->script;

	(void) part;
	if (my_structure_run(&target->c, script_sql(script, step), err))
		return true;
	if (script->steps[step].failure != STEP_WARNS || !my_alive(&target->c) ||
		sluice_error_transient(err->code))
		return false;
	log_failure(run->settings->log, LOG_WARNING, "left out of a change of structure", err,
				(LogField[]){LOG_TEXT("statement", script_sql(script, step)), LOG_END});
	sluice_error_clear(err);
	return true;
}

bool
my_alter(MyTarget *target, const SchemaChange *change, bool tell, SluiceError *err)
{
	static const DdlRunOps ops = {is_needed, begin, run_statement};
	const TargetKind kind = my_connection_kind(&target->c);
	const TargetSettings *settings = my_settings(&target->c);
	MyChange made;
	DdlRun run = {
		.ops = &ops, .context = target, .settings = settings, .ddl = &made.ddl, .tell = tell};
	bool good;

	/* Done, and committed, before a crash. */
	if (target->part.alters < target->part_before.alters)
	{
		target->part.alters++;
		return true;
	}
	good = my_change_make(&made, change, &kind, settings->types, target->c.uri.database,
						  settings->create, settings->on_ddl == DDL_STOP, err) &&
		   ddl_run(&run, err);
	my_change_free(&made);
	target->part.alters += good;
	return good;
}
