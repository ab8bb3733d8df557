/*
 * pg_convert.c - the table of conversions, and what happens with values that do not fit
 * (pg_convert.h).
 */
#include "pg_convert.h"

#include "common/core/pg_text.h"
#include "pg_type_oid.h"

/* ---- values that only need a look or a word around them ---- */

static bool
write_time(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
		   SluiceError *err)
{
	static const int64_t day = INT64_C(86400000000);
	int64_t time = (int64_t) load_u64(data);

	(void) length;
	if (time < 0 || time > day)
	{
		if (convert->policy != LOSS_CLAMP)
			return sluice_fail(err, SLUICE_ERROR_DATA,
							   "a time that is not between 00:00:00 and 24:00:00");
		time = time < 0 ? 0 : day;
	}
	return bytebuf_put_u64(out, (uint64_t) time, err);
}

static bool
write_jsonb(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
			SluiceError *err)
{
	(void) convert;
	return bytebuf_put_u8(out, 1, err) && bytebuf_put(out, data, length, err);
}

static bool
write_uuid(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
		   SluiceError *err)
{
	(void) convert;
	if (length != 16)
		return sluice_fail(err, SLUICE_ERROR_DATA, "%u bytes, where a uuid has 16", length);
	return bytebuf_put(out, data, length, err);
}

/* With NUL bytes left out, which is what clamping means for texts. */
static bool
write_text(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
		   SluiceError *err)
{
	const RowField field = {data, (int32_t) length};
	const uint8_t *end = data + length, *nul;

	if (convert->policy != LOSS_CLAMP && !pg_check_text(&field, err))
		return false;
	while (length > 0 && (nul = memchr(data, 0, (size_t) (end - data))) != NULL)
	{
		if (!bytebuf_put(out, data, (size_t) (nul - data), err))
			return false;
		data = nul + 1;
	}
	return bytebuf_put(out, data, (size_t) (end - data), err);
}

/* ---- the table ---- */

#define BIT(canon)		(1U << (canon))
#define WHOLE_NUMBERS	(BIT(CANON_INT16) | BIT(CANON_INT32) | BIT(CANON_INT64) | BIT(CANON_UINT64))
#define TEXTS			(BIT(CANON_TEXT) | BIT(CANON_ENUM) | BIT(CANON_SET) | BIT(CANON_OTHER))
#define TIMES			(BIT(CANON_TIMESTAMP) | BIT(CANON_TIMESTAMPTZ))
#define ALL_BUT(canons) (~(unsigned) (canons))

typedef struct PgConversion
{
	unsigned from;	  /* canonical types */
	Oid to;			  /* 0: any other */
	const char *name; /* of an extension's type; then `to` is any */
	Oid sent;		  /* 0: the column's own type */
	PgWrite write;
} PgConversion;

/* The type that has a canonical type's values as they are. */
static const Oid own_types[CANON_LAST + 1] = {
	[CANON_BOOL] = PG_OID_BOOL,
	[CANON_INT16] = PG_OID_INT2,
	[CANON_INT32] = PG_OID_INT4,
	[CANON_INT64] = PG_OID_INT8,
	[CANON_FLOAT32] = PG_OID_FLOAT4,
	[CANON_FLOAT64] = PG_OID_FLOAT8,
	[CANON_DECIMAL] = PG_OID_NUMERIC,
	[CANON_TEXT] = PG_OID_TEXT,
	[CANON_BYTES] = PG_OID_BYTEA,
	[CANON_DATE] = PG_OID_DATE,
	[CANON_TIME] = PG_OID_TIME,
	[CANON_TIMETZ] = PG_OID_TIMETZ,
	[CANON_TIMESTAMP] = PG_OID_TIMESTAMP,
	[CANON_TIMESTAMPTZ] = PG_OID_TIMESTAMPTZ,
	[CANON_INTERVAL] = PG_OID_INTERVAL,
	[CANON_UUID] = PG_OID_UUID,
	[CANON_JSON] = PG_OID_JSON,
	[CANON_JSONB] = PG_OID_JSONB,
	[CANON_BITS] = PG_OID_VARBIT,
	[CANON_ENUM] = PG_OID_TEXT,
	[CANON_SET] = PG_OID_TEXT,
	[CANON_GEOMETRY] = PG_OID_BYTEA,
	[CANON_NETWORK] = PG_OID_INET,
	[CANON_OTHER] = PG_OID_TEXT,
};

/* As the type that has the canonical type's values prints them. */
static bool
write_printed(const PgConvert *convert, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	PgType type;

	if (convert->canon == CANON_UINT64)
		return pg_write_digits(convert, data, length, out, err);
	if (!pg_type_find(own_types[convert->canon], &type))
		return sluice_fail(err, SLUICE_ERROR_DATA, "a value that cannot be printed");
	return pg_text(&type, data, length, out, err);
}

static const PgConversion conversions[] = {
	/* numbers */
	{WHOLE_NUMBERS | BIT(CANON_BITS), PG_OID_BOOL, NULL, PG_OID_BOOL, pg_write_bool},
	{BIT(CANON_INT16), PG_OID_INT2, NULL, PG_OID_INT2, NULL},
	{BIT(CANON_INT32), PG_OID_INT4, NULL, PG_OID_INT4, NULL},
	{BIT(CANON_INT64), PG_OID_INT8, NULL, PG_OID_INT8, NULL},
	{WHOLE_NUMBERS | BIT(CANON_BITS), PG_OID_INT2, NULL, PG_OID_INT2, pg_write_integer},
	{WHOLE_NUMBERS | BIT(CANON_BITS), PG_OID_INT4, NULL, PG_OID_INT4, pg_write_integer},
	{WHOLE_NUMBERS | BIT(CANON_BITS), PG_OID_INT8, NULL, PG_OID_INT8, pg_write_integer},
	{WHOLE_NUMBERS, PG_OID_NUMERIC, NULL, PG_OID_NUMERIC, pg_write_numeric},
	{BIT(CANON_FLOAT32), PG_OID_FLOAT8, NULL, PG_OID_FLOAT8, pg_write_float8},

	/* text, and what is written as text */
	{TEXTS | BIT(CANON_JSON), PG_OID_TEXT, NULL, PG_OID_TEXT, NULL},
	{TEXTS | BIT(CANON_JSON), PG_OID_VARCHAR, NULL, PG_OID_TEXT, NULL},
	{TEXTS | BIT(CANON_JSON), PG_OID_BPCHAR, NULL, PG_OID_TEXT, NULL},
	{ALL_BUT(TEXTS), PG_OID_TEXT, NULL, PG_OID_TEXT, write_printed},
	{ALL_BUT(TEXTS), PG_OID_VARCHAR, NULL, PG_OID_TEXT, write_printed},
	{ALL_BUT(TEXTS), PG_OID_BPCHAR, NULL, PG_OID_TEXT, write_printed},

	/* lists and documents */
	{BIT(CANON_SET), PG_OID_TEXTS, NULL, PG_OID_TEXTS, pg_write_labels},
	{BIT(CANON_SET), PG_OID_VARCHARS, NULL, PG_OID_VARCHARS, pg_write_labels},
	{BIT(CANON_JSON) | BIT(CANON_TEXT), PG_OID_JSON, NULL, PG_OID_JSON, NULL},
	{BIT(CANON_JSON) | BIT(CANON_TEXT), PG_OID_JSONB, NULL, PG_OID_JSONB, write_jsonb},

	/* bytes and bits */
	{BIT(CANON_BYTES), PG_OID_UUID, NULL, PG_OID_UUID, write_uuid},
	{BIT(CANON_TEXT) | BIT(CANON_UUID), PG_OID_BYTEA, NULL, PG_OID_BYTEA, NULL},
	{BIT(CANON_BYTES), PG_OID_FLOAT4S, NULL, PG_OID_FLOAT4S, pg_write_floats},
	{BIT(CANON_BYTES), 0, "vector", 0, pg_write_vector},
	{BIT(CANON_BITS), PG_OID_BIT, NULL, PG_OID_BIT, NULL},

	/* times: what MySQL keeps in UTC or without a zone is in UTC or without one */
	{BIT(CANON_INTERVAL), PG_OID_TIME, NULL, PG_OID_TIME, write_time},
	{TIMES, PG_OID_TIMESTAMP, NULL, PG_OID_TIMESTAMP, NULL},
	{TIMES, PG_OID_TIMESTAMPTZ, NULL, PG_OID_TIMESTAMPTZ, NULL},

	/* places */
	{BIT(CANON_GEOMETRY), PG_OID_POINT, NULL, PG_OID_POINT, pg_write_point},
	{BIT(CANON_GEOMETRY), 0, "geometry", 0, NULL},
	{BIT(CANON_GEOMETRY), 0, "geography", 0, NULL},

	/* PostgreSQL has no such type: the cast is from numeric */
	{BIT(CANON_UINT64), 0, NULL, PG_OID_NUMERIC, pg_write_numeric},
};

#undef BIT

static bool
row_is_for(const PgConversion *row, CanonType canon, Oid to, const char *name)
{
	if ((row->from & 1U << canon) == 0)
		return false;
	if (row->name != NULL)
		return strcmp(row->name, name) == 0;
	return row->to == 0 || row->to == to;
}

bool
pg_convert_find(CanonType canon, Oid to, const char *name, PgConvert *convert)
{
	*convert = (PgConvert){.canon = canon, .sent = own_types[canon]};
	for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++)
	{
		const PgConversion *row = &conversions[i];

		if (!row_is_for(row, canon, to, name))
			continue;
		convert->write = row->write;
		convert->sent = row->name != NULL ? to : row->sent;
		return true;
	}
	return own_types[canon] != 0;
}

void
pg_convert_judge(PgConvert *convert, LossPolicy policy)
{
	convert->policy = policy;
	if (convert->write == NULL && convert->sent == PG_OID_TEXT &&
		(policy == LOSS_CLAMP || policy == LOSS_NULL))
		convert->write = write_text;
}

/* ---- values ---- */

bool
pg_check_text(const RowField *field, SluiceError *err)
{
	if (field->length <= 0 || memchr(field->data, 0, (size_t) field->length) == NULL)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_DATA,
					   "a text with a NUL byte, which PostgreSQL's texts cannot have");
	return sluice_hint(err, "mend the row at the source, make the column bytea at the target, or "
							"set a policy with --types: clamp leaves the bytes out, null the text");
}

bool
pg_convert_value(const PgConvert *convert, const RowField *field, ByteBuf *out, bool *null,
				 SluiceError *err)
{
	size_t before = out->length;

	*null = false;
	if (convert->write(convert, field->data, (uint32_t) field->length, out, err))
		return true;
	out->length = before;
	if (err->code != SLUICE_ERROR_DATA || convert->policy != LOSS_NULL)
		return false;
	sluice_error_clear(err);
	*null = true;
	return true;
}
