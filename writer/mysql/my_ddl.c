/*
 * my_ddl.c - names, tables and foreign keys as SQL of MySQL and MariaDB (my_ddl.h).
 */
#include "my_ddl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mysql/my_sql.h"
#include "my_native.h"

/* ---- names and texts ---- */

static void
write_quoted(FILE *out, const char *text, char quote, bool escapes)
{
	(void) fputc(quote, out);
	for (; *text != '\0'; text++)
	{
		if (*text == quote || (escapes && *text == '\\'))
			(void) fputc(*text, out);
		(void) fputc(*text, out);
	}
	(void) fputc(quote, out);
}

void
my_write_name(FILE *out, const char *name)
{
	write_quoted(out, name, '`', false);
}

void
my_write_qualified(FILE *out, const char *database, const char *name)
{
	my_write_name(out, database);
	(void) fputc('.', out);
	my_write_name(out, name);
}

void
my_write_literal(FILE *out, const char *text)
{
	write_quoted(out, text, '\'', true);
}

void
my_write_comment(FILE *out, const char *text, size_t characters)
{
	size_t length = 0;
	char *cut;

	for (; text[length] != '\0'; length++)
	{
		/* Bytes that begin a character. */
		if ((text[length] & 0xC0) != 0x80 && characters-- == 0)
			break;
	}
	cut = strndup(text, length);
	my_write_literal(out, cut != NULL ? cut : "");
	free(cut);
}

void
my_write_table(const MyDdl *ddl, const SchemaTable *table, FILE *out)
{
	my_write_qualified(out, my_design_database(ddl->design, table->schema), table->name);
}

void
my_index_name(const SchemaIndex *index, char name[MY_NAME_SIZE])
{
	/* Of which there is one, and it is no other's name. */
	bool taken = strcasecmp(index->name, "PRIMARY") == 0;

	(void) snprintf(name, MY_NAME_SIZE, "%s%s", index->primary ? "PRIMARY" : index->name,
					taken && !index->primary ? "_" : "");
}

/* Whether another table in the same database has a constraint of the name. */
static bool
is_repeated(const MyDesign *design, const SchemaTable *table, const char *name)
{
	const SchemaDocument *document = design->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *other = &document->tables[i];

		if (other == table || strcmp(other->schema, table->schema) != 0)
			continue;
		for (size_t k = 0; k < other->check_count; k++)
		{
			if (strcasecmp(other->checks[k].name, name) == 0)
				return true;
		}
		for (size_t k = 0; k < other->foreign_key_count; k++)
		{
			if (strcasecmp(other->foreign_keys[k].name, name) == 0)
				return true;
		}
	}
	return false;
}

static uint32_t
hash_of(const char *text)
{
	uint32_t hash = 2166136261U;

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t) *text) * 16777619U;
	return hash;
}

/* At most 64 bytes, and so characters: what is cut ends with a hash of the whole. */
static void
fit_name(char name[MY_NAME_SIZE])
{
	uint32_t hash = hash_of(name);
	size_t end = MY_NAME_CHARACTERS - 9;

	if (strlen(name) <= MY_NAME_CHARACTERS)
		return;
	while (end > 0 && (name[end] & 0xC0) == 0x80)
		end--;
	(void) snprintf(name + end, MY_NAME_SIZE - end, "_%08" PRIx32, hash);
}

void
my_long_constraint_name(const SchemaTable *table, const char *name, char out[MY_NAME_SIZE])
{
	(void) snprintf(out, MY_NAME_SIZE, "%s_%s", table->name, name);
	fit_name(out);
}

void
my_constraint_name(const MyDesign *design, const SchemaTable *table, const char *name,
				   char out[MY_NAME_SIZE])
{
	if (is_repeated(design, table, name))
		my_long_constraint_name(table, name, out);
	else
		(void) snprintf(out, MY_NAME_SIZE, "%s", name);
}

/* ---- checks ---- */

/* The expression of "CHECK (...)", which is in brackets; NULL when it is NOT VALID or something else. */
static const char *
check_body(const char *definition)
{
	static const char word[] = "CHECK ";
	size_t length = strlen(definition);

	if (strncmp(definition, word, sizeof(word) - 1) != 0 || definition[length - 1] != ')')
		return NULL;
	return definition + sizeof(word) - 1;
}

static void
each_domain_check(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
				  void (*does)(void *context, const MyCheck *check), void *context)
{
	const SchemaType *type = my_design_type(design->document, column->type);

	while (type != NULL && type->kind == SCHEMA_TYPE_DOMAIN)
	{
		for (size_t i = 0; i < type->check_count; i++)
		{
			MyCheck check = {.expression = check_body(type->checks[i].definition),
							 .column = column};
			char name[MY_NAME_SIZE];

			(void) snprintf(name, sizeof(name), "%.120s_%.70s_%.120s", table->name, column->name,
							type->checks[i].name);
			fit_name(name);
			memcpy(check.name, name, sizeof(name));
			does(context, &check);
		}
		type = my_design_type(design->document, type->base);
	}
}

void
my_each_check(const MyDesign *design, const SchemaTable *table,
			  void (*does)(void *context, const MyCheck *check), void *context)
{
	for (size_t i = 0; i < table->check_count; i++)
	{
		MyCheck check = {.expression =
							 table->checks[i].validated ? table->checks[i].expression : NULL};

		my_constraint_name(design, table, table->checks[i].name, check.name);
		does(context, &check);
	}
	for (size_t i = 0; i < table->column_count; i++)
	{
		const SchemaColumn *column = &table->columns[i];
		const MyColumnDesign *made = my_design_column(design, table, column->name);
		MyCheck check = {.column = column, .labels = made->labels};

		if (made->left_out)
			continue;
		each_domain_check(design, table, column, does, context);
		if (made->labels == NULL || column->canon != CANON_ENUM ||
			made->choice.type.kind == KIND_ENUM)
			continue;
		(void) snprintf(check.name, sizeof(check.name), "%.150s_%.150s_label", table->name,
						column->name);
		fit_name(check.name);
		does(context, &check);
	}
}

static void
write_labels(const SchemaType *type, FILE *out)
{
	for (size_t i = 0; i < type->label_count; i++)
	{
		(void) fputs(i == 0 ? "(" : ", ", out);
		my_write_literal(out, type->labels[i]);
	}
	(void) fputc(')', out);
}

bool
my_write_check(const MyDesign *design, const SchemaTable *table, const MyCheck *check, FILE *out)
{
	if (check->labels != NULL)
	{
		my_write_name(out, check->column->name);
		(void) fputs(" IN ", out);
		write_labels(check->labels, out);
		return true;
	}
	return check->expression != NULL &&
		   my_design_check(design, table, check->expression,
						   check->column != NULL ? check->column->name : NULL, out);
}

/* ---- tables ---- */

void
my_ddl_database(const MyDdl *ddl, const char *name)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "database", NULL, name);

	(void) fputs("CREATE DATABASE IF NOT EXISTS ", out);
	my_write_name(out, name);
	/* For tables of others, which know nothing of us, a MySQL server's own is what they expect. */
	if (!my_native(ddl->design))
		(void) fprintf(out, " DEFAULT CHARACTER SET utf8mb4 COLLATE %s",
					   my_design_collation(ddl->design));
}

typedef struct CheckWriting
{
	const MyDdl *ddl;
	const SchemaTable *table;
	FILE *out;
} CheckWriting;

static void
put_check(void *context, const MyCheck *check)
{
	const CheckWriting *writing = context;
	char *text = NULL;
	size_t size;
	FILE *body = open_memstream(&text, &size);
	bool good;

	if (body == NULL)
	{
		writing->ddl->script->failed = true;
		return;
	}
	good = my_write_check(writing->ddl->design, writing->table, check, body);
	if (fclose(body) != 0)
		writing->ddl->script->failed = true;
	else if (good)
	{
		(void) fputs(",\n  CONSTRAINT ", writing->out);
		my_write_name(writing->out, check->name);
		(void) fprintf(writing->out, " CHECK (%s)", text);
	}
	free(text);
}

static const SchemaIndex *
primary_index(const SchemaTable *table)
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (table->indexes[i].primary)
			return &table->indexes[i];
	}
	return NULL;
}

static void
put_index(const MyDdl *ddl, const SchemaTable *table, const SchemaIndex *index, FILE *out)
{
	const char *why;

	if (index == NULL || my_design_index(ddl->design, table, index, &why) == INDEX_LEFT_OUT)
		return;
	(void) fputs(",\n  ", out);
	my_write_index(ddl, table, index, out);
}

void
my_ddl_table(const MyDdl *ddl, const SchemaTable *table)
{
	const MyTableDesign *made = my_design_table(ddl->design, table);
	FILE *out = script_step(ddl->script, STEP_STOPS, "table", table->schema, table->name);
	CheckWriting writing = {ddl, table, out};
	char collation[MY_COLLATION_SIZE] = "";
	const char *separator = " (\n  ";

	(void) fputs("CREATE TABLE ", out);
	my_write_table(ddl, table, out);
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (made->columns[i].left_out)
			continue;
		(void) fputs(separator, out);
		separator = ",\n  ";
		my_write_column(ddl, table, &table->columns[i], out);
	}
	put_index(ddl, table, primary_index(table), out);
	put_index(ddl, table, made->with_columns, out);
	my_each_check(ddl->design, table, put_check, &writing);
	(void) fputs("\n) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT", out);
	if (my_native(ddl->design))
		my_native_table_collation(ddl->design, table, collation);
	if (*collation != '\0')
		(void) fprintf(out, " COLLATE %s", collation);
	else
		(void) fprintf(out, " CHARACTER SET utf8mb4 COLLATE %s", my_design_collation(ddl->design));
	if (table->comment != NULL)
	{
		(void) fputs(" COMMENT ", out);
		my_write_comment(out, table->comment, MY_TABLE_COMMENT);
	}
}

void
my_ddl_drop(const MyDdl *ddl, const SchemaTable *table)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "old table", table->schema, table->name);

	(void) fputs("DROP TABLE IF EXISTS ", out);
	my_write_table(ddl, table, out);
}

void
my_ddl_truncate(const MyDdl *ddl, const SchemaTable *table)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "rows of", table->schema, table->name);

	(void) fputs("TRUNCATE TABLE ", out);
	my_write_table(ddl, table, out);
}

/* ---- indexes ---- */

/* "`a`(20) DESC" */
static void
write_index_part(const MyDdl *ddl, const SchemaTable *table, const SchemaIndex *index, size_t i,
				 FILE *out)
{
	const SchemaIndexColumn *part = &index->columns[i];
	int prefix = part->name != NULL ? my_design_prefix(ddl->design, table, index, i) : 0;

	if (part->name != NULL)
		my_write_name(out, part->name);
	else
	{
		(void) fputc('(', out);
		(void) my_design_expression(ddl->design, table, part->expression, NULL, out);
		(void) fputc(')', out);
	}
	if (prefix > 0)
		(void) fprintf(out, "(%d)", prefix);
	if (part->order == SCHEMA_DESCENDING)
		(void) fputs(" DESC", out);
}

void
my_write_index(const MyDdl *ddl, const SchemaTable *table, const SchemaIndex *index, FILE *out)
{
	char name[MY_NAME_SIZE];
	const char *why;
	MyIndexFate fate = my_design_index(ddl->design, table, index, &why);

	if (index->primary)
		(void) fputs("PRIMARY KEY", out);
	else
	{
		my_index_name(index, name);
		(void) fputs(my_native(ddl->design)				   ? my_native_index_word(index)
					 : index->unique && fate == INDEX_MADE ? "UNIQUE KEY "
														   : "KEY ",
					 out);
		my_write_name(out, name);
	}
	for (size_t i = 0; i < index->column_count; i++)
	{
		(void) fputs(i == 0 ? " (" : ", ", out);
		write_index_part(ddl, table, index, i, out);
	}
	(void) fputc(')', out);
	if (my_native(ddl->design))
		(void) fputs(my_native_index_end(ddl->design, index), out);
	if (index->comment != NULL)
	{
		(void) fputs(" COMMENT ", out);
		my_write_comment(out, index->comment, MY_COLUMN_COMMENT);
	}
}

/* The statement that indexes are added to. */
static FILE *
begin_indexes(const MyDdl *ddl, const SchemaTable *table, StepFailure failure)
{
	FILE *out = script_step(ddl->script, failure, "indexes of", table->schema, table->name);

	(void) fputs("ALTER TABLE ", out);
	my_write_table(ddl, table, out);
	return out;
}

static bool
is_alone(const MyDdl *ddl, const SchemaTable *table, const SchemaIndex *index)
{
	return my_native(ddl->design) && my_native_index_alone(ddl->design, table, index);
}

/* One statement for all, but for those that must have one of their own. */
void
my_ddl_indexes(const MyDdl *ddl, const SchemaTable *table, const size_t *numbers, size_t count)
{
	FILE *out = NULL;

	for (size_t i = 0; i < count; i++)
	{
		const SchemaIndex *index = &table->indexes[numbers[i]];

		if (is_alone(ddl, table, index))
			continue;
		if (out == NULL)
			out = begin_indexes(ddl, table, STEP_STOPS);
		else
			(void) fputc(',', out);
		(void) fputs("\n  ADD ", out);
		my_write_index(ddl, table, index, out);
	}
	for (size_t i = 0; i < count; i++)
	{
		const SchemaIndex *index = &table->indexes[numbers[i]];

		if (!is_alone(ddl, table, index))
			continue;
		out = begin_indexes(ddl, table,
							my_native_index_may_fail(ddl->design, table, index) ? STEP_WARNS
																				: STEP_STOPS);
		(void) fputs("\n  ADD ", out);
		my_write_index(ddl, table, index, out);
	}
}

/* ---- foreign keys ---- */

static bool
is_there(const MyDesign *design, const SchemaTable *table, const char *name)
{
	const MyColumnDesign *column = my_design_column(design, table, name);

	return column != NULL && !column->left_out && column->computed == NULL;
}

const char *
my_foreign_key_refused(const MyDesign *design, const SchemaTable *table,
					   const SchemaForeignKey *key)
{
	const SchemaTable *other =
		schema_document_table_named(design->document, key->schema, key->table);

	if (other == NULL)
		return "the table it points to is not of the stream";
	for (size_t i = 0; i < key->column_count && i < key->referenced_count; i++)
	{
		const MyColumnDesign *from, *to;

		if (!is_there(design, table, key->columns[i]) ||
			!is_there(design, other, key->referenced[i]))
			return "a column of it is not there";
		from = my_design_column(design, table, key->columns[i]);
		to = my_design_column(design, other, key->referenced[i]);
		if (!column_kind_is_text(from->choice.type.kind) &&
			from->choice.type.kind != to->choice.type.kind)
			return "the columns' types differ";
	}
	return NULL;
}

/* Whether a computed column (with `native`: one that is stored) is made of it: its name is quoted there. */
static bool
is_computed_from(const MyTableDesign *made, const SchemaTable *table, const char *name, bool native)
{
	char *quoted = my_name(name);
	bool found = false;

	for (size_t i = 0; quoted != NULL && i < table->column_count && !found; i++)
		found = made->columns[i].computed != NULL &&
				(!native || table->columns[i].generated == SCHEMA_GENERATED_STORED) &&
				strstr(made->columns[i].computed, quoted) != NULL;
	free(quoted);
	return found;
}

bool
my_foreign_key_is_passive(const MyDesign *design, const SchemaTable *table,
						  const SchemaForeignKey *key)
{
	const MyTableDesign *made = my_design_table(design, table);

	for (size_t i = 0; i < key->column_count; i++)
	{
		if (is_computed_from(made, table, key->columns[i], my_native(design)))
			return true;
	}
	return false;
}

static bool
may_be_null(const MyDesign *design, const SchemaTable *table, const SchemaForeignKey *key)
{
	for (size_t i = 0; i < key->column_count; i++)
	{
		const MyColumnDesign *column = my_design_column(design, table, key->columns[i]);

		if (column == NULL || column->not_null)
			return false;
	}
	return true;
}

static void
write_action(const char *event, SchemaAction action, bool nullable, FILE *out)
{
	static const char *const words[] = {[SCHEMA_NO_ACTION] = NULL,
										[SCHEMA_RESTRICT] = "RESTRICT",
										[SCHEMA_CASCADE] = "CASCADE",
										[SCHEMA_SET_NULL] = "SET NULL",
										[SCHEMA_SET_DEFAULT] = NULL};

	if (words[action] != NULL && (action != SCHEMA_SET_NULL || nullable))
		(void) fprintf(out, " ON %s %s", event, words[action]);
}

static void
write_names(const char *const *names, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
	{
		(void) fputs(i == 0 ? " (" : ", ", out);
		my_write_name(out, names[i]);
	}
	(void) fputc(')', out);
}

/* Rows without the row they point to, as one text; NULL when there are none. */
static void
write_validation(const MyDdl *ddl, const SchemaTable *table, const SchemaForeignKey *key,
				 const SchemaTable *other)
{
	FILE *out = script_step(ddl->script, STEP_WARNS, "foreign key", table->schema, key->name);

	(void) fputs("SELECT IF(EXISTS (SELECT 1 FROM ", out);
	my_write_table(ddl, table, out);
	(void) fputs(" c LEFT JOIN ", out);
	my_write_table(ddl, other, out);
	(void) fputs(" p ON ", out);
	for (size_t i = 0; i < key->column_count; i++)
	{
		(void) fputs(i == 0 ? "p." : " AND p.", out);
		my_write_name(out, key->referenced[i]);
		(void) fputs(" = c.", out);
		my_write_name(out, key->columns[i]);
	}
	(void) fputs(" WHERE p.", out);
	my_write_name(out, key->referenced[0]);
	(void) fputs(" IS NULL", out);
	for (size_t i = 0; i < key->column_count; i++)
	{
		(void) fputs(" AND c.", out);
		my_write_name(out, key->columns[i]);
		(void) fputs(" IS NOT NULL", out);
	}
	(void) fputs("), 'rows that are there do not hold it; it is made for new ones', NULL)", out);
}

void
my_ddl_foreign_key(const MyDdl *ddl, const SchemaTable *table, const SchemaForeignKey *key)
{
	const MyDesign *design = ddl->design;
	const SchemaTable *other =
		schema_document_table_named(design->document, key->schema, key->table);
	bool nullable = may_be_null(design, table, key);
	char name[MY_NAME_SIZE];
	FILE *out;

	if (key->validated)
		write_validation(ddl, table, key, other);
	my_constraint_name(design, table, key->name, name);
	out = script_step(ddl->script, STEP_WARNS, "foreign key", table->schema, key->name);
	(void) fputs("ALTER TABLE ", out);
	my_write_table(ddl, table, out);
	(void) fputs(" ADD CONSTRAINT ", out);
	my_write_name(out, name);
	(void) fputs(" FOREIGN KEY", out);
	write_names(key->columns, key->column_count, out);
	(void) fputs(" REFERENCES ", out);
	my_write_table(ddl, other, out);
	write_names(key->referenced, key->referenced_count, out);
	if (my_foreign_key_is_passive(design, table, key))
		return;
	write_action("DELETE", key->on_delete, nullable, out);
	write_action("UPDATE", key->on_update, nullable, out);
}

/* ---- AUTO_INCREMENT ---- */

unsigned long long
my_sequence_next(const SchemaSequence *sequence)
{
	long long last = sequence->last_value == NULL ? 0 : strtoll(sequence->last_value, NULL, 10);
	long long step = strtoll(sequence->increment, NULL, 10);

	return last > 0 && step > 0 ? (unsigned long long) last + (unsigned long long) step : 0;
}

void
my_ddl_auto_increment(const MyDdl *ddl, const SchemaTable *table, unsigned long long next)
{
	FILE *out = script_step(ddl->script, STEP_STOPS, "numbers of", table->schema, table->name);

	(void) fputs("ALTER TABLE ", out);
	my_write_table(ddl, table, out);
	(void) fprintf(out, " AUTO_INCREMENT = %llu", next);
}
