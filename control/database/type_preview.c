/*
 * type_preview.c - see type_preview.h.
 */
#include "type_preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/schema_to_pg.h"
#include "database.h"

typedef enum Fidelity
{
	LOSSLESS,
	LOSSY,
	UNSUPPORTED
} Fidelity;

static const char *const fidelity_names[] = {"lossless", "lossy", "unsupported"};

/* What is said of one column. */
typedef struct Verdict
{
	Fidelity fidelity;
	LossPolicy policy;
	char reason[300]; /* "": none */
} Verdict;

/* ---- losses ---- */

/* Of MySQL's types at PostgreSQL: values that it cannot have. */
static const struct PgLoss
{
	ColumnKind first, last;
	Fidelity fidelity;
	const char *reason;
} pg_losses[] = {
	{KIND_DATE, KIND_DATE, LOSSLESS, "dates like 0000-00-00 go by the source's option zero_dates"},
	{KIND_DATETIME, KIND_TIMESTAMP, LOSSLESS,
	 "dates like 0000-00-00 go by the source's option zero_dates"},
	{KIND_CHAR, KIND_LONGTEXT, LOSSLESS, "text with NUL bytes is refused, or goes by the policy"},
	{KIND_JSON, KIND_JSON, LOSSY,
	 "jsonb keeps neither blanks nor the order of keys, and the last of keys that repeat"},
	{KIND_SET, KIND_SET, LOSSLESS, "a list of texts, held against the labels"},
	{KIND_ENUM, KIND_ENUM, LOSSLESS, "text, held against the labels"},
	{KIND_GEOMETRY, KIND_GEOMETRYCOLLECTION, LOSSLESS,
	 "without PostGIS at the target: well-known binary"},
};

static void
judge_at_pg(const SchemaColumn *column, Verdict *verdict)
{
	ColumnType source;

	if (!column_type_read(column->canon == CANON_JSON ? "json" : column->type, &source))
	{
		(void) snprintf(verdict->reason, sizeof(verdict->reason), "carried as text");
		return;
	}
	for (size_t i = 0; i < sizeof(pg_losses) / sizeof(pg_losses[0]); i++)
	{
		if (source.kind < pg_losses[i].first || source.kind > pg_losses[i].last)
			continue;
		verdict->fidelity = pg_losses[i].fidelity;
		(void) snprintf(verdict->reason, sizeof(verdict->reason), "%s", pg_losses[i].reason);
	}
}

static void
judge_loses(unsigned loses, Verdict *verdict)
{
	char text[LOSES_SIZE];

	if (loses == 0)
		return;
	type_loses_write(loses, text);
	/* The zone is not lost: what comes is UTC. */
	verdict->fidelity = (loses & ~(unsigned) LOSES_ZONE) != 0 ? LOSSY : LOSSLESS;
	(void) snprintf(verdict->reason, sizeof(verdict->reason), "not every value: %s", text);
}

/* Of a domain the type that it stands for. */
static const char *
base_type(const SchemaDocument *document, const SchemaColumn *column)
{
	for (size_t i = 0; i < document->type_count; i++)
	{
		const SchemaType *type = &document->types[i];

		if (type->kind == SCHEMA_TYPE_DOMAIN && strcmp(type->schema, column->type_schema) == 0 &&
			strcmp(type->name, column->type_name) == 0)
			return type->base;
	}
	return column->type;
}

static void
judge_at_mysql(const TypePreview *preview, const SchemaTable *table, const SchemaColumn *column,
			   Verdict *verdict)
{
	char name[200];
	bool builtin = strcmp(column->type_schema, "pg_catalog") == 0;
	TypeColumn ruled = {.schema = table->schema,
						.table = table->name,
						.name = column->name,
						.type_name = name,
						.type = base_type(preview->document, column),
						.canon = column->canon,
						.element = column->element,
						.labels_fit = true};
	TypeChoice choice;
	SluiceError ignored;

	(void) snprintf(name, sizeof(name), "%s%s%s", builtin ? "" : column->type_schema,
					builtin ? "" : ".", column->type_name);
	if (!type_map_choose(&preview->target, preview->rules, &ruled, &choice, &ignored))
		return;
	verdict->policy = choice.policy;
	judge_loses(choice.loses, verdict);
	if (!choice.known)
		(void) snprintf(verdict->reason, sizeof(verdict->reason), "carried as text");
}

static void
judge_native(const TypePreview *preview, const SchemaTable *table, const SchemaColumn *column,
			 Verdict *verdict)
{
	TypeColumn ruled = {.schema = table->schema,
						.table = table->name,
						.name = column->name,
						.type_name = column->type_name,
						.type = column->type,
						.canon = column->canon,
						.element = column->element,
						.labels_fit = true};
	ColumnType own;
	TypeChoice choice;
	SluiceError ignored;

	if (!column_type_read(column->type, &own))
		own = (ColumnType){.kind = KIND_NONE, .length = -1, .scale = -1};
	if (!type_map_choose_native(&preview->target, preview->rules, &ruled, &own, &choice, &ignored))
		return;
	verdict->policy = choice.policy;
	judge_loses(choice.loses, verdict);
	if (!choice.known || choice.type.kind != own.kind)
		(void) snprintf(verdict->reason, sizeof(verdict->reason),
						"the target does not have the type");
}

static void
judge(const TypePreview *preview, const SchemaTable *table, const SchemaColumn *column,
	  Verdict *verdict)
{
	bool from_mysql = schema_is_mysql(preview->document);
	bool to_postgresql = preview->target.flavour == FLAVOUR_POSTGRESQL;

	*verdict = (Verdict){.fidelity = LOSSLESS};
	if (from_mysql && to_postgresql)
		judge_at_pg(column, verdict);
	else if (from_mysql)
		judge_native(preview, table, column, verdict);
	else if (!to_postgresql)
		judge_at_mysql(preview, table, column, verdict);
}

/* ---- tables ---- */

/* Lines of types, one after the other. */
static const char *
next_type(const PlanText *plan, size_t *at)
{
	while (*at < plan->count)
	{
		const PlanLine *line = &plan->lines[(*at)++];

		if (line->kind == PLAN_TYPE)
			return line->text;
	}
	return NULL;
}

static json_t *
canonical_of(const SchemaColumn *column)
{
	char text[64];
	const char *name = canon_name(column->canon);

	if (column->canon != CANON_ARRAY || canon_name(column->element) == NULL)
		return name != NULL ? json_string(name) : json_null();
	(void) snprintf(text, sizeof(text), "%s of %s", name, canon_name(column->element));
	return json_string(text);
}

static json_t *
column_json(const TypePreview *preview, const SchemaTable *table, const SchemaColumn *column,
			const char *line)
{
	char type[PLAN_TYPE_SIZE];
	bool has_type = line != NULL && plan_type_of_line(line, column->type, type);
	Verdict verdict;

	judge(preview, table, column, &verdict);
	if (!has_type)
		verdict =
			(Verdict){.fidelity = UNSUPPORTED, .reason = "there is no type for it at the target"};
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:s}", "name", database_text(column->name),
					 "source_type", database_text(column->type), "canonical", canonical_of(column),
					 "target_type", database_text(has_type ? type : NULL), "fidelity",
					 fidelity_names[verdict.fidelity], "reason",
					 database_text(verdict.reason[0] != '\0' ? verdict.reason : NULL), "policy",
					 loss_policy_names[verdict.policy]);
}

json_t *
type_preview_tables(const TypePreview *preview)
{
	const SchemaDocument *document = preview->document;
	json_t *tables = json_array();
	size_t at = 0;

	for (size_t t = 0; t < document->table_count; t++)
	{
		const SchemaTable *table = &document->tables[t];
		json_t *columns = json_array();

		for (size_t c = 0; c < table->column_count; c++)
			(void) json_array_append_new(columns, column_json(preview, table, &table->columns[c],
															  next_type(preview->plan, &at)));
		(void) json_array_append_new(
			tables, json_pack("{s:o, s:o, s:o}", "schema", database_text(table->schema), "name",
							  database_text(table->name), "columns", columns));
	}
	return tables;
}
