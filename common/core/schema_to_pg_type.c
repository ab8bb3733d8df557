/*
 * schema_to_pg_type.c - choosing a PostgreSQL type for each column (schema_to_pg_type.h).
 */
#include "schema_to_pg_type.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "schema_to_pg_parts.h"

#define NUMERIC_MODIFIER(precision, scale) (((int64_t) (precision) << 16 | (scale)) + 4)
#define DECIMAL_LENGTH					   10 /* of DECIMAL without numbers */
#define BY_RULE							   9  /* rank of a type that was said */
#define PGVECTOR_LONGEST				   16000

/* ---- rows ---- */

static bool
is_counter(const SchemaColumn *column, const ColumnType *source)
{
	return source->is_unsigned && column->auto_increment;
}

static bool
row_fits(const ToPg *t, const ToPgRow *row, const SchemaColumn *column, const ColumnType *source)
{
	switch (row->needs)
	{
		case TO_PG_UNSIGNED: return source->is_unsigned;
		case TO_PG_BOOLEAN:
			return strcmp(column->type_name, "tinyint(1)") == 0 && column->scan != NULL &&
				   column->scan->only_boolean && !column->auto_increment;
		case TO_PG_COUNTER: return is_counter(column, source);
		case TO_PG_ONE_BIT: return source->length <= 1;
		case TO_PG_DAY: return column->scan != NULL && column->scan->within_day;
		case TO_PG_POSTGIS: return *t->to->target->geometry != '\0';
		case TO_PG_PGVECTOR:
			return *t->to->target->vector != '\0' && source->length > 0 &&
				   source->length <= PGVECTOR_LONGEST;
		default: return true;
	}
}

/* All kinds of geometry have the rows of one. */
static ColumnKind
kind_of(ColumnKind kind)
{
	return kind >= KIND_GEOMETRY && kind <= KIND_GEOMETRYCOLLECTION ? KIND_GEOMETRY : kind;
}

static const ToPgRow *
find_row(const ToPg *t, const SchemaColumn *column, const ColumnType *source)
{
	for (size_t i = 0; i < to_pg_row_count; i++)
	{
		if (to_pg_rows[i].kind == kind_of(source->kind) &&
			row_fits(t, &to_pg_rows[i], column, source))
			return &to_pg_rows[i];
	}
	return &to_pg_rows[to_pg_row_count - 1];
}

/* ---- numbers ---- */

static int
or_zero(int number)
{
	return number > 0 ? number : 0;
}

static const char *
numbers_of(ToPg *t, const ToPgRow *row, const ColumnType *source)
{
	switch (row->numbers)
	{
		case TO_PG_LENGTH: return to_pg_text(t, "(%d)", source->length > 0 ? source->length : 1);
		case TO_PG_DIGITS:
			return to_pg_text(t, "(%d,%d)", source->length > 0 ? source->length : DECIMAL_LENGTH,
							  or_zero(source->scale));
		case TO_PG_FRACTION: return to_pg_text(t, "(%d)", or_zero(source->length));
		default: return "";
	}
}

static int64_t
modifier_of(const ToPgRow *row, const ColumnType *source)
{
	switch (source->kind)
	{
		case KIND_DECIMAL:
			return NUMERIC_MODIFIER(source->length > 0 ? source->length : DECIMAL_LENGTH,
									or_zero(source->scale));
		case KIND_TIME:
		case KIND_DATETIME:
		case KIND_TIMESTAMP: return row->numbers == TO_PG_FRACTION ? or_zero(source->length) : -1;
		default: return -1;
	}
}

/* "geometry(Point,4326)" of what PostGIS calls its type. */
static const char *
geometry_type(ToPg *t, const SchemaColumn *column, ColumnKind kind)
{
	static const char *const names[KINDS] = {
		[KIND_POINT] = "Point",
		[KIND_LINESTRING] = "LineString",
		[KIND_POLYGON] = "Polygon",
		[KIND_MULTIPOINT] = "MultiPoint",
		[KIND_MULTILINESTRING] = "MultiLineString",
		[KIND_MULTIPOLYGON] = "MultiPolygon",
		[KIND_GEOMETRYCOLLECTION] = "GeometryCollection",
	};
	const char *name = names[kind] != NULL ? names[kind] : "Geometry";

	return column->srid >= 0
			   ? to_pg_text(t, "%s(%s,%d)", t->to->target->geometry, name, (int) column->srid)
		   : names[kind] != NULL ? to_pg_text(t, "%s(%s)", t->to->target->geometry, name)
								 : t->to->target->geometry;
}

static const char *
type_of(ToPg *t, const ToPgRow *row, const SchemaColumn *column, const ColumnType *source)
{
	const char *mark = strstr(row->type, "%s");

	if (row->needs == TO_PG_POSTGIS)
		return geometry_type(t, column, source->kind);
	if (row->needs == TO_PG_PGVECTOR)
		return to_pg_text(t, "%s%s", t->to->target->vector, numbers_of(t, row, source));
	if (mark == NULL)
		return row->type;
	return to_pg_text(t, "%.*s%s%s", (int) (mark - row->type), row->type,
					  numbers_of(t, row, source), mark + 2);
}

/* ---- rules ---- */

/* How format_type() writes what people write otherwise; numbers stand where %s does. */
static const struct
{
	const char *written, *type;
} spellings[] = {
	{"bool", "boolean"},
	{"int2", "smallint"},
	{"int4", "integer"},
	{"int8", "bigint"},
	{"float4", "real"},
	{"float8", "double precision"},
	{"varchar", "character varying%s"},
	{"bpchar", "character%s"},
	{"varbit", "bit varying%s"},
	{"time", "time%s without time zone"},
	{"timestamp", "timestamp%s without time zone"},
	{"timestamptz", "timestamp%s with time zone"},
};

static const char *
spelled(ToPg *t, const char *said)
{
	SqlType type;
	const char *numbers = "";

	sql_type_read(said, &type);
	if (type.modifiers == 1)
		numbers = to_pg_text(t, "(%d)", type.modifier[0]);
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]) && !type.qualified; i++)
	{
		const char *form = spellings[i].type, *mark = strstr(form, "%s");

		if (strcasecmp(type.name, spellings[i].written) != 0)
			continue;
		return to_pg_text(t, "%.*s%s%s%s", (int) (mark != NULL ? mark - form : (long) strlen(form)),
						  form, numbers, mark != NULL ? mark + 2 : "", type.array ? "[]" : "");
	}
	return to_pg_text(t, "%s", said);
}

/* ENUM by rule: a type of that table's column. */
static const char *
make_enum(ToPg *t, const SchemaTable *table, const SchemaColumn *column)
{
	SchemaDocument *document = t->document;
	SchemaType *types = to_pg_room(t, (document->type_count + 1) * sizeof(*types));
	const char *name = to_pg_fitted(t, to_pg_text(t, "%s_%s", table->name, column->name));
	const char *at = column->type, *label;
	size_t count = 0;
	SchemaType *made;

	if (types == NULL)
		return "";
	if (document->type_count > 0)
		memcpy(types, document->types, document->type_count * sizeof(*types));
	document->types = types;
	made = &types[document->type_count++];
	*made = (SchemaType){.schema = table->schema, .name = name, .kind = SCHEMA_TYPE_ENUM};
	while (to_pg_label(t, &at, &label))
		count++;
	made->labels = to_pg_room(t, (count + 1) * sizeof(*made->labels));
	at = column->type;
	while (made->labels != NULL && made->label_count < count && to_pg_label(t, &at, &label))
		made->labels[made->label_count++] = label;
	return to_pg_qualified(t, table->schema, name);
}

static const char *
type_said(ToPg *t, const SchemaTable *table, const SchemaColumn *column)
{
	const TypeColumn what = {
		.schema = table->schema,
		.table = table->name,
		.name = column->name,
		.type_name = column->type_name,
		.type = column->type_name,
		.canon = column->canon,
	};
	const TypeSaid said = type_rules_said(t->to->rules, &what);

	if (said.text == NULL)
		return said.policy == LOSS_TEXT && column->canon != CANON_TEXT &&
					   column->canon != CANON_ENUM && column->canon != CANON_SET
				   ? "text"
				   : NULL;
	if (column->canon == CANON_ENUM && strcasecmp(said.text, "enum") == 0)
		return make_enum(t, table, column);
	return spelled(t, said.text);
}

/* ---- classes ---- */

static PgClass
class_of(const char *type)
{
	static const struct
	{
		const char *type;
		PgClass is;
	} classes[] = {
		{"smallint", PG_CLASS_WHOLE}, {"integer", PG_CLASS_WHOLE},
		{"bigint", PG_CLASS_WHOLE},	  {"numeric", PG_CLASS_DECIMAL},
		{"boolean", PG_CLASS_BOOL},	  {"character varying", PG_CLASS_TEXT},
		{"text", PG_CLASS_TEXT},	  {"date", PG_CLASS_DATE},
		{"timestamp", PG_CLASS_DATE},
	};
	PgClass is = PG_CLASS_NONE;

	if (strchr(type, '[') != NULL)
		return PG_CLASS_NONE;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
	{
		if (strncmp(type, classes[i].type, strlen(classes[i].type)) == 0)
			is = classes[i].is;
	}
	return is == PG_CLASS_DATE && strstr(type, " with time zone") != NULL ? PG_CLASS_MOMENT : is;
}

/* Whether a text's collation tells all strings apart. */
static bool
is_exact(const SchemaColumn *column)
{
	size_t length = column->collation != NULL ? strlen(column->collation) : 0;

	return length > 4 && strcmp(column->collation + length - 4, "_bin") == 0;
}

/* ---- all columns ---- */

static int
rank_of(const char *type, bool by_rule)
{
	for (size_t i = 0; i < to_pg_row_count && !by_rule; i++)
	{
		if (to_pg_rows[i].rank > 0 && strcmp(to_pg_rows[i].type, type) == 0)
			return to_pg_rows[i].rank;
	}
	return by_rule ? BY_RULE : 0;
}

static void
choose(ToPg *t, const SchemaTable *table, SchemaColumn *column, ToPgColumn *known)
{
	const char *said = type_said(t, table, column);
	const ToPgRow *row;

	(void) column_type_read(column->canon == CANON_JSON ? "json" : column->type, &known->source);
	row = find_row(t, column, &known->source);
	known->by_rule = said != NULL;
	known->exact = is_exact(column);
	known->generated = column->generated != SCHEMA_NOT_GENERATED;
	column->typmod = modifier_of(row, &known->source);
	/* The type stays readable until labels were taken from it: schema_to_pg_column.c sets it. */
	column->type_schema = said != NULL ? said : type_of(t, row, column, &known->source);
	column->type_name = row->name;
}

static SchemaColumn *
column_named(SchemaTable *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
	{
		if (strcmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}

/* Two columns that a foreign key joins: whichever ranks lower takes the other's type.  True: it did. */
static bool
join_pair(ToPg *t, SchemaTable *one, const char *name, SchemaTable *other, const char *its_name)
{
	SchemaColumn *a = column_named(one, name), *b = column_named(other, its_name), *lower;
	ToPgColumn *known_a, *known_b;
	int rank_a, rank_b;

	if (a == NULL || b == NULL || strcmp(a->type_schema, b->type_schema) == 0)
		return false;
	known_a = &t->columns[one - t->document->tables][a - one->columns];
	known_b = &t->columns[other - t->document->tables][b - other->columns];
	rank_a = rank_of(a->type_schema, known_a->by_rule);
	rank_b = rank_of(b->type_schema, known_b->by_rule);
	if (rank_a == rank_b)
		return false;
	lower = rank_a < rank_b ? a : b;
	lower->type_schema = rank_a < rank_b ? b->type_schema : a->type_schema;
	(rank_a < rank_b ? known_a : known_b)->by_rule |= rank_a == BY_RULE || rank_b == BY_RULE;
	return true;
}

/* A key to a table that is not in the document: most of what is referred to counts. */
static void
join_outside(ToPg *t, SchemaTable *table, const char *name)
{
	SchemaColumn *column = column_named(table, name);
	const ToPgColumn *known;

	if (column == NULL)
		return;
	known = &t->columns[table - t->document->tables][column - table->columns];
	if (!known->by_rule && known->source.kind == KIND_BIGINT && known->source.is_unsigned)
		column->type_schema = "bigint";
}

static bool
join_table(ToPg *t, SchemaTable *table)
{
	bool changed = false;

	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		const SchemaForeignKey *key = &table->foreign_keys[i];
		const SchemaTable *other =
			schema_document_table_named(t->document, key->schema, key->table);

		for (size_t k = 0; k < key->column_count && k < key->referenced_count; k++)
		{
			if (other != NULL)
				changed |= join_pair(t, table, key->columns[k],
									 &t->document->tables[other - t->document->tables],
									 key->referenced[k]);
			else
				join_outside(t, table, key->columns[k]);
		}
	}
	return changed;
}

void
to_pg_types(ToPg *t)
{
	SchemaDocument *document = t->document;
	bool changed = true;

	for (size_t i = 0; i < document->table_count; i++)
	{
		SchemaTable *table = &document->tables[i];

		for (size_t k = 0; k < table->column_count; k++)
			choose(t, table, &table->columns[k], &t->columns[i][k]);
	}
	while (changed)
	{
		changed = false;
		for (size_t i = 0; i < document->table_count; i++)
			changed |= join_table(t, &document->tables[i]);
	}
	for (size_t i = 0; i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];

		for (size_t k = 0; k < table->column_count; k++)
			t->columns[i][k].is = class_of(table->columns[k].type_schema);
	}
}
