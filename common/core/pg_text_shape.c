/*
 * pg_text_shape.c - points and what is made of them: float8 pairs with brackets around.
 */
#include "pg_float.h"
#include "pg_text_parts.h"

#define POINT_SIZE 16

static bool
put_float(const uint8_t *data, ByteBuf *out, SluiceError *err)
{
	char text[PG_FLOAT_SIZE];
	char *end = pg_put_float64(pg_load_float64(data), text);

	return bytebuf_put(out, text, (size_t) (end - text), err);
}

/* "(x,y),(x,y)" */
static bool
put_points(const uint8_t *data, uint32_t count, ByteBuf *out, SluiceError *err)
{
	for (uint32_t i = 0; i < count; i++, data += POINT_SIZE)
	{
		if (!pg_put_word(i > 0 ? ",(" : "(", out, err) || !put_float(data, out, err) ||
			!pg_put_word(",", out, err) || !put_float(data + 8, out, err) ||
			!pg_put_word(")", out, err))
			return false;
	}
	return true;
}

static bool
put_enclosed(const char *open, const uint8_t *points, uint32_t count, const char *close,
			 ByteBuf *out, SluiceError *err)
{
	return pg_put_word(open, out, err) && put_points(points, count, out, err) &&
		   pg_put_word(close, out, err);
}

bool
pg_print_point(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			   SluiceError *err)
{
	(void) type;
	return put_points(data, length / POINT_SIZE, out, err);
}

bool
pg_print_lseg(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	(void) type;
	return put_enclosed("[", data, length / POINT_SIZE, "]", out, err);
}

bool
pg_print_box(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			 SluiceError *err)
{
	(void) type;
	return put_points(data, length / POINT_SIZE, out, err);
}

bool
pg_print_line(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	(void) type;
	for (uint32_t i = 0; i < length; i += 8)
	{
		if (!pg_put_word(i > 0 ? "," : "{", out, err) || !put_float(data + i, out, err))
			return false;
	}
	return pg_put_word("}", out, err);
}

bool
pg_print_circle(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
				SluiceError *err)
{
	(void) type;
	(void) length;
	return put_enclosed("<", data, 1, ",", out, err) && put_float(data + POINT_SIZE, out, err) &&
		   pg_put_word(">", out, err);
}

/* The points behind a count of them. */
static bool
count_points(const uint8_t *data, uint32_t length, uint32_t *count)
{
	if (length < 4)
		return false;
	*count = load_u32(data);
	return (uint64_t) *count * POINT_SIZE == length - 4;
}

bool
pg_print_path(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
			  SluiceError *err)
{
	uint32_t count;

	if (length < 1 || data[0] > 1 || !count_points(data + 1, length - 1, &count))
		return pg_malformed(type, err);
	return put_enclosed(data[0] == 1 ? "(" : "[", data + 5, count, data[0] == 1 ? ")" : "]", out,
						err);
}

bool
pg_print_polygon(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out,
				 SluiceError *err)
{
	uint32_t count;

	if (!count_points(data, length, &count))
		return pg_malformed(type, err);
	return put_enclosed("(", data + 4, count, ")", out, err);
}
