/*
 * checks.c - pre-flight checks of streams, kept or not (checks.h).
 */
#include "checks.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "control/live/live.h"
#include "database_problem.h"
#include "stream_sides.h"
#include "type_map_answer.h"

/* What the source's side of the checks leaves for those of the targets. */
typedef struct SourceSeen
{
	char identity[IDENTITY_SIZE];
	ByteBuf document;  /* empty: it could not be had */
	json_t *unmatched; /* patterns that no table fits */
} SourceSeen;

/* That a connection is there, or where it failed. */
static void
tell_connection(const StreamSide *side, const SluiceError *err, CheckList *checks)
{
	char found[512];

	if (side->database == NULL)
	{
		check_list_error(checks, "connection", err);
		return;
	}
	(void) snprintf(found, sizeof(found), "%s, %s", side->report.detail[DIAL_VERSION],
					side->report.detail[DIAL_TLS]);
	check_list_add(checks, &(CheckFound){.id = "connection", .status = CHECK_PASS, .found = found});
}

/* A document that cannot be had is told where nothing else says why. */
static void
look_at_document(Database *database, const SourceWish *wish, SourceSeen *seen, CheckList *checks)
{
	SluiceError err = {0};

	if (source_document(database, wish, &seen->document, seen->unmatched, &err))
		return;
	bytebuf_free(&seen->document);
	if (checks->counts[CHECK_FAIL] == 0)
		check_list_error(checks, "tables", &err);
}

/* Whether a table's name was found to be wrong already. */
static bool
has_failed(const CheckList *checks, const char *table)
{
	json_t *check;
	size_t i;

	json_array_foreach(checks->items, i, check)
	{
		const char *about = text_of(check, "table");
		if (about != NULL && strcmp(about, table) == 0 &&
			strcmp(text_of(check, "status"), check_status_names[CHECK_FAIL]) == 0)
			return true;
	}
	return false;
}

/* Each pattern that no table fits. */
static void
tell_unmatched(const json_t *unmatched, CheckList *checks)
{
	json_t *pattern;
	size_t i;

	checks->group = "tables";
	json_array_foreach(unmatched, i, pattern)
	{
		const char *text = json_string_value(pattern);
		if (!has_failed(checks, text))
			check_list_add(checks, &(CheckFound){.id = "tables",
												 .status = CHECK_WARN,
												 .found = "no table fits this pattern",
												 .fix = "mend it or leave it out",
												 .table = text});
	}
	checks->group = "source";
}

static void
check_source(const StreamQuestion *question, SourceSeen *seen, CheckList *checks)
{
	const SourceWish wish = stream_source_wish(question);
	const json_t *source = json_object_get(question->document, "source");
	SluiceError err = {0};
	StreamSide side;

	checks->group = "source";
	(void) !stream_side_open(question, text_of(source, "connection_id"), &side, &err);
	tell_connection(&side, &err, checks);
	if (side.database != NULL)
	{
		database_identity(side.database, seen->identity);
		source_check(side.database, &wish, checks);
		look_at_document(side.database, &wish, seen, checks);
		tell_unmatched(seen->unmatched, checks);
	}
	stream_side_close(&side);
}

static void
check_target(const StreamQuestion *question, const json_t *target, const SourceSeen *seen,
			 CheckList *checks)
{
	TargetWish wish = stream_target_wish(question, target);
	SluiceError err = {0};
	StreamSide side;

	(void) !stream_side_open(question, text_of(target, "connection_id"), &side, &err);
	tell_connection(&side, &err, checks);
	wish.source = seen->identity;
	wish.document = seen->document.length > 0 ? &seen->document : NULL;
	if (side.database != NULL)
		target_check(side.database, &wish, checks);
	stream_side_close(&side);
}

static void
check_targets(const StreamQuestion *question, const SourceSeen *seen, CheckList *checks)
{
	const json_t *targets = json_object_get(question->document, "targets");
	json_t *target;
	size_t i;

	json_array_foreach(targets, i, target)
	{
		char group[80];

		(void) snprintf(group, sizeof(group), "target %.64s", text_of(target, "name"));
		checks->group = json_array_size(targets) > 1 ? group : "target";
		check_target(question, target, seen, checks);
	}
	checks->group = "target";
}

/* Who watches the stream sees that it was looked at. */
static void
tell_event(const StreamQuestion *question, const CheckList *checks)
{
	json_t *data;
	SluiceError ignored;

	if (question->stream_id == NULL)
		return;
	data = json_pack("{s:b, s:I, s:I, s:I}", "ok", checks->counts[CHECK_FAIL] == 0, "passed",
					 (json_int_t) checks->counts[CHECK_PASS], "warnings",
					 (json_int_t) checks->counts[CHECK_WARN], "failed",
					 (json_int_t) checks->counts[CHECK_FAIL]);
	if (data != NULL)
		(void) !live_event(question->control->live, question->tenant, question->stream_id, NULL,
						   EVENT_CHECK, data, &ignored);
	json_decref(data);
}

static bool
answer_checks(const StreamQuestion *question, Response *response)
{
	SourceSeen seen = {.identity = "", .unmatched = json_array()};
	CheckList checks;
	json_t *answer;

	if (!check_list_init(&checks))
	{
		json_decref(seen.unmatched);
		return response_fail(response, PROBLEM_INTERNAL, "out of memory");
	}
	bytebuf_init(&seen.document, &allocator_malloc, SCHEMA_DOCUMENT_BYTES);
	check_source(question, &seen, &checks);
	check_targets(question, &seen, &checks);
	bytebuf_free(&seen.document);
	json_decref(seen.unmatched);
	tell_event(question, &checks);
	answer = check_list_answer(&checks);
	check_list_free(&checks);
	return answer_json(response, 200, answer);
}

/* Asks with a place among those that connect. */
static bool
with_question(Control *control, const Request *request, Response *response,
			  bool (*answers)(const StreamQuestion *question, Response *response))
{
	const char *tenant = request->caller.tenant;
	StreamQuestion question;
	SluiceError err;
	bool good = stream_question(control, request, &question, response);

	if (good && !databases_enter(control->databases, tenant, &err))
		good = database_problem_full(&err, response);
	else if (good)
	{
		good = answers(&question, response);
		databases_leave(control->databases, tenant);
	}
	stream_question_free(&question);
	return good;
}

static bool
validate(Control *control, const Request *request, Response *response)
{
	return with_question(control, request, response, answer_checks);
}

static bool
map_types(Control *control, const Request *request, Response *response)
{
	return with_question(control, request, response, type_map_answer);
}

static const Route routes[] = {
	{HTTP_POST, "/streams/validate", "validateNewStream", SCOPE_STREAMS_READ, validate,
	 ROUTE_QUIET},
	{HTTP_POST, "/streams/{id}/validate", "validateStream", SCOPE_STREAMS_READ, validate,
	 ROUTE_QUIET},
	{HTTP_POST, "/streams/type-map", "mapTypes", SCOPE_STREAMS_READ, map_types, ROUTE_QUIET},
};

const Routes check_routes = {routes, sizeof(routes) / sizeof(routes[0])};
