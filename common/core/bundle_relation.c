/*
 * bundle_relation.c - the relation record, written and read side by side.
 */
#include "bundle_relation.h"

static bool
column_write(const BundleColumn *column, ByteBuf *out, SluiceError *err)
{
	return bytebuf_put_u8(out, column->flags, err) && bytebuf_put_u8(out, column->canon, err) &&
		   bytebuf_put_u8(out, column->element, err) && bytebuf_put_u8(out, 0, err) &&
		   bytebuf_put_u32(out, column->type_oid, err) &&
		   bytebuf_put_u32(out, (uint32_t) column->typmod, err) &&
		   bytebuf_put_text(out, column->name, err) &&
		   bytebuf_put_text(out, column->type_name, err);
}

static bool
column_read(ByteCursor *in, BundleColumn *column, SluiceError *err)
{
	uint8_t reserved;
	uint32_t typmod;

	if (!cursor_u8(in, &column->flags, err) || !cursor_u8(in, &column->canon, err) ||
		!cursor_u8(in, &column->element, err) || !cursor_u8(in, &reserved, err) ||
		!cursor_u32(in, &column->type_oid, err) || !cursor_u32(in, &typmod, err) ||
		!cursor_text(in, &column->name, err) || !cursor_text(in, &column->type_name, err))
		return false;
	column->typmod = (int32_t) typmod;
	if ((column->flags & ~COLUMN_FLAGS) != 0 || reserved != 0)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "column \"%s\" with unknown flags",
						   column->name);
	if (canon_name(column->canon) == NULL ||
		(column->element != 0 && canon_name(column->element) == NULL))
		return sluice_fail(err, SLUICE_ERROR_VERSION, "column \"%s\" with unknown type %u",
						   column->name, column->canon);
	return true;
}

bool
bundle_relation_write(const BundleRelation *relation, ByteBuf *out, SluiceError *err)
{
	if (relation->column_count > BUNDLE_COLUMNS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "relation \"%s\" with %u columns",
						   relation->name, relation->column_count);
	if (!bytebuf_put_u32(out, relation->id, err) ||
		!bytebuf_put_u8(out, (uint8_t) relation->identity, err) || !bytebuf_put_u8(out, 0, err) ||
		!bytebuf_put_u16(out, relation->column_count, err) ||
		!bytebuf_put_text(out, relation->schema, err) ||
		!bytebuf_put_text(out, relation->name, err))
		return false;
	for (uint16_t i = 0; i < relation->column_count; i++)
	{
		if (!column_write(&relation->columns[i], out, err))
			return false;
	}
	return true;
}

/* The part before the columns. */
static bool
relation_head_read(ByteCursor *in, BundleRelation *relation, SluiceError *err)
{
	uint8_t identity;
	uint8_t reserved;

	if (!cursor_u32(in, &relation->id, err) || !cursor_u8(in, &identity, err) ||
		!cursor_u8(in, &reserved, err) || !cursor_u16(in, &relation->column_count, err) ||
		!cursor_text(in, &relation->schema, err) || !cursor_text(in, &relation->name, err))
		return false;
	relation->identity = (char) identity;
	if (identity == '\0' || strchr("difn", relation->identity) == NULL || reserved != 0)
		return sluice_fail(err, SLUICE_ERROR_VERSION, "relation \"%s\" with unknown identity %u",
						   relation->name, identity);
	if (relation->column_count > BUNDLE_COLUMNS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "relation \"%s\" with %u columns",
						   relation->name, relation->column_count);
	return true;
}

BundleRelation *
bundle_relation_read(const uint8_t *body, size_t length, const Allocator *allocator,
					 SluiceError *err)
{
	ByteCursor in = {body, body + length};
	BundleRelation head = {.encoded = body, .encoded_length = length};
	BundleRelation *relation;
	BundleColumn *columns;

	if (!relation_head_read(&in, &head, err))
		return NULL;
	relation = allocator->get(allocator->context,
							  sizeof(*relation) + head.column_count * sizeof(BundleColumn));
	if (relation == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for relation \"%s\"",
						   head.name);
		return NULL;
	}
	columns = (BundleColumn *) (relation + 1);
	*relation = head;
	relation->columns = columns;
	for (uint16_t i = 0; i < head.column_count; i++)
	{
		if (!column_read(&in, &columns[i], err))
		{
			bundle_relation_free(relation, allocator);
			return NULL;
		}
	}
	if (in.at != in.end)
	{
		(void) sluice_fail(err, SLUICE_ERROR_CORRUPT, "relation \"%s\" is longer than its columns",
						   head.name);
		bundle_relation_free(relation, allocator);
		return NULL;
	}
	return relation;
}

void
bundle_relation_free(BundleRelation *relation, const Allocator *allocator)
{
	allocator->put(allocator->context, relation);
}
