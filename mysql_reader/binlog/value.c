/*
 * value.c - canonical forms of a log's values (value.h).
 *
 * One function per canonical form; chosen once, by the column's kind.
 */
#include "value.h"

#include "decimal.h"
#include "json_diff.h"
#include "temporal.h"
#include "unpack.h"

#include <stdlib.h>
#include <string.h>

typedef ValueReader Reader; /* the functions below have one line for their arguments */

#define ARGUMENTS                                                                                  \
	Reader *reader, const uint8_t *data, size_t length, ByteBuf *out, bool *null, SluiceError *err
#define UNUSED_NULL ((void) null)

/* ---- numbers ---- */

static int64_t
signed_of(const uint8_t *data, size_t length)
{
	unsigned shift = 64 - 8 * (unsigned) length;

	return (int64_t) (little_load(data, (unsigned) length) << shift) >> shift;
}

static int64_t
integer_of(const Reader *reader, const uint8_t *data, size_t length)
{
	return reader->source.column->is_unsigned ? (int64_t) little_load(data, (unsigned) length)
											  : signed_of(data, length);
}

static bool
append_int16(ARGUMENTS)
{
	UNUSED_NULL;
	return bytebuf_put_u16(out, (uint16_t) integer_of(reader, data, length), err);
}

static bool
append_int32(ARGUMENTS)
{
	UNUSED_NULL;
	return bytebuf_put_u32(out, (uint32_t) integer_of(reader, data, length), err);
}

/* Also what is unsigned and has 64 bits. */
static bool
append_int64(ARGUMENTS)
{
	UNUSED_NULL;
	return bytebuf_put_u64(out, (uint64_t) integer_of(reader, data, length), err);
}

static bool
append_year(ARGUMENTS)
{
	(void) reader;
	(void) length;
	UNUSED_NULL;
	return bytebuf_put_u16(out, (uint16_t) (data[0] == 0 ? 0 : 1900 + data[0]), err);
}

static bool
append_float32(ARGUMENTS)
{
	(void) reader;
	(void) length;
	UNUSED_NULL;
	return bytebuf_put_u32(out, (uint32_t) little_load(data, 4), err);
}

static bool
append_float64(ARGUMENTS)
{
	(void) reader;
	(void) length;
	UNUSED_NULL;
	return bytebuf_put_u64(out, little_load(data, 8), err);
}

static bool
append_decimal(ARGUMENTS)
{
	const LogColumn *column = reader->source.column;
	char text[DECIMAL_TEXT_SIZE];

	(void) length;
	UNUSED_NULL;
	return decimal_text(data, column->precision, column->scale, text, err) &&
		   decimal_canonical(text, strlen(text), out, err);
}

/* A log has the bits right-aligned, the canonical form left-aligned. */
static bool
append_bits(ARGUMENTS)
{
	unsigned bits = reader->source.column->length, bytes = (bits + 7) / 8;
	uint64_t value = htobe64(big_load(data, (unsigned) length) << (64 - bits));

	UNUSED_NULL;
	return bytebuf_put_u32(out, bits, err) && bytebuf_put(out, &value, bytes, err);
}

/* ---- dates and times ---- */

#define MICROSECONDS_OF_DAY INT64_C(86400000000)

/* A date that is none; with true nothing is left to do but what the value has become. */
static bool
face_no_date(const Reader *reader, const LogTime *time, bool *null, bool *infinite,
			 SluiceError *err)
{
	DatePolicy policy = reader->source.dates;

	*null = policy == DATE_NULL;
	*infinite = policy == DATE_INFINITY;
	return policy != DATE_ERROR || sluice_fail(err, SLUICE_ERROR_DATA, "%04u-%02u-%02u is no date",
											   time->year, time->month, time->day);
}

static bool
put_date(const Reader *reader, const LogTime *time, ByteBuf *out, bool *null, SluiceError *err)
{
	int32_t days;
	bool infinite = false;

	if (!log_time_days(time, &days) && !face_no_date(reader, time, null, &infinite, err))
		return false;
	return *null || bytebuf_put_u32(out, (uint32_t) (infinite ? INT32_MIN : days), err);
}

static bool
put_timestamp(const Reader *reader, const LogTime *time, ByteBuf *out, bool *null, SluiceError *err)
{
	int32_t days;
	bool infinite = false;
	int64_t value = INT64_MIN;

	if (log_time_days(time, &days))
		value = days * MICROSECONDS_OF_DAY + log_time_microseconds(time);
	else if (!face_no_date(reader, time, null, &infinite, err))
		return false;
	return *null || bytebuf_put_u64(out, (uint64_t) value, err);
}

static bool
put_interval(const LogTime *time, ByteBuf *out, SluiceError *err)
{
	return bytebuf_put_u64(out, (uint64_t) log_time_microseconds(time), err) &&
		   bytebuf_put_u32(out, 0, err) && bytebuf_put_u32(out, 0, err);
}

bool
value_append_time(ValueReader *reader, const LogTime *time, ByteBuf *out, bool *null,
				  SluiceError *err)
{
	*null = false;
	switch (reader->canon)
	{
		case CANON_DATE: return put_date(reader, time, out, null, err);
		case CANON_INTERVAL: return put_interval(time, out, err);
		default: return put_timestamp(reader, time, out, null, err);
	}
}

static bool
append_time(ARGUMENTS)
{
	LogTime time;

	(void) length;
	return log_time_read(reader->source.column, data, &time, err) &&
		   value_append_time(reader, &time, out, null, err);
}

/* ---- texts and bytes ---- */

static bool
append_text(ARGUMENTS)
{
	const uint8_t *text;
	size_t text_length;

	UNUSED_NULL;
	return charset_read(reader->source.charset, reader->source.texts, data, length,
						&reader->scratch, &text, &text_length, err) &&
		   bytebuf_put(out, text, text_length, err);
}

static bool
append_bytes(ARGUMENTS)
{
	(void) reader;
	UNUSED_NULL;
	return bytebuf_put(out, data, length, err);
}

/* The zeros at the end of a fixed length are not logged. */
static bool
append_padded(ARGUMENTS)
{
	size_t whole = reader->source.column->length, zeros = length < whole ? whole - length : 0;

	UNUSED_NULL;
	if (!bytebuf_reserve(out, length + zeros, err) || !bytebuf_put(out, data, length, err))
		return false;
	memset(out->data + out->length, 0, zeros);
	out->length += zeros;
	return true;
}

/* Family, bits of the mask, whether it is a network, then the padded address. */
static bool
append_address(ARGUMENTS)
{
	bool six = reader->source.special == SPECIAL_INET6;
	const uint8_t head[4] = {six ? 3 : 2, six ? 128 : 32, 0, six ? 16 : 4};

	return bytebuf_put(out, head, sizeof(head), err) &&
		   append_padded(reader, data, length, out, null, err);
}

static bool
append_compressed(ARGUMENTS)
{
	const uint8_t *value;
	size_t value_length;

	if (!unpack_column(data, length, &reader->unpacked, &value, &value_length, err))
		return false;
	return (reader->source.charset != NULL ? append_text : append_bytes)(
		reader, value, value_length, out, null, err);
}

static bool
append_json(ARGUMENTS)
{
	UNUSED_NULL;
	(void) reader;
	return json_binary_text(data, length, out, err);
}

/* Well-known binary with the reference system's number, as PostGIS has it, behind the type. */
static bool
append_geometry(ARGUMENTS)
{
	const uint32_t has_srid = 0x20000000;
	ByteCursor value = {data, data + length};
	uint32_t srid, type;
	uint8_t order;

	(void) reader;
	UNUSED_NULL;
	if (!little_u32(&value, &srid, err) || !little_u8(&value, &order, err) ||
		!little_u32(&value, &type, err))
		return false;
	if (order != 1)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a geometry of byte order %u", order);
	type = htole32(type | (srid != 0 ? has_srid : 0));
	srid = htole32(srid);
	return bytebuf_put_u8(out, order, err) && bytebuf_put(out, &type, sizeof(type), err) &&
		   (srid == 0 || bytebuf_put(out, &srid, sizeof(srid), err)) &&
		   bytebuf_put(out, value.at, little_left(&value), err);
}

/* ---- labels ---- */

static bool
put_label(const Reader *reader, uint64_t number, ByteBuf *out, SluiceError *err)
{
	const ByteCursor *label;

	if (number >= reader->label_count)
		return sluice_fail(err, SLUICE_ERROR_DATA, "label %llu of %u",
						   (unsigned long long) number + 1, reader->label_count);
	label = &reader->labels[number];
	return bytebuf_put(out, label->at, little_left(label), err);
}

/* 0 is what a wrong value became: an empty text. */
static bool
append_enum(ARGUMENTS)
{
	uint64_t number = little_load(data, (unsigned) length);

	UNUSED_NULL;
	return number == 0 || put_label(reader, number - 1, out, err);
}

static bool
append_set(ARGUMENTS)
{
	uint64_t bits = little_load(data, (unsigned) length);
	bool first = true;

	UNUSED_NULL;
	for (; bits != 0; bits &= bits - 1, first = false)
	{
		if ((!first && !bytebuf_put_u8(out, ',', err)) ||
			!put_label(reader, (uint64_t) __builtin_ctzll(bits), out, err))
			return false;
	}
	return true;
}

static bool
copy_label(Reader *reader, const uint8_t *label, size_t length, ByteBuf *out, SluiceError *err)
{
	if (reader->source.charset == NULL)
		return bytebuf_put(out, label, length, err);
	return charset_read(reader->source.charset, reader->source.texts, label, length,
						&reader->scratch, &label, &length, err) &&
		   bytebuf_put(out, label, length, err);
}

/* Labels in UTF-8, one behind the other. */
static bool
read_labels(Reader *reader, SluiceError *err)
{
	const LogColumn *column = reader->source.column;
	ByteCursor at = column->labels;
	ByteBuf all;
	bool good;

	reader->labels = calloc(column->label_count + 1, sizeof(ByteCursor));
	if (reader->labels == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for labels");
	bytebuf_init(&all, &allocator_malloc, (size_t) 64 << 20);
	good = bytebuf_reserve(&all, 1, err); /* also when all are empty */
	for (uint32_t i = 0; good && i < column->label_count; i++)
	{
		const uint8_t *label;
		size_t length, start = all.length;

		good = little_packed_bytes(&at, &label, &length, err) &&
			   copy_label(reader, label, length, &all, err);
		/* Offsets until all are there: the buffer moves as it grows. */
		reader->labels[i] = (ByteCursor){(void *) start, (void *) all.length};
	}
	for (uint32_t i = 0; good && i < column->label_count; i++)
		reader->labels[i] = (ByteCursor){all.data + (uintptr_t) reader->labels[i].at,
										 all.data + (uintptr_t) reader->labels[i].end};
	reader->label_data = all.data;
	reader->label_count = good ? column->label_count : 0;
	return good;
}

/* ---- choosing ---- */

typedef struct Choice
{
	CanonType canon;
	bool (*append)(ARGUMENTS);
} Choice;

/* By kind; the second one for unsigned columns. */
static const Choice plain[256][2] = {
	[COLUMN_TINY] = {{CANON_INT16, append_int16}, {CANON_INT16, append_int16}},
	[COLUMN_SHORT] = {{CANON_INT16, append_int16}, {CANON_INT32, append_int32}},
	[COLUMN_INT24] = {{CANON_INT32, append_int32}, {CANON_INT32, append_int32}},
	[COLUMN_LONG] = {{CANON_INT32, append_int32}, {CANON_INT64, append_int64}},
	[COLUMN_LONGLONG] = {{CANON_INT64, append_int64}, {CANON_UINT64, append_int64}},
	[COLUMN_FLOAT] = {{CANON_FLOAT32, append_float32}, {CANON_FLOAT32, append_float32}},
	[COLUMN_DOUBLE] = {{CANON_FLOAT64, append_float64}, {CANON_FLOAT64, append_float64}},
	[COLUMN_DECIMAL] = {{CANON_DECIMAL, append_decimal}, {CANON_DECIMAL, append_decimal}},
	[COLUMN_YEAR] = {{CANON_INT16, append_year}, {CANON_INT16, append_year}},
	[COLUMN_BIT] = {{CANON_BITS, append_bits}},
	[COLUMN_DATE] = {{CANON_DATE, append_time}},
	[COLUMN_NEWDATE] = {{CANON_DATE, append_time}},
	[COLUMN_DATETIME] = {{CANON_TIMESTAMP, append_time}},
	[COLUMN_DATETIME_OLD] = {{CANON_TIMESTAMP, append_time}},
	[COLUMN_TIMESTAMP] = {{CANON_TIMESTAMPTZ, append_time}},
	[COLUMN_TIMESTAMP_OLD] = {{CANON_TIMESTAMPTZ, append_time}},
	[COLUMN_TIME] = {{CANON_INTERVAL, append_time}},
	[COLUMN_TIME_OLD] = {{CANON_INTERVAL, append_time}},
	[COLUMN_ENUM] = {{CANON_ENUM, append_enum}},
	[COLUMN_SET] = {{CANON_SET, append_set}},
	[COLUMN_JSON] = {{CANON_JSON, append_json}},
	[COLUMN_GEOMETRY] = {{CANON_GEOMETRY, append_geometry}},
	[COLUMN_VECTOR] = {{CANON_BYTES, append_bytes}},
	[COLUMN_VARCHAR] = {{CANON_BYTES, append_bytes}},
	[COLUMN_VAR_STRING] = {{CANON_BYTES, append_bytes}},
	[COLUMN_BLOB] = {{CANON_BYTES, append_bytes}},
	[COLUMN_STRING] = {{CANON_BYTES, append_padded}},
	[COLUMN_VARCHAR_COMPRESSED] = {{CANON_BYTES, append_compressed}},
	[COLUMN_BLOB_COMPRESSED] = {{CANON_BYTES, append_compressed}},
};

static const Choice specials[] = {
	[SPECIAL_UUID] = {CANON_UUID, append_padded},
	[SPECIAL_INET4] = {CANON_NETWORK, append_address},
	[SPECIAL_INET6] = {CANON_NETWORK, append_address},
	[SPECIAL_JSON] = {CANON_JSON, append_text},
	[SPECIAL_OTHER] = {CANON_OTHER, append_text},
};

static bool
has_bytes(uint8_t kind)
{
	return plain[kind][0].canon == CANON_BYTES && kind != COLUMN_VECTOR;
}

static Choice
choose(const ValueSource *source)
{
	const LogColumn *column = source->column;
	const Choice *choices = plain[column->kind];

	if (source->special != SPECIAL_NONE)
		return specials[source->special];
	if (has_bytes(column->kind) && source->charset != NULL)
		return (Choice){CANON_TEXT,
						choices[0].append == append_compressed ? append_compressed : append_text};
	return choices[column->is_unsigned && choices[1].append != NULL];
}

bool
value_reader_init(ValueReader *reader, const ValueSource *source, size_t maximum, SluiceError *err)
{
	const Choice choice = choose(source);

	*reader = (ValueReader){.source = *source, .canon = choice.canon, .append = choice.append};
	bytebuf_init(&reader->scratch, &allocator_malloc, maximum);
	bytebuf_init(&reader->unpacked, &allocator_malloc, maximum);
	if (choice.append == NULL)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "a column of kind %u", source->column->kind);
	if (choice.append == append_text && source->charset == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "a text without a character set");
	if (choice.append == append_enum || choice.append == append_set)
		return read_labels(reader, err);
	return true;
}

bool
value_append_diff(ValueReader *reader, const uint8_t *before, size_t before_length,
				  const uint8_t *changes, size_t changes_length, ByteBuf *out, SluiceError *err)
{
	if (reader->append != append_json)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "changes of JSON in a %s column",
						   column_kind_name(reader->source.column->kind));
	if (before == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_STATE,
						   "JSON was logged as a change of a document that the log does not have");
		return sluice_hint(err, "SET GLOBAL binlog_row_value_options = '' (or binlog_row_image = "
								"'FULL'), then copy the table anew");
	}
	return json_diff_text(before, before_length, changes, changes_length, out, err);
}

void
value_reader_free(ValueReader *reader)
{
	bytebuf_free(&reader->scratch);
	bytebuf_free(&reader->unpacked);
	free(reader->labels);
	free(reader->label_data);
	*reader = (ValueReader){0};
}
