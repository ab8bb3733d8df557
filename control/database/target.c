/*
 * target.c - targets of all kinds (target.h).
 */
#include "target.h"

#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "tool.h"

#define WRITER "sluice-writer"
#define NAMED  20 /* lines of a kind that become checks of their own */

/* What a copy does with tables that are there says nothing of a stream that makes no copy. */
static const char *const of_copies[] = {"create", "schema_policy", "write_mode", "load_unlogged",
										"strict"};

/* In their place: the tables must be there, and fit. */
static const struct
{
	const char *option, *value;
} without_copy[] = {
	{"create", "none"}, {"schema-policy", "validate_existing"}, {"write-mode", "append"}};

void
database_identity(Database *database, char text[IDENTITY_SIZE])
{
	SluiceError ignored;

	if (!database_ask_text(database, text, IDENTITY_SIZE,
						   database_engine(database)->questions[ASK_IDENTITY], &ignored))
		text[0] = '\0';
}

/* ---- the plan ---- */

static bool
put_options(Tool *tool, const TargetWish *wish, SluiceError *err)
{
	json_t *options = json_copy((json_t *) (uintptr_t) wish->options);
	bool copies = strcmp(wish->mode, "cdc") != 0, good;

	for (size_t i = 0; !copies && i < sizeof(of_copies) / sizeof(of_copies[0]); i++)
		(void) json_object_del(options, of_copies[i]);
	good = child_config_options(&tool->config, JOB_TARGET, options, err);
	json_decref(options);
	for (size_t i = 0; good && !copies && i < sizeof(without_copy) / sizeof(without_copy[0]); i++)
		good = tool_line(tool, without_copy[i].option, without_copy[i].value, err);
	return good;
}

bool
target_plan(Database *database, const TargetWish *wish, ByteBuf *output, SluiceError *err)
{
	Tool tool;
	bool good = tool_init(&tool, WRITER, err) && tool_line(&tool, "plan", "on", err) &&
				tool_line(&tool, "stream", wish->stream, err) &&
				tool_line(&tool, "consumer", wish->consumer, err) &&
				put_options(&tool, wish, err) && child_config_nats(&tool.config, wish->nats, err) &&
				tool_side(&tool, "target", database, err) &&
				tool_file(&tool, "plan-document", (const char *) wish->document->data,
						  wish->document->length, err) &&
				tool_run(&tool, TOOL_MS, err) &&
				bytebuf_put(output, tool.output.data, tool.output.length, err);

	tool_free(&tool);
	return good;
}

/* ---- checks ---- */

static void
check_same(Database *database, const TargetWish *wish, CheckList *checks)
{
	char identity[IDENTITY_SIZE];
	bool schemas = database_engine(database)->schemas;

	database_identity(database, identity);
	if (identity[0] == '\0' || wish->source[0] == '\0')
		return;
	if (strcmp(identity, wish->source) != 0)
		check_list_add(checks, &(CheckFound){.id = "same_database",
											 .status = CHECK_PASS,
											 .found = "they are not the same"});
	else
		check_list_add(
			checks,
			&(CheckFound){
				.id = "same_database",
				.status = schemas ? CHECK_FAIL : CHECK_WARN,
				.found = schemas ? "source and target are the same database"
								 : "source and target are the same server",
				.fix = schemas ? "choose another database"
							   : "give the source's databases other names at the target: option "
								 "schemas"});
}

static CheckStatus
status_of(PlanLineKind kind)
{
	return kind == PLAN_PROBLEM ? CHECK_FAIL : CHECK_WARN;
}

/* Problems and warnings, each for itself; of many the rest in one. */
static void
tell_lines(const PlanText *plan, PlanLineKind kind, const char *id, CheckList *checks)
{
	CheckFound check = {.id = id, .status = status_of(kind)};
	size_t told = 0;
	char rest[40];

	if (kind == PLAN_PROBLEM)
		check.fix = plan_text_first(plan, PLAN_TO_DO);
	for (size_t i = 0; i < plan->count && told < NAMED; i++)
	{
		if (plan->lines[i].kind != kind)
			continue;
		check.found = plan->lines[i].text;
		check_list_add(checks, &check);
		told++;
	}
	if (plan->counts[kind] == told)
		return;
	(void) snprintf(rest, sizeof(rest), "%zu more", plan->counts[kind] - told);
	check.found = rest;
	check_list_add(checks, &check);
}

static void
tell_plan(const ByteBuf *output, CheckList *checks)
{
	SluiceError err = {0};
	PlanText plan;

	if (!plan_text_read((const char *) output->data, &plan, &err))
	{
		check_list_error(checks, "structure", &err);
		return;
	}
	tell_lines(&plan, PLAN_PROBLEM, "structure", checks);
	tell_lines(&plan, PLAN_WARNING, "structure", checks);
	tell_lines(&plan, PLAN_NOT_CARRIED, "not_carried", checks);
	if (plan.counts[PLAN_PROBLEM] == 0)
		check_list_add(checks, &(CheckFound){.id = "structure",
											 .status = CHECK_PASS,
											 .found = "nothing is in the way"});
	plan_text_free(&plan);
}

static void
check_plan(Database *database, const TargetWish *wish, CheckList *checks)
{
	SluiceError err = {0};
	ByteBuf output;

	if (wish->document == NULL)
	{
		check_list_add(
			checks,
			&(CheckFound){.id = "structure",
						  .status = CHECK_WARN,
						  .found = "not looked at: the structure of the source is not known",
						  .fix = "mend what is wrong with the source first"});
		return;
	}
	bytebuf_init(&output, &allocator_malloc, TOOL_OUTPUT_MAXIMUM + 1);
	if (target_plan(database, wish, &output, &err))
		tell_plan(&output, checks);
	else
		check_list_error(checks, "structure", &err);
	bytebuf_free(&output);
}

void
target_check(Database *database, const TargetWish *wish, CheckList *checks)
{
	check_list_ask(checks, database, database_engine(database)->questions[ASK_TARGET_RIGHTS]);
	check_same(database, wish, checks);
	check_plan(database, wish, checks);
}
