/*
 * types_markdown.c - a row of the page for each row of the table (types_markdown.h).
 */
#include "types_markdown.h"

#include <string.h>

#include "common/core/type_map.h"

#define MARIADB_BIT (1U << FLAVOUR_MARIADB)
#define MYSQL_BIT	(1U << FLAVOUR_MYSQL)

static const char before[] =
	"# Types at MySQL and MariaDB targets\n"
	"\n"
	"What a copy makes of each type of a PostgreSQL source, in the order in which rows are looked "
	"for: by "
	"the\n"
	"type's name, then by what it is on its way (`canon` in "
	"[schema-document.md](schema-document.md)).\n"
	"`sluice-writer --plan` shows it for each column. Made by `make docs` from the writer's own "
	"table.\n"
	"\n"
	"| source | where | column | in keys | values written as | not every value: |\n"
	"|---|---|---|---|---|---|\n";

static const char behind[] =
	"\n"
	"- n, p and s are the source's own. A domain is its base type, with its checks; the types of "
	"extensions and\n"
	"  users that are not here are text.\n"
	"- In keys: primary keys, unique indexes and foreign keys have at most 3072 bytes. Columns "
	"that are as long as\n"
	"  they come share what the others leave: `varchar(768)` alone, `varchar(384)` for two. Longer "
	"values are refused by name.\n"
	"- A row has at most 65,535 bytes: where there are more, the longest `varchar` that is in no "
	"key becomes `longtext`.\n"
	"- Columns that foreign keys join get one type, the wider of the two.\n"
	"- Text is `utf8mb4` with a collation that tells all strings apart, as PostgreSQL's do: "
	"`utf8mb4_0900_bin` on MySQL,\n"
	"  `utf8mb4_nopad_bin` on MariaDB.\n"
	"- ENUM keeps the labels as they are; where one is empty or ends with a blank, `varchar` with "
	"a check.\n"
	"- Times with time zone are UTC in a `datetime`, and the column's comment says so. Dates from "
	"0001-01-01 to 9999-12-31.\n"
	"- Decimals in JSON are strings where a double is not exactly them. MySQL's own `json` keeps "
	"numbers as doubles and orders\n"
	"  keys; MariaDB's is text with a check and keeps what came, at most 32 levels deep.\n"
	"- MariaDB keeps -0 in `float` and `double` as 0. Its `uuid` refuses values that PostgreSQL's "
	"has, so it is only used\n"
	"  when asked for.\n"
	"\n"
	"## From MySQL and MariaDB\n"
	"\n"
	"A column has its own type there too, but for these:\n"
	"\n"
	"| type | where the target does not have it |\n"
	"|---|---|\n";

static const char behind_own[] =
	"\n"
	"Text keeps its character set and collation, or those most like them "
	"([mysql-target.md](mysql-target.md)).\n"
	"\n"
	"## Values that do not fit\n"
	"\n"
	"| policy | a value that the column cannot have |\n"
	"|---|---|\n"
	"| `error` (default) | is refused; the writer stops, names table, key and column, and goes on "
	"when it is mended |\n"
	"| `clamp` | becomes the nearest that it can have: the first or last date, the largest number, "
	"the text's beginning |\n"
	"| `null` | becomes NULL, where the column may be; else as `error` |\n"
	"| `text` | cannot come: the column is `longtext` and holds what PostgreSQL prints |\n"
	"| `auto` | as `text` where the copy of a stream with option `scan` found such a value, else "
	"as "
	"`error` |\n"
	"\n"
	"The policy is the same for a copy's rows and for changes. What a primary or unique key, or "
	"the "
	"replica identity, is made of\n"
	"is neither clamped nor left NULL, as rows would become one: a structure with such a rule is "
	"refused, and so is a value\n"
	"that does not fit in such a column.\n"
	"\n"
	"## Other types: `--types`\n"
	"\n"
	"```\n"
	"sluice-writer --types 'numeric=decimal(38,10):null, public.orders.note=varchar(200), "
	"date:clamp' ...\n"
	"```\n"
	"\n"
	"Rules stand between commas. Each names a type (of PostgreSQL or MySQL, by any of its names; a "
	"user's "
	"with its schema; or one of\n"
	"the names above), a column (`schema.table.column`) or `*`; then a target type behind `=`, a "
	"policy behind `:`, or both.\n"
	"Other characters stand in double quotes. Of several rules that match, a column's wins over "
	"its own type's, that over\n"
	"the base type's, that over `*`; of equals the first. Type and policy may come from different "
	"rules. An array in a\n"
	"text column is PostgreSQL's `{1,2}`, in a `json` column `[1,2]`. A type that no server has, "
	"as "
	"`decimal(99,5)`, is\n"
	"refused at the start; a rule about a type or column that is not there is named by `--plan` "
	"and in "
	"the log.\n";

static const char *
where_of(const TypeRow *row)
{
	if ((row->flavours & (MYSQL_BIT | MARIADB_BIT)) == MYSQL_BIT)
		return "MySQL";
	if ((row->flavours & (MYSQL_BIT | MARIADB_BIT)) == MARIADB_BIT)
		return "MariaDB";
	return "";
}

static void
write_source(const TypeRow *row, FILE *out)
{
	const char *name = strncmp(row->source, "*.", 2) == 0 ? row->source + 2 : row->source;

	(void) fprintf(out, "| `%s", strcmp(name, "*") == 0 ? "anything else" : name);
	switch (row->needs)
	{
		case NEEDS_LENGTH: (void) fprintf(out, "(n)`, n ≤ %d", row->limit); break;
		case NEEDS_DECIMAL: (void) fputs("(p,s)`, p ≤ 65, 0 ≤ s ≤ 30, s ≤ p", out); break;
		case NEEDS_MODIFIER: (void) fputs("(n)`", out); break;
		case NEEDS_LABELS: (void) fputs("` whose labels ENUM can have", out); break;
		default: (void) fputc('`', out); break;
	}
}

static void
write_column(const TypeRow *row, FILE *out)
{
	const ColumnType type = {row->kind, row->is_unsigned, row->length, row->scale};
	ColumnType bare = {row->kind, row->is_unsigned, -1, -1};
	char text[COLUMN_TYPE_SIZE];

	column_type_write(row->length == LENGTH_SOURCE ? &bare : &type, text);
	(void) fprintf(out, "`%s%s`", text,
				   row->length != LENGTH_SOURCE ? ""
				   : row->scale != -1			? "(p,s)"
												: "(n)");
	if (row->collation != NULL)
		(void) fprintf(out, " `%s`", row->collation);
	if (row->since > 0)
		(void) fprintf(out, " since %d.%d", row->since / 10000, row->since / 100 % 100);
}

static void
write_row(const TypeRow *row, FILE *out)
{
	static const char *const forms[FORMS] = {
		[FORM_SAME] = "",			[FORM_UTC] = "UTC",
		[FORM_PRINTED] = "printed", [FORM_ISO] = "ISO 8601: `P1DT2H`",
		[FORM_JSON] = "JSON",		[FORM_BITS] = "bits",
		[FORM_GEOMETRY] = "SRID 0",
	};
	char loses[LOSES_SIZE], keyed[COLUMN_TYPE_SIZE];

	type_loses_write(row->loses & ~(unsigned) LOSES_ZONE, loses);
	column_type_write(&(ColumnType){row->keyed, false, -1, -1}, keyed);
	write_source(row, out);
	(void) fprintf(out, " | %s | ", where_of(row));
	write_column(row, out);
	(void) fprintf(out, " | %s%s%s | %s | %s |\n", *keyed != '\0' ? "`" : "", keyed,
				   *keyed != '\0' ? "`" : "", forms[row->form], loses);
}

static void
write_own(const NativeRow *row, FILE *out)
{
	char own[COLUMN_TYPE_SIZE], becomes[COLUMN_TYPE_SIZE];

	column_type_write(&(ColumnType){row->kind, false, -1, -1}, own);
	column_type_write(&row->becomes, becomes);
	(void) fprintf(out, "| %s%s%s | `%s`", *own != '\0' ? "`" : "",
				   *own != '\0' ? own : "any other", *own != '\0' ? "`" : "", becomes);
	if (row->collation != NULL)
		(void) fprintf(out, " `%s`", row->collation);
	(void) fputs(" |\n", out);
}

void
types_markdown_write(FILE *out)
{
	(void) fputs(before, out);
	for (size_t i = 0; i < type_row_count; i++)
	{
		if ((type_rows[i].flavours & (MYSQL_BIT | MARIADB_BIT)) != 0)
			write_row(&type_rows[i], out);
	}
	(void) fputs(behind, out);
	for (size_t i = 0; i < native_row_count; i++)
		write_own(&native_rows[i], out);
	(void) fputs(behind_own, out);
}
