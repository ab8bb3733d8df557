/*
 * my_ddl_column.c - columns and their defaults as SQL of MySQL and MariaDB (my_ddl.h).
 *
 * Defaults are a whitelist: constants, and functions that mean the same there.  Whatever else the
 * source says is left out and told.
 */
#include "my_ddl.h"
#include "my_native.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define UTC_COMMENT "timestamp with time zone, in UTC"

/* ---- types ---- */

static void
write_labels(const SchemaType *type, FILE *out)
{
	for (size_t i = 0; i < type->label_count; i++)
	{
		(void) fputs(i == 0 ? "(" : ",", out);
		my_write_literal(out, type->labels[i]);
	}
	(void) fputc(')', out);
}

void
my_write_type(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
			  FILE *out)
{
	const MyColumnDesign *made = my_design_column(design, table, column->name);
	char text[COLUMN_TYPE_SIZE];

	column_type_write(&made->choice.type, text);
	(void) fputs(made->own_type != NULL ? made->own_type : text, out);
	if (made->choice.type.kind == KIND_ENUM && made->labels != NULL)
		write_labels(made->labels, out);
	if (made->choice.collation != NULL &&
		(made->own_type != NULL || column_kind_is_text(made->choice.type.kind)))
		(void) fprintf(out, " COLLATE %s", made->choice.collation);
}

/* ---- constants ---- */

static bool
is_number(const char *text)
{
	char *end;

	if (*text == '\0' || strspn(text, "+-0123456789.eE") != strlen(text))
		return false;
	(void) strtod(text, &end);
	return *end == '\0';
}

/* Whether the text is like the pattern: 0 stands for a digit; *rest is what follows. */
static bool
is_like(const char *text, const char *pattern, const char **rest)
{
	for (; *pattern != '\0'; pattern++, text++)
	{
		if (*pattern == '0' ? isdigit((unsigned char) *text) == 0 : *text != *pattern)
			return false;
	}
	*rest = text;
	return true;
}

static const char *
skip_fraction(const char *text)
{
	return *text == '.' ? text + 1 + strspn(text + 1, "0123456789") : text;
}

static bool
write_time(const MyColumnDesign *made, CanonType canon, const char *text, FILE *out)
{
	static const char *const patterns[] = {[KIND_DATE] = "0000-00-00",
										   [KIND_TIME] = "00:00:00",
										   [KIND_DATETIME] = "0000-00-00 00:00:00"};
	const char *rest, *end;
	char *cut;

	if (!is_like(text, patterns[made->choice.type.kind], &rest))
		return false;
	rest = end = skip_fraction(rest);
	if (canon == CANON_TIMESTAMPTZ)
	{
		if (strcmp(rest, "+00") != 0)
			return false;
		rest += 3;
	}
	if (*rest != '\0')
		return false;
	cut = strndup(text, (size_t) (end - text));
	my_write_literal(out, cut != NULL ? cut : "");
	free(cut);
	return true;
}

/* "\x6162" */
static bool
write_bytes(const char *text, FILE *out)
{
	if (strncmp(text, "\\x", 2) != 0 ||
		strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
		return false;
	(void) fprintf(out, "x'%s'", text + 2);
	return true;
}

static bool
write_json(CanonType canon, const char *text, FILE *out)
{
	if (canon == CANON_ARRAY)
	{
		if (strcmp(text, "{}") != 0)
			return false;
		text = "[]";
	}
	my_write_literal(out, text);
	return canon == CANON_ARRAY || canon == CANON_JSON || canon == CANON_JSONB;
}

/* Text that is printed there as here. */
static bool
write_text(const MyColumnDesign *made, const char *text, FILE *out)
{
	if (made->choice.form == FORM_ISO || made->choice.form == FORM_JSON)
		return false;
	my_write_literal(out, text);
	return true;
}

static bool
write_number(CanonType canon, const char *text, FILE *out)
{
	if (canon == CANON_BOOL)
		return fputs(*text == 't' ? "1" : "0", out) >= 0;
	return is_number(text) && fputs(text, out) >= 0;
}

static bool
write_value(const MyColumnDesign *made, CanonType canon, const char *text, FILE *out)
{
	ColumnKind kind = made->choice.type.kind;

	if (kind >= KIND_TINYINT && kind <= KIND_DECIMAL)
		return write_number(canon, text, out);
	if (column_kind_is_text(kind))
		return write_text(made, text, out);
	if (column_kind_is_bytes(kind))
		return write_bytes(text, out);
	switch (kind)
	{
		case KIND_DATE:
		case KIND_TIME:
		case KIND_DATETIME: return write_time(made, canon, text, out);
		case KIND_JSON: return write_json(canon, text, out);
		case KIND_ENUM:
		case KIND_UUID: my_write_literal(out, text); return true;
		case KIND_BIT:
			(void) fprintf(out, "b'%s'", text);
			return strspn(text, "01") == strlen(text);
		default: return false;
	}
}

bool
my_write_constant(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
				  const char *text, FILE *out)
{
	return write_value(my_design_column(design, table, column->name), column->canon, text, out);
}

/* ---- functions ---- */

typedef enum Meaning
{
	MEANS_NOW,
	MEANS_NOW_UTC,
	MEANS_TODAY,
	MEANS_UUID
} Meaning;

static const struct
{
	const char *text;
	Meaning meaning;
} known_defaults[] = {
	{"now()", MEANS_NOW},
	{"CURRENT_TIMESTAMP", MEANS_NOW},
	{"LOCALTIMESTAMP", MEANS_NOW},
	{"transaction_timestamp()", MEANS_NOW},
	{"statement_timestamp()", MEANS_NOW},
	{"clock_timestamp()", MEANS_NOW},
	{"'now'::text", MEANS_NOW},
	{"timezone('utc'::text, now())", MEANS_NOW_UTC},
	{"timezone('UTC'::text, now())", MEANS_NOW_UTC},
	{"CURRENT_DATE", MEANS_TODAY},
	{"gen_random_uuid()", MEANS_UUID},
	{"public.gen_random_uuid()", MEANS_UUID},
	{"uuid_generate_v4()", MEANS_UUID},
	{"public.uuid_generate_v4()", MEANS_UUID},
};

/* What comes behind a known text: a precision, brackets, a cast to the column's own type. */
static bool
ends_so(const char *rest)
{
	if (*rest == '(')
		rest += strcspn(rest, ")") + 1;
	return *rest == '\0' || strncmp(rest, "::", 2) == 0 || strncmp(rest, ")::", 3) == 0;
}

static bool
find_meaning(const char *text, Meaning *meaning)
{
	text += *text == '(';
	for (size_t i = 0; i < sizeof(known_defaults) / sizeof(known_defaults[0]); i++)
	{
		size_t length = strlen(known_defaults[i].text);

		if (strncmp(text, known_defaults[i].text, length) == 0 && ends_so(text + length))
		{
			*meaning = known_defaults[i].meaning;
			return true;
		}
	}
	return false;
}

static bool
write_meaning(const MyColumnDesign *made, CanonType canon, Meaning meaning, FILE *out)
{
	ColumnKind kind = made->choice.type.kind;
	int digits = made->choice.type.length > 0 ? made->choice.type.length : 0;

	if (meaning == MEANS_UUID && canon == CANON_UUID && (kind == KIND_UUID || kind == KIND_CHAR))
		return fputs(MY_DEFAULT_UUID, out) >= 0;
	if (kind == KIND_DATE && meaning != MEANS_UUID)
		return fputs(meaning == MEANS_NOW_UTC ? "(UTC_DATE())" : "(CURRENT_DATE())", out) >= 0;
	if (kind != KIND_DATETIME || meaning == MEANS_UUID || meaning == MEANS_TODAY)
		return false;
	if (canon == CANON_TIMESTAMPTZ || meaning == MEANS_NOW_UTC)
		return fprintf(out, "(UTC_TIMESTAMP(%d))", digits) >= 0;
	return fprintf(out, "CURRENT_TIMESTAMP(%d)", digits) >= 0;
}

/* ---- defaults ---- */

static bool
write_literal_default(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
					  FILE *out)
{
	/* Large values have no constant but an expression. */
	bool large =
		!column_kind_can_be_key(my_design_column(design, table, column->name)->choice.type.kind);
	bool good;

	(void) fputs(large ? "(" : "", out);
	good = my_write_constant(design, table, column, column->default_literal, out);
	(void) fputs(large ? ")" : "", out);
	return good;
}

/* What the column's own default is, or that of its domain. */
static const char *
default_text(const MyDesign *design, const SchemaColumn *column)
{
	const SchemaType *type = my_design_type(design->document, column->type);

	if (column->default_value != NULL)
		return column->default_value;
	while (type != NULL && type->kind == SCHEMA_TYPE_DOMAIN && type->default_value == NULL)
		type = my_design_type(design->document, type->base);
	return type != NULL && type->kind == SCHEMA_TYPE_DOMAIN ? type->default_value : NULL;
}

static bool
has_expressions(const MyDesign *design)
{
	return design->target.flavour == FLAVOUR_MARIADB || design->target.version >= MY_DEFAULTS_SINCE;
}

static bool
write_any_default(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
				  const char *text, FILE *out)
{
	const MyColumnDesign *made = my_design_column(design, table, column->name);
	Meaning meaning;
	bool good;

	if (my_native(design))
		return my_native_default(design, table, column, out);
	if (column->default_kind == SCHEMA_DEFAULT_LITERAL && column->default_literal != NULL)
		return write_literal_default(design, table, column, out);
	if (find_meaning(text, &meaning))
		return write_meaning(made, column->canon, meaning, out);
	(void) fputc('(', out);
	good = my_design_expression(design, table, text, NULL, out);
	(void) fputc(')', out);
	return good;
}

bool
my_write_default(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
				 FILE *out)
{
	const MyColumnDesign *made = my_design_column(design, table, column->name);
	const char *text = default_text(design, column);
	char *written = NULL;
	size_t size;
	FILE *value;
	bool good;

	if (text == NULL || made->automatic || column->generated != SCHEMA_NOT_GENERATED)
		return false;
	value = open_memstream(&written, &size);
	good = value != NULL && write_any_default(design, table, column, text, value);
	if (value == NULL || fclose(value) != 0)
		good = false;
	if (good && (*written != '(' || has_expressions(design)))
		(void) fputs(written, out);
	else
		good = false;
	free(written);
	return good;
}

/* Nothing at all when there is none there. */
static void
put_default(const MyDdl *ddl, const SchemaTable *table, const SchemaColumn *column, FILE *out)
{
	char *text = NULL;
	size_t size;
	FILE *value = open_memstream(&text, &size);
	bool good;

	good = value != NULL && my_write_default(ddl->design, table, column, value);
	if ((value == NULL || fclose(value) != 0) && ddl->script != NULL)
		ddl->script->failed = true;
	else if (good)
		(void) fprintf(out, " DEFAULT %s", text);
	free(text);
}

/* ---- columns ---- */

void
my_write_column(const MyDdl *ddl, const SchemaTable *table, const SchemaColumn *column, FILE *out)
{
	const MyColumnDesign *made = my_design_column(ddl->design, table, column->name);
	const char *comment = column->comment;

	my_write_name(out, column->name);
	(void) fputc(' ', out);
	my_write_type(ddl->design, table, column, out);
	if (made->computed != NULL)
		(void) fprintf(out, " GENERATED ALWAYS AS (%s) %s", made->computed,
					   column->generated == SCHEMA_GENERATED_STORED ? "STORED" : "VIRTUAL");
	if (my_native(ddl->design))
		my_native_before(ddl->design, column, made, out);
	if (made->not_null)
		(void) fputs(" NOT NULL", out);
	if (!ddl->undefaulted)
		put_default(ddl, table, column, out);
	if (my_native(ddl->design))
		my_native_behind(ddl->design, column, made, out);
	if (made->automatic && !ddl->unnumbered)
		(void) fputs(" AUTO_INCREMENT", out);
	if (comment == NULL && (made->choice.loses & LOSES_ZONE) != 0)
		comment = UTC_COMMENT;
	if (comment != NULL)
	{
		(void) fputs(" COMMENT ", out);
		my_write_comment(out, comment, MY_COLUMN_COMMENT);
	}
}
