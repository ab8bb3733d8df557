/*
 * pg_text_parts.h - what the pg_text files share: how one type is printed.
 */
#ifndef SLUICE_CORE_PG_TEXT_PARTS_H
#define SLUICE_CORE_PG_TEXT_PARTS_H

#include "pg_text.h"

typedef struct PgScalar PgScalar;

/* Appends the text; `length` is the type's where that is fixed. */
typedef bool (*PgPrint)(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
						SluiceError *err);

struct PgScalar
{
	const char *name;
	uint32_t oid;
	uint32_t array;	 /* oid of its array type */
	uint32_t length; /* bytes of every value, 0: they vary */
	PgPrint print;
	uint32_t part; /* oid of a range's bounds, of a multirange's ranges */
};

#define PG_TYPE_OID_BOX 603

/* The type of an oid that is no array; NULL when it is not known. */
extern const PgScalar *pg_scalar_find(uint32_t oid);

/* The error of bytes that are no value of the type; false. */
extern bool pg_malformed(const PgScalar *type, SluiceError *err);

extern bool pg_put_word(const char *word, ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

/* pg_text.c: a value that is no array, its length looked at. */
extern bool pg_print(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
					 SluiceError *err) SLUICE_MUST_CHECK;

/* pg_text_nested.c */
extern bool pg_print_array(const PgScalar *element, const uint8_t *data, uint32_t length,
						   ByteBuf *out, SluiceError *err) SLUICE_MUST_CHECK;

#define PG_PRINT(name)                                                                             \
	extern bool name(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,     \
					 SluiceError *err) SLUICE_MUST_CHECK

PG_PRINT(pg_print_range);
PG_PRINT(pg_print_multirange);

/* pg_text_scalar.c */
PG_PRINT(pg_print_bool);
PG_PRINT(pg_print_char);
PG_PRINT(pg_print_text);
PG_PRINT(pg_print_versioned);
PG_PRINT(pg_print_bytea);
PG_PRINT(pg_print_int2);
PG_PRINT(pg_print_int4);
PG_PRINT(pg_print_int8);
PG_PRINT(pg_print_uint4);
PG_PRINT(pg_print_uint8);
PG_PRINT(pg_print_float4);
PG_PRINT(pg_print_float8);
PG_PRINT(pg_print_numeric);
PG_PRINT(pg_print_money);
PG_PRINT(pg_print_bits);
PG_PRINT(pg_print_uuid);
PG_PRINT(pg_print_date);
PG_PRINT(pg_print_time);
PG_PRINT(pg_print_timetz);
PG_PRINT(pg_print_timestamp);
PG_PRINT(pg_print_timestamptz);
PG_PRINT(pg_print_interval);

/* pg_text_system.c */
PG_PRINT(pg_print_tid);
PG_PRINT(pg_print_lsn);
PG_PRINT(pg_print_snapshot);
PG_PRINT(pg_print_macaddr);
PG_PRINT(pg_print_inet);
PG_PRINT(pg_print_tsvector);

/* pg_text_shape.c */
PG_PRINT(pg_print_point);
PG_PRINT(pg_print_line);
PG_PRINT(pg_print_lseg);
PG_PRINT(pg_print_box);
PG_PRINT(pg_print_path);
PG_PRINT(pg_print_polygon);
PG_PRINT(pg_print_circle);

#endif
