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

#include "common/core/canon.h"

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
	SPECIAL_JSON   /* MariaDB: text that is checked to be JSON */
} ColumnSpecial;

typedef struct ValueSource
{
	const LogColumn *column; /* must stay */
	ColumnSpecial special;
	Charset *charset; /* of texts and labels; NULL: bytes */
	DatePolicy dates;
	bool as_bool;	  /* tinyint(1) and bit(1) that hold only 0 and 1 */
	bool as_interval; /* a time that may be outside of a day */
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

#endif
