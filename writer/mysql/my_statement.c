/*
 * my_statement.c - the SQL of changes (my_statement.h).
 *
 * Many rows are joined with the table as the rest of a UNION that begins with none of its rows: so
 * they have the types and collations of its columns, and the key's index is used.
 */
#include "my_statement.h"

#include "my_value.h"

/* Collations under which texts are equal only when all their bytes are. */
static const char *const exact_collations[] = {"utf8mb4_0900_bin", "utf8mb4_nopad_bin", "binary"};

/* Types that a UNION would make something else of, for all columns, or for those that are compared. */
static const char *const never_joined[] = {
	"bit",		  "geometry",	  "point",			 "linestring",		   "polygon",
	"multipoint", "multipolygon", "multilinestring", "geometrycollection", "geomcollection",
	"vector"};
static const char *const never_matched[] = {"float", "json"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const MyTable *
of(const Table *table)
{
	return table->at_target;
}

static bool
among(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(list[i], text) == 0)
			return true;
	}
	return false;
}

/* ---- what a statement sets ---- */

/* Whether a field of the image is written by an update. */
static bool
is_set(const MyColumn *column, const RowField *field, bool move)
{
	return column->written && field->length != FIELD_UNCHANGED && (move || !column->key);
}

/* The columns an update sets, told by `put` one after the other; without any, the key sets itself. */
typedef bool (*PutSet)(ByteBuf *out, const MyColumn *column, const RowField *field,
					   const char *joint, SluiceError *err);

static bool
put_sets(ByteBuf *out, const Table *table, const BundleRow *image, bool move, PutSet put,
		 SluiceError *err)
{
	const uint8_t *at = image->data + 2;
	const char *joint = "";
	bool good = true;

	for (uint16_t i = 0; good && i < image->fields; i++)
	{
		const MyColumn *column = &of(table)->columns[i];
		RowField field;

		field.data = bundle_row_field(&at, &field.length);
		if (!is_set(column, &field, move))
			continue;
		good = put(out, column, &field, joint, err);
		joint = ",";
	}
	return good;
}

static bool
sets_anything(const Table *table, const BundleRow *image, bool move)
{
	const uint8_t *at = image->data + 2;

	for (uint16_t i = 0; i < image->fields; i++)
	{
		RowField field;

		field.data = bundle_row_field(&at, &field.length);
		if (is_set(&of(table)->columns[i], &field, move))
			return true;
	}
	return false;
}

/* Columns that the server would set by itself although the source left them as they were. */
static bool
put_kept(ByteBuf *out, const Table *table, const BundleRow *image, const char *where,
		 SluiceError *err)
{
	const uint8_t *at = image->data + 2;
	bool good = true;

	for (uint16_t i = 0; good && i < image->fields; i++)
	{
		const MyColumn *column = &of(table)->columns[i];
		RowField field;

		field.data = bundle_row_field(&at, &field.length);
		if (column->sets_itself && column->written && field.length == FIELD_UNCHANGED)
			good = my_put(out, err, ",%s%s=%s%s", where, column->name, where, column->name);
	}
	return good;
}

static bool
put_value_set(ByteBuf *out, const MyColumn *column, const RowField *field, const char *joint,
			  SluiceError *err)
{
	return my_put_word(out, joint, err) && my_put_word(out, column->name, err) &&
		   my_put_word(out, "=", err) && my_value_literal(column->converter, field, out, err);
}

static bool
put_joined_set(ByteBuf *out, const MyColumn *column, const RowField *field, const char *joint,
			   SluiceError *err)
{
	(void) field;
	return my_put(out, err, "%st.%s=s.%s", joint, column->name, column->name);
}

static bool
put_name_only(ByteBuf *out, const MyColumn *column, const RowField *field, const char *joint,
			  SluiceError *err)
{
	(void) field;
	return (my_put_word(out, joint, err) && my_put_word(out, column->name, err));
}

static bool
put_value_only(ByteBuf *out, const MyColumn *column, const RowField *field, const char *joint,
			   SluiceError *err)
{
	return my_put_word(out, joint, err) && my_value_literal(column->converter, field, out, err);
}

/* ---- how a statement finds its row ---- */

/* A value as what it is compared with is: a FLOAT is not the double of the same digits. */
static bool
put_comparable(ByteBuf *out, const MyColumn *column, const RowField *field, SluiceError *err)
{
	const char *cast = strcmp(column->type, "float") == 0  ? "FLOAT"
					   : strcmp(column->type, "json") == 0 ? "JSON"
														   : NULL;

	return (cast == NULL || my_put_word(out, "CAST(", err)) &&
		   my_value_literal(column->converter, field, out, err) &&
		   (cast == NULL || my_put(out, err, " AS %s)", cast));
}

static bool
put_key_condition(ByteBuf *out, const Table *table, const BundleRow *row, SluiceError *err)
{
	bool good = true;

	for (uint16_t i = 0; good && i < table->key_count; i++)
	{
		const MyColumn *column = &of(table)->columns[table->key[i]];
		RowField field = key_field(table, row, i);

		good = my_put(out, err, "%s%s=", i == 0 ? "" : " AND ", column->name) &&
			   put_comparable(out, column, &field, err);
	}
	return good;
}

/* Alike means the same bytes, whatever the column's collation says. */
static bool
put_alike(ByteBuf *out, const MyColumn *column, const RowField *field, SluiceError *err)
{
	bool folded = *column->collation != '\0' &&
				  !among(exact_collations, COUNT(exact_collations), column->collation);

	if (strcmp(column->type, "vector") == 0) /* MySQL compares none */
		return my_put(out, err, "HEX(%s)<=>HEX(", column->name) &&
			   my_value_literal(column->converter, field, out, err) && my_put_word(out, ")", err);
	if (!folded)
		return my_put(out, err, "%s<=>", column->name) && put_comparable(out, column, field, err);
	return my_put(out, err, "CAST(%s AS BINARY)<=>CAST(CONVERT(", column->name) &&
		   my_value_literal(column->converter, field, out, err) &&
		   my_put(out, err, " USING %s) AS BINARY)", column->charset);
}

static bool
put_whole_condition(ByteBuf *out, const Table *table, const BundleRow *row, SluiceError *err)
{
	const uint8_t *at = row->data + 2;
	const char *joint = "";
	bool good = true;

	for (uint16_t i = 0; good && i < row->fields; i++)
	{
		const MyColumn *column = &of(table)->columns[i];
		RowField field;

		field.data = bundle_row_field(&at, &field.length);
		if (!column->written || field.length == FIELD_UNCHANGED)
			continue;
		good = my_put_word(out, joint, err) && put_alike(out, column, &field, err);
		joint = " AND ";
	}
	return good && (*joint != '\0' || my_put_word(out, "TRUE", err));
}

static bool
put_condition(ByteBuf *out, const Table *table, const BundleRow *row, SluiceError *err)
{
	if (!my_put_word(out, " WHERE ", err))
		return false;
	if (table->key_count > 0)
		return put_key_condition(out, table, row, err);
	return put_whole_condition(out, table, row, err) && my_put_word(out, " LIMIT 1", err);
}

/* ---- one row ---- */

bool
my_put_insert_head(ByteBuf *out, const Table *table, SluiceError *err)
{
	const char *joint = "";
	bool good = my_put(out, err, "INSERT INTO %s (", of(table)->name);

	for (uint16_t i = 0; good && i < of(table)->column_count; i++)
	{
		if (!of(table)->columns[i].written)
			continue;
		good = my_put(out, err, "%s%s", joint, of(table)->columns[i].name);
		joint = ",";
	}
	return good && my_put_word(out, ") VALUES ", err);
}

bool
my_put_insert_row(ByteBuf *out, const Table *table, const BundleRow *image, SluiceError *err)
{
	return my_put_word(out, "(", err) && put_sets(out, table, image, true, put_value_only, err) &&
		   my_put_word(out, ")", err);
}

bool
my_put_update(ByteBuf *out, const Table *table, const BundleRow *key, const BundleRow *image,
			  bool move, SluiceError *err)
{
	const char *self = of(table)->columns[table->key_count > 0 ? table->key[0] : 0].name;

	if (!my_put(out, err, "UPDATE %s SET ", of(table)->name))
		return false;
	return (sets_anything(table, image, move)
				? put_sets(out, table, image, move, put_value_set, err) &&
					  put_kept(out, table, image, "", err)
				: my_put(out, err, "%s=%s", self, self)) &&
		   put_condition(out, table, key, err);
}

bool
my_put_delete(ByteBuf *out, const Table *table, const BundleRow *key, SluiceError *err)
{
	return my_put(out, err, "DELETE FROM %s", of(table)->name) &&
		   put_condition(out, table, key, err);
}

bool
my_put_empty(ByteBuf *out, const Table *table, SluiceError *err)
{
	return my_put(out, err, "DELETE FROM %s", of(table)->name);
}

/* ---- many rows ---- */

static bool
joins(const MyColumn *column, bool matched)
{
	return !among(never_joined, COUNT(never_joined), column->type) &&
		   (!matched || !among(never_matched, COUNT(never_matched), column->type));
}

bool
my_can_join(const Table *table, const BundleRow *image)
{
	const uint8_t *at = image != NULL ? image->data + 2 : NULL;
	bool good = table->keyed;

	for (uint16_t i = 0; good && i < table->key_count; i++)
		good = joins(&of(table)->columns[table->key[i]], true);
	for (uint16_t i = 0; good && image != NULL && i < image->fields; i++)
	{
		const MyColumn *column = &of(table)->columns[i];
		RowField field;

		field.data = bundle_row_field(&at, &field.length);
		good = !is_set(column, &field, false) || joins(column, false);
	}
	return good;
}

static bool
put_key_names(ByteBuf *out, const Table *table, SluiceError *err)
{
	bool good = true;

	for (uint16_t i = 0; good && i < table->key_count; i++)
		good = my_put(out, err, "%s%s", i == 0 ? "" : ",", of(table)->columns[table->key[i]].name);
	return good;
}

/* put_sets() goes on behind the key's names or values. */
static bool
put_behind_key(ByteBuf *out, const Table *table, const BundleRow *image, PutSet put,
			   SluiceError *err)
{
	return image == NULL || !sets_anything(table, image, false) ||
		   (my_put_word(out, ",", err) && put_sets(out, table, image, false, put, err));
}

bool
my_put_join_head(ByteBuf *out, const Table *table, const BundleRow *image, SluiceError *err)
{
	return my_put(out, err, "%s (SELECT ", image != NULL ? "UPDATE" : "DELETE t FROM") &&
		   put_key_names(out, table, err) &&
		   put_behind_key(out, table, image, put_name_only, err) &&
		   my_put(out, err, " FROM %s WHERE FALSE UNION ALL VALUES ", of(table)->name);
}

bool
my_put_join_row(ByteBuf *out, const MyTarget *target, const Table *table, const PlanRow *row,
				bool is_update, bool is_first, SluiceError *err)
{
	bool good =
		my_put(out, err, "%s%s(", is_first ? "" : ",", target->c.flavour == MY_MYSQL ? "ROW" : "");

	for (uint16_t i = 0; good && i < table->key_count; i++)
	{
		RowField field = key_field(table, &row->key, i);

		good = (i == 0 || my_put_word(out, ",", err)) &&
			   my_value_literal(of(table)->columns[table->key[i]].converter, &field, out, err);
	}
	return good &&
		   put_behind_key(out, table, is_update ? &row->image : NULL, put_value_only, err) &&
		   my_put_word(out, ")", err);
}

bool
my_put_join_tail(ByteBuf *out, const Table *table, const BundleRow *image, SluiceError *err)
{
	const char *first = of(table)->columns[table->key[0]].name;
	bool good = my_put(out, err, ") AS s STRAIGHT_JOIN %s AS t ON ", of(table)->name);

	for (uint16_t i = 0; good && i < table->key_count; i++)
	{
		const char *name = of(table)->columns[table->key[i]].name;

		good = my_put(out, err, "%st.%s=s.%s", i == 0 ? "" : " AND ", name, name);
	}
	if (!good || image == NULL)
		return good;
	return my_put_word(out, " SET ", err) &&
		   (sets_anything(table, image, false)
				? put_sets(out, table, image, false, put_joined_set, err) &&
					  put_kept(out, table, image, "t.", err)
				: my_put(out, err, "t.%s=t.%s", first, first));
}
