/*
 * pg_ddl.c - parts of statements; schemas and types (pg_ddl.h).
 */
#include "pg_ddl.h"

#include <string.h>

#define MULTIRANGES		140000 /* the release they came with */
#define MULTIRANGE_NAME ", multirange_type_name = "

/* ---- parts ---- */

/* `text` with each `quote` doubled. */
static void
put_doubled(FILE *out, const char *text, char quote)
{
	(void) fputc(quote, out);
	for (; *text != '\0'; text++)
	{
		if (*text == quote)
			(void) fputc(quote, out);
		(void) fputc(*text, out);
	}
	(void) fputc(quote, out);
}

void
pg_put_name(FILE *out, const char *name)
{
	put_doubled(out, name, '"');
}

void
pg_put_qualified(FILE *out, const char *schema, const char *name)
{
	pg_put_name(out, schema);
	(void) fputc('.', out);
	pg_put_name(out, name);
}

void
pg_put_literal(FILE *out, const char *text)
{
	put_doubled(out, text, '\'');
}

void
pg_put_element(FILE *out, const char *text)
{
	(void) fputc('"', out);
	for (; *text != '\0'; text++)
	{
		if (*text == '"' || *text == '\\')
			(void) fputc('\\', out);
		(void) fputc(*text, out);
	}
	(void) fputc('"', out);
}

void
pg_put_collation(FILE *out, const char *collation)
{
	if (collation != NULL)
		(void) fprintf(out, " COLLATE %s", collation);
}

bool
pg_take_name(const char **at, char *name)
{
	const char *from = *at;
	bool quoted = *from == '"';
	size_t length = 0;

	for (from += quoted; *from != '\0' && length < PG_NAME_SIZE - 1; from++)
	{
		if (quoted && *from == '"' && *++from != '"')
			break;
		if (!quoted && strchr(" .([,)", *from) != NULL)
			break;
		name[length++] = *from;
	}
	name[length] = '\0';
	*at = from;
	return length > 0;
}

const char *
pg_index_body(const char *definition)
{
	static const char unique[] = "CREATE UNIQUE INDEX ", plain[] = "CREATE INDEX ";
	char name[PG_NAME_SIZE];
	const char *at = definition;

	if (strncmp(at, unique, strlen(unique)) == 0)
		at += strlen(unique);
	else if (strncmp(at, plain, strlen(plain)) == 0)
		at += strlen(plain);
	else
		return definition;
	if (!pg_take_name(&at, name) || strncmp(at, " ON ", 4) != 0)
		return definition;
	at += 4;
	if (strncmp(at, "ONLY ", 5) == 0)
		at += 5;
	while (pg_take_name(&at, name) && *at == '.')
		at++;
	return *at == ' ' ? at + 1 : definition;
}

void
pg_ddl_comment(const PgDdl *ddl, const char *what, const char *schema, const char *name,
			   const char *text)
{
	FILE *out;

	if (text == NULL)
		return;
	out = script_step(ddl->script, STEP_STOPS, "comment", schema, name);
	(void) fprintf(out, "COMMENT ON %s ", what);
	if (schema != NULL)
		pg_put_qualified(out, schema, name);
	else
		pg_put_name(out, name);
	(void) fputs(" IS ", out);
	pg_put_literal(out, text);
}

/* ---- schemas ---- */

void
pg_ddl_schema(const PgDdl *ddl, const SchemaNamespace *schema)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "schema", NULL, schema->name);

	(void) fputs("CREATE SCHEMA ", out);
	pg_put_name(out, schema->name);
	pg_ddl_comment(ddl, "SCHEMA", NULL, schema->name, schema->comment);
}

/* ---- types ---- */

static void
put_enum(const PgDdl *ddl, const SchemaType *type, FILE *out)
{
	(void) ddl;
	(void) fputs(" AS ENUM (", out);
	for (size_t i = 0; i < type->label_count; i++)
	{
		(void) fputs(i == 0 ? "" : ", ", out);
		pg_put_literal(out, type->labels[i]);
	}
	(void) fputc(')', out);
}

static void
put_domain(const PgDdl *ddl, const SchemaType *type, FILE *out)
{
	(void) ddl;
	(void) fprintf(out, " AS %s", type->base);
	pg_put_collation(out, type->collation);
	if (type->not_null)
		(void) fputs(" NOT NULL", out);
}

static void
put_composite(const PgDdl *ddl, const SchemaType *type, FILE *out)
{
	(void) ddl;
	(void) fputs(" AS (", out);
	for (size_t i = 0; i < type->attribute_count; i++)
	{
		(void) fputs(i == 0 ? "" : ", ", out);
		pg_put_name(out, type->attributes[i].name);
		(void) fprintf(out, " %s", type->attributes[i].type);
		pg_put_collation(out, type->attributes[i].collation);
	}
	(void) fputc(')', out);
}

/* The source's definition names the multirange, last, where it knows of them. */
static void
put_range(const PgDdl *ddl, const SchemaType *type, FILE *out)
{
	const char *multirange =
		type->definition != NULL ? strstr(type->definition, MULTIRANGE_NAME) : NULL;

	(void) fputs(" AS RANGE (", out);
	if (type->definition == NULL)
		(void) fprintf(out, "subtype = %s", type->subtype);
	else if (multirange != NULL && ddl->version < MULTIRANGES)
		(void) fprintf(out, "%.*s", (int) (multirange - type->definition), type->definition);
	else
		(void) fputs(type->definition, out);
	(void) fputc(')', out);
}

static const struct TypeForm
{
	const char *keyword;
	void (*put)(const PgDdl *ddl, const SchemaType *type, FILE *out);
} type_forms[] = {
	[SCHEMA_TYPE_ENUM] = {"TYPE", put_enum},
	[SCHEMA_TYPE_DOMAIN] = {"DOMAIN", put_domain},
	[SCHEMA_TYPE_COMPOSITE] = {"TYPE", put_composite},
	[SCHEMA_TYPE_RANGE] = {"TYPE", put_range},
};

void
pg_ddl_type(const PgDdl *ddl, const SchemaType *type)
{
	const struct TypeForm *form = &type_forms[type->kind];
	FILE *out = script_step(ddl->script, STEP_STOPS, "type", type->schema, type->name);

	(void) fprintf(out, "CREATE %s ", form->keyword);
	pg_put_qualified(out, type->schema, type->name);
	form->put(ddl, type, out);
	pg_ddl_comment(ddl, form->keyword, type->schema, type->name, type->comment);
}

/* ALTER DOMAIN schema.name and a space. */
static FILE *
alter_domain(const PgDdl *ddl, const SchemaType *type)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "type", type->schema, type->name);

	(void) fputs("ALTER DOMAIN ", out);
	pg_put_qualified(out, type->schema, type->name);
	(void) fputc(' ', out);
	return out;
}

void
pg_ddl_type_rules(const PgDdl *ddl, const SchemaType *type)
{
	if (type->kind != SCHEMA_TYPE_DOMAIN)
		return;
	if (type->default_value != NULL)
		(void) fprintf(alter_domain(ddl, type), "SET DEFAULT %s", type->default_value);
	for (size_t i = 0; i < type->check_count; i++)
	{
		FILE *out = alter_domain(ddl, type);

		(void) fputs("ADD CONSTRAINT ", out);
		pg_put_name(out, type->checks[i].name);
		(void) fprintf(out, " %s", type->checks[i].definition);
	}
}
