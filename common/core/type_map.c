/*
 * type_map.c - choosing a column type by the table and by rules (type_map.h).
 */
#include "type_map.h"

#include <stdio.h>
#include <string.h>

#define UTF8_BYTES	   4
#define DECIMAL_DIGITS 65
#define DECIMAL_SCALE  30

/* What another type may be chosen for with LOSS_TEXT. */
#define LOSES_VALUES (LOSES_NAN | LOSES_INFINITY | LOSES_RANGE | LOSES_DIGITS)

const char *const flavour_names[FLAVOURS] = {
	[FLAVOUR_POSTGRESQL] = "PostgreSQL",
	[FLAVOUR_MYSQL] = "MySQL",
	[FLAVOUR_MARIADB] = "MariaDB",
};

/* ---- rows ---- */

static bool
row_fits(const TypeRow *row, const TargetKind *target, const TypeColumn *column,
		 const SqlType *type)
{
	int length = type->modifier[0];
	int scale = type->modifiers > 1 ? type->modifier[1] : 0;

	if ((row->flavours & 1U << target->flavour) == 0 || target->version < row->since)
		return false;
	switch (row->needs)
	{
		case NEEDS_LENGTH: return type->modifiers > 0 && length <= row->limit;
		case NEEDS_DECIMAL:
			return type->modifiers > 0 && length <= DECIMAL_DIGITS && scale >= 0 &&
				   scale <= DECIMAL_SCALE && scale <= length;
		case NEEDS_MODIFIER: return type->modifiers > 0;
		case NEEDS_LABELS: return column->labels_fit;
		default: return true;
	}
}

static const TypeRow *
find_row(const char *source, const TargetKind *target, const TypeColumn *column,
		 const SqlType *type)
{
	for (size_t i = 0; source != NULL && i < type_row_count; i++)
	{
		if (strcmp(type_rows[i].source, source) == 0 &&
			row_fits(&type_rows[i], target, column, type))
			return &type_rows[i];
	}
	return NULL;
}

/* An extension's type by its name behind the schema: "*.name". */
static const TypeRow *
find_foreign(const TargetKind *target, const TypeColumn *column, const SqlType *type)
{
	const char *dot = strrchr(type->name, '.');
	char name[SQL_TYPE_SIZE + 2];

	if (dot == NULL)
		return NULL;
	(void) snprintf(name, sizeof(name), "*%s", dot);
	return find_row(name, target, column, type);
}

static const TypeRow *
choose_row(const TargetKind *target, const TypeColumn *column, bool *known)
{
	const TypeRow *row = NULL;
	SqlType type;

	sql_type_read(column->type != NULL ? column->type : column->type_name, &type);
	if (column->canon == CANON_OTHER)
		row = find_foreign(target, column, &type);
	else if (column->canon != CANON_ARRAY && !type.qualified)
		row = find_row(type.name, target, column, &type);
	if (row == NULL)
		row = find_row(canon_name(column->canon), target, column, &type);
	*known = row != NULL || target->flavour == FLAVOUR_POSTGRESQL;
	return row != NULL ? row : find_row("*", target, column, &type);
}

static int
length_of(int length, const SqlType *type, int modifier)
{
	if (length != LENGTH_SOURCE)
		return length;
	return modifier < type->modifiers ? type->modifier[modifier] : 0;
}

static void
use_row(const TypeRow *row, const TypeColumn *column, TypeChoice *choice)
{
	SqlType type;

	sql_type_read(column->type != NULL ? column->type : column->type_name, &type);
	choice->type = (ColumnType){.kind = row->kind,
								.is_unsigned = row->is_unsigned,
								.length = length_of(row->length, &type, 0),
								.scale = length_of(row->scale, &type, 1)};
	choice->collation = row->collation;
	choice->form = row->form;
	choice->loses = row->loses;
}

/* ---- keys ---- */

static bool
is_ascii(const TypeChoice *choice)
{
	return choice->collation != NULL && strncmp(choice->collation, "ascii", 5) == 0;
}

/* As long as the key allows; what is longer is refused row by row. */
static void
fit_key(const TypeRow *row, const TypeColumn *column, TypeChoice *choice)
{
	ColumnType *type = &choice->type;
	int unit = column_kind_is_bytes(row->keyed) || is_ascii(choice) ? 1 : UTF8_BYTES;

	if (column->key_bytes <= 0)
		return;
	if (!column_kind_can_be_key(type->kind) && row->keyed != KIND_NONE)
	{
		*type = (ColumnType){row->keyed, false, column->key_bytes / unit, -1};
		choice->form = choice->form == FORM_JSON ? FORM_PRINTED : choice->form;
		choice->loses = LOSES_LENGTH;
	}
	else if ((type->kind == KIND_VARCHAR || type->kind == KIND_CHAR) &&
			 type->length * (is_ascii(choice) ? 1 : UTF8_BYTES) > column->key_bytes)
	{
		type->length = column->key_bytes / (is_ascii(choice) ? 1 : UTF8_BYTES);
		choice->loses |= LOSES_LENGTH;
	}
}

/* ---- what was said ---- */

/* Of which only one kind of target knows, and since when. */
static const struct
{
	ColumnKind kind;
	TargetFlavour flavour;
	int since;
} flavoured[] = {
	{KIND_UUID, FLAVOUR_MARIADB, 100700},  {KIND_INET4, FLAVOUR_MARIADB, 101000},
	{KIND_INET6, FLAVOUR_MARIADB, 100500}, {KIND_VECTOR, FLAVOUR_MARIADB, 110700},
	{KIND_VECTOR, FLAVOUR_MYSQL, 90000},
};

bool
type_map_target_has(const TargetKind *target, ColumnKind kind)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(flavoured) / sizeof(flavoured[0]); i++)
	{
		if (flavoured[i].kind != kind)
			continue;
		found = true;
		if (flavoured[i].flavour == target->flavour && target->version >= flavoured[i].since)
			return true;
	}
	return !found;
}

static const char *
text_or(const char *text, const char *other)
{
	return text != NULL ? text : other;
}

static bool
fail_said(const TypeColumn *column, const ColumnType *type, const char *why, SluiceError *err)
{
	char text[COLUMN_TYPE_SIZE];

	column_type_write(type, text);
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "column %s.%s.%s should be %s by --types: %s",
					   text_or(column->schema, ""), text_or(column->table, ""),
					   text_or(column->name, ""), text, why);
	return sluice_hint(err, "docs/mysql-types.md says which types there are");
}

static bool
use_said(const TargetKind *target, const TypeColumn *column, const ColumnType *type,
		 TypeChoice *choice, SluiceError *err)
{
	if (!type_map_target_has(target, type->kind))
		return fail_said(column, type, "this target does not have that type", err);
	if (type->kind == KIND_SET || (type->kind == KIND_ENUM && column->canon != CANON_ENUM))
		return fail_said(column, type, "its labels are not known", err);
	if (column->key_bytes > 0 && (!column_kind_can_be_key(type->kind) ||
								  column_type_key_bytes(type, false) > column->key_bytes))
		return fail_said(column, type, "it is part of a key, which it does not fit in", err);
	if ((type->kind == KIND_VARCHAR || type->kind == KIND_VARBINARY) && type->length < 0)
		return fail_said(column, type, "it needs a length", err);
	choice->type = *type;
	choice->form =
		column_kind_is_text(type->kind) && choice->form != FORM_ISO ? FORM_PRINTED : choice->form;
	choice->collation = NULL;
	choice->by_rule = true;
	return true;
}

/* ---- all of it ---- */

/* What auto comes to. */
static LossPolicy
settle_policy(LossPolicy said, const TypeRow *row, const TypeColumn *column)
{
	if (said != LOSS_AUTO)
		return said;
	return (row->loses & column->found & LOSES_VALUES) != 0 ? LOSS_TEXT : LOSS_ERROR;
}

static const TypeRow as_text = {
	.kind = KIND_LONGTEXT, .length = -1, .scale = -1, .keyed = KIND_VARCHAR, .form = FORM_PRINTED};

bool
type_map_choose(const TargetKind *target, const TypeRules *rules, const TypeColumn *column,
				TypeChoice *choice, SluiceError *err)
{
	const TypeSaid said = type_rules_said(rules, column);
	const TypeRow *row = choose_row(target, column, &choice->known);

	*choice =
		(TypeChoice){.policy = settle_policy(said.policy, row, column), .known = choice->known};
	use_row(row, column, choice);
	if (target->flavour == FLAVOUR_POSTGRESQL)
		return true;
	if (said.type != NULL)
		return use_said(target, column, said.type, choice, err);
	if (choice->policy == LOSS_TEXT && (row->loses & LOSES_VALUES) != 0)
	{
		row = &as_text;
		use_row(row, column, choice);
		choice->by_rule = true;
	}
	fit_key(row, column, choice);
	return true;
}

/* ---- types of MySQL and MariaDB at MySQL and MariaDB ---- */

static const NativeRow *
native_row(ColumnKind kind)
{
	for (size_t i = 0; i < native_row_count; i++)
	{
		if (native_rows[i].kind == kind)
			return &native_rows[i];
	}
	return NULL;
}

bool
type_map_choose_native(const TargetKind *target, const TypeRules *rules, const TypeColumn *column,
					   const ColumnType *own, TypeChoice *choice, SluiceError *err)
{
	const TypeSaid said = type_rules_said(rules, column);
	const NativeRow *row = NULL;

	*choice = (TypeChoice){
		.type = *own, .policy = type_rules_policy(rules, column), .known = own->kind != KIND_NONE};
	/* Labels cannot be said: those of the source are meant. */
	if (said.type != NULL &&
		(said.type->kind != own->kind || (own->kind != KIND_ENUM && own->kind != KIND_SET)))
		return use_said(target, column, said.type, choice, err);
	if (!type_map_target_has(target, own->kind) || own->kind == KIND_NONE)
		row = native_row(own->kind);
	if (row == NULL)
		return true;
	choice->type = row->becomes;
	choice->collation = row->collation;
	choice->form = row->form;
	return true;
}

void
type_loses_write(unsigned loses, char text[LOSES_SIZE])
{
	static const char *const words[LOSES_BITS] = {
		"NaN",			 "infinity",	  "values beyond its range",   "digits beyond its own",
		"longer values", "the time zone", "lower bounds other than 1", "blanks and order",
	};
	size_t length = 0;

	text[0] = '\0';
	for (int i = 0; i < LOSES_BITS; i++)
	{
		if ((loses & 1U << i) != 0 && length < LOSES_SIZE)
			length += (size_t) snprintf(text + length, LOSES_SIZE - length, "%s%s",
										length > 0 ? ", " : "", words[i]);
	}
}
