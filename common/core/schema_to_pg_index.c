/*
 * schema_to_pg_index.c - indexes, keys and foreign keys (schema_to_pg_parts.h).
 *
 * Names of indexes are a schema's at PostgreSQL and a table's at MySQL: they become "table_index".  Two
 * that would be one, or a table's, get a number behind them.
 */
#include <stdio.h>
#include <string.h>

#include "schema_to_pg_parts.h"

#define WHOLE_LONGEST                                                                              \
	512 /* characters of a text whose prefix is indexed: up to there all of it is */

/* ---- names ---- */

static bool
is_taken(const ToPg *t, const SchemaTable *of, size_t before, const char *name)
{
	const SchemaDocument *document = t->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];
		size_t indexes = table < of ? table->index_count : table == of ? before : 0;

		if (strcmp(table->schema, of->schema) != 0)
			continue;
		if (strcmp(table->name, name) == 0)
			return true;
		for (size_t k = 0; k < indexes; k++)
		{
			if (strcmp(table->indexes[k].name, name) == 0)
				return true;
		}
	}
	return false;
}

static const char *
index_name(ToPg *t, const SchemaTable *table, size_t before, const char *own)
{
	const char *name = to_pg_fitted(t, to_pg_text(t, "%s_%s", table->name, own));

	for (int i = 1; is_taken(t, table, before, name) && i < 1000; i++)
		name = to_pg_fitted(t, to_pg_text(t, "%s_%s_%d", table->name, own, i));
	return name;
}

/* ---- key parts ---- */

static const ToPgColumn *
known_of(const ToPg *t, const SchemaTable *table, const SchemaColumn *column)
{
	return &t->columns[table - t->document->tables][column - table->columns];
}

/* Whether a prefix is so much of a text that all of it may be taken. */
static bool
is_nearly_whole(const SchemaColumn *column, const ToPgColumn *known)
{
	return column->canon == CANON_TEXT && known->source.length > 0 &&
		   known->source.length <= WHOLE_LONGEST;
}

static const char *
prefix_of(ToPg *t, const SchemaColumn *column, const char *name, int64_t length)
{
	return column->canon == CANON_BYTES && strcmp(column->type, "bytea") == 0
			   ? to_pg_text(t, "\"substring\"(%s, 1, %d)", name, (int) length)
			   : to_pg_text(t, "\"left\"(%s, %d)", name, (int) length);
}

/* The part as an index has it; NULL when there is none. */
static const char *
part_of(ToPg *t, const SchemaTable *table, const SchemaIndex *index, SchemaIndexColumn *part)
{
	const SchemaColumn *column = part->name != NULL ? schema_table_column(table, part->name) : NULL;
	const char *name = column != NULL ? to_pg_quoted(t, to_pg_fitted(t, column->name)) : NULL;
	PgExpression made;

	if (name != NULL && index->primary && part->length > 0)
		to_pg_tell(t, "prefix", table, part->name,
				   "a primary key at PostgreSQL has whole columns: all of it is in the key",
				   index->definition);
	if (name != NULL && (part->length == 0 || index->primary))
		return name;
	if (name != NULL && !index->unique && is_nearly_whole(column, known_of(t, table, column)))
		return name;
	if (name != NULL)
	{
		part->name = NULL;
		part->expression = prefix_of(t, column, name, part->length);
		return part->expression;
	}
	made = to_pg_expression(t, table, part->expression, false);
	part->expression = made.sql;
	return made.sql != NULL ? to_pg_text(t, "(%s)", made.sql) : NULL;
}

/* The parts with commas between; NULL when one of them cannot be. */
static const char *
parts_of(ToPg *t, const SchemaTable *table, SchemaIndex *index)
{
	const char *text = "";

	for (size_t i = 0; i < index->column_count; i++)
	{
		SchemaIndexColumn *part = &index->columns[i];
		const char *one = part_of(t, table, index, part);
		bool descending = part->order == SCHEMA_DESCENDING;

		if (one == NULL)
			return NULL;
		part->length = 0;
		part->order = descending ? SCHEMA_DESCENDING : SCHEMA_ASCENDING;
		part->nulls = descending ? SCHEMA_NULLS_FIRST : SCHEMA_NULLS_LAST;
		text = to_pg_text(t, "%s%s%s%s", text, i > 0 ? ", " : "", one, descending ? " DESC" : "");
	}
	return *text != '\0' ? text : NULL;
}

/* Words of all columns; a tsvector has at most a megabyte, which larger texts would not fit in. */
static const char *
words_of(ToPg *t, const SchemaTable *table, const SchemaIndex *index)
{
	const char *text = "";

	for (size_t i = 0; i < index->column_count; i++)
	{
		const char *name = index->columns[i].name;
		const SchemaColumn *column = name != NULL ? schema_table_column(table, name) : NULL;
		const ToPgColumn *known = column != NULL ? known_of(t, table, column) : NULL;

		if (known == NULL || known->is != PG_CLASS_TEXT || known->source.kind == KIND_MEDIUMTEXT ||
			known->source.kind == KIND_LONGTEXT)
			return NULL;
		text = to_pg_text(t, "%s%sCOALESCE(%s, '')", text, i > 0 ? " || ' ' || " : "",
						  to_pg_quoted(t, to_pg_fitted(t, name)));
	}
	return to_pg_text(t, "to_tsvector('simple', %s)", text);
}

/* ---- indexes ---- */

static const struct
{
	const char *method, *made;
} methods[] = {{"btree", "btree"}, {"hash", "btree"}, {"fulltext", "gin"}, {"spatial", "gist"}};

static const char *
method_of(const char *method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
	{
		if (strcmp(methods[i].method, method) == 0)
			return methods[i].made;
	}
	return NULL;
}

static void
make_constraint(ToPg *t, SchemaIndex *index, const char *parts)
{
	SchemaConstraint *constraint = index->primary ? to_pg_room(t, sizeof(*constraint)) : NULL;

	index->constraint = constraint;
	if (constraint != NULL)
		*constraint = (SchemaConstraint){.name = index->name,
										 .definition = to_pg_text(t, "PRIMARY KEY (%s)", parts)};
}

/* Of an expression index the parts are not columns. */
static void
use_words(ToPg *t, SchemaIndex *index, const char *words)
{
	index->columns = to_pg_room(t, sizeof(*index->columns));
	index->column_count = index->columns != NULL ? 1 : 0;
	if (index->columns != NULL)
		index->columns[0].expression = words;
}

static void
fit_parts(ToPg *t, SchemaIndex *index)
{
	for (size_t i = 0; i < index->column_count; i++)
	{
		if (index->columns[i].name != NULL)
			index->columns[i].name = to_pg_fitted(t, index->columns[i].name);
	}
}

/* Makes it PostgreSQL's; the reason why there is none, or NULL. */
static const char *
translate_index(ToPg *t, const SchemaTable *table, SchemaIndex *index, size_t before)
{
	bool words = strcmp(index->method, "fulltext") == 0;
	const char *method = method_of(index->method), *parts;

	if (method == NULL)
		return "PostgreSQL has no such index";
	if (strcmp(index->method, "spatial") == 0 && *t->to->target->geometry == '\0')
		return "without PostGIS at the target there is none";
	parts = words ? words_of(t, table, index) : parts_of(t, table, index);
	if (parts == NULL)
		return words ? "texts may be longer than what PostgreSQL indexes words of"
					 : "nothing is known to mean the same as its expression";
	if (words)
		use_words(t, index, parts);
	index->name = index_name(t, table, before, index->primary ? "pkey" : index->name);
	index->method = method;
	index->invisible = false;
	fit_parts(t, index);
	index->definition = to_pg_text(t, "CREATE %sINDEX %s ON %s USING %s (%s)",
								   index->unique ? "UNIQUE " : "", to_pg_quoted(t, index->name),
								   to_pg_qualified(t, table->schema, table->name), method, parts);
	make_constraint(t, index, parts);
	return NULL;
}

void
to_pg_indexes(ToPg *t, SchemaTable *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->index_count; i++)
	{
		SchemaIndex index = table->indexes[i];
		const char *reason = translate_index(t, table, &index, count);

		if (reason == NULL)
			table->indexes[count++] = index;
		else
			to_pg_tell(t, "index", table, table->indexes[i].name, reason,
					   table->indexes[i].definition);
	}
	table->index_count = count;
}

/* ---- foreign keys ---- */

static const char *
column_list(ToPg *t, const char **names, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
	{
		names[i] = to_pg_fitted(t, names[i]);
		text = to_pg_text(t, "%s%s%s", text, i > 0 ? ", " : "", to_pg_quoted(t, names[i]));
	}
	return text;
}

static const char *
action_of(SchemaAction action)
{
	static const char *const words[] = {
		[SCHEMA_NO_ACTION] = "NO ACTION",	  [SCHEMA_RESTRICT] = "RESTRICT",
		[SCHEMA_CASCADE] = "CASCADE",		  [SCHEMA_SET_NULL] = "SET NULL",
		[SCHEMA_SET_DEFAULT] = "SET DEFAULT",
	};

	return words[action];
}

static bool
has_column(const SchemaForeignKey *key, const char *name)
{
	for (size_t i = 0; i < key->referenced_count; i++)
	{
		if (strcmp(key->referenced[i], name) == 0)
			return true;
	}
	return false;
}

static bool
is_key_of(const SchemaIndex *index, const SchemaForeignKey *key)
{
	if (!index->unique || index->column_count != key->referenced_count)
		return false;
	for (size_t i = 0; i < index->column_count; i++)
	{
		if (index->columns[i].name == NULL || index->columns[i].length > 0 ||
			!has_column(key, index->columns[i].name))
			return false;
	}
	return true;
}

/* InnoDB takes any index for what is referred to, PostgreSQL unique ones. */
static bool
refers_to_key(const ToPg *t, const SchemaForeignKey *key)
{
	const SchemaTable *other = schema_document_table_named(t->document, key->schema, key->table);

	for (size_t i = 0; other != NULL && i < other->index_count; i++)
	{
		if (is_key_of(&other->indexes[i], key))
			return true;
	}
	return other == NULL;
}

static void
translate_key(ToPg *t, SchemaForeignKey *key)
{
	const char *columns = column_list(t, key->columns, key->column_count);
	const char *referenced = column_list(t, key->referenced, key->referenced_count);

	key->name = to_pg_fitted(t, key->name);
	key->schema = to_pg_fitted(t, key->schema);
	key->table = to_pg_fitted(t, key->table);
	key->definition = to_pg_text(t, "FOREIGN KEY (%s) REFERENCES %s(%s) ON UPDATE %s ON DELETE %s",
								 columns, to_pg_qualified(t, key->schema, key->table), referenced,
								 action_of(key->on_update), action_of(key->on_delete));
}

void
to_pg_foreign_keys(ToPg *t, SchemaTable *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		SchemaForeignKey key = table->foreign_keys[i];

		if (!refers_to_key(t, &key))
		{
			to_pg_tell(t, "foreign key", table, key.name,
					   "what it refers to is not unique, as it must be at PostgreSQL",
					   key.definition);
			continue;
		}
		translate_key(t, &key);
		table->foreign_keys[count++] = key;
	}
	table->foreign_key_count = count;
}
