/*
 * pg_convert.h - how values of a source that is not PostgreSQL become those of a column there.
 *
 * One table says for each canonical type and type of the target what is sent and how its bytes are
 * made; most are sent as they are.  What the table does not have is sent as the canonical type's own
 * and cast by the server.  Pure: no server is asked.
 */
#ifndef SLUICE_WRITER_PG_CONVERT_H
#define SLUICE_WRITER_PG_CONVERT_H

#include <libpq-fe.h>

#include "common/core/canon.h"
#include "common/core/type_rules.h"
#include "writer/row.h"

typedef struct PgConvert PgConvert;

/* Appends the value; DATA when the target's type does not have it, which `out` is then cut back for. */
typedef bool (*PgWrite)(const PgConvert *convert, const uint8_t *data, uint32_t length,
						ByteBuf *out, SluiceError *err);

struct PgConvert
{
	PgWrite write; /* NULL: the bytes as they are */
	CanonType canon;
	Oid sent; /* the type that is written; 0: the column's own */
	LossPolicy policy;
};

/* Finds the way; `name` is the target type's, for those of extensions.  False when there is none. */
extern bool pg_convert_find(CanonType canon, Oid to, const char *name, PgConvert *convert);

/* Sets what happens with values that do not fit; they are refused unless told otherwise. */
extern void pg_convert_judge(PgConvert *convert, LossPolicy policy);

/*
 * Appends the value of a field that is neither NULL nor unchanged.  By the policy a value that does
 * not fit is refused (DATA), clamped, or *null is set and nothing appended.
 */
extern bool pg_convert_value(const PgConvert *convert, const RowField *field, ByteBuf *out,
							 bool *null, SluiceError *err) SLUICE_MUST_CHECK;

/* What can be given to the server, which says no itself, but not so clearly: DATA when a text has a byte that PostgreSQL's texts cannot have. */
extern bool pg_check_text(const RowField *field, SluiceError *err) SLUICE_MUST_CHECK;

/* ---- pg_convert_number.c, pg_convert_shape.c: what the table's rows are made of ---- */

extern bool pg_write_bool(const PgConvert *convert, const uint8_t *data, uint32_t length,
						  ByteBuf *out, SluiceError *err);
extern bool pg_write_integer(const PgConvert *convert, const uint8_t *data, uint32_t length,
							 ByteBuf *out, SluiceError *err);
extern bool pg_write_numeric(const PgConvert *convert, const uint8_t *data, uint32_t length,
							 ByteBuf *out, SluiceError *err);
extern bool pg_write_float8(const PgConvert *convert, const uint8_t *data, uint32_t length,
							ByteBuf *out, SluiceError *err);
extern bool pg_write_digits(const PgConvert *convert, const uint8_t *data, uint32_t length,
							ByteBuf *out, SluiceError *err);
extern bool pg_write_labels(const PgConvert *convert, const uint8_t *data, uint32_t length,
							ByteBuf *out, SluiceError *err);
extern bool pg_write_floats(const PgConvert *convert, const uint8_t *data, uint32_t length,
							ByteBuf *out, SluiceError *err);
extern bool pg_write_vector(const PgConvert *convert, const uint8_t *data, uint32_t length,
							ByteBuf *out, SluiceError *err);
extern bool pg_write_point(const PgConvert *convert, const uint8_t *data, uint32_t length,
						   ByteBuf *out, SluiceError *err);

#endif
