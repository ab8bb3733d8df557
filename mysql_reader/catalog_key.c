/*
 * catalog_key.c - indexes, checks and foreign keys of a database's tables (catalog_parts.h).
 *
 * Their definitions are put together as SHOW CREATE TABLE has them.
 */
#include "catalog_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "column_canon.h"
#include "common/mysql/my_sql.h"
#include "sql_text.h"

#define DEFINITION_MAXIMUM ((size_t) 1 << 20)
#define PRIMARY			   "PRIMARY"

/* ---- indexes ---- */

enum
{
	AT_TABLE, /* of all queries here */
	AT_INDEX,
	AT_NON_UNIQUE,
	AT_METHOD,
	AT_COLUMN,
	AT_LENGTH,
	AT_ORDER,
	AT_COMMENT,
	AT_HIDDEN,
	AT_EXPRESSION
};

#define INDEXES                                                                                    \
	"SELECT t.TABLE_NAME, t.INDEX_NAME, t.NON_UNIQUE, t.INDEX_TYPE, t.COLUMN_NAME, t.SUB_PART,"    \
	" t.COLLATION, t.INDEX_COMMENT, "
#define INDEXES_OF                                                                                 \
	" FROM information_schema.STATISTICS t WHERE t.TABLE_SCHEMA = %s%s"                            \
	" ORDER BY t.TABLE_NAME, t.INDEX_NAME <> 'PRIMARY', t.NON_UNIQUE, t.INDEX_NAME, "              \
	"t.SEQ_IN_INDEX"

static const char mysql_indexes[] = INDEXES "t.IS_VISIBLE = 'NO', t.EXPRESSION" INDEXES_OF;
static const char mariadb_indexes[] = INDEXES "t.IGNORED = 'YES', NULL" INDEXES_OF;
static const char mariadb_indexes_before_ignored[] = INDEXES "0, NULL" INDEXES_OF;

#define MARIADB_IGNORED_SINCE 100600

/* "BTREE" as "btree". */
static const char *
lower_text(Catalog *catalog, const char *text)
{
	char lower[32];
	size_t length = 0;

	for (; length + 1 < sizeof(lower) && text[length] != '\0'; length++)
		lower[length] = (char) tolower((unsigned char) text[length]);
	return catalog_text_of(catalog, lower, length);
}

/* The server's own method for geometries is MariaDB's RTREE, MySQL's SPATIAL. */
static const char *
method_name(Catalog *catalog, const char *type)
{
	return strcasecmp(type, "RTREE") == 0 ? "spatial" : lower_text(catalog, type);
}

static SchemaIndex *
add_index(Catalog *catalog, SchemaTable *table, char *const *row)
{
	SchemaIndex *index;

	table->indexes = catalog_add(catalog, table->indexes, &table->index_count, sizeof(*index));
	if (table->indexes == NULL)
		return NULL;
	index = &table->indexes[table->index_count - 1];
	index->primary = strcmp(row[AT_INDEX], PRIMARY) == 0;
	index->unique = strcmp(row[AT_NON_UNIQUE], "0") == 0;
	index->invisible = strcmp(row[AT_HIDDEN], "1") == 0;
	index->name = catalog_text(catalog, row[AT_INDEX]);
	index->method = method_name(catalog, row[AT_METHOD]);
	if (row[AT_COMMENT] != NULL && row[AT_COMMENT][0] != '\0' &&
		(index->comment = catalog_text(catalog, row[AT_COMMENT])) == NULL)
		return NULL;
	return index->name != NULL && index->method != NULL ? index : NULL;
}

static const char *
unescaped(Catalog *catalog, const char *shown)
{
	const char *text = NULL;
	ByteBuf plain;

	bytebuf_init(&plain, &allocator_malloc, DEFINITION_MAXIMUM);
	if (sql_text_unescape(shown, &plain, catalog->err))
		text = catalog_text_of(catalog, plain.data, plain.length);
	bytebuf_free(&plain);
	return text;
}

static bool
add_index_column(Catalog *catalog, SchemaIndex *index, char *const *row)
{
	SchemaIndexColumn *part;
	bool spatial = strcmp(index->method, "spatial") == 0;

	index->columns = catalog_add(catalog, index->columns, &index->column_count, sizeof(*part));
	if (index->columns == NULL)
		return false;
	part = &index->columns[index->column_count - 1];
	if (row[AT_ORDER] != NULL && strcmp(index->method, "btree") == 0)
	{
		part->order = strcmp(row[AT_ORDER], "D") == 0 ? SCHEMA_DESCENDING : SCHEMA_ASCENDING;
		part->nulls = part->order == SCHEMA_DESCENDING ? SCHEMA_NULLS_LAST : SCHEMA_NULLS_FIRST;
	}
	if (row[AT_LENGTH] != NULL && !spatial)
		part->length = strtoll(row[AT_LENGTH], NULL, 10);
	if (row[AT_COLUMN] != NULL)
		return (part->name = catalog_text(catalog, row[AT_COLUMN])) != NULL;
	return row[AT_EXPRESSION] != NULL &&
		   (part->expression = unescaped(catalog, row[AT_EXPRESSION])) != NULL;
}

/* The period of a versioned table stands in its keys, and is not among its columns here. */
static bool
is_left_out(const SchemaTable *table, char *const *row)
{
	return row[AT_COLUMN] != NULL && table->versioned &&
		   catalog_column(table, row[AT_COLUMN]) == NULL;
}

static bool
take_index(Catalog *catalog, SchemaTable *table, char *const *row)
{
	SchemaIndex *index = table->index_count > 0 ? &table->indexes[table->index_count - 1] : NULL;

	if (is_left_out(table, row))
		return true;
	if (index == NULL || strcmp(index->name, row[AT_INDEX]) != 0)
		index = add_index(catalog, table, row);
	return index != NULL && add_index_column(catalog, index, row);
}

/* ---- definitions ---- */

static bool
put_index_column(ByteBuf *out, const SchemaIndexColumn *part, SluiceError *err)
{
	bool good = part->name != NULL ? my_put_name(out, part->name, err)
								   : my_put(out, err, "(%s)", part->expression);

	if (good && part->length > 0)
		good = my_put(out, err, "(%lld)", (long long) part->length);
	return good && (part->order != SCHEMA_DESCENDING || my_put_word(out, " DESC", err));
}

static bool
put_index(ByteBuf *out, const SchemaIndex *index, SluiceError *err)
{
	const char *kind = index->primary							? "PRIMARY KEY"
					   : strcmp(index->method, "fulltext") == 0 ? "FULLTEXT KEY"
					   : strcmp(index->method, "spatial") == 0	? "SPATIAL KEY"
					   : index->unique							? "UNIQUE KEY"
																: "KEY";

	if (!my_put(out, err, "%s ", kind) ||
		(!index->primary && (!my_put_name(out, index->name, err) || !my_put_word(out, " ", err))))
		return false;
	for (size_t i = 0; i < index->column_count; i++)
	{
		if (!my_put_word(out, i == 0 ? "(" : ",", err) ||
			!put_index_column(out, &index->columns[i], err))
			return false;
	}
	return my_put_word(out, ")", err);
}

static bool
put_names(ByteBuf *out, const char **names, size_t count, SluiceError *err)
{
	for (size_t i = 0; i < count; i++)
	{
		if (!my_put_word(out, i == 0 ? "(" : ",", err) || !my_put_name(out, names[i], err))
			return false;
	}
	return my_put_word(out, ")", err);
}

static const char *
action_words(SchemaAction action)
{
	static const char *const words[] = {[SCHEMA_RESTRICT] = "RESTRICT",
										[SCHEMA_CASCADE] = "CASCADE",
										[SCHEMA_SET_NULL] = "SET NULL",
										[SCHEMA_SET_DEFAULT] = "SET DEFAULT"};

	return action != SCHEMA_NO_ACTION ? words[action] : NULL;
}

static bool
put_action(ByteBuf *out, const char *event, SchemaAction action, SluiceError *err)
{
	return action_words(action) == NULL ||
		   my_put(out, err, " ON %s %s", event, action_words(action));
}

static bool
put_foreign_key(ByteBuf *out, const SchemaForeignKey *key, SluiceError *err)
{
	return my_put_word(out, "FOREIGN KEY ", err) &&
		   put_names(out, key->columns, key->column_count, err) &&
		   my_put_word(out, " REFERENCES ", err) &&
		   my_put_table(out, key->schema, key->table, err) && my_put_word(out, " ", err) &&
		   put_names(out, key->referenced, key->referenced_count, err) &&
		   put_action(out, "DELETE", key->on_delete, err) &&
		   put_action(out, "UPDATE", key->on_update, err);
}

static const char *
keep_definition(Catalog *catalog, ByteBuf *out, bool good)
{
	const char *text = good ? catalog_text_of(catalog, out->data, out->length) : NULL;

	out->length = 0;
	return text;
}

static bool
define_index(Catalog *catalog, SchemaIndex *index, ByteBuf *out)
{
	bool good = put_index(out, index, catalog->err);

	index->definition = keep_definition(catalog, out, good);
	if (index->definition == NULL || !index->primary)
		return index->definition != NULL;
	index->constraint =
		schema_document_room(catalog->document, sizeof(*index->constraint), catalog->err);
	if (index->constraint != NULL)
		*index->constraint = (SchemaConstraint){index->name, index->definition, false, false, NULL};
	return index->constraint != NULL;
}

static bool
define_keys(Catalog *catalog, SchemaTable *table, ByteBuf *out)
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (!define_index(catalog, &table->indexes[i], out))
			return false;
	}
	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		SchemaForeignKey *key = &table->foreign_keys[i];
		bool good = put_foreign_key(out, key, catalog->err);

		key->definition = keep_definition(catalog, out, good);
		if (key->definition == NULL)
			return false;
	}
	return true;
}

/* ---- checks ---- */

enum
{
	AT_CHECK = 1,
	AT_CLAUSE,
	AT_ENFORCED
};

static const char mysql_checks[] =
	"SELECT t.TABLE_NAME, k.CONSTRAINT_NAME, k.CHECK_CLAUSE, t.ENFORCED = 'YES'"
	" FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS k"
	" ON k.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = t.CONSTRAINT_NAME"
	" WHERE t.TABLE_SCHEMA = %s%s AND t.CONSTRAINT_TYPE = 'CHECK'"
	" ORDER BY t.TABLE_NAME, k.CONSTRAINT_NAME";
static const char mariadb_checks[] =
	"SELECT t.TABLE_NAME, t.CONSTRAINT_NAME, t.CHECK_CLAUSE, 1"
	" FROM information_schema.CHECK_CONSTRAINTS t WHERE t.CONSTRAINT_SCHEMA = %s%s"
	" ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME";

/* The column that a check makes JSON, as MariaDB's type JSON does; NULL for another check. */
static SchemaColumn *
json_column(const Catalog *catalog, const SchemaTable *table, const char *clause)
{
	static const char words[] = "json_valid(";
	char wanted[2 * 64 * 4 + sizeof(words) + 4];
	ByteBuf out;

	if (!catalog->mariadb || strncmp(clause, words, sizeof(words) - 1) != 0)
		return NULL;
	for (size_t i = 0; i < table->column_count; i++)
	{
		SchemaColumn *column = &table->columns[i];
		bool fits;

		bytebuf_init(&out, &allocator_malloc, sizeof(wanted));
		fits = column->canon == CANON_TEXT && my_put_word(&out, words, NULL) &&
			   my_put_name(&out, column->name, NULL) && my_put_word(&out, ")", NULL) &&
			   out.length == strlen(clause) && memcmp(out.data, clause, out.length) == 0;
		bytebuf_free(&out);
		if (fits)
			return column;
	}
	return NULL;
}

static const char *
bracketed(Catalog *catalog, const char *clause)
{
	const char *text = NULL;
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, DEFINITION_MAXIMUM);
	if (catalog->mariadb ? my_put(&out, catalog->err, "(%s)", clause)
						 : sql_text_unescape(clause, &out, catalog->err))
		text = catalog_text_of(catalog, out.data, out.length);
	bytebuf_free(&out);
	return text;
}

static const char *
check_definition(Catalog *catalog, const char *expression)
{
	const char *text = NULL;
	ByteBuf out;

	bytebuf_init(&out, &allocator_malloc, DEFINITION_MAXIMUM);
	if (my_put(&out, catalog->err, "CHECK (%s)", expression))
		text = catalog_text_of(catalog, out.data, out.length);
	bytebuf_free(&out);
	return text;
}

static bool
take_check(Catalog *catalog, SchemaTable *table, char *const *row)
{
	SchemaColumn *json = json_column(catalog, table, row[AT_CLAUSE]);
	SchemaCheck *check;

	if (json != NULL)
	{
		json->canon = CANON_JSON;
		json->type_name = "json";
		return true;
	}
	table->checks = catalog_add(catalog, table->checks, &table->check_count, sizeof(*check));
	if (table->checks == NULL)
		return false;
	check = &table->checks[table->check_count - 1];
	check->validated = strcmp(row[AT_ENFORCED], "1") == 0;
	return (check->name = catalog_text(catalog, row[AT_CHECK])) != NULL &&
		   (check->expression = bracketed(catalog, row[AT_CLAUSE])) != NULL &&
		   (check->definition = check_definition(catalog, check->expression)) != NULL;
}

/*
 * ---- foreign keys ----
 *
 * Their rules are hidden by MariaDB's information_schema from a user that has SELECT alone; SHOW CREATE
 * TABLE tells them.
 */

enum
{
	AT_KEY = 1,
	AT_OWN,
	AT_THEIR_SCHEMA,
	AT_THEIR_TABLE,
	AT_THEIR,
	AT_ON_UPDATE,
	AT_ON_DELETE
};

static const char foreign_keys[] =
	"SELECT t.TABLE_NAME, t.CONSTRAINT_NAME, t.COLUMN_NAME, t.REFERENCED_TABLE_SCHEMA,"
	" t.REFERENCED_TABLE_NAME, t.REFERENCED_COLUMN_NAME, r.UPDATE_RULE, r.DELETE_RULE"
	" FROM information_schema.KEY_COLUMN_USAGE t"
	" LEFT JOIN information_schema.REFERENTIAL_CONSTRAINTS r"
	" ON r.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = t.CONSTRAINT_NAME"
	" AND r.TABLE_NAME = t.TABLE_NAME WHERE t.TABLE_SCHEMA = %s%s"
	" AND t.REFERENCED_TABLE_NAME IS NOT NULL"
	" ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME, t.ORDINAL_POSITION";

/* That of the words at the beginning of `rule`, which may be NULL. */
static SchemaAction
action_of(const char *rule)
{
	for (SchemaAction action = SCHEMA_RESTRICT; rule != NULL && action <= SCHEMA_SET_DEFAULT;
		 action++)
	{
		const char *words = action_words(action);

		if (strncmp(rule, words, strlen(words)) == 0)
			return action;
	}
	return SCHEMA_NO_ACTION;
}

/* MariaDB writes no RESTRICT, MySQL no NO ACTION. */
static SchemaAction
stated_action(const Catalog *catalog, const char *rule)
{
	return rule == NULL && catalog->mariadb ? SCHEMA_RESTRICT : action_of(rule);
}

/* A StatementTaker. */
static bool
take_rules(Catalog *catalog, SchemaTable *table, const char *statement)
{
	for (size_t i = 0; i < table->foreign_key_count; i++)
	{
		SchemaForeignKey *key = &table->foreign_keys[i];

		key->on_update = stated_action(catalog, show_create_rule(statement, key->name, "UPDATE"));
		key->on_delete = stated_action(catalog, show_create_rule(statement, key->name, "DELETE"));
	}
	return true;
}

static bool
read_hidden_rules(Catalog *catalog)
{
	for (size_t i = 0; catalog->rules_hidden && i < catalog->document->table_count; i++)
	{
		SchemaTable *table = &catalog->document->tables[i];

		if (strcmp(table->schema, catalog->schema) == 0 && table->foreign_key_count > 0 &&
			!catalog_statement(catalog, table, take_rules))
			return sluice_prefix(catalog->err, "table %s", table->name);
	}
	return true;
}

static SchemaForeignKey *
add_foreign_key(Catalog *catalog, SchemaTable *table, char *const *row)
{
	SchemaForeignKey *key;

	table->foreign_keys =
		catalog_add(catalog, table->foreign_keys, &table->foreign_key_count, sizeof(*key));
	if (table->foreign_keys == NULL)
		return NULL;
	key = &table->foreign_keys[table->foreign_key_count - 1];
	key->match = SCHEMA_MATCH_SIMPLE;
	key->validated = true;
	catalog->rules_hidden |= row[AT_ON_UPDATE] == NULL;
	key->on_update = action_of(row[AT_ON_UPDATE]);
	key->on_delete = action_of(row[AT_ON_DELETE]);
	key->name = catalog_text(catalog, row[AT_KEY]);
	key->schema = catalog_text(catalog, row[AT_THEIR_SCHEMA]);
	key->table = catalog_text(catalog, row[AT_THEIR_TABLE]);
	return key->name != NULL && key->schema != NULL && key->table != NULL ? key : NULL;
}

static bool
add_name(Catalog *catalog, const char ***names, size_t *count, const char *name)
{
	*names = catalog_add(catalog, *names, count, sizeof(**names));
	return *names != NULL && ((*names)[*count - 1] = catalog_text(catalog, name)) != NULL;
}

static bool
take_foreign_key(Catalog *catalog, SchemaTable *table, char *const *row)
{
	SchemaForeignKey *key =
		table->foreign_key_count > 0 ? &table->foreign_keys[table->foreign_key_count - 1] : NULL;

	if (key == NULL || strcmp(key->name, row[AT_KEY]) != 0)
		key = add_foreign_key(catalog, table, row);
	return key != NULL && add_name(catalog, &key->columns, &key->column_count, row[AT_OWN]) &&
		   add_name(catalog, &key->referenced, &key->referenced_count, row[AT_THEIR]);
}

/* ---- all of them ---- */

static const char *
indexes_query(const Catalog *catalog)
{
	if (!catalog->mariadb)
		return mysql_indexes;
	return catalog->c->version >= MARIADB_IGNORED_SINCE ? mariadb_indexes
														: mariadb_indexes_before_ignored;
}

static bool
define_all(Catalog *catalog)
{
	ByteBuf out;
	bool good = true;

	bytebuf_init(&out, &allocator_malloc, DEFINITION_MAXIMUM);
	for (size_t i = 0; good && i < catalog->document->table_count; i++)
	{
		SchemaTable *table = &catalog->document->tables[i];

		good = strcmp(table->schema, catalog->schema) != 0 || define_keys(catalog, table, &out);
	}
	bytebuf_free(&out);
	return good;
}

bool
catalog_read_keys(Catalog *catalog)
{
	return catalog_rows(catalog, indexes_query(catalog), take_index) &&
		   catalog_rows(catalog, catalog->mariadb ? mariadb_checks : mysql_checks, take_check) &&
		   catalog_rows(catalog, foreign_keys, take_foreign_key) && read_hidden_rules(catalog) &&
		   define_all(catalog);
}
