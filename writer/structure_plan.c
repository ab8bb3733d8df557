/*
 * structure_plan.c - telling what would be done at a target, as SQL with comments (structure.h).
 */
#include <stdarg.h>
#include <stdlib.h>

#include "structure.h"

typedef struct Telling
{
	Structure *s;
	FILE *out;
	const Chosen *chosen;
	Findings findings;
} Telling;

/* A line of comment: whatever is in a name, it stays one line. */
static void SLUICE_PRINTF(2, 3) comment(FILE *out, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	for (char *at = text; *at != '\0'; at++)
	{
		if (*at == '\n' || *at == '\r')
			*at = ' ';
	}
	(void) fprintf(out, "-- %s\n", text);
	free(text);
}

/* ---- what is known before ---- */

static void
tell_source(const Telling *telling)
{
	const SchemaDocument *document = telling->s->document;
	const StructureSettings *settings = telling->s->settings;

	comment(telling->out, "stream %s, revision %lld, of %s %lld, database %s (%s)",
			document->stream, (long long) document->revision, document->source.product,
			(long long) document->source.version, document->source.database,
			document->source.encoding);
	comment(telling->out, "create%s%s%s%s, schema-policy %s, write-mode %s, partitions %s",
			(settings->create & CREATE_TABLES) != 0 ? " tables" : "",
			(settings->create & CREATE_INDEXES) != 0 ? " indexes" : "",
			(settings->create & CREATE_FOREIGN_KEYS) != 0 ? " foreign_keys" : "",
			settings->create == 0 ? " none" : "", schema_policy_names[settings->policy],
			write_mode_names[settings->mode], settings->flatten ? "flatten" : "keep");
}

static void
tell_findings(const Telling *telling)
{
	const SchemaDocument *document = telling->s->document;

	for (size_t i = 0; i < telling->findings.count; i++)
		comment(telling->out, "%s: %s", telling->findings.items[i].problem ? "problem" : "warning",
				telling->findings.items[i].text);
	for (size_t i = 0; i < document->not_carried_count; i++)
	{
		const SchemaNotCarried *left = &document->not_carried[i];

		comment(telling->out, "not carried: %s %s%s%s: %s", left->kind,
				left->schema != NULL ? left->schema : "", left->schema != NULL ? "." : "",
				left->name, left->reason);
	}
}

static void
tell_type(const Telling *telling, size_t t, size_t i)
{
	const SchemaTable *table = &telling->s->document->tables[t];
	const SchemaColumn *column = &table->columns[i];
	char *text = NULL;
	size_t size;
	FILE *out = telling->s->ops->write_type != NULL ? open_memstream(&text, &size) : NULL;

	if (out != NULL)
	{
		telling->s->ops->write_type(telling->s, t, i, out);
		(void) fclose(out);
	}
	comment(telling->out, "type: %s.%s.%s: %s -> %s", table->schema, table->name, column->name,
			column->type, text != NULL ? text : column->type);
	free(text);
}

static void
tell_types(const Telling *telling)
{
	const SchemaDocument *document = telling->s->document;

	for (size_t t = 0; t < document->table_count; t++)
	{
		for (size_t i = 0; i < document->tables[t].column_count; i++)
			tell_type(telling, t, i);
	}
}

/* ---- what would be run ---- */

typedef bool (*WriteScript)(Telling *telling, size_t number, Script *script, SluiceError *err);

static bool
write_chosen(Telling *telling, size_t number, Script *script, SluiceError *err)
{
	(void) number;
	(void) err;
	telling->s->ops->write_chosen(telling->s, telling->chosen, script);
	return true;
}

static bool
write_table(Telling *telling, size_t number, Script *script, SluiceError *err)
{
	return telling->s->ops->write_table(telling->s, number, WHOLE_TABLE, script, err);
}

static bool
write_end(Telling *telling, size_t number, Script *script, SluiceError *err)
{
	(void) number;
	if (!telling->s->ops->write_keys(telling->s, script, err))
		return false;
	telling->s->ops->write_carried(telling->s, script);
	return true;
}

static bool
tell_script(Telling *telling, WriteScript write, size_t number, SluiceError *err)
{
	Script script;
	bool good;

	if (!script_open(&script, err))
		return false;
	good = write(telling, number, &script, err) && script_close(&script, err);
	for (size_t i = 0; good && i < script.count; i++)
		(void) fprintf(telling->out, "%s;\n", script_sql(&script, i));
	script_free(&script);
	return good;
}

static bool
tell_work(Telling *telling, SluiceError *err)
{
	const SchemaDocument *document = telling->s->document;

	comment(telling->out, "before the rows");
	if (!tell_script(telling, write_chosen, 0, err))
		return false;
	for (size_t i = document->table_count; i-- > 0;)
	{
		comment(telling->out, "when the rows of %s.%s are in", document->tables[i].schema,
				document->tables[i].name);
		if (!tell_script(telling, write_table, i, err))
			return false;
	}
	comment(telling->out, "at the end");
	return tell_script(telling, write_end, 0, err);
}

bool
structure_plan(Structure *s, FILE *out, size_t *problems, SluiceError *err)
{
	Chosen chosen = {0};
	Telling telling = {.s = s, .out = out, .chosen = &chosen};
	char hint[sizeof(err->hint)] = "";
	bool good;

	s->plans = true;
	good = structure_choose(s, &chosen, &telling.findings, hint, sizeof(hint), err);
	if (good)
	{
		s->planned = &chosen;
		tell_source(&telling);
		tell_findings(&telling);
		if (telling.findings.problems > 0)
			comment(out, "what to do: %s", hint);
		tell_types(&telling);
		good = tell_work(&telling, err);
		s->planned = NULL;
	}
	*problems = telling.findings.problems;
	findings_free(&telling.findings);
	chosen_free(&chosen);
	return good;
}
