/*
 * table_id.c - FNV-1a over both names and the zero between them, folded to 31 bits.
 */
#include "table_id.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)
#define ID_BITS	  31
#define ID_MASK	  ((UINT64_C(1) << ID_BITS) - 1)

/* With the zero at its end. */
static uint64_t
add_name(uint64_t hash, const char *name)
{
	do
		hash = (hash ^ (uint8_t) *name) * FNV_PRIME;
	while (*name++ != '\0');
	return hash;
}

uint32_t
table_id(const char *schema, const char *name)
{
	uint64_t hash = add_name(add_name(FNV_BASIS, schema), name);
	uint32_t id = (uint32_t) ((hash ^ (hash >> ID_BITS) ^ (hash >> 2 * ID_BITS)) & ID_MASK);

	return id != 0 ? id : 1;
}
