/*
 * schema_to_pg_column.c - defaults, identity, generated columns and checks (schema_to_pg_parts.h).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema_to_pg_parts.h"

static ToPgColumn *
known_of(const ToPg *t, const SchemaTable *table, const SchemaColumn *column)
{
	return &t->columns[table - t->document->tables][column - table->columns];
}

static bool
type_is(const SchemaColumn *column, const char *prefix)
{
	return strncmp(column->type, prefix, strlen(prefix)) == 0;
}

/* ---- labels ---- */

/* What a backslash and a letter stand for. */
static char
unescaped(char letter)
{
	switch (letter)
	{
		case 'n': return '\n';
		case 'r': return '\r';
		case 't': return '\t';
		case '0': return '\0';
		default: return letter;
	}
}

bool
to_pg_label(ToPg *t, const char **at, const char **label)
{
	const char *from = strchr(*at, '\'');
	char *made = from == NULL ? NULL : to_pg_room(t, strlen(from) + 1), *to = made;

	if (made == NULL)
		return false;
	for (from++; *from != '\0'; from++)
	{
		if (*from == '\'' && *++from != '\'')
			break;
		*to++ = *from == '\\' && from[1] != '\0' ? unescaped(*++from) : *from;
	}
	*at = from;
	*label = made;
	return true;
}

/* 'a', 'b' of the labels. */
static const char *
label_list(ToPg *t, const char *type)
{
	const char *list = "", *label;

	while (t->good && to_pg_label(t, &type, &label))
		list = to_pg_text(t, "%s%s%s", list, *list != '\0' ? ", " : "", to_pg_literal(t, label));
	return list;
}

/* ---- checks ---- */

static bool
has_check(const SchemaTable *table, const char *name)
{
	for (size_t i = 0; i < table->check_count; i++)
	{
		if (strcmp(table->checks[i].name, name) == 0)
			return true;
	}
	return false;
}

/* There is room for one per column. */
static void
add_check(ToPg *t, SchemaTable *table, const SchemaColumn *column, const char *expression)
{
	const char *name = to_pg_fitted(t, to_pg_text(t, "%s_%s_check", table->name, column->name));

	for (int i = 1; has_check(table, name) && i < 100; i++)
		name = to_pg_fitted(t, to_pg_text(t, "%s_%s_check%d", table->name, column->name, i));
	table->checks[table->check_count++] =
		(SchemaCheck){.name = name,
					  .definition = to_pg_text(t, "CHECK (%s)", expression),
					  .expression = expression,
					  .validated = true};
}

static void
check_labels(ToPg *t, SchemaTable *table, const SchemaColumn *column, const char *source_type)
{
	const char *name = to_pg_quoted(t, to_pg_fitted(t, column->name));

	if (column->canon == CANON_ENUM && strcmp(column->type, "text") == 0)
		add_check(t, table, column,
				  to_pg_text(t, "(%s IN (%s))", name, label_list(t, source_type)));
	else if (column->canon == CANON_SET && strcmp(column->type, "text[]") == 0)
		add_check(t, table, column,
				  to_pg_text(t, "(%s <@ ARRAY[%s]::text[])", name, label_list(t, source_type)));
}

/* What cannot be translated goes. */
static void
translate_checks(ToPg *t, SchemaTable *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->check_count; i++)
	{
		SchemaCheck check = table->checks[i];
		const PgExpression made = to_pg_expression(t, table, check.expression, false);

		if (made.sql == NULL || made.is != PG_CLASS_BOOL)
		{
			to_pg_tell(t, "check", table, check.name,
					   "nothing is known to mean the same at PostgreSQL", check.definition);
			continue;
		}
		check.name = to_pg_fitted(t, check.name);
		check.expression = made.sql;
		check.definition =
			to_pg_text(t, "CHECK (%s)%s", made.sql, check.validated ? "" : " NOT VALID");
		table->checks[count++] = check;
	}
	table->check_count = count;
}

static bool
make_check_room(ToPg *t, SchemaTable *table)
{
	SchemaCheck *checks =
		to_pg_room(t, (table->check_count + table->column_count + 1) * sizeof(*checks));

	if (checks == NULL)
		return false;
	if (table->check_count > 0)
		memcpy(checks, table->checks, table->check_count * sizeof(*checks));
	table->checks = checks;
	return true;
}

/* ---- defaults ---- */

/* Whether a text is a plain number. */
static bool
is_number(const char *text)
{
	size_t digits = 0;

	text += *text == '-' || *text == '+';
	for (; *text != '\0'; text++)
	{
		if (isdigit((unsigned char) *text) == 0 && strchr(".eE+-", *text) == NULL)
			return false;
		digits += isdigit((unsigned char) *text) != 0;
	}
	return digits > 0;
}

/* A date that PostgreSQL has: no part of it is zero. */
static bool
is_date(const char *text)
{
	return strlen(text) >= strlen("2000-01-01") && strncmp(text, "0000", 4) != 0 &&
		   strncmp(text + 5, "00", 2) != 0 && strncmp(text + 8, "00", 2) != 0;
}

/* The digit of a whole number or of one bit. */
static const char *
boolean_of(const char *text)
{
	return strcmp(text, "1") == 0 ? "true" : strcmp(text, "0") == 0 ? "false" : NULL;
}

static const char *
array_default(ToPg *t, const char *text)
{
	return *text == '\0' ? "'{}'::text[]"
						 : to_pg_text(t, "string_to_array(%s, ',')", to_pg_literal(t, text));
}

/* A constant as the column's type has it; NULL when it has not. */
static const char *
constant_default(ToPg *t, const SchemaColumn *column, const char *text)
{
	if (type_is(column, "boolean"))
		return boolean_of(text);
	if (strcmp(column->type, "text[]") == 0)
		return array_default(t, text);
	switch (column->canon)
	{
		case CANON_INT16:
		case CANON_INT32:
		case CANON_INT64:
		case CANON_UINT64:
		case CANON_FLOAT32:
		case CANON_FLOAT64:
		case CANON_DECIMAL: return is_number(text) ? text : NULL;
		case CANON_BITS: return to_pg_text(t, "B'%s'", text);
		case CANON_DATE:
		case CANON_TIMESTAMP: return is_date(text) ? to_pg_literal(t, text) : NULL;
		case CANON_TIMESTAMPTZ: return is_date(text) ? to_pg_text(t, "'%s+00'", text) : NULL;
		case CANON_BYTES:
			return strncasecmp(text, "0x", 2) == 0 ? to_pg_text(t, "'\\x%s'", text + 2) : NULL;
		case CANON_GEOMETRY: return NULL;
		default: return to_pg_literal(t, text);
	}
}

/* Whether what an expression gives may be the default of a column. */
static bool
fits_default(PgClass is, PgClass column)
{
	bool moment = is == PG_CLASS_MOMENT && column == PG_CLASS_DATE;

	return is != PG_CLASS_NONE && (is == column || is == PG_CLASS_NULL || moment ||
								   (is == PG_CLASS_WHOLE && column == PG_CLASS_DECIMAL));
}

static const char *
expression_default(ToPg *t, const SchemaTable *table, const SchemaColumn *column,
				   const ToPgColumn *known)
{
	const PgExpression made = to_pg_expression(t, table, column->default_value, true);
	PgClass is = known->is;

	/* uuid() gives a text there. */
	if (column->canon == CANON_UUID)
		is = PG_CLASS_TEXT;
	if (made.sql == NULL || !fits_default(made.is, is))
		return NULL;
	return column->canon == CANON_UUID ? to_pg_text(t, "(%s)::uuid", made.sql) : made.sql;
}

static void
translate_default(ToPg *t, const SchemaTable *table, SchemaColumn *column, const ToPgColumn *known)
{
	const char *source = column->default_value, *made = NULL;

	if (source == NULL)
		return;
	if (strcasecmp(source, "NULL") == 0)
		made = "NULL";
	else if (column->default_kind == SCHEMA_DEFAULT_LITERAL && column->default_literal != NULL)
		made = constant_default(t, column, column->default_literal);
	else
		made = expression_default(t, table, column, known);
	if (made == NULL)
		to_pg_tell(t, "default", table, column->name,
				   "nothing is known to mean the same at PostgreSQL", source);
	column->default_value = made != NULL && strcmp(made, "NULL") != 0 ? made : NULL;
	if (column->default_value == NULL)
		column->default_kind = SCHEMA_DEFAULT_NONE;
	if (column->default_kind != SCHEMA_DEFAULT_LITERAL)
		column->default_literal = NULL;
}

/* ---- AUTO_INCREMENT ---- */

static const char *
greatest_of(const char *type)
{
	return strcmp(type, "smallint") == 0  ? "32767"
		   : strcmp(type, "integer") == 0 ? "2147483647"
										  : "9223372036854775807";
}

/* The value before the table's next one; NULL for none.  A column's whole numbers may go beyond those of its
 * sequence, which then stands at its end. */
static const char *
value_before(ToPg *t, const SchemaTable *table, const SchemaColumn *column)
{
	const char *next = table->auto_increment, *greatest = greatest_of(column->type);
	unsigned long long value = next != NULL ? strtoull(next, NULL, 10) : 0;

	if (value <= 1)
		return NULL;
	if (value - 1 <= strtoull(greatest, NULL, 10))
		return to_pg_text(t, "%llu", value - 1);
	to_pg_tell(t, "AUTO_INCREMENT", table, column->name,
			   "the next value is beyond those of a sequence, which stands at its end until it is "
			   "restarted",
			   next);
	return greatest;
}

static void
add_sequence(ToPg *t, const SchemaTable *table, const SchemaColumn *column)
{
	SchemaDocument *document = t->document;
	SchemaSequence *list = to_pg_room(t, (document->sequence_count + 1) * sizeof(*list));
	SchemaSequenceOwner *owner = to_pg_room(t, sizeof(*owner));

	if (list == NULL || owner == NULL)
		return;
	if (document->sequence_count > 0)
		memcpy(list, document->sequences, document->sequence_count * sizeof(*list));
	document->sequences = list;
	*owner = (SchemaSequenceOwner){table->schema, table->name, column->name};
	list[document->sequence_count++] = (SchemaSequence){
		.schema = table->schema,
		.name = to_pg_fitted(t, to_pg_text(t, "%s_%s_seq", table->name, column->name)),
		.type = column->type,
		.start = "1",
		.increment = "1",
		.minimum = "1",
		.maximum = greatest_of(column->type),
		.cache = "1",
		.last_value = value_before(t, table, column),
		.owner = owner,
		.identity = true,
	};
}

static void
make_identity(ToPg *t, const SchemaTable *table, SchemaColumn *column, const ToPgColumn *known)
{
	if (known->is != PG_CLASS_WHOLE || !column->not_null)
	{
		to_pg_tell(t, "AUTO_INCREMENT", table, column->name,
				   "only whole numbers are counted at PostgreSQL", NULL);
		return;
	}
	column->identity = SCHEMA_IDENTITY_BY_DEFAULT;
	column->default_value = column->default_literal = NULL;
	column->default_kind = SCHEMA_DEFAULT_NONE;
	add_sequence(t, table, column);
}

/* ---- generated columns ---- */

/* What the source computes is copied where PostgreSQL is not known to compute the same. */
static void
translate_generated(ToPg *t, const SchemaTable *table, SchemaColumn *column,
					const ToPgColumn *known)
{
	static const int since = 120000;
	PgExpression made = {PG_CLASS_NONE, NULL};

	if (to_pg_since(t, since))
		made = to_pg_expression(t, table, column->expression, false);
	if (made.sql != NULL && made.is == PG_CLASS_BOOL && known->is == PG_CLASS_WHOLE)
	{
		made.sql = to_pg_text(t, "(%s)::integer", made.sql);
		made.is = PG_CLASS_WHOLE;
	}
	if (made.sql != NULL && fits_default(made.is, known->is) && made.is != PG_CLASS_NULL)
	{
		column->generated = SCHEMA_GENERATED_STORED;
		column->expression = made.sql;
		return;
	}
	to_pg_tell(t, "generated column", table, column->name,
			   "its values are copied, as nothing is known to compute the same at PostgreSQL",
			   column->expression);
	column->generated = SCHEMA_NOT_GENERATED;
	column->expression = NULL;
}

/* ---- all of it ---- */

void
to_pg_columns(ToPg *t, SchemaTable *table)
{
	if (!make_check_room(t, table))
		return;
	translate_checks(t, table);
	for (size_t i = 0; i < table->column_count; i++)
	{
		SchemaColumn *column = &table->columns[i];
		const ToPgColumn *known = known_of(t, table, column);
		const char *source_type = column->type;

		column->type = column->type_schema;
		column->type_schema = "pg_catalog";
		column->collation = NULL;
		if (column->generated != SCHEMA_NOT_GENERATED)
			translate_generated(t, table, column, known);
		else
			translate_default(t, table, column, known);
		if (column->auto_increment)
			make_identity(t, table, column, known);
		check_labels(t, table, column, source_type);
	}
}
