/*
 * my_value_choose.c - which values go into which columns, by which encoder, within which limits.
 */
#include "my_value_parts.h"

#include <stdlib.h>

/* ---- what goes to what ---- */

/* Columns that one encoder serves, as bits. */
enum
{
	TO_INTEGER = 1 << 0,
	TO_FLOAT = 1 << 1,
	TO_DECIMAL = 1 << 2,
	TO_BIT = 1 << 3,
	TO_DATE = 1 << 4, /* with and without a time */
	TO_TIME = 1 << 5,
	TO_TEXT = 1 << 6,
	TO_BYTES = 1 << 7,
	TO_LABEL = 1 << 8, /* ENUM, SET */
	TO_JSON = 1 << 9,
	TO_UUID = 1 << 10,
	TO_ADDRESS = 1 << 11,
	TO_SHAPE = 1 << 12,
	TO_YEAR = 1 << 13,
	TO_WHOLE = TO_INTEGER | TO_FLOAT | TO_DECIMAL | TO_BIT,
	TO_WORDS = TO_TEXT | TO_BYTES | TO_LABEL | TO_UUID | TO_ADDRESS
};

/* What a kind of column is, and its limits: bits of integers, bytes of text and bytes. */
static const struct
{
	unsigned family;
	uint64_t most;
	const char *before; /* of its literals that are quoted */
} kinds[KINDS] = {
	[KIND_TINYINT] = {TO_INTEGER, 8, ""},
	[KIND_SMALLINT] = {TO_INTEGER, 16, ""},
	[KIND_MEDIUMINT] = {TO_INTEGER, 24, ""},
	[KIND_INT] = {TO_INTEGER, 32, ""},
	[KIND_BIGINT] = {TO_INTEGER, 64, ""},
	[KIND_FLOAT] = {TO_FLOAT, 24, ""}, /* bits of the whole numbers it has all of */
	[KIND_DOUBLE] = {TO_FLOAT, 53, ""},
	[KIND_DECIMAL] = {TO_DECIMAL, 0, ""},
	[KIND_BIT] = {TO_BIT, 0, ""},
	[KIND_DATE] = {TO_DATE, 0, "DATE"},
	[KIND_DATETIME] = {TO_DATE, 0, "TIMESTAMP"},
	[KIND_TIMESTAMP] = {TO_DATE, 0, "TIMESTAMP"},
	[KIND_TIME] = {TO_TIME, 0, "TIME"},
	[KIND_YEAR] = {TO_YEAR, 0, ""},
	[KIND_CHAR] = {TO_TEXT, 0, ""},
	[KIND_VARCHAR] = {TO_TEXT, 0, ""},
	[KIND_TINYTEXT] = {TO_TEXT, 255, ""},
	[KIND_TEXT] = {TO_TEXT, 65535, ""},
	[KIND_MEDIUMTEXT] = {TO_TEXT, 16777215, ""},
	[KIND_LONGTEXT] = {TO_TEXT, 0, ""},
	[KIND_BINARY] = {TO_BYTES, 0, ""},
	[KIND_VARBINARY] = {TO_BYTES, 0, ""},
	[KIND_TINYBLOB] = {TO_BYTES, 255, ""},
	[KIND_BLOB] = {TO_BYTES, 65535, ""},
	[KIND_MEDIUMBLOB] = {TO_BYTES, 16777215, ""},
	[KIND_LONGBLOB] = {TO_BYTES, 0, ""},
	[KIND_ENUM] = {TO_LABEL, 0, ""},
	[KIND_SET] = {TO_LABEL, 0, ""},
	[KIND_JSON] = {TO_JSON, 0, ""},
	[KIND_UUID] = {TO_UUID, 0, ""},
	[KIND_INET4] = {TO_ADDRESS, 0, ""},
	[KIND_INET6] = {TO_ADDRESS, 0, ""},
	[KIND_GEOMETRY] = {TO_SHAPE, 0, ""},
	[KIND_POINT] = {TO_SHAPE, 0, ""},
	[KIND_LINESTRING] = {TO_SHAPE, 0, ""},
	[KIND_POLYGON] = {TO_SHAPE, 0, ""},
	[KIND_MULTIPOINT] = {TO_SHAPE, 0, ""},
	[KIND_MULTILINESTRING] = {TO_SHAPE, 0, ""},
	[KIND_MULTIPOLYGON] = {TO_SHAPE, 0, ""},
	[KIND_GEOMETRYCOLLECTION] = {TO_SHAPE, 0, ""},
	[KIND_VECTOR] = {TO_BYTES, 0, ""},
};

/* PostgreSQL types that are a canonical "builtin" and more than their text at the target. */
enum
{
	OID_OID = 26,
	OID_XID = 28,
	OID_CID = 29,
	OID_POINT = 600,
	OID_MONEY = 790,
	OID_BPCHAR = 1042,
	OID_LSN = 3220,
	OID_XID8 = 5069
};

/* The first row that fits wins; canon or oid 0: any. */
static const struct
{
	CanonType canon;
	uint32_t oid;
	unsigned to;
	MyEncode encode;
} ways[] = {
	{CANON_BOOL, 0, TO_WHOLE, my_encode_bool},
	{CANON_INT16, 0, TO_YEAR, my_encode_year},
	{CANON_INT16, 0, TO_WHOLE, my_encode_signed},
	{CANON_INT32, 0, TO_WHOLE, my_encode_signed},
	{CANON_INT64, 0, TO_WHOLE, my_encode_signed},
	{CANON_UINT64, 0, TO_WHOLE, my_encode_unsigned},
	{CANON_FLOAT32, 0, TO_FLOAT | TO_DECIMAL, my_encode_float},
	{CANON_FLOAT64, 0, TO_FLOAT | TO_DECIMAL, my_encode_float},
	{CANON_DECIMAL, 0, TO_DECIMAL | TO_INTEGER | TO_FLOAT, my_encode_numeric},
	{CANON_TEXT, 0, TO_WORDS | TO_JSON, my_encode_text},
	{CANON_BYTES, 0, TO_BYTES, my_encode_bytes},
	{CANON_DATE, 0, TO_DATE, my_encode_date},
	{CANON_TIME, 0, TO_TIME, my_encode_time},
	{CANON_TIMESTAMP, 0, TO_DATE, my_encode_timestamp},
	{CANON_TIMESTAMPTZ, 0, TO_DATE, my_encode_timestamp},
	{CANON_INTERVAL, 0, TO_TIME, my_encode_duration},
	{CANON_INTERVAL, 0, TO_TEXT, my_encode_interval},
	{CANON_UUID, 0, TO_BYTES, my_encode_bytes},
	{CANON_JSON, 0, TO_WORDS | TO_JSON, my_encode_text},
	{CANON_JSONB, 0, TO_WORDS | TO_JSON, my_encode_jsonb},
	{CANON_BITS, 0, TO_BIT, my_encode_bits},
	{CANON_ENUM, 0, TO_LABEL, my_encode_label},
	{CANON_ENUM, 0, TO_WORDS, my_encode_text},
	{CANON_SET, 0, TO_WORDS, my_encode_text},
	{CANON_OTHER, 0, TO_SHAPE, my_encode_geometry},
	{CANON_OTHER, 0, TO_WORDS | TO_JSON, my_encode_text},
	{CANON_ARRAY, 0, TO_JSON, my_encode_array},
	{CANON_GEOMETRY, 0, TO_SHAPE, my_encode_geometry},
	{CANON_BUILTIN, OID_POINT, TO_SHAPE, my_encode_point},
	{CANON_BUILTIN, OID_MONEY, TO_DECIMAL, my_encode_money},
	{CANON_BUILTIN, OID_OID, TO_WHOLE, my_encode_unsigned},
	{CANON_BUILTIN, OID_XID, TO_WHOLE, my_encode_unsigned},
	{CANON_BUILTIN, OID_CID, TO_WHOLE, my_encode_unsigned},
	{CANON_BUILTIN, OID_XID8, TO_WHOLE, my_encode_unsigned},
	{CANON_BUILTIN, OID_LSN, TO_WHOLE, my_encode_unsigned},
	{0, 0, TO_WORDS, my_encode_printed},
};

/* How a canonical type is printed when its column names no type of PostgreSQL. */
static const uint32_t printed_as[CANON_LAST + 1] = {
	[CANON_BOOL] = 16,		 [CANON_INT16] = 21,	   [CANON_INT32] = 23,
	[CANON_INT64] = 20,		 [CANON_UINT64] = 5069,	   [CANON_FLOAT32] = 700,
	[CANON_FLOAT64] = 701,	 [CANON_DECIMAL] = 1700,   [CANON_TEXT] = 25,
	[CANON_BYTES] = 17,		 [CANON_DATE] = 1082,	   [CANON_TIME] = 1083,
	[CANON_TIMETZ] = 1266,	 [CANON_TIMESTAMP] = 1114, [CANON_TIMESTAMPTZ] = 1184,
	[CANON_INTERVAL] = 1186, [CANON_UUID] = 2950,	   [CANON_JSON] = 114,
	[CANON_JSONB] = 3802,	 [CANON_BITS] = 1562,	   [CANON_ENUM] = 25,
	[CANON_SET] = 25,		 [CANON_NETWORK] = 869,	   [CANON_OTHER] = 25,
};

static MyEncode
find_way(const BundleColumn *source, unsigned family)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
	{
		if ((ways[i].canon == 0 || ways[i].canon == source->canon) &&
			(ways[i].oid == 0 || ways[i].oid == source->type_oid) && (ways[i].to & family) != 0)
			return ways[i].encode;
	}
	return NULL;
}

/* ---- limits ---- */

#define EPOCH_UNIX_S INT64_C(946684800) /* 2000-01-01 */
#define SECOND_US	 1000000

#define UINT64_DIGITS  20 /* of its largest number */
#define DECIMAL_DIGITS 10 /* of DECIMAL without numbers */

static const struct
{
	ColumnKind kind;
	int64_t low, high;
} time_limits[] = {
	/* 0001-01-01, 9999-12-31 */
	{KIND_DATE, -730119 * PG_DAY_US, 2921939 * PG_DAY_US},
	{KIND_DATETIME, -730119 * PG_DAY_US, 2921940 * PG_DAY_US - 1},
	/* 1970-01-01 00:00:01, 2038-01-19 03:14:07.999999 */
	{KIND_TIMESTAMP, (1 - EPOCH_UNIX_S) * SECOND_US,
	 (INT64_C(2147483648) - EPOCH_UNIX_S) * SECOND_US - 1},
};

static uint64_t
largest_of_bits(uint64_t bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static uint64_t
largest_of_digits(int digits)
{
	uint64_t power = 1;

	if (digits >= UINT64_DIGITS)
		return UINT64_MAX;
	for (int i = 0; i < digits; i++)
		power *= 10;
	return power - 1;
}

/* Whole numbers from -largest (less `further`) or 0 up to largest. */
static void
limit_integers(MyConverter *c, uint64_t largest, bool negative, int64_t further)
{
	c->high_unsigned = largest;
	c->high = largest > INT64_MAX ? INT64_MAX : (int64_t) largest;
	c->low = negative ? -c->high - further : 0;
}

static void
limit_numbers(MyConverter *c, unsigned family, uint64_t bits)
{
	const ColumnType *type = &c->target;

	if (family == TO_INTEGER && type->is_unsigned)
		limit_integers(c, largest_of_bits(bits), false, 0);
	else if (family == TO_INTEGER)
		limit_integers(c, largest_of_bits(bits - 1), true, 1);
	else if (family == TO_FLOAT)
		limit_integers(c, largest_of_bits(bits) + 1, true, 0);
	else if (family == TO_BIT)
		limit_integers(c, largest_of_bits(type->length > 0 ? (uint64_t) type->length : 1), false,
					   0);
	else if (family == TO_DECIMAL)
	{
		c->fraction_digits = type->scale > 0 ? type->scale : 0;
		c->integer_digits = (type->length > 0 ? type->length : DECIMAL_DIGITS) - c->fraction_digits;
		limit_integers(c, largest_of_digits(c->integer_digits), !type->is_unsigned,
					   c->integer_digits >= UINT64_DIGITS);
	}
	if (family == TO_INTEGER)
		c->integer_digits = UINT64_DIGITS;
}

static void
limit_times(MyConverter *c)
{
	for (size_t i = 0; i < sizeof(time_limits) / sizeof(time_limits[0]); i++)
	{
		if (time_limits[i].kind == c->target.kind)
		{
			c->low = time_limits[i].low;
			c->high = time_limits[i].high;
		}
	}
	c->fraction_digits = c->target.length > 0 ? c->target.length : 0;
}

/* Of which a character is not what it is in UTF-8: the server knows how many bytes it takes. */
static bool
is_utf8(const MyColumn *column)
{
	return *column->charset == '\0' || strncmp(column->charset, "utf8", 4) == 0;
}

static void
limit_text(MyConverter *c, const MyColumn *column)
{
	uint64_t length = c->target.length > 0 ? (uint64_t) c->target.length : 1;

	if (c->target.kind == KIND_CHAR || c->target.kind == KIND_VARCHAR)
		c->most_characters = length;
	else if (c->target.kind == KIND_BINARY || c->target.kind == KIND_VARBINARY)
		c->most_bytes = length;
	else if (is_utf8(column))
		c->most_bytes = kinds[c->target.kind].most;
	else
		c->most_characters = kinds[c->target.kind].most;
}

static void
set_limits(MyConverter *c, unsigned family, const MyColumn *column)
{
	if (family & TO_WHOLE)
		limit_numbers(c, family, kinds[c->target.kind].most);
	else if (family & (TO_DATE | TO_TIME))
		limit_times(c);
	else if (family & (TO_TEXT | TO_BYTES))
		limit_text(c, column);
}

/* ---- literals and LOAD DATA ---- */

/* Text that the server has to take as such: LOAD DATA gives it bytes. */
#define AS_TEXT "CONVERT(%s USING utf8mb4)"

static const char *
choose_load_set(const MyConverter *c, unsigned family, const MyColumn *column)
{
	if (family == TO_BIT)
		return "CAST(%s AS UNSIGNED)";
	if (family & (TO_UUID | TO_ADDRESS))
		return AS_TEXT;
	if (family == TO_JSON)
		return strcmp(column->type, "json") == 0 ? AS_TEXT : NULL;
	if (family & (TO_TEXT | TO_LABEL) && strcmp(column->charset, "utf8mb4") != 0)
		return c->canon == CANON_UUID ? NULL : AS_TEXT;
	return NULL;
}

/* Whether a list of labels, "enum('a','')", has the empty one. */
static bool
has_empty_label(const char *type)
{
	bool quoted = false;

	for (const char *at = type; *at != '\0'; at++)
	{
		if (!quoted && (*at == '(' || *at == ',') && strncmp(at + 1, "''", 2) == 0 &&
			(at[3] == ',' || at[3] == ')'))
			return true;
		quoted ^= *at == '\'';
	}
	return false;
}

static void
set_forms(MyConverter *c, unsigned family, const MyColumn *column)
{
	bool typed_json = family == TO_JSON && strcmp(column->type, "json") == 0;

	c->doubles_only = typed_json;
	c->no_empty = c->target.kind == KIND_ENUM && !has_empty_label(column->full_type);
	c->before = typed_json ? "CAST(" : kinds[c->target.kind].before;
	c->behind = typed_json ? " AS JSON)" : "";
	c->load_set = choose_load_set(c, family, column);
}

/* ---- choosing ---- */

static bool
read_target(const MyColumn *column, ColumnType *type)
{
	if (column->json)
	{
		*type = (ColumnType){KIND_JSON, false, -1, -1};
		return true;
	}
	return column_type_read(column->full_type, type);
}

/* Numbers of FLOAT and DOUBLE in brackets make the server round, unless the source's did so before. */
static bool
rounds(const ColumnType *type, const BundleColumn *source)
{
	ColumnType own;

	return (type->kind == KIND_FLOAT || type->kind == KIND_DOUBLE) && type->scale >= 0 &&
		   !(column_type_read(source->type_name, &own) && own.kind == type->kind &&
			 own.length <= type->length && own.scale == type->scale);
}

static bool
set_source(MyConverter *c, const BundleColumn *source)
{
	uint32_t oid = source->type_oid != 0 ? source->type_oid : printed_as[source->canon];

	c->canon = source->canon;
	c->length = canon_fixed_length(source->canon);
	c->strip_blanks = source->type_oid == OID_BPCHAR;
	c->native = source->type_oid == 0;
	if (!pg_type_find(oid, &c->type))
		c->type.scalar = NULL;
	else if (c->length == 0)
		c->length = pg_type_length(&c->type);
	return c->encode != my_encode_printed || c->type.scalar != NULL;
}

MyConverter *
my_converter_choose(const BundleColumn *source, const MyColumn *column, LossPolicy policy,
					SluiceError *err)
{
	MyConverter *c = calloc(1, sizeof(*c));
	unsigned family = 0;

	if (c == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a column's converter");
		return NULL;
	}
	bytebuf_init(&c->scratch, &allocator_malloc, MY_VALUE_MAXIMUM);
	bytebuf_init(&c->nearest, &allocator_malloc, MY_VALUE_MAXIMUM);
	c->identifies = column->identifies;
	c->policy =
		c->identifies && (policy == LOSS_CLAMP || policy == LOSS_NULL) ? LOSS_ERROR : policy;
	c->nullable = column->nullable;
	c->column = strdup(column->name);
	c->full_type = strdup(column->full_type);
	c->source_type = strdup(source->type_name);
	if (c->column == NULL || c->full_type == NULL || c->source_type == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a column's converter");
		goto fail;
	}
	if (read_target(column, &c->target) && !rounds(&c->target, source))
		family = kinds[c->target.kind].family;
	c->encode = find_way(source, family);
	if (c->encode == NULL || !set_source(c, source))
	{
		(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
						   "column %s: values of type %s cannot go into %s", c->column,
						   c->source_type, c->full_type);
		(void) sluice_hint(err, "give the column at the target a type that has them, or text");
		goto fail;
	}
	set_limits(c, family, column);
	set_forms(c, family, column);
	return c;

fail:
	my_converter_free(c);
	return NULL;
}

void
my_converter_free(MyConverter *c)
{
	if (c == NULL)
		return;
	bytebuf_free(&c->scratch);
	bytebuf_free(&c->nearest);
	free(c->column);
	free(c->full_type);
	free(c->source_type);
	free(c);
}

const char *
my_value_load_set(const MyConverter *c)
{
	return c->load_set;
}
