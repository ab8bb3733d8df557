/*
 * column.c - kinds of columns: how their metadata and their values lie in a log (column.h).
 *
 * One table says it for every kind; what is not in it cannot be read, and is refused.
 */
#include "column.h"

#include "decimal.h"

/* How the metadata of a kind lies in a table map. */
typedef enum MetaForm
{
	META_NONE = 1,
	META_PACK,	   /* a byte: bytes of the length, or of the number */
	META_FRACTION, /* a byte: digits of a second */
	META_MAXIMUM,  /* two bytes, least significant first: most bytes */
	META_DECIMAL,  /* precision, scale */
	META_BITS,	   /* bits beyond whole bytes, whole bytes */
	META_STRING	   /* a kind and a length in two bytes, entangled */
} MetaForm;

/* How long a value is. */
typedef enum ValueForm
{
	VALUE_FIXED = 1,
	VALUE_LENGTH, /* `length` bytes */
	VALUE_PACKED, /* a length of `length` bytes before it */
	VALUE_STRING, /* a length of one byte before it, or of two when it may be longer than 255 */
	VALUE_BITS,	  /* the bytes that its bits take */
	VALUE_DECIMAL,
	VALUE_TEMPORAL /* a fixed part and that of the fraction */
} ValueForm;

typedef struct KindRow
{
	const char *name;
	MetaForm meta;
	ValueForm value;
	uint8_t size; /* of the fixed part */
	bool numeric;
} KindRow;

static const KindRow kinds[256] = {
	[COLUMN_TINY] = {"tinyint", META_NONE, VALUE_FIXED, 1, true},
	[COLUMN_SHORT] = {"smallint", META_NONE, VALUE_FIXED, 2, true},
	[COLUMN_INT24] = {"mediumint", META_NONE, VALUE_FIXED, 3, true},
	[COLUMN_LONG] = {"int", META_NONE, VALUE_FIXED, 4, true},
	[COLUMN_LONGLONG] = {"bigint", META_NONE, VALUE_FIXED, 8, true},
	[COLUMN_FLOAT] = {"float", META_PACK, VALUE_FIXED, 4, true},
	[COLUMN_DOUBLE] = {"double", META_PACK, VALUE_FIXED, 8, true},
	[COLUMN_DECIMAL] = {"decimal", META_DECIMAL, VALUE_DECIMAL, 0, true},
	[COLUMN_YEAR] = {"year", META_NONE, VALUE_FIXED, 1, true},
	[COLUMN_DATE] = {"date", META_NONE, VALUE_FIXED, 3, false},
	[COLUMN_NEWDATE] = {"date", META_NONE, VALUE_FIXED, 3, false},
	[COLUMN_TIMESTAMP_OLD] = {"timestamp", META_NONE, VALUE_FIXED, 4, false},
	[COLUMN_TIME_OLD] = {"time", META_NONE, VALUE_FIXED, 3, false},
	[COLUMN_DATETIME_OLD] = {"datetime", META_NONE, VALUE_FIXED, 8, false},
	[COLUMN_TIMESTAMP] = {"timestamp", META_FRACTION, VALUE_TEMPORAL, 4, false},
	[COLUMN_DATETIME] = {"datetime", META_FRACTION, VALUE_TEMPORAL, 5, false},
	[COLUMN_TIME] = {"time", META_FRACTION, VALUE_TEMPORAL, 3, false},
	[COLUMN_BIT] = {"bit", META_BITS, VALUE_BITS, 0, false},
	[COLUMN_VARCHAR] = {"varchar", META_MAXIMUM, VALUE_STRING, 0, false},
	[COLUMN_VAR_STRING] = {"varchar", META_MAXIMUM, VALUE_STRING, 0, false},
	[COLUMN_VARCHAR_COMPRESSED] = {"varchar compressed", META_MAXIMUM, VALUE_STRING, 0, false},
	[COLUMN_STRING] = {"char", META_STRING, VALUE_STRING, 0, false},
	[COLUMN_ENUM] = {"enum", META_STRING, VALUE_LENGTH, 0, false},
	[COLUMN_SET] = {"set", META_STRING, VALUE_LENGTH, 0, false},
	[COLUMN_BLOB] = {"blob", META_PACK, VALUE_PACKED, 0, false},
	[COLUMN_BLOB_COMPRESSED] = {"blob compressed", META_PACK, VALUE_PACKED, 0, false},
	[COLUMN_JSON] = {"json", META_PACK, VALUE_PACKED, 0, false},
	[COLUMN_GEOMETRY] = {"geometry", META_PACK, VALUE_PACKED, 0, false},
	[COLUMN_VECTOR] = {"vector", META_PACK, VALUE_PACKED, 0, false},
};

const char *
column_kind_name(uint8_t kind)
{
	return kinds[kind].name != NULL ? kinds[kind].name : "unknown";
}

bool
column_is_numeric(uint8_t kind)
{
	return kinds[kind].numeric;
}

/* ---- metadata ---- */

/*
 * A CHAR of more than 255 bytes has two bits of its length in its kind, turned round, so that servers
 * that knew no such thing see another kind.
 */
static bool
read_string(const uint8_t *meta, LogColumn *column, SluiceError *err)
{
	if (meta[0] == COLUMN_ENUM || meta[0] == COLUMN_SET)
	{
		column->kind = meta[0];
		column->length = meta[1];
		if (column->length < 1 || column->length > (meta[0] == COLUMN_ENUM ? 2 : 8))
			return sluice_fail(err, SLUICE_ERROR_CORRUPT, "an %s of %u bytes",
							   column_kind_name(meta[0]), column->length);
		return true;
	}
	if ((meta[0] | 0x30) != COLUMN_STRING)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a char column of kind %u", meta[0]);
	column->length = meta[1] + (((meta[0] & 0x30u) ^ 0x30u) << 4);
	return true;
}

static bool
read_pack(const uint8_t *meta, LogColumn *column, SluiceError *err)
{
	const KindRow *row = &kinds[column->kind];

	column->length = meta[0];
	if (row->value == VALUE_FIXED ? meta[0] != row->size : meta[0] < 1 || meta[0] > 4)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a %s column with a length of %u bytes",
						   row->name, meta[0]);
	return true;
}

static bool
read_fraction(const uint8_t *meta, LogColumn *column, SluiceError *err)
{
	column->scale = meta[0];
	return meta[0] <= 6 ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "seconds with %u digits", meta[0]);
}

static bool
read_decimal(const uint8_t *meta, LogColumn *column, SluiceError *err)
{
	column->precision = meta[0];
	column->scale = meta[1];
	return (meta[0] <= DECIMAL_DIGITS_MAXIMUM && meta[1] <= meta[0]) ||
		   sluice_fail(err, SLUICE_ERROR_CORRUPT, "decimal(%u,%u)", meta[0], meta[1]);
}

bool
column_meta_read(ByteCursor *meta, LogColumn *column, SluiceError *err)
{
	static const uint8_t sizes[] = {
		[META_NONE] = 0,	[META_PACK] = 1, [META_FRACTION] = 1, [META_MAXIMUM] = 2,
		[META_DECIMAL] = 2, [META_BITS] = 2, [META_STRING] = 2};
	const KindRow *row = &kinds[column->kind];
	const uint8_t *at;

	/* ENUM and SET stand in the metadata of STRING only. */
	if (row->name == NULL || column->kind == COLUMN_ENUM || column->kind == COLUMN_SET)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a column of kind %u", column->kind);
	if (!cursor_take(meta, sizes[row->meta], &at, err))
		return false;
	switch (row->meta)
	{
		case META_PACK: return read_pack(at, column, err);
		case META_FRACTION: return read_fraction(at, column, err);
		case META_MAXIMUM: column->length = (uint32_t) little_load(at, 2); return true;
		case META_DECIMAL: return read_decimal(at, column, err);
		case META_BITS:
			column->length = at[1] * 8u + at[0];
			return (at[0] < 8 && column->length >= 1 && column->length <= 64) ||
				   sluice_fail(err, SLUICE_ERROR_CORRUPT, "a bit column of %u bits",
							   column->length);
		case META_STRING: return read_string(at, column, err);
		case META_NONE: break;
	}
	return true;
}

/* ---- values ---- */

static bool
value_length(const LogColumn *column, ByteCursor *row, uint64_t *length, SluiceError *err)
{
	const KindRow *kind = &kinds[column->kind];

	switch (kind->value)
	{
		case VALUE_FIXED: *length = kind->size; return true;
		case VALUE_LENGTH: *length = column->length; return true;
		case VALUE_PACKED: return little_unsigned(row, column->length, length, err);
		case VALUE_STRING: return little_unsigned(row, column->length > 255 ? 2 : 1, length, err);
		case VALUE_BITS: *length = (column->length + 7) / 8; return true;
		case VALUE_DECIMAL:
			*length = decimal_packed_size(column->precision, column->scale);
			return true;
		case VALUE_TEMPORAL: *length = kind->size + (column->scale + 1u) / 2; return true;
	}
	return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a value of kind %u", column->kind);
}

bool
column_take(const LogColumn *column, ByteCursor *row, const uint8_t **value, size_t *length,
			SluiceError *err)
{
	uint64_t bytes;
	ByteCursor part;

	if (!value_length(column, row, &bytes, err) || !little_part(row, bytes, &part, err))
		return false;
	*value = part.at;
	*length = (size_t) bytes;
	return true;
}
