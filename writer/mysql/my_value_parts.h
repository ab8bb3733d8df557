/*
 * my_value_parts.h - what the my_value files share: a converter from the inside, and the encoders,
 * each of which turns bytes of one kind of source type into a value of one kind of column.
 */
#ifndef SLUICE_WRITER_MY_VALUE_PARTS_H
#define SLUICE_WRITER_MY_VALUE_PARTS_H

#include "common/core/pg_text.h"
#include "common/core/pg_time.h"
#include "my_value.h"

/* How a value is written. */
typedef enum MyShape
{
	MY_NULL,   /* by the loss policy */
	MY_NUMBER, /* bare */
	MY_PLAIN,  /* quoted, without a byte that needs escaping */
	MY_TEXT,   /* quoted and escaped */
	MY_BYTES   /* in hexadecimal */
} MyShape;

/* Most bytes of a value as text. */
#define MY_VALUE_MAXIMUM ((size_t) 1 << 32)

/* The data lies in the field, or in the converter until its next value. */
typedef struct MyValue
{
	MyShape shape;
	const void *data;
	size_t length;
} MyValue;

typedef bool (*MyEncode)(MyConverter *converter, const uint8_t *data, uint32_t length,
						 MyValue *value, SluiceError *err);

struct MyConverter
{
	MyEncode encode;
	uint32_t length;	/* of every value of the source, 0: they vary */
	const char *before; /* of a literal that is no number: "DATE", "CAST(" */
	const char *behind;
	const char *load_set;
	ColumnType target;
	LossPolicy policy;
	bool nullable;
	bool identifies;   /* rows; the policy is then neither LOSS_CLAMP nor LOSS_NULL */
	bool doubles_only; /* JSON of MySQL: its numbers are doubles or 64-bit integers */
	bool strip_blanks; /* of the source's char(n), which are none of the value */
	bool no_empty;	   /* an ENUM without the label '' */
	bool native;	   /* the source is MySQL or MariaDB: -infinity is its zero date */
	uint8_t canon;
	PgType type; /* how the source prints it, .scalar NULL: as it is */

	int64_t low, high; /* of integers; of times in microseconds since 2000-01-01 */
	uint64_t high_unsigned;
	uint64_t most_characters, most_bytes; /* of text and bytes; 0: any number */
	int integer_digits, fraction_digits;  /* of DECIMAL and, the latter, of times */

	char *column;	 /* quoted */
	char *full_type; /* the column's */
	char *source_type;
	char small[PG_TIME_SIZE + 8];
	ByteBuf scratch;
	ByteBuf nearest; /* JSON with its numbers changed */
};

/*
 * What the policy says of a value that does not fit where nothing is near it: NULL, or an error
 * that names column and value.  `why` is "it has 5 digits before the point".
 */
extern bool my_lose(MyConverter *converter, const uint8_t *data, uint32_t length, const char *why,
					MyValue *value, SluiceError *err);

/* The error of bytes that are no value of the source's type; false. */
extern bool my_malformed(const MyConverter *converter, SluiceError *err);

/* A value that lies in converter->small up to `end`. */
static inline bool
my_give_small(MyConverter *converter, MyShape shape, const char *end, MyValue *value)
{
	*value = (MyValue){shape, converter->small, (size_t) (end - converter->small)};
	return true;
}

/* A value that lies in the scratch buffer. */
static inline bool
my_give_scratch(MyConverter *converter, MyShape shape, MyValue *value)
{
	*value = (MyValue){shape, converter->scratch.data, converter->scratch.length};
	return true;
}

#define MY_ENCODE(name)                                                                            \
	extern bool name(MyConverter *converter, const uint8_t *data, uint32_t length, MyValue *value, \
					 SluiceError *err)

/* my_value_number.c: integers into integers, BIT, FLOAT, DOUBLE; and anything into DECIMAL. */
MY_ENCODE(my_encode_bool);
MY_ENCODE(my_encode_signed);
MY_ENCODE(my_encode_unsigned);
MY_ENCODE(my_encode_bits);
MY_ENCODE(my_encode_year);
MY_ENCODE(my_encode_float);
MY_ENCODE(my_encode_numeric);
MY_ENCODE(my_encode_money);

/* my_value_time.c: into DATE, DATETIME, TIMESTAMP; into TIME. */
MY_ENCODE(my_encode_date);
MY_ENCODE(my_encode_timestamp);
MY_ENCODE(my_encode_time);
MY_ENCODE(my_encode_duration);

/* A time of MySQL and MariaDB as they write it, "-838:59:59.5", into `small`; gives its end. */
extern char *my_put_duration(int64_t microseconds, char *small);

/* my_value_text.c: what is text at the source; what is printed, intervals as ISO 8601 does; bytes. */
MY_ENCODE(my_encode_text);
MY_ENCODE(my_encode_label);
MY_ENCODE(my_encode_jsonb);
MY_ENCODE(my_encode_printed);
MY_ENCODE(my_encode_interval);
MY_ENCODE(my_encode_bytes);

/* my_value_json.c: arrays into JSON, and any JSON text; an error shows the field. */
MY_ENCODE(my_encode_array);
extern bool my_give_json(MyConverter *converter, const uint8_t *json, uint32_t length,
						 const RowField *field, MyValue *value, SluiceError *err);

/* my_value_shape.c: point and well-known binary into GEOMETRY. */
MY_ENCODE(my_encode_point);
MY_ENCODE(my_encode_geometry);

#endif
