/*
 * type_map_answer.c - see type_map_answer.h.
 */
#include "type_map_answer.h"

#include <string.h>

#include "answer.h"
#include "common/core/schema_flatten.h"
#include "control/database/engine.h"
#include "control/database/tool.h"
#include "control/database/type_preview.h"
#include "database_problem.h"

#define PLAN_MAXIMUM (1 << 20) /* bytes of a plan that is shown */

/* What is known of one target. */
typedef struct TargetView
{
	const json_t *target;
	Database *database;
	const ByteBuf *json; /* the source's document */
	ByteBuf output;		 /* the plan */
} TargetView;

/* ---- one target ---- */

static TargetKind
kind_of(const Database *database)
{
	return (TargetKind){.flavour = database_engine(database)->flavour,
						.version = (int) database_version(database)};
}

static json_t *
not_carried(const SchemaDocument *document)
{
	json_t *list = json_array();

	for (size_t i = 0; i < document->not_carried_count; i++)
	{
		const SchemaNotCarried *left = &document->not_carried[i];

		(void) json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:o}", "kind", database_text(left->kind), "schema",
							database_text(left->schema), "name", database_text(left->name),
							"reason", database_text(left->reason)));
	}
	return list;
}

static TypeRules *
rules_of(const TargetView *view, const TargetKind *kind, SluiceError *err)
{
	const char *text = text_of(json_object_get(view->target, "options"), "types");

	text = text != NULL ? text : "";
	return kind->flavour == FLAVOUR_POSTGRESQL
			   ? type_rules_read_postgresql(text, &allocator_malloc, err)
			   : type_rules_read(text, &allocator_malloc, err);
}

/* Partitions are one table wherever the writer makes them so. */
static bool
flattens(const TargetView *view, const TargetKind *kind)
{
	const char *partitions = text_of(json_object_get(view->target, "options"), "partitions");

	return kind->flavour != FLAVOUR_POSTGRESQL ||
		   (partitions != NULL && strcmp(partitions, "flatten") == 0);
}

static json_t *
describe(const TargetView *view, const SchemaDocument *document, const TypePreview *preview)
{
	bool shown = view->output.length <= PLAN_MAXIMUM;

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", text_of(view->target, "name"),
					 "connection_id", text_of(view->target, "connection_id"), "type",
					 database_engine(view->database)->type, "tables", type_preview_tables(preview),
					 "not_carried", not_carried(document), "plan",
					 database_text(shown ? (const char *) view->output.data : NULL));
}

static json_t *
preview_target(const TargetView *view, SluiceError *err)
{
	TypePreview preview = {.target = kind_of(view->database)};
	SchemaDocument *document = schema_document_read((const char *) view->json->data,
													view->json->length, &allocator_malloc, err);
	TypeRules *rules = document != NULL ? rules_of(view, &preview.target, err) : NULL;
	PlanText plan = {.lines = NULL};
	json_t *shown = NULL;

	preview.document = document;
	preview.rules = rules;
	preview.plan = &plan;
	if (rules != NULL &&
		(!flattens(view, &preview.target) || schema_document_flatten(document, err)) &&
		plan_text_read((const char *) view->output.data, &plan, err))
		shown = describe(view, document, &preview);
	plan_text_free(&plan);
	type_rules_free(rules);
	schema_document_free(document);
	return shown;
}

static bool
add_target(const StreamQuestion *question, const json_t *target, const ByteBuf *json,
		   json_t *targets, Response *response)
{
	TargetWish wish = stream_target_wish(question, target);
	TargetView view = {.target = target, .json = json};
	json_t *shown = NULL;
	SluiceError err = {0};
	StreamSide side;
	bool good;

	bytebuf_init(&view.output, &allocator_malloc, TOOL_OUTPUT_MAXIMUM + 1);
	wish.document = json;
	good = stream_side_open(question, text_of(target, "connection_id"), &side, &err) ||
		   database_problem_open(&side.report, &err, response);
	view.database = side.database;
	if (good && target_plan(side.database, &wish, &view.output, &err))
		shown = preview_target(&view, &err);
	if (good && shown == NULL)
		good = database_problem(&err, response);
	stream_side_close(&side);
	bytebuf_free(&view.output);
	return good && json_array_append_new(targets, shown) == 0;
}

/* ---- all of it ---- */

static bool
read_source(const StreamQuestion *question, ByteBuf *json, json_t *unmatched, Response *response)
{
	const SourceWish wish = stream_source_wish(question);
	const json_t *source = json_object_get(question->document, "source");
	SluiceError err = {0};
	StreamSide side;
	bool good = stream_side_open(question, text_of(source, "connection_id"), &side, &err) ||
				database_problem_open(&side.report, &err, response);

	if (good && !source_document(side.database, &wish, json, unmatched, &err))
		good = database_problem(&err, response);
	stream_side_close(&side);
	return good;
}

bool
type_map_answer(const StreamQuestion *question, Response *response)
{
	json_t *targets = json_array(), *unmatched = json_array(), *target;
	ByteBuf json;
	bool good;
	size_t i;

	bytebuf_init(&json, &allocator_malloc, SCHEMA_DOCUMENT_BYTES);
	good = read_source(question, &json, unmatched, response);
	json_array_foreach(json_object_get(question->document, "targets"), i, target)
	{
		good = good && add_target(question, target, &json, targets, response);
	}
	bytebuf_free(&json);
	if (good)
		return answer_json(response, 200,
						   json_pack("{s:o, s:o}", "targets", targets, "unmatched", unmatched));
	json_decref(unmatched);
	json_decref(targets);
	return false;
}
