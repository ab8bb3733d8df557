/*
 * schema_change.c - reading a change of structure (schema_change.h).
 */
#include "schema_change.h"

#include "schema_shape.h"

SchemaChange *
schema_change_read(const char *json, size_t length, const Allocator *allocator, SluiceError *err)
{
	static const SchemaFormat format = {SCHEMA_CHANGE_FORMAT, SCHEMA_CHANGE_VERSION,
										"change of structure", &schema_change_shape};
	SchemaDocument *home = schema_document_new(allocator, err);
	SchemaChange *change = home == NULL ? NULL : schema_document_room(home, sizeof(*change), err);

	if (change != NULL && schema_object_read(home, &format, json, length, change, err))
	{
		change->home = home;
		return change;
	}
	schema_document_free(home);
	return NULL;
}

void
schema_change_free(SchemaChange *change)
{
	if (change != NULL)
		schema_document_free(change->home);
}

const SchemaFill *
schema_change_fill(const SchemaChange *change, uint32_t table, int64_t position)
{
	for (size_t i = 0; i < change->fill_count; i++)
	{
		const SchemaFill *fill = &change->fills[i];

		if (fill->table == table && fill->position == position)
			return fill;
	}
	return NULL;
}
