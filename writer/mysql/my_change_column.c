/*
 * my_change_column.c - the columns of a table that stays: renamed, dropped, added, made otherwise
 * (my_change.h).
 *
 * Columns are held against each other as they are written in CREATE TABLE.  Rows that are there get
 * the values they got at the source (SchemaFill), where the target can be told them.
 */
#include <stdlib.h>
#include <string.h>

#include "my_change.h"
#include "my_native.h"

/* A column as it was and is. */
typedef struct Columns
{
	const TablePair *pair;
	const SchemaColumn *old, *new;
	const MyColumnDesign *was, *is;
} Columns;

/* One column's text, of the design of before or after. */
typedef struct Written
{
	const MyDesign *design;
	const SchemaTable *table;
	const SchemaColumn *column;
	bool numbered; /* with AUTO_INCREMENT */
} Written;

static const SchemaColumn *
column_at(const SchemaTable *table, int64_t position)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (table->columns[i].position == position)
			return &table->columns[i];
	}
	return NULL;
}

static Columns
columns_of(const MyChange *change, const TablePair *pair, const SchemaColumn *new)
{
	Columns columns = {.pair = pair, .old = column_at(pair->old, new->position), .new = new};

	columns.is = my_design_column(&change->new, pair->new, new->name);
	if (columns.old != NULL)
		columns.was = my_design_column(&change->old, pair->old, columns.old->name);
	return columns;
}

static bool
write_column(const void *what, FILE *out)
{
	const Written *written = what;
	const MyDdl my = {.design = written->design, .unnumbered = !written->numbered};

	my_write_column(&my, written->table, written->column, out);
	return true;
}

static char *
column_text(MyChange *change, const MyDesign *design, const SchemaTable *table,
			const SchemaColumn *column, bool numbered)
{
	return my_change_text(change, write_column, &(Written){design, table, column, numbered});
}

/* What a column's text says behind its name. */
static const char *
behind_name(const char *text)
{
	for (text++; *text != '\0'; text++)
	{
		if (*text == '`' && *++text != '`')
			break;
	}
	return text;
}

/* ---- asking and altering ---- */

static FILE *
ask(MyChange *change, const SchemaTable *table, const SchemaColumn *column)
{
	FILE *out = ddl_ask(&change->ddl, table->schema, table->name);

	my_change_put(out, "SELECT EXISTS (SELECT 1 " MY_COLUMN, my_change_database(change, table),
				  table->name, column->name);
	return out;
}

static FILE *
alter(MyChange *change, const SchemaTable *table)
{
	FILE *out = ddl_do(&change->ddl, "column", table->schema, table->name);

	my_change_put(out, "ALTER TABLE %T ", my_change_database(change, table), table->name);
	return out;
}

static void
put_rows_condition(MyChange *change, const SchemaTable *table)
{
	my_change_put(change->ddl.script.out, " AND EXISTS (SELECT 1 FROM %T)",
				  my_change_database(change, table), table->name);
}

/* ---- names, going ---- */

static void
rename_columns(MyChange *change, const TablePair *pair)
{
	const SchemaTable *table = pair->new;

	for (size_t i = 0; i < table->column_count; i++)
	{
		const Columns columns = columns_of(change, pair, &table->columns[i]);

		if (columns.old == NULL || columns.was->left_out || columns.is->left_out ||
			strcmp(columns.old->name, columns.new->name) == 0)
			continue;
		my_change_put(ask(change, table, columns.old), ") AND NOT EXISTS (SELECT 1 " MY_COLUMN ")",
					  my_change_database(change, table), table->name, columns.new->name);
		my_change_put(alter(change, table), "RENAME COLUMN %I TO %I", columns.old->name,
					  columns.new->name);
	}
}

static void
drop_columns(MyChange *change, const TablePair *pair)
{
	for (size_t i = 0; i < pair->old->column_count; i++)
	{
		const SchemaColumn *old = &pair->old->columns[i];

		if (column_at(pair->new, old->position) != NULL)
			continue;
		(void) fputc(')', ask(change, pair->new, old));
		my_change_put(alter(change, pair->new), "DROP COLUMN %I", old->name);
	}
}

/* ---- types ---- */

/*
 * Whether each value of the one is a value of the other, and the server makes it so.  What MySQL or
 * MariaDB made of them at the source, they make of them here.
 */
static bool
converts(const MyChange *change, const MyColumnDesign *was, const MyColumnDesign *is)
{
	const ColumnType *a = &was->choice.type, *b = &is->choice.type;
	bool whole_a = a->kind >= KIND_TINYINT && a->kind <= KIND_BIGINT;
	bool whole_b = b->kind >= KIND_TINYINT && b->kind <= KIND_BIGINT;
	bool text_b = column_kind_is_text(b->kind);

	if (my_native(&change->new))
		return true;
	if (was->choice.form != is->choice.form && !(whole_a && text_b))
		return false;
	if (whole_a)
		return (whole_b && a->is_unsigned == b->is_unsigned && b->kind >= a->kind) ||
			   b->kind == KIND_DECIMAL || (text_b && a->kind != KIND_TINYINT);
	if (column_kind_is_text(a->kind))
		return text_b;
	return a->kind == b->kind || (a->kind == KIND_ENUM && text_b) ||
		   (column_kind_is_bytes(a->kind) && column_kind_is_bytes(b->kind)) ||
		   (a->kind == KIND_FLOAT && b->kind == KIND_DOUBLE);
}

/* The value of a label that took another's place; NULL when it did not. */
static const char *
renamed_label(const SchemaType *old, const SchemaType *new, size_t i)
{
	const char *label = new->labels[i];

	if (old->label_count != new->label_count || strcmp(old->labels[i], label) == 0)
		return NULL;
	for (size_t k = 0; k < new->label_count; k++)
	{
		if (strcmp(old->labels[k], label) == 0 || strcmp(new->labels[k], old->labels[i]) == 0)
			return NULL;
	}
	return old->labels[i];
}

/* Both the old and the new labels, so that rows can go from one to the other. */
static void
put_both_labels(MyChange *change, const Columns *columns)
{
	const SchemaType *lists[] = {columns->was->labels, columns->is->labels};
	const char *separator = "";
	FILE *out = alter(change, columns->pair->new);

	my_change_put(out, "MODIFY COLUMN %I ENUM(", columns->new->name);
	for (size_t list = 0; list < 2; list++)
	{
		for (size_t i = 0; i < lists[list]->label_count; i++)
		{
			if (list == 1 && renamed_label(lists[0], lists[1], i) == NULL)
				continue;
			my_change_put(out, "%s%L", separator, lists[list]->labels[i]);
			separator = ", ";
		}
	}
	(void) fputc(')', out);
}

static void
rename_labels(MyChange *change, const Columns *columns)
{
	const SchemaType *old = columns->was->labels, *new = columns->is->labels;
	const SchemaTable *table = columns->pair->new;
	bool began = columns->is->choice.type.kind != KIND_ENUM;

	if (old == NULL || new == NULL)
		return;
	for (size_t i = 0; i < new->label_count; i++)
	{
		const char *label = renamed_label(old, new, i);

		if (label == NULL)
			continue;
		if (!began)
			put_both_labels(change, columns);
		began = true;
		my_change_put(ddl_do(&change->ddl, "rows of", table->schema, table->name),
					  "UPDATE %T SET %I = %L WHERE %I = %L", my_change_database(change, table),
					  table->name, columns->new->name, new->labels[i], columns->new->name, label);
	}
}

/* ---- made otherwise ---- */

static bool
write_type(const void *what, FILE *out)
{
	const Written *written = what;

	my_write_type(written->design, written->table, written->column, out);
	return true;
}

static bool
same_type(MyChange *change, const Columns *columns)
{
	char *old = my_change_text(change, write_type,
							   &(Written){&change->old, columns->pair->old, columns->old, false});
	char *new = my_change_text(change, write_type,
							   &(Written){&change->new, columns->pair->new, columns->new, false});
	bool same = strcmp(old, new) == 0;

	free(old);
	free(new);
	return same;
}

static bool
write_default(const void *what, FILE *out)
{
	const Written *written = what;

	return my_write_default(written->design, written->table, written->column, out);
}

static void
put_exact_type(MyChange *change, const Columns *columns)
{
	FILE *out = change->ddl.script.out;
	const ColumnType *type = &columns->is->choice.type;
	bool text = column_kind_is_text(type->kind) || column_kind_is_bytes(type->kind);
	char name[COLUMN_TYPE_SIZE], *labels;

	if (columns->is->own_type != NULL && (type->kind == KIND_ENUM || type->kind == KIND_SET))
	{
		my_change_put(out, "COLUMN_TYPE <> %L", columns->is->own_type);
		return;
	}
	if (type->kind == KIND_ENUM)
	{
		labels = my_change_text(change, write_type,
								&(Written){&change->new, columns->pair->new, columns->new, false});
		my_change_put(out, "COLUMN_TYPE <> %L", labels);
		free(labels);
		return;
	}
	column_type_write(&(ColumnType){type->kind, false, -1, -1}, name);
	my_change_put(out, "DATA_TYPE NOT IN (%L, %L)", name,
				  type->kind == KIND_JSON ? "longtext" : name);
	if (type->length < 0)
		return;
	if (text)
		(void) fprintf(out, " OR CHARACTER_MAXIMUM_LENGTH <> %d", type->length);
	else if (type->kind == KIND_DECIMAL)
		(void) fprintf(out, " OR NUMERIC_PRECISION <> %d OR NUMERIC_SCALE <> %d", type->length,
					   type->scale > 0 ? type->scale : 0);
	else if (type->kind == KIND_DATETIME || type->kind == KIND_TIME)
		(void) fprintf(out, " OR DATETIME_PRECISION <> %d", type->length);
}

/* The servers write defaults in ways of their own: of expressions only that there is one is asked. */
static void
put_exact_default(MyChange *change, const Columns *columns)
{
	FILE *out = change->ddl.script.out;
	char *value = my_change_text(change, write_default,
								 &(Written){&change->new, columns->pair->new, columns->new, false});

	if (*value == '\0')
		(void) fputs(" OR IFNULL(COLUMN_DEFAULT, 'NULL') <> 'NULL'", out);
	else
		(void) fputs(" OR COLUMN_DEFAULT IS NULL", out);
	if (*value == '\'')
		my_change_put(out, " OR %L NOT IN (COLUMN_DEFAULT, QUOTE(COLUMN_DEFAULT))", value);
	else if (strchr("+-0123456789", *value) != NULL && *value != '\0' &&
			 strncmp(value, "0x", 2) != 0)
		my_change_put(out, " OR COLUMN_DEFAULT + 0 <> %s", value);
	free(value);
}

/* Whether the column is not as it should be, as far as the catalog tells. */
static void
put_exact(MyChange *change, const Columns *columns)
{
	FILE *out = change->ddl.script.out;
	(void) fputs(" AND (", out);
	put_exact_type(change, columns);
	(void) fprintf(out, " OR IS_NULLABLE = '%s'", columns->is->not_null ? "YES" : "NO");
	if (columns->old != NULL && !ddl_same(columns->old->comment, columns->new->comment))
		my_change_put(out, " OR COLUMN_COMMENT <> %L",
					  columns->new->comment != NULL ? columns->new->comment : "");
	if (columns->is->computed == NULL)
		put_exact_default(change, columns);
	(void) fputc(')', out);
}

/* ---- coming ---- */

/* Whether there is a default that cannot be written there. */
static bool
default_is_lost(MyChange *change, const SchemaTable *table, const SchemaColumn *column)
{
	char *text;
	bool lost;

	if (column->default_value == NULL ||
		my_design_column(&change->new, table, column->name)->automatic)
		return false;
	text = my_change_text(change, write_default, &(Written){&change->new, table, column, false});
	lost = *text == '\0';
	free(text);
	return lost;
}

/*
 * What old rows get is a constant: it is the default for the moment the column is added.  What the
 * default is from then on is a part of its own, so that a crash in between loses neither.
 */
static void
add_filled(MyChange *change, const Columns *columns, const char *text, const SchemaFill *fill)
{
	const SchemaTable *table = columns->pair->new;
	SchemaColumn first = *columns->new;
	char *filled;

	first.default_kind = SCHEMA_DEFAULT_LITERAL;
	first.default_value = first.default_literal = fill->text;
	filled = column_text(change, &change->new, table, &first, false);
	if (default_is_lost(change, table, &first))
		ddl_part(&change->ddl)->unknown = "its value cannot be written there";
	my_change_put(alter(change, table), "ADD COLUMN %s", filled);
	(void) ask(change, table, columns->new);
	if (change->exact)
		put_exact(change, columns);
	(void) fputc(')', change->ddl.script.out);
	my_change_put(alter(change, table), "MODIFY COLUMN %s", text);
	free(filled);
}

static void
set_default(MyChange *change, const Columns *columns, const char *value)
{
	my_change_put(alter(change, columns->pair->new), "ALTER COLUMN %I SET DEFAULT %s",
				  columns->new->name, value);
}

static bool
write_undefaulted(const void *what, FILE *out)
{
	const Written *written = what;
	const MyDdl my = {.design = written->design, .unnumbered = true, .undefaulted = true};

	my_write_column(&my, written->table, written->column, out);
	return true;
}

/* The default comes behind the column, and once more when a crash came in between. */
static void
add_drawn(MyChange *change, const Columns *columns)
{
	const SchemaTable *table = columns->pair->new;
	char *text = my_change_text(change, write_undefaulted,
								&(Written){&change->new, table, columns->new, false});

	my_change_put(alter(change, table), "ADD COLUMN %s", text);
	set_default(change, columns, MY_DEFAULT_UUID);
	my_change_put(ask(change, table, columns->new),
				  " AND IFNULL(COLUMN_DEFAULT, 'NULL') = 'NULL')");
	set_default(change, columns, MY_DEFAULT_UUID);
	free(text);
}

static bool
is_drawn(MyChange *change, const Columns *columns)
{
	char *value = my_change_text(change, write_default,
								 &(Written){&change->new, columns->pair->new, columns->new, false});
	bool drawn = strcmp(value, MY_DEFAULT_UUID) == 0;

	free(value);
	return drawn;
}

/* The index by which a column that numbers rows is found, which must come with it. */
static void
put_number_key(MyChange *change, const SchemaTable *table, const SchemaColumn *column)
{
	const MyDdl my = {.design = &change->new};

	for (size_t i = 0; i < table->index_count; i++)
	{
		const SchemaIndex *index = &table->indexes[i];

		if (index->columns[0].name == NULL || strcmp(index->columns[0].name, column->name) != 0)
			continue;
		(void) fputs(", ADD ", change->ddl.script.out);
		my_write_index(&my, table, index, change->ddl.script.out);
		return;
	}
}

/* With rows somebody has to give them the source's values; a source of MySQL does not say whether it has any. */
static void
tell_unknown(MyChange *change, const Columns *columns, const char *why)
{
	const SchemaTable *table = columns->pair->new;
	char *text = column_text(change, &change->new, table, columns->new, true);

	my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
				  "SELECT EXISTS (SELECT 1 " MY_TABLE ") AND NOT EXISTS (SELECT 1 " MY_COLUMN ")",
				  my_change_database(change, table), table->name, my_change_database(change, table),
				  table->name, columns->new->name);
	put_rows_condition(change, table);
	ddl_part(&change->ddl)->unknown = why;
	my_change_put(alter(change, table), "ADD COLUMN %s", text);
	if (columns->is->automatic)
		put_number_key(change, table, columns->new);
	free(text);
}

static void
add_column(MyChange *change, const Columns *columns)
{
	const SchemaTable *table = columns->pair->new;
	const SchemaFill *fill =
		schema_change_fill(change->ddl.change, table->id, columns->new->position);
	const bool unknown = fill != NULL && fill->kind == SCHEMA_FILL_UNKNOWN;
	char *text;

	if (columns->is->left_out)
		return;
	if (unknown && my_native(&change->new))
		tell_unknown(change, columns, fill->text);
	text = column_text(change, &change->new, table, columns->new, false);
	my_change_put(ddl_ask(&change->ddl, table->schema, table->name),
				  "SELECT EXISTS (SELECT 1 " MY_TABLE ") AND NOT EXISTS (SELECT 1 " MY_COLUMN ")",
				  my_change_database(change, table), table->name, my_change_database(change, table),
				  table->name, columns->new->name);
	if (unknown && !my_native(&change->new))
		ddl_part(&change->ddl)->unknown = fill->text;
	else if (columns->old != NULL)
		ddl_part(&change->ddl)->unknown = "what computed it was not carried";
	if (fill != NULL && fill->kind == SCHEMA_FILL_CONSTANT && fill->text != NULL &&
		!ddl_same(fill->text, columns->new->default_literal))
		add_filled(change, columns, text, fill);
	else if (is_drawn(change, columns))
		add_drawn(change, columns);
	else
	{
		if (fill == NULL && default_is_lost(change, table, columns->new))
			ddl_part(&change->ddl)->unknown = "its default cannot be written there";
		my_change_put(alter(change, table), "ADD COLUMN %s", text);
	}
	free(text);
}

/* ---- changed ---- */

/* MariaDB's JSON is text with a check that has the column's name. */
static void
put_json_type(MyChange *change, const Columns *columns)
{
	FILE *out = change->ddl.script.out;
	const SchemaTable *table = columns->pair->new;
	ColumnKind was = columns->was->choice.type.kind, is = columns->is->choice.type.kind;

	if (change->new.target.flavour != FLAVOUR_MARIADB)
		(void) fputs(is == KIND_JSON ? " OR DATA_TYPE <> 'json'" : "", out);
	else if ((was == KIND_JSON) != (is == KIND_JSON))
		my_change_put(out,
					  " OR %sEXISTS (SELECT 1 FROM information_schema.CHECK_CONSTRAINTS"
					  " WHERE CONSTRAINT_SCHEMA = %L AND TABLE_NAME = %L AND CONSTRAINT_NAME = %L"
					  " AND CHECK_CLAUSE LIKE 'json_valid(%%')",
					  is == KIND_JSON ? "NOT " : "", my_change_database(change, table), table->name,
					  columns->new->name);
}

/* What put_exact_type() does not look at, where it tells the type that was from the one that is. */
static void
put_finer_type(MyChange *change, const Columns *columns)
{
	FILE *out = change->ddl.script.out;
	const TypeChoice *was = &columns->was->choice, *is = &columns->is->choice;
	bool was_text = column_kind_is_text(was->type.kind),
		 is_text = column_kind_is_text(is->type.kind);

	if (was->type.is_unsigned != is->type.is_unsigned)
		(void) fprintf(out, " OR COLUMN_TYPE %s '%%unsigned%%'",
					   is->type.is_unsigned ? "NOT LIKE" : "LIKE");
	if (is->type.kind == KIND_BIT && is->type.length >= 0)
		(void) fprintf(out, " OR NUMERIC_PRECISION <> %d", is->type.length);
	if (was_text && is_text && !ddl_same(was->collation, is->collation))
		my_change_put(
			out, is->collation != NULL ? " OR COLLATION_NAME <> %L" : " OR COLLATION_NAME = %L",
			is->collation != NULL ? is->collation : was->collation);
	put_json_type(change, columns);
}

static const char *
why_unknown(const SchemaFill *fill)
{
	if (fill == NULL)
		return "the server would convert them otherwise";
	return fill->kind == SCHEMA_FILL_UNKNOWN ? fill->text
											 : "only the source can tell what its USING makes";
}

/*
 * Rows get the values that the source made later: until then anything will do.  JSON takes no text
 * that is none even so.
 */
static void
tell_values(MyChange *change, const Columns *columns, const char *text, const SchemaFill *fill)
{
	const SchemaTable *table = columns->pair->new;

	(void) ask(change, table, columns->new);
	(void) fputs(" AND (", change->ddl.script.out);
	put_exact_type(change, columns);
	put_finer_type(change, columns);
	(void) fputs("))", change->ddl.script.out);
	put_rows_condition(change, table);
	ddl_part(&change->ddl)->unknown = why_unknown(fill);
	if (columns->is->choice.type.kind == KIND_JSON)
		my_change_put(ddl_do(&change->ddl, "rows of", table->schema, table->name),
					  "UPDATE %T SET %I = %s", my_change_database(change, table), table->name,
					  columns->new->name, columns->was->not_null ? "'null'" : "NULL");
	else
		(void) fputs("SET SESSION sql_mode = ''",
					 ddl_do(&change->ddl, "column", table->schema, table->name));
	my_change_put(alter(change, table), "MODIFY COLUMN %s", text);
}

/* The same type, so nothing shows whether rows have the source's values. */
static void
tell_computed(MyChange *change, const Columns *columns)
{
	(void) ask(change, columns->pair->new, columns->new);
	(void) fputc(')', change->ddl.script.out);
	put_rows_condition(change, columns->pair->new);
	ddl_part(&change->ddl)->by_hand = ddl_unknown_values;
}

static void
change_column(MyChange *change, const Columns *columns)
{
	const SchemaTable *table = columns->pair->new;
	const SchemaFill *fill =
		schema_change_fill(change->ddl.change, table->id, columns->new->position);
	char *old = column_text(change, &change->old, columns->pair->old, columns->old, false);
	char *new = column_text(change, &change->new, table, columns->new, false);

	if (ddl_is_computed(fill) && same_type(change, columns))
		tell_computed(change, columns);
	if (strcmp(behind_name(old), behind_name(new)) != 0)
	{
		bool told = !same_type(change, columns) &&
					(fill != NULL || !converts(change, columns->was, columns->is));

		if (told)
			tell_values(change, columns, new, fill);
		(void) ask(change, table, columns->new);
		if (change->exact)
			put_exact(change, columns);
		(void) fputc(')', change->ddl.script.out);
		if (!told)
			rename_labels(change, columns);
		my_change_put(alter(change, table), "MODIFY COLUMN %s%s", new,
					  columns->is->automatic && columns->was->automatic ? " AUTO_INCREMENT" : "");
	}
	free(old);
	free(new);
}

void
my_change_columns(MyChange *change, const TablePair *pair)
{
	rename_columns(change, pair);
	drop_columns(change, pair);
	for (size_t i = 0; i < pair->new->column_count; i++)
	{
		const Columns columns = columns_of(change, pair, &pair->new->columns[i]);

		if (columns.old == NULL || (columns.was->left_out && !columns.is->left_out))
			add_column(change, &columns);
		else if (!columns.is->left_out)
			change_column(change, &columns);
	}
}

/* ---- AUTO_INCREMENT ---- */

/* Under its old name: it goes before anything else does. */
void
my_change_unnumber(MyChange *change, const TablePair *pair)
{
	for (size_t i = 0; i < pair->new->column_count; i++)
	{
		const Columns columns = columns_of(change, pair, &pair->new->columns[i]);
		char *text;

		if (columns.old == NULL || !columns.was->automatic || columns.is->automatic)
			continue;
		my_change_put(ask(change, pair->old, columns.old), " AND EXTRA LIKE '%%auto_increment%%')");
		text = column_text(change, &change->old, pair->old, columns.old, false);
		my_change_put(alter(change, pair->old), "MODIFY COLUMN %s", text);
		free(text);
	}
}

void
my_change_number(MyChange *change, const TablePair *pair)
{
	for (size_t i = 0; i < pair->new->column_count; i++)
	{
		const Columns columns = columns_of(change, pair, &pair->new->columns[i]);
		char *text;

		if (!columns.is->automatic || (columns.old != NULL && columns.was->automatic))
			continue;
		my_change_put(ask(change, pair->new, columns.new),
					  " AND EXTRA NOT LIKE '%%auto_increment%%')");
		text = column_text(change, &change->new, pair->new, columns.new, true);
		my_change_put(alter(change, pair->new), "MODIFY COLUMN %s", text);
		free(text);
	}
}
