/*
 * my_design.c - choosing types and keys for the tables of a document (my_design.h).
 *
 * Order: types by themselves, with what keys leave for them; then one type for columns that foreign
 * keys join; then large text out of rows that are too long; then AUTO_INCREMENT and what is computed.
 */
#include "my_design.h"

#include <stdlib.h>
#include <string.h>

#include "common/mysql/my_sql.h"
#include "my_native.h"
#include "writer/pg/pg_ddl.h"

#define ROUNDS_MAXIMUM 100 /* of foreign keys that lead to each other */

/* ---- looking up ---- */

const MyTableDesign *
my_design_table(const MyDesign *design, const SchemaTable *table)
{
	return &design->tables[table - design->document->tables];
}

static MyColumnDesign *
find_column(const MyDesign *design, const SchemaTable *table, const char *name)
{
	const SchemaColumn *column = name == NULL ? NULL : schema_table_column(table, name);

	return column == NULL
			   ? NULL
			   : &design->tables[table - design->document->tables].columns[column - table->columns];
}

const MyColumnDesign *
my_design_column(const MyDesign *design, const SchemaTable *table, const char *name)
{
	return find_column(design, table, name);
}

const char *
my_design_collation(const MyDesign *design)
{
	if (design->target.flavour == FLAVOUR_MARIADB)
		return "utf8mb4_nopad_bin";
	return design->target.version >= MY_NOPAD_SINCE ? "utf8mb4_0900_bin" : "utf8mb4_bin";
}

const char *
my_design_database(const MyDesign *design, const char *schema)
{
	return my_database_of(schema, design->database);
}

const SchemaType *
my_design_type(const SchemaDocument *document, const char *text)
{
	char schema[PG_NAME_SIZE], name[PG_NAME_SIZE];
	const char *at = text;

	if (!pg_take_name(&at, schema) || *at++ != '.' || !pg_take_name(&at, name) || *at != '\0')
		return NULL;
	for (size_t i = 0; i < document->type_count; i++)
	{
		if (strcmp(document->types[i].name, name) == 0 &&
			strcmp(document->types[i].schema, schema) == 0)
			return &document->types[i];
	}
	return NULL;
}

/* Whether a text of SQL is schema.name. */
static bool
is_qualified(const char *text, size_t length, const char *schema, const char *name)
{
	char found[2][PG_NAME_SIZE], *copy = strndup(text, length);
	const char *at = copy;
	bool same = copy != NULL && pg_take_name(&at, found[0]) && *at++ == '.' &&
				pg_take_name(&at, found[1]) && *at == '\0' && strcmp(found[0], schema) == 0 &&
				strcmp(found[1], name) == 0;

	free(copy);
	return same;
}

/* Of "nextval('public.a_id_seq'::regclass)". */
static bool
is_default_of(const SchemaColumn *column, const SchemaSequence *sequence)
{
	static const char before[] = "nextval('", behind[] = "'::regclass)";
	const char *text = column->default_value, *end;

	if (text == NULL || strncmp(text, before, sizeof(before) - 1) != 0)
		return false;
	text += sizeof(before) - 1;
	end = strstr(text, behind);
	return end != NULL &&
		   is_qualified(text, (size_t) (end - text), sequence->schema, sequence->name);
}

const SchemaSequence *
my_design_sequence(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column)
{
	for (size_t i = 0; i < design->document->sequence_count; i++)
	{
		const SchemaSequence *sequence = &design->document->sequences[i];
		const SchemaSequenceOwner *owner = sequence->owner;

		if (is_default_of(column, sequence) ||
			(column->identity != SCHEMA_NO_IDENTITY && owner != NULL &&
			 strcmp(owner->schema, table->schema) == 0 && strcmp(owner->table, table->name) == 0 &&
			 strcmp(owner->column, column->name) == 0))
			return sequence;
	}
	return NULL;
}

/* ---- keys ---- */

/* Columns that a key needs whole. */
typedef struct Key
{
	const SchemaTable *table;
	const char *const *names; /* or, when NULL, */
	const SchemaIndex *index;
	size_t count;
} Key;

static const char *
key_column(const Key *key, size_t i)
{
	return key->names != NULL ? key->names[i] : key->index->columns[i].name;
}

static bool
is_ascii(const MyColumnDesign *column)
{
	return column->choice.collation != NULL && strncmp(column->choice.collation, "ascii", 5) == 0;
}

/* Bytes a column takes in a key by itself; MY_KEY_BYTES + 1 for as many as it can get. */
static int
wanted_bytes(const MyColumnDesign *column)
{
	if (!column_kind_can_be_key(column->choice.type.kind))
		return MY_KEY_BYTES + 1;
	return column_type_key_bytes(&column->choice.type, is_ascii(column));
}

/* What each of the columns that want more gets, when the others have what they want. */
static int
share_of(const MyDesign *design, const Key *key)
{
	int share = MY_KEY_BYTES, before;

	do
	{
		int rest = MY_KEY_BYTES, greedy = 0;

		before = share;
		for (size_t i = 0; i < key->count; i++)
		{
			const MyColumnDesign *column = find_column(design, key->table, key_column(key, i));
			int wanted = column != NULL ? wanted_bytes(column) : 0;

			if (wanted > share)
				greedy++;
			else
				rest -= wanted;
		}
		if (greedy > 0)
			share = rest / greedy;
	} while (share < before && share > 0);
	return share;
}

static void
narrow(const MyDesign *design, const Key *key)
{
	int share = share_of(design, key);

	for (size_t i = 0; i < key->count; i++)
	{
		MyColumnDesign *column = find_column(design, key->table, key_column(key, i));

		if (column != NULL && (column->key_bytes == 0 || column->key_bytes > share))
			column->key_bytes = share > 0 ? share : 1;
	}
}

/* Calls `does` for every key of a table that needs its columns whole. */
static void
each_key(const MyDesign *design, const SchemaTable *table,
		 void (*does)(const MyDesign *design, const Key *key))
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		const SchemaIndex *index = &table->indexes[i];
		const char *why;

		if (index->unique && my_design_index(design, table, index, &why) == INDEX_MADE)
			does(design, &(Key){.table = table, .index = index, .count = index->column_count});
	}
	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		const SchemaForeignKey *key = &table->foreign_keys[i];

		does(design, &(Key){.table = table, .names = key->columns, .count = key->column_count});
	}
}

/* ---- types ---- */

static bool
labels_fit(const SchemaType *type)
{
	if (type == NULL || type->kind != SCHEMA_TYPE_ENUM || type->label_count == 0 ||
		type->label_count > UINT16_MAX)
		return false;
	for (size_t i = 0; i < type->label_count; i++)
	{
		size_t length = strlen(type->labels[i]);

		if (length == 0 || type->labels[i][length - 1] == ' ')
			return false;
	}
	return true;
}

static void
resolve(const MyDesign *design, const SchemaColumn *column, MyColumnDesign *made)
{
	const SchemaType *type;

	made->base = column->type;
	made->not_null = column->not_null;
	for (type = my_design_type(design->document, made->base);
		 type != NULL && type->kind == SCHEMA_TYPE_DOMAIN;
		 type = my_design_type(design->document, made->base))
	{
		made->not_null |= type->not_null;
		made->base = type->base;
	}
	made->labels = type != NULL && type->kind == SCHEMA_TYPE_ENUM ? type : NULL;
}

/* What a look at the values found that decimal(65,30), floats and dates cannot have. */
static unsigned
found_by(const SchemaScan *scan)
{
	if (scan == NULL)
		return 0;
	return (scan->nan ? LOSES_NAN : 0U) | (scan->infinity ? LOSES_INFINITY : 0U) |
		   (scan->beyond ? LOSES_RANGE : 0U) |
		   (scan->integer_digits > 65 - 30 || scan->fraction_digits > 30 ? LOSES_DIGITS : 0U);
}

/* As rules see a column; false without memory, else *type_name is to be freed. */
static bool
ruled_column(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
			 const MyColumnDesign *made, TypeColumn *ruled, char **type_name)
{
	bool built_in = my_native(design) || strcmp(column->type_schema, "pg_catalog") == 0;

	if (asprintf(type_name, "%s%s%s", built_in ? "" : column->type_schema, built_in ? "" : ".",
				 column->type_name) < 0)
		return false;
	*ruled = (TypeColumn){.schema = table->schema,
						  .table = table->name,
						  .name = column->name,
						  .type_name = *type_name,
						  .type = made->base,
						  .canon = column->canon,
						  .element = column->element,
						  .key_bytes = made->key_bytes,
						  .labels_fit = labels_fit(made->labels),
						  .found = found_by(column->scan)};
	return true;
}

bool
my_design_uses_rule(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
					size_t rule)
{
	TypeColumn ruled;
	char *type_name;
	bool used;

	if (!ruled_column(design, table, column, my_design_column(design, table, column->name), &ruled,
					  &type_name))
		return true;
	used = type_rule_is_about(design->rules, rule, &ruled);
	free(type_name);
	return used;
}

static bool
choose(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
	   MyColumnDesign *made, SluiceError *err)
{
	TypeColumn ruled;
	char *type_name;
	SluiceError own = {0};
	bool good;

	if (!ruled_column(design, table, column, made, &ruled, &type_name))
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
	good = my_native(design)
			   ? my_native_choose(design, &ruled, column, made, &own)
			   : type_map_choose(&design->target, design->rules, &ruled, &made->choice, &own);
	free(type_name);
	if (!good)
	{
		free(made->problem);
		made->problem = strdup(own.message);
	}
	return true;
}

static bool
choose_types(const MyDesign *design, const SchemaTable *table, SluiceError *err)
{
	MyColumnDesign *columns = design->tables[table - design->document->tables].columns;

	for (size_t i = 0; i < table->column_count; i++)
	{
		if (!choose(design, table, &table->columns[i], &columns[i], err))
			return false;
	}
	return true;
}

/*
 * First as they would be without keys, which shares are made of.  Keys of MySQL and MariaDB fit as
 * they are.
 */
static bool
choose_all(const MyDesign *design, SluiceError *err)
{
	const SchemaDocument *document = design->document;

	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];

		for (size_t k = 0; k < table->column_count; k++)
			resolve(design, &table->columns[k], &design->tables[i].columns[k]);
		if (!choose_types(design, table, err))
			return false;
		if (my_native(design))
			continue;
		each_key(design, table, narrow);
		if (!choose_types(design, table, err))
			return false;
	}
	return true;
}

/* ---- one type for columns that are joined ---- */

/* The kinds of numbers that hold each other, from small to large. */
static int
width(const ColumnType *type)
{
	static const ColumnKind kinds[] = {KIND_TINYINT, KIND_SMALLINT, KIND_MEDIUMINT,
									   KIND_INT,	 KIND_BIGINT,	KIND_DECIMAL};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (kinds[i] == type->kind)
			return (int) i + 1;
	}
	return 0;
}

static bool
unify(MyColumnDesign *a, MyColumnDesign *b)
{
	ColumnType *left = &a->choice.type, *right = &b->choice.type;
	int left_width = width(left), right_width = width(right);

	if (left_width == 0 || right_width == 0 || left_width == right_width)
		return false;
	if (left_width < right_width)
		*left = *right;
	else
		*right = *left;
	return true;
}

static bool
unify_key(const MyDesign *design, const SchemaTable *table, const SchemaForeignKey *key)
{
	const SchemaTable *other =
		schema_document_table_named(design->document, key->schema, key->table);
	bool changed = false;

	for (size_t i = 0; other != NULL && i < key->column_count && i < key->referenced_count; i++)
	{
		MyColumnDesign *a = find_column(design, table, key->columns[i]);
		MyColumnDesign *b = find_column(design, other, key->referenced[i]);

		changed |= a != NULL && b != NULL && unify(a, b);
	}
	return changed;
}

static void
unify_all(const MyDesign *design)
{
	const SchemaDocument *document = design->document;
	bool changed = true;

	for (int round = 0; changed && round < ROUNDS_MAXIMUM; round++)
	{
		changed = false;
		for (size_t i = 0; i < document->table_count; i++)
		{
			for (size_t k = 0; k < document->tables[i].foreign_key_count; k++)
				changed |=
					unify_key(design, &document->tables[i], &document->tables[i].foreign_keys[k]);
		}
	}
}

/* ---- rows that are too long ---- */

static long
row_bytes(const MyTableDesign *made, const SchemaTable *table)
{
	long bytes = (long) (table->column_count + 7) / 8;

	for (size_t i = 0; i < table->column_count; i++)
		bytes += column_type_row_bytes(&made->columns[i].choice.type, is_ascii(&made->columns[i]));
	return bytes;
}

/* The largest column that can be kept apart: no key needs it whole. */
static MyColumnDesign *
largest(const MyTableDesign *made, const SchemaTable *table)
{
	MyColumnDesign *found = NULL;
	int most = 255;

	for (size_t i = 0; i < table->column_count; i++)
	{
		MyColumnDesign *column = &made->columns[i];
		int bytes = column_type_row_bytes(&column->choice.type, is_ascii(column));

		if (column->key_bytes > 0 || bytes <= most ||
			(column->choice.type.kind != KIND_VARCHAR &&
			 column->choice.type.kind != KIND_VARBINARY))
			continue;
		found = column;
		most = bytes;
	}
	return found;
}

static void
shorten(const MyDesign *design, const SchemaTable *table)
{
	MyTableDesign *made = &design->tables[table - design->document->tables];

	while (row_bytes(made, table) > MY_ROW_BYTES)
	{
		MyColumnDesign *column = largest(made, table);

		if (column == NULL)
		{
			made->too_long = true;
			return;
		}
		column->choice.type =
			(ColumnType){column->choice.type.kind == KIND_VARCHAR ? KIND_LONGTEXT : KIND_LONGBLOB,
						 false, -1, -1};
		column->demoted = true;
	}
}

/* ---- AUTO_INCREMENT and computed columns ---- */

static bool
numbers_rows(const SchemaColumn *column, const MyColumnDesign *made)
{
	ColumnKind kind = made->choice.type.kind;

	return (column->identity != SCHEMA_NO_IDENTITY || column->auto_increment ||
			column->default_kind == SCHEMA_DEFAULT_SEQUENCE) &&
		   kind >= KIND_TINYINT && kind <= KIND_BIGINT;
}

/* The index that the column leads, the primary key rather than others. */
static const SchemaIndex *
led_by(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column)
{
	const SchemaIndex *found = NULL;
	const char *why;

	for (size_t i = 0; i < table->index_count; i++)
	{
		const SchemaIndex *index = &table->indexes[i];

		if (index->column_count > 0 && index->columns[0].name != NULL &&
			strcmp(index->columns[0].name, column->name) == 0 &&
			my_design_index(design, table, index, &why) != INDEX_LEFT_OUT &&
			(found == NULL || index->primary))
			found = index;
	}
	return found;
}

static void
choose_automatic(const MyDesign *design, const SchemaTable *table)
{
	MyTableDesign *made = &design->tables[table - design->document->tables];
	MyColumnDesign *chosen = NULL;

	for (size_t i = 0; i < table->column_count; i++)
	{
		const SchemaIndex *index;

		if (!numbers_rows(&table->columns[i], &made->columns[i]))
			continue;
		index = led_by(design, table, &table->columns[i]);
		if (index == NULL || (chosen != NULL && !index->primary))
			continue;
		chosen = &made->columns[i];
		made->with_columns = index->primary ? NULL : index;
	}
	if (chosen != NULL)
		chosen->automatic = true;
}

static bool
compute(const MyDesign *design, const SchemaTable *table, const SchemaColumn *column,
		MyColumnDesign *made, SluiceError *err)
{
	size_t size;
	FILE *out;

	if (column->generated == SCHEMA_NOT_GENERATED)
		return true;
	out = open_memstream(&made->computed, &size);
	if (out == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
	made->left_out = !my_design_expression(design, table, column->expression, NULL, out);
	if (fclose(out) != 0 || made->left_out)
	{
		free(made->computed);
		made->computed = NULL;
	}
	/* Only MySQL says of a computed column that it is not null. */
	made->not_null &= my_native(design) && design->target.flavour == FLAVOUR_MYSQL;
	return true;
}

static bool
finish_table(const MyDesign *design, const SchemaTable *table, SluiceError *err)
{
	MyTableDesign *made = &design->tables[table - design->document->tables];

	if (!my_native(design))
		shorten(design, table);
	choose_automatic(design, table);
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (!compute(design, table, &table->columns[i], &made->columns[i], err))
			return false;
	}
	return true;
}

/* ---- indexes ---- */

static const char *
why_left_out(const MyDesign *design, const SchemaTable *table, const SchemaIndex *index)
{
	static const char *const methods[] = {"btree", "hash", "brin", NULL};
	size_t method = 0;

	while (methods[method] != NULL && strcmp(methods[method], index->method) != 0)
		method++;
	if (methods[method] == NULL)
		return "its method is PostgreSQL's alone";
	if (index->column_count > MY_KEY_COLUMNS)
		return "it has more than 16 columns";
	for (size_t i = 0; i < index->column_count; i++)
	{
		const MyColumnDesign *column = find_column(design, table, index->columns[i].name);

		if (index->columns[i].name == NULL)
			return "it is of an expression";
		if (column == NULL || column->left_out)
			return "a column of it is not there";
		if (column->choice.type.kind == KIND_JSON && !index->unique)
			return "it is of JSON";
		if (column_kind_is_geometry(column->choice.type.kind))
			return "it is of a geometry";
	}
	return NULL;
}

MyIndexFate
my_design_index(const MyDesign *design, const SchemaTable *table, const SchemaIndex *index,
				const char **why)
{
	*why = my_native(design) ? my_native_index_refused(design, table, index)
							 : why_left_out(design, table, index);
	if (*why != NULL)
		return INDEX_LEFT_OUT;
	if (index->predicate != NULL)
		*why = index->unique ? "it is of all rows there, so it is not unique"
							 : "it is of all rows there";
	else if (index->unique && index->nulls_not_distinct)
		*why = "rows with NULL may repeat there";
	return index->unique && index->predicate != NULL ? INDEX_NOT_UNIQUE : INDEX_MADE;
}

int
my_design_prefix(const MyDesign *design, const SchemaTable *table, const SchemaIndex *index,
				 size_t column)
{
	const Key key = {.table = table, .index = index, .count = index->column_count};
	const MyColumnDesign *made = find_column(design, table, index->columns[column].name);
	const char *why;
	int share, unit;

	if (my_native(design))
		return (int) index->columns[column].length;
	if (index->unique && my_design_index(design, table, index, &why) == INDEX_MADE)
		return 0;
	share = share_of(design, &key);
	if (wanted_bytes(made) <= share)
		return 0;
	unit = column_kind_is_bytes(made->choice.type.kind) || is_ascii(made) ? 1 : 4;
	return share / unit < MY_PREFIX_CHARACTERS ? share / unit : MY_PREFIX_CHARACTERS;
}

/* ---- making and freeing ---- */

static bool
make_room(MyDesign *design)
{
	const SchemaDocument *document = design->document;

	design->tables = calloc(document->table_count + 1, sizeof(*design->tables));
	for (size_t i = 0; design->tables != NULL && i < document->table_count; i++)
	{
		design->tables[i].columns =
			calloc(document->tables[i].column_count + 1, sizeof(MyColumnDesign));
		if (design->tables[i].columns == NULL)
			return false;
	}
	return design->tables != NULL;
}

static TargetFlavour
flavour_of(const char *product)
{
	for (int i = 0; product != NULL && i < FLAVOURS; i++)
	{
		if (strcasecmp(flavour_names[i], product) == 0)
			return (TargetFlavour) i;
	}
	return FLAVOUR_POSTGRESQL;
}

bool
my_design_make(MyDesign *design, const SchemaDocument *document, const TargetKind *target,
			   const TypeRules *rules, const char *database, SluiceError *err)
{
	*design = (MyDesign){.document = document,
						 .source = flavour_of(document->source.product),
						 .target = *target,
						 .rules = rules,
						 .database = database};
	if (!make_room(design))
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
	if (!choose_all(design, err))
		return false;
	unify_all(design);
	for (size_t i = 0; i < document->table_count; i++)
	{
		if (!finish_table(design, &document->tables[i], err))
			return false;
	}
	return true;
}

void
my_design_free(MyDesign *design)
{
	for (size_t i = 0; design->tables != NULL && i < design->document->table_count; i++)
	{
		const size_t count = design->document->tables[i].column_count;

		for (size_t k = 0; design->tables[i].columns != NULL && k < count; k++)
		{
			free(design->tables[i].columns[k].computed);
			free(design->tables[i].columns[k].problem);
		}
		free(design->tables[i].columns);
	}
	free(design->tables);
	*design = (MyDesign){0};
}
