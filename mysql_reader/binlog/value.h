/*
 * value.h - values of a log in their canonical form (common/core/canon.h).
 *
 * A ValueReader is made once per column from what the table map and the server's catalogs say of it;
 * what cannot be represented becomes what its policy says, or an error that names the column.
 */
#ifndef SLUICE_MYSQL_READER_VALUE_H
#define SLUICE_MYSQL_READER_VALUE_H

#include "charset.h"
#include "column.h"
#include "temporal.h"

#include "common/core/bundle.h"

/* What becomes of dates that are none. */
typedef enum DatePolicy
{
	DATE_ERROR,
	DATE_NULL,
	DATE_INFINITY /* -infinity */
} DatePolicy;

/* What the server's catalogs know and a log does not. */
typedef enum ColumnSpecial
{
	SPECIAL_NONE,
	SPECIAL_UUID,  /* MariaDB: 16 bytes in the order of the text */
	SPECIAL_INET4, /* MariaDB */
	SPECIAL_INET6, /* MariaDB */
	SPECIAL_JSON,  /* MariaDB: text that is checked to be JSON */
	SPECIAL_OTHER  /* text of a type that only the source knows */
} ColumnSpecial;

typedef struct ValueSource
{
	const LogColumn *column; /* must stay */
	ColumnSpecial special;
	Charset *charset; /* of texts and labels; NULL: bytes */
	DatePolicy dates;
	TextPolicy texts;
} ValueSource;

typedef struct ValueReader ValueReader;

struct ValueReader
{
	ValueSource source;
	CanonType canon;
	bool (*append)(ValueReader *reader, const uint8_t *data, size_t length, ByteBuf *out,
				   bool *null, SluiceError *err);
	ByteBuf scratch, unpacked;
	ByteCursor *labels; /* of ENUM and SET, in UTF-8 */
	uint32_t label_count;
	uint8_t *label_data;
};

/* `maximum`: bytes of one value.  Free it in any case. */
extern bool value_reader_init(ValueReader *reader, const ValueSource *source, size_t maximum,
							  SluiceError *err) SLUICE_MUST_CHECK;
extern void value_reader_free(ValueReader *reader);

/* Appends the canonical form; *null is true, and nothing appended, where the policy makes it NULL. */
static inline bool SLUICE_MUST_CHECK
value_append(ValueReader *reader, const uint8_t *data, size_t length, ByteBuf *out, bool *null,
			 SluiceError *err)
{
	*null = false;
	return reader->append(reader, data, length, out, null, err);
}

/* The same of a date or time that was read already: of a column whose canonical type is one. */
extern bool value_append_time(ValueReader *reader, const LogTime *time, ByteBuf *out, bool *null,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* The same as a field of a bundle: its length in four bytes before it, or FIELD_NULL alone. */
static inline bool SLUICE_MUST_CHECK
value_append_field(ValueReader *reader, const uint8_t *data, size_t length, ByteBuf *out,
				   SluiceError *err)
{
	size_t start;
	bool null = false;

	if (!bytebuf_put_u32(out, (uint32_t) FIELD_NULL, err))
		return false;
	start = out->length;
	if (!reader->append(reader, data, length, out, &null, err))
		return false;
	if (!null)
		store_u32(out->data + start - 4, (uint32_t) (out->length - start));
	return true;
}

/*
 * Appends the document of a JSON column that was logged as changes (LOG_FIELD_DIFF) of the one before.
 * STATE when the image before does not have it: `before` is NULL then.
 */
extern bool value_append_diff(ValueReader *reader, const uint8_t *before, size_t before_length,
							  const uint8_t *changes, size_t changes_length, ByteBuf *out,
							  SluiceError *err) SLUICE_MUST_CHECK;

#endif
