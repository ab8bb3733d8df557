/*
 * my_design_expression.c - expressions of a document's tables as the target understands them
 * (my_design.h).
 */
#include <string.h>

#include "my_native.h"

typedef struct Scope
{
	const MyDesign *design;
	const SchemaTable *table;
	bool check;
} Scope;

/* Whether a foreign key of the table may change the column. */
static bool
is_acted_on(const SchemaTable *table, const char *name)
{
	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		const SchemaForeignKey *key = &table->foreign_keys[i];

		if (key->on_delete != SCHEMA_SET_NULL && key->on_update != SCHEMA_SET_NULL &&
			key->on_update != SCHEMA_CASCADE)
			continue;
		for (size_t k = 0; k < key->column_count; k++)
		{
			if (strcmp(key->columns[k], name) == 0)
				return true;
		}
	}
	return false;
}

static MyClass
class_of(const SchemaColumn *column, const MyColumnDesign *made)
{
	ColumnKind kind = made->choice.type.kind;

	switch (column->canon)
	{
		case CANON_BOOL: return kind == KIND_TINYINT ? CLASS_BOOL : CLASS_NONE;
		case CANON_INT16:
		case CANON_INT32:
		case CANON_INT64:
		case CANON_FLOAT32:
		case CANON_FLOAT64:
		case CANON_DECIMAL:
			return kind >= KIND_TINYINT && kind <= KIND_DECIMAL ? CLASS_NUMBER : CLASS_NONE;
		case CANON_TEXT: return column_kind_is_text(kind) ? CLASS_TEXT : CLASS_NONE;
		case CANON_ENUM: return CLASS_LABEL;
		case CANON_DATE:
		case CANON_TIMESTAMP:
			return kind == KIND_DATE || kind == KIND_DATETIME ? CLASS_TIME : CLASS_NONE;
		default: return CLASS_NONE;
	}
}

/* AUTO_INCREMENT columns and those that are not there cannot be used. */
static bool
class_of_name(const void *context, const char *name, MyClass *value)
{
	const Scope *scope = context;
	const SchemaColumn *column = schema_table_column(scope->table, name);
	const MyColumnDesign *made = my_design_column(scope->design, scope->table, name);

	if (made == NULL || made->automatic || column->generated != SCHEMA_NOT_GENERATED ||
		(scope->check && is_acted_on(scope->table, name)))
		return false;
	*value = class_of(column, made);
	return true;
}

/* MySQL's checks are not of columns that number rows or that a foreign key may change. */
static bool
forbids(const void *context, const char *name)
{
	const Scope *scope = context;
	const MyColumnDesign *made = my_design_column(scope->design, scope->table, name);

	return made == NULL || made->left_out ||
		   (scope->check && scope->design->target.flavour == FLAVOUR_MYSQL &&
			(made->automatic || is_acted_on(scope->table, name)));
}

static bool
write_in(const Scope *scope, const char *expression, const char *value, FILE *out)
{
	const MyNames names = {class_of_name, scope, value};
	MyClass result;

	if (my_native(scope->design))
		return my_native_expression(scope->design, expression, forbids, scope, out);
	return my_expression_write(expression, &names, out, &result);
}

bool
my_design_expression(const MyDesign *design, const SchemaTable *table, const char *expression,
					 const char *value, FILE *out)
{
	return write_in(&(Scope){design, table, false}, expression, value, out);
}

bool
my_design_check(const MyDesign *design, const SchemaTable *table, const char *expression,
				const char *value, FILE *out)
{
	return write_in(&(Scope){design, table, true}, expression, value, out);
}
