/*
 * ddl_run.c - the parts of a change, one after the other (ddl_run.h).
 */
#include "ddl_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "ddl_message.h"

/* ---- what is told ---- */

static void
tell(DdlRun *run, const char *sql)
{
	(void) fprintf(run->told, "%s%s", run->statements > 0 ? "; " : "", sql);
	run->statements++;
}

static void
tell_part(DdlRun *run, const DdlPart *part)
{
	for (size_t step = part->question + 1; step < part->end; step++)
		tell(run, script_sql(&run->ddl->script, step));
}

/* Ends the text; "" without memory. */
static const char *
told(DdlRun *run)
{
	return fflush(run->told) == 0 && run->text != NULL ? run->text : "";
}

static void
log_statements(DdlRun *run, LogLevel level, const char *message)
{
	const SchemaChange *change = run->ddl->change;
	char table[DDL_TABLE_TEXT];

	if (run->tell)
		log_event(run->settings->log, level, message,
				  (LogField[]){LOG_TEXT("command", change->command),
							   LOG_TEXT("table", ddl_message_table(change, table)),
							   LOG_TEXT("statements", told(run)), LOG_END});
}

static bool
fail_stopped(DdlRun *run, SluiceError *err)
{
	const char *text = told(run);

	log_statements(run, LOG_WARNING, "a change of structure is to be done by hand");
	(void) sluice_fail(err, SLUICE_ERROR_DATA,
					   "%s at the source changed the structure, and --on-ddl is stop; to be run at "
					   "the target: %.300s",
					   run->ddl->change->command, text);
	return sluice_hint(err, "the log has all of it; the writer goes on by itself once it is done, "
							"or with --on-ddl apply");
}

static bool
fail_unknown(DdlRun *run, const DdlPart *part, SluiceError *err)
{
	const char *name = script_name(&run->ddl->script, part->question);

	tell_part(run, part);
	log_statements(run, LOG_WARNING, "a change of structure is to be done by hand");
	(void) sluice_fail(err, SLUICE_ERROR_DATA,
					   "%s at the source: rows of %.130s have values there that were not sent: "
					   "%s; to be run at the target: %.240s",
					   run->ddl->change->command, name, part->unknown, told(run));
	/* MySQL and MariaDB log no row that an UPDATE leaves as it was. */
	return sluice_hint(err,
					   strcmp(run->ddl->change->after.source.product, "postgresql") == 0
						   ? "run it there, then at the source an UPDATE that sets a column of all "
							 "rows to itself, which sends them; the writer goes on by itself"
						   : "run it there and give the rows the source's values; the writer goes "
							 "on by itself");
}

static bool
fail_by_hand(const DdlRun *run, const DdlPart *part, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_DATA, "%s at the source, table %.130s: %s",
					   run->ddl->change->command, script_name(&run->ddl->script, part->question),
					   part->by_hand);
	return sluice_hint(err,
					   "do it at the target, then let the writer pass it with --on-ddl ignore");
}

/* ---- parts ---- */

static bool
run_step(DdlRun *run, const DdlPart *part, size_t step, SluiceError *err)
{
	const char *sql = script_sql(&run->ddl->script, step);

	if (!run->begun && run->ops->begin != NULL && !run->ops->begin(run, err))
		return false;
	run->begun = true;
	tell(run, sql);
	if (run->ops->run(run, part, step, err))
		return true;
	if (sluice_error_transient(err->code))
		return false;
	(void) sluice_prefix(err, "%s at the source; here: %.160s", run->ddl->change->command, sql);
	return sluice_hint(err, "mend what is in the way at the target, or make the change there by "
							"hand; the writer then goes on by itself");
}

static bool
do_part(DdlRun *run, const DdlPart *part, SluiceError *err)
{
	bool needed;

	if (!run->ops->is_needed(run, script_sql(&run->ddl->script, part->question), &needed, err))
		return false;
	if (!needed)
		return true;
	if (part->unknown != NULL)
		return fail_unknown(run, part, err);
	if (part->by_hand != NULL)
		return fail_by_hand(run, part, err);
	if (run->settings->on_ddl == DDL_STOP)
	{
		tell_part(run, part);
		return true;
	}
	for (size_t step = part->question + 1; step < part->end; step++)
	{
		if (!run_step(run, part, step, err))
			return false;
	}
	return true;
}

static bool
do_parts(DdlRun *run, SluiceError *err)
{
	for (size_t i = 0; i < run->ddl->count; i++)
	{
		if (!do_part(run, &run->ddl->parts[i], err))
			return false;
	}
	if (run->statements == 0)
		return true;
	if (run->settings->on_ddl == DDL_STOP)
		return fail_stopped(run, err);
	log_statements(run, LOG_INFO, "structure changed");
	return true;
}

bool
ddl_run(DdlRun *run, SluiceError *err)
{
	bool good;

	run->told = open_memstream(&run->text, &run->size);
	if (run->told == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for statements");
	good = do_parts(run, err);
	(void) fclose(run->told);
	free(run->text);
	return good;
}
